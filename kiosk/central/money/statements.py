"""What is on an account, and how it came about. Reads only; pages go by the number of the posting."""

from collections.abc import Collection
from datetime import date

import msgspec
from sqlalchemy import func, select

from kiosk.central.club.books import Look
from kiosk.central.money import accounts
from kiosk.central.money.tables import ledger_balance, ledger_hold, ledger_hold_line, ledger_line, ledger_posting
from kiosk.club.ledger import Account, AccountKind, PostingKind, Unit
from kiosk.club.ledger_holds import HoldState

PAGE_MAX = 1000


class StatementLine(msgspec.Struct, frozen=True):
    """One posting on an account, and what was on it with all that was written before; `n` is the posting's number."""

    n: int
    id: str
    kind: PostingKind
    day: date
    at: str
    by: str
    of: str
    late: bool
    amount: int
    balance: int
    memo: dict[str, str | int]


def balance(look: Look, account: Account) -> int:
    """Return what is on an account, what is held included."""
    if account.is_guarded:
        return accounts.balance_and_held(look.connection, account)[0]
    return _sum(look, account)


def available(look: Look, account: Account) -> int:
    """Return what of an account can be used: of a guarded one, what is not held."""
    if account.is_guarded:
        there, held = accounts.balance_and_held(look.connection, account)
        return there - held
    return _sum(look, account)


def coming(look: Look, account: Account) -> int:
    """Return what pending postings bring to an account when they are settled; what others hold of it takes nothing."""
    lines, hold = ledger_hold_line, ledger_hold
    query = select(func.coalesce(func.sum(lines.c.amount), 0)).join(hold, hold.c.posting == lines.c.posting)
    pending = hold.c.state == HoldState.PENDING.value
    query = query.where(lines.c.account == account.id, lines.c.amount > 0, pending)
    return int(look.connection.execute(query).scalar_one())


def statement(look: Look, account: Account, after: int | None = None, limit: int = PAGE_MAX) -> list[StatementLine]:
    """Return the postings on an account in their order, those behind the one numbered `after`; 1,000 at most."""
    lines, head = ledger_line, ledger_posting
    running = _sum(look, account, until=after) if after is not None else 0
    columns = (head.c.n, head.c.id, head.c.kind, head.c.day, head.c.at, head.c.by, head.c.of, head.c.late, head.c.memo)
    query = select(*columns, lines.c.amount).join(head, head.c.n == lines.c.posting)
    query = query.where(lines.c.account == account.id, lines.c.posting > (after or 0))
    found = []
    for row in look.connection.execute(query.order_by(lines.c.posting).limit(min(limit, PAGE_MAX))):
        n, id, kind, day, at, by, of, late, memo, amount = row
        running += amount
        said = msgspec.json.decode(memo, type=dict[str, str | int])
        when = (date.fromisoformat(day), at, by, of, late)
        found.append(StatementLine(n, id, PostingKind(kind), *when, amount, running, said))
    return found


def standing(look: Look, kinds: Collection[AccountKind]) -> dict[AccountKind, int]:
    """Return how much money stands on all accounts of some kinds together, what is held included."""
    lines, kept = ledger_line, ledger_balance
    named = [each.value for each in kinds]
    free = [each.value for each in kinds if not Account(each).is_guarded]
    sums = dict.fromkeys(kinds, 0)
    for query in (
        select(kept.c.kind, func.sum(kept.c.balance))
        .where(kept.c.kind.in_(named), kept.c.account.startswith(f"{Unit.CNY}/"))
        .group_by(kept.c.kind),
        select(lines.c.kind, func.sum(lines.c.amount))
        .where(lines.c.kind.in_(free), lines.c.unit == Unit.CNY.value)
        .group_by(lines.c.kind),
    ):
        sums |= {AccountKind(kind): int(amount) for kind, amount in look.connection.execute(query)}
    return sums


def totals(
    look: Look, first: date, last: date, *, site: str | None = None, kinds: Collection[AccountKind] = ()
) -> dict[tuple[AccountKind, Unit], int]:
    """Return what the postings of some business days add to each kind of account, of one site or of all.

    Of `kinds` alone where some are named.
    """
    lines, head = ledger_line, ledger_posting
    query = select(lines.c.kind, lines.c.unit, func.sum(lines.c.amount)).join(head, head.c.n == lines.c.posting)
    query = query.where(head.c.day.between(first.isoformat(), last.isoformat()))
    if site is not None:
        query = query.where(head.c.site == site)
    if kinds:
        query = query.where(lines.c.kind.in_([each.value for each in kinds]))
    rows = look.connection.execute(query.group_by(lines.c.kind, lines.c.unit))
    return {(AccountKind(kind), Unit(unit)): int(amount) for kind, unit, amount in rows}


def _sum(look: Look, account: Account, until: int | None = None) -> int:
    query = select(func.coalesce(func.sum(ledger_line.c.amount), 0)).where(ledger_line.c.account == account.id)
    if until is not None:
        query = query.where(ledger_line.c.posting <= until)
    return int(look.connection.execute(query).scalar_one())
