"""Parts of refunds that go back the way they came, through the provider that took the money: each paid once (R2).

The cashier asks, under a number that is always the same for a part. What a provider refuses is for staff to decide: no
part goes by another way of itself, as the money may have gone back already in a way that only the provider knows.
"""

from enum import StrEnum

import msgspec

from kiosk.central.club import cases
from kiosk.central.club.books import Change
from kiosk.central.club.cases import CaseWish
from kiosk.central.club.refused import RuleRefused
from kiosk.central.money import order_rows, payout_rows
from kiosk.central.money.order_rows import OrderState
from kiosk.central.money.payout_rows import Payout, PayoutState
from kiosk.central.money.refund_book import RefundRow, refund_named, write_refund
from kiosk.central.money.refund_payments import close_refund, pay_parts
from kiosk.central.money.top_ups import AT_DESK
from kiosk.central.pay.ways import offered
from kiosk.club.cases import CaseKind
from kiosk.club.ledger import Account, AccountKind
from kiosk.club.money_lives import REFUND_LIFE, RefundAction, RefundState
from kiosk.club.paying_back import PayBackReason, PayOut, PayWay

PREFIX = "payout:"
"""Before a part's number: its event, in the books and in the provider's statement."""

WHY_CHARACTERS_MAX = 200


class Arrived(StrEnum):
    """What became of a part that its provider says is paid."""

    PAID = "paid"
    KNOWN = "known"
    DIFFERS = "differs"
    AFTER_ALL = "after_all"
    TWICE = "twice"


def ask(change: Change, row: RefundRow) -> None:
    """Have the cashier ask for the parts of a refund that were paid to a provider that is set up, by orders of ours."""
    ways = offered(change)
    for each in row.ways:
        kept = order_rows.find(change.connection, each.payment, change.now) if each.way in ways else None
        if kept is not None and kept.state is OrderState.PAID and kept.payment and kept.order.way is each.way:
            payout_rows.write_new(change.connection, row.id, each.payment, each.way, each.amount_minor, change.now)


def end(change: Change, row: RefundRow) -> list[PayOut]:
    """Ask for no part of a refund any more that is not paid, and return those that are.

    Raises RuleRefused while a provider that is set up is asked: it may be paying.
    """
    found = payout_rows.of_refund(change.connection, row.id)
    waiting = [each for each in found if each.state is PayoutState.WAITING]
    if any(each.way in offered(change) for each in waiting):
        raise RuleRefused(PayBackReason.WITH_PROVIDER, what=f"refund {row.id}")
    for each in waiting:
        payout_rows.write(change.connection, each.number, next_at=None, state=PayoutState.REFUSED)
    return [_part(each) for each in found if each.state is PayoutState.DONE]


def arrived(change: Change, number: str, amount_minor: int) -> Arrived:
    """Book that a provider has paid a part, once, whatever came before; raises InvalidInput where there is none."""
    kept, row = _locked(change, number)
    if kept.state is PayoutState.DONE:
        payout_rows.write(change.connection, number, next_at=None)
        return Arrived.KNOWN
    if kept.amount_minor != amount_minor:
        refuse(change, number, f"it says that it paid {amount_minor}")
        return Arrived.DIFFERS
    payout_rows.write(change.connection, number, next_at=None, state=PayoutState.DONE, tries=0)
    if row.state is RefundState.UNDER_WAY and _part(kept) in row.ways:
        pay_parts(change, row, AT_DESK, [_part(kept)], PREFIX + number)
        _close_when_paid(change, row)
        return Arrived.PAID
    if row.state is RefundState.APPROVED:
        _instead_of_transfer(change, row, kept)
        return Arrived.AFTER_ALL
    suspense = Account(AccountKind.SUSPENSE, kept.way.value)
    pay_parts(change, row, AT_DESK, [_part(kept)], PREFIX + number, suspense)
    _tell(change, row, kept, "was paid after all, beside what was paid instead; it rests in suspense")
    return Arrived.TWICE


def refuse(change: Change, number: str, why: str) -> None:
    """Write down that a provider does not pay a part, and have staff decide; the same again changes nothing."""
    kept, row = _locked(change, number)
    if kept.state is PayoutState.WAITING:
        _tell(change, row, kept, f"is not paid: {why[:WHY_CHARACTERS_MAX]}. Nothing else has been tried")
        payout_rows.write(change.connection, number, next_at=None, why=why[:WHY_CHARACTERS_MAX])
    if kept.state is not PayoutState.DONE:
        payout_rows.write(change.connection, number, next_at=None, state=PayoutState.REFUSED)


def explain(change: Change, number: str, why: str) -> None:
    """Tell staff, once, why a part that is asked for still takes its time, and what they may do."""
    kept, row = _locked(change, number)
    why = why[:WHY_CHARACTERS_MAX]
    if kept.state is PayoutState.WAITING and kept.why != why:
        payout_rows.write(change.connection, number, next_at=kept.next_at, why=why)
        _tell(change, row, kept, f"waits: {why}. It is asked for still")


def _locked(change: Change, number: str) -> tuple[Payout, RefundRow]:
    """Return a part and its refund, which no other change touches until this one ends."""
    kept = payout_rows.named(change.connection, number)
    row = refund_named(change, kept.refund, lock=True)
    return payout_rows.named(change.connection, number), row


def _close_when_paid(change: Change, row: RefundRow) -> None:
    """Close a refund of which nothing is left to pay."""
    done = {each.order for each in payout_rows.of_refund(change.connection, row.id) if each.state is PayoutState.DONE}
    if all(each.way is PayWay.CASH or each.payment in done for each in row.ways):
        close_refund(change, row)


def _instead_of_transfer(change: Change, row: RefundRow, kept: Payout) -> None:
    """Book a part that staff had given up, and take it off the transfer that has not been sent for it."""
    part = _part(kept)
    rest = [msgspec.structs.replace(each, amount_minor=each.amount_minor - part.amount_minor)
            if each.way is PayWay.TRANSFER and not each.payment else each for each in row.ways]  # fmt: skip
    ways = (*(each for each in rest if each.amount_minor), part)
    after = write_refund(change, row, msgspec.structs.replace(row, ways=ways))
    pay_parts(change, after, AT_DESK, [part], PREFIX + kept.number)
    _tell(change, after, kept, "was paid after all, and is taken off the transfer")
    if all(each.way is PayWay.CASH or each.payment for each in ways):
        state = REFUND_LIFE.after(after.state, RefundAction.SEND)
        close_refund(change, msgspec.structs.replace(after, state=state))


def _tell(change: Change, row: RefundRow, kept: Payout, what: str) -> None:
    which = f"{kept.amount_minor} by {kept.way.value} on order {kept.order}"
    text = f"refund {row.id} of member {row.member}: {which} {what}"
    cases.open_case(change, CaseWish(CaseKind.OTHER, row.member, text=text))


def _part(kept: Payout) -> PayOut:
    return PayOut(kept.way, kept.amount_minor, kept.order)
