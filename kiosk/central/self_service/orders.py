"""Orders that a kiosk opens for the member whose card it has: opened, looked at and given up by that kiosk alone.

Central owns them: nothing here talks to a provider, and a kiosk that dies changes nothing.
"""

from msgspec.structs import replace

from kiosk.central import meters
from kiosk.central.club.books import Change, Look
from kiosk.central.club.refused import RuleRefused
from kiosk.central.money import fees, order_rows, provider_orders
from kiosk.central.money.fee_payments import PayFees
from kiosk.central.money.order_rows import KeptOrder, Order
from kiosk.central.money.order_rows import OrderState as Kept
from kiosk.central.money.stored_lots import free_minor
from kiosk.central.money.top_ups import TopUp
from kiosk.central.pay.ways import offered
from kiosk.central.self_service.holders import NO_CARD, check_member, holder_of
from kiosk.club.paying_back import PayWay
from kiosk.core.self_service import OrderAsked, OrderNamed, OrderState, OrderTold, PayFor

OF_A_DEVICE_MAX = 5
IN_ALL_MAX = 500
"""So many orders are followed at once; another one is refused as `too_many_orders`, and counted."""

UNKNOWN = "order_unknown"


def open_order(change: Change, asked: OrderAsked, device: str) -> OrderTold:
    """Write an order down that the cashier takes to its provider; the same again is told as it stands.

    What no rule allows is told as closed, with the reason.
    """
    known = order_rows.find(change.connection, asked.id, change.now)
    if known is not None and known.order.asked_by != _asker(device):
        return _refused(asked, UNKNOWN)
    if known is None and (reason := _against(change, asked, device)):
        meters.events.labels(f"orders_refused_{reason}").inc()
        return _refused(asked, reason)
    member = holder_of(change, asked.credential)
    if member is None:
        # A card that was shut meanwhile changes nothing of an order that is open.
        return _told(change, known) if known is not None else _refused(asked, NO_CARD)
    try:
        if known is None:
            check_member(change, member)
        with change.connection.begin_nested():
            order = _ask(change, asked, member, device)
    except RuleRefused as error:
        return _refused(asked, error.reason)
    return look_at_order(change, OrderNamed(order.id), device)


def look_at_order(look: Look, asked: OrderNamed, device: str) -> OrderTold:
    """Return how an order stands; of another device's, or of none, that it is closed."""
    found = order_rows.find(look.connection, asked.id, look.now)
    if found is None or found.order.asked_by != _asker(device):
        return OrderTold(asked.id, OrderState.CLOSED, 0, reason=UNKNOWN)
    return _told(look, found)


def cancel_order(change: Change, asked: OrderNamed, device: str) -> OrderTold:
    """Give an order up: it is being checked until its provider takes no money for it any more."""
    found = order_rows.find(change.connection, asked.id, change.now, lock=True)
    if found is not None and found.order.asked_by == _asker(device) and found.state is Kept.WAITING:
        order_rows.write(change.connection, asked.id, given_up=True, next_at=change.now)
    return look_at_order(change, asked, device)


def state_of(look: Look, kept: KeptOrder) -> OrderState:
    """Return what an order is told to be: money may have moved unless its provider said that it cannot."""
    ended = _ENDED.get(kept.state)
    if ended is not None:
        return ended
    if kept.ends(look.now):
        return OrderState.CHECKING
    return OrderState.OPEN if kept.code else OrderState.OPENING


_ENDED = {Kept.PAID: OrderState.PAID, Kept.CLOSED: OrderState.CLOSED, Kept.IN_DOUBT: OrderState.CHECKING}


def _asker(device: str) -> str:
    return f"device:{device}"


def _against(look: Look, asked: OrderAsked, device: str) -> str:
    """Return why an order is not opened whatever it pays, "" where it may be."""
    if asked.way not in offered(look):
        return "way_off"
    crowded = order_rows.followed(look.connection, _asker(device)) >= OF_A_DEVICE_MAX
    return "too_many_orders" if crowded or order_rows.followed(look.connection) >= IN_ALL_MAX else ""


def _ask(change: Change, asked: OrderAsked, member: str, device: str) -> Order:
    way = PayWay(asked.way)
    if asked.pay_for is PayFor.FEE:
        wish = PayFees(asked.id, member, asked.amount_minor, way, asked.periods_ahead)
        return provider_orders.ask_fee(change, wish, device)
    return provider_orders.ask(change, TopUp(asked.id, member, asked.amount_minor, way), device)


def _refused(asked: OrderAsked, reason: str) -> OrderTold:
    return OrderTold(asked.id, OrderState.CLOSED, asked.amount_minor, way=asked.way, reason=reason)


def _told(look: Look, kept: KeptOrder) -> OrderTold:
    order, state = kept.order, state_of(look, kept)
    told = OrderTold(order.id, state, order.amount_minor, order.bonus_minor, order.way.value, until=order.until)
    if state is OrderState.OPEN:
        return replace(told, code=kept.code)
    if state is not OrderState.PAID:
        return told
    receipt = provider_orders.receipt_of(look, order)
    if order.pay_for is PayFor.FEE:
        return replace(told, receipt=receipt, paid_until=fees.cover(look, order.member).until)
    return replace(told, receipt=receipt, after_minor=free_minor(look, order.member))
