"""The pages about the rule book and the lives say what the code says, and every entry says where it comes from."""

import re

import pytest

from kiosk.club.rulebook import entries
from tests.support.club_pages import DOCS, lives_page, rule_book_page


@pytest.mark.parametrize(
    ("page", "written"), [("rule-book.md", rule_book_page), ("lives.md", lives_page)], ids=["rules", "lives"]
)
def test_the_pages_are_what_make_docs_writes(page: str, written) -> None:
    assert (DOCS / page).read_text(encoding="utf-8") == written(), "run make docs"


def test_every_entry_of_the_rule_book_says_what_it_means_and_where_it_comes_from() -> None:
    found = list(entries())
    assert len(found) > 90
    for entry in found:
        assert entry.meaning.endswith("."), entry.name
        assert re.search(r"\b[RS]\d{2,3}\b|§", entry.source), entry.name
