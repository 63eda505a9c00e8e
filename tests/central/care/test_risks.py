"""Risks that warn every night, their responses, the plan, and drills."""

from datetime import timedelta

import pytest
from sqlalchemy import insert

from kiosk.central.care import risks
from kiosk.central.care.complaints import ComplaintWish, receive
from kiosk.central.care.drills import (
    assess_drill,
    end_drill,
    improve_plan,
    muster,
    next_drill_on,
    plan_drill,
    start_drill,
)
from kiosk.central.care.risks import (
    answer_warning,
    plan_now,
    put_plan,
    review_risk,
    review_warning,
    risks_to_review,
    warning_page,
)
from kiosk.central.club.books import Books, Change
from kiosk.central.club.readings import note_reading
from kiosk.central.club.refused import RuleRefused
from kiosk.central.tables import parked
from kiosk.club.calendar import add_months
from kiosk.club.complaints import Channel
from kiosk.club.drills import DrillState, Finding
from kiosk.club.life import StepRefused
from kiosk.club.risks import Indicator, PlanPart, ResponsePart, Risk, RiskRules, Threshold, WarningState
from tests.central.builders import ManualClock
from tests.central.care.builders import DAY, OLD, TODAY, do, put_people, run_job
from tests.central.club.builders import MANAGER, told
from tests.central.club.builders_activities import Boxes, card
from tests.central.club.builders_people import set_day
from tests.central.club.builders_points import amend

PLAN = dict.fromkeys(PlanPart, "who does what")
ANSWER = dict.fromkeys(ResponsePart, "done")
ONE_COMPLAINT = Threshold("complaints", Risk.DISPUTES, Indicator.COMPLAINTS_OPEN, 2)


def _watching(*thresholds: Threshold) -> tuple[Threshold, ...]:
    """Return thresholds with those of the book for the risks that they do not watch."""
    watched = {each.risk for each in thresholds}
    return (*thresholds, *(each for each in RiskRules().thresholds if each.risk not in watched))


def _put_complaint(books: Books) -> None:
    do(books, lambda change: receive(change, ComplaintWish(Channel.MAILBOX, "too loud")))


def _warnings(books: Books) -> list[str]:
    with books.look() as look:
        return [each.key for each in warning_page(look)]


@pytest.mark.proves("S91", "R134")
def test_a_risk_warns_by_itself_at_its_threshold_and_once_a_month(books: Books, clock: ManualClock) -> None:
    amend(books, risks__thresholds=_watching(ONE_COMPLAINT))
    _put_complaint(books)
    run_job(risks.run, books)
    assert _warnings(books) == []
    _put_complaint(books)
    for day in (TODAY, TODAY + DAY):
        set_day(clock, day)
        run_job(risks.run, books)
    assert _warnings(books) == ["complaints.2026-11-01"]
    assert [row["data"] for row in told(books, template="risk_warned")] == [
        {"indicator": "complaints_open", "value": 2}
    ]
    set_day(clock, add_months(TODAY, 1))
    run_job(risks.run, books)
    assert _warnings(books) == ["complaints.2026-12-01", "complaints.2026-11-01"]


def test_the_streams_are_measured(books: Books, clock: ManualClock) -> None:
    def work(change: Change) -> None:
        row = {"at": "2026-11-22T00:00:00.000Z", "device": "gate", "why": "fork", "body": b"x"}
        change.connection.execute(insert(parked).values(**row))

    do(books, work)
    _put_complaint(books)
    clock.set_wall(clock.now() + 2 * DAY)
    run_job(risks.run, books)
    assert set(_warnings(books)) == {"parked.2026-11-01", "late_complaints.2026-11-01"}


@pytest.mark.proves("S91", "R135")
def test_a_warning_is_answered_in_three_parts_and_reviewed_by_somebody_else(books: Books) -> None:
    amend(books, risks__thresholds=_watching(ONE_COMPLAINT))
    _put_complaint(books)
    _put_complaint(books)
    run_job(risks.run, books)
    (key,) = _warnings(books)
    with pytest.raises(RuleRefused, match="investigation"):
        do(books, lambda change: answer_warning(change, key, {**ANSWER, ResponsePart.INVESTIGATION: ""}))
    with pytest.raises(StepRefused):
        books.change(MANAGER, lambda change: review_warning(change, key, "fine"))
    do(books, lambda change: answer_warning(change, key, ANSWER))
    with pytest.raises(RuleRefused, match="own_response"):
        do(books, lambda change: review_warning(change, key, "fine"))
    done = books.change(MANAGER, lambda change: review_warning(change, key, "fine"))
    assert (done.state, done.reviewed_by) == (WarningState.REVIEWED, MANAGER.id)


