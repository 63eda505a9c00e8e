"""Device faults, their clock and who pays; upkeep, operators and shifts."""

from datetime import UTC, date, datetime, timedelta

import pytest

from kiosk.club.faults import (
    FAULT_LIFE,
    Cause,
    Exclusion,
    FaultAction,
    FaultReason,
    FaultRules,
    FaultState,
    Grade,
    Payment,
    Phase,
    against_part,
    clock_faults,
    clock_of,
    payment_of,
    phase_on,
)
from kiosk.club.life import StepRefused
from kiosk.club.upkeep import (
    Check,
    Paper,
    ShiftHandOver,
    UpkeepReason,
    UpkeepRules,
    UpkeepState,
    against_hand_over,
    against_operating,
    against_upkeep,
    upkeep_key,
    upkeep_on,
)
from kiosk.core.errors import InvalidInput

RULES = FaultRules()
UPKEEP = UpkeepRules()
AT = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ALL_GOOD = dict.fromkeys(Check, True)


def test_a_fault_is_graded_answered_mended_and_archived() -> None:
    state = FAULT_LIFE.start
    for action in (FaultAction.GRADE, FaultAction.ARRIVE, FaultAction.REPLACE, FaultAction.ARCHIVE):
        state = FAULT_LIFE.after(state, action)
    assert state is FaultState.ARCHIVED
    assert FAULT_LIFE.after(FaultState.GRADED, FaultAction.REPAIR) is FaultState.REPAIRED
    with pytest.raises(StepRefused):
        FAULT_LIFE.after(FaultState.REPORTED, FaultAction.REPAIR)


def test_the_worse_the_fault_the_sooner_the_answer() -> None:
    assert clock_faults(RULES) == ()
    ends = [clock_of(grade, AT, None, None, RULES, AT) for grade in Grade]
    assert [each.answer_by for each in ends] == sorted({each.answer_by for each in ends})
    assert [each.mend_by for each in ends] == sorted({each.mend_by for each in ends})


def test_a_clock_runs_until_somebody_answers_and_counts_what_is_late() -> None:
    due = AT + 30 * MINUTE
    assert clock_of(Grade.CRITICAL, AT, None, None, RULES, due).answer_late_minutes == 0
    assert clock_of(Grade.CRITICAL, AT, None, None, RULES, due + 7 * MINUTE).answer_late_minutes == 7
    answered = clock_of(Grade.CRITICAL, AT, due + 2 * MINUTE, None, RULES, AT + timedelta(hours=25))
    assert (answered.answer_late_minutes, answered.mend_late_minutes) == (2, 60)
    mended = clock_of(Grade.CRITICAL, AT, AT, AT + timedelta(hours=24), RULES, AT + timedelta(days=90))
    assert mended.mend_late_minutes == 0


def test_a_grade_without_a_clock_is_refused() -> None:
    rules = FaultRules(clocks=RULES.clocks[1:])
    assert clock_faults(rules) == ("grade critical has 0 clocks",)
    with pytest.raises(InvalidInput):
        clock_of(Grade.CRITICAL, AT, None, None, rules, AT)


def test_service_begins_with_acceptance_is_guarantee_for_a_year_and_then_maintenance() -> None:
    accepted = date(2026, 1, 31)
    assert phase_on(None, RULES, accepted) is Phase.NOT_ACCEPTED
    assert phase_on(accepted, RULES, accepted - timedelta(days=1)) is Phase.NOT_ACCEPTED
    assert phase_on(accepted, RULES, accepted) is Phase.GUARANTEE
    assert phase_on(accepted, RULES, date(2027, 1, 30)) is Phase.GUARANTEE
    assert phase_on(accepted, RULES, date(2027, 1, 31)) is Phase.MAINTENANCE
    assert phase_on(accepted, RULES, date(2060, 1, 1)) is Phase.MAINTENANCE


