"""Staff accounts: who may act, and what nobody may do with accounts."""

import pytest

from kiosk.central.club.books import Actor, Books
from kiosk.central.club.passwords import COST, is_password, keep_password
from kiosk.central.club.refused import RuleRefused
from kiosk.central.club.sessions import Door, SignInReason, SignInRefusal
from kiosk.central.club.staff import (
    OpenAccount,
    account,
    accounts,
    close_account,
    describe_account,
    first_admin,
    give_roles,
    open_account,
    set_password,
)
from kiosk.club.roles import Role
from kiosk.core.errors import InvalidInput
from tests.central.club.builders import noted
from tests.central.club.builders_staff import PASSWORD, SETUP, VAULT, cheap, make_account, sign_in

NEW = "quite another set of words"


@pytest.fixture
def door(books: Books) -> Door:
    """The door of the office."""
    return Door(books, VAULT)


def test_a_password_rests_as_scrypt_with_its_parameters() -> None:
    kept = keep_password(PASSWORD, "li.wei")
    kind, cost, block, parallel, salt, digest = kept.text.split("$")
    assert (kind, int(cost), int(block), int(parallel)) == ("scrypt", COST, 8, 1)
    assert len(salt) == 32
    assert len(digest) == 64
    assert keep_password(PASSWORD, "li.wei").text != kept.text
    assert is_password(PASSWORD, kept.text)
    assert not is_password(PASSWORD + " ", kept.text)
    assert not is_password("", "")
    assert not is_password("x" * 129, kept.text)


@pytest.mark.parametrize(
    "bad", ["elevenchars", "x" * 129, "aaaaaaaaaaaaaaaa", "li.wei is my name", "LI.WEI is my name"]
)
def test_a_bad_password_is_not_kept(bad: str) -> None:
    with pytest.raises(InvalidInput):
        keep_password(bad, "li.wei", cost=2)
    keep_password("twelve chars", "li.wei", cost=2)
    keep_password("abcdef" * 21 + "xy", "li.wei", cost=2)


def test_a_new_account_has_no_roles_until_its_person_sets_a_password(books: Books, door: Door) -> None:
    opened = make_account(books, "li.wei", Role.DESK, temporary=True)
    session = sign_in(door).session
    assert session.temporary
    assert session.staff.roles == frozenset()
    books.change(Actor(opened.id), lambda change: set_password(change, opened.id, cheap(NEW), session.key))
    after = sign_in(door, password=NEW).session
    assert not after.temporary
    assert after.staff.roles == {Role.DESK}


def test_a_password_that_another_sets_is_temporary_and_ends_the_sessions(books: Books, door: Door) -> None:
    known = make_account(books)
    mine, other = sign_in(door), sign_in(door)
    books.change(Actor(known.id), lambda change: set_password(change, known.id, cheap(NEW), mine.session.key))
    assert door.resume(mine.secret) is not None
    assert door.resume(other.secret) is None
    books.change(SETUP, lambda change: set_password(change, known.id, cheap(PASSWORD)))
    assert door.resume(mine.secret) is None
    assert sign_in(door).session.temporary


@pytest.mark.proves("S94")
def test_no_one_raises_his_own_roles(books: Books) -> None:
    admin = make_account(books, "admin", Role.ADMIN)
    make_account(books, "second", Role.ADMIN)
    own = Actor(admin.id)
    with pytest.raises(InvalidInput, match="nobody gives himself a role"):
        books.change(own, lambda change: give_roles(change, admin.id, (Role.ADMIN, Role.MEMBERSHIP)))
    assert books.change(own, lambda change: give_roles(change, admin.id, ())).roles == ()


def test_roles_that_one_person_may_not_have_are_refused(books: Books) -> None:
    known = make_account(books)
    with pytest.raises(RuleRefused) as refused:
        books.change(SETUP, lambda change: give_roles(change, known.id, (Role.ADMIN, Role.FINANCE)))
    assert refused.value.reason == "roles_not_together"
    wish = OpenAccount("other", "Other", (Role.IT, Role.FINANCE), cheap())
    with pytest.raises(RuleRefused):
        books.change(SETUP, lambda change: open_account(change, wish))


def test_the_last_admin_stays(both_books: Books) -> None:
    books = both_books
    admin = make_account(books, "admin", Role.ADMIN)
    desk = make_account(books, "desk", Role.DESK)
    for last in (
        lambda change: close_account(change, admin.id),
        lambda change: give_roles(change, admin.id, (Role.DESK,)),
    ):
        with pytest.raises(InvalidInput, match="last admin"):
            books.change(SETUP, last)
    books.change(SETUP, lambda change: close_account(change, desk.id))
    second = make_account(books, "second", Role.ADMIN)
    books.change(SETUP, lambda change: close_account(change, second.id))
    with pytest.raises(InvalidInput, match="last admin"):
        books.change(SETUP, lambda change: close_account(change, admin.id))


def test_a_closed_account_signs_in_no_more_and_its_sessions_end(books: Books, door: Door) -> None:
    known = make_account(books)
    opened = sign_in(door)
    books.change(SETUP, lambda change: close_account(change, known.id, "left the club"))
    assert door.resume(opened.secret) is None
    assert door.sign_in("li.wei", PASSWORD) == SignInRefusal(SignInReason.WRONG)
    closed = noted(books, action="staff.close")
    assert [(each["thing_id"], each["why"]) for each in closed] == [(known.id, "left the club")]
    books.change(SETUP, lambda change: close_account(change, known.id))
    assert len(noted(books, action="staff.close")) == 1


def test_the_trail_shows_roles_before_and_after_and_no_password(books: Books) -> None:
    known = make_account(books)
    books.change(SETUP, lambda change: give_roles(change, known.id, (Role.MEMBERSHIP,), "moves"))
    books.change(SETUP, lambda change: set_password(change, known.id, cheap(NEW)))
    (entry,) = noted(books, action="staff.roles")
    assert (entry["before"], entry["after"], entry["why"]) == ({"roles": ["desk"]}, {"roles": ["membership"]}, "moves")
    assert "scrypt" not in str(noted(books))


@pytest.mark.parametrize("login", ["", "x", "a b", "x" * 65, "-ab", "李伟"])
def test_a_login_is_plain(books: Books, login: str) -> None:
    with pytest.raises(InvalidInput):
        books.change(SETUP, lambda change: open_account(change, OpenAccount(login, "N", (), cheap())))


def test_a_login_is_given_once_in_any_case(books: Books) -> None:
    make_account(books, "Li.Wei")
    with pytest.raises(InvalidInput, match="already"):
        make_account(books, "li.wei")
    with books.look() as look:
        assert [each.login for each in accounts(look)] == ["li.wei"]


def test_an_account_may_be_a_member_s(books: Books, door: Door) -> None:
    known = make_account(books, member="ab" * 8)
    assert sign_in(door).session.staff.member == "ab" * 8
    books.change(SETUP, lambda change: describe_account(change, known.id, "Li W.", None))
    with books.look() as look:
        assert (account(look, known.id).name, account(look, known.id).member) == ("Li W.", None)
    with pytest.raises(InvalidInput):
        books.change(SETUP, lambda change: describe_account(change, "nobody", "X", None))


def test_the_first_admin_is_made_once(books: Books) -> None:
    password = first_admin(books)
    assert password is not None
    assert first_admin(books) is None
    session = sign_in(Door(books, VAULT), "admin", password).session
    assert session.temporary
    assert session.must_enrol
