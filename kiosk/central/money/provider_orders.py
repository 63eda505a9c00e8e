"""Top-ups and fees that a payment provider confirms: pending in the books until then, and booked once (L04).

Money that comes after an order ran out is credited all the same: it was paid.
"""

from datetime import timedelta

import msgspec

from kiosk.central.club.books import Change, Look
from kiosk.central.club.spells import lock_member
from kiosk.central.money import days, fee_payments, ledger, order_rows, receipts
from kiosk.central.money.booking import SETTLED
from kiosk.central.money.fee_payments import PayFees
from kiosk.central.money.order_rows import KeptOrder, Order, OrderState
from kiosk.central.money.stored_lots import open_lot, overdraft_of, principal_of, wallet_of
from kiosk.central.money.top_ups import TopUp, TopUpAnswer, credit_lines, nothing, quote
from kiosk.central.money.ways import paid_in
from kiosk.club.ledger import Posting, PostingKind, lines_of
from kiosk.club.ledger_holds import HoldState
from kiosk.club.receipts import PaidFor
from kiosk.club.stored_value import Origin, StoredLot, Wallet
from kiosk.club.top_ups import ToppedUp
from kiosk.core.errors import InvalidInput
from kiosk.core.self_service import PayFor

LATE = "/late"
"""Behind an order's id: what was booked of its money when nothing waited for it any more."""


def ask(change: Change, wish: TopUp, device: str = "") -> Order:
    """Write a top-up down as pending: it shows in what is to come, and in no balance. The same again changes nothing.

    One that a device asks for the cashier takes to the provider. Raises RuleRefused where a limit would be passed,
    InvalidInput for an id that is another order's.
    """
    kept = _asked(change, Order(wish.id, wish.member, wish.way, wish.amount_minor, 0, OrderState.WAITING, change.now,
                                _who(change, device)), device)  # fmt: skip
    if (known := _known(change, kept)) is not None:
        return known
    answer = quote(change, wish)
    order = msgspec.structs.replace(kept.order, bonus_minor=answer.bonus_minor)
    ledger.hold(change, _posting(change, wish, _in_full(change, wish, answer.bonus_minor)), order.until)
    order_rows.write_new(change.connection, msgspec.structs.replace(kept, order=order))
    return order


def ask_fee(change: Change, wish: PayFees, device: str = "") -> Order:
    """Write a payment of fees down that a provider is to confirm, where it could be booked now; else as `ask`."""
    if wish.way is None:
        raise InvalidInput("a payment from stored value asks no provider")
    kept = _asked(change, Order(wish.id, wish.member, wish.way, wish.amount_minor, 0, OrderState.WAITING, change.now,
                                _who(change, device), pay_for=PayFor.FEE), device, wish.periods_ahead)  # fmt: skip
    if (known := _known(change, kept)) is not None:
        return known
    tried = change.connection.begin_nested()
    try:
        fee_payments.pay(change, wish)
    finally:
        tried.rollback()  # what is asked for is what would be booked: nothing is kept of the trial
    order_rows.write_new(change.connection, kept)
    return kept.order


def confirm(change: Change, id: str, amount_minor: int) -> TopUpAnswer:
    """Credit an order that its provider says is paid, once; raises InvalidInput for none, or another amount."""
    known = order_rows.find(change.connection, id, change.now)
    if known is None or known.order.amount_minor != amount_minor:
        raise InvalidInput(f"there is no order {id[:64]!r} of {amount_minor}")
    kept = locked(change, id)
    if kept.state is OrderState.PAID:
        return nothing(change, _wish(kept))
    if kept.state is OrderState.IN_DOUBT:
        raise InvalidInput(f"what was paid for order {id} rests in suspense", hint="Its case says why")
    return book(change, kept, "")


def close(change: Change, id: str) -> Order:
    """Note that nobody can pay an order any more, and expect nothing of it; one that does not wait stays as it is."""
    kept = locked(change, id)
    if kept.state is OrderState.WAITING:
        if kept.order.pay_for is PayFor.TOP_UP and ledger.pending(change, id).posted.state is HoldState.PENDING:
            ledger.void(change, id, by=change.actor.id, why="closed at the provider")
        order_rows.write(change.connection, id, state=OrderState.CLOSED, next_at=kept.next_at)
    return order_of(change, id)


def locked(change: Change, id: str) -> KeptOrder:
    """Return an order that no other change touches until this one ends, nor its member."""
    lock_member(change, order_of(change, id).member)
    found = order_rows.find(change.connection, id, change.now, lock=True)
    if found is None:
        raise InvalidInput(f"there is no order {id[:64]!r}")
    return found


