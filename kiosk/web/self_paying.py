"""What to pay at a kiosk: an amount to top up or a fee, and which way, in three taps at most."""

from kiosk.core.self_service import PayFor
from kiosk.web import self_orders
from kiosk.web.self_desk import Desk, Unfit
from kiosk.web.self_member import Action
from kiosk.web.self_session import Screen, Session, Values
from kiosk.web.self_sums import asked_of, pay_options


def top_up(desk: Desk, session: Session, _values: Values) -> Screen:
    """Show the amounts that may be topped up, what is given for them apart."""
    view = desk.view(session).top_up
    if view.off:
        raise Unfit
    return Screen("top_up", {"top_up": view, "tiles": view.tiles[: desk.settings.tiles_max]})


def amount(desk: Desk, session: Session, values: Values) -> Screen:
    """Let another amount be typed; one that is not within the limits comes back with what they are."""
    view = desk.view(session).top_up
    if view.off:
        raise Unfit
    typed = values.get("amount", "")
    if not typed:
        return Screen("amount", {"top_up": view, "typed": "", "fault": ""})
    yuan = int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= 7 else 0
    if not view.least_minor <= yuan * 100 <= view.most_minor:
        return Screen("amount", {"top_up": view, "typed": typed[:7], "fault": "fault_amount"}, sound="attention")
    return way(desk, session, {"for": PayFor.TOP_UP.value, "amount_minor": str(yuan * 100)})


def dues(desk: Desk, session: Session, _values: Values) -> Screen:
    """Show what is due, and what paying ahead costs."""
    view = desk.view(session)
    return Screen("dues", {"view": view, "ways": view.top_up.ways, "options": pay_options(view)})


def way(desk: Desk, session: Session, values: Values) -> Screen:
    """Ask how it is paid; with one way alone go straight to its code."""
    asked = asked_of(desk, session, values)
    ways = desk.view(session).top_up.ways
    if len(ways) == 1:
        return self_orders.pay(desk, session, values | {"way": ways[0]})
    view = desk.view(session)
    given = next((each.given_minor for each in view.top_up.tiles if each.amount_minor == asked.amount_minor), 0)
    given = given if asked.pay_for is PayFor.TOP_UP else 0
    return Screen("way", {"asked": asked, "given_minor": given, "ways": ways})


ACTIONS: dict[str, Action] = {"top_up": top_up, "amount": amount, "dues": dues, "way": way}
