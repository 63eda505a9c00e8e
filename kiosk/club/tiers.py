"""The ladder of tiers: what carries a member up, what the next rung still asks for, and what is published of it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.club.calendar import Part, add_months, full_months, span_before
from kiosk.core.errors import InvalidInput


class Basis(StrEnum):
    """What a condition looks at (R76, R82–R84, R152). Amounts are minor units, tenure is full months."""

    LIFETIME_POINTS = "lifetime_points"
    SPEND_MINOR = "spend_minor"
    VISITS_IN_MONTH = "visits_in_month"
    TENURE_MONTHS = "tenure_months"
    BOUGHT = "bought"


class Combine(StrEnum):
    """Whether one of a rung's conditions is enough or all are needed."""

    ANY_OF = "any_of"
    ALL_OF = "all_of"


class Fall(StrEnum):
    """What a review does with a tier that is no longer earned."""

    NEVER = "never"
    ONE_RUNG = "one_rung"
    TO_EARNED = "to_earned"


class MonthReading(StrEnum):
    """Which month "visits in a month" counts."""

    LAST_FULL = "last_full"
    RUNNING = "running"


class Condition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """So much of one basis; for `bought`, 1."""

    basis: Basis
    at_least: Annotated[int, Meta(ge=0)]


class Rung(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A tier, what leads to it (nothing = joining) and the gift for reaching it (R87, seeds 003:130)."""

    tier: str
    conditions: tuple[Condition, ...] = ()
    combine: Combine = Combine.ANY_OF
    gift: str = ""


class TierRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The ladder and how one moves on it."""

    ladder: Annotated[
        tuple[Rung, ...],
        Meta(
            description="The tiers from the lowest to the highest. Names differ per document; by default ordinary of "
            "the club's sample below the three with numbers, of which silver comes with registration.",
            extra={"source": "R72–R77, R152, seeds 000:93, 003:111–113, 002:16"},
            min_length=1,
        ),
    ] = (
        Rung("ordinary"),
        Rung("silver"),
        Rung("gold", (Condition(Basis.LIFETIME_POINTS, 2000), Condition(Basis.BOUGHT, 1)), gift="upgrade_gold"),
        Rung("platinum", (Condition(Basis.LIFETIME_POINTS, 5000), Condition(Basis.BOUGHT, 1)), gift="upgrade_platinum"),
    )
    visits_month: Annotated[
        MonthReading,
        Meta(
            description="Which month counts for visits: the last full one, or the one up to today.",
            extra={"source": "R84, seeds 002:19"},
        ),
    ] = MonthReading.LAST_FULL
    fall: Annotated[
        Fall,
        Meta(
            description="What a review does with a tier that is no longer earned. No seed lowers a tier but for a "
            "change of job, so by default nothing.",
            extra={"source": "R78, seeds 003:113, 004:85"},
        ),
    ] = Fall.NEVER
    hold_months: Annotated[
        int,
        Meta(
            ge=1, description="Months a tier is held before a review.", extra={"source": "S34; no number in the seeds"}
        ),
    ] = 12
    job_change_tier: Annotated[
        str,
        Meta(
            description="The highest tier of a representative who left the post, until staff lift it.",
            extra={"source": "R68, seeds 004:85"},
        ),
    ] = "ordinary"


class TierFacts(msgspec.Struct, frozen=True):
    """What is known of a member: counters, and the tier bought with its last paid day (None = no end)."""

    joined_on: date
    lifetime_points: int = 0
    spend_minor: int = 0
    visits_in_month: int = 0
    bought: str = ""
    bought_until: date | None = None
    gifts_had: tuple[str, ...] = ()


class Missing(msgspec.Struct, frozen=True):
    """How far a condition is from being met."""

    basis: Basis
    needed: int
    have: int
    missing: int


class Progress(msgspec.Struct, frozen=True):
    """What the next tier asks for; with `any_of`, one of `missing` is enough."""

    tier: str
    combine: Combine
    missing: tuple[Missing, ...]


class Published(msgspec.Struct, frozen=True):
    """One rung as it is published to members (R86, seeds 003:127)."""

    tier: str
    rank: int
    combine: Combine
    conditions: tuple[Condition, ...]
    gift: str


def rank_of(tier: str, rules: TierRules) -> int:
    """Return a tier's place on the ladder, 1 = lowest; raises InvalidInput for one there is not."""
    for rank, rung in enumerate(rules.ladder, 1):
        if rung.tier == tier:
            return rank
    raise InvalidInput(f"no such tier: {tier!r}", hint=f"There are {', '.join(each.tier for each in rules.ladder)}")


def visits_in_month(days: Iterable[date], today: date, rules: TierRules) -> int:
    """Count visits by their local days in the month that the rules look at (R84, seeds 002:19)."""
    if rules.visits_month is MonthReading.LAST_FULL:
        month = span_before(today, Part.MONTH)
        first, last = month.first, month.last
    else:
        first, last = add_months(today, -1) + timedelta(days=1), today
    return sum(first <= day <= last for day in days)


def earned(facts: TierFacts, rules: TierRules, today: date) -> Rung:
    """Return the highest rung whose conditions are met (R76, R77, R82–R84)."""
    met = [rung for rung in rules.ladder if _is_met(rung, facts, rules, today)]
    return met[-1] if met else rules.ladder[0]


def what_is_missing(tier: str, facts: TierFacts, rules: TierRules, today: date) -> Progress | None:
    """Return what the tier above `tier` still asks for, basis by basis (S34, seeds 003:127); None at the top."""
    rank = rank_of(tier, rules)
    if rank == len(rules.ladder):
        return None
    rung = rules.ladder[rank]
    have = [(each, amount_of(each.basis, rung, facts, rules, today)) for each in rung.conditions]
    missing = (Missing(each.basis, each.at_least, got, max(each.at_least - got, 0)) for each, got in have)
    return Progress(rung.tier, rung.combine, tuple(missing))


def check_for_sale(tier: str, rules: TierRules) -> None:
    """Return where a tier can be bought; raises InvalidInput for one that cannot, or is not there (R152)."""
    rung = rules.ladder[rank_of(tier, rules) - 1]
    if all(each.basis is not Basis.BOUGHT for each in rung.conditions):
        raise InvalidInput(f"tier {tier} is not for sale", hint="It comes with joining, or is earned")


def published(rules: TierRules) -> tuple[Published, ...]:
    """Return the conditions of every tier, for members to read (R86, seeds 003:127)."""
    return tuple(
        Published(rung.tier, rank, rung.combine, rung.conditions, rung.gift)
        for rank, rung in enumerate(rules.ladder, 1)
    )


def ladder_faults(rules: TierRules) -> tuple[str, ...]:
    """Return what is wrong with a ladder: tiers named twice, and a rung that asks less than one below it."""
    names = Counter(rung.tier for rung in rules.ladder)
    faults = [f"tier {name} stands on the ladder {count} times" for name, count in names.items() if count > 1]
    if rules.job_change_tier not in names:
        faults.append(f"job_change_tier {rules.job_change_tier} is not on the ladder")
    return (*faults, *_easier_rungs(rules.ladder))


def _easier_rungs(ladder: Sequence[Rung]) -> tuple[str, ...]:
    highest: dict[Basis, Condition] = {}
    faults = []
    for rung in ladder:
        for each in rung.conditions:
            below = highest.get(each.basis)
            if each.basis is not Basis.BOUGHT and below is not None and each.at_least <= below.at_least:
                faults.append(f"tier {rung.tier} asks for no more {each.basis} than a tier below it")
            highest[each.basis] = each
    return tuple(faults)


def _is_met(rung: Rung, facts: TierFacts, rules: TierRules, today: date) -> bool:
    met = [amount_of(each.basis, rung, facts, rules, today) >= each.at_least for each in rung.conditions]
    return not met or (all(met) if rung.combine is Combine.ALL_OF else any(met))


def amount_of(basis: Basis, rung: Rung, facts: TierFacts, rules: TierRules, today: date) -> int:
    """Return what a member has of a basis. A tier that was bought counts for itself and for every tier below."""
    if basis is Basis.TENURE_MONTHS:
        return full_months(facts.joined_on, today)
    if basis is not Basis.BOUGHT:
        return int(getattr(facts, basis.value))
    return int(is_bought(rung.tier, facts, rules, today))


def is_bought(tier: str, facts: TierFacts, rules: TierRules, today: date) -> bool:
    """Say whether a tier, or one above it, is paid for on a day (R152, seeds 002:16)."""
    paid = bool(facts.bought) and (facts.bought_until is None or today <= facts.bought_until)
    return paid and rank_of(facts.bought, rules) >= rank_of(tier, rules)
