"""Offers that fit a member, as staff name them and the member's own screen may: with the reason for each (S79)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.central.care.fitting import likes_of, offers_for, set_likes
from kiosk.central.club.books import Change, Look
from kiosk.central.club.files import file_of
from kiosk.club.fitting import Fit, OfferKind
from kiosk.club.office_actions import OfficeAction
from kiosk.club.roles import Permission
from kiosk.office.actions import Action, Draft, Ids
from kiosk.office.club_people_acts import KIND, is_kept, person_named
from kiosk.office.listing import may, word
from kiosk.office.page import Link, Table
from kiosk.office.people_fields import member_of
from kiosk.office.routes import NoQuery, Route
from kiosk.office.saying import named

LIKES_MAX = 20

_PLACES = {OfferKind.COUPON: "/coupons", OfferKind.ACTIVITY: "/activities"}


class SetLikes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All that a member likes, each a word or the code of a kind of goods."""

    likes: Annotated[tuple[Annotated[str, Meta(min_length=1, max_length=32)], ...], Meta(max_length=LIKES_MAX)] = ()


class Likes(msgspec.Struct, frozen=True):
    """What a member likes."""

    member: str
    likes: tuple[str, ...]


class FittingOffers(msgspec.Struct, frozen=True):
    """The offers that fit a member today, the best first; `next` is null, as they come at once."""

    items: tuple[Fit, ...]
    next: str | None


def write_likes(change: Change, wish: SetLikes, ids: Ids) -> Likes:
    """Write down what a member likes."""
    file = set_likes(change, member_of(change, ids["member"]).id, wish.likes)
    return Likes(file.member, likes_of(file))


def list_fitting_offers(look: Look, _query: NoQuery, ids: Ids) -> FittingOffers:
    """Return the offers that fit a member; raises InvalidInput where there is no such member."""
    return FittingOffers(offers_for(look, member_of(look, ids["member"]).id), None)


def fitting_table(look: Look, member_id: str) -> list[Table]:
    """Return a table with the offers that fit, for those who care for members."""
    if not may(Permission.CARE_READ):
        return []
    rows = [
        (_named(each), word(each.offer.kind), [word(reason) for reason in each.reasons], each.offer.on)
        for each in offers_for(look, member_id)
    ]
    return [Table("fitting_offers", ("offer", "offer_kind", "offer_why", "until"), rows, empty="no_fitting_offers")]


def _named(each: Fit) -> str | Link:
    offer = each.offer
    name, place = named(offer.name, offer.name_en) or offer.code, _PLACES.get(offer.kind)
    return Link(name, f"{place}/{offer.code}") if place else name


def _draft(look: Look, ids: Ids) -> Draft:
    likes = likes_of(file_of(look, ids["member"]))
    return person_named(look, ids)._replace(values={"likes": likes}, kinds={"likes": "words"})


ACTIONS = (
    Action(
        "set_likes", "/people/{member}/likes", Permission.CARE_WRITE, SetLikes, Likes, write_likes,
        "Write down what a member likes", about=KIND, then="/people/{member}",
        possible=is_kept, act=OfficeAction.DO_CARE, drafts=_draft,
    ),
)  # fmt: skip

ROUTES = (
    Route(
        "/people/{member}/offers", "list_fitting_offers", "The offers that fit a member today, the best first", NoQuery,
        FittingOffers, Permission.CARE_READ, run=list_fitting_offers,
    ),
)  # fmt: skip
