"""The nightly classes over many members."""

from datetime import date

import pytest
from sqlalchemy import insert

from kiosk.central.care import segments
from kiosk.central.care.lapses import ask_reason, churn_of, lapse_page, plan_win_back
from kiosk.central.care.segments import class_counts, segments_of
from kiosk.central.care.tables import lapse, segment, segment_move
from kiosk.central.club import coupons
from kiosk.central.club.books import Books, Change
from kiosk.central.club.points_tables import coupon
from kiosk.central.members import MemberRecord, save_members
from kiosk.central.tables import device, journal
from kiosk.club.calendar import Span, add_months
from kiosk.club.coupons import CouponKind
from kiosk.club.lapses import LapseReason, LapseState, Measure
from kiosk.club.segments import MemberClass
from tests.central.builders import ManualClock
from tests.central.care.builders import DAY, OLD, TODAY, do, put_people, put_purchases, put_visits, rows_of, run_job
from tests.central.club.builders_people import set_day

LAST = TODAY - DAY


def _put_regulars(books: Books, count: int) -> list[str]:
    """Write regulars down who came and bought yesterday, member `n` for n times a hundred."""
    people = put_people(books, count)
    put_visits(books, [(n, LAST) for n in range(1, count + 1)])
    put_purchases(books, [(n, LAST, 100 * n) for n in range(1, count + 1)])
    return people


@pytest.mark.proves("S65", "S66", "R104", "R105", "R106", "R107")
def test_two_thousand_members_are_classed_once_and_a_second_run_changes_nothing(books: Books) -> None:
    _put_regulars(books, 1500)
    put_people(books, 300, first=1501, joined=add_months(TODAY, -2))
    put_people(books, 200, first=1801)
    step = run_job(segments.run, books)
    assert (step.done, step.total) == (4000, 4000)
    with books.look() as look:
        found = class_counts(look)
    assert found == {"new": 300, "regular": 1500, "dormant": 200, "a": 300, "b": 450, "c": 750}
    before = [rows_of(books, each) for each in (segment, segment_move, lapse)]
    run_job(segments.run, books)
    assert [rows_of(books, each) for each in (segment, segment_move, lapse)] == before


@pytest.mark.proves("S66", "R105", "R107")
def test_equal_amounts_share_the_better_class_and_who_bought_nothing_is_c(books: Books) -> None:
    people = put_people(books, 5)
    put_visits(books, [(n, LAST) for n in range(1, 6)])
    put_purchases(books, [(n, LAST, amount) for n, amount in ((1, 90), (2, 70), (3, 70), (4, 70), (5, 0))])
    run_job(segments.run, books)
    with books.look() as look:
        found = segments_of(look, people)
    assert [found[each].contribution for each in people] == ["a", "b", "b", "b", "c"]


def test_killed_after_any_step_the_classes_come_out_the_same(books: Books, clock: ManualClock) -> None:
    _put_regulars(books, 450)
    place, places = "", [""]
    while not (step := segments.run(books, TODAY, place)).finished:
        # Killed before the place was kept: the same step once more.
        segments.run(books, TODAY, place)
        place = step.place
        places.append(place)
    assert len(places) >= 4
    whole = rows_of(books, segment)
    run_job(segments.run, books)
    assert rows_of(books, segment) == whole
    assert len(rows_of(books, segment_move)) == 450
    set_day(clock, TODAY + DAY)
    assert segments.run(books, TODAY, "").finished


@pytest.mark.proves("S65", "S83", "R118")
def test_a_class_rests_on_visits_purchases_and_people_brought(books: Books) -> None:
    people = put_people(books, 1)
    put_people(books, 2, first=2, joined=TODAY - 9 * DAY, referred_by=people[0])
    put_visits(books, [(1, LAST), (1, LAST), (1, LAST - DAY), (1, add_months(TODAY, -13))])
    put_purchases(books, [(1, LAST, 500_000), (1, add_months(TODAY, -13), 900_000)])
    run_job(segments.run, books)
    with books.look() as look:
        found = segments_of(look, people)[people[0]]
    assert (found.member_class, found.visits, found.spend_minor, found.referrals) == (
        MemberClass.REGULAR,
        2,
        500_000,
        2,
    )
    assert (found.visited_on, found.bought_on, found.joined_on) == (LAST, LAST, OLD)
    assert found.value == 25 + 8  # 0.6 of visits and 8 of referrals, rounded down once


