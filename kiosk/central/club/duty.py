"""The duty to attend, each night for every member: rights stop and come back, and memberships end (S09, R64, R65)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from sqlalchemy import func, or_, select

from kiosk.central.club import nightly
from kiosk.central.club.activities import activities_in, keep_all_times
from kiosk.central.club.activity_tables import attendance_pardon
from kiosk.central.club.attendees import attendees
from kiosk.central.club.books import Books, Change, Look
from kiosk.central.club.composing import Composed, compose, mandates_where
from kiosk.central.club.files import FileKind
from kiosk.central.club.jobs import Step
from kiosk.central.club.membership import end
from kiosk.central.club.people_tables import member_file, suspension
from kiosk.central.club.refused import RuleRefused
from kiosk.central.club.sign_ins import signed_in_for
from kiosk.central.club.spells import lock_member
from kiosk.central.club.turning import Told, turn
from kiosk.central.database import insert_missing
from kiosk.central.tables import member
from kiosk.club.activities import ActivityState
from kiosk.club.duty import Duty, DutyStanding, Record, apply_duty, duty_on
from kiosk.club.leaving import restore
from kiosk.club.membership import ENDED, MemberAction, MemberFacts, StopReason, Suspension
from kiosk.club.notices import NoticeCode
from kiosk.club.organisations import holds
from kiosk.club.sign_in import SignedIn, occasions
from kiosk.club.standing import Standing, standing_on
from kiosk.core.errors import InvalidInput

JOB = "attendance"

_DAY = timedelta(days=1)
_HELD = (ActivityState.CLOSED, ActivityState.FEEDBACK, ActivityState.REVIEWED)


def run(books: Books, day: date, place: str) -> Step:
    """Bring memberships up to what attending and not attending has brought until a day."""
    if not place:
        with books.look() as look:
            idle = not activities_in(look, [each for each in ActivityState if each is not ActivityState.PLANNED])
        if idle:
            return Step(0, 0, "", finished=True)
    stopped = select(suspension.c.member).where(suspension.c.reason == StopReason.ABSENCE.value)
    open_ended = or_(member.c.member_until.is_(None), member.c.member_until >= day.isoformat())
    whose = select(member.c.id).where(member.c.guest_of.is_(None), or_(open_ended, member.c.id.in_(stopped)))
    return nightly.step(books, JOB, day, place, whose, apply_to)


def apply_to(change: Change, ids: Sequence[str]) -> None:
    """Bring some memberships up to what attending has brought until today, 500 at most."""
    keep_all_times(change)
    composed = compose(change, ids)
    for member_id, found in _standings(change, composed).items():
        _apply(change, member_id, composed[member_id], found)


def standings(look: Look, ids: Sequence[str]) -> dict[str, DutyStanding]:
    """Return how members stand with the duty to attend today; those who have none are left out.

    It is a unit's, not its representatives'; guests have none, nor who has no card or is no member any more.
    """
    return _standings(look, compose(look, ids))


def record_of(look: Look, member_id: str) -> Record | None:
    """Return what a member had to attend and how that was, for the file; None for one without the duty."""
    return _records(look, compose(look, [member_id])).get(member_id)


def give_rights_back(change: Change, member_id: str, *, why: str) -> Standing:
    """Give rights back that stopped for absence, by a decision: what was missed before today counts no more.

    Raises RuleRefused where no rights of the member's own are stopped for absence.
    """
    lock_member(change, member_id)
    own = compose(change, [member_id])[member_id].own
    if not why.strip():
        raise InvalidInput("a decision to give rights back needs its ground", hint="Say who decided it, and why")
    if _running(own.facts, change.today) is None:
        raise RuleRefused("not_stopped_for_absence", what=f"member {member_id}")
    row = {"member": member_id, "on": change.today.isoformat(), "why": why.strip()}
    insert_missing(change.connection, attendance_pardon, row)
    wish = lambda facts: restore(facts, StopReason.ABSENCE, change.today)  # noqa: E731
    told = Told(NoticeCode.MEMBERSHIP_RESTORED, {"reason": StopReason.ABSENCE.value})
    return turn(change, member_id, MemberAction.RESTORE, wish, why=why, told=told)


def _standings(look: Look, composed: Mapping[str, Composed]) -> dict[str, DutyStanding]:
    records = _records(look, {name: each for name, each in composed.items() if _is_bound(look, each.facts)})
    rules, today = look.rules.attendance, look.today
    return {name: duty_on(each, rules, today) for name, each in records.items()}


def _records(look: Look, composed: Mapping[str, Composed]) -> dict[str, Record]:
    ids = list(composed)
    held = [each for each in activities_in(look, _HELD) if each.obligatory]
    since = _since(look, composed)
    signed: dict[str, list[SignedIn]] = defaultdict(list)
    for each in signed_in_for(look, ids):
        signed[each.subject].append(each)
    people = attendees(look, ids, look.today)
    units = _units(look, ids)
    found = {}
    for name, first in since.items():
        came = occasions(people[name], first, held, signed[name], look.zone)
        found[name] = Record(unit=name in units, since=first, occasions=came)
    return found


def _since(look: Look, composed: Mapping[str, Composed]) -> dict[str, date]:
    """Return from which day on absences count: with the card, after representing a unit, after a pardon."""
    ids = list(composed)
    found = {name: each.own.facts.collected_on for name, each in composed.items()}
    guests = select(member.c.id).where(member.c.id.in_(ids), member.c.guest_of.is_not(None))
    found |= dict.fromkeys(look.connection.execute(guests).scalars())
    for mandate in mandates_where(look, "member", ids):
        if holds(mandate, look.today):
            found[mandate.member] = None
        elif mandate.until is not None and mandate.until < look.today:
            found[mandate.member] = _later(found[mandate.member], mandate.until + _DAY)
    table = attendance_pardon
    query = select(table.c.member, func.max(table.c.on)).where(table.c.member.in_(ids)).group_by(table.c.member)
    for name, on in look.connection.execute(query):
        found[name] = _later(found[name], date.fromisoformat(on))
    return {name: first for name, first in found.items() if first is not None}


def _later(first: date | None, other: date) -> date | None:
    return max(first, other) if first is not None else None


def _units(look: Look, ids: Sequence[str]) -> frozenset[str]:
    table = member_file
    query = select(table.c.member).where(table.c.member.in_(ids), table.c.kind == FileKind.ORGANISATION.value)
    return frozenset(look.connection.execute(query).scalars())


def _is_bound(look: Look, facts: MemberFacts) -> bool:
    return standing_on(facts, look.rules.membership, look.today).state not in ENDED


def _apply(change: Change, member_id: str, composed: Composed, found: DutyStanding) -> None:
    """Write down what follows; what is told, is told when it begins and not again when a late record moves it."""
    before = composed.facts
    after = apply_duty(before, found, change.today)
    if after == before:
        return
    why = f"absent in a row: {found.away}, without anybody: {found.nobody}"
    if len(after.endings) > len(before.endings):
        end(change, member_id, after.endings[-1], why=why)
        return
    was = _running(before, change.today)
    told, action = None, MemberAction.KEEP_TITLE
    if found.duty is not Duty.RIGHTS_STOPPED:
        action = MemberAction.RESTORE
        told = Told(NoticeCode.MEMBERSHIP_RESTORED, {"reason": StopReason.ABSENCE.value})
    elif was is None and found.since is not None:
        data: dict[str, str | int] = {"since": found.since.isoformat(), "nobody": found.nobody, "away": found.away}
        told = Told(NoticeCode.ATTENDANCE_WARNING, data)
    turn(change, member_id, action, lambda facts: apply_duty(facts, found, change.today), why=why, told=told)


def _running(facts: MemberFacts, today: date) -> Suspension | None:
    stops = (each for each in facts.suspensions if each.reason is StopReason.ABSENCE and not each.inherited)
    return next((each for each in stops if each.until is None or each.until >= today), None)
