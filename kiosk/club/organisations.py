"""Units and those who represent them: who may, how a unit's standing reaches their cards, job changes (S12, S13)."""

from collections.abc import Iterable, Sequence
from datetime import date
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.club.calendar import add_months
from kiosk.club.inheriting import inherit
from kiosk.club.membership import (
    Ending,
    EndReason,
    MemberFacts,
    MemberState,
)
from kiosk.club.refusal import Refusal


class Role(StrEnum):
    """What a representative is to the unit (R11). Wire format."""

    MAIN = "main"
    DEPUTY = "deputy"


class Position(StrEnum):
    """A post in the club's own bodies (R13, R67). Wire format."""

    COUNCIL_MEMBER = "council_member"
    STANDING_COUNCIL_MEMBER = "standing_council_member"
    DEPUTY_SECRETARY_GENERAL = "deputy_secretary_general"
    SECRETARY_GENERAL = "secretary_general"
    VICE_CHAIR = "vice_chair"
    CHAIR = "chair"


class OrganisationRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many represent a unit, which posts are for units, and what a change of job or region means."""

    representatives_max: Annotated[
        int,
        Meta(
            ge=1,
            description="Representatives that a unit may have at a time, one of each role.",
            extra={"source": "R11, seeds 004:83"},
        ),
    ] = 2
    unit_positions: Annotated[
        tuple[Position, ...],
        Meta(
            description="Posts that only a unit's representative may hold: the council's and above.",
            extra={"source": "R13, seeds 004:83"},
        ),
    ] = tuple(Position)
    leaving_region_voids: Annotated[
        bool,
        Meta(
            description="Whether a membership ends with a move out of the club's region.",
            extra={"source": "R68, seeds 004:85"},
        ),
    ] = True
    stays_as_individual: Annotated[
        bool,
        Meta(
            description="Whether one who leaves the post stays as an ordinary individual member within the region.",
            extra={"source": "R68, seeds 004:85"},
        ),
    ] = True
    annual_products: Annotated[
        tuple[str, ...],
        Meta(
            description="Products that make their buyer, a unit, an annual member when all are bought in the period. "
            "The seeds name none: nobody joins that way.",
            extra={"source": "R151, seeds 003:241"},
        ),
    ] = ()
    annual_purchase_months: Annotated[
        int,
        Meta(ge=1, description="The period for those purchases, in months.", extra={"source": "R151, seeds 003:241"}),
    ] = 12


class Purchase(msgspec.Struct, frozen=True):
    """A unit's purchase of a product on a day."""

    product: str
    on: date


class Mandate(msgspec.Struct, frozen=True):
    """Who represents which unit since when. After `until`, its last day, one who `stays` is a member of his own."""

    member: str
    unit: str
    role: Role
    since: date
    until: date | None = None
    stays: bool = False


class MandateReason(StrEnum):
    """Why somebody cannot represent a unit, follow another, or hold a post. Wire format."""

    UNIT_FULL = "unit_full"
    ROLE_TAKEN = "role_taken"
    ALREADY_REPRESENTS = "already_represents"
    NOT_REVIEWED = "not_reviewed"
    NOT_AGREED = "not_agreed"
    NO_COUNCIL_VOTE = "no_council_vote"
    FOR_UNITS_ONLY = "for_units_only"


class MandateRefusal(Refusal[MandateReason], frozen=True):
    """Why somebody cannot represent a unit, follow another, or hold a post."""


def holds(mandate: Mandate, day: date) -> bool:
    """Say whether a mandate is in force on a day."""
    return mandate.since <= day and (mandate.until is None or day <= mandate.until)


def in_person(mandate: Mandate) -> bool:
    """Say whether one who represents a unit is there as the unit in person: its main representative (R64, R11)."""
    return mandate.role is Role.MAIN


