"""Signing in by going in: a passage at one of an activity's access points counts while one can sign in (S42, S09).

An activity names the access points of its site that stand for its desk, such as the door of the hall or a portable
reader. Every box writes its passages down anyway, without a line too, so that a tap is all that anybody has to do. Who
may not pass there, as one whose rights are stopped for absence, is signed in at the desk.
"""

import logging
from collections.abc import Iterable, Sequence
from datetime import timedelta

from sqlalchemy import select

from kiosk.central.club.activities import ActivityFile, read_activity, times_of
from kiosk.central.club.activity_tables import activity
from kiosk.central.club.books import Change
from kiosk.central.club.card_taps import CardTap
from kiosk.central.club.sign_ins import Presented, sign_in_recorded
from kiosk.central.tables import credential
from kiosk.club.activities import MINUTES_MAX, ActivityState
from kiosk.club.discipline import Evidence
from kiosk.club.sign_in import SignedIn, SignInReason
from kiosk.core.clock import format_utc
from kiosk.core.errors import Refused

_SLACK = timedelta(minutes=MINUTES_MAX)
_NEVER = (ActivityState.PLANNED.value, ActivityState.CALLED_OFF.value)
_JUST_PASSING = frozenset({SignInReason.NOT_INVITED})
"""Refusals that staff need not see: who is not invited went in for something else."""

_log = logging.getLogger(__name__)


def sign_in_passages(change: Change, taps: Iterable[CardTap]) -> int:
    """Sign in whoever went in by an access point of an activity, at the passage's own time; return how many are new.

    However late a passage comes in, it counts as of its time, and again it changes nothing.
    """
    entries = [each for each in taps if each.tap.passed and not each.tap.way_out]
    held = _activities(change, entries)
    if not held:
        return 0
    holders = _holders(change, {each.credential for each in entries})
    found = 0
    for each in entries:
        for wanted in held:
            if each.credential in holders and _counts_for(change, wanted, each):
                found += _sign_in(change, wanted, each, holders[each.credential])
    return found


def _activities(change: Change, entries: Sequence[CardTap]) -> list[ActivityFile]:
    """Return the activities that some passages may be about: at their sites, about their times."""
    if not entries:
        return []
    first, last = min(each.tap.at for each in entries), max(each.tap.at for each in entries)
    query = select(activity).where(
        activity.c.site.in_({each.tap.site for each in entries}),
        activity.c.access_points != "[]",
        activity.c.state.not_in(_NEVER),
        activity.c.starts_at <= format_utc(last + _SLACK),
        activity.c.ends_at >= format_utc(first - _SLACK),
    )
    return [read_activity(row) for row in change.connection.execute(query.order_by(activity.c.id)).mappings()]


def _holders(change: Change, cards: Iterable[str]) -> dict[str, str]:
    """Return the member of each card that has one."""
    columns = (credential.c.id, credential.c.member)
    query = select(*columns).where(credential.c.id.in_(set(cards)), credential.c.member.is_not(None))
    return {card: member for card, member in change.connection.execute(query)}


def _counts_for(change: Change, found: ActivityFile, each: CardTap) -> bool:
    it = found.activity
    times = times_of(change, it)
    here = each.tap.site == it.site and each.access_point in it.access_points
    return here and times is not None and times[0] <= each.tap.at <= times[1]


def _sign_in(change: Change, found: ActivityFile, each: CardTap, member_id: str) -> bool:
    tap = Presented(found.activity.id, member_id, each.tap.at)
    try:
        with change.connection.begin_nested():
            outcome = sign_in_recorded(change, tap, Evidence(each.tap.journal, each.tap.seq), unseen=_JUST_PASSING)
    except Refused as error:
        place = {"journal": each.tap.journal, "seq": each.tap.seq, "activity": found.activity.id}
        _log.warning("a passage could not sign in", extra=place | {"why": error.message})
        return False
    return isinstance(outcome, SignedIn)
