"""Signing in to an activity by a tap, and what the taps of an activity say about each member (S42, S09)."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

import msgspec

from kiosk.club.activities import (
    Activity,
    ActivityRules,
    ActivityState,
    Attendee,
    against_attendee,
    sign_in_times,
)
from kiosk.club.attendance import Occasion, Presence
from kiosk.club.membership import OPEN, MemberState
from kiosk.club.refusal import Refusal


class SignInReason(StrEnum):
    """Why a tap does not sign in. Wire format."""

    NOT_HELD = "not_held"
    TOO_EARLY = "too_early"
    TOO_LATE = "too_late"
    NOT_A_VALID_MEMBER = "not_a_valid_member"
    NOT_INVITED = "not_invited"
    NOT_REPRESENTED = "not_represented"
    ALREADY_SIGNED_IN = "already_signed_in"
    FULL = "full"


class SignInRefusal(Refusal[SignInReason], frozen=True):
    """Why a tap does not sign in: the first reason, as somebody waits at the desk."""


class Tap(msgspec.Struct, frozen=True):
    """Somebody's card at an activity's reader: who taps, for whom (mostly himself), and when.

    `in_person` is off for one who represents: a unit's deputy, or another member sent by a person.
    """

    by: str
    subject: Attendee
    in_person: bool
    at: datetime


class SignedIn(msgspec.Struct, frozen=True):
    """An attendance: who was there for whom. It is identified by all four, so a repeat changes nothing."""

    activity: str
    subject: str
    by: str
    presence: Presence


_HELD = frozenset({ActivityState.SIGN_IN_OPEN, ActivityState.RUNNING, ActivityState.CLOSED})
"""States in which a tap counts; a closed one too, because a tap may arrive late: its own time decides."""


def sign_in(activity: Activity, tap: Tap, signed: Sequence[SignedIn], rules: ActivityRules) -> SignedIn | SignInRefusal:
    """Sign somebody in to an activity, or say why not (S42, seeds 003:86)."""
    for refusal in (
        _by_time(activity, tap.at, rules),
        _by_person(activity, tap, rules),
        _by_place(activity, tap, signed),
    ):
        if refusal is not None:
            return refusal
    presence = Presence.IN_PERSON if tap.in_person else Presence.BY_REPRESENTATIVE
    return SignedIn(activity.id, tap.subject.id, tap.by, presence)


def _by_time(activity: Activity, at: datetime, rules: ActivityRules) -> SignInRefusal | None:
    times = sign_in_times(activity, rules)
    if activity.state not in _HELD or times is None:
        return SignInRefusal(SignInReason.NOT_HELD, {"state": activity.state.value})
    opens, closes = times
    if at < opens:
        return SignInRefusal(SignInReason.TOO_EARLY, {"from": opens.isoformat()})
    if at > closes:
        return SignInRefusal(SignInReason.TOO_LATE, {"until": closes.isoformat()})
    return None


def _by_person(activity: Activity, tap: Tap, rules: ActivityRules) -> SignInRefusal | None:
    state = tap.subject.state
    kept = state is MemberState.TITLE_KEPT and rules.title_kept_may_attend
    if state not in OPEN and not kept:
        return SignInRefusal(SignInReason.NOT_A_VALID_MEMBER, {"state": state.value})
    if not tap.in_person and not rules.representatives_sign_in:
        return SignInRefusal(SignInReason.NOT_REPRESENTED)
    against = against_attendee(activity, tap.subject)
    if against:
        return SignInRefusal(SignInReason.NOT_INVITED, {"why": " ".join(each.reason for each in against)})
    return None


def _by_place(activity: Activity, tap: Tap, signed: Sequence[SignedIn]) -> SignInRefusal | None:
    here = [each for each in signed if each.activity == activity.id]
    if any(each.by == tap.by and each.subject == tap.subject.id for each in here):
        return SignInRefusal(SignInReason.ALREADY_SIGNED_IN)
    people = {each.by for each in here}
    if activity.capacity is not None and tap.by not in people and len(people) >= activity.capacity:
        return SignInRefusal(SignInReason.FULL, {"capacity": activity.capacity})
    return None


_OVER = frozenset({ActivityState.CLOSED, ActivityState.FEEDBACK, ActivityState.REVIEWED})


def occasions(
    subject: Attendee, since: date, activities: Iterable[Activity], signed: Iterable[SignedIn], zone: ZoneInfo
) -> tuple[Occasion, ...]:
    """Return what counts for a member's duty: each obligatory activity held for him since a day (S09).

    The day is the venue's local one of the activity's start. Nobody misses what he was not invited to.
    """
    best: dict[str, Presence] = {}
    for each in signed:
        if each.subject == subject.id and best.get(each.activity) is not Presence.IN_PERSON:
            best[each.activity] = each.presence
    found = [
        Occasion(each.id, each.starts_at.astimezone(zone).date(), best.get(each.id, Presence.NOBODY))
        for each in activities
        if each.starts_at is not None
        and each.obligatory
        and each.state in _OVER
        and (each.id in best or not against_attendee(each, subject))
    ]
    return tuple(sorted((each for each in found if each.on >= since), key=lambda each: (each.on, each.activity)))