def test_each_risk_is_reviewed_every_quarter(books: Books, clock: ManualClock) -> None:
    with books.look() as look:
        assert risks_to_review(look, OLD) == tuple(Risk)
        assert risks_to_review(look, TODAY) == ()
    do(books, lambda change: review_risk(change, Risk.CHURN, "calls help"))
    with books.look() as look:
        assert Risk.CHURN not in risks_to_review(look, OLD)
    set_day(clock, add_months(TODAY, 3))
    with books.look() as look:
        assert Risk.CHURN in risks_to_review(look, OLD)


@pytest.mark.proves("R135")
def test_a_plan_has_its_four_parts_and_a_version(books: Books) -> None:
    with pytest.raises(RuleRefused, match="medical"):
        do(books, lambda change: put_plan(change, {**PLAN, PlanPart.MEDICAL: " "}))
    assert do(books, lambda change: put_plan(change, PLAN)).version == 1
    do(books, lambda change: put_plan(change, PLAN))
    with books.look() as look:
        plan = plan_now(look)
    assert plan is not None
    assert (plan.version, plan.parts) == (2, PLAN)


@pytest.mark.proves("S91", "R136")
def test_a_drill_counts_against_who_is_inside_and_mends_the_plan(books: Books, clock: ManualClock) -> None:
    boxes = Boxes(books, clock)
    put_people(books, 3)
    for number in (1, 2, 3):
        boxes.enter(boxes.at_demo, clock.now() - timedelta(minutes=9 - number), number)
    boxes.leave(boxes.at_demo, clock.now() - timedelta(minutes=1), 3)
    boxes.send()
    with books.look() as look:
        assert {each.credential for each in muster(look, "demo")} == {card(1), card(2)}
        assert muster(look, "island") == []
    with pytest.raises(RuleRefused, match="no_plan"):
        do(books, lambda change: plan_drill(change, "demo", TODAY))
    do(books, lambda change: put_plan(change, PLAN))
    drill = do(books, lambda change: plan_drill(change, "demo", TODAY)).id
    do(books, lambda change: start_drill(change, drill))
    clock.set_wall(clock.now() + timedelta(minutes=4))
    found = [card(1), card(3)]
    done = do(books, lambda change: end_drill(change, drill, found, members=1, staff=2, gates_opened=2, gates=2))
    assert done.report is not None
    assert (done.report.seconds, done.report.missing, done.report.findings) == (240, 1, (Finding.MISSING,))
    do(books, lambda change: assess_drill(change, drill, "one stayed in the sauna"))
    with pytest.raises(RuleRefused, match="no_mending"):
        do(books, lambda change: improve_plan(change, drill, ""))
    end = do(books, lambda change: improve_plan(change, drill, "somebody looks into the sauna"))
    assert end.state is DrillState.IMPROVED
    with books.look() as look:
        assert next_drill_on(look, "demo", OLD) == add_months(TODAY, 6)
        assert next_drill_on(look, "island", OLD) == OLD


def test_a_night_without_news_is_one_step_and_the_last_days_is_left_out(books: Books, clock: ManualClock) -> None:
    assert risks.run(books, TODAY, "").finished
    _put_complaint(books)
    set_day(clock, TODAY + 9 * DAY)
    assert risks.run(books, TODAY, "").total == 0
    assert _warnings(books) == []


def test_exports_and_looks_at_what_is_sensitive_are_measured(books: Books) -> None:
    (member,) = put_people(books, 1)
    exports = Threshold("exports", Risk.DATA_LEAK, Indicator.EXPORTS, 2)
    looks = Threshold("sensitive", Risk.DATA_LEAK, Indicator.SENSITIVE_LOOKS, 1)
    amend(books, risks__thresholds=_watching(exports, looks))
    do(books, lambda change: change.note("list.export", "list", "people"))
    run_job(risks.run, books)
    assert _warnings(books) == []
    do(books, lambda change: change.note("file.export", "member", member))
    do(books, lambda change: note_reading(change, member, ["born"]))
    run_job(risks.run, books)
    assert set(_warnings(books)) == {"exports.2026-11-01", "sensitive.2026-11-01"}
