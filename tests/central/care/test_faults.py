"""Faults, upkeep, operators and shifts in the books."""

from datetime import date, timedelta

import pytest
from sqlalchemy import insert

from kiosk.central.care import upkeep
from kiosk.central.care.desk_steps import steps_of
from kiosk.central.care.faults import (
    accept_device,
    archive,
    arrive,
    clock_now,
    dismiss,
    fault_of,
    fault_page,
    grade,
    mend,
    report,
)
from kiosk.central.care.upkeep import (
    UpkeepNow,
    check_operator,
    do_upkeep,
    hand_over_shift,
    publish_paper,
    sign_paper,
    upkeep_now,
)
from kiosk.central.club.books import Books, Change
from kiosk.central.club.refused import RuleRefused
from kiosk.central.tables import device
from kiosk.club.calendar import add_months
from kiosk.club.faults import Cause, Exclusion, FaultState, Grade, Payment
from kiosk.club.life import StepRefused
from kiosk.club.upkeep import Check, Paper, ShiftHandOver, UpkeepState
from kiosk.core.clock import format_utc
from kiosk.core.errors import InvalidInput
from tests.central.builders import ManualClock
from tests.central.care.builders import DAY, TODAY, do, run_job
from tests.central.club.builders import told
from tests.central.club.builders_people import set_day

GATE = "gate-1"
QUALITY = Cause(quality=True)
ALL_GOOD = dict.fromkeys(Check, True)


def _put_device(books: Books, name: str = GATE, state: str = "online", hours: int = 0) -> None:
    def work(change: Change) -> None:
        seen = format_utc(change.now - timedelta(hours=hours))
        row = {"name": name, "site": "demo", "public_key": "0" * 64, "registered_at": seen, "seen_at": seen}
        change.connection.execute(insert(device).values(**row, state=state))

    do(books, work)


def _put_fault(books: Books) -> str:
    return do(books, lambda change: report(change, GATE, "the door sticks")).id


@pytest.mark.proves("S92")
def test_a_fault_is_graded_answered_repaired_and_archived_with_every_word_kept(books: Books) -> None:
    _put_device(books)
    fault = _put_fault(books)
    assert [row["data"]["device"] for row in told(books, template="fault_reported")] == [GATE]
    do(books, lambda change: grade(change, fault, Grade.MAJOR, "the exit"))
    do(books, lambda change: arrive(change, fault))
    do(books, lambda change: mend(change, fault, QUALITY, "new hinge"))
    done = do(books, lambda change: archive(change, fault))
    assert done.state is FaultState.ARCHIVED
    with books.look() as look:
        steps = [(each.action, each.words) for each in steps_of(look, "fault", fault)]
        assert fault_page(look) == []
    assert steps == [
        ("report", "the door sticks"),
        ("grade", "the exit"),
        ("arrive", ""),
        ("repair", "new hinge"),
        ("archive", ""),
    ]


@pytest.mark.proves("S92", "R138")
def test_the_clock_runs_from_the_report_and_stops_at_the_answer(books: Books, clock: ManualClock) -> None:
    _put_device(books)
    fault = _put_fault(books)
    with books.look() as look:
        assert clock_now(look, fault_of(look, fault)) is None
    do(books, lambda change: grade(change, fault, Grade.CRITICAL))
    clock.set_wall(clock.now() + timedelta(minutes=42))
    do(books, lambda change: arrive(change, fault))
    clock.set_wall(clock.now() + timedelta(days=3))
    with books.look() as look:
        found = clock_now(look, fault_of(look, fault))
    assert found is not None
    assert found.answer_late_minutes == 12
    assert found.mend_late_minutes > 24 * 60


@pytest.mark.proves("R140", "R141", "R142")
def test_who_pays_depends_on_the_phase_and_the_cause(books: Books, clock: ManualClock) -> None:
    _put_device(books)
    do(books, lambda change: accept_device(change, GATE, TODAY, contract_part_minor=500))

    def paid(cause: Cause, part_minor: int = 0) -> str:
        fault = _put_fault(books)
        do(books, lambda change: grade(change, fault, Grade.MINOR))
        return do(books, lambda change: mend(change, fault, cause, "done", part_minor=part_minor)).payment

    assert paid(QUALITY) == Payment.FREE
    lightning = Cause(quality=True, exclusions=frozenset({Exclusion.LIGHTNING_OR_POWER}))
    assert paid(lightning) == Payment.AT_COST
    set_day(clock, add_months(TODAY, 12))
    assert paid(QUALITY, 500) == Payment.PARTS_AND_LABOUR
    with pytest.raises(RuleRefused, match="part_too_dear"):
        paid(QUALITY, 501)


