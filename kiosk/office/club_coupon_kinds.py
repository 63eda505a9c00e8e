"""The kinds of coupons in the office: what each is good for, for whom, and for how long (S49)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.central.club import coupons
from kiosk.central.club.books import Change, Look
from kiosk.central.club.coupons import NAME_CHARACTERS_MAX, KnownKind
from kiosk.club.coupons import CouponKind, Target
from kiosk.club.roles import Permission
from kiosk.club.tiers import rank_of
from kiosk.core.errors import InvalidInput
from kiosk.office.actions import Action, Draft, Ids
from kiosk.office.coupon_kind_pages import KIND, LIST, kind_of, kind_page, list_page
from kiosk.office.page import Page
from kiosk.office.routes import NoQuery, Route
from kiosk.office.saying import tier_names

Code = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_.-]{0,31}\Z")]
Name = Annotated[str, Meta(min_length=1, max_length=NAME_CHARACTERS_MAX)]
Whole = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Positive = Annotated[int, Meta(ge=1, le=36_500)]
Percent = Annotated[int, Meta(ge=0, le=100)]
Short = Annotated[str, Meta(max_length=32)]
Several = Annotated[str, Meta(max_length=200, description="Codes with spaces between them.")]


class SaveCouponKind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A kind as it shall be; `sites`, `goods`, `bought_any` and `segments_any` are codes with spaces between them."""

    name: Name
    amount_off_minor: Whole = 0
    percent_off: Percent = 0
    gives: Short = ""
    starts_after_days: Whole = 0
    valid_days: Positive | None = None
    purchase_min_minor: Whole = 0
    sites: Several = ""
    goods: Several = ""
    alone: bool = False
    per_member_max: Positive | None = None
    tier: Short = ""
    birthday: bool = False
    bought_any: Several = ""
    spend_min_minor: Whole = 0
    idle_days_min: Whole = 0
    segments_any: Several = ""
    offered: bool = True


class AddCouponKind(SaveCouponKind, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A new kind with its code; a gift of that code becomes such a coupon."""

    code: Code


class CouponKindPage(msgspec.Struct, frozen=True):
    """The kinds by code; `next` is null, as they come at once."""

    items: tuple[KnownKind, ...]
    next: str | None


def list_coupon_kinds(look: Look, _query: NoQuery, _ids: Ids) -> CouponKindPage:
    """Return every kind."""
    return CouponKindPage(tuple(coupons.kinds(look)), None)


def show_coupon_kind(look: Look, _query: NoQuery, ids: Ids) -> KnownKind:
    """Return one kind; raises InvalidInput where there is none."""
    return kind_of(look, ids["coupon_kind"])


def add_coupon_kind(change: Change, wish: AddCouponKind, _ids: Ids) -> CouponKind:
    """Write a new kind down; raises InvalidInput where the code is in use."""
    if any(each.kind.code == wish.code for each in coupons.kinds(change)):
        raise InvalidInput(f"there is a kind of coupon {wish.code!r} already")
    return _save(change, wish.code, wish)


def save_coupon_kind(change: Change, wish: SaveCouponKind, ids: Ids) -> CouponKind:
    """Change a kind."""
    return _save(change, kind_of(change, ids["coupon_kind"]).kind.code, wish)


def parts(text: str) -> tuple[str, ...]:
    """Return the codes of a text, each once."""
    return tuple(dict.fromkeys(text.replace(",", " ").replace("，", " ").split()))


def _save(change: Change, code: str, wish: SaveCouponKind) -> CouponKind:
    if wish.tier:
        rank_of(wish.tier, change.rules.tiers)
    target = Target(
        tier=wish.tier,
        birthday=wish.birthday,
        bought_any=parts(wish.bought_any),
        spend_min_minor=wish.spend_min_minor,
        idle_days_min=wish.idle_days_min,
        segments_any=parts(wish.segments_any),
    )
    kind = CouponKind(
        code=code,
        amount_off_minor=wish.amount_off_minor,
        percent_off=wish.percent_off,
        gives=wish.gives,
        starts_after_days=wish.starts_after_days,
        valid_days=wish.valid_days,
        purchase_min_minor=wish.purchase_min_minor,
        sites=parts(wish.sites),
        goods=parts(wish.goods),
        alone=wish.alone,
        per_member_max=wish.per_member_max,
        target=target,
    )
    coupons.save_kind(change, kind, wish.name, offered=wish.offered)
    return kind


def _add_draft(look: Look, _ids: Ids) -> Draft:
    return Draft(values={"offered": True}, choices={"tier": tuple(tier_names(look).items())})


def _save_draft(look: Look, ids: Ids) -> Draft:
    found = kind_of(look, ids["coupon_kind"])
    kind, target = found.kind, found.kind.target
    held = {**msgspec.structs.asdict(kind), **msgspec.structs.asdict(target)}
    values = {
        name: " ".join(value) if isinstance(value, tuple) else value
        for name, value in held.items()
        if name in SaveCouponKind.__struct_fields__
    }
    values |= {"name": found.name, "offered": found.offered}
    return Draft(found.name or kind.code, values, _add_draft(look, ids).choices)


_WRITE, _READ = Permission.OFFERS_WRITE, Permission.RULES_READ

ACTIONS = (
    Action(
        "add_coupon_kind", "/coupon-kinds", _WRITE, AddCouponKind, CouponKind, add_coupon_kind,
        "Write a new kind of coupon down", about=LIST, then="/coupon-kinds/{code}", drafts=_add_draft,
    ),
    Action(
        "save_coupon_kind", "/coupon-kinds/{coupon_kind}", _WRITE, SaveCouponKind, CouponKind, save_coupon_kind,
        "Change a kind of coupon", about=KIND, then="/coupon-kinds/{coupon_kind}",
        drafts=_save_draft,
    ),
)  # fmt: skip

ROUTES = (
    Route(
        "/coupon-kinds", "list_coupon_kinds", "The kinds of coupons", NoQuery, CouponKindPage, _READ,
        run=list_coupon_kinds,
    ),
    Route(
        "/coupon-kinds/{coupon_kind}", "show_coupon_kind", "One kind of coupon", NoQuery, KnownKind, _READ,
        run=show_coupon_kind,
    ),
)  # fmt: skip

PAGES = (
    Page("/coupon-kinds", "coupon_kinds", _READ, list_page, "nav_points", "coupon_kinds", about=LIST),
    Page(
        "/coupon-kinds/{coupon_kind}", "coupon_kind", _READ, kind_page, "nav_points", under="coupon_kinds", about=KIND
    ),
)  # fmt: skip
