"""The activities of these days that a member may attend, and whether the member can sign in now."""

from datetime import datetime, timedelta

import msgspec
from sqlalchemy import select

from kiosk.central.club import activities, sign_ins
from kiosk.central.club.activity_lists import activity_calendar
from kiosk.central.club.activity_tables import activity_answer
from kiosk.central.club.attendees import attendee, mandate_on
from kiosk.central.club.books import Look
from kiosk.central.self_service.names import named
from kiosk.club.activities import Activity, ActivityState, Willing, against_attendee
from kiosk.club.organisations import in_person
from kiosk.club.sign_in import SignInReason, SignInRefusal, Tap, sign_in
from kiosk.core.self_service import ROWS_MAX, ActivityView

DAYS_AHEAD = 7
LOOKED_AT = 200
"""Of the latest so many that are announced or run; a club announces far fewer for the days to come."""

_SHOWN = (ActivityState.ANNOUNCED, ActivityState.SIGN_IN_OPEN, ActivityState.RUNNING)


def activities_of(look: Look, member: str) -> tuple[ActivityView, ...]:
    """Return today's activities and those of the days to come that are for a member, the next one first (S42, S73)."""
    tap = _tap(look, member)
    booked = _booked(look, member)
    shown = []
    for each in activity_calendar(look, _SHOWN, limit=LOOKED_AT):
        starts, ends = each.activity.starts_at, each.activity.ends_at
        if starts is None or ends is None or ends <= look.now or not _is_soon(look, starts):
            continue
        if not against_attendee(each.activity, tap.subject):
            signed_in, why_not = _standing(look, each.activity, tap)
            id, what = each.activity.id, named(each.title, each.title_en)
            shown.append(ActivityView(id, what, starts, ends, id in booked, signed_in, why_not))
    return tuple(sorted(shown, key=lambda each: (each.starts, each.id))[:ROWS_MAX])


def _tap(look: Look, member: str) -> Tap:
    mandate = mandate_on(look, member, look.today)
    subject = attendee(look, mandate.unit if mandate else member, look.today)
    return Tap(member, subject, mandate is None or in_person(mandate), look.now)


def _is_soon(look: Look, starts: datetime) -> bool:
    return starts.astimezone(look.zone).date() <= look.today + timedelta(days=DAYS_AHEAD)


def _booked(look: Look, member: str) -> frozenset[str]:
    mine = (activity_answer.c.member == member, activity_answer.c.willing == Willing.YES.value)
    return frozenset(look.connection.execute(select(activity_answer.c.activity).where(*mine)).scalars())


def _standing(look: Look, held: Activity, tap: Tap) -> tuple[bool, str]:
    """Return whether somebody is signed in to an activity, and else why that cannot be now."""
    times = activities.times_of(look, held)
    if held.state is ActivityState.ANNOUNCED and times is not None and look.now >= times[0]:
        # Its time has come, and that step is written down with the first who signs in.
        held = msgspec.structs.replace(held, state=ActivityState.SIGN_IN_OPEN)
    outcome = sign_in(held, tap, sign_ins.signed_in_to(look, held.id), look.rules.activities)
    if not isinstance(outcome, SignInRefusal):
        return False, ""
    if outcome.reason is SignInReason.ALREADY_SIGNED_IN:
        return True, ""
    not_yet = outcome.reason is SignInReason.NOT_HELD
    return False, (SignInReason.TOO_EARLY if not_yet else outcome.reason).value