def book(change: Change, kept: KeptOrder, payment: str) -> TopUpAnswer:
    """Book an order in full, write down by which payment, and issue its receipt; raises InvalidInput."""
    order = kept.order
    if order.pay_for is PayFor.FEE:
        wish = PayFees(order.id, order.member, order.amount_minor, order.way, kept.periods_ahead)
        fee_payments.pay(change, wish)
        answer = nothing(change, _wish(kept))
    else:
        answer = _credit(change, kept)
    paid = {"state": OrderState.PAID, "paid_at": change.now, "payment": payment}
    order_rows.write(change.connection, order.id, next_at=None, **paid)
    return answer


def receipt_of(look: Look, order: Order) -> str:
    """Return the number of the receipt of an order that was paid, "" where there is none."""
    for id in (order.id + SETTLED, order.id + LATE, order.id):
        if (found := receipts.receipt_for(look, id)) is not None:
            return found.number
    return ""


def orders_of(look: Look, member: str) -> list[Order]:
    """Return a member's orders, newest first; 500 at most."""
    return order_rows.of_member(look.connection, member, look.now)


def order_of(look: Look, id: str) -> Order:
    """Return one order; raises InvalidInput where there is none."""
    found = order_rows.find(look.connection, id, look.now)
    if found is None:
        raise InvalidInput(f"there is no order {id[:64]!r}")
    return found.order


def _who(change: Change, device: str) -> str:
    return f"device:{device}" if device else change.actor.id


def _asked(change: Change, order: Order, device: str, periods_ahead: int = 0) -> KeptOrder:
    rules = change.rules.sales
    minutes = rules.qr_minutes if device else rules.order_minutes
    order = msgspec.structs.replace(order, until=change.now + timedelta(minutes=minutes))
    return KeptOrder(order, order.state, change.now, periods_ahead, next_at=change.now if device else None)


def _known(change: Change, wish: KeptOrder) -> Order | None:
    """Return the order of a wish that came before; raises InvalidInput where its id is another order's."""
    lock_member(change, wish.order.member)
    found = order_rows.find(change.connection, wish.order.id, change.now)
    if found is None:
        return None
    both = [(each.order.member, each.order.way, each.order.amount_minor, each.order.pay_for, each.periods_ahead)
            for each in (found, wish)]  # fmt: skip
    if both[0] != both[1]:
        raise InvalidInput(f"order {wish.order.id!r} is another one")
    return found.order


def _credit(change: Change, kept: KeptOrder) -> TopUpAnswer:
    order, wish = kept.order, _wish(kept)
    wallet = wallet_of(change, order.member)
    topped = _in_full(change, wish, order.bonus_minor)
    held = ledger.pending(change, order.id)
    if held.posted.state is HoldState.PENDING and change.now < held.until:
        posted = ledger.settle(change, order.id, by=change.actor.id)
    else:
        posting = _posting(change, wish, topped)
        posted = ledger.post(change, msgspec.structs.replace(posting, id=order.id + LATE, of=order.id))
    _write_lot(change, wish, wallet, topped)
    receipts.issue(change, posted.posting.id, PaidFor.TOP_UP, order.member)
    debt_minor = min(wallet.debt_minor, order.amount_minor)
    after_minor = wallet.balance_minor + order.amount_minor + order.bonus_minor
    answer = TopUpAnswer(
        order.id, wallet.balance_minor, order.amount_minor, order.bonus_minor, debt_minor, after_minor
    )  # fmt: skip
    change.note("top_up.confirm", "stored_value", order.member, after=answer)
    return answer


def _wish(kept: KeptOrder) -> TopUp:
    return TopUp(kept.order.id, kept.order.member, kept.order.amount_minor, kept.order.way)


def _in_full(change: Change, wish: TopUp, bonus_minor: int) -> ToppedUp:
    amount = wish.amount_minor
    lot = StoredLot(wish.id, change.today, Origin.TOP_UP, amount, bonus_minor, amount, bonus_minor)
    return ToppedUp(Wallet((lot,)), 0, lot)


def _posting(change: Change, wish: TopUp, topped: ToppedUp) -> Posting:
    place = days.place(change, wish.place.site, change.now)
    pairs = [*credit_lines(wish.member, topped), *paid_in(wish.way, wish.amount_minor, wish.place.till)]
    return Posting(
        wish.id, PostingKind.TOP_UP, lines_of(pairs), place.day, change.now, change.actor.id, wish.place.site,
        late=place.late, memo={"way": wish.way.value},
    )  # fmt: skip


def _write_lot(change: Change, wish: TopUp, before: Wallet, topped: ToppedUp) -> None:
    """Open the order's lot, and pay what is owed out of it."""
    debt_minor = min(before.debt_minor, wish.amount_minor)
    lot = msgspec.structs.replace(topped.lot, principal_left_minor=wish.amount_minor - debt_minor)
    open_lot(change, wish.member, lot, wish.way)
    if debt_minor:
        pairs = [(principal_of(wish.member), -debt_minor), (overdraft_of(wish.member), debt_minor)]
        posting = Posting(
            f"{wish.id}/debt", PostingKind.TRANSFER, lines_of(pairs), change.today, change.now, change.actor.id
        )
        ledger.post(change, posting)
