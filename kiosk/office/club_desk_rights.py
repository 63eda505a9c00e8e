"""Rights at the desk and who brought whom: a use that is counted or taken back, and the claim of a referral."""

from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.central.club import desk_rights, earners, referrals
from kiosk.central.club.books import Change, Look
from kiosk.central.club.desk_rights import RightUse, RightView
from kiosk.central.club.point_entries import new_id
from kiosk.club.office_actions import OfficeAction
from kiosk.club.referrals import Referral, ReferralStep
from kiosk.club.roles import Permission
from kiosk.core.errors import InvalidInput
from kiosk.office.actions import Action, Draft, Ids
from kiosk.office.club_points_view import PointsView, SayWhy
from kiosk.office.own_file import check_not_own
from kiosk.office.page import Page
from kiosk.office.routes import NoQuery, Route
from kiosk.office.saying import chosen
from kiosk.office.whom import member_named, person_of

KIND = "points"
"""The kind of thing whose page shows these acts: a member's points."""

Code = Annotated[str, Meta(min_length=1, max_length=32)]
Named = Annotated[str, Meta(min_length=1, max_length=64)]


class UseRight(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A right that is used at the desk, by its code."""

    right: Code


class ClaimReferral(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who brought the member, by member number or card."""

    referred_by: Named


class ReferralSteps(msgspec.Struct, frozen=True):
    """The rewards for bringing members, fewest first; `next` is null, as they come at once."""

    items: tuple[ReferralStep, ...]
    next: str | None


def list_referral_steps(look: Look, _query: NoQuery, _ids: Ids) -> ReferralSteps:
    """Return the published rewards for bringing members."""
    return ReferralSteps(referrals.published(look), None)


def use_right(change: Change, wish: UseRight, ids: Ids) -> RightView:
    """Count one use."""
    return desk_rights.use_right(change, ids["member"], wish.right, new_id())


def undo_right(change: Change, wish: SayWhy, ids: Ids) -> RightUse:
    """Take a use back; raises InvalidInput where it is not this member's."""
    _use(change, ids)
    desk_rights.undo_use(change, ids["use"], wish.why)
    return _use(change, ids)


def claim_referral(change: Change, wish: ClaimReferral, ids: Ids) -> Referral:
    """Write down who brought a member; nobody writes himself down, as it is the one who brought that is rewarded."""
    referred_by = member_named(change, wish.referred_by)
    check_not_own(change, [referred_by], "claim_referral")
    referrals.claim(change, ids["member"], referred_by)
    return next(each for each in referrals.referrals_of(change, referred_by) if each.referred == ids["member"])


def _use(look: Look, ids: Ids) -> RightUse:
    for each in desk_rights.uses_of(look, ids["member"]):
        if each.id == ids["use"]:
            return each
    raise InvalidInput(f"the member has no use {ids['use'][:32]!r} of a right")


def _draft(look: Look, ids: Ids) -> Draft:
    person = person_of(look, ids["member"])
    return Draft(f"{person.member_no} {person.name}")


def _use_draft(look: Look, ids: Ids) -> Draft:
    held = desk_rights.rights_with_use(look, ids["member"]) if earners.tiers_of(look, [ids["member"]]) else []
    open_now = [(each.code, chosen("right", each.code)) for each in held if _is_open(each)]
    return _draft(look, ids)._replace(choices={"right": open_now})


def _undo_draft(look: Look, ids: Ids) -> Draft:
    use = _use(look, ids)
    return Draft(f"{_draft(look, ids).title} · {chosen('right', use.right)}")


def _is_open(right: RightView) -> bool:
    return not right.at_gates and right.used_up is None


def _has_open(view: PointsView) -> bool:
    return view.valid and any(_is_open(each) for each in view.rights)


def _has_no_referrer(view: PointsView) -> bool:
    return not view.referred_by


_THEN = "/points/{member}"

ACTIONS = (
    Action(
        "use_right", "/points/{member}/right-uses", Permission.RIGHTS_USE, UseRight, RightView, use_right,
        "Count a right that is used at the desk", about=KIND, then=_THEN, possible=_has_open,
        act=OfficeAction.USE_RIGHT, drafts=_use_draft,
    ),
    Action(
        "undo_right", "/points/{member}/right-uses/{use}/undo", Permission.RIGHTS_USE, SayWhy, RightUse, undo_right,
        "Take back a use that was counted in error", about=KIND, then=_THEN,
        act=OfficeAction.USE_RIGHT, drafts=_undo_draft,
    ),
    Action(
        "claim_referral", "/points/{member}/referrer", Permission.MEMBERS_WRITE, ClaimReferral, Referral,
        claim_referral, "Write down who brought a member", about=KIND, then=_THEN,
        possible=_has_no_referrer, act=OfficeAction.EDIT_MEMBER, drafts=_draft,
    ),
)  # fmt: skip

ROUTES = (
    Route(
        "/referral-steps",
        "list_referral_steps",
        "The published rewards for bringing members",
        NoQuery,
        ReferralSteps,
        Permission.RULES_READ,
        run=list_referral_steps,
    ),
)

PAGES: tuple[Page, ...] = ()
