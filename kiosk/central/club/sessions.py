"""Signing staff in: password, second factor, and a session as a row. Ten failures in 15 minutes, then a name waits.

An attempt is written down as failed before it is looked at, so that many at once guess no more than one by one.
"""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy import delete, insert, select, update

from kiosk.central.club.books import Actor, Books, Change, Look
from kiosk.central.club.enrolment import take_code
from kiosk.central.club.failures import (
    FAILURES_MAX,
    count_failures,
    forget_failures,
    locked_until,
    note_failure,
    take_back,
)
from kiosk.central.club.passwords import is_password, secret_hash
from kiosk.central.club.second_factor import Vault
from kiosk.central.club.staff import ACTIVE, roles_of
from kiosk.central.club.staff_tables import staff, staff_session
from kiosk.club.refusal import Refusal
from kiosk.club.roles import RoleRules, Staff, permissions
from kiosk.core.clock import format_utc, parse_utc

STRANGERS_MAX = 10_000
"""Failures kept for names that nobody has; past it they are not counted, for there is nothing to guess."""

SESSION_LASTS = timedelta(hours=12)
SESSION_IDLES = timedelta(hours=2)
SEEN_EVERY = timedelta(minutes=1)
SESSIONS_MAX = 10
"""Sessions of one person; one more ends the one that was seen longest ago."""

_DOOR = Actor("door")


class SignInReason(StrEnum):
    """Why somebody is not signed in. Wire format."""

    WRONG = "wrong"
    CODE_MISSING = "code_missing"
    LOCKED = "locked"


class SignInRefusal(Refusal[SignInReason], frozen=True):
    """Why somebody is not signed in. `wrong` does not say which of name, password and code it was."""


class Session(msgspec.Struct, frozen=True):
    """Somebody who is signed in. `staff` is what rules are asked with: it has no roles while the password is temporary.

    `must_enrol`: a role asks for a second factor that is not set up yet. `key` names the session in the books.
    """

    staff: Staff
    login: str
    name: str
    key: str
    temporary: bool
    must_enrol: bool
    until: datetime


class Opened(msgspec.Struct, frozen=True):
    """A new session, and its secret for the cookie."""

    secret: str
    session: Session

    def __repr__(self) -> str:
        """Say nothing of the secret."""
        return f"Opened({self.session.login})"


class _Attempt(msgspec.Struct, frozen=True):
    """An attempt that is being looked at: its row, and the account's id and password, empty where there is none."""

    number: int
    staff: str = ""
    password: str = ""


class Door:
    """Signs staff in and out, and knows who is signed in. For any thread."""

    def __init__(self, books: Books, vault: Vault) -> None:
        self._books = books
        self._vault = vault

    def sign_in(self, login: str, password: str, code: str = "") -> Opened | SignInRefusal:
        """Open a session for the right password, and where there is a second factor its code or a recovery code."""
        attempt = self._books.change(_DOOR, lambda change: _begin(change, login))
        if isinstance(attempt, SignInRefusal):
            return attempt
        if not is_password(password, attempt.password):
            return SignInRefusal(SignInReason.WRONG)
        return self._books.change(_DOOR, lambda change: self._finish(change, attempt, login, code))

    def resume(self, secret: str, *, by_itself: bool = False) -> Session | None:
        """Return the session that goes with a secret, None where it is over or unknown.

        What a page asks `by_itself` does not count as somebody being there.
        """
        key = secret_hash(secret)
        with self._books.look() as look:
            row = _session_row(look, key)
            if row is None or not _stands(row, look.now):
                return None
            rules, now = look.rules.roles, look.now
        if not by_itself and now - parse_utc(row["seen_at"]) >= SEEN_EVERY:
            self._books.change(_DOOR, lambda change: _see(change, key))
        return _session(row, rules)

    def sign_out(self, secret: str) -> None:
        """End a session. May be called twice."""
        mine = staff_session.c.hash == secret_hash(secret)
        self._books.database.run(lambda connection: connection.execute(delete(staff_session).where(mine)))

    def _finish(self, change: Change, attempt: _Attempt, login: str, code: str) -> Opened | SignInRefusal:
        query = select(staff).where(staff.c.id == attempt.staff).with_for_update()
        row = change.connection.execute(query).mappings().one()
        if row["state"] != ACTIVE or row["password"] != attempt.password:
            return SignInRefusal(SignInReason.WRONG)
        if row["factor"]:
            if not code:
                # The password was right: to ask for the code is not a failure.
                take_back(change, attempt.number)
                return SignInRefusal(SignInReason.CODE_MISSING)
            if not take_code(change, self._vault, dict(row), code):
                return SignInRefusal(SignInReason.WRONG)
        forget_failures(change, login)
        secret = secrets.token_urlsafe(32)
        key = secret_hash(secret)
        _open(change, row["id"], key, factor=bool(row["factor"]))
        opened = _session_row(change, key)
        return Opened(secret, _session(opened or {}, change.rules.roles))


