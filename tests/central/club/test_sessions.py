"""Signing in: passwords, second factors, failures that are counted, and sessions that end."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from kiosk.central.club.books import Actor, Books
from kiosk.central.club.enrolment import begin_enrolment, confirm_enrolment, drop_factor, drop_own_factor
from kiosk.central.club.failures import FAILURES_MAX, WINDOW
from kiosk.central.club.second_factor import Vault, enrolment_uri, new_secret
from kiosk.central.club.sessions import (
    SESSION_IDLES,
    SESSION_LASTS,
    SESSIONS_MAX,
    Door,
    SignInReason,
    SignInRefusal,
)
from kiosk.central.club.staff import unlock_account
from kiosk.central.club.staff_tables import staff, staff_failure, staff_recovery, staff_session
from kiosk.club.roles import Permission, Role, RoleReason, RoleRules, against
from kiosk.core.errors import InvalidInput, StoreDamaged
from tests.central.builders import ManualClock
from tests.central.club.builders import noted
from tests.central.club.builders_staff import PASSWORD, SETUP, VAULT, enrol, make_account, sign_in

WRONG = SignInRefusal(SignInReason.WRONG)
RULES = RoleRules()


@pytest.fixture
def door(books: Books) -> Door:
    """The door of the office."""
    return Door(books, VAULT)


@pytest.mark.proves("S94")
def test_the_right_password_opens_a_session(books: Books) -> None:
    door = Door(books, VAULT)
    known = make_account(books)
    opened = sign_in(door, " Li.Wei ")
    assert opened.session.staff.id == known.id
    assert door.resume(opened.secret) == opened.session
    door.sign_out(opened.secret)
    door.sign_out(opened.secret)
    assert door.resume(opened.secret) is None
    assert [each["thing_id"] for each in noted(books, action="staff.sign_in")] == [known.id]


def test_what_is_wrong_is_not_said(books: Books, door: Door) -> None:
    make_account(books)
    assert door.sign_in("li.wei", "four plain words") == WRONG
    assert door.sign_in("nobody", PASSWORD) == WRONG
    assert door.sign_in("", "") == WRONG


def test_ten_failures_in_fifteen_minutes_lock_a_name_until_they_are_past(both_books: Books, clock: ManualClock) -> None:
    make_account(both_books)
    make_account(both_books, "other")
    for _ in range(FAILURES_MAX - 1):
        assert Door(both_books, VAULT).sign_in("li.wei", "wrong words") == WRONG
    door = Door(both_books, VAULT)
    sign_in(door)
    for _ in range(FAILURES_MAX):
        assert door.sign_in("LI.WEI", "wrong words") == WRONG
    clock.pass_s(60)
    locked = door.sign_in("li.wei", PASSWORD)
    assert locked == SignInRefusal(SignInReason.LOCKED, {"wait_s": int(WINDOW.total_seconds()) - 60 + 1})
    sign_in(door, "other")
    clock.pass_s(WINDOW.total_seconds() - 60 - 1)
    assert isinstance(door.sign_in("li.wei", PASSWORD), SignInRefusal)
    clock.pass_s(1)
    sign_in(door)


def test_a_name_that_nobody_has_locks_like_any_other(books: Books, door: Door) -> None:
    for _ in range(FAILURES_MAX):
        assert door.sign_in("nobody", "wrong words") == WRONG
    locked = door.sign_in("nobody", "wrong words")
    assert isinstance(locked, SignInRefusal)
    assert locked.reason is SignInReason.LOCKED


def test_many_at_once_guess_no_more_than_one_by_one(both_books: Books) -> None:
    make_account(both_books)
    found: list[object] = []

    def guess() -> None:
        found.append(Door(both_books, VAULT).sign_in("li.wei", "wrong words"))

    threads = [threading.Thread(target=guess, name=f"guess-{n}", daemon=True) for n in range(FAILURES_MAX + 6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert found.count(WRONG) == FAILURES_MAX
    assert len(found) == FAILURES_MAX + 6


def test_an_admin_may_unlock_a_name(books: Books, door: Door) -> None:
    known = make_account(books)
    for _ in range(FAILURES_MAX):
        door.sign_in("li.wei", "wrong words")
    assert len(noted(books, action="staff.last_try")) == 1
    books.change(SETUP, lambda change: unlock_account(change, known.id))
    sign_in(door)


def test_a_session_ends_after_its_hours_or_without_use(books: Books, door: Door, clock: ManualClock) -> None:
    make_account(books)
    idle = sign_in(door)
    clock.pass_s(SESSION_IDLES.total_seconds() - 1)
    assert door.resume(idle.secret) is not None
    clock.pass_s(SESSION_IDLES.total_seconds() - 1)
    assert door.resume(idle.secret) is not None
    clock.pass_s(SESSION_IDLES.total_seconds())
    assert door.resume(idle.secret) is None
    used = sign_in(door)
    ends = clock.now() + SESSION_LASTS
    while clock.now() + timedelta(hours=1) < ends:
        clock.pass_s(3600)
        assert door.resume(used.secret) is not None
    clock.set_wall(ends)
    assert door.resume(used.secret) is None


def test_a_person_has_ten_sessions_at_most(books: Books, door: Door, clock: ManualClock) -> None:
    make_account(books)
    opened = []
    for _ in range(SESSIONS_MAX + 1):
        clock.pass_s(1)
        opened.append(sign_in(door))
    assert door.resume(opened[0].secret) is None
    assert all(door.resume(each.secret) is not None for each in opened[1:])


def test_secrets_rest_as_hashes(books: Books, door: Door) -> None:
    known = make_account(books, "admin", Role.ADMIN)
    _, codes, opened = enrol(books, door, known.id, "admin")
    door.sign_in(PASSWORD, "typed into the wrong field")
    with books.look() as look:
        rows = [
            str(row)
            for table in (staff, staff_recovery, staff_session, staff_failure)
            for row in look.connection.execute(select(table))
        ]
    for secret in (PASSWORD, opened.secret, codes[0], codes[0].replace("-", "")):
        assert not any(secret in row for row in rows)


@pytest.mark.proves("S94")
def test_an_admin_without_a_second_factor_can_only_set_it_up(books: Books, door: Door) -> None:
    known = make_account(books, "admin", Role.ADMIN, Role.DESK)
    session = sign_in(door, "admin").session
    assert session.must_enrol
    refusal = against(session.staff, Permission.STAFF_WRITE, RULES)
    assert refusal is not None
    assert refusal.reason is RoleReason.SECOND_FACTOR_MISSING
    _, _, opened = enrol(books, door, known.id, "admin")
    after = door.resume(opened.secret)
    assert after is not None
    assert not after.must_enrol
    assert against(after.staff, Permission.STAFF_WRITE, RULES) is None


def test_a_code_counts_once_and_within_half_a_minute_of_now(books: Books, clock: ManualClock) -> None:
    door = Door(books, VAULT)
    known = make_account(books)
    telephone, _, _ = enrol(books, door, known.id)
    assert door.sign_in("li.wei", PASSWORD) == SignInRefusal(SignInReason.CODE_MISSING)
    assert door.sign_in("li.wei", PASSWORD, telephone.code(clock.now())) == WRONG  # enrolling used it up
    clock.pass_s(60)
    for apart_s in (-60, 60):
        assert door.sign_in("li.wei", PASSWORD, telephone.code(clock.now() + timedelta(seconds=apart_s))) == WRONG
    late = telephone.code(clock.now() - timedelta(seconds=30))
    assert sign_in(door, code=late).session.staff.second_factor
    assert door.sign_in("li.wei", PASSWORD, late) == WRONG
    code = telephone.code(clock.now())
    sign_in(door, code=f"{code[:3]} {code[3:]}")
    assert door.sign_in("li.wei", PASSWORD, code) == WRONG
    sign_in(door, code=telephone.code(clock.now() + timedelta(seconds=30)))


def test_to_be_asked_for_the_code_is_no_failure_and_a_wrong_code_is(books: Books, door: Door) -> None:
    known = make_account(books)
    enrol(books, door, known.id)
    for _ in range(FAILURES_MAX + 1):
        assert door.sign_in("li.wei", PASSWORD) == SignInRefusal(SignInReason.CODE_MISSING)
    for _ in range(FAILURES_MAX):
        assert door.sign_in("li.wei", PASSWORD, "000000") == WRONG
    locked = door.sign_in("li.wei", PASSWORD, "000000")
    assert isinstance(locked, SignInRefusal)
    assert locked.reason is SignInReason.LOCKED


def test_a_recovery_code_stands_in_once(books: Books, door: Door) -> None:
    known = make_account(books)
    _, codes, _ = enrol(books, door, known.id)
    assert len(set(codes)) == 10
    assert sign_in(door, code=codes[0].upper()).session.staff.second_factor
    assert door.sign_in("li.wei", PASSWORD, codes[0]) == WRONG
    sign_in(door, code=codes[1].replace("-", ""))
    assert len(noted(books, action="staff.recovery_code")) == 2


def test_enrolling_needs_a_code_and_ends_the_other_sessions(books: Books, door: Door, clock: ManualClock) -> None:
    known = make_account(books)
    other = sign_in(door)
    actor = Actor(known.id)
    with pytest.raises(InvalidInput, match="no second factor is being set up"):
        books.change(actor, lambda change: confirm_enrolment(change, VAULT, "000000", ""))
    books.change(actor, lambda change: begin_enrolment(change, VAULT))
    with pytest.raises(InvalidInput, match="does not fit"):
        books.change(actor, lambda change: confirm_enrolment(change, VAULT, "000000", ""))
    sign_in(door)  # what is not proved does not count
    _, _, opened = enrol(books, door, known.id)
    assert door.resume(other.secret) is None
    assert door.resume(opened.secret) is not None
    with pytest.raises(InvalidInput, match="already"):
        books.change(actor, lambda change: begin_enrolment(change, VAULT))


def test_a_factor_that_is_dropped_ends_the_sessions_and_its_recovery_codes(books: Books, door: Door) -> None:
    known = make_account(books, "admin", Role.ADMIN)
    _, codes, opened = enrol(books, door, known.id, "admin")
    books.change(SETUP, lambda change: drop_factor(change, known.id, "telephone lost"))
    assert door.resume(opened.secret) is None
    again = sign_in(door, "admin", code=codes[0]).session
    assert again.must_enrol
    assert not again.staff.second_factor
    with books.look() as look:
        assert look.connection.execute(select(func.count()).select_from(staff_recovery)).scalar_one() == 0


def test_one_s_own_factor_is_dropped_with_a_code_and_guesses_are_counted(
    books: Books, door: Door, clock: ManualClock
) -> None:
    known = make_account(books)
    _, codes, opened = enrol(books, door, known.id)
    own = Actor(known.id)
    with pytest.raises(InvalidInput, match="with a code"):
        books.change(own, lambda change: drop_factor(change, known.id))
    for _ in range(FAILURES_MAX - 1):
        assert not books.change(own, lambda change: drop_own_factor(change, VAULT, "000000"))
    assert books.change(own, lambda change: drop_own_factor(change, VAULT, codes[0]))
    assert door.resume(opened.secret) is None
    clock.pass_s(60)
    _, codes, _ = enrol(books, door, known.id)
    for _ in range(FAILURES_MAX):
        assert not books.change(own, lambda change: drop_own_factor(change, VAULT, "000000"))
    assert not books.change(own, lambda change: drop_own_factor(change, VAULT, codes[0]))
    assert isinstance(door.sign_in("li.wei", PASSWORD, codes[0]), SignInRefusal)


def test_a_secret_is_sealed_for_its_account_and_key() -> None:
    secret = new_secret()
    sealed = VAULT.seal(secret, "one")
    assert VAULT.open(sealed, "one") == secret
    for vault, whose in ((VAULT, "two"), (Vault(b"x" * 32), "one")):
        with pytest.raises(StoreDamaged):
            vault.open(sealed, whose)
    assert enrolment_uri(secret, "li.wei").startswith("otpauth://totp/kiosk:li.wei?")
