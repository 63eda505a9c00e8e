"""Points in the office: each member's points with all that came of them, corrections by hand, and the desk's list."""

from typing import Annotated

import msgspec
from flask import render_template
from msgspec import Meta

from kiosk.central.club import coupons, gifts, point_entries, points, rewards
from kiosk.central.club.books import Change, Look
from kiosk.central.club.point_entries import HISTORY_MAX, Booking
from kiosk.central.queries import member_page
from kiosk.club.office_actions import OfficeAction
from kiosk.club.points import PointsEntry
from kiosk.club.roles import Permission
from kiosk.core.codec import INTEGER_MAX
from kiosk.core.errors import InvalidInput
from kiosk.office import (
    club_coupon_campaigns,
    club_coupon_kinds,
    club_coupons,
    club_desk_rights,
    club_draws,
    club_member_gifts,
    club_purchases,
    club_redemptions,
    club_rewards,
    club_tiers,
)
from kiosk.office.actions import Action, Draft, Ids
from kiosk.office.club_points_page import facts_of, tables_of
from kiosk.office.club_points_view import PointsView, Sentence, view_of
from kiosk.office.listing import SEARCH_CHARACTERS_MAX, Listing, asked
from kiosk.office.page import Link, Page, Table, Thing, Word, names_in, trail_of
from kiosk.office.routes import LIMIT_DEFAULT, Limit, NoQuery, Route
from kiosk.office.saying import chosen, moment, tier_names
from kiosk.office.whom import people, person_of

KIND = "points"
FOUND_MAX = 20

Before = Annotated[int, Meta(ge=1, le=INTEGER_MAX, description="`next` of the page before: the newest come first.")]
POINTS_MAX = 10_000_000


class HistoryQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which bookings."""

    after: Before | None = None
    limit: Limit = LIMIT_DEFAULT


class BookingPage(msgspec.Struct, frozen=True):
    """A member's bookings, newest first; `next` is null on the last page."""

    items: tuple[Booking, ...]
    next: int | None


