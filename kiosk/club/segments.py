"""Members by what the streams say of them: new, regular or dormant; A, B or C; a value; groups to address (S65, S66).

A class is computed from dated facts, never given: whoever comes and buys again is out of the dormant ones by that.
"""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.club.calendar import add_months


class DormancySign(StrEnum):
    """What makes a member dormant: neither seen nor buying (R108, R109). Wire format."""

    NO_VISIT = "no_visit"
    NO_PURCHASE = "no_purchase"


class GroupBy(StrEnum):
    """What members are grouped by for offers (S82); the first four are those of the association's files (R119)."""

    POST = "post"
    UNIT_TYPE = "unit_type"
    REGION = "region"
    TRADE = "trade"
    TIER = "tier"
    CLASS = "class"
    CONTRIBUTION = "contribution"
    VISITS = "visits"
    SPEND = "spend"


class Factor(StrEnum):
    """What a member's value is made of (R118). Wire format."""

    SPEND = "spend"
    VISITS = "visits"
    REFERRALS = "referrals"


class FactorWeight(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much one factor counts, and how much of it in the time looked at (minor units, days, people) is all of it."""

    factor: Factor
    percent: Annotated[int, Meta(ge=0, le=100)]
    full_at: Annotated[int, Meta(ge=1)]


class SegmentRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where classes begin and end, and what a member's value is made of."""

    new_months: Annotated[
        int,
        Meta(
            ge=0,
            description="Months after joining in which a member is new. No number in the seeds: as long as one has to "
            "be away before anybody asks why.",
            extra={"source": "R104, S65, seeds 003:344"},
        ),
    ] = 3
    no_visit_months: Annotated[
        int,
        Meta(ge=1, description="Months without a visit that make dormant.", extra={"source": "R108, seeds 003:207"}),
    ] = 3
    no_purchase_months: Annotated[
        int,
        Meta(ge=1, description="Months without a purchase that make dormant.", extra={"source": "R109, seeds 003:206"}),
    ] = 6
    dormant_by: Annotated[
        tuple[DormancySign, ...],
        Meta(
            description="Which signs make a member dormant, one is enough. The seeds name both, on two measures.",
            extra={"source": "R104, R108, R109, §6.2, seeds 003:206–207"},
        ),
    ] = (DormancySign.NO_VISIT, DormancySign.NO_PURCHASE)
    top_percent: Annotated[
        int,
        Meta(ge=0, le=100, description="Per cent of the regulars who are A.", extra={"source": "R105, seeds 003:204"}),
    ] = 20
    middle_percent: Annotated[
        int,
        Meta(ge=0, le=100, description="Per cent of the regulars who are B.", extra={"source": "R106, seeds 003:204"}),
    ] = 30
    ranked_months: Annotated[
        int,
        Meta(
            ge=1,
            description="Months back that amounts, visits and referrals are counted. No number in the seeds: a year.",
            extra={"source": "S66, S83, R105–R107, R118; no seed for the number"},
        ),
    ] = 12
    value: Annotated[
        tuple[FactorWeight, ...],
        Meta(
            description="What a value of 100 is made of. The seeds name the three factors and no weights.",
            extra={"source": "R118, S83, seeds 002:45"},
        ),
    ] = (
        FactorWeight(Factor.SPEND, 50, 1_000_000),
        FactorWeight(Factor.VISITS, 30, 100),
        FactorWeight(Factor.REFERRALS, 20, 5),
    )
    groups: Annotated[
        tuple[GroupBy, ...],
        Meta(description="What members are grouped by.", extra={"source": "S82, R119, seeds 004:63, 000:79"}),
    ] = tuple(GroupBy)
    visit_steps: Annotated[
        tuple[int, ...],
        Meta(
            description="From how many visits on the next group begins. No numbers in the seeds: once a month, weekly.",
            extra={"source": "S82, seeds 000:79"},
        ),
    ] = (1, 12, 52)
    spend_steps: Annotated[
        tuple[int, ...],
        Meta(
            description="From which amount in minor units on the next group begins. No numbers in the seeds.",
            extra={"source": "S82, seeds 000:79"},
        ),
    ] = (1, 100_000, 1_000_000)


class MemberClass(StrEnum):
    """The three classes of R104. Wire format."""

    NEW = "new"
    REGULAR = "regular"
    DORMANT = "dormant"


class Contribution(StrEnum):
    """The class of a regular by the rank of the amount (S66). Wire format."""

    A = "a"
    B = "b"
    C = "c"


class Activity(msgspec.Struct, frozen=True):
    """What the streams say of a member: local days of joining, the last visit and purchase, and counts.

    `visits` are days, `spend_minor` minor units, `referrals` people who joined, all within the time looked at. Before
    `watched_from` nothing could be seen of anybody: a silence does not begin before it.
    """

    joined_on: date
    visited_on: date | None = None
    bought_on: date | None = None
    visits: int = 0
    spend_minor: int = 0
    referrals: int = 0
    watched_from: date | None = None

    @property
    def begun_on(self) -> date:
        """Return the first day on which the streams could say something of the member."""
        return max(self.joined_on, self.watched_from or self.joined_on)


class Cuts(msgspec.Struct, frozen=True):
    """From which amount on a regular is A, and from which B; None where nobody is."""

    a_from_minor: int | None
    b_from_minor: int | None


def dormancy_signs(activity: Activity, rules: SegmentRules, today: date) -> tuple[DormancySign, ...]:
    """Return what of a member has stopped; who never came or bought is counted from the start (R108)."""
    seen = (
        (DormancySign.NO_VISIT, activity.visited_on, rules.no_visit_months),
        (DormancySign.NO_PURCHASE, activity.bought_on, rules.no_purchase_months),
    )
    return tuple(
        sign for sign, last, months in seen if silent_since(last, activity.begun_on, months, today) is not None
    )


def silent_since(last: date | None, begun_on: date, months: int, today: date) -> date | None:
    """Return the day that completed so many months of silence, or None as long as they are not over."""
    full = add_months(max(last or begun_on, begun_on), months)
    return full if today >= full else None


def class_of(activity: Activity, rules: SegmentRules, today: date) -> MemberClass:
    """Return a member's class (R104): dormant before new, for somebody may stay away from the first day on."""
    if set(dormancy_signs(activity, rules, today)) & set(rules.dormant_by):
        return MemberClass.DORMANT
    is_new = today < add_months(activity.joined_on, rules.new_months)
    return MemberClass.NEW if is_new else MemberClass.REGULAR


def places(regulars: int, rules: SegmentRules) -> tuple[int, int]:
    """Return how many of so many regulars the ranks give to A, and to A and B together, halves rounded up (R105)."""
    upper = min(rules.top_percent + rules.middle_percent, 100)
    return (regulars * rules.top_percent + 50) // 100, (regulars * upper + 50) // 100


def value_of(activity: Activity, rules: SegmentRules) -> int:
    """Return a member's value from 0 to 100, rounded down once (R118, S83, seeds 002:45)."""
    has = {
        Factor.SPEND: activity.spend_minor,
        Factor.VISITS: activity.visits,
        Factor.REFERRALS: activity.referrals,
    }
    total = Fraction(0)
    for each in rules.value:
        total += each.percent * Fraction(min(max(has[each.factor], 0), each.full_at), each.full_at)
    return min(int(total), 100)


def groups_of(said: Mapping[GroupBy, str], activity: Activity, rules: SegmentRules) -> tuple[str, ...]:
    """Return the groups a member is in as `by:value`, in the order of the rules; what is not known has none (S82)."""
    known = {
        **said,
        GroupBy.VISITS: str(sum(activity.visits >= each for each in rules.visit_steps)),
        GroupBy.SPEND: str(sum(activity.spend_minor >= each for each in rules.spend_steps)),
    }
    return tuple(f"{by}:{known[by]}" for by in rules.groups if known.get(by))
