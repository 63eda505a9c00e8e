"""Arrears reminded of night by night: by the channels of their class, with a log, and what fruitless ones lead to.

A call is a task for staff, who write down what came of it; what failed technically counts as no reminder. Service that
was stopped comes back with the payment, or when a deferral is approved (R52 to R55, S58, §4 L5).
"""

from collections.abc import Sequence
from datetime import date, timedelta

import msgspec
from sqlalchemy import insert, select, update

from kiosk.central.club import membership
from kiosk.central.club.books import Books, Change, Look, Telling
from kiosk.central.club.composing import compose
from kiosk.central.club.files import file_of
from kiosk.central.club.jobs import Job, Step
from kiosk.central.club.nightly import step
from kiosk.central.club.reaching import FAILED
from kiosk.central.club.spells import IDS_PER_QUERY, lock_member, lock_members
from kiosk.central.club.tables import notice
from kiosk.central.money import fee_book
from kiosk.central.money.fee_tables import fee_charge, fee_reminder
from kiosk.central.roster import in_steps
from kiosk.central.rows import as_struct
from kiosk.club.dunning import (
    Arrears,
    DunningAct,
    DunningChannel,
    DunningStep,
    Outcome,
    Reminder,
    arrears_on,
    next_step,
)
from kiosk.club.membership import ENDED, MEMBER_LIFE, Ending, EndReason, MemberAction, MemberState, StopReason
from kiosk.club.money_lives import ChargeState
from kiosk.club.notices import Channel, NoticeCode
from kiosk.core.errors import InvalidInput

JOB = "fee_reminders"
PAGE_MAX = 500
WHY = "reminders of the fee brought no payment"

_DAY = timedelta(days=1)
_WAYS = {
    DunningChannel.SMS: Channel.SMS,
    DunningChannel.EMAIL: Channel.EMAIL,
    DunningChannel.PHONE: Channel.CALL,
}
_OF_PEOPLE = frozenset({Outcome.REACHED, Outcome.PROMISED, Outcome.NOT_REACHED, Outcome.FAILED})


class ReminderRow(msgspec.Struct, frozen=True):
    """One step of the log, and what was owed by which class then."""

    n: int
    member: str
    on: date
    channel: DunningChannel
    outcome: Outcome
    amount_minor: int
    kind: str
    note: str
    by: str

    @property
    def reminder(self) -> Reminder:
        """The step as the rules take it."""
        return Reminder(self.on, self.channel, self.outcome, self.by)


class Dunned(msgspec.Struct, frozen=True):
    """Where the arrears of a member stand: what is overdue, and what is done next."""

    member: str
    arrears: Arrears | None
    step: DunningStep
    suspended_on: date | None


def _dunned(look: Look, ids: Sequence[str]) -> dict[str, Dunned]:
    """Return what some members are in arrears with today and what is to be done, by member."""
    charges, logs, rules, found = fee_book.charges_by_member(look, ids), _logs(look, ids), look.rules.dunning, {}
    for member, composed in compose(look, ids).items():
        facts = composed.facts
        owed = [each.charge for each in charges[member] if each.left_minor]
        arrears = arrears_on(owed, facts.deferred_until, look.today, rules)
        stops = [
            each.since
            for each in facts.suspensions
            if each.reason is StopReason.REMINDERS
            and not each.inherited
            and (each.until is None or each.until >= look.today)
        ]
        stopped = min(stops, default=None)
        log = [each.reminder for each in logs[member]]
        found[member] = Dunned(member, arrears, next_step(arrears, log, stopped, look.today, rules), stopped)
    return found


def log_of(look: Look, member: str) -> list[ReminderRow]:
    """Return the log of a member's reminders, the first one first."""
    return _logs(look, [member])[member]


def _logs(look: Look, ids: Sequence[str]) -> dict[str, list[ReminderRow]]:
    found: dict[str, list[ReminderRow]] = {each: [] for each in ids}
    for some in in_steps(ids, IDS_PER_QUERY):
        query = select(fee_reminder).where(fee_reminder.c.member.in_(some)).order_by(fee_reminder.c.n)
        for row in look.connection.execute(query).mappings():
            found[row["member"]].append(as_struct(row, ReminderRow))
    return found


def in_arrears(look: Look, after: str = "", limit: int = PAGE_MAX) -> list[Dunned]:
    """Return who has an overdue charge, by member id, those behind `after`; 500 at most."""
    overdue = (fee_charge.c.state == ChargeState.DUE.value, fee_charge.c.due_on < look.today.isoformat())
    query = select(fee_charge.c.member).distinct().where(*overdue, fee_charge.c.member > after)
    ids = look.connection.execute(query.order_by(fee_charge.c.member).limit(min(limit, PAGE_MAX))).scalars().all()
    found = _dunned(look, ids)
    return [found[each] for each in ids]


