"""Draws in the office: a reward whose redemptions are tickets ends with a draw, or with the right guess (R92)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.central.club import draws, rewards
from kiosk.central.club.books import Change, Look
from kiosk.central.club.draws import Drawn, Sealed
from kiosk.central.club.rewards import Offer
from kiosk.club.office_actions import OfficeAction
from kiosk.club.roles import Permission
from kiosk.core.errors import InvalidInput
from kiosk.office.actions import Action, Draft, Ids
from kiosk.office.club_points_view import Sentence
from kiosk.office.own_file import check_not_own

KIND = "reward"


class DrawReward(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The prize, by the code of a gift or kind of coupon, and how many win; None = whoever holds a ticket."""

    prize: Annotated[str, Meta(min_length=1, max_length=32)]
    why: Sentence
    winners: Annotated[int, Meta(ge=1, le=1000)] | None = None


class SealDraw(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing more to say."""


def seal_draw(change: Change, _wish: SealDraw, ids: Ids) -> Sealed:
    """Write the seed of a draw down."""
    return draws.seal(change, ids["reward"])


def draw_reward(change: Change, wish: DrawReward, ids: Ids) -> Drawn:
    """Draw; who holds a ticket himself leaves it to another."""
    check_not_own(change, {each.member for each in draws.held_tickets(change, ids["reward"])}, "draw_reward")
    return draws.draw(change, ids["reward"], wish.prize, wish.winners, wish.why)


def _draft(look: Look, ids: Ids) -> Draft:
    for each in rewards.catalogue(look):
        if each.reward.id == ids["reward"]:
            return Draft(each.name or each.reward.id)
    raise InvalidInput(f"there is no reward {ids['reward'][:32]!r}")


def _is_on(view: Offer) -> bool:
    return view.offered


def _is_over(view: Offer) -> bool:
    return not view.offered and view.taken > 0


ACTIONS = (
    Action(
        "seal_draw", "/rewards/{reward}/seal", Permission.COUPONS_GRANT, SealDraw, Sealed, seal_draw,
        "Write down the seed that a reward will be drawn by", about=KIND,
        then="/rewards/{reward}", possible=_is_on, act=OfficeAction.GRANT_COUPON, drafts=_draft,
    ),
    Action(
        "draw_reward", "/rewards/{reward}/draw", Permission.COUPONS_GRANT, DrawReward, Drawn, draw_reward,
        "Draw the prize of a reward whose redemptions are tickets", about=KIND,
        then="/rewards/{reward}", possible=_is_over, act=OfficeAction.GRANT_COUPON, drafts=_draft,
    ),
)  # fmt: skip