@pytest.mark.proves("S92")
def test_a_silent_device_is_one_fault_a_silence(books: Books, clock: ManualClock) -> None:
    _put_device(books, "gate-1", "offline", hours=25)
    _put_device(books, "gate-2", "offline", hours=23)
    _put_device(books, "gate-3", "online", hours=99)
    for _ in range(2):
        run_job(upkeep.run, books)
    with books.look() as look:
        assert [each.device for each in fault_page(look)] == ["gate-1"]
    clock.set_wall(clock.now() + timedelta(hours=2))
    run_job(upkeep.run, books)
    with books.look() as look:
        (first, second) = fault_page(look)
    assert {first.device, second.device} == {"gate-1", "gate-2"}
    do(books, lambda change: dismiss(change, first.id, "moved to another room"))
    run_job(upkeep.run, books)
    with books.look() as look:
        assert fault_page(look) == [second]
    with pytest.raises(StepRefused):
        do(books, lambda change: grade(change, first.id, Grade.MINOR))


def test_a_fault_of_no_device_is_refused(books: Books) -> None:
    with pytest.raises(InvalidInput, match="no device"):
        _put_fault(books)


@pytest.mark.proves("S92", "R139")
def test_every_device_is_looked_after_once_a_month(books: Books, clock: ManualClock) -> None:
    do(books, lambda change: accept_device(change, "boiler", date(2026, 10, 1)))
    set_day(clock, date(2026, 11, 20))
    with books.look() as look:
        assert upkeep_now(look) == [UpkeepNow("boiler", UpkeepState.OVERDUE, None)]
    assert do(books, lambda change: do_upkeep(change, "boiler", ALL_GOOD))
    assert not do(books, lambda change: do_upkeep(change, "boiler", ALL_GOOD))
    set_day(clock, date(2026, 12, 20))
    run_job(upkeep.run, books)
    assert told(books, template="upkeep_due") == []
    set_day(clock, date(2026, 12, 21))
    for _ in range(2):
        run_job(upkeep.run, books)
    assert [row["data"]["device"] for row in told(books, template="upkeep_due")] == ["boiler"]


def test_upkeep_names_the_fault_of_what_failed(books: Books) -> None:
    _put_device(books)
    do(books, lambda change: accept_device(change, GATE, TODAY - DAY))
    do(books, lambda change: accept_device(change, "other", TODAY - DAY))
    failed = {**ALL_GOOD, Check.DOOR: False}
    with pytest.raises(RuleRefused, match="fault_missing"):
        do(books, lambda change: do_upkeep(change, GATE, failed))
    fault = _put_fault(books)
    with pytest.raises(InvalidInput, match="another device"):
        do(books, lambda change: do_upkeep(change, "other", failed, (fault,)))
    assert do(books, lambda change: do_upkeep(change, GATE, failed, (fault,)))


@pytest.mark.proves("R143")
def test_a_shift_goes_to_somebody_who_has_read_the_papers_with_every_open_fault(books: Books) -> None:
    _put_device(books)
    fault = _put_fault(books)
    for paper in Paper:
        do(books, lambda change, paper=paper: publish_paper(change, paper, "2026"))
    wish = ShiftHandOver("li", "wang", frozenset({fault}), signed=True)
    with pytest.raises(RuleRefused, match="not_trained"):
        do(books, lambda change: hand_over_shift(change, "desk", wish))
    for paper in Paper:
        do(books, lambda change, paper=paper: sign_paper(change, "wang", paper))
    with pytest.raises(RuleRefused, match="faults_not_named"):
        do(books, lambda change: hand_over_shift(change, "desk", ShiftHandOver("li", "wang", signed=True)))
    assert do(books, lambda change: hand_over_shift(change, "desk", wish))
    do(books, lambda change: publish_paper(change, Paper.PROCEDURES, "2027"))
    with pytest.raises(RuleRefused, match="procedures"), books.look() as look:
        check_operator(look, "wang")
