"""The streams at work on either kind of database: the same nights, desks and voices give the same."""

from datetime import timedelta

from kiosk.central.care import risks, segments, task_job, upkeep, usage
from kiosk.central.care.complaints import ComplaintWish, close, frequent_complaints, receive, sort, take_step
from kiosk.central.care.drills import muster, plan_drill, start_drill
from kiosk.central.care.faults import accept_device, grade, report
from kiosk.central.care.kpis import kpis
from kiosk.central.care.lapses import churn_of
from kiosk.central.care.own_data import erase_care, own_data
from kiosk.central.care.segments import class_counts
from kiosk.central.care.surveys import answer_survey, make_survey, outcomes, take_survey_step
from kiosk.central.care.tables import care_task, segment, segment_move, usage_hour
from kiosk.central.care.tasks import task_page
from kiosk.central.care.usage import heat_map
from kiosk.central.care.votes import cast_vote, close_vote, make_vote, open_vote
from kiosk.central.club.books import Books
from kiosk.club.calendar import Span, add_months
from kiosk.club.complaints import Channel, ComplaintAction, Matter, Result
from kiosk.club.faults import Grade
from kiosk.club.risks import PlanPart
from kiosk.club.voices import Question, SurveyAction, SurveyKind
from tests.central.builders import ManualClock
from tests.central.care.builders import (
    DAY,
    OLD,
    TODAY,
    do,
    put_people,
    put_purchases,
    put_visits,
    rows_of,
    run_all,
)
from tests.central.club.builders_activities import Boxes, card
from tests.central.club.builders_people import set_day
from tests.central.club.builders_points import put_member

NIGHT = (segments.run, task_job.run, usage.run, upkeep.run, risks.run)
LAST = TODAY - DAY


def test_a_night_gives_the_same_twice(both_books: Books, clock: ManualClock) -> None:
    put_people(both_books, 230)
    put_visits(both_books, [(n, LAST) for n in range(1, 221)])
    put_purchases(both_books, [(n, LAST, 100 * n) for n in range(1, 221)])
    do(both_books, lambda change: accept_device(change, "boiler", OLD))
    run_all(both_books, *NIGHT)
    with both_books.look() as look:
        counts = class_counts(look)
        assert len(task_page(look, limit=500)) == len(rows_of(both_books, care_task))
    assert counts == {"new": 0, "regular": 220, "dormant": 10, "a": 44, "b": 66, "c": 110}
    before = [rows_of(both_books, each) for each in (segment, segment_move, care_task, usage_hour)]
    run_all(both_books, *NIGHT)
    assert [rows_of(both_books, each) for each in (segment, segment_move, care_task, usage_hour)] == before
    set_day(clock, add_months(LAST, 3))
    run_all(both_books, *NIGHT)
    with both_books.look() as look:
        assert class_counts(look)["dormant"] == 230
        assert churn_of(look, Span(TODAY + DAY, add_months(TODAY, 3))).dormant == 220
        assert kpis(look, Span(TODAY, add_months(TODAY, 3))).members == 230


def test_taps_become_a_heat_map_and_a_list_of_who_is_inside(both_books: Books, clock: ManualClock) -> None:
    boxes = Boxes(both_books, clock)
    boxes.enter(boxes.at_demo, clock.now() - timedelta(minutes=5), 1)
    boxes.send()
    with both_books.look() as look:
        assert [each.credential for each in muster(look, "demo")] == [card(1)]
    do(both_books, lambda change: risks.put_plan(change, dict.fromkeys(PlanPart, "who does what")))
    drill = do(both_books, lambda change: plan_drill(change, "demo", TODAY)).id
    assert do(both_books, lambda change: start_drill(change, drill)).listed == (card(1),)
    set_day(clock, TODAY + DAY)
    run_all(both_books, *NIGHT)
    with both_books.look() as look:
        assert list(heat_map(look, "demo", Span(TODAY, TODAY)).values()) == [1]


def test_desks_and_voices_work_on_both(both_books: Books) -> None:
    member = put_member(both_books, 1, joined=OLD)
    taken = do(both_books, lambda change: receive(change, ComplaintWish(Channel.PHONE, "cold", member=member))).id
    do(both_books, lambda change: sort(change, taken, Matter.FACILITY, place="pool"))
    steps = (ComplaintAction.INVESTIGATE, ComplaintAction.PLAN, ComplaintAction.CARRY_OUT, ComplaintAction.FOLLOW_UP)
    for action in steps:
        do(both_books, lambda change, action=action: take_step(change, taken, action, "done"))
    do(both_books, lambda change: close(change, taken, Result("the boiler", "a new one", asked_satisfaction=True)))
    do(both_books, lambda change: accept_device(change, "boiler", OLD))
    fault = do(both_books, lambda change: report(change, "boiler", "cold", key="k1")).id
    assert do(both_books, lambda change: report(change, "boiler", "cold", key="k1")).id == fault
    do(both_books, lambda change: grade(change, fault, Grade.MINOR))
    vote = do(both_books, lambda change: make_vote(change, "a sauna", ("yes", "no"))).id
    do(both_books, lambda change: open_vote(change, vote))
    do(both_books, lambda change: cast_vote(change, vote, member, "yes"))
    assert do(both_books, lambda change: close_vote(change, vote, 1)).result.choice == "yes"
    survey = do(both_books, lambda change: make_survey(change, SurveyKind.VISIT, "today", [Question("service")])).id
    do(both_books, lambda change: take_survey_step(change, survey, SurveyAction.OPEN))
    do(both_books, lambda change: answer_survey(change, survey, member, {"service": "5"}))
    with both_books.look() as look:
        assert [each.answers for each in outcomes(look, survey)] == [1]
        assert frequent_complaints(look) == ()
        assert own_data(look, member)["complaint"]
    assert do(both_books, lambda change: erase_care(change, member)) > 0
