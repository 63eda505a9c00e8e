"""Purchases that a till of another maker reports: what was spent, and the points that it earned (S47, R75, R88).

The club's own tills book theirs in the transaction of the sale (`points.earn_for_sale`); a sale counts once.
"""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.central.club import earners, points
from kiosk.central.club.books import Change, Look
from kiosk.central.club.card_book import card_by_credential
from kiosk.central.club.earners import PurchaseRow
from kiosk.club.earning import Award
from kiosk.club.office_actions import OfficeAction
from kiosk.club.roles import Permission
from kiosk.core.errors import InvalidInput
from kiosk.office.actions import Action, Draft, Ids
from kiosk.office.club_points_view import PointsView, SayWhy
from kiosk.office.page import Page
from kiosk.office.routes import NoQuery, Route
from kiosk.office.whom import card_named, person_of

KIND = "points"
"""The kind of thing whose page shows these acts: a member's points."""

Sale = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}\Z", max_length=64)]


class BookPurchase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A purchase: its receipt number, the amount, when (None = now), and the card that was shown, if one was."""

    sale: Sale
    amount_minor: Annotated[int, Meta(ge=0, le=10**12)]
    at: datetime | None = None
    card: Annotated[str, Meta(max_length=64)] = ""


class PurchaseBooked(msgspec.Struct, frozen=True):
    """What a purchase earned, the code of the reason where it earned nothing, and the tier from now on."""

    sale: str
    points: int
    reason: str
    tier: str


class PurchaseList(msgspec.Struct, frozen=True):
    """A member's purchases, newest first, 100 at most; `next` is null."""

    items: tuple[PurchaseRow, ...]
    next: str | None


def list_purchases(look: Look, _query: NoQuery, ids: Ids) -> PurchaseList:
    """Return a member's purchases; raises InvalidInput where there is no such member."""
    return PurchaseList(tuple(earners.purchases_of(look, person_of(look, ids["member"]).id)), None)


def book_purchase(change: Change, wish: BookPurchase, ids: Ids) -> PurchaseBooked:
    """Book a purchase with what it earns; a receipt that comes again earns nothing."""
    if wish.at is not None and wish.at.tzinfo is None:
        raise InvalidInput(f"{wish.at} has no time zone")
    member = person_of(change, ids["member"]).id
    earns = _earns(change, member, wish.card)
    earned = points.earn_for_sale(change, member, wish.sale, wish.amount_minor, wish.at or change.now, card_earns=earns)
    tier = earners.tiers_of(change, [member]).get(member, "")
    if isinstance(earned, Award):
        return PurchaseBooked(wish.sale, earned.points, "", tier)
    return PurchaseBooked(wish.sale, 0, earned.reason.value, tier)


def undo_purchase(change: Change, wish: SayWhy, ids: Ids) -> PurchaseRow:
    """Take a purchase that was undone out of what was spent, and its points back."""
    _purchase(change, ids)
    points.undo_sale(change, ids["sale"], wish.why)
    return _purchase(change, ids)


def _earns(change: Change, member: str, number: str) -> bool:
    """Say whether the kind of the card that was shown earns points; no card shown is the member's own word."""
    if not number:
        return True
    card = card_named(change, number)
    if card.member != member:
        raise InvalidInput("the card is another member's", hint="Book the purchase for the card's member")
    kept = card_by_credential(change, card.id)
    kinds = {each.code: each.earns_points for each in change.rules.cards.kinds}
    return kinds.get(kept.card.kind, True) if kept is not None else not card.gift


def _purchase(look: Look, ids: Ids) -> PurchaseRow:
    found = earners.purchase_named(look, ids["sale"])
    if found is None or found.member != ids["member"]:
        raise InvalidInput(f"the member has no purchase {ids['sale'][:64]!r}")
    return found


def _draft(look: Look, ids: Ids) -> Draft:
    person = person_of(look, ids["member"])
    return Draft(f"{person.member_no} {person.name}")


def _undo_draft(look: Look, ids: Ids) -> Draft:
    return Draft(f"{_draft(look, ids).title} · {_purchase(look, ids).sale}")


def _has_tier(view: PointsView) -> bool:
    return view.tier is not None


_THEN = "/points/{member}"
_EARN = Permission.POINTS_EARN

ACTIONS = (
    Action(
        "book_purchase", "/points/{member}/purchases", _EARN, BookPurchase, PurchaseBooked, book_purchase,
        "Book a purchase and what it earns", about=KIND, then=_THEN, possible=_has_tier,
        act=OfficeAction.BOOK_CONSUMPTION, drafts=_draft,
    ),
    Action(
        "undo_purchase", "/points/{member}/purchases/{sale}/undo", _EARN, SayWhy, PurchaseRow, undo_purchase,
        "Take a purchase back with its points", about=KIND, then=_THEN,
        act=OfficeAction.BOOK_CONSUMPTION, drafts=_undo_draft,
    ),
)  # fmt: skip

ROUTES = (
    Route(
        "/points/{member}/purchases", "list_purchases", "A member's purchases, newest first", NoQuery, PurchaseList,
        Permission.MEMBERS_READ, run=list_purchases,
    ),
)  # fmt: skip

PAGES: tuple[Page, ...] = ()
