"""The screens of a member whose card was shown: home, balance, points, coupons, activities, tier, data, refusals."""

from collections.abc import Callable, Mapping
from typing import TypeVar

import msgspec

from kiosk.core.records import DenyReason
from kiosk.core.self_service import ConfirmAsked, RedeemAsked, SignInAsked, Subject
from kiosk.web.self_desk import Desk, Unfit, Unknown, Unseen
from kiosk.web.self_session import Screen, Session, Values

Action = Callable[[Desk, Session, Values], Screen]
T = TypeVar("T")

TILES = ("top_up", "balance", "dues", "points", "coupons", "activities", "tier", "why", "votes", "surveys",
         "data", "feedback")  # fmt: skip
"""What a member can do here, in the order of the home screen."""

HELPS = {
    DenyReason.FEE_OVERDUE: "dues",
    DenyReason.MEMBERSHIP_ENDED: "dues",
    DenyReason.CREDENTIAL_EXPIRED: "dues",
    DenyReason.TIER_TOO_LOW: "tier",
    DenyReason.NO_VISITS_LEFT: "coupons",
}
"""What can be done here about a refusal, where anything can."""


class TileShown(msgspec.Struct, frozen=True):
    """A tile of the home screen: `off` is the text of why it cannot be used now, `mark` calls for attention."""

    go: str
    off: str = ""
    mark: str = ""


def home(desk: Desk, session: Session, _values: Values) -> Screen:
    """Show who the card is, masked, and what can be done; without central what the roster has, and why not more."""
    if session.stale and session.order is None:
        session.view = None
    session.stale = False
    try:
        view = desk.view(session)
    except Unseen as unseen:
        because, banner = ("off_busy", "busy_now") if unseen.code else ("off_offline", "offline_goes_on")
        shown = [TileShown(go, off=because) for go in TILES]
        fields = {"card": desk.roster.card(session.credential), "tiles": shown, "why": banner}
        return Screen("home_offline", fields, sound="attention")
    except Unknown:
        return Screen("unknown", {"gift": desk.roster.card(session.credential).gift}, sound="denied")
    off = {
        "top_up": f"top_up_off_{view.top_up.off}" if view.top_up.off else "",
        "dues": "" if view.due or view.ahead else "off_nothing_due",
        "activities": "" if view.activities else "off_no_activities",
        "why": "" if view.refusals else "off_no_refusals",
        "tier": "" if view.next_tier else "off_top_tier",
        "votes": "" if view.votes else "off_no_votes",
        "surveys": "" if view.surveys else "off_no_surveys",
    }
    mark = {
        "dues": "mark_due" if view.due else "",
        "why": "mark_refused" if view.refusals else "",
        "activities": "mark_today" if any(each.booked and not each.signed_in for each in view.activities) else "",
        "votes": "" if all(each.done for each in view.votes) else "mark_vote",
        "surveys": "" if all(each.done for each in view.surveys) else "mark_survey",
    }
    tiles = [TileShown(go, off.get(go, ""), mark.get(go, "")) for go in TILES]
    return Screen("home", {"view": view, "tiles": tiles})


def balance(desk: Desk, session: Session, _values: Values) -> Screen:
    """Show what is there, and what happened to it."""
    return Screen("balance", {"view": desk.view(session)}, idle_s=desk.settings.balance_s)


def points(desk: Desk, session: Session, _values: Values) -> Screen:
    """Show points, and what can be had for them."""
    return Screen("points", {"view": desk.view(session)}, idle_s=desk.settings.balance_s)


def reward(desk: Desk, session: Session, values: Values) -> Screen:
    """Ask whether a gift is really wanted."""
    view = desk.view(session)
    chosen = _chosen(values.get("reward", ""), {each.id: each for each in view.rewards if not each.why_not})
    return Screen("reward", {"reward": chosen, "left": view.points.available - chosen.points})


def redeem(desk: Desk, session: Session, values: Values) -> Screen:
    """Take a gift for points."""
    view = desk.view(session)
    chosen = _chosen(values.get("reward", ""), {each.id: each for each in view.rewards if not each.why_not})
    key = f"redeem:{chosen.id}"
    wish = RedeemAsked(session.id_of(key), session.credential, chosen.id)
    return desk.wish(session, "redeem", key, Subject.REDEEM, wish, {"reward": chosen.id})


def coupons(desk: Desk, session: Session, _values: Values) -> Screen:
    """Show coupons and what was bought."""
    return Screen("coupons", {"view": desk.view(session)}, idle_s=desk.settings.balance_s)


def activities(desk: Desk, session: Session, _values: Values) -> Screen:
    """Show the activities of today and the days to come."""
    return Screen("activities", {"view": desk.view(session)})


def sign_in(desk: Desk, session: Session, values: Values) -> Screen:
    """Sign in to an activity."""
    open_now = {each.id: each for each in desk.view(session).activities if not (each.signed_in or each.why_not)}
    chosen = _chosen(values.get("activity", ""), open_now)
    key = f"sign_in:{chosen.id}"
    wish = SignInAsked(session.id_of(key), session.credential, chosen.id)
    return desk.wish(session, "sign_in", key, Subject.SIGN_IN, wish, {"activity": chosen.id})


def tier(desk: Desk, session: Session, _values: Values) -> Screen:
    """Show how far it is to the next tier."""
    return Screen("tier", {"view": desk.view(session)}, idle_s=desk.settings.balance_s)


def data(desk: Desk, session: Session, _values: Values) -> Screen:
    """Show what the club knows, masked, to be confirmed."""
    return Screen("data", {"view": desk.view(session)}, idle_s=desk.settings.balance_s)


def confirm(desk: Desk, session: Session, values: Values) -> Screen:
    """Take the member's word that the data is right, or that it is not."""
    desk.view(session)
    said = "yes" if values.get("right") == "yes" else "no"
    right, key = said == "yes", f"confirm:{said}"
    wish = ConfirmAsked(session.id_of(key), session.credential, right)
    screen = desk.wish(session, "confirm", key, Subject.CONFIRM, wish, {"right": said})
    fields = {**screen.fields, "wish": "confirm" if right else "confirm_wrong"}
    return msgspec.structs.replace(screen, fields=fields)


def why(desk: Desk, session: Session, _values: Values) -> Screen:
    """Tell why the card was refused lately, plainly, and what to do."""
    view = desk.view(session)
    helps = {each.reason: HELPS.get(DenyReason(each.reason), "") for each in view.refusals if _is_known(each.reason)}
    return Screen("why", {"view": view, "helps": helps})


def _is_known(reason: str) -> bool:
    return reason in set(DenyReason)


def _chosen(wanted: str, offered: Mapping[str, T]) -> T:
    """Return what was chosen of what is offered; raises Unfit for anything else."""
    if wanted not in offered:
        raise Unfit
    return offered[wanted]


ACTIONS: dict[str, Action] = {
    "home": home,
    "balance": balance,
    "points": points,
    "reward": reward,
    "redeem": redeem,
    "coupons": coupons,
    "activities": activities,
    "sign_in": sign_in,
    "tier": tier,
    "data": data,
    "confirm": confirm,
    "why": why,
}
