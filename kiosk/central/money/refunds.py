"""Money paid back: reserved when it is asked for, signed by another above a limit, paid by the way it came.

The lots that a refund closes are out of the wallet from the request on, and the ledger holds what they had (field
notes R1 to R4, scenarios L05 and L06).
"""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

import msgspec

from kiosk.central.club.books import Change, Look
from kiosk.central.club.refused import RuleRefused, refuse
from kiosk.central.club.spells import lock_member
from kiosk.central.money import card_refunds, ledger, payouts, stored_lots
from kiosk.central.money.refund_book import (
    RefundRow,
    beside,
    find_refund,
    insert_refund,
    new_refund,
    refund_named,
    write_refund,
)
from kiosk.central.money.refund_payments import PREFIX, close_refund, pay_parts, payable
from kiosk.central.money.top_ups import AT_DESK, Place, caps_of
from kiosk.club.ledger import Account, AccountKind, LedgerReason, Posting, PostingKind, lines_of
from kiosk.club.money_lives import REFUND_LIFE, RefundAction, RefundState
from kiosk.club.part_refunds import RefundPart, part_of
from kiosk.club.paying_back import PaidBy, PayBackReason, PayOut, PayWay, against_paying, ways_back
from kiosk.club.refunds import FORMULA, Refund, RefundOf, StoredValue, refund_of
from kiosk.club.sales import SaleReason
from kiosk.club.stored_value import Wallet
from kiosk.core.clock import format_utc
from kiosk.core.errors import InvalidInput

RESERVED_DAYS = 3650
"""A reservation ends by a decision, not by time: the hold stands for ten years."""

Pairs = list[tuple[Account, int]]


def refundable(look: Look, member: str) -> Refund:
    """Return what a member would get back for all stored value today, with every step of how it comes about."""
    return refund_of(StoredValue(stored_lots.free_wallet(look, member)), look.today, caps_of(look), look.rules.refunds)


def request(change: Change, id: str, member: str, amount_minor: int | None, why: str) -> RefundRow:
    """Reserve a refund of an amount, of all there is where none is given; the same id again gets the first answer.

    Raises RuleRefused for more than there is to refund, or nothing (L06).
    """
    lock_member(change, member)
    if (known := find_refund(change, id)) is not None:
        return _same(known, id, member)
    whole = refundable(change, member)
    asked_minor = whole.amount_minor if amount_minor is None else amount_minor
    if asked_minor > whole.amount_minor:
        detail = {"needed": asked_minor, "there": whole.amount_minor}
        raise RuleRefused(LedgerReason.NOT_ENOUGH, detail, what=f"refund of member {member}")
    if asked_minor <= 0:
        raise RuleRefused(PayBackReason.NO_AMOUNT, what=f"refund of member {member}")
    wallet = stored_lots.free_wallet(change, member)
    row = new_refund(change, id, member, part_of(whole, wallet, asked_minor), why)
    until = change.now + timedelta(days=RESERVED_DAYS)
    ledger.hold(change, _reservation(change, row), until)
    stored_lots.move(change, row.takes, -1)
    row = insert_refund(change, row)
    after = {"amount_minor": row.amount_minor, "forfeited_minor": row.forfeited_minor}
    change.note("refund.ask", "refund", id, after=after, why=why)
    return row