def _begin(change: Change, login: str) -> _Attempt | SignInRefusal:
    row = change.connection.execute(
        select(staff.c.id, staff.c.state, staff.c.password)
        .where(staff.c.login == login.strip().casefold()[:64])
        .with_for_update()
    ).first()
    if (until := locked_until(change, login)) is not None:
        left = until - change.now
        return SignInRefusal(SignInReason.LOCKED, {"wait_s": max(int(left.total_seconds()) + 1, 1)})
    if row is None and count_failures(change) >= STRANGERS_MAX:
        return _Attempt(0)
    number = note_failure(change, login)
    if row is None or row.state != ACTIVE:
        return _Attempt(number)
    if count_failures(change, login) == FAILURES_MAX:
        change.note("staff.last_try", "staff", row.id, after={"failures": FAILURES_MAX})
    return _Attempt(number, row.id, row.password)


def _open(change: Change, staff_id: str, key: str, *, factor: bool) -> None:
    table, at = staff_session, format_utc(change.now)
    change.connection.execute(delete(table).where(table.c.until <= at))
    mine = select(table.c.hash).where(table.c.staff == staff_id).order_by(table.c.seen_at.desc(), table.c.hash)
    too_many = list(change.connection.execute(mine.offset(SESSIONS_MAX - 1)).scalars())
    change.connection.execute(delete(table).where(table.c.hash.in_(too_many)))
    row = {"hash": key, "staff": staff_id, "factor": factor, "began_at": at, "seen_at": at}
    change.connection.execute(insert(table), row | {"until": format_utc(change.now + SESSION_LASTS)})
    change.note("staff.sign_in", "staff", staff_id, after={"second_factor": factor})


def _see(change: Change, key: str) -> None:
    seen = update(staff_session).where(staff_session.c.hash == key)
    change.connection.execute(seen.values(seen_at=format_utc(change.now)))


def _session_row(look: Look, key: str) -> Mapping[str, Any] | None:
    joined = staff_session.join(staff, staff.c.id == staff_session.c.staff)
    columns = (staff_session.c.seen_at, staff_session.c.until, staff_session.c.factor.label("shown"))
    query = select(staff, *columns, staff_session.c.hash).select_from(joined)
    found = look.connection.execute(query.where(staff_session.c.hash == key)).mappings().first()
    return dict(found) if found is not None else None


def _stands(row: Mapping[str, Any], now: datetime) -> bool:
    idle = now - parse_utc(row["seen_at"])
    return row["state"] == ACTIVE and now < parse_utc(row["until"]) and idle < SESSION_IDLES


def _session(row: Mapping[str, Any], rules: RoleRules) -> Session:
    plain = Staff(row["id"], roles_of(row["roles"]), member=row["member"])
    proved = msgspec.structs.replace(plain, second_factor=True)
    shown = proved if row["shown"] else plain
    return Session(
        staff=msgspec.structs.replace(shown, roles=frozenset()) if row["temporary"] else shown,
        login=row["login"],
        name=row["name"],
        key=row["hash"],
        temporary=row["temporary"],
        must_enrol=not row["factor"] and permissions(plain, rules) != permissions(proved, rules),
        until=parse_utc(row["until"]),
    )
