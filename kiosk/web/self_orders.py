"""An order at a kiosk: central owns it, this asks for it, shows its code, and tells how it ended.

What is not heard is asked again under the same id. An order whose code was never shown cannot have been paid; one whose
code was shown is in doubt until central says how it stands, and the screen says so.
"""

from kiosk.core.self_service import OrderNamed, OrderState, OrderTold, Subject
from kiosk.web.self_asking import NoAnswer
from kiosk.web.self_desk import (
    CODE_CHECKING,
    CODE_NOT_CHARGED,
    CODE_NOT_PAID,
    CODE_ORDER_REFUSED,
    Desk,
    Unfit,
)
from kiosk.web.self_member import Action
from kiosk.web.self_session import OrderHeld, Screen, Session, Values
from kiosk.web.self_sums import asked_of

OPENING_MAX_S = 20
"""So long a code is waited for; then the order is given up, and nothing was paid."""

OPEN_MIN_S, OPEN_MAX_S = 5, 900
"""Between these an order can be paid, whatever the clock of this box says of central's moment."""

AFTER_END_S = 15
"""So long central may take to tell how an order ended that is over or was given up, before it is told as checked."""

POLL_S = 1
S = 1_000_000_000


def pay(desk: Desk, session: Session, values: Values) -> Screen:
    """Open the order, once however often it is pressed, and show how it stands."""
    if values.get("way", "") not in desk.view(session).top_up.ways:
        raise Unfit
    asked = asked_of(desk, session, values)
    # One order at a time: what is pressed while one is open shows the one that is.
    if session.order is None:
        session.order = OrderHeld(asked, desk.clock.monotonic_ns())
        _open(desk, session.order)
    return _shown(desk, session, session.order)


def order(desk: Desk, session: Session, _values: Values) -> Screen:
    """Ask how the order stands; called by the page every second."""
    if (held := session.order) is None:
        raise Unfit
    if held.told is None:
        _open(desk, held)
    else:
        _ask(desk, held, Subject.LOOK_AT_ORDER)
    return _shown(desk, session, held)


def cancel(desk: Desk, session: Session, _values: Values) -> Screen:
    """Give the order up: it is closed unpaid, unless it was paid meanwhile."""
    if (held := session.order) is None:
        raise Unfit
    held.given_up = True
    _ask(desk, held, Subject.CANCEL_ORDER)
    if held.unheard_ns is not None:
        return _end(desk, session, "checking" if held.sent else "not_charged", held)
    return _shown(desk, session, held)


def _open(desk: Desk, held: OrderHeld) -> None:
    _take(desk, held, desk.central(Subject.OPEN_ORDER, held.asked, OrderTold))


def _ask(desk: Desk, held: OrderHeld, subject: Subject) -> None:
    _take(desk, held, desk.central(subject, OrderNamed(held.asked.id), OrderTold))


def _take(desk: Desk, held: OrderHeld, told: OrderTold | NoAnswer) -> None:
    now_ns = desk.clock.monotonic_ns()
    if isinstance(told, NoAnswer):
        held.refused = told.code if held.told is None else ""
        held.unheard_ns = held.unheard_ns or now_ns
        return
    held.told, held.unheard_ns = told, None
    if held.until_ns is None and told.until is not None and told.code:
        left_s = (told.until - desk.clock.now()).total_seconds()
        held.until_ns = now_ns + int(min(max(left_s, OPEN_MIN_S), OPEN_MAX_S) * S)


def _shown(desk: Desk, session: Session, held: OrderHeld) -> Screen:
    """Return the screen of an order as it stands."""
    now_ns, state = desk.clock.monotonic_ns(), _state(held)
    if held.refused or (_reason(held) and not held.sent):
        return _end(desk, session, "refused", held)
    if not held.sent and not _code(held) and (held.given_up or now_ns - held.begun_ns > OPENING_MAX_S * S):
        return _without_code(desk, session, held)
    if state in (OrderState.PAID, OrderState.CLOSED):
        return _end(desk, session, _ending(held), held)
    if state is OrderState.CHECKING or (held.until_ns is not None and now_ns > held.until_ns):
        held.settling_ns = held.settling_ns or now_ns
        if now_ns - held.settling_ns > AFTER_END_S * S:
            return _end(desk, session, "checking", held)
    return _waiting(held, now_ns)


def _without_code(desk: Desk, session: Session, held: OrderHeld) -> Screen:
    """End an order whose code never came: nothing could be paid, and what was opened is to be closed."""
    if not held.given_up:
        _ask(desk, held, Subject.CANCEL_ORDER)
    if _state(held) is OrderState.PAID:
        return _end(desk, session, "paid", held)
    return _end(desk, session, "cancelled" if held.given_up else "not_charged", held)


def _ending(held: OrderHeld) -> str:
    if _state(held) is OrderState.PAID:
        return "paid"
    if _reason(held):
        # A code was shown, and central does not know the order any more: then nobody here knows how it ended.
        return "checking"
    return "cancelled" if held.given_up else "closed"


def _state(held: OrderHeld) -> OrderState:
    return held.told.state if held.told is not None else OrderState.OPENING


def _reason(held: OrderHeld) -> str:
    return held.told.reason if held.told is not None else ""


def _code(held: OrderHeld) -> str:
    return held.told.code if held.told is not None and held.told.state is OrderState.OPEN else ""


def _waiting(held: OrderHeld, now_ns: int) -> Screen:
    code = "" if held.settling_ns else _code(held)
    held.sent = held.sent or bool(code)
    if held.settling_ns:
        until_ns = held.settling_ns + AFTER_END_S * S
    else:
        until_ns = held.until_ns if held.until_ns is not None and code else held.begun_ns + OPENING_MAX_S * S
    left_s, settling = max((until_ns - now_ns) // S, 0), held.settling_ns is not None
    fields = {
        "held": held, "code": code, "left_s": left_s, "unheard": held.unheard_ns is not None, "settling": settling,
    }  # fmt: skip
    return Screen("pay", fields, poll_s=POLL_S)


def _end(desk: Desk, session: Session, ending: str, held: OrderHeld) -> Screen:
    """Return how an order ended: paid, closed unpaid, or being checked; the session holds it no longer."""
    codes = {
        "refused": CODE_ORDER_REFUSED, "closed": CODE_NOT_PAID,
        "not_charged": CODE_NOT_CHARGED, "checking": CODE_CHECKING,
    }  # fmt: skip
    sounds = {"paid": "granted", "checking": "attention"}
    session.order, session.view = None, None
    for key in [key for key in session.ids if key.startswith("order:")]:
        session.done_with(key)
    fields = {"ending": ending, "held": held, "told": held.told, "code": codes.get(ending, "")}
    fields["reason"] = held.refused or _reason(held)
    # What is in doubt stays readable for as long as any screen; the view goes, the order does not.
    ends_s = 0 if ending == "checking" else desk.settings.result_s
    return Screen("ending", fields, ends_s=ends_s, sound=sounds.get(ending, "denied"))


ACTIONS: dict[str, Action] = {
    "pay": pay,
    "order": order,
    "cancel": cancel,
}
