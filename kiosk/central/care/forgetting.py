"""The nightly job that forgets what care need not know any longer: talks, ended tasks, words of old complaints (§5)."""

from datetime import UTC, date, datetime, time

from sqlalchemy import ColumnElement, Table, delete, select, update

from kiosk.central.care.complaint_facts import OVER
from kiosk.central.care.desk_tables import complaint, desk_step
from kiosk.central.care.tables import care_task, contact_log, service_record
from kiosk.central.care.tasks import OPEN_STATES
from kiosk.central.care.voice_tables import feedback
from kiosk.central.club.books import Actor, Books, Change
from kiosk.central.club.jobs import Step
from kiosk.club.privacy import Kept, forget_before
from kiosk.club.voices import FeedbackState
from kiosk.core.clock import format_utc

JOB = "forget_care"
ROWS_PER_STEP = 500


def run(books: Books, day: date, place: str) -> Step:
    """Forget a step of what is older than the rule book keeps; entry times and bookings are not touched here."""

    def work(change: Change) -> int:
        talks, complaints = (_moment(change, each) for each in (Kept.TALKS, Kept.COMPLAINTS))
        count = _delete(change, contact_log, contact_log.c.at < talks)
        count += _delete(change, service_record, service_record.c.at < talks)
        ended = care_task.c.state.not_in(OPEN_STATES)
        count += _delete(change, care_task, ended, care_task.c.done_at < talks)
        count += _blank_feedback(change, talks)
        return count + _blank_complaints(change, complaints)

    count = books.change(Actor(f"job:{JOB}", "job"), work)
    done = int(place or 0) + count
    return Step(done, done, str(done), finished=count == 0)


def _moment(change: Change, kept: Kept) -> str:
    day = forget_before(kept, change.rules.privacy, change.today) or date.min
    return format_utc(datetime.combine(day, time(), change.zone).astimezone(UTC))


def _delete(change: Change, table: Table, *which: ColumnElement[bool]) -> int:
    (key,) = table.primary_key.columns
    ids = change.connection.execute(select(key).where(*which).limit(ROWS_PER_STEP)).scalars().all()
    change.connection.execute(delete(table).where(key.in_(ids)))
    return len(ids)


def _blank_feedback(change: Change, before: str) -> int:
    old = (feedback.c.state == FeedbackState.ANSWERED.value, feedback.c.received_at < before, feedback.c.words != "")
    ids = change.connection.execute(select(feedback.c.id).where(*old).limit(ROWS_PER_STEP)).scalars().all()
    change.connection.execute(update(feedback).where(feedback.c.id.in_(ids)).values(words="", answer=""))
    return len(ids)


def _blank_complaints(change: Change, before: str) -> int:
    """Blank the words of complaints that were over long ago; what they were about and how they ended stays."""
    old = (complaint.c.state.in_(OVER), complaint.c.received_at < before, complaint.c.words != "")
    ids = change.connection.execute(select(complaint.c.id).where(*old).limit(ROWS_PER_STEP)).scalars().all()
    blank = {"words": "", "explanation": "", "improvement": ""}
    change.connection.execute(update(complaint).where(complaint.c.id.in_(ids)).values(**blank))
    steps = (desk_step.c.thing == "complaint", desk_step.c.thing_id.in_(ids))
    change.connection.execute(update(desk_step).where(*steps).values(words=""))
    return len(ids)
