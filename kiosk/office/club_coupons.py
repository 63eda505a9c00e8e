"""Coupons in the office: granted to a member, used for a purchase, given back with it, withdrawn (S49)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.central.club import coupons
from kiosk.central.club.books import Change, Look
from kiosk.central.roster import rows_of
from kiosk.club.coupons import Candidate, Coupon, CouponState, Purchase
from kiosk.club.office_actions import Matter, OfficeAction
from kiosk.club.roles import Permission
from kiosk.core.model import Site
from kiosk.office.actions import Action, Draft, Ids
from kiosk.office.club_coupon_kinds import Several, parts
from kiosk.office.club_points_view import SayWhy, Sentence
from kiosk.office.coupon_kind_pages import kind_of, names_of, worth
from kiosk.office.page import Fact, Link, Page, Thing, show_thing
from kiosk.office.routes import NoQuery, Route
from kiosk.office.saying import told
from kiosk.office.whom import member_named, person_of

POINTS, KIND = "points", "coupon"

Code = Annotated[str, Meta(min_length=1, max_length=32)]
Named = Annotated[str, Meta(min_length=1, max_length=64)]
Money = Annotated[int, Meta(ge=0, le=2**53 - 1)]


class GrantCoupon(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A kind of coupon for the member, and why.

    `goods_bought` and `segments` are what is known of the member beside the books: codes with spaces between them.
    """

    kind: Code
    why: Sentence
    goods_bought: Several = ""
    segments: Several = ""


