"""What a payment provider says was paid: booked once under its number of the payment, whatever came before.

Money that is not what an order asked for, or that a second payment brings, rests in suspense until a person who gets a
case for it says whose it is.
"""

from enum import StrEnum

from kiosk.central.club import cases
from kiosk.central.club.books import Change
from kiosk.central.club.cases import CaseWish
from kiosk.central.money import days, ledger, order_rows
from kiosk.central.money.order_rows import KeptOrder, OrderState, trade_of
from kiosk.central.money.provider_orders import book, close, locked
from kiosk.central.money.ways import paid_in
from kiosk.club.cases import CaseKind
from kiosk.club.ledger import Account, AccountKind, Posting, PostingKind, lines_of
from kiosk.core.errors import InvalidInput

IN_SUSPENSE = "/suspense"
"""Behind an order's id: its money, where that could not be booked."""

AGAIN = ":again:"
"""Between an order's id and a payment: the event of another payment of it."""

REASON_CHARACTERS_MAX = 200


class Received(StrEnum):
    """What became of a payment that a provider told of."""

    CREDITED = "credited"
    LATE = "late"
    KNOWN = "known"
    DIFFERS = "differs"
    NOT_OWED = "not_owed"
    TWICE = "twice"


def receive(change: Change, id: str, amount_minor: int, payment: str) -> Received:
    """Book what a provider says was paid for an order under its number of the payment, once, whatever came before.

    Raises InvalidInput where there is no such order.
    """
    kept = locked(change, id)
    order = kept.order
    if kept.payment == payment or (kept.state is OrderState.PAID and not kept.payment):
        # What staff confirmed by hand before had no number yet.
        order_rows.write(change.connection, id, payment=payment, next_at=None)
        return Received.KNOWN
    if kept.payment:
        return _take_again(change, kept, amount_minor, payment)
    if order.amount_minor != amount_minor:
        _doubt(change, kept, amount_minor, payment, f"of {order.amount_minor} was paid with {amount_minor}")
        return Received.DIFFERS
    late = order.state is not OrderState.WAITING
    try:
        with change.connection.begin_nested():
            book(change, kept, payment)
    except InvalidInput as error:
        why = error.message[:REASON_CHARACTERS_MAX]
        _doubt(change, kept, amount_minor, payment, f"was paid with {amount_minor} and cannot be booked ({why})")
        return Received.NOT_OWED
    return Received.LATE if late else Received.CREDITED


def event_of_payment(id: str, first: str, payment: str) -> str:
    """Return the id under which a payment of an order is matched (D2): the order's own for the first one."""
    return id if payment == first else f"{id}{AGAIN}{trade_of(payment)[1:17]}"


def _doubt(change: Change, kept: KeptOrder, amount_minor: int, payment: str, what: str) -> None:
    """Put money of an order into suspense, once, and have a person look at it; the order is booked no more."""
    _suspend(change, kept, kept.order.id + IN_SUSPENSE, kept.order.id, amount_minor, what)
    close(change, kept.order.id)
    values = {"state": OrderState.IN_DOUBT, "payment": payment}
    order_rows.write(change.connection, kept.order.id, next_at=None, **values)


def _take_again(change: Change, kept: KeptOrder, amount_minor: int, payment: str) -> Received:
    """Put another payment of an order that has one into suspense, once."""
    order_rows.write(change.connection, kept.order.id, next_at=None)
    id = event_of_payment(kept.order.id, kept.payment, payment)
    if ledger.find(change, id) is not None:
        return Received.KNOWN
    _suspend(change, kept, id, "", amount_minor, f"was paid again with {amount_minor}")
    return Received.TWICE


def _suspend(change: Change, kept: KeptOrder, id: str, of: str, amount_minor: int, what: str) -> None:
    order, place = kept.order, days.place(change, "", change.now)
    pairs = [(Account(AccountKind.SUSPENSE, order.way.value), amount_minor), *paid_in(order.way, amount_minor, "")]
    posting = Posting(
        id, PostingKind.TOP_UP, lines_of(pairs), place.day, change.now, change.actor.id, of=of, late=place.late,
        memo={"way": order.way.value},
    )  # fmt: skip
    ledger.post(change, posting)
    text = f"order {order.id} of member {order.member} {what}, which rests in suspense"
    cases.open_case(change, CaseWish(CaseKind.OTHER, order.member, text=text))
