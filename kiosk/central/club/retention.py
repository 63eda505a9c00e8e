"""What is erased when a file need not be kept any more: all that is personal; ids and numbers stay (R71, S16)."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from sqlalchemy import ColumnElement, delete, or_, select, update

from kiosk.central.care.own_data import erase_care
from kiosk.central.club.activity_tables import activity_opinion, attendance_pardon
from kiosk.central.club.application_book import OPEN_STATES, Applicant, application_of, take_step, write_application
from kiosk.central.club.books import Change, Look
from kiosk.central.club.case_tables import case_note, club_case, discipline_order, violation
from kiosk.central.club.files import MemberFile, locked_file
from kiosk.central.club.people_tables import application, clearance, contact_failure, family_link, member_file, paper
from kiosk.central.club.photos import drop_photo
from kiosk.central.club.tables import audit, notice
from kiosk.central.database import upsert
from kiosk.central.members import cards_by
from kiosk.central.tables import member
from kiosk.club.applications import ApplicationAction, ApplicationState
from kiosk.club.calendar import add_months
from kiosk.core.clock import format_utc
from kiosk.core.codec import canonical
from kiosk.core.errors import InvalidInput

_OVER = (ApplicationState.REJECTED, ApplicationState.WITHDRAWN)


def purge_file(change: Change, member_id: str) -> None:
    """Erase what is personal in a leaver's or guest's file, everywhere it was written; id and number stay.

    Raises InvalidInput while the file has to be kept.
    """
    file = locked_file(change, member_id)
    if file.keep_until is None or file.keep_until >= change.today or file.purged_on is not None:
        raise InvalidInput(f"the file of {member_id} is kept", hint=f"Until {file.keep_until or 'the membership ends'}")
    bare = MemberFile(
        member_id, file.kind, opened_on=file.opened_on, keep_until=file.keep_until, purged_on=change.today
    )
    values: dict[str, Any] = msgspec.to_builtins(bare)
    values |= {"preferences": canonical({}).decode(), "changed_at": format_utc(change.now)}
    upsert(change.connection, member_file, values)
    for table in (clearance, contact_failure, paper):
        change.connection.execute(delete(table).where(table.c.member == member_id))
    drop_photo(change, member_id)
    change.connection.execute(update(member).where(member.c.id == member_id).values(name=""))
    child = family_link.c.child == member_id
    change.connection.execute(update(family_link).where(child).values(born=date.min.isoformat()))
    _forget_trail(change, "member_file", member_id)
    numbers = [each.identifier for each in cards_by(change.connection, "member", [member_id])]
    _forget_searches(change, [file.name, file.phone, file.fixed_phone, file.email, *numbers])
    words = (audit.c.thing == "member") & (audit.c.thing_id == member_id)
    change.connection.execute(update(audit).where(words).values(why=""))
    _forget_notices(change, notice.c.member == member_id)
    _forget_conduct(change, member_id)
    erase_care(change, member_id)
    mine = select(application.c.id).where(application.c.member == member_id, application.c.purged_on.is_(None))
    for each in change.connection.execute(mine).scalars().all():
        purge_application(change, each)
    change.note("file.purge", "member_file", member_id, after={"purged_on": change.today})
    change.touch(member_id)


def purge_application(change: Change, application_id: str) -> None:
    """Erase what is personal in an application that is over; when, how and why it was decided stays.

    One that nobody took up is over with that; the applicant hears nothing, for there is nothing to hear.
    """
    view = application_of(change, application_id, lock=True)
    if view.state in OPEN_STATES:
        view = take_step(change, application_id, ApplicationAction.WITHDRAW, "")
    said = view.applicant
    bare = Applicant("", "", said.channel, said.card_kind, said.kind, former=said.former, guest=said.guest)
    write_application(change, msgspec.structs.replace(view, applicant=bare, open=(), purged_on=change.today))
    _forget_trail(change, "application", application_id)
    _forget_notices(change, notice.c.topic.contains(f".{application_id}.", autoescape=True))
    change.note("application.purge", "application", application_id, after={"purged_on": change.today})


def applications_to_purge(look: Look, after: str, limit: int) -> list[str]:
    """Return applications that need not be kept any more, by id, those behind `after` (R71, S90).

    They came to nothing as long ago as files of leavers are kept, or nobody has touched them for the days of the rules.
    """
    table = application.c
    last = add_months(look.today, -12 * look.rules.membership.file_retention_years).isoformat()
    old = or_(table.decided_on < last, table.decided_on.is_(None) & (table.applied_on < last))
    touched = format_utc(look.now - timedelta(days=look.rules.privacy.application_days))
    left = table.state.in_(OPEN_STATES) & (table.changed_at < touched)
    due = or_(table.state.in_(_OVER) & old, left)
    mine = (due, table.member.is_(None), table.purged_on.is_(None), table.id > after)
    query = select(table.id).where(*mine).order_by(table.id).limit(limit)
    return list(look.connection.execute(query).scalars())


def files_to_purge(look: Look, ids: list[str], today: date) -> list[str]:
    """Return which of some members' files need not be kept any more."""
    due = (member_file.c.keep_until < today.isoformat()) & member_file.c.purged_on.is_(None)
    query = select(member_file.c.member).where(member_file.c.member.in_(ids), due).order_by(member_file.c.member)
    return list(look.connection.execute(query).scalars())


def _forget_conduct(change: Change, member_id: str) -> None:
    """Take the words out of what was said by and about a member; that it was, when, and what followed stays."""
    run = change.connection.execute
    run(update(activity_opinion).where(activity_opinion.c.member == member_id).values(text=""))
    run(update(attendance_pardon).where(attendance_pardon.c.member == member_id).values(why=""))
    run(update(violation).where(violation.c.member == member_id).values(note="", papers="[]"))
    cases = list(run(select(club_case.c.id).where(club_case.c.member == member_id)).scalars())
    run(update(case_note).where(case_note.c.case.in_(cases)).values(text=""))
    for table, thing in ((violation, "violation"), (discipline_order, "order"), (club_case, "case")):
        for each in run(select(table.c.id).where(table.c.member == member_id)).scalars().all():
            _forget_trail(change, thing, each)


def _forget_trail(change: Change, thing: str, thing_id: str) -> None:
    """Take the values and the reasons out of the audit trail: who did what and when stays."""
    mine = (audit.c.thing == thing) & (audit.c.thing_id == thing_id)
    change.connection.execute(update(audit).where(mine).values(before=None, after=None, why=""))


def _forget_searches(change: Change, said: Iterable[str]) -> None:
    """Take out of the trail by what lists were searched that somebody took away, where it names the one erased."""
    known = [each.casefold() for each in said if each]
    taken = select(audit.c.n, audit.c.after).where(audit.c.thing == "list", audit.c.after.is_not(None))
    for n, after in change.connection.execute(taken).all():
        entry = msgspec.json.decode(after, type=dict[str, str])
        searched = [text.strip().casefold() for _, text in parse_qsl(entry.get("looked_for", ""))]
        if any(text in each or each in text for text in searched if text for each in known):
            bare = canonical(entry | {"looked_for": ""}).decode()
            change.connection.execute(update(audit).where(audit.c.n == n).values(after=bare))


def _forget_notices(change: Change, mine: ColumnElement[bool]) -> None:
    """Take out of notices where they went and what they said; of one that still waits only where it goes."""
    change.connection.execute(update(notice).where(mine).values(address=""))
    change.connection.execute(update(notice).where(mine, notice.c.state != "due").values(data="{}"))
