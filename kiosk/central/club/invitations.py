"""What members say of activities: beforehand whether they come, and afterwards what it was worth (S73, R66, R153)."""

from collections import defaultdict
from collections.abc import Sequence

import msgspec
from sqlalchemy import func, select

from kiosk.central.club.activities import TEXT_CHARACTERS_MAX, activity_of
from kiosk.central.club.activity_tables import activity, activity_answer, activity_opinion, activity_sign_in
from kiosk.central.club.attendees import attendee
from kiosk.central.club.books import Change, Look
from kiosk.central.club.refused import RuleRefused, refuse
from kiosk.central.club.spells import lock_member
from kiosk.central.database import upsert
from kiosk.club.activities import ActivityState, Answer, Willing, against_attendee, places
from kiosk.club.attendance import Presence, Voice, voice
from kiosk.club.membership import OPEN
from kiosk.club.notices_due import Dated
from kiosk.core.clock import format_utc, parse_utc
from kiosk.core.errors import InvalidInput

RATINGS = range(1, 6)

_TO_COME = (ActivityState.ANNOUNCED, ActivityState.SIGN_IN_OPEN)


class Opinions(msgspec.Struct, frozen=True):
    """How many of those who took part said something, and the sum of their ratings from 1 to 5."""

    count: int
    rating_sum: int


def answer(change: Change, activity_id: str, member_id: str, willing: Willing) -> Answer:
    """Write down whether a member wants to come; a later answer takes the earlier one's place (seeds 003:86).

    Raises RuleRefused for one who is not invited or no valid member, and when it is too late to say.
    """
    lock_member(change, member_id)
    found = activity_of(change, activity_id).activity
    what = f"activity {activity_id} for member {member_id}"
    if found.state not in _TO_COME:
        raise RuleRefused("not_asked", {"state": found.state.value}, what=what)
    person = attendee(change, member_id, change.today)
    if willing is not Willing.NO and person.state not in OPEN:
        raise RuleRefused("not_a_valid_member", {"state": person.state.value}, what=what)
    for refusal in against_attendee(found, person)[:1]:
        raise refuse(refusal, what)
    row = {"activity": activity_id, "member": member_id, "willing": willing.value, "rank": person.rank}
    upsert(change.connection, activity_answer, row | {"at": format_utc(change.now)})
    change.note("activity.answer", "activity", activity_id, after={"member": member_id, "willing": willing.value})
    return Answer(member_id, willing, person.rank, change.now)


def answers_to(look: Look, activity_id: str) -> list[Answer]:
    """Return every member's latest answer, the earliest first."""
    query = select(activity_answer).where(activity_answer.c.activity == activity_id)
    rows = look.connection.execute(query.order_by(activity_answer.c.at, activity_answer.c.member))
    return [Answer(row.member, Willing(row.willing), row.rank, parse_utc(row.at)) for row in rows]


def who_has_a_place(look: Look, activity_id: str) -> tuple[str, ...]:
    """Return who of those who want to come has a place: higher tiers first, then the earlier answer (R153)."""
    return places(activity_of(look, activity_id).activity, answers_to(look, activity_id))


def ahead(look: Look, member_ids: Sequence[str]) -> dict[str, tuple[Dated, ...]]:
    """Return the activities to come that some members said yes to, by member, for notices (S74)."""
    query = (
        select(activity_answer.c.member, activity.c.id, activity.c.starts_at)
        .join(activity, activity.c.id == activity_answer.c.activity)
        .where(activity_answer.c.member.in_(member_ids), activity_answer.c.willing == Willing.YES.value)
        .where(activity.c.state.in_([each.value for each in _TO_COME]))
    )
    found: dict[str, list[Dated]] = defaultdict(list)
    for row in look.connection.execute(query):
        day = parse_utc(row.starts_at).astimezone(look.zone).date()
        found[row.member].append(Dated(f"{row.id}.{row.member}", day))
    return {name: tuple(sorted(each, key=lambda dated: (dated.on, dated.id))) for name, each in found.items()}


def voice_of(look: Look, activity_id: str, member_id: str) -> Voice:
    """Return what an activity brings a member: who did not attend has no say and no benefits (R66, seeds 004:91)."""
    activity_of(look, activity_id)
    mine = (activity_sign_in.c.activity == activity_id, activity_sign_in.c.subject == member_id)
    found = set(look.connection.execute(select(activity_sign_in.c.presence).where(*mine)).scalars())
    best = next((each for each in Presence if each.value in found), Presence.NOBODY)
    return voice(best, look.rules.attendance)


def give_opinion(change: Change, activity_id: str, member_id: str, rating: int, text: str = "") -> None:
    """Write down what a member who took part says of an activity, again in place of what was said before (R148).

    Raises RuleRefused for one who has no say (R66), and when no opinions are collected.
    """
    if rating not in RATINGS or len(text) > TEXT_CHARACTERS_MAX:
        raise InvalidInput(f"an opinion is a rating from 1 to 5 and {TEXT_CHARACTERS_MAX} characters at most")
    lock_member(change, member_id)
    found = activity_of(change, activity_id).activity
    what = f"activity {activity_id} for member {member_id}"
    if found.state is not ActivityState.FEEDBACK:
        raise RuleRefused("no_opinions_asked", {"state": found.state.value}, what=what)
    if not voice_of(change, activity_id, member_id).say:
        raise RuleRefused("did_not_attend", what=what)
    row = {"activity": activity_id, "member": member_id, "rating": rating, "text": text}
    upsert(change.connection, activity_opinion, row | {"at": format_utc(change.now)})
    change.note("activity.opinion", "activity", activity_id, after={"member": member_id, "rating": rating})


def opinions(look: Look, activity_id: str) -> Opinions:
    """Return what those who took part say of an activity, in sum (seeds 000:280, 001:14 §03)."""
    columns = (func.count(), func.coalesce(func.sum(activity_opinion.c.rating), 0))
    query = select(*columns).where(activity_opinion.c.activity == activity_id)
    count, total = look.connection.execute(query).one()
    return Opinions(int(count), int(total))
