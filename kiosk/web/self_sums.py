"""What may be paid at a kiosk, and an order only for what its screens offered."""

from datetime import date

import msgspec

from kiosk.core.self_service import MemberView, OrderAsked, PayFor
from kiosk.web.self_desk import Desk, Unfit
from kiosk.web.self_session import Session, Values


class PayOption(msgspec.Struct, frozen=True):
    """What can be paid of fees: everything due and so many periods ahead, and until when that makes paid."""

    periods: int
    amount_minor: int
    until: date | None = None


def pay_options(view: MemberView) -> list[PayOption]:
    """Return what can be paid of fees: all that is due, and periods ahead of it."""
    due_minor = sum(each.left_minor for each in view.due)
    ahead = {each.periods: PayOption(each.periods, each.amount_minor, each.until) for each in view.ahead}
    if due_minor:
        ahead.setdefault(0, PayOption(0, due_minor))
    return [ahead[periods] for periods in sorted(ahead) if ahead[periods].amount_minor > 0]


def asked_of(desk: Desk, session: Session, values: Values) -> OrderAsked:
    """Return the order that the page means, which its screens must have offered; raises Unfit."""
    view = desk.view(session)
    pay_for = values.get("for", "")
    amount_minor = int(values["amount_minor"]) if values.get("amount_minor", "").isdecimal() else 0
    periods = int(values["periods"]) if values.get("periods", "").isdecimal() else 0
    if pay_for == PayFor.TOP_UP:
        top = view.top_up
        tiles = [each.amount_minor for each in top.tiles]
        fits = not top.off and (amount_minor in tiles or top.least_minor <= amount_minor <= top.most_minor)
        fits = fits and amount_minor > 0 and periods == 0
    else:
        offered = {(each.periods, each.amount_minor) for each in pay_options(view)}
        fits = pay_for == PayFor.FEE and (periods, amount_minor) in offered
    if not fits:
        raise Unfit
    wanted_way = values.get("way", "")
    key = f"order:{pay_for}:{amount_minor}:{periods}:{wanted_way}"
    return OrderAsked(session.id_of(key), session.credential, PayFor(pay_for), amount_minor, wanted_way, periods)
