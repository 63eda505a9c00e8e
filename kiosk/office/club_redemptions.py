"""Redemptions at the desk: reserved, handed over, given up, taken back (S48, R91)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.central.club import rewards
from kiosk.central.club.books import Change, Look
from kiosk.central.club.point_entries import new_id
from kiosk.central.club.rewards import Redemption
from kiosk.club.office_actions import Matter, OfficeAction
from kiosk.club.rewards import RedemptionState, points_of
from kiosk.club.roles import Permission
from kiosk.office.actions import Action, Draft, Ids
from kiosk.office.amounts import shown
from kiosk.office.club_points_view import JustDo, PointsView, SayWhy, points_link
from kiosk.office.page import Fact, Link, Page, Thing, show_thing
from kiosk.office.routes import NoQuery, Route
from kiosk.office.saying import moment, told
from kiosk.office.whom import person_of

POINTS, KIND = "points", "redemption"
QUANTITY_MAX = 1000


class RedeemReward(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A reward to reserve, and how many of it."""

    reward: Annotated[str, Meta(min_length=1, max_length=32)]
    quantity: Annotated[int, Meta(ge=1, le=QUANTITY_MAX)] = 1


class RedemptionPage(msgspec.Struct, frozen=True):
    """Reservations that wait, the oldest first, 500 at most; `next` is null, as they come at once."""

    items: tuple[Redemption, ...]
    next: str | None


def list_waiting(look: Look, _query: NoQuery, _ids: Ids) -> RedemptionPage:
    """Return the reservations that wait for their hand-over."""
    return RedemptionPage(tuple(rewards.waiting(look)), None)


def show_redemption(look: Look, _query: NoQuery, ids: Ids) -> Redemption:
    """Return a redemption; raises InvalidInput where there is none."""
    return rewards.redemption_of(look, ids["redemption"])


def redeem_reward(change: Change, wish: RedeemReward, ids: Ids) -> Redemption:
    """Reserve a reward for a member: its points leave at once."""
    return rewards.reserve(change, ids["member"], wish.reward, new_id(), quantity=wish.quantity)


def hand_over_redemption(change: Change, _wish: JustDo, ids: Ids) -> Redemption:
    """Give what was reserved."""
    return rewards.hand_over(change, ids["redemption"])


def cancel_redemption(change: Change, wish: SayWhy, ids: Ids) -> Redemption:
    """Give a reservation up."""
    return rewards.cancel(change, ids["redemption"], wish.why)


def take_back_redemption(change: Change, wish: SayWhy, ids: Ids) -> Redemption:
    """Undo a redemption that was handed over."""
    return rewards.take_back(change, ids["redemption"], wish.why)


def _redemption_page(look: Look, ids: Ids) -> str:
    found = rewards.redemption_of(look, ids["redemption"])
    name = _reward_name(look, found.reward)
    who = points_link(look, found.member)
    facts = (
        Fact("member", who),
        Fact("reward", Link(name, f"/rewards/{found.reward}")),
        Fact("reward_quantity", found.quantity),
        Fact("reward_points", found.points),
        Fact("reward_money", shown(found.amount_minor)),
        Fact("reserved_at", moment(found.reserved_at)),
        Fact("reserved_until", moment(found.reserved_until)),
    )
    title = f"{name} × {found.quantity}"
    state, badge = _REDEMPTION_STATES[found.state]
    thing = Thing(
        KIND, found.id, title, ids, facts, view=found, state=state, badge=badge, up="/points", up_label="points"
    )
    return show_thing(look, thing)


_REDEMPTION_STATES = {
    RedemptionState.RESERVED: ("redemption_reserved", "attention"),
    RedemptionState.REDEEMED: ("redemption_redeemed", "ok"),
    RedemptionState.RETURNED: ("redemption_returned", ""),
}


def _reward_name(look: Look, reward_id: str) -> str:
    names = {each.reward.id: each.name for each in rewards.catalogue(look)}
    return names.get(reward_id) or reward_id


def _redeem_draft(look: Look, ids: Ids) -> Draft:
    person = person_of(look, ids["member"])
    offers = [
        (each.reward.id, told("reward_offer", name=each.name or each.reward.id, n=points_of(each.reward, look.today)))
        for each in rewards.catalogue(look, offered_only=True)
    ]
    return Draft(f"{person.member_no} {person.name}", choices={"reward": offers})


def _redemption_draft(look: Look, ids: Ids) -> Draft:
    found = rewards.redemption_of(look, ids["redemption"])
    person = person_of(look, found.member)
    return Draft(f"{_reward_name(look, found.reward)} × {found.quantity} · {person.member_no} {person.name}")


def _of_redemption(look: Look, ids: Ids) -> Matter:
    return Matter(member=rewards.redemption_of(look, ids["redemption"]).member)


def _may_redeem(view: PointsView) -> bool:
    return view.valid and view.balance.available > 0


def _is_reserved(view: Redemption) -> bool:
    return view.state is RedemptionState.RESERVED


def _is_redeemed(view: Redemption) -> bool:
    return view.state is RedemptionState.REDEEMED


_REDEEM, _READ = Permission.POINTS_REDEEM, Permission.MEMBERS_READ
_THEN = "/redemptions/{redemption}"

ACTIONS = (
    Action(
        "redeem_reward", "/points/{member}/redemptions", _REDEEM, RedeemReward, Redemption, redeem_reward,
        "Reserve a reward: its points leave at once", about=POINTS, then="/redemptions/{id}",
        possible=_may_redeem, act=OfficeAction.REDEEM_POINTS, drafts=_redeem_draft,
    ),
    Action(
        "hand_over_redemption", "/redemptions/{redemption}/hand-over", _REDEEM, JustDo, Redemption,
        hand_over_redemption, "Give what was reserved", about=KIND, then=_THEN,
        possible=_is_reserved, act=OfficeAction.REDEEM_POINTS, matter=_of_redemption, drafts=_redemption_draft,
    ),
    Action(
        "cancel_redemption", "/redemptions/{redemption}/cancel", _REDEEM, SayWhy, Redemption, cancel_redemption,
        "Give a reservation up; the points go back", about=KIND, then=_THEN,
        possible=_is_reserved, act=OfficeAction.REDEEM_POINTS, matter=_of_redemption, drafts=_redemption_draft,
    ),
    Action(
        "take_back_redemption", "/redemptions/{redemption}/take-back", _REDEEM, SayWhy, Redemption,
        take_back_redemption, "Undo a redemption that was handed over", about=KIND, then=_THEN,
        possible=_is_redeemed, act=OfficeAction.REDEEM_POINTS, matter=_of_redemption, drafts=_redemption_draft,
    ),
)  # fmt: skip

ROUTES = (
    Route(
        "/redemptions", "list_waiting_redemptions", "Reservations that wait for their hand-over", NoQuery,
        RedemptionPage, _READ, run=list_waiting,
    ),
    Route(
        "/redemptions/{redemption}", "show_redemption", "One redemption", NoQuery, Redemption, _READ,
        run=show_redemption,
    ),
)  # fmt: skip

PAGES = (
    Page("/redemptions/{redemption}", "redemption", _READ, _redemption_page, "nav_points", under="points", about=KIND),
)