def request_cards(change: Change, id: str, member: str, of: RefundOf, goods: str, why: str) -> RefundRow:
    """Reserve a refund of all days or visits that a member has paid for and not used; the same id again is answered.

    Raises RuleRefused for nothing to refund, what no money was paid for, and where another refund of the kind is open.
    """
    lock_member(change, member)
    if (known := find_refund(change, id)) is not None:
        return _same(known, id, member)
    cards, steps = card_refunds.refundable(change, member, of, goods)
    open_yet = [each for each in beside(change, member, id) if each.state is not RefundState.PAID]
    if any(card.of == part.of for each in open_yet for card in each.cards for part in cards):
        raise RuleRefused(PayBackReason.REFUND_OPEN, what=f"refund of member {member}")
    amount_minor = sum(each.amount_minor for each in cards)
    if amount_minor <= 0:
        raise RuleRefused(PayBackReason.NO_AMOUNT, what=f"refund of member {member}")
    whole = Refund(FORMULA, amount_minor, steps, StoredValue(Wallet()), second=False)
    row = new_refund(change, id, member, RefundPart(whole, amount_minor, (), 0, 0, steps), why)
    row = msgspec.structs.replace(row, cards=cards)
    pairs = [*card_refunds.pairs_of(member, of, goods, cards), (payable(member), amount_minor)]
    memo: dict[str, str | int] = {"formula": row.formula, "amount": amount_minor, "of": of.value}
    ledger.hold(change, _posting(change, row, pairs, memo), change.now + timedelta(days=RESERVED_DAYS))
    row = insert_refund(change, row)
    change.note("refund.ask", "refund", id, after={"amount_minor": amount_minor, "of": of.value}, why=why)
    return row


def approve(change: Change, id: str, why: str = "") -> RefundRow:
    """Sign a refund, which above a limit is for another than who asked; raises StepRefused, RuleRefused."""
    before = refund_named(change, id, lock=True)
    state = REFUND_LIFE.after(before.state, RefundAction.APPROVE)
    lock_member(change, before.member)
    others = beside(change, before.member, id)
    refusal = against_paying(
        before.amount_minor, before.amount_minor, before.asked_by, change.actor.id, change.rules.refunds,
        sum(each.amount_minor for each in others),
    )  # fmt: skip
    if refusal is not None:
        raise refuse(refusal, f"refund {id}")
    ledger.settle(change, PREFIX + id, by=change.actor.id)
    cash_minor = sum(way.amount_minor for each in others for way in each.ways if way.way is PayWay.CASH)
    paid = card_refunds.payments_of(change, before) if before.cards else stored_lots.payments_of(change, before.member)
    ways = ways_back(
        before.amount_minor, _free(paid, others), change.today, caps_of(change), change.rules.refunds,
        cash_before_minor=cash_minor,
    )  # fmt: skip
    after = msgspec.structs.replace(before, state=state, signed_by=change.actor.id, ways=ways)
    return write_refund(change, before, after, why)


def refuse_it(change: Change, id: str, why: str) -> RefundRow:
    """Refuse a refund: what it reserved is the member's again; raises StepRefused."""
    before = refund_named(change, id, lock=True)
    state = REFUND_LIFE.after(before.state, RefundAction.REFUSE)
    return _undo(change, before, state, why)


def withdraw(change: Change, id: str, why: str) -> RefundRow:
    """Take a refund back for the member, before it is on its way; raises StepRefused."""
    before = refund_named(change, id, lock=True)
    return _undo(change, before, REFUND_LIFE.after(before.state, RefundAction.WITHDRAW), why)


def pay(change: Change, id: str, place: Place = AT_DESK) -> RefundRow:
    """Pay a signed refund out: cash from a till at once, what came through a provider by the cashier through it.

    The rest is on its way until it is confirmed. Raises StepRefused, and NotEnough where the till has not that much.
    """
    before = refund_named(change, id, lock=True)
    state = REFUND_LIFE.after(before.state, RefundAction.SEND)
    after = msgspec.structs.replace(before, state=state, sent=before.sent + 1)
    after = write_refund(change, before, after)
    if before.cards and not before.sent:
        card_refunds.take_effect(change, before)
    if not before.sent:
        cash = [each for each in after.ways if each.way is PayWay.CASH]
        pay_parts(change, after, place, cash, f"{PREFIX}{id}/cash")
        payouts.ask(change, after)
    if all(each.way is PayWay.CASH for each in after.ways):
        return close_refund(change, after)
    return after


