"""The nightly walk over all members: ends that came about by dates, gates' dates, notices, and files to erase.

What a day that was missed would have done the next run does: a member is looked at as today finds it.
"""

from collections.abc import Mapping
from datetime import date

import msgspec
from sqlalchemy import func, select

from kiosk.central.club.application_book import OPEN_STATES, application_of
from kiosk.central.club.books import Actor, Books, Change, Telling
from kiosk.central.club.composing import Composed, compose
from kiosk.central.club.erasing import erase
from kiosk.central.club.files import MemberFile, read_file
from kiosk.central.club.gate_dates import project
from kiosk.central.club.jobs import Step
from kiosk.central.club.membership import record_end
from kiosk.central.club.organisations import lower_those_who_left
from kiosk.central.club.people_tables import application, member_file
from kiosk.central.club.retention import applications_to_purge, files_to_purge, purge_application
from kiosk.central.club.tables import job
from kiosk.central.money.fee_book import plans_held
from kiosk.central.tables import member
from kiosk.club.completeness import Confirmation, confirmation_on
from kiosk.club.membership import ENDED, OPEN, MemberState
from kiosk.club.notices import NoticeCode
from kiosk.club.notices_due import Dated, DueNotice, NoticeFacts, notices_due
from kiosk.club.standing import end_of, fee_passes_until, standing_on

NAME = "membership"
MEMBERS_PER_STEP = 500
APPLICATIONS_PER_STEP = 500

_WAITING = tuple(each.value for each in OPEN_STATES)


class Place(msgspec.Struct, frozen=True):
    """How far the walk is: members first, then applications, each by id."""

    of: str = "members"
    after: str = ""
    done: int = 0
    total: int = 0
    erased: int = 0


def run(books: Books, day: date, place: str) -> Step:
    """Do a step of the walk in one transaction; a day that is over already is left to the run of today."""
    at = msgspec.json.decode(place, type=Place) if place else Place()

    def work(change: Change) -> Step:
        if day < change.today and not place:
            return Step(0, 0, "", finished=True)
        here = at if place else Place(total=_total(change))
        return _members(change, here) if here.of == "members" else _applications(change, here)

    return books.change(Actor(f"job:{NAME}", "job"), work)


def _total(change: Change) -> int:
    members = change.connection.execute(select(func.count()).select_from(member)).scalar_one()
    waiting = select(func.count()).select_from(application).where(application.c.state.in_(_WAITING))
    return int(members) + int(change.connection.execute(waiting).scalar_one())


def _members(change: Change, place: Place) -> Step:
    query = select(member.c.id).where(member.c.id > place.after).order_by(member.c.id).limit(MEMBERS_PER_STEP)
    ids = list(change.connection.execute(query).scalars())
    _walk(change, ids)
    done = place.done + len(ids)
    after = Place("members", ids[-1], done, place.total) if len(ids) == MEMBERS_PER_STEP else None
    return _step(after or Place("applications", "", done, place.total))


def _applications(change: Change, place: Place) -> Step:
    """Remind staff of answers that are due (R08), and erase applications that came to nothing long ago (R71)."""
    waiting = select(application.c.id).where(application.c.state.in_(_WAITING), application.c.id > place.after)
    ids = list(change.connection.execute(waiting.order_by(application.c.id).limit(APPLICATIONS_PER_STEP)).scalars())
    for each in ids:
        view = application_of(change, each)
        facts = NoticeFacts(each, reviews=(Dated(each, view.answer_due_on),))
        for due in notices_due(facts, change.rules.notices, change.today):
            _tell(change, due, None, "zh")
    old = applications_to_purge(change, "", APPLICATIONS_PER_STEP)
    for each in old:
        purge_application(change, each)
    done = place.done + len(ids)
    finished = len(ids) < APPLICATIONS_PER_STEP and len(old) < APPLICATIONS_PER_STEP
    after = ids[-1] if ids else place.after
    return _step(Place("applications", after, done, place.total, place.erased + len(old)), finished=finished)


def _walk(change: Change, ids: list[str]) -> None:
    today, rules = change.today, change.rules.membership
    rows = change.connection.execute(select(member_file).where(member_file.c.member.in_(ids))).mappings()
    files = {row["member"]: read_file(row) for row in rows}
    known = compose(change, ids)
    by_plan = plans_held(change, ids)
    stale = []
    for member_id, each in known.items():
        end = end_of(each.facts, rules)
        file = files.get(member_id)
        if end is not None and end.last_day < today and (file is None or file.keep_until is None):
            record_end(change, member_id)
        elif each.own.good_until is not None and each.own.good_until < today:
            stale.append(member_id)
        if file is not None:
            _tell_dates(change, file, each, by_plan=member_id in by_plan)
    if stale:
        project(change, *stale)
    lower_those_who_left(change, ids, _last_done(change))
    for member_id in files_to_purge(change, ids, today):
        erase(change, member_id)


def _tell_dates(change: Change, file: MemberFile, composed: Composed, *, by_plan: bool) -> None:
    """Tell a member what is near or due: the fee, the end of a suspension or membership, birthday, own data (S74).

    Of arrears by a plan the reminders tell, which keep a log (R54).
    """
    facts, rules, today = composed.facts, change.rules.membership, change.today
    now = standing_on(facts, rules, today)
    if now.state in ENDED or now.state in (MemberState.APPLICANT, MemberState.UNCOLLECTED):
        return
    is_valid = now.state in OPEN
    end = end_of(facts, rules)
    leaves = end.last_day if end is not None and facts.withdrawals else None
    dates = NoticeFacts(
        file.member,
        fee_until=None if facts.fees_inherited or leaves is not None else fee_passes_until(facts, rules),
        suspended_until=now.until if now.state is MemberState.SUSPENDED else None,
        leaves=leaves,
        born_on=file.born if is_valid else None,
        joined_on=facts.approved_on if is_valid else None,
    )
    for due in notices_due(dates, change.rules.notices, today):
        if not (by_plan and due.code is NoticeCode.FEE_OVERDUE):
            _tell(change, due, file.member, file.language)
    asked = confirmation_on(file.confirmed_on or date.min, change.rules.completeness, today)
    if is_valid and asked.state is Confirmation.DUE and asked.asked_on and asked.due_on:
        topic = f"{NoticeCode.CONFIRM_DATA}.{file.member}.{asked.asked_on}"
        data = {"due_on": asked.due_on.isoformat()}
        telling = Telling(topic, NoticeCode.CONFIRM_DATA.value, file.member, data)
        change.tell(telling, language=file.language)


def _tell(change: Change, due: DueNotice, member_id: str | None, language: str) -> None:
    data: Mapping[str, str | int] = {"on": due.on.isoformat(), "days": due.days, "number": due.number}
    change.tell(Telling(due.topic, due.code.value, member_id, data), language=language)


def _step(place: Place, *, finished: bool = False) -> Step:
    text = "" if finished else msgspec.json.encode(place).decode()
    return Step(place.done, place.total, text, finished)


def _last_done(change: Change) -> date | None:
    done_on = change.connection.execute(select(job.c.done_on).where(job.c.name == NAME)).scalar_one_or_none()
    return date.fromisoformat(done_on) if done_on else None
