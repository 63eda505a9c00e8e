"""Pending postings: what they hold, and how they are settled, made void or run out; each once."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import msgspec
from sqlalchemy import insert, not_, select, update

from kiosk.central.club.books import Actor, Books, Change
from kiosk.central.club.jobs import Job, Step
from kiosk.central.club.refused import refuse
from kiosk.central.money import accounts, days, postings
from kiosk.central.money.booking import SETTLED, post
from kiosk.central.money.edge_tables import site_lease
from kiosk.central.money.postings import Posted, PostedOtherwise
from kiosk.central.money.tables import ledger_hold, ledger_hold_line, ledger_posting
from kiosk.club.ledger import ID_CHARACTERS_MAX, Account, LedgerRefusal, Line, Posting
from kiosk.club.ledger_holds import HOLD_LIFE, HoldAction, HoldState, part_of
from kiosk.core.clock import format_utc, parse_utc
from kiosk.core.errors import InvalidInput

JOB = "ledger_holds"
EXPIRED_AT_ONCE_MAX = 500
WHY_CHARACTERS_MAX = 500


class Pending(msgspec.Struct, frozen=True):
    """A pending posting with its end; when and by whom it was resolved, once it was."""

    posted: Posted
    until: datetime
    resolved_at: str | None = None
    resolved_by: str = ""
    why: str = ""


def hold(change: Change, posting: Posting, until: datetime) -> Posted:
    """Write a posting down as pending until a moment: what it would take from guarded accounts is held for it.

    The same again gets the first answer, resolved or not. Raises NotEnough, InvalidInput, PostedOtherwise.
    """
    posting = postings.checked(posting)
    if len(posting.id) + len(SETTLED) > ID_CHARACTERS_MAX:
        raise InvalidInput(f"posting {posting.id!r}: its id leaves no room for what it becomes when it is settled")
    with change.connection.begin_nested():
        n = postings.enter(change, posting, pending=True)
        if n is not None:
            row = {"posting": n, "state": HoldState.PENDING.value, "until": format_utc(until)}
            change.connection.execute(insert(ledger_hold), row)
            change.connection.execute(insert(ledger_hold_line), postings.line_rows(n, posting.lines))
            accounts.hold(change.connection, _held(posting.lines))
            return Posted(n, posting, HoldState.PENDING)
    return postings.known(change, posting, pending=True)


def pending(change: Change, id: str) -> Pending:
    """Return a pending posting that no other change resolves meanwhile; raises InvalidInput where there is none."""
    posting_of = ledger_hold.c.posting == ledger_posting.c.n
    query = select(ledger_hold).join(ledger_posting, posting_of).where(ledger_posting.c.id == id)
    row = change.connection.execute(query.with_for_update(of=ledger_hold)).mappings().one_or_none()
    if row is None:
        raise InvalidInput(f"there is no pending posting {id!r}")
    return _pending(change, dict(row))


def settle(change: Change, id: str, amount_minor: int | None = None, *, by: str) -> Posted:
    """Post what was pending on the open day, all of it or a smaller amount of its largest line; the rest is free.

    Settled again it gets the first answer. Raises StepRefused for one that was made void or whose time is over,
    RuleRefused for an amount that is not within it, and PostedOtherwise where it was settled with another.
    """
    before = pending(change, id)
    parts = part_of(before.posted.posting.lines, amount_minor)
    if isinstance(parts, LedgerRefusal):
        raise refuse(parts, f"posting {id}")
    if before.posted.state is HoldState.POSTED:
        return _settled(change, before, parts)
    _must(before, HoldAction.SETTLE, change.now)
    said = before.posted.posting
    place = days.place(change, said.site, change.now)
    settled = msgspec.structs.replace(
        said, id=id + SETTLED, lines=parts, day=place.day, late=place.late, at=change.now, by=by, of=id
    )
    with change.connection.begin_nested():
        _resolve(change, before, HoldState.POSTED, by, "")
        return post(change, settled, _held(said.lines))


def void(change: Change, id: str, *, by: str, why: str) -> Posted:
    """Make a pending posting void: what it held is free. A second time changes nothing.

    Raises StepRefused for one that was settled or has run out.
    """
    before = pending(change, id)
    if before.posted.state is not HoldState.VOIDED:
        HOLD_LIFE.after(before.posted.state, HoldAction.VOID)
        _resolve(change, before, HoldState.VOIDED, by, why)
        accounts.move(change.connection, (), _held(before.posted.posting.lines))
    return postings.numbered(change, before.posted.n)


def expire(change: Change, now: datetime) -> int:
    """Let pending postings run out whose time is over, 500 at most; return how many did.

    Not what is held for an edge, which may still spend it without being heard (`leases.py`).
    """
    leased = select(ledger_posting.c.n).join(site_lease, site_lease.c.posting == ledger_posting.c.id)
    over = (ledger_hold.c.state == HoldState.PENDING.value, ledger_hold.c.until <= format_utc(now))
    query = select(ledger_hold).where(*over, not_(ledger_hold.c.posting.in_(leased)))
    query = query.order_by(ledger_hold.c.posting).limit(EXPIRED_AT_ONCE_MAX)
    rows = change.connection.execute(query.with_for_update(skip_locked=True)).mappings().all()
    for row in rows:
        before = _pending(change, dict(row))
        _resolve(change, before, HoldState.EXPIRED, change.actor.id, "")
        accounts.move(change.connection, (), _held(before.posted.posting.lines))
    return len(rows)


def run(books: Books, _day: date, place: str) -> Step:
    """Let what is over run out, as a nightly job; whoever needs the rest sooner calls `expire`."""
    done = int(place or 0)
    count = books.change(Actor(f"job:{JOB}", "job"), lambda change: expire(change, change.now))
    return Step(done + count, done + count, str(done + count), finished=count < EXPIRED_AT_ONCE_MAX)


def hold_jobs() -> tuple[Job, ...]:
    """Return the job of pending postings, which comes before the proof."""
    return (Job(JOB, run),)


def _settled(change: Change, before: Pending, parts: Sequence[Line]) -> Posted:
    first = postings.find(change, before.posted.posting.id + SETTLED)
    if first is None:
        raise InvalidInput(f"posting {before.posted.posting.id} was settled and is not there")
    if first.posting.lines != tuple(parts):
        raise PostedOtherwise(first.posting, _sum(first.posting.lines), _sum(parts))
    return first


def _sum(lines: Sequence[Line]) -> str:
    return str(max(abs(line.amount) for line in lines))


def _must(before: Pending, action: HoldAction, now: datetime) -> None:
    state = before.posted.state
    if state is HoldState.PENDING and now >= before.until:
        state = HoldState.EXPIRED
    HOLD_LIFE.after(state, action)


def _resolve(change: Change, before: Pending, state: HoldState, by: str, why: str) -> None:
    values = {"state": state.value, "resolved_at": format_utc(change.now), "resolved_by": by}
    mine = ledger_hold.c.posting == before.posted.n
    change.connection.execute(update(ledger_hold).where(mine).values(**values, why=why[:WHY_CHARACTERS_MAX]))


def _held(lines: Sequence[Line]) -> dict[Account, int]:
    return {line.account: -line.amount for line in lines if line.account.is_guarded and line.amount < 0}


def _pending(change: Change, row: Mapping[str, Any]) -> Pending:
    posted = postings.numbered(change, row["posting"])
    return Pending(posted, parse_utc(row["until"]), row["resolved_at"], row["resolved_by"], row["why"])