class AdjustPoints(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A correction of the balance by hand, up or down; the lifetime counter stays as it is."""

    points: Annotated[int, Meta(ge=-POINTS_MAX, le=POINTS_MAX)]
    why: Sentence


class ReversePoints(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An earning that is taken back: so many of its points, None = all that is left of it."""

    why: Sentence
    points: Annotated[int, Meta(ge=1, le=POINTS_MAX)] | None = None


def show_points(look: Look, _query: NoQuery, ids: Ids) -> PointsView:
    """Return all of a member's points; raises InvalidInput where there is no such member."""
    return view_of(look, ids["member"])


def list_bookings(look: Look, query: HistoryQuery, ids: Ids) -> BookingPage:
    """Return a page of a member's bookings; raises InvalidInput where there is no such member."""
    person_of(look, ids["member"])
    limit = min(query.limit, HISTORY_MAX)
    items = point_entries.history(look, ids["member"], query.after, limit)
    return BookingPage(tuple(items), items[-1].n if len(items) == limit else None)


def adjust_points(change: Change, wish: AdjustPoints, ids: Ids) -> PointsEntry:
    """Correct a member's balance."""
    return points.adjust(change, ids["member"], wish.points, wish.why)


def reverse_points(change: Change, wish: ReversePoints, ids: Ids) -> PointsEntry:
    """Take an earning of a member back; raises InvalidInput where the entry is not this member's."""
    _earning(change, ids)
    return points.reverse_earning(change, ids["entry"], wish.why, wish.points)


def _earning(look: Look, ids: Ids) -> PointsEntry:
    found = point_entries.entry_named(look, ids["entry"])
    if found is None or found[0] != ids["member"]:
        raise InvalidInput(f"the member has no points entry {ids['entry'][:64]!r}")
    return found[1]


def _draft(look: Look, ids: Ids) -> Draft:
    person = person_of(look, ids["member"])
    return Draft(f"{person.name} {person.member_no}")


def _reverse_draft(look: Look, ids: Ids) -> Draft:
    entry = _earning(look, ids)
    return Draft(f"{_draft(look, ids).title} · {entry.on} +{entry.points}")


def _member_page(look: Look, ids: Ids) -> str:
    view = view_of(look, ids["member"])
    thing = Thing(
        KIND,
        view.member,
        f"{view.name} {view.member_no}",
        {"member": view.member},
        tuple(facts_of(look, view)),
        view=view,
        state="points_valid" if view.valid else "points_not_valid",
        badge="ok" if view.valid else "attention",
        up="/points",
        up_label="points",
        tables=tables_of(look, view),
    )
    # The books note all of this under the member.
    trail = trail_of(look, "member", view.member)
    return render_template("thing.html", thing=thing, trail=trail, names=names_in(look, trail))


def _desk_page(look: Look, _ids: Ids) -> Listing:
    search = asked("q", SEARCH_CHARACTERS_MAX)
    found = member_page(look.connection, "", FOUND_MAX, search) if search else []
    names = tier_names(look)
    members = [
        (Link(each.member_no, f"/points/{each.id}"), each.name, names.get(each.tier or "", each.tier)) for each in found
    ]
    tables: tuple[Table, ...] = (_waiting(look), _due(look))
    if search:
        tables = (*_coupon(look, search), *tables)
        tables = (Table("members", ("member_no", "name", "tier"), members, "no_members"), *tables)
    return Listing("points", "points", "points_hint", (), (), "", "", search=search, tables=tables)


def _coupon(look: Look, code: str) -> tuple[Table, ...]:
    """Return a table with the coupon of that code, none where there is no such coupon."""
    try:
        found = coupons.coupon_of(look, code)
    except InvalidInput:
        return ()
    row = (Link(found.code, f"/coupons/{found.code}"), found.last, Word("CouponState", found.state.value))
    return (Table("member_coupons", ("coupon_code", "coupon_last", "state"), [row]),)


def _waiting(look: Look) -> Table:
    waiting = rewards.waiting(look)
    whose = people(look, [each.member for each in waiting])
    names = {each.reward.id: each.name for each in rewards.catalogue(look)}
    rows = [
        (
            Link(names.get(each.reward) or each.reward, f"/redemptions/{each.id}"),
            each.quantity,
            whose.get(each.member, each.member),
            moment(each.reserved_until),
        )
        for each in waiting
    ]
    return Table("redemptions_waiting", ("reward", "reward_quantity", "member", "reserved_until"), rows)


def _due(look: Look) -> Table:
    due = gifts.gifts_due(look)
    whose = people(look, [each.member for each in due])
    rows = [
        (
            Link(chosen("gift_code", each.code), f"/member-gifts/{each.id}"),
            whose.get(each.member, each.member),
            Word("MemberGiftState", each.state.value),
        )
        for each in due
    ]
    return Table("gifts_due", ("gift", "member", "state"), rows)


_THEN = "/points/{member}"
_READ = Permission.MEMBERS_READ
_PARTS = (
    club_desk_rights,
    club_tiers,
    club_redemptions,
    club_member_gifts,
    club_rewards,
    club_coupons,
    club_coupon_kinds,
    club_coupon_campaigns,
    club_purchases,
)

ACTIONS = (
    *club_purchases.ACTIONS,
    *club_redemptions.ACTIONS,
    *club_member_gifts.ACTIONS,
    *club_desk_rights.ACTIONS,
    *club_coupons.ACTIONS,
    Action(
        "adjust_points", "/points/{member}/adjustments", Permission.POINTS_ADJUST, AdjustPoints, PointsEntry,
        adjust_points, "Correct a balance by hand", about=KIND, then=_THEN,
        act=OfficeAction.ADJUST_POINTS, drafts=_draft,
    ),
    Action(
        "reverse_points", "/points/{member}/bookings/{entry}/reversal", Permission.POINTS_ADJUST, ReversePoints,
        PointsEntry, reverse_points, "Take an earning back", about=KIND, then=_THEN,
        act=OfficeAction.ADJUST_POINTS, drafts=_reverse_draft,
    ),
    *club_tiers.ACTIONS,
    *club_rewards.ACTIONS,
    *club_draws.ACTIONS,
    *club_coupon_kinds.ACTIONS,
    *club_coupon_campaigns.ACTIONS,
)  # fmt: skip

ROUTES = (
    Route(
        "/points/{member}", "show_points", "A member's points, tier, rights, coupons and redemptions", NoQuery,
        PointsView, _READ, run=show_points,
    ),
    Route(
        "/points/{member}/bookings", "list_bookings", "A member's bookings of points, newest first", HistoryQuery,
        BookingPage, _READ, run=list_bookings,
    ),
    *(route for part in _PARTS for route in part.ROUTES),
)  # fmt: skip

PAGES = (
    Page("/points", "points", _READ, _desk_page, "nav_points", "points"),
    Page("/points/{member}", "points_of", _READ, _member_page, "nav_points", under="points", about=KIND),
    *(page for part in _PARTS for page in part.PAGES),
)
