"""Arrears and reminders: classes, steps, and what several fruitless ones lead to."""

from datetime import date, timedelta

import msgspec
import pytest

from kiosk.club.dunning import (
    Arrears,
    DunningAct,
    DunningChannel,
    DunningRules,
    Outcome,
    Reminder,
    arrears_on,
    class_of,
    next_step,
)
from tests.club.test_fees import make_charge

RULES = DunningRules()
DUE = date(2026, 1, 1)


def make_arrears(age_days: int = 1, amount_minor: int = 10_000) -> Arrears:
    """Return arrears of an age, in the class that the default rules give them."""
    return Arrears(DUE, age_days, amount_minor, class_of(age_days, amount_minor, RULES))


def day_of(age_days: int) -> date:
    """Return the day on which arrears have an age."""
    return DUE + timedelta(days=age_days)


def reminded(*ages: int, outcome: Outcome = Outcome.SENT) -> list[Reminder]:
    """Return a log of reminders at some ages."""
    return [Reminder(day_of(age), DunningChannel.SMS, outcome, "s1") for age in ages]


@pytest.mark.parametrize(
    ("age", "amount", "kind"),
    [(1, 99, ""), (1, 100, "fresh"), (29, 100, "fresh"), (30, 100, "late"), (89, 100, "late"), (90, 100, "long")],
)
def test_arrears_are_classed_by_age_and_amount(age: int, amount: int, kind: str) -> None:
    assert class_of(age, amount, RULES) == kind


def test_what_is_overdue_is_what_is_left_of_charges_whose_day_is_over() -> None:
    charges = [make_charge(1, paid_minor=4_000), make_charge(2), make_charge(3), make_charge(4, waived=True)]
    assert arrears_on(charges, None, date(2026, 1, 1), RULES) is None
    found = arrears_on(charges, None, date(2026, 3, 1), RULES)
    assert found == Arrears(date(2026, 1, 1), 59, 16_000, "late")


def test_while_a_deferral_runs_nothing_is_overdue() -> None:
    assert arrears_on([make_charge(1)], date(2026, 2, 1), date(2026, 2, 1), RULES) is None
    assert arrears_on([make_charge(1)], date(2026, 2, 1), date(2026, 2, 2), RULES) is not None


def test_reminders_go_by_the_channels_of_the_class_in_turn() -> None:
    first = next_step(make_arrears(), [], None, day_of(1), RULES)
    assert (first.act, first.channel) == (DunningAct.REMIND, DunningChannel.SMS)
    second = next_step(make_arrears(8), reminded(1), None, day_of(8), RULES)
    assert (second.act, second.channel) == (DunningAct.REMIND, DunningChannel.EMAIL)
    late = next_step(make_arrears(36), reminded(29), None, day_of(36), RULES)
    assert (late.act, late.channel) == (DunningAct.REMIND, DunningChannel.PHONE)


@pytest.mark.parametrize(("age", "act"), [(7, DunningAct.WAIT), (8, DunningAct.REMIND)])
def test_between_two_reminders_there_is_time_to_pay(age: int, act: DunningAct) -> None:
    step = next_step(make_arrears(age), reminded(1), None, day_of(age), RULES)
    assert (step.act, step.on) == (act, day_of(8))


def test_a_reminder_that_failed_is_tried_by_the_next_channel_the_same_day_and_then_waits() -> None:
    failed = reminded(1, outcome=Outcome.FAILED)
    again = next_step(make_arrears(), failed, None, day_of(1), RULES)
    assert (again.act, again.channel, again.fruitless) == (DunningAct.REMIND, DunningChannel.EMAIL, 0)
    both = next_step(make_arrears(), failed * 2, None, day_of(1), RULES)
    assert (both.act, both.on) == (DunningAct.WAIT, day_of(2))


@pytest.mark.parametrize(
    ("ages", "age", "act"),
    [
        ((1, 8), 15, DunningAct.REMIND),
        ((1, 8, 15), 21, DunningAct.WAIT),
        ((1, 8, 15), 22, DunningAct.SUSPEND),
    ],
)
def test_after_three_fruitless_reminders_service_is_suspended(ages: tuple[int, ...], age: int, act: DunningAct) -> None:
    assert next_step(make_arrears(age), reminded(*ages), None, day_of(age), RULES).act is act


def test_failed_reminders_are_not_fruitless_ones() -> None:
    failed = reminded(1, 2, 3, outcome=Outcome.FAILED)
    assert next_step(make_arrears(40), failed, None, day_of(40), RULES).act is DunningAct.REMIND


@pytest.mark.parametrize(("days", "act"), [(59, DunningAct.WAIT), (60, DunningAct.TERMINATE)])
def test_a_suspension_that_nobody_pays_ends_the_contract(days: int, act: DunningAct) -> None:
    since = day_of(22)
    day = since + timedelta(days=days)
    step = next_step(make_arrears((day - DUE).days), reminded(1, 8, 15), since, day, RULES)
    assert (step.act, step.on) == (act, since + timedelta(days=60))


def test_who_never_pays_is_reminded_three_times_then_suspended_then_terminated() -> None:
    log: list[Reminder] = []
    done: list[tuple[DunningAct, int]] = []
    suspended_on: date | None = None
    for age in range(1, 120):
        arrears = arrears_on([make_charge(1)], None, day_of(age), RULES)
        step = next_step(arrears, log, suspended_on, day_of(age), RULES)
        if step.act is DunningAct.WAIT:
            continue
        done.append((step.act, age))
        if step.channel is not None:
            log.append(Reminder(day_of(age), step.channel, Outcome.SENT))
        suspended_on = day_of(age) if step.act is DunningAct.SUSPEND else suspended_on
        if step.act is DunningAct.TERMINATE:
            break
    remind = DunningAct.REMIND
    assert done == [(remind, 1), (remind, 8), (remind, 15), (DunningAct.SUSPEND, 22), (DunningAct.TERMINATE, 82)]
    assert [each.channel for each in log] == [DunningChannel.SMS, DunningChannel.EMAIL, DunningChannel.SMS]


def test_who_pays_is_restored_and_old_reminders_do_not_count_for_new_arrears() -> None:
    assert next_step(None, reminded(1), day_of(22), day_of(23), RULES).act is DunningAct.RESTORE
    assert next_step(None, reminded(1), None, day_of(23), RULES).act is DunningAct.NOTHING
    later = msgspec.structs.replace(make_arrears(), since=day_of(100))
    assert next_step(later, reminded(1, 8, 15), None, day_of(101), RULES).act is DunningAct.REMIND


def test_too_little_to_be_reminded_of_is_left_alone() -> None:
    assert next_step(make_arrears(40, 99), reminded(1, 8, 15), None, day_of(40), RULES).act is DunningAct.NOTHING


def test_who_is_suspended_and_leaves_too_little_to_be_reminded_of_is_restored() -> None:
    little = make_arrears(40, 99)
    assert next_step(little, reminded(1, 8, 15), day_of(30), day_of(40), RULES).act is DunningAct.RESTORE
