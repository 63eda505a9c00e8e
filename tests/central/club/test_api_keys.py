"""Keys of programs: shown once, with roles, an end, and never more than their person may."""

import pytest
from sqlalchemy import select

from kiosk.central.club.api_keys import MakeKey, api_keys, key_holder, make_key, revoke_key
from kiosk.central.club.books import Actor, Books
from kiosk.central.club.refused import RuleRefused
from kiosk.central.club.staff import close_account, give_roles
from kiosk.central.club.staff_tables import api_key
from kiosk.club.roles import Role, Staff
from kiosk.core.errors import InvalidInput
from tests.central.builders import ManualClock
from tests.central.club.builders import noted
from tests.central.club.builders_staff import SETUP, make_account

DAY_S = 86400


def make(books: Books, *roles: Role, staff: str | None = None, days: int = 30) -> str:
    """A key's text."""
    actor = Actor(staff) if staff else SETUP
    wish = MakeKey("till at the bar", roles or (Role.DESK,), days, staff)
    return books.change(actor, lambda change: make_key(change, wish))[0]


def holder(books: Books, text: str) -> Staff | None:
    """Who comes with a key."""
    with books.look() as look:
        return key_holder(look, text)


def test_a_program_comes_with_the_roles_of_its_key(both_books: Books) -> None:
    text = make(both_books, Role.DESK, Role.FINANCE)
    found = holder(both_books, text)
    assert found is not None
    assert found.roles == {Role.DESK, Role.FINANCE}
    assert found.id == "key:" + text.split("_")[1]
    with both_books.look() as look:
        (listed,) = api_keys(look)
        rows = str(look.connection.execute(select(api_key)).all())
    assert listed.name == "till at the bar"
    assert text.split("_", 2)[2] not in rows + str(noted(both_books))


def test_what_is_no_key_is_nobody(books: Books) -> None:
    text = make(books)
    for wrong in ("", "kiosk", "kiosk__", text[:-1], text + "x", text.replace("kiosk", "other"), "kiosk_" + "0" * 16):
        assert holder(books, wrong) is None
    assert holder(books, text) is not None


def test_a_key_ends_on_its_day_and_when_it_is_revoked(books: Books, clock: ManualClock) -> None:
    short, revoked = make(books, days=1), make(books)
    books.change(SETUP, lambda change: revoke_key(change, revoked.split("_")[1], "leaked"))
    books.change(SETUP, lambda change: revoke_key(change, revoked.split("_")[1]))
    assert holder(books, revoked) is None
    assert [each["why"] for each in noted(books, action="api_key.revoke")] == ["leaked"]
    clock.pass_s(DAY_S - 1)
    assert holder(books, short) is not None
    clock.pass_s(1)
    assert holder(books, short) is None
    with pytest.raises(InvalidInput):
        books.change(SETUP, lambda change: revoke_key(change, "nothing"))


def test_a_person_s_key_does_no_more_than_the_person(books: Books) -> None:
    known = make_account(books, "li.wei", Role.DESK, Role.MEMBERSHIP)
    text = make(books, Role.DESK, Role.MEMBERSHIP, staff=known.id)
    found = holder(books, text)
    assert found is not None
    assert (found.id, found.second_factor) == (known.id, False)
    books.change(SETUP, lambda change: give_roles(change, known.id, (Role.DESK,)))
    found = holder(books, text)
    assert found is not None
    assert found.roles == {Role.DESK}
    books.change(SETUP, lambda change: close_account(change, known.id))
    assert holder(books, text) is None


def test_nobody_makes_a_key_above_himself_or_for_another(books: Books) -> None:
    known = make_account(books)
    with pytest.raises(InvalidInput):
        make(books, Role.FINANCE, staff=known.id)
    with pytest.raises(InvalidInput):
        books.change(SETUP, lambda change: make_key(change, MakeKey("x", (Role.DESK,), 1, known.id)))
    with pytest.raises(RuleRefused):
        make(books, Role.ADMIN, Role.FINANCE)


@pytest.mark.parametrize("days", [0, 731])
def test_a_key_is_good_for_a_day_to_two_years(books: Books, days: int) -> None:
    with pytest.raises(InvalidInput):
        make(books, days=days)
    make(books, days=1)
    make(books, days=730)


def test_a_key_whose_person_has_a_temporary_password_is_nobody(books: Books) -> None:
    known = make_account(books, temporary=True)
    with pytest.raises(InvalidInput):
        make(books, Role.DESK, staff=known.id)
