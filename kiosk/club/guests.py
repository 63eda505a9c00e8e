"""Guests of a member: children too young to join, and visitors with a pass for a day or a few visits (S13, S14)."""

from collections.abc import Iterable
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.club.calendar import add_months, full_years
from kiosk.club.eligibility import is_child
from kiosk.club.inheriting import inherit
from kiosk.club.joining import JoiningRules
from kiosk.club.membership import MemberFacts
from kiosk.club.refusal import Refusal
from kiosk.club.standing import Standing
from kiosk.core.model import Entitlement, VisitRule

_DAY = timedelta(days=1)


class GuestRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long a guest's pass is good, and how many a host may give."""

    pass_days_max: Annotated[
        int,
        Meta(
            ge=1,
            description="Longest pass, in days. The seeds know visitors of a day or an event: one.",
            extra={"source": "S14, seeds 000:230-232"},
        ),
    ] = 1
    pass_visits: Annotated[
        int,
        Meta(
            ge=0,
            description="Visits on a pass; 0 = as many as its days bring. No number in the seeds: one.",
            extra={"source": "S14, seeds 000:230-232"},
        ),
    ] = 1
    passes_a_month: Annotated[
        int,
        Meta(
            ge=0,
            description="Passes that a host may give in a calendar month; 0 = any number. No number in the seeds: "
            "four, so that passes do not stand in for a membership.",
            extra={"source": "S14, R39, seeds 000:230-232"},
        ),
    ] = 4
    important_from: Annotated[
        int,
        Meta(
            ge=1,
            le=15,
            description="Sum of the marks for attention, participation and support, each up to five, from which a "
            "guest is an important one. The seeds name the factors and no number: two thirds.",
            extra={"source": "R120, seeds 000:230"},
        ),
    ] = 10


Mark = Annotated[int, Meta(ge=0, le=5, description="From 1 to 5; 0 = nobody gave one.")]


class Importance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much a guest matters, by the marks that staff give (R120, seeds 000:230)."""

    attention: Mark = 0
    participation: Mark = 0
    support: Mark = 0


class FamilyLink(msgspec.Struct, frozen=True):
    """A child that comes as a member's linked guest."""

    child: str
    host: str
    born: date


class GuestPass(msgspec.Struct, frozen=True):
    """What lets a guest in on certain days, for a product; `activity` when it was given for one."""

    id: str
    guest: str
    host: str
    product: str
    first_day: date
    last_day: date
    visits: int
    activity: str | None = None


class GuestReason(StrEnum):
    """Why a guest cannot be linked or get a pass. Wire format."""

    HOST_NOT_VALID = "host_not_valid"
    OLD_ENOUGH_TO_JOIN = "old_enough_to_join"
    DAYS_OVER = "days_over"
    TOO_LONG = "too_long"
    TOO_MANY_PASSES = "too_many_passes"
    TOO_MANY_VISITS = "too_many_visits"


class GuestRefusal(Refusal[GuestReason], frozen=True):
    """Why a guest cannot be linked or get a pass."""


def is_important(importance: Importance, rules: GuestRules) -> bool:
    """Say whether a guest is an important one (R120)."""
    return importance.attention + importance.participation + importance.support >= rules.important_from


def against_child(link: FamilyLink, host: Standing, rules: JoiningRules, today: date) -> tuple[GuestRefusal, ...]:
    """Return what speaks against a child as a linked guest: a host who is no valid member, or its age (S13, R01)."""
    refusals = [] if host.deny is None else [GuestRefusal(GuestReason.HOST_NOT_VALID, {"state": host.state.value})]
    if not is_child(link.born, today, rules):
        refusals.append(GuestRefusal(GuestReason.OLD_ENOUGH_TO_JOIN))
    return tuple(refusals)


def child_until(born: date, rules: JoiningRules) -> date:
    """Return the last day before a child can join as a member: the card of a linked guest ends with it (R01)."""
    birthday = add_months(born, 12 * rules.minimum_age)
    return birthday if full_years(born, birthday) < rules.minimum_age else birthday - _DAY


def against_pass(
    wanted: GuestPass, host: Standing, given: Iterable[GuestPass], rules: GuestRules, today: date
) -> tuple[GuestRefusal, ...]:
    """Return what speaks against a pass, given all that the host has given before (S14)."""
    refusals = [] if host.deny is None else [GuestRefusal(GuestReason.HOST_NOT_VALID, {"state": host.state.value})]
    if wanted.last_day < max(wanted.first_day, today):
        refusals.append(GuestRefusal(GuestReason.DAYS_OVER, {"last_day": wanted.last_day.isoformat()}))
    if (wanted.last_day - wanted.first_day).days >= rules.pass_days_max:
        refusals.append(GuestRefusal(GuestReason.TOO_LONG, {"days_max": rules.pass_days_max}))
    if rules.pass_visits and not 0 < wanted.visits <= rules.pass_visits:
        refusals.append(GuestRefusal(GuestReason.TOO_MANY_VISITS, {"visits_max": rules.pass_visits}))
    month = (wanted.first_day.year, wanted.first_day.month)
    same = [each for each in given if each.host == wanted.host and each.id != wanted.id]
    count = sum((each.first_day.year, each.first_day.month) == month for each in same)
    if rules.passes_a_month and count >= rules.passes_a_month:
        refusals.append(GuestRefusal(GuestReason.TOO_MANY_PASSES, {"given": count}))
    return tuple(refusals)


def as_entitlement(guest_pass: GuestPass) -> Entitlement:
    """Return what the guest's credential holds: the product on the days of the pass, for its visits (S14)."""
    return Entitlement(
        id=guest_pass.id,
        product=guest_pass.product,
        valid_from=guest_pass.first_day,
        valid_until=guest_pass.last_day,
        visits=VisitRule(ever=guest_pass.visits) if guest_pass.visits else None,
    )


def as_guest(handed_over_on: date | None, host: MemberFacts) -> MemberFacts:
    """Return the facts that a guest's card rests on: its own hand-over, and all that befalls the host (S14)."""
    both = handed_over_on is not None and host.collected_on is not None
    collected_on = max(handed_over_on or date.min, host.collected_on or date.min) if both else None
    return inherit(MemberFacts(approved_on=host.approved_on, collected_on=collected_on), host)
