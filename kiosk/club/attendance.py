"""What attending and not attending means: the rules, who may speak, and leaders who do nothing (S09, R64 to R67)."""

from datetime import date
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.club.calendar import add_months
from kiosk.club.organisations import Position
from kiosk.club.refusal import Refusal


class Combine(StrEnum):
    """How two conditions that a regulation joins with a comma belong together."""

    EITHER = "either"
    BOTH = "both"


class AttendanceRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many absences in a row stop a member's rights, and how many end the membership."""

    applies: Annotated[
        bool,
        Meta(
            description="Whether members have a duty to attend. On as in the association's regulation.",
            extra={"source": "S09, seeds 004:93"},
        ),
    ] = True
    nobody_to_stop: Annotated[
        int,
        Meta(
            ge=1,
            description="Activities in a row to which a unit sent nobody, after which rights stop.",
            extra={"source": "R64, seeds 004:93"},
        ),
    ] = 3
    away_to_stop: Annotated[
        int,
        Meta(
            ge=1,
            description="Activities in a row not attended in person, after which rights stop.",
            extra={"source": "R64, seeds 004:93"},
        ),
    ] = 6
    unit_needs: Annotated[
        Combine,
        Meta(
            description="Whether a unit's rights stop by either count or only by both. The sentence has a comma: "
            "either, the reading under which each number has a meaning of its own.",
            extra={"source": "R64, §6.4, seeds 004:93"},
        ),
    ] = Combine.EITHER
    absent_to_withdraw: Annotated[
        int,
        Meta(
            ge=1,
            description="Activities in a row without anybody, after which the membership ends. `Six or more` also "
            "stops rights at six: seven, because else nobody would ever be warned.",
            extra={"source": "R65, §6.4, seeds 004:93"},
        ),
    ] = 7
    months_to_withdraw: Annotated[
        int,
        Meta(
            ge=1,
            description="Months of absence in a row, from the first activity missed, after which the membership ends.",
            extra={"source": "R65, seeds 004:93"},
        ),
    ] = 12
    months_need_absences: Annotated[
        int,
        Meta(
            ge=1,
            description="Activities that must have been missed in those months. Two: one activity missed in a quiet "
            "year is no absence in a row.",
            extra={"source": "R65, seeds 004:93"},
        ),
    ] = 2
    attending_restores: Annotated[
        bool,
        Meta(
            description="Whether attending again gives stopped rights back. On: the count in a row is their ground.",
            extra={"source": "R64, seeds 004:93"},
        ),
    ] = True
    representative_has_say: Annotated[
        bool,
        Meta(
            description="Whether one who was represented has a say on an activity and its benefits.",
            extra={"source": "R66, seeds 004:91"},
        ),
    ] = True
    leader_positions: Annotated[
        tuple[Position, ...],
        Meta(
            description="Posts that are lost without work; the council's others are not named there.",
            extra={"source": "R67, seeds 004:95"},
        ),
    ] = (Position.CHAIR, Position.VICE_CHAIR, Position.SECRETARY_GENERAL, Position.DEPUTY_SECRETARY_GENERAL)
    leader_idle_months: Annotated[
        int,
        Meta(
            ge=1,
            description="Months without work after which a leader's position ends by itself.",
            extra={"source": "R67, seeds 004:95"},
        ),
    ] = 6


class Presence(StrEnum):
    """How a member was at an activity. Wire format."""

    IN_PERSON = "in_person"
    BY_REPRESENTATIVE = "by_representative"
    NOBODY = "nobody"


class Occasion(msgspec.Struct, frozen=True):
    """One activity that a member had to attend, its day, and how the member was there."""

    activity: str
    on: date
    presence: Presence


class Voice(msgspec.Struct, frozen=True):
    """What an activity brings a member: a say on its matters, and the benefits on the spot (R66)."""

    say: bool
    benefits: bool


def voice(presence: Presence, rules: AttendanceRules) -> Voice:
    """Return what a member may claim of one activity; who did not attend may claim nothing (R66, seeds 004:91)."""
    represented = presence is Presence.BY_REPRESENTATIVE and rules.representative_has_say
    there = presence is Presence.IN_PERSON or represented
    return Voice(say=there, benefits=there)


class ReturnReason(StrEnum):
    """What a removed leader lacks to come back. Wire format."""

    NOT_CHECKED_AGAIN = "not_checked_again"
    NO_COUNCIL_VOTE = "no_council_vote"


class ReturnRefusal(Refusal[ReturnReason], frozen=True):
    """What a removed leader lacks to come back."""


def leader_removed_on(worked_on: date, rules: AttendanceRules) -> date:
    """Return the day on which a leader's position ends if no work follows the last (R67, seeds 004:95)."""
    return add_months(worked_on, rules.leader_idle_months)


def against_return(checked_again: bool, council_voted: bool) -> tuple[ReturnRefusal, ...]:
    """Return what a removed leader lacks to be one again: a new check and the standing council's vote (R67)."""
    refusals = []
    if not checked_again:
        refusals.append(ReturnRefusal(ReturnReason.NOT_CHECKED_AGAIN))
    if not council_voted:
        refusals.append(ReturnRefusal(ReturnReason.NO_COUNCIL_VOTE))
    return tuple(refusals)
