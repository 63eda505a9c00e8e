"""Which of the offers there are fit a member: by what the member likes, buys and goes to; nothing is guessed (S79)."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta


class OfferKind(StrEnum):
    """What is offered. Wire format."""

    PROMOTION = "promotion"
    COUPON = "coupon"
    ACTIVITY = "activity"


class FitReason(StrEnum):
    """Why an offer fits. Wire format."""

    LIKED = "liked"
    BOUGHT = "bought"
    BEEN_THERE = "been_there"
    ENDS_SOON = "ends_soon"


class FittingRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What counts how much, and how many offers are shown."""

    liked: Annotated[
        int,
        Meta(
            ge=0,
            description="What it counts that an offer is for something the member likes, by the member's own word. The "
            "seeds name needs, purchases and browsing and no weights: the own word before what was bought.",
            extra={"source": "S79, seeds 000:18, 002:15; no seed for the number"},
        ),
    ] = 4
    bought: Annotated[
        int,
        Meta(
            ge=0,
            description="What it counts that an offer is for goods the member buys.",
            extra={"source": "S79, seeds 003:68; no seed for the number"},
        ),
    ] = 3
    been_there: Annotated[
        int,
        Meta(
            ge=0,
            description="What it counts that an activity is at a site where the member came to activities before.",
            extra={"source": "S79, seeds 003:68; no seed for the number"},
        ),
    ] = 2
    ends_soon: Annotated[
        int,
        Meta(
            ge=0,
            description="What it counts that an offer ends or begins soon.",
            extra={"source": "S79; no seed"},
        ),
    ] = 1
    soon_days: Annotated[int, Meta(ge=0, description="Days ahead that are soon.", extra={"source": "S79; no seed"})] = 7
    months: Annotated[
        int,
        Meta(
            ge=1,
            description="Months back that purchases and activities are looked at. A year, as for the classes.",
            extra={"source": "S79; no seed for the number"},
        ),
    ] = 12
    shown_max: Annotated[
        int, Meta(ge=1, le=50, description="Offers that are shown at most.", extra={"source": "S79; no seed"})
    ] = 5


class OnOffer(msgspec.Struct, frozen=True):
    """Something a member can have now. `goods` are the kinds it is for, none = all; `on` is its last or only day.

    `name` is what it is called, where it is called something, `name_en` the same in English; `site` where an activity
    is.
    """

    kind: OfferKind
    code: str
    name: str = ""
    goods: tuple[str, ...] = ()
    site: str = ""
    on: date | None = None
    name_en: str = ""


class Taste(msgspec.Struct, frozen=True):
    """What is known of a member: words of the own, pieces bought by kind of goods, activities come to by site."""

    likes: frozenset[str] = frozenset()
    bought: Mapping[str, int] = {}
    been_at: Mapping[str, int] = {}


class Fit(msgspec.Struct, frozen=True):
    """An offer with what speaks for it; a higher score fits better."""

    offer: OnOffer
    score: int
    reasons: tuple[FitReason, ...]


def rank(offers: Iterable[OnOffer], taste: Taste, today: date, rules: FittingRules) -> tuple[Fit, ...]:
    """Return the offers that fit best, the best first; of those that fit alike the one that ends first (S79).

    An offer for which nothing speaks comes last, and is left out before any other.
    """
    weights = {
        FitReason.LIKED: rules.liked,
        FitReason.BOUGHT: rules.bought,
        FitReason.BEEN_THERE: rules.been_there,
        FitReason.ENDS_SOON: rules.ends_soon,
    }
    found = []
    for each in offers:
        reasons = tuple(_reasons(each, taste, today, rules))
        found.append(Fit(each, sum(weights[reason] for reason in reasons), reasons))
    found.sort(key=lambda fit: (-fit.score, fit.offer.on or date.max, fit.offer.kind, fit.offer.code))
    return tuple(found[: rules.shown_max])


def _reasons(offer: OnOffer, taste: Taste, today: date, rules: FittingRules) -> Iterator[FitReason]:
    name = offer.name.casefold()
    likes = {each.casefold() for each in taste.likes if each}
    if any(like in name for like in likes) or likes & {each.casefold() for each in offer.goods}:
        yield FitReason.LIKED
    if any(taste.bought.get(each, 0) > 0 for each in offer.goods):
        yield FitReason.BOUGHT
    if offer.site and taste.been_at.get(offer.site, 0) > 0:
        yield FitReason.BEEN_THERE
    if offer.on is not None and 0 <= (offer.on - today).days <= rules.soon_days:
        yield FitReason.ENDS_SOON
