"""The rule book is said in Chinese too: every entry, and no entry that there is not."""

import re

import pytest
from flask import Flask

from kiosk.central.database import Database
from kiosk.club.roles import Role
from kiosk.club.rulebook import entries
from kiosk.office import words
from tests.office.accounts import make_staff, signed_in

CHINESE = re.compile("[\u4e00-\u9fff]")


@pytest.mark.proves("S95")
def test_every_entry_of_the_rule_book_is_said_in_chinese() -> None:
    assert {each.name for each in entries()} == set(words.RULES)
    for name, text in words.RULES.items():
        assert CHINESE.search(text), name
        assert text.endswith("。"), name


@pytest.mark.proves("S95")
def test_an_entry_is_shown_and_found_in_the_language_of_the_reader(app: Flask, database: Database) -> None:
    client = signed_in(app, database, make_staff(database, Role.DESK))
    page = "/rules/joining.minimum_age"
    assert "最低年龄" in client.get(page).text
    assert "joining.minimum_age" in client.get("/rules?q=最低年龄").text
    english = client.get(f"{page}?lang=en", follow_redirects=True).text
    assert "最低年龄" not in english
    assert "Youngest age" in english
