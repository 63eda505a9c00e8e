"""Arrears and reminders: classes by age and amount, steps with their channel and log, and what fruitless ones lead to.

What is decided here is a proposal of the day; suspending and terminating are acts of people or of the night's work,
written down as `Suspension` and `Ending`. A year unpaid forfeits by itself (`standing.py`, R52).
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.club.fees import Charge


class DunningChannel(StrEnum):
    """How a member is reminded (R54). Wire format."""

    SMS = "sms"
    PHONE = "phone"
    EMAIL = "email"


class ArrearsClass(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Arrears of an age and amount, and the strategy for them: the channels in turn, and days between reminders."""

    code: str
    age_days_min: Annotated[int, Meta(ge=1)]
    amount_min_minor: Annotated[int, Meta(ge=0)] = 0
    channels: Annotated[tuple[DunningChannel, ...], Meta(min_length=1)] = (DunningChannel.SMS,)
    every_days: Annotated[int, Meta(ge=1)] = 7


class DunningRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How arrears are classed and what is done."""

    classes: Annotated[
        tuple[ArrearsClass, ...],
        Meta(
            description="The classes of arrears with their strategy; of those that fit, the last one counts. The seeds "
            "ask for classes and name none.",
            extra={"source": "R53, R54, S58, seeds 001:14 §04"},
            min_length=1,
        ),
    ] = (
        ArrearsClass("fresh", 1, channels=(DunningChannel.SMS, DunningChannel.EMAIL), every_days=7),
        ArrearsClass(
            "late", 30, channels=(DunningChannel.SMS, DunningChannel.PHONE, DunningChannel.EMAIL), every_days=7
        ),
        ArrearsClass("long", 90, channels=(DunningChannel.PHONE, DunningChannel.EMAIL), every_days=14),
    )
    fruitless_max: Annotated[
        int,
        Meta(
            ge=1,
            description="Fruitless reminders after which service is suspended. Several, the seeds say: three.",
            extra={"source": "R55, seeds 001:14 §04"},
        ),
    ] = 3
    answer_days: Annotated[
        int,
        Meta(
            ge=1,
            description="Days after which a reminder that brought no payment is fruitless.",
            extra={"source": "R55; no seed"},
        ),
    ] = 7
    terminate_days: Annotated[
        int,
        Meta(
            ge=1,
            description="Days of suspension after which the contract is ended, where nothing was paid.",
            extra={"source": "R55, seeds 001:14 §04; no number"},
        ),
    ] = 60
    amount_min_minor: Annotated[
        int,
        Meta(
            ge=0,
            description="Arrears of less are not reminded of, in fen.",
            extra={"source": "R53; no seed"},
        ),
    ] = 100


class Outcome(StrEnum):
    """What a reminder came to. Wire format."""

    SENT = "sent"
    REACHED = "reached"
    PROMISED = "promised"
    NOT_REACHED = "not_reached"
    FAILED = "failed"


class Reminder(msgspec.Struct, frozen=True):
    """One step of the log: when, by which channel, by whom, and what came of it (S58)."""

    on: date
    channel: DunningChannel
    outcome: Outcome
    by: str = ""


class Arrears(msgspec.Struct, frozen=True):
    """What is overdue on a day: since when the oldest, how much in all, and its class; "" = not to be reminded of."""

    since: date
    age_days: int
    amount_minor: int
    kind: str


class DunningAct(StrEnum):
    """What is to be done. Wire format."""

    REMIND = "remind"
    WAIT = "wait"
    SUSPEND = "suspend"
    TERMINATE = "terminate"
    RESTORE = "restore"
    NOTHING = "nothing"


class DunningStep(msgspec.Struct, frozen=True):
    """What is to be done and why: `fruitless` reminders so far, the channel of the next, and the day for what waits."""

    act: DunningAct
    fruitless: int = 0
    channel: DunningChannel | None = None
    on: date | None = None


def arrears_on(
    charges: Iterable[Charge], deferred_until: date | None, day: date, rules: DunningRules
) -> Arrears | None:
    """Return what is overdue: charges whose day is over, none while an approved deferral runs (R51, R53)."""
    if deferred_until is not None and day <= deferred_until:
        return None
    late = [each for each in charges if each.left_minor > 0 and each.due_on < day]
    if not late:
        return None
    since = min(each.due_on for each in late)
    amount_minor = sum(each.left_minor for each in late)
    return Arrears(since, (day - since).days, amount_minor, class_of((day - since).days, amount_minor, rules))


def class_of(age_days: int, amount_minor: int, rules: DunningRules) -> str:
    """Return the class of arrears by age and amount: the last one that fits, "" = none (R53)."""
    if amount_minor < rules.amount_min_minor:
        return ""
    fitting = [
        each for each in rules.classes if age_days >= each.age_days_min and amount_minor >= each.amount_min_minor
    ]
    return fitting[-1].code if fitting else ""


def next_step(
    arrears: Arrears | None, log: Sequence[Reminder], suspended_on: date | None, day: date, rules: DunningRules
) -> DunningStep:
    """Return what is to be done on a day: remind, suspend after so many fruitless, then terminate; paid restores.

    So does a payment that leaves too little to be reminded of: nobody stays suspended for what nobody asks for.
    The log counts from the day the arrears began: what was paid closes it (R54, R55, L5). A reminder that failed
    technically is not one, but it goes on to the next channel.
    """
    kinds = [each for each in rules.classes if arrears is not None and each.code == arrears.kind]
    if arrears is None or not kinds:
        return DunningStep(DunningAct.RESTORE if suspended_on is not None else DunningAct.NOTHING)
    since = [each for each in log if each.on >= arrears.since]
    told = [each for each in since if each.outcome is not Outcome.FAILED]
    fruitless = sum((day - each.on).days >= rules.answer_days for each in told)
    if suspended_on is not None:
        ends_on = suspended_on + timedelta(days=rules.terminate_days)
        act = DunningAct.TERMINATE if day >= ends_on else DunningAct.WAIT
        return DunningStep(act, fruitless, on=ends_on)
    if fruitless >= rules.fruitless_max:
        return DunningStep(DunningAct.SUSPEND, fruitless, on=day)
    return _reminder(kinds[0], since, told, fruitless, day, rules)


def _reminder(
    kind: ArrearsClass,
    since: Sequence[Reminder],
    told: Sequence[Reminder],
    fruitless: int,
    day: date,
    rules: DunningRules,
) -> DunningStep:
    """Return the next reminder, or the day to wait for: a failed one is tried again by the next channel at once."""
    channel = kind.channels[len(since) % len(kind.channels)]
    if len(told) >= rules.fruitless_max:
        last_on = max(each.on for each in told) + timedelta(days=rules.answer_days)
        return DunningStep(DunningAct.WAIT, fruitless, on=last_on)
    on = max((each.on for each in told), default=date.min)
    due_on = on + timedelta(days=kind.every_days) if told else day
    tries = sum(each.on == day for each in since)
    if day < due_on or tries >= len(kind.channels):
        return DunningStep(DunningAct.WAIT, fruitless, on=max(due_on, day + timedelta(days=1)))
    return DunningStep(DunningAct.REMIND, fruitless, channel, day)
