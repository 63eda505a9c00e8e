"""What earns points and how many: registration, purchases, activities, and what multiplies them."""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.club.calendar import CalendarRules, birthday_in, changes_on
from kiosk.club.points import Source
from kiosk.club.refusal import Refusal


class Together(StrEnum):
    """How several multipliers of one earning go together."""

    HIGHEST = "highest"
    MULTIPLY = "multiply"


class Multiplier(StrEnum):
    """What multiplies points."""

    TIER = "tier"
    MEMBER_DAY = "member_day"
    BIRTHDAY = "birthday"


class TierPercent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The points of a tier in percent of the ordinary ones."""

    tier: str
    percent: Annotated[int, Meta(ge=100)]


class WelcomePack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a new member finds: entitlements and coupons, by code."""

    gifts: tuple[str, ...] = ()
    coupons: tuple[str, ...] = ()


class EarningRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What earns points."""

    registration_points: Annotated[
        int, Meta(ge=0, description="Points for registration, once.", extra={"source": "R74, seeds 003:113"})
    ] = 1000
    consumption_points: Annotated[
        int, Meta(ge=0, description="Points for each purchase, not by yuan.", extra={"source": "R75, seeds 003:113"})
    ] = 5
    consumption_min_minor: Annotated[
        int,
        Meta(
            ge=0,
            description="Smallest purchase that earns points, minor units. The seeds count purchases and say no more; "
            "one yuan keeps purchases of nothing out.",
            extra={"source": "R75, catalogue §6.7; no seed for the number"},
        ),
    ] = 100
    consumptions_per_day_max: Annotated[
        Annotated[int, Meta(ge=1)] | None,
        Meta(
            description="Purchases of one member that earn points on one day; none = all. Splitting one purchase "
            "would else make a gold member of anybody in a day.",
            extra={"source": "R75, catalogue §6.7; no seed for the number"},
        ),
    ] = 5
    event_points: Annotated[
        int,
        Meta(
            ge=0,
            description="Points for taking part in an activity that names none of its own; as many as for a purchase.",
            extra={"source": "R88, seeds 000:166"},
        ),
    ] = 5
    birthday_percent: Annotated[
        int,
        Meta(ge=100, description="Points in the birthday's days, in percent.", extra={"source": "S76, seeds 003:350"}),
    ] = 200
    tier_percents: Annotated[
        tuple[TierPercent, ...],
        Meta(
            description="Points of the senior tiers in percent; a tier that is not named has 100.",
            extra={"source": "R89, seeds 000:167; no seed for the numbers"},
        ),
    ] = (TierPercent("gold", 120), TierPercent("platinum", 150))
    together: Annotated[
        Together,
        Meta(
            description="How multipliers go together. The highest by default: each seed promises one of them, none "
            "promises their product, and the cost of a day stays known.",
            extra={"source": "R89, S51, S76"},
        ),
    ] = Together.HIGHEST
    multiplied: Annotated[
        tuple[Source, ...],
        Meta(
            description="What is multiplied. Registration and referral are fixed amounts.",
            extra={"source": "R89, seeds 000:166–167"},
        ),
    ] = (Source.CONSUMPTION, Source.EVENT)
    welcome: Annotated[
        WelcomePack,
        Meta(
            description="The welcome pack, once, when the membership becomes valid.",
            extra={"source": "R18, S77, seeds 002:33, 000:161"},
        ),
    ] = WelcomePack(gifts=("welcome_pack",))


class Earner(msgspec.Struct, frozen=True):
    """Who earns: valid member or not, whether the card's kind earns points, tier, birthday, and what was had."""

    tier: str
    valid: bool = True
    card_earns: bool = True
    born_on: date | None = None
    registered: bool = False
    welcomed: bool = False
    consumptions_today: int = 0


class Applied(msgspec.Struct, frozen=True):
    """A multiplier that applied, in percent."""

    what: Multiplier
    percent: int


class Award(msgspec.Struct, frozen=True):
    """Points to book: `points` = `base` × `percent`, rounded down; `applied` says where the percent come from."""

    source: Source
    points: int
    base: int
    percent: int = 100
    applied: tuple[Applied, ...] = ()