@pytest.mark.proves("S68", "R114")
def test_a_drop_of_a_regular_is_found(books: Books) -> None:
    people = put_people(books, 1)
    before = add_months(TODAY, -4)
    put_visits(books, [*((1, before + n * DAY) for n in range(8)), (1, LAST)])
    put_purchases(books, [(1, LAST, 100)])
    run_job(segments.run, books)
    with books.look() as look:
        (drop,) = segments_of(look, people)[people[0]].declines
    assert (drop.measure, drop.before, drop.now, drop.percent) == (Measure.VISITS, 8, 1, 87)


@pytest.mark.proves("S69", "R108")
def test_who_falls_silent_is_listed_and_who_comes_back_is_taken_off(books: Books, clock: ManualClock) -> None:
    people = _put_regulars(books, 1)
    run_job(segments.run, books)
    set_day(clock, add_months(TODAY, 3))
    run_job(segments.run, books)
    with books.look() as look:
        (listed,) = lapse_page(look)
    assert (listed.member, listed.state) == (people[0], LapseState.LISTED)
    asked = do(books, lambda change: ask_reason(change, people[0], LapseReason.BUSY))
    assert asked is not None
    assert (asked.state, asked.reason) == (LapseState.REASON_ASKED, "busy")
    planned = do(books, lambda change: plan_win_back(change, asked.id, why="a course in the evening"))
    assert planned.state is LapseState.WIN_BACK_PLANNED
    put_visits(books, [(1, add_months(TODAY, 3))])
    run_job(segments.run, books)
    with books.look() as look:
        (back,) = lapse_page(look)
        found = churn_of(look, Span(TODAY + DAY, add_months(TODAY, 3)))
    assert (back.state, back.closed_on) == (LapseState.RETURNED, add_months(TODAY, 3))
    assert (found.at_start, found.dormant, dict(found.reasons)) == (1, 1, {"busy": 1})


@pytest.mark.proves("S69", "R160")
def test_who_bought_before_and_no_more_gets_one_small_coupon(books: Books, clock: ManualClock) -> None:
    _put_regulars(books, 1)
    do(books, lambda change: coupons.save_kind(change, CouponKind("win_back", amount_off_minor=1000)))
    set_day(clock, add_months(LAST, 6))
    for _ in range(2):
        run_job(segments.run, books)
    assert [row["kind"] for row in rows_of(books, coupon)] == ["win_back"]
    set_day(clock, add_months(LAST, 6) + 10 * DAY)
    run_job(segments.run, books)
    assert len(rows_of(books, coupon)) == 1
    with books.look() as look:
        assert lapse_page(look)[0].coupon == rows_of(books, coupon)[0]["code"]


def test_who_left_has_no_class_any_more(books: Books) -> None:
    people = _put_regulars(books, 2)
    run_job(segments.run, books)

    def leave(change: Change) -> None:
        gone = MemberRecord(people[0], "M1", "王小明", member_until=LAST)
        save_members(change.connection, [gone])

    do(books, leave)
    run_job(segments.run, books)
    with books.look() as look:
        assert list(segments_of(look, people)) == [people[1]]
    assert rows_of(books, segment_move)[-1]["class_to"] == ""


def test_nobody_is_dormant_before_the_gates_could_see_anybody(books: Books) -> None:
    (member,) = put_people(books, 1)
    seen = {"id": "0" * 32, "device": "gate", "seq": 1, "hash": b"0" * 32, "first_at": "2026-10-01T00:00:00.000Z"}

    def work(change: Change) -> None:
        run = change.connection.execute
        run(insert(device).values(name="gate", site="demo", public_key="0" * 64, registered_at=seen["first_at"]))
        run(insert(journal).values(**seen))

    do(books, work)
    run_job(segments.run, books)
    with books.look() as look:
        assert segments_of(look, [member])[member].member_class is MemberClass.REGULAR
    assert date(2026, 10, 1) > add_months(TODAY, -3)


def _move(books: Books, *moves: tuple[str, date, str, str]) -> None:
    """Write changes of class down."""
    rows = [dict(zip(("member", "on", "class_from", "class_to"), each, strict=True)) for each in moves]
    do(books, lambda change: change.connection.execute(insert(segment_move), rows) and None)


def test_lost_are_those_who_were_there_at_the_start_each_once(books: Books) -> None:
    back, gone, new, stays = put_people(books, 4)
    _move(
        books,
        *((each, OLD, "", "regular") for each in (back, gone, stays)),
        (back, OLD + DAY, "regular", ""),
        (back, OLD + 2 * DAY, "", "new"),
        (gone, TODAY, "regular", "dormant"),
        (gone, TODAY + DAY, "dormant", ""),
        (new, TODAY, "", "new"),
        (new, TODAY + DAY, "new", ""),
    )
    with books.look() as look:
        found = churn_of(look, Span(TODAY, TODAY + DAY))
    assert (found.at_start, found.left, found.dormant, found.permille) == (3, 1, 0, 333)
