"""What the books must always satisfy, each check as one pass over the rows that yields where they do not."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import Select, case, func, literal, or_, select, union_all

from kiosk.central.club.books import Look
from kiosk.central.club.card_tables import gift_card
from kiosk.central.club.points_tables import points_entry
from kiosk.central.money.booking import SETTLED
from kiosk.central.money.fee_tables import fee_charge
from kiosk.central.money.proof_records import FOUND_MAX, Check, Wrong, last_proof
from kiosk.central.money.sale_tables import stored_lot
from kiosk.central.money.stored_lots import OVERDRAFT
from kiosk.central.money.tables import (
    ledger_balance,
    ledger_hold,
    ledger_hold_line,
    ledger_line,
    ledger_posting,
    ledger_seal,
)
from kiosk.club.ledger import GUARDED, LIABILITIES, Account, AccountKind, PostingKind, Unit
from kiosk.club.ledger_holds import HoldState
from kiosk.club.money_lives import ChargeState

_Guarded = sorted(each.value for each in GUARDED)
_Liabilities = sorted(each.value for each in LIABILITIES & GUARDED)


def trial_balance(look: Look) -> Iterator[Wrong]:
    """Yield each unit whose lines do not sum to 0."""
    total = func.sum(ledger_line.c.amount)
    query = select(ledger_line.c.unit, total).group_by(ledger_line.c.unit).having(total != 0)
    yield from _wrongs(look, Check.TRIAL_BALANCE, query)


def posting_balance(look: Look) -> Iterator[Wrong]:
    """Yield each posting since the last seal whose lines do not sum to 0 in a unit, or that has none.

    Those before it are looked at with their seals, and what the last proof has named until it is right.
    """
    sealed = select(func.coalesce(func.max(ledger_seal.c.last_n), 0)).scalar_subquery()
    last = last_proof(look)
    named = [each.where for each in (last.found if last else ()) if each.check is Check.POSTING_BALANCE]
    total = func.coalesce(func.sum(ledger_line.c.amount), 0)
    rows = select(ledger_posting.c.id, total).join(
        ledger_line, ledger_line.c.posting == ledger_posting.c.n, isouter=True
    )
    open_yet = or_(ledger_posting.c.n > sealed, ledger_posting.c.id.in_(named))
    rows = rows.where(open_yet, ledger_posting.c.pending.is_(False))
    rows = rows.group_by(ledger_posting.c.id, ledger_line.c.unit)
    yield from _wrongs(look, Check.POSTING_BALANCE, rows.having(or_(total != 0, func.count(ledger_line.c.unit) == 0)))


def cached_balances(look: Look) -> Iterator[Wrong]:
    """Yield each guarded account whose balance is not the sum of its lines."""
    lines = select(ledger_line.c.account, (-ledger_line.c.amount).label("amount"))
    lines = lines.where(ledger_line.c.kind.in_(_Guarded))
    cached = select(ledger_balance.c.account, ledger_balance.c.balance.label("amount"))
    yield from _wrongs(look, Check.CACHED_BALANCE, _apart(cached, lines))


def held(look: Look) -> Iterator[Wrong]:
    """Yield each account of which not as much is held as its open holds say."""
    mine = (ledger_hold.c.state == HoldState.PENDING.value, ledger_hold_line.c.kind.in_(_Guarded))
    wanted = select(ledger_hold_line.c.account, ledger_hold_line.c.amount)
    wanted = wanted.join(ledger_hold, ledger_hold.c.posting == ledger_hold_line.c.posting)
    wanted = wanted.where(*mine, ledger_hold_line.c.amount < 0)
    kept = select(ledger_balance.c.account, ledger_balance.c.held.label("amount"))
    yield from _wrongs(look, Check.HELD, _apart(kept, wanted))


def floors(look: Look) -> Iterator[Wrong]:
    """Yield each guarded account below its floor, or below what is held of it."""
    low = or_(ledger_balance.c.balance < ledger_balance.c.held, ledger_balance.c.held < 0)
    query = select(ledger_balance.c.account, ledger_balance.c.balance - ledger_balance.c.held).where(low)
    yield from _wrongs(look, Check.FLOOR, query)


def liabilities(look: Look) -> Iterator[Wrong]:
    """Yield each kind of liability that is not the sum of what members, cards and sites have by it."""
    lines = select(ledger_line.c.kind, (-ledger_line.c.amount).label("amount"))
    lines = lines.where(ledger_line.c.kind.in_(_Liabilities), ledger_line.c.unit == Unit.CNY.value)
    there = select(ledger_balance.c.kind, ledger_balance.c.balance.label("amount"))
    there = there.where(ledger_balance.c.kind.in_(_Liabilities), ledger_balance.c.account.startswith(f"{Unit.CNY}/"))
    yield from _wrongs(look, Check.LIABILITY, _apart(there, lines))


def reversals(look: Look) -> Iterator[Wrong]:
    """Yield each reversal that has no original, shares it, is of a reversal, or does not take it back line by line."""
    one, other = ledger_posting.alias("one"), ledger_posting.alias("other")
    is_reversal = one.c.kind == PostingKind.REVERSAL.value
    lost = select(one.c.id, literal(0)).join(other, other.c.id == one.c.of, isouter=True)
    unfit = or_(other.c.n.is_(None), other.c.pending.is_(True), other.c.kind == PostingKind.REVERSAL.value)
    yield from _wrongs(look, Check.REVERSAL, lost.where(is_reversal, unfit))
    shared = select(one.c.of, func.count()).where(is_reversal).group_by(one.c.of).having(func.count() > 1)
    yield from _wrongs(look, Check.REVERSAL, shared)
    lines = ledger_line.c.account, ledger_line.c.amount
    own = select(one.c.id, *lines).join(ledger_line, ledger_line.c.posting == one.c.n).where(is_reversal)
    original = select(one.c.id, *lines).join(other, other.c.id == one.c.of)
    original = original.join(ledger_line, ledger_line.c.posting == other.c.n).where(is_reversal)
    rows = union_all(own, original).subquery()
    total = func.sum(rows.c.amount)
    query = select(rows.c.id, total).group_by(rows.c.id, rows.c.account).having(total != 0)
    yield from _wrongs(look, Check.REVERSAL, query)


def settlements(look: Look) -> Iterator[Wrong]:
    """Yield each pending posting that was posted without being settled, or settled without being posted."""
    asked, became = ledger_posting.alias("asked"), ledger_posting.alias("became")
    is_posted = func.coalesce(ledger_hold.c.state, "") == HoldState.POSTED.value
    without = select(asked.c.id, literal(0)).join(ledger_hold, ledger_hold.c.posting == asked.c.n)
    without = without.join(became, became.c.id == asked.c.id + SETTLED, isouter=True)
    yield from _wrongs(look, Check.SETTLEMENT, without.where(is_posted, became.c.n.is_(None)))
    unasked = select(became.c.id, literal(0)).join(asked, asked.c.id == became.c.of, isouter=True)
    unasked = unasked.join(ledger_hold, ledger_hold.c.posting == asked.c.n, isouter=True)
    settles = became.c.id == became.c.of + SETTLED
    yield from _wrongs(look, Check.SETTLEMENT, unasked.where(settles, ~is_posted))
    alone = select(asked.c.id, literal(0)).join(ledger_hold, ledger_hold.c.posting == asked.c.n, isouter=True)
    yield from _wrongs(look, Check.SETTLEMENT, alone.where(asked.c.pending.is_(True), ledger_hold.c.posting.is_(None)))


def gift_cards(look: Look) -> Iterator[Wrong]:
    """Yield each gift card with an account whose own row says another balance than the ledger."""
    prefix = Account(AccountKind.GIFT_CARD).id
    query = select(gift_card.c.number, gift_card.c.balance_minor - ledger_balance.c.balance)
    query = query.join(ledger_balance, ledger_balance.c.account == literal(prefix) + gift_card.c.number)
    yield from _wrongs(look, Check.GIFT_CARD, query.where(gift_card.c.balance_minor != ledger_balance.c.balance))


def stored_lots(look: Look) -> Iterator[Wrong]:
    """Yield each account of stored value whose lots, which refunds go by, are more than is on it or less than is free.

    Between the two lies what is held: a refund's part is out of the lots, a site's is not.
    """
    columns = {
        AccountKind.MEMBER_PRINCIPAL: stored_lot.c.principal_left_minor,
        AccountKind.MEMBER_BONUS: stored_lot.c.bonus_left_minor,
    }
    for kind, column in columns.items():
        sums = select(stored_lot.c.member, func.sum(column).label("left")).group_by(stored_lot.c.member).subquery()
        account, left = literal(Account(kind).id) + sums.c.member, sums.c.left
        there = func.coalesce(ledger_balance.c.balance, 0)
        free = there - func.coalesce(ledger_balance.c.held, 0)
        off_by = case((left > there, left - there), else_=left - free)
        query = select(account, off_by).join_from(
            sums, ledger_balance, ledger_balance.c.account == account, isouter=True
        )
        yield from _wrongs(look, Check.STORED_LOT, query.where(or_(left > there, left < free)))


def fee_debts(look: Look) -> Iterator[Wrong]:
    """Yield each member whose open fee charges, which reminders go by, are not what the ledger says is owed."""
    table, line = fee_charge, ledger_line
    prefix = Account(AccountKind.MEMBER_DEBT).id
    asked = select(table.c.member, (table.c.amount_minor - table.c.paid_minor).label("asked"), literal(0).label("owed"))
    asked = asked.where(table.c.state == ChargeState.DUE.value)
    owed = select(func.substr(line.c.account, len(prefix) + 1), literal(0), -line.c.amount)
    owed = owed.where(line.c.kind == AccountKind.MEMBER_DEBT.value, ~line.c.account.like(f"%{OVERDRAFT}"))
    rows = union_all(asked, owed).subquery()
    sums = func.sum(rows.c.asked), func.sum(rows.c.owed)
    query = select(rows.c.member, *sums).group_by(rows.c.member).having(sums[0] != sums[1]).limit(FOUND_MAX)
    for member, one, other in look.connection.execute(query):
        yield Wrong(Check.FEE_DEBT, member, int(one - other), (int(one), int(other)))


def points(look: Look) -> Iterator[Wrong]:
    """Yield each points entry without a posting, since the first that has one."""
    mine = ledger_posting.c.id == literal("points:") + points_entry.c.id
    first = select(func.min(points_entry.c.n)).join(ledger_posting, mine).scalar_subquery()
    query = select(points_entry.c.id, points_entry.c.points).join(ledger_posting, mine, isouter=True)
    yield from _wrongs(look, Check.POINTS, query.where(ledger_posting.c.n.is_(None), points_entry.c.n > first))


ALL: Sequence[Callable[[Look], Iterator[Wrong]]] = (
    trial_balance, posting_balance, cached_balances, held, floors, liabilities, reversals, settlements, gift_cards,
    stored_lots, fee_debts, points,
)  # fmt: skip
"""Every check of the books of one moment."""


def _apart(one: Select[Any], other: Select[Any]) -> Select[Any]:
    """Return key and difference where the sums of two selects of key and amount, one the negative, do not cancel."""
    rows = union_all(one, other).subquery()
    key, amount = rows.c
    total = func.sum(amount)
    return select(key, total).group_by(key).having(total != 0)


def _wrongs(look: Look, check: Check, query: Select[Any]) -> Iterator[Wrong]:
    for where, off_by in look.connection.execute(query.limit(FOUND_MAX)):
        yield Wrong(check, str(where), int(off_by))