class EarnReason(StrEnum):
    """Why something earns no points."""

    CARD_EARNS_NONE = "card_earns_none"
    NOT_A_VALID_MEMBER = "not_a_valid_member"
    ALREADY_HAD = "already_had"
    BELOW_MINIMUM = "below_minimum"
    DAY_LIMIT = "day_limit"
    WORTH_NOTHING = "worth_nothing"


Earned = Award | Refusal[EarnReason]


def for_registration(earner: Earner, rules: EarningRules) -> Earned:
    """Return the points of registration, once in a member's life (R74, seeds 003:113)."""
    if earner.registered:
        return Refusal(EarnReason.ALREADY_HAD)
    return _award(Source.REGISTRATION, rules.registration_points, earner)


def for_consumption(
    earner: Earner, amount_minor: int, today: date, rules: EarningRules, calendar: CalendarRules
) -> Earned:
    """Return the points of one purchase; too small a one and one too many on a day earn none (R75, §6.7)."""
    if amount_minor < rules.consumption_min_minor:
        return Refusal(EarnReason.BELOW_MINIMUM, {"needed": rules.consumption_min_minor, "amount": amount_minor})
    limit = rules.consumptions_per_day_max
    if limit is not None and earner.consumptions_today >= limit:
        return Refusal(EarnReason.DAY_LIMIT, {"limit": limit})
    applied = multipliers(Source.CONSUMPTION, earner, today, rules, calendar)
    return _award(Source.CONSUMPTION, rules.consumption_points, earner, applied, rules.together)


def for_event(
    earner: Earner, own_points: int | None, today: date, rules: EarningRules, calendar: CalendarRules
) -> Earned:
    """Return the points of taking part in an activity: its own, or the rule's (R88, seeds 000:166)."""
    base = rules.event_points if own_points is None else own_points
    applied = multipliers(Source.EVENT, earner, today, rules, calendar)
    return _award(Source.EVENT, base, earner, applied, rules.together)


def welcome(earner: Earner, rules: EarningRules) -> WelcomePack | Refusal[EarnReason]:
    """Return the welcome pack of a member whose membership has become valid, once (R18, S77, seeds 000:161)."""
    if not earner.valid:
        return Refusal(EarnReason.NOT_A_VALID_MEMBER)
    return Refusal(EarnReason.ALREADY_HAD) if earner.welcomed else rules.welcome


def multipliers(
    source: Source, earner: Earner, today: date, rules: EarningRules, calendar: CalendarRules
) -> tuple[Applied, ...]:
    """Return every multiplier that a day and a member bring with them (R89, S51, S76)."""
    if source not in rules.multiplied:
        return ()
    found = [Applied(Multiplier.TIER, percent_of(earner.tier, rules))]
    found.append(Applied(Multiplier.MEMBER_DAY, changes_on(today, calendar).points_percent))
    if earner.born_on is not None and birthday_in(earner.born_on, today, calendar) is not None:
        found.append(Applied(Multiplier.BIRTHDAY, rules.birthday_percent))
    return tuple(each for each in found if each.percent > 100)


def percent_of(tier: str, rules: EarningRules) -> int:
    """Return the points of a tier in percent (R89, seeds 000:167)."""
    return next((each.percent for each in rules.tier_percents if each.tier == tier), 100)


def combine(applied: Iterable[Applied], together: Together) -> tuple[Applied, ...]:
    """Return the multipliers that count: all of them, or the highest alone."""
    found = tuple(applied)
    if together is Together.MULTIPLY or not found:
        return found
    return (max(found, key=lambda each: each.percent),)


def _award(
    source: Source,
    base: int,
    earner: Earner,
    applied: tuple[Applied, ...] = (),
    together: Together = Together.HIGHEST,
) -> Earned:
    if not earner.card_earns:
        return Refusal(EarnReason.CARD_EARNS_NONE)
    if not earner.valid:
        return Refusal(EarnReason.NOT_A_VALID_MEMBER)
    if base <= 0:
        return Refusal(EarnReason.WORTH_NOTHING)
    counted = combine(applied, together)
    points, scale = base, 1
    for each in counted:
        points, scale = points * each.percent, scale * 100
    return Award(source, points // scale, base, points * 100 // (scale * base), counted)
