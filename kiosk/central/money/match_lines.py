"""The lines of the match: what edges recorded, what the ledger has, and what providers say of one event (D2)."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Row, Table, select

from kiosk.central.club.books import Look
from kiosk.central.money import payout_rows
from kiosk.central.money.booking import SETTLED
from kiosk.central.money.edge_tables import edge_line, statement_line
from kiosk.central.money.payouts import PREFIX as PAYOUT
from kiosk.central.money.provider_lines import PROVIDERS
from kiosk.central.money.provider_orders import LATE
from kiosk.central.money.provider_receiving import IN_SUSPENSE
from kiosk.central.money.tables import ledger_line, ledger_posting
from kiosk.central.roster import in_steps, rows_of
from kiosk.club.ledger import AccountKind, PostingKind, account_of
from kiosk.club.reconciliation import MatchLine, Side
from kiosk.core.clock import format_utc, parse_utc

IDS_AT_ONCE = 300
LATE_DAYS = 14
"""Business days after its own on which a posting of an event is looked for by time; by its id it is found always."""

_KINDS = (
    PostingKind.OFFLINE_SALE, PostingKind.TOP_UP, PostingKind.REVERSAL, PostingKind.PAYMENT, PostingKind.PREPAYMENT,
    PostingKind.SALE, PostingKind.PAY_OUT,
)  # fmt: skip
_PROVIDERS = frozenset(each.value for each in PROVIDERS)


def lines_since(look: Look, since: str, also: Iterable[str]) -> list[MatchLine]:
    """Return all lines of the events of which one side has a line since a moment, and of those named besides."""
    return lines_named(look, {*_ids(look, since), *also})


def lines_on(look: Look, day: date) -> list[MatchLine]:
    """Return all lines of the events of which one side has a line on a local day."""
    first, after = (_moment(look, each) for each in (day, day + timedelta(days=1)))
    sites = ["", *(row.id for row in rows_of(look.connection, "site"))]
    near = str(day - timedelta(days=1)), str(day + timedelta(days=LATE_DAYS))
    posting = ledger_posting.c
    return lines_named(look, _ids(look, first, after, posting.site.in_(sites), posting.day.between(*near)))


def lines_named(look: Look, ids: Collection[str]) -> list[MatchLine]:
    """Return all lines of some events, of every side."""
    found: list[MatchLine] = []
    for step in in_steps(sorted(ids), IDS_AT_ONCE):
        edges = _rows(look, edge_line, edge_line.c.id.in_(step))
        told = _rows(look, statement_line, statement_line.c.id.in_(step))
        found += [MatchLine(Side.EDGE, *_common(row), source=row.origin) for row in edges]
        waiting = _under_way(look, step)
        found += [
            MatchLine(Side.STATEMENT, *_common(row), source=row.provider, is_under_way=row.id in waiting)
            for row in told
        ]
        found += _posted(look, step, {row.id for row in edges})
    return found


def _ids(look: Look, first: str, after: str = "", *of_postings: ColumnElement[bool]) -> set[str]:
    """Return the ids under which there may be lines of a time."""
    found: set[str] = set()
    for table in (edge_line, statement_line):
        found |= set(look.connection.execute(select(table.c.id).where(*_within(table, first, after))).scalars())
    posting = ledger_posting.c
    query = select(posting.id, posting.of).where(*_mine(), *_within(ledger_posting, first, after), *of_postings)
    for id, of in look.connection.execute(query):
        found |= {id, of}
    return found - {""}


def _posted(look: Look, ids: Sequence[str], edges: Collection[str]) -> Iterator[MatchLine]:
    """Yield what the ledger has of some events: an order that waited is settled under an id that leads back to it."""
    names = [each + end for each in ids for end in ("", SETTLED, LATE, IN_SUSPENSE)]
    posting, line = ledger_posting.c, ledger_line.c
    query = select(posting.n, posting.id, posting.kind, posting.of, posting.at, line.account, line.amount)
    query = query.join(ledger_line, line.posting == posting.n).where(*_mine(), posting.id.in_(names))
    rows = look.connection.execute(query.order_by(posting.n))
    for _, lines in groupby(rows, key=lambda row: row.n):
        found = _of_posting(list(lines), edges)
        if found is not None and found.id in ids:
            yield found


def _under_way(look: Look, ids: Sequence[str]) -> set[str]:
    """Return which events are refunds that their provider is asked for still."""
    numbers = [each.removeprefix(PAYOUT) for each in ids if each.startswith(PAYOUT)]
    return {PAYOUT + each for each in payout_rows.waiting(look.connection, numbers)} if numbers else set()


def _of_posting(lines: Sequence[Any], edges: Collection[str]) -> MatchLine | None:
    """Return a posting as a line of the match; None for one that stands on no other side."""
    row = lines[0]
    accounts = [(account_of(each.account), each.amount) for each in lines]
    paid = [amount for account, amount in accounts if account.kind is AccountKind.PROVIDER_CLEARING
            and account.owner in _PROVIDERS]  # fmt: skip
    sold = [abs(amount) for account, amount in accounts if account.kind is AccountKind.REVENUE_SALES]
    came = [-amount for account, amount in accounts if account.kind.value.startswith("source_")]
    at = parse_utc(row.at)
    if row.kind == PostingKind.OFFLINE_SALE or row.id.startswith("topup:") or row.id in edges:
        return MatchLine(Side.LEDGER, row.id, sum(sold or came), at, frozenset({Side.EDGE}), row.id)
    if row.kind == PostingKind.PAY_OUT:
        # What was paid out by hand is nobody else's line; what a provider paid for us stands in its statement, and so
        # does what it gave back on its own page of money that we had in suspense.
        of_provider = row.id.startswith(PAYOUT) or any(each.kind is AccountKind.SUSPENSE for each, _ in accounts)
        told = frozenset({Side.STATEMENT})
        return MatchLine(Side.LEDGER, row.id, sum(paid), at, told, row.id) if paid and of_provider else None
    if paid and row.kind != PostingKind.REVERSAL:
        return MatchLine(Side.LEDGER, row.of or row.id, sum(paid), at, frozenset({Side.STATEMENT}), row.id)
    return None


def _mine() -> tuple[ColumnElement[bool], ...]:
    return ledger_posting.c.kind.in_([each.value for each in _KINDS]), ledger_posting.c.pending.is_(False)


def _within(table: Table, first: str, after: str) -> tuple[ColumnElement[bool], ...]:
    return (table.c.at >= first, table.c.at < after) if after else (table.c.at >= first,)


def _rows(look: Look, table: Table, which: ColumnElement[bool]) -> Sequence[Row[Any]]:
    return look.connection.execute(select(table).where(which)).all()


def _common(row: Row[Any]) -> tuple[str, int, datetime]:
    return row.id, row.amount_minor, parse_utc(row.at)


def _moment(look: Look, day: date) -> str:
    return format_utc(datetime.combine(day, time(), look.zone).astimezone(UTC))