def test_quality_is_free_in_guarantee_other_causes_at_cost_and_later_parts_and_labour() -> None:
    assert payment_of(Phase.GUARANTEE, Cause(quality=True), RULES) is Payment.FREE
    assert payment_of(Phase.GUARANTEE, Cause(quality=False), RULES) is Payment.AT_COST
    assert payment_of(Phase.MAINTENANCE, Cause(quality=True), RULES) is Payment.PARTS_AND_LABOUR


@pytest.mark.parametrize("exclusion", Exclusion)
def test_what_the_guarantee_excludes_is_paid_for(exclusion: Exclusion) -> None:
    cause = Cause(quality=True, exclusions=frozenset({exclusion}))
    assert payment_of(Phase.GUARANTEE, cause, RULES) is Payment.AT_COST
    assert payment_of(Phase.GUARANTEE, cause, FaultRules(excluded=())) is Payment.FREE


def test_a_part_costs_no_more_than_the_contract_says() -> None:
    refusal = against_part(Phase.MAINTENANCE, 501, 500)
    assert refusal is not None
    assert refusal.reason is FaultReason.PART_TOO_DEAR
    assert against_part(Phase.MAINTENANCE, 500, 500) is None
    assert against_part(Phase.GUARANTEE, 501, 500) is None


@pytest.mark.parametrize(
    ("done_on", "today", "state"),
    [
        (date(2026, 11, 1), date(2026, 11, 30), UpkeepState.DONE),
        (date(2026, 10, 31), date(2026, 11, 20), UpkeepState.OPEN),
        (date(2026, 10, 31), date(2026, 11, 21), UpkeepState.DUE),
        (date(2026, 9, 30), date(2026, 11, 1), UpkeepState.OVERDUE),
        (None, date(2026, 11, 1), UpkeepState.OVERDUE),
    ],
)
def test_every_system_is_looked_after_every_month(done_on: date | None, today: date, state: UpkeepState) -> None:
    assert upkeep_on(done_on, date(2026, 1, 15), UPKEEP, today) is state


def test_the_month_in_which_a_device_came_asks_for_nothing() -> None:
    came = date(2026, 10, 2)
    assert upkeep_on(None, came, UPKEEP, date(2026, 10, 31)) is UpkeepState.OPEN
    assert upkeep_on(None, came, UPKEEP, date(2026, 11, 30)) is UpkeepState.DUE
    assert upkeep_on(None, came, UPKEEP, date(2026, 12, 1)) is UpkeepState.OVERDUE


def test_upkeep_looks_at_everything_and_what_failed_becomes_a_fault() -> None:
    assert against_upkeep(ALL_GOOD, (), UPKEEP) == ()
    some = {each: True for each in Check if each is not Check.CLOCK}
    assert [each.detail for each in against_upkeep(some, (), UPKEEP)] == [{"lacks": "clock"}]
    failed = {**ALL_GOOD, Check.DOOR: False}
    assert [each.reason for each in against_upkeep(failed, (), UPKEEP)] == [UpkeepReason.FAULT_MISSING]
    assert against_upkeep(failed, ("f1",), UPKEEP) == ()
    assert upkeep_key("gate-1", date(2026, 11, 30)) == upkeep_key("gate-1", date(2026, 11, 1)) == "gate-1.2026-11"


def test_an_operator_has_read_every_paper_in_its_present_version() -> None:
    present = dict.fromkeys(Paper, "2026")
    assert against_operating(present, present, UPKEEP) is None
    old = against_operating({**present, Paper.BOUNDARY: "2025"}, present, UPKEEP)
    assert old is not None
    assert old.detail == {"lacks": "boundary"}
    assert against_operating({}, {}, UPKEEP) is not None


def test_a_shift_is_handed_over_with_every_open_fault_and_a_signature() -> None:
    good = ShiftHandOver("li", "wang", frozenset({"f1", "f2"}), signed=True)
    assert against_hand_over(good, ("f1", "f2")) == ()
    reasons = [each.reason for each in against_hand_over(ShiftHandOver("li", "li"), ("f1",))]
    assert reasons == [UpkeepReason.SAME_PERSON, UpkeepReason.NOT_SIGNED, UpkeepReason.FAULTS_NOT_NAMED]