def note_result(change: Change, n: int, outcome: Outcome, note: str) -> ReminderRow:
    """Write down what came of a reminder, as of a call; raises InvalidInput for none, or a result that is none."""
    row = change.connection.execute(select(fee_reminder).where(fee_reminder.c.n == n)).mappings().one_or_none()
    if row is None or outcome not in _OF_PEOPLE:
        raise InvalidInput(f"reminder {n} cannot come to {outcome}")
    before = as_struct(row, ReminderRow)
    values = {"outcome": outcome.value, "note": note, "by": change.actor.id}
    change.connection.execute(update(fee_reminder).where(fee_reminder.c.n == n).values(**values))
    after = msgspec.structs.replace(before, outcome=outcome, note=note, by=change.actor.id)
    change.note("fee.reminder_result", "member", before.member, before=before, after=after)
    return after


def take_step(change: Change, member: str) -> Dunned:
    """Do what is to be done about a member's arrears today: the same day again does nothing more."""
    lock_member(change, member)
    return _take_steps(change, [member])[member]


def _take_steps(change: Change, ids: Sequence[str]) -> dict[str, Dunned]:
    """Do the same for some members; return how they stood before."""
    lock_members(change, ids)
    _note_failed(change, ids)
    found, now = _dunned(change, ids), membership.standings(change, ids)
    for member in ids:
        _go(change, found[member], now[member].state)
    return found


def _go(change: Change, found: Dunned, now: MemberState) -> None:
    if now in ENDED:
        return
    match found.step.act:
        case DunningAct.REMIND:
            _remind(change, found)
        case DunningAct.SUSPEND if MemberAction.SUSPEND in MEMBER_LIFE.actions(now):
            membership.suspend(change, found.member, StopReason.REMINDERS, why=WHY)
        case DunningAct.TERMINATE:
            ending = Ending(change.today - _DAY, MemberState.CANCELLED, EndReason.REMINDERS)
            membership.end(change, found.member, ending, why=WHY)
        case DunningAct.RESTORE if MemberAction.RESTORE in MEMBER_LIFE.actions(now):
            membership.restore(change, found.member, StopReason.REMINDERS, why="nothing is overdue any more")


def run(books: Books, day: date, place: str) -> Step:
    """Take today's step with all who are in arrears or were stopped for them, as a nightly job in small steps."""
    overdue = (fee_charge.c.state == ChargeState.DUE.value, fee_charge.c.due_on < day.isoformat())
    return step(books, JOB, day, place, select(fee_charge.c.member).where(*overdue), _take_steps)


def dunning_jobs() -> tuple[Job, ...]:
    """Return the job of reminders, which comes behind that of charges."""
    return (Job(JOB, run),)


def _remind(change: Change, found: Dunned) -> None:
    arrears, channel = found.arrears, found.step.channel
    if arrears is None or channel is None:
        return
    row: dict[str, str | int] = {"member": found.member, "on": change.today.isoformat(), "channel": channel.value}
    row |= {"outcome": Outcome.SENT.value, "amount_minor": arrears.amount_minor, "kind": arrears.kind}
    change.connection.execute(insert(fee_reminder), row | {"note": "", "by": change.actor.id})
    data: dict[str, str | int] = {"on": arrears.since.isoformat(), "days": arrears.age_days, "number": 0}
    telling = Telling(
        _topic(found.member, change.today, channel), NoticeCode.FEE_OVERDUE.value, found.member, data,
        channels=(_WAYS[channel].value,),
    )  # fmt: skip
    change.tell(telling, language=file_of(change, found.member).language)


def _note_failed(change: Change, ids: Sequence[str]) -> None:
    """Let the log say of messages that could not be sent that they were none."""
    sent = {
        _topic(member, each.on, each.channel): each.n
        for member, log in _logs(change, ids).items()
        for each in log
        if each.outcome is Outcome.SENT and each.channel is not DunningChannel.PHONE
    }
    for some in in_steps(sent, IDS_PER_QUERY):
        query = select(notice.c.topic).where(notice.c.topic.in_(some), notice.c.state == FAILED)
        failed = [sent[topic] for topic in change.connection.execute(query).scalars()]
        mine = update(fee_reminder).where(fee_reminder.c.n.in_(failed))
        change.connection.execute(mine.values(outcome=Outcome.FAILED.value))


def _topic(member: str, day: date, channel: DunningChannel) -> str:
    return f"fee_reminder.{member}.{day}.{channel}"