def against_mandate(
    mandates: Iterable[Mandate], wanted: Mandate, rules: OrganisationRules
) -> tuple[MandateRefusal, ...]:
    """Return what speaks against a new representative, given all mandates there are (R11, seeds 004:83)."""
    clash = [each for each in mandates if _overlap(each, wanted)]
    of_unit = [each for each in clash if each.unit == wanted.unit]
    refusals = []
    if any(each.member == wanted.member for each in clash):
        refusals.append(MandateRefusal(MandateReason.ALREADY_REPRESENTS))
    if any(each.role is wanted.role for each in of_unit):
        refusals.append(MandateRefusal(MandateReason.ROLE_TAKEN, {"role": wanted.role.value}))
    if len(of_unit) >= rules.representatives_max:
        refusals.append(MandateRefusal(MandateReason.UNIT_FULL, {"max": rules.representatives_max}))
    return tuple(refusals)


def _overlap(one: Mandate, other: Mandate) -> bool:
    return one.since <= (other.until or date.max) and other.since <= (one.until or date.max)


def against_successor(reviewed: bool, agreed: bool, council_voted: bool) -> tuple[MandateRefusal, ...]:
    """Return what a successor lacks to take over the post of the one before; nothing is inherited (R69, 004:87)."""
    lacks = []
    if not reviewed:
        lacks.append(MandateRefusal(MandateReason.NOT_REVIEWED))
    if not agreed:
        lacks.append(MandateRefusal(MandateReason.NOT_AGREED))
    if not council_voted:
        lacks.append(MandateRefusal(MandateReason.NO_COUNCIL_VOTE))
    return tuple(lacks)


def against_position(position: Position, mandate: Mandate | None, rules: OrganisationRules) -> MandateRefusal | None:
    """Return why somebody cannot hold a post: the council and above are for units (R13, seeds 004:83)."""
    if mandate is None and position in rules.unit_positions:
        return MandateRefusal(MandateReason.FOR_UNITS_ONLY, {"position": position.value})
    return None


class Change(StrEnum):
    """What happened to a member's circumstances (R68). Wire format."""

    LEFT_POST = "left_post"
    LEFT_REGION = "left_region"


class Consequence(msgspec.Struct, frozen=True):
    """What a change of circumstances brings: the mandate as it then is, the fall to an ordinary member, the end."""

    mandate: Mandate | None = None
    ordinary: bool = False
    ending: Ending | None = None


def after_change(change: Change, last_day: date, mandate: Mandate | None, rules: OrganisationRules) -> Consequence:
    """Return what follows when somebody leaves the post or the region after a last day (R68, seeds 004:85)."""
    gone = change is Change.LEFT_REGION and rules.leaving_region_voids
    ending = Ending(last_day, MemberState.VOID, EndReason.LEFT_REGION) if gone else None
    if mandate is None or not holds(mandate, last_day):
        return Consequence(ending=ending)
    if change is Change.LEFT_REGION and not gone:
        return Consequence(mandate=mandate)
    stays = not gone and rules.stays_as_individual
    over = msgspec.structs.replace(mandate, until=last_day, stays=stays)
    return Consequence(mandate=over, ordinary=stays, ending=ending)


def as_representative(person: MemberFacts, unit: MemberFacts, mandate: Mandate) -> MemberFacts:
    """Return the facts that a representative's card rests on: his own, the unit's, and the unit's fees (S13).

    For as long as the mandate holds; after it the card rests on the person's own facts again, if he stays.
    """
    merged = inherit(person, unit)
    if mandate.until is None or mandate.stays:
        return merged
    over = Ending(mandate.until, MemberState.VOID, EndReason.MANDATE_OVER)
    return msgspec.structs.replace(merged, endings=(*merged.endings, over))


def annual_member_on(purchases: Sequence[Purchase], rules: OrganisationRules) -> date | None:
    """Return the day on which a unit had first bought all the named products within the period (R151, 003:241)."""
    wanted = set(rules.annual_products)
    days = sorted({each.on for each in purchases if each.product in wanted})
    for day in days:
        begins = add_months(day, -rules.annual_purchase_months)
        bought = {each.product for each in purchases if begins < each.on <= day}
        if wanted <= bought:
            return day
    return None
