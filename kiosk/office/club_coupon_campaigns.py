"""Coupons in numbers in the office: codes that anybody may bring, and a kind sent to a list of members (S49)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.central.club import coupon_campaigns
from kiosk.central.club.books import Change, Look
from kiosk.central.club.coupon_campaigns import CODES_MAX, LISTED_MAX, Sent
from kiosk.central.club.coupons import KnownKind
from kiosk.club.coupons import Candidate, Coupon
from kiosk.club.office_actions import OfficeAction
from kiosk.club.roles import Permission
from kiosk.core.errors import InvalidInput
from kiosk.office.actions import Action, Draft, Ids
from kiosk.office.club_coupon_kinds import Several, parts
from kiosk.office.club_points_view import Sentence
from kiosk.office.coupon_kind_pages import KIND, kind_of
from kiosk.office.own_file import check_not_own
from kiosk.office.page import Page
from kiosk.office.routes import NoQuery, Route
from kiosk.office.whom import member_named

Campaign = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,31}\Z", max_length=32)]
Numbers = Annotated[str, Meta(min_length=1, max_length=5_000, description="Member numbers with spaces between them.")]


class IssueCoupons(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many coupons to make for whoever brings the code."""

    quantity: Annotated[int, Meta(ge=1, le=CODES_MAX)]
    why: Sentence


class SendCoupons(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Members, 500 at most, who get a coupon once for a campaign where the kind is for them.

    `goods_bought` and `segments` are what the list stands for beside the books: codes with spaces between them.
    """

    campaign: Campaign
    members: Numbers
    why: Sentence
    goods_bought: Several = ""
    segments: Several = ""


class CouponList(msgspec.Struct, frozen=True):
    """Coupons, the newest first, 100 at most; after they were made, all of them. `next` is null."""

    items: tuple[Coupon, ...]
    next: str | None


def list_coupons(look: Look, _query: NoQuery, ids: Ids) -> CouponList:
    """Return the newest coupons of a kind; raises InvalidInput where there is no such kind."""
    kind = kind_of(look, ids["coupon_kind"]).kind
    return CouponList(tuple(coupon_campaigns.newest_of(look, kind.code)), None)


def issue_coupons(change: Change, wish: IssueCoupons, ids: Ids) -> CouponList:
    """Make coupons that nobody's name is on."""
    return CouponList(tuple(coupon_campaigns.issue_codes(change, ids["coupon_kind"], wish.quantity, wish.why)), None)


def send_coupons(change: Change, wish: SendCoupons, ids: Ids) -> Sent:
    """Send a kind of coupon to the members of a list; raises InvalidInput for a number there is not."""
    numbers = parts(wish.members)
    if len(numbers) > LISTED_MAX:
        raise InvalidInput(f"{len(numbers)} members, the limit is {LISTED_MAX}", hint="Send the list in parts")
    kind = kind_of(change, ids["coupon_kind"]).kind
    facts = Candidate("", goods_bought=frozenset(parts(wish.goods_bought)), segments=frozenset(parts(wish.segments)))
    whom = [member_named(change, each) for each in numbers]
    check_not_own(change, whom, "send_coupons")
    return coupon_campaigns.send(change, kind.code, wish.campaign, whom, facts, wish.why)


def _draft(look: Look, ids: Ids) -> Draft:
    found = kind_of(look, ids["coupon_kind"])
    return Draft(found.name or found.kind.code)


def _is_offered(view: KnownKind) -> bool:
    return view.offered


_GRANT = Permission.COUPONS_GRANT
_THEN = "/coupon-kinds/{coupon_kind}"

ACTIONS = (
    Action(
        "send_coupons", "/coupon-kinds/{coupon_kind}/campaigns", _GRANT, SendCoupons, Sent, send_coupons,
        "Send a kind of coupon to a list of members", about=KIND, then=_THEN, possible=_is_offered,
        act=OfficeAction.GRANT_COUPON, drafts=_draft,
    ),
    Action(
        "issue_coupons", "/coupon-kinds/{coupon_kind}/coupons", _GRANT, IssueCoupons, CouponList, issue_coupons,
        "Make coupons that count for whoever brings the code", about=KIND, then=_THEN,
        possible=_is_offered, act=OfficeAction.GRANT_COUPON, drafts=_draft,
    ),
)  # fmt: skip

ROUTES = (
    Route(
        "/coupon-kinds/{coupon_kind}/coupons", "list_coupons", "The newest coupons of a kind", NoQuery, CouponList,
        Permission.MEMBERS_READ, run=list_coupons,
    ),
)  # fmt: skip

PAGES: tuple[Page, ...] = ()