class UseCoupon(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The purchase that the coupon counts for; `buyer` is a member number or card, `goods` codes with spaces."""

    sale: Named
    site: Named
    amount_minor: Money
    buyer: Annotated[str, Meta(max_length=64)] = ""
    goods: Several = ""


class CouponUsed(msgspec.Struct, frozen=True):
    """What the coupon takes off, in minor units."""

    code: str
    off_minor: int


def show_coupon(look: Look, _query: NoQuery, ids: Ids) -> Coupon:
    """Return a coupon with its state of today; raises InvalidInput where there is none."""
    return coupons.coupon_of(look, ids["coupon"])


def grant_coupon(change: Change, wish: GrantCoupon, ids: Ids) -> Coupon:
    """Grant a coupon to a member who fits what the kind asks for."""
    facts = Candidate(
        tier="", goods_bought=frozenset(parts(wish.goods_bought)), segments=frozenset(parts(wish.segments))
    )
    granted = coupons.grant(change, wish.kind, ids["member"], facts=facts)
    change.note("coupon.reason", "coupon", granted.code, why=wish.why)
    return granted


def use_coupon(change: Change, wish: UseCoupon, ids: Ids) -> CouponUsed:
    """Count a coupon for a purchase."""
    purchase = Purchase(
        site=wish.site,
        amount_minor=wish.amount_minor,
        member=member_named(change, wish.buyer) if wish.buyer else None,
        goods=frozenset(parts(wish.goods)),
    )
    return CouponUsed(ids["coupon"], coupons.use(change, ids["coupon"], purchase, wish.sale))


def give_back_coupon(change: Change, wish: SayWhy, ids: Ids) -> Coupon:
    """Make a coupon usable again whose purchase was undone."""
    coupons.give_back(change, ids["coupon"], wish.why)
    return coupons.coupon_of(change, ids["coupon"])


def withdraw_coupon(change: Change, wish: SayWhy, ids: Ids) -> Coupon:
    """Take back a coupon that was not used."""
    coupons.withdraw(change, ids["coupon"], wish.why)
    return coupons.coupon_of(change, ids["coupon"])


def _page(look: Look, ids: Ids) -> str:
    found = coupons.coupon_of(look, ids["coupon"])
    kind = kind_of(look, found.kind)
    who: object = told("coupon_of_nobody")
    if found.member is not None:
        person = person_of(look, found.member)
        who = Link(f"{person.member_no} {person.name}", f"/points/{found.member}")
    facts = (
        Fact("member", who),
        Fact("coupon_kind", Link(kind.name or found.kind, f"/coupon-kinds/{found.kind}")),
        Fact("coupon_worth", worth(kind.kind)),
        Fact("coupon_first", found.first),
        Fact("coupon_last", found.last),
    )
    state, badge = _STATES[found.state]
    thing = Thing(
        KIND, found.code, found.code, ids, facts, view=found, state=state, badge=badge, up="/points", up_label="points"
    )
    return show_thing(look, thing)


_STATES = {
    CouponState.GRANTED: ("coupon_not_yet", "attention"),
    CouponState.USABLE: ("coupon_usable", "ok"),
    CouponState.USED: ("coupon_used", ""),
    CouponState.EXPIRED: ("coupon_expired", ""),
    CouponState.WITHDRAWN: ("coupon_withdrawn", ""),
}


def _grant_draft(look: Look, ids: Ids) -> Draft:
    person = person_of(look, ids["member"])
    kinds = [(each.kind.code, each.name or each.kind.code) for each in coupons.kinds(look) if each.offered]
    return Draft(f"{person.member_no} {person.name}", choices={"kind": kinds})


def _use_draft(look: Look, ids: Ids) -> Draft:
    found = coupons.coupon_of(look, ids["coupon"])
    sites = [(row.id, row.id) for row in rows_of(look.connection, "site") if isinstance(row, Site)]
    buyer = person_of(look, found.member).member_no if found.member is not None else ""
    values = {"buyer": buyer, "site": sites[0][0] if len(sites) == 1 else None}
    return Draft(_title(look, found), values, {"site": sites})


def _draft(look: Look, ids: Ids) -> Draft:
    return Draft(_title(look, coupons.coupon_of(look, ids["coupon"])))


def _title(look: Look, found: Coupon) -> str:
    return f"{names_of(look).get(found.kind, found.kind)} · {found.code}"


def _of_coupon(look: Look, ids: Ids) -> Matter:
    return Matter(member=coupons.coupon_of(look, ids["coupon"]).member)


def _is_usable(view: Coupon) -> bool:
    return view.state is CouponState.USABLE


def _is_used(view: Coupon) -> bool:
    return view.state is CouponState.USED


def _is_unused(view: Coupon) -> bool:
    return view.state in (CouponState.GRANTED, CouponState.USABLE)


_THEN = "/coupons/{coupon}"
_EARN, _GRANT = Permission.POINTS_EARN, Permission.COUPONS_GRANT

ACTIONS = (
    Action(
        "grant_coupon", "/points/{member}/coupons", _GRANT, GrantCoupon, Coupon, grant_coupon,
        "Grant a coupon to a member", about=POINTS, then="/coupons/{code}", act=OfficeAction.GRANT_COUPON,
        drafts=_grant_draft,
    ),
    Action(
        "use_coupon", "/coupons/{coupon}/use", _EARN, UseCoupon, CouponUsed, use_coupon,
        "Count a coupon for a purchase", about=KIND, then=_THEN, possible=_is_usable,
        act=OfficeAction.BOOK_CONSUMPTION, matter=_of_coupon, drafts=_use_draft,
    ),
    Action(
        "give_back_coupon", "/coupons/{coupon}/give-back", _EARN, SayWhy, Coupon, give_back_coupon,
        "Make a coupon usable again whose purchase was undone", about=KIND, then=_THEN,
        possible=_is_used, act=OfficeAction.BOOK_CONSUMPTION, matter=_of_coupon, drafts=_draft,
    ),
    Action(
        "withdraw_coupon", "/coupons/{coupon}/withdraw", _GRANT, SayWhy, Coupon, withdraw_coupon,
        "Take back a coupon that was not used", about=KIND, then=_THEN, possible=_is_unused,
        act=OfficeAction.GRANT_COUPON, matter=_of_coupon, drafts=_draft,
    ),
)  # fmt: skip

ROUTES = (
    Route(
        "/coupons/{coupon}", "show_coupon", "One coupon with its state of today", NoQuery, Coupon,
        Permission.MEMBERS_READ, run=show_coupon,
    ),
)  # fmt: skip

PAGES = (Page("/coupons/{coupon}", "coupon", Permission.MEMBERS_READ, _page, "nav_points", under="points", about=KIND),)
