"""Postings as they are written down: each id once, whole or not at all, and never changed afterwards."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import Connection, Executable, insert, null, select
from sqlalchemy.dialects import postgresql, sqlite

from kiosk.central.club.books import Change, LeavesTrace, Look
from kiosk.central.club.refused import RuleRefused
from kiosk.central.money import accounts, days
from kiosk.central.money.tables import ledger_alarm, ledger_hold, ledger_hold_line, ledger_line, ledger_posting
from kiosk.club.ledger import Account, LedgerReason, Line, Posting, PostingKind, account_of, body_of, faults
from kiosk.club.ledger_holds import HoldState
from kiosk.core.clock import format_utc, parse_utc
from kiosk.core.codec import canonical
from kiosk.core.errors import InvalidInput

_TEXTS = ("id", "by", "site", "till", "of")
_HEAD = ("id", "kind", "day", "at", "by", "site", "till", "of", "late", "memo")
_memo = msgspec.json.Decoder(dict[str, str | int])
_NOTHING: Mapping[Account, int] = {}


class Posted(msgspec.Struct, frozen=True):
    """A posting as it stands in the books, its number, its state, and what was on its guarded accounts afterwards."""

    n: int
    posting: Posting
    state: HoldState = HoldState.POSTED
    balances: Mapping[str, int] = {}


Follow = Callable[[Change, Posted], None]


class PostedOtherwise(LeavesTrace):
    """An id came again with something else; an alarm stays behind."""

    def __init__(self, posting: Posting, was: str, came: str) -> None:
        super().__init__(f"posting {posting.id} was made with something else", hint="Staff find it among the alarms")
        self._row = {"posting": posting.id, "by": posting.by, "was": was, "came": came}

    def leave(self, connection: Connection, now: datetime) -> None:
        """Write the alarm down."""
        connection.execute(insert(ledger_alarm), self._row | {"at": format_utc(now)})


def write(
    change: Change, posting: Posting, released: Mapping[Account, int] = _NOTHING, follow: Follow | None = None
) -> Posted:
    """Write a posting, or return the one of that id when it came before; `released` is what it no longer holds.

    `follow` does what comes of a new one. Raises InvalidInput, NotEnough, PostedOtherwise, DayClosed, and RuleRefused
    for a second reversal; then nothing of it is written.
    """
    posting = checked(posting)
    with change.connection.begin_nested():
        n = enter(change, posting, pending=False)
        if n is not None:
            days.check_open(change, posting.site, posting.day)
            balances = accounts.move(change.connection, posting.lines, released)
            rows = [{**row, "balance": balances.get(row["account"])} for row in line_rows(n, posting.lines)]
            change.connection.execute(_lines(), rows)
            mine = {row["account"]: row["balance"] for row in rows if row["balance"] is not None}
            posted = Posted(n, posting, balances=mine)
            if follow is not None:
                follow(change, posted)
            return posted
    return known(change, posting, pending=False)


def checked(posting: Posting) -> Posting:
    """Return a posting in the form in which it is read again; raises InvalidInput for one that is none."""
    if wrong := faults(posting):
        raise InvalidInput(f"posting {posting.id[:96]!r}: {'; '.join(wrong[:3])}")
    at = parse_utc(format_utc(posting.at))
    lines = tuple(sorted(posting.lines, key=lambda line: line.account.id))
    return msgspec.structs.replace(posting, at=at, lines=lines, memo=dict(posting.memo))


def enter(change: Change, posting: Posting, *, pending: bool) -> int | None:
    """Write the posting's own row and return its number; None where its id, or its reversal, is there."""
    row: dict[str, Any] = {name: getattr(posting, name) for name in _TEXTS}
    row |= {"kind": posting.kind.value, "day": posting.day.isoformat(), "at": format_utc(posting.at)}
    row |= {"late": posting.late, "pending": pending, "memo": canonical(posting.memo).decode()}
    row |= {"digest": _digest(posting, pending), "booked_at": format_utc(change.now)}
    return change.connection.execute(_entering(change.connection.dialect.name), row).scalar_one_or_none()


