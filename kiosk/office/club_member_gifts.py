"""Gifts of members at the desk: what a tier, a welcome or a referral brought, handed over or taken back (R87, R90)."""

import msgspec

from kiosk.central.club import gifts
from kiosk.central.club.books import Change, Look
from kiosk.central.club.gifts import Became, Gift, GiftState
from kiosk.club.office_actions import Matter, OfficeAction
from kiosk.club.roles import Permission
from kiosk.office.actions import Action, Draft, Ids
from kiosk.office.club_points_view import JustDo, SayWhy, cause_of, points_link
from kiosk.office.page import Fact, Link, Page, Thing, Word, show_thing
from kiosk.office.routes import NoQuery, Route
from kiosk.office.saying import chosen, moment
from kiosk.office.whom import person_of

GIFT = "gift"


class MemberGiftPage(msgspec.Struct, frozen=True):
    """Gifts that wait at the desk, the oldest first, 500 at most; `next` is null, as they come at once."""

    items: tuple[Gift, ...]
    next: str | None


def list_member_gifts_due(look: Look, _query: NoQuery, _ids: Ids) -> MemberGiftPage:
    """Return the gifts that wait at the desk."""
    return MemberGiftPage(tuple(gifts.gifts_due(look)), None)


def show_member_gift(look: Look, _query: NoQuery, ids: Ids) -> Gift:
    """Return a gift; raises InvalidInput where there is none."""
    return gifts.gift_of(look, ids["member_gift"])


def hand_over_member_gift(change: Change, _wish: JustDo, ids: Ids) -> Gift:
    """Write down that the desk handed a gift over."""
    return gifts.hand_over(change, ids["member_gift"])


def withdraw_member_gift(change: Change, wish: SayWhy, ids: Ids) -> Gift:
    """Take a gift back with what it became."""
    return gifts.withdraw(change, ids["member_gift"], wish.why)


def _gift_page(look: Look, ids: Ids) -> str:
    found = gifts.gift_of(look, ids["member_gift"])
    became: object = Word("Became", found.became.value)
    if found.became is Became.COUPON:
        became = Link(became, f"/coupons/{found.thing}")
    facts = (
        Fact("member", points_link(look, found.member)),
        Fact("gift_cause", cause_of(found)),
        Fact("gift_became", became),
        Fact("gift_given_at", moment(found.at)),
    )
    title = chosen("gift_code", found.code)
    state, badge = _GIFT_STATES[found.state]
    thing = Thing(
        GIFT, found.id, title, ids, facts, view=found, state=state, badge=badge, up="/points", up_label="points"
    )
    return show_thing(look, thing)


_GIFT_STATES = {
    GiftState.DUE: ("gift_due", "attention"),
    GiftState.HAD: ("gift_had", "ok"),
    GiftState.WITHDRAWN: ("gift_withdrawn", ""),
}


def _gift_draft(look: Look, ids: Ids) -> Draft:
    found = gifts.gift_of(look, ids["member_gift"])
    person = person_of(look, found.member)
    return Draft(f"{chosen('gift_code', found.code)} · {person.member_no} {person.name}")


def _of_gift(look: Look, ids: Ids) -> Matter:
    return Matter(member=gifts.gift_of(look, ids["member_gift"]).member)


def _is_due(view: Gift) -> bool:
    return view.state is GiftState.DUE


def _is_there(view: Gift) -> bool:
    return view.state is not GiftState.WITHDRAWN


_READ = Permission.MEMBERS_READ
_THEN_GIFT = "/member-gifts/{member_gift}"

ACTIONS = (
    Action(
        "hand_over_member_gift",
        "/member-gifts/{member_gift}/hand-over",
        Permission.POINTS_REDEEM,
        JustDo,
        Gift,
        hand_over_member_gift,
        "Write down that a gift was handed over",
        about=GIFT,
        then=_THEN_GIFT,
        possible=_is_due,
        act=OfficeAction.HAND_GIFT_OVER,
        matter=_of_gift,
        drafts=_gift_draft,
    ),
    Action(
        "withdraw_member_gift",
        "/member-gifts/{member_gift}/withdraw",
        Permission.COUPONS_GRANT,
        SayWhy,
        Gift,
        withdraw_member_gift,
        "Take a gift back with what it became",
        about=GIFT,
        then=_THEN_GIFT,
        possible=_is_there,
        act=OfficeAction.WITHDRAW_GIFT,
        matter=_of_gift,
        drafts=_gift_draft,
    ),
)

ROUTES = (
    Route(
        "/member-gifts",
        "list_member_gifts_due",
        "Gifts that wait at the desk",
        NoQuery,
        MemberGiftPage,
        _READ,
        run=list_member_gifts_due,
    ),
    Route("/member-gifts/{member_gift}", "show_member_gift", "One gift", NoQuery, Gift, _READ, run=show_member_gift),
)

PAGES = (
    Page("/member-gifts/{member_gift}", "member_gift", _READ, _gift_page, "nav_points", under="points", about=GIFT),
)
