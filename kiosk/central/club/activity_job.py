"""The nightly word on activities: invitations to what was announced, and reminders of what is near (S73, S74)."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import select

from kiosk.central.club import nightly
from kiosk.central.club.activities import ActivityFile, activity_of, keep_all_times, open_to_come
from kiosk.central.club.attendees import attendees
from kiosk.central.club.books import Books, Change, Telling
from kiosk.central.club.earners import language_of, tell
from kiosk.central.club.invitations import ahead
from kiosk.central.club.jobs import Step
from kiosk.central.club.tables import notice
from kiosk.central.tables import member
from kiosk.club.activities import against_attendee
from kiosk.club.membership import OPEN
from kiosk.club.notices import NoticeCode
from kiosk.club.notices_due import NoticeFacts, notices_due
from kiosk.core.texts import Language

JOB = "activities"


def run(books: Books, day: date, place: str) -> Step:
    """Tell members what they are invited to, each once, and those who come what is near."""
    if not place:
        with books.look() as look:
            idle = not open_to_come(look)
        if idle:
            return Step(0, 0, "", finished=True)
    whose = select(member.c.id).where(member.c.guest_of.is_(None))
    return nightly.step(books, JOB, day, place, whose, tell_members)


def tell_members(change: Change, ids: Sequence[str]) -> None:
    """Tell some members of the activities ahead, 500 at most; what was told is not told again."""
    keep_all_times(change)
    wanted = [activity_of(change, each.id) for each in open_to_come(change)]
    told = _told(change, ids)
    for person in attendees(change, ids, change.today).values():
        for found in wanted:
            topic = f"{NoticeCode.ACTIVITY_INVITATION}.{found.activity.id}.{person.id}"
            if topic not in told and person.state in OPEN and not against_attendee(found.activity, person):
                _invite(change, topic, person.id, found)
    for member_id, dated in ahead(change, ids).items():
        for due in notices_due(NoticeFacts(member_id, activities=dated), change.rules.notices, change.today):
            data: dict[str, str | int] = {"on": due.on.isoformat(), "days": due.days}
            tell(change, Telling(due.topic, due.code.value, member_id, data))


def _invite(change: Change, topic: str, member_id: str, found: ActivityFile) -> None:
    starts: datetime | None = found.activity.starts_at
    on = starts.astimezone(change.zone).date().isoformat() if starts else ""
    data = {"title": _title(change, member_id, found), "on": on}
    tell(change, Telling(topic, NoticeCode.ACTIVITY_INVITATION.value, member_id, data))


def _title(change: Change, member_id: str, found: ActivityFile) -> str:
    """Return what an activity is called in a member's language, or in Chinese without English."""
    if found.title_en and language_of(change, member_id) == Language.EN.value:
        return found.title_en
    return found.title


def _told(change: Change, ids: Sequence[str]) -> frozenset[str]:
    mine = (notice.c.member.in_(ids), notice.c.template == NoticeCode.ACTIVITY_INVITATION.value)
    return frozenset(change.connection.execute(select(notice.c.topic).where(*mine)).scalars())