def known(look: Look, posting: Posting, *, pending: bool) -> Posted:
    """Return what was posted before under a posting's id; raises PostedOtherwise where it says something else."""
    query = select(ledger_posting.c.n, ledger_posting.c.digest).where(ledger_posting.c.id == posting.id)
    row = look.connection.execute(query).one_or_none()
    if row is None:
        raise RuleRefused(LedgerReason.ALREADY_REVERSED, {"of": posting.of}, what=f"posting {posting.id}")
    if row.digest != (came := _digest(posting, pending)):
        raise PostedOtherwise(posting, row.digest, came)
    return numbered(look, row.n)


def find(look: Look, id: str) -> Posted | None:
    """Return the posting of an id, pending or not; None when there is none."""
    query = select(ledger_posting.c.n).where(ledger_posting.c.id == id)
    n = look.connection.execute(query).scalar_one_or_none()
    return None if n is None else numbered(look, n)


def numbered(look: Look, n: int) -> Posted:
    """Return posting number n, which there is."""
    return read_many(look.connection, n, n)[0]


def read_many(connection: Connection, first: int, last: int) -> list[Posted]:
    """Return the postings with numbers from `first` to `last`, in their order."""
    lines: dict[int, list[Line]] = {}
    balances: dict[int, dict[str, int]] = {}
    for table in (ledger_line, ledger_hold_line):
        columns = (table.c.posting, table.c.account, table.c.amount, table.c.get("balance", null()))
        query = select(*columns).where(table.c.posting.between(first, last)).order_by(*columns[:2])
        for n, account, amount, balance in connection.execute(query):
            lines.setdefault(n, []).append(Line(account_of(account), amount))
            if balance is not None:
                balances.setdefault(n, {})[account] = balance
    states = select(ledger_hold.c.posting, ledger_hold.c.state).where(ledger_hold.c.posting.between(first, last))
    held = {n: HoldState(state) for n, state in connection.execute(states)}
    head = select(*(ledger_posting.c[name] for name in ("n", *_HEAD))).where(ledger_posting.c.n.between(first, last))
    return [
        Posted(n, _posting(row, lines.get(n, [])), held.get(n, HoldState.POSTED), balances.get(n, {}))
        for n, *row in connection.execute(head.order_by(ledger_posting.c.n))
    ]


def written_at(connection: Connection, first: int, last: int) -> dict[int, tuple[str, bool]]:
    """Return by number when each posting was written, and whether it was pending then."""
    columns = (ledger_posting.c.n, ledger_posting.c.booked_at, ledger_posting.c.pending)
    rows = connection.execute(select(*columns).where(ledger_posting.c.n.between(first, last)))
    return {n: (at, pending) for n, at, pending in rows}


def line_rows(n: int, lines: Sequence[Line]) -> list[dict[str, Any]]:
    """Return lines of posting number n as rows."""
    return [
        {"posting": n, "account": line.account.id, "kind": line.account.kind.value, "unit": line.account.unit.value,
         "amount": line.amount}
        for line in lines
    ]  # fmt: skip


def _posting(row: Sequence[Any], lines: Sequence[Line]) -> Posting:
    """Return the columns of `_HEAD` as a posting."""
    id, kind, day, at, by, site, till, of, late, memo = row
    said = _memo.decode(memo)
    when = (date.fromisoformat(day), parse_utc(at))
    return Posting(id, PostingKind(kind), tuple(lines), *when, by, site, till, of, late, said)


@cache
def _entering(dialect: str) -> Executable:
    """Return the statement that writes a posting's own row; made once, as it is run often."""
    statement = (sqlite if dialect == "sqlite" else postgresql).insert(ledger_posting)
    entering: Executable = statement.on_conflict_do_nothing().returning(ledger_posting.c.n)
    return entering


@cache
def _lines() -> Executable:
    return insert(ledger_line)


def _digest(posting: Posting, pending: bool) -> str:
    return hashlib.sha256((b"pending " if pending else b"") + body_of(posting)).hexdigest()
