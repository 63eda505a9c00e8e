"""The kiosk's texts: both languages, the same places, none missing, none left over; every code of the rules named."""

import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from kiosk.club.complaints import Matter
from kiosk.club.ledger import PostingKind
from kiosk.club.membership import MemberState
from kiosk.club.points import Kind
from kiosk.club.rewards import RewardReason
from kiosk.club.sign_in import SignInReason
from kiosk.club.stored_value import StoredReason
from kiosk.club.tiers import Basis
from kiosk.club.voices import VoiceReason
from kiosk.club.votes import VoteReason
from kiosk.core.records import DenyReason
from kiosk.web import words, words_codes, words_member, words_self
from kiosk.web.self_voice import MATTERS

WEB = Path(words.__file__).parent
OWN = words_self.ALL | words_member.ALL
TABLES = {"own": OWN, "why": words_codes.WHY, **words_codes.CODES}
ROWS = [(table, key) for table, texts in TABLES.items() for key in texts]
PLACE = re.compile(r"\{(\w*)\}")
CHINESE = re.compile("[\u4e00-\u9fff]")
BUILT = re.compile(
    r"(tile|join|ending|weekday|top_up_off)_\w+|\w+_(done|done_text|refused|doubt)|name_at_desk"
    r"|help_(called|offline|unheard)_\w+|(do|has_done)_\w+|(votes|surveys)_hint"
)
NOT_AT_A_KIOSK = {"gift_sale", "loss", "till_move", "till_count", "settlement"}


def test_a_text_says_the_same_in_both_languages() -> None:
    for table, key in ROWS:
        text = TABLES[table][key]
        assert text.zh.strip(), key
        assert text.en.strip(), key
        assert sorted(PLACE.findall(text.zh)) == sorted(PLACE.findall(text.en)), key
        if key not in ("continue", "comma"):
            assert CHINESE.search(text.zh), key
            assert not CHINESE.search(text.en), key


def test_no_text_is_left_unused_and_every_one_that_is_asked_for_exists() -> None:
    files = [*WEB.glob("templates/self/*.html"), WEB / "templates/self.html", *WEB.glob("self_*.py")]
    text = "\n".join(path.read_text() for path in files)
    used = set(re.findall(r"""["'](\w+)["']""", text))
    assert [key for key in OWN if key not in used and not BUILT.fullmatch(key)] == []
    asked = set(re.findall(r"""\bt(?:_other)?\(["'](\w+)["'](?! ~)""", text))
    assert asked <= set(words.ALL)


def test_no_text_stands_in_two_tables() -> None:
    tables = (words.DISPLAY, words.PAGES, words_self.ALL, words_member.ALL)
    assert len(set().union(*tables)) == sum(map(len, tables))


@pytest.mark.parametrize(
    ("table", "codes"),
    [
        ("standing", MemberState), ("basis", Basis), ("entry", Kind), ("matter", MATTERS),
        ("refused", RewardReason), ("refused", SignInReason),
        ("refused", set(StoredReason) - {"no_amount", "not_enough"}),
        ("refused", {VoteReason.NOT_OPEN, VoteReason.HAS_VOTED, VoiceReason.ANSWERED_ALREADY}),
        ("entry", set(PostingKind) - NOT_AT_A_KIOSK),
    ],
)  # fmt: skip
def test_every_code_of_the_rules_has_its_words(table: str, codes: Iterable[str]) -> None:
    assert {str(each) for each in codes} <= set(words_codes.CODES[table])


def test_what_can_be_said_is_about_what_the_rules_know() -> None:
    assert set(MATTERS) - {"suggestion"} <= set(Matter)
    assert set(words_codes.WHY) <= set(DenyReason)
    assert all("other" in table for table in words_codes.CODES.values())