def confirm(change: Change, id: str, why: str = "") -> RefundRow:
    """Write down that has been paid what was on its way by hand; raises StepRefused.

    Raises RuleRefused while a provider is asked.
    """
    before = refund_named(change, id, lock=True)
    REFUND_LIFE.after(before.state, RefundAction.CONFIRM)
    paid = payouts.end(change, before)
    by_hand = [each for each in before.ways if each.way is not PayWay.CASH and each not in paid]
    pay_parts(change, before, AT_DESK, by_hand, f"{PREFIX}{id}/sent{before.sent}")
    return close_refund(change, before, why)


def bounce(change: Change, id: str, why: str) -> RefundRow:
    """Write down that a provider sent a refund back: it waits signed, to go by transfer; raises StepRefused.

    Raises RuleRefused while a provider is asked.
    """
    before = refund_named(change, id, lock=True)
    state = REFUND_LIFE.after(before.state, RefundAction.BOUNCE)
    paid = payouts.end(change, before)
    # What is paid stays written here, cash for the day's limits too; the rest goes to the account.
    gone = [each for each in before.ways if each.way is PayWay.CASH or each in paid]
    rest = PayOut(PayWay.TRANSFER, before.amount_minor - sum(each.amount_minor for each in gone))
    after = msgspec.structs.replace(before, state=state, ways=(*gone, rest))
    return write_refund(change, before, after, why)


def _free(paid: Sequence[PaidBy], others: Sequence[RefundRow]) -> list[PaidBy]:
    """Return payments without what the member's other refunds are to go back on and have not yet."""
    taken: Counter[str] = Counter()
    for each in others:
        if each.state is not RefundState.PAID and not each.cards:
            taken.update({part.payment: part.amount_minor for part in each.ways if part.payment})
    return [msgspec.structs.replace(each, left_minor=each.left_minor - taken[each.payment]) for each in paid]


def _undo(change: Change, before: RefundRow, state: RefundState, why: str) -> RefundRow:
    if before.sent:
        raise RuleRefused(SaleReason.TOO_LATE, {"sent": before.sent}, what=f"refund {before.id}")
    lock_member(change, before.member)
    if before.state is RefundState.RESERVED:
        ledger.void(change, PREFIX + before.id, by=change.actor.id, why=why)
    else:
        new_id = f"{PREFIX}{before.id}/back"
        ledger.reverse(change, PREFIX + before.id, new_id=new_id, by=change.actor.id, why=why)
    stored_lots.move(change, before.takes, +1)
    done = {"closed_by": change.actor.id, "closed_at": format_utc(change.now)}
    return write_refund(change, before, msgspec.structs.replace(before, state=state, **done), why)


def _reservation(change: Change, row: RefundRow) -> Posting:
    """Return the posting that is held: what leaves the two accounts, what is payable, and what is forfeited.

    Of what is forfeited the bonus comes back to its expense first; the rest is what the club keeps.
    """
    of_bonus = min(row.forfeited_minor, row.bonus_minor)
    pairs = [
        (stored_lots.principal_of(row.member), -row.principal_minor),
        (stored_lots.bonus_of(row.member), -row.bonus_minor),
        (stored_lots.overdraft_of(row.member), row.debt_minor),
        (payable(row.member), row.amount_minor),
        (Account(AccountKind.BONUS_EXPENSE), of_bonus),
        (Account(AccountKind.REVENUE_FEES), row.forfeited_minor - of_bonus),
    ]
    memo: dict[str, str | int] = {"formula": row.formula, "amount": row.amount_minor}
    return _posting(change, row, pairs, memo)


def _posting(change: Change, row: RefundRow, pairs: Pairs, memo: dict[str, str | int]) -> Posting:
    id, lines = PREFIX + row.id, lines_of(pairs)
    return Posting(id, PostingKind.REFUND, lines, change.today, change.now, change.actor.id, memo=memo)


def _same(known: RefundRow, id: str, member: str) -> RefundRow:
    if known.member != member:
        raise InvalidInput(f"refund {id!r} is another member's")
    return known
