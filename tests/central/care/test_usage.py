"""The heat map of the facilities, from the taps of the gates."""

from datetime import date, timedelta

import pytest
from sqlalchemy import insert

from kiosk.central.care import usage
from kiosk.central.care.kpis import kpis
from kiosk.central.care.tables import usage_hour
from kiosk.central.care.usage import heat_map, suggestions
from kiosk.central.club.activity_tables import activity_sign_in
from kiosk.central.club.books import Books, Change
from kiosk.central.tables import credential
from kiosk.club.calendar import Span
from kiosk.club.usage import Hours, Suggestion
from tests.central.builders import ManualClock
from tests.central.care.builders import DAY, TODAY, do, put_people, rows_of, run_job
from tests.central.club.builders_activities import Boxes, announce, card, moment
from tests.central.club.builders_people import set_day
from tests.central.club.builders_points import amend

WEEK = Span(TODAY - 7 * DAY, TODAY)


def _boxes(books: Books, clock: ManualClock) -> Boxes:
    """Make the gates of a club with member 1, aged 36, who has card 1; nobody knows whose the others are."""
    boxes = Boxes(books, clock)
    (member,) = put_people(books, 1, born="1990-05-01")

    def work(change: Change) -> None:
        change.connection.execute(insert(credential).values(id=card(1), identifier="04FF", member=member))

    do(books, work)
    return boxes


@pytest.mark.proves("S38")
def test_ways_in_are_counted_by_day_facility_hour_and_age(books: Books, clock: ManualClock) -> None:
    boxes = _boxes(books, clock)
    for minute in (0, 30, 59):
        boxes.enter(boxes.at_demo, moment(TODAY, 18, minute), 1)
        boxes.leave(boxes.at_demo, moment(TODAY, 18, minute) + timedelta(seconds=20), 1)
    boxes.enter(boxes.at_demo, moment(TODAY, 23, 59), 1)
    set_day(clock, TODAY + DAY)
    boxes.send()
    for _ in range(2):
        run_job(usage.run, books)
    with books.look() as look:
        found = heat_map(look, "demo", WEEK)
        assert heat_map(look, "island", WEEK) == {}
        assert heat_map(look, "demo", Span(TODAY + DAY, TODAY + DAY)) == {}
    assert {(cell.hour, cell.band, count) for cell, count in found.items()} == {(18, "30-44", 3), (23, "30-44", 1)}
    assert {row["day"] for row in rows_of(books, usage_hour)} == {TODAY.isoformat()}


def test_what_comes_late_is_counted_with_its_day(books: Books, clock: ManualClock) -> None:
    boxes = _boxes(books, clock)
    boxes.enter(boxes.at_demo, moment(TODAY, 10), 1)
    set_day(clock, TODAY + DAY)
    boxes.send()
    run_job(usage.run, books)
    boxes.enter(boxes.at_island, moment(TODAY, 10), 2)
    set_day(clock, TODAY + 5 * DAY)
    boxes.send()
    run_job(usage.run, books)
    with books.look() as look:
        assert [cell.band for cell in heat_map(look, "island", WEEK)] == ["unknown"]
        assert sum(heat_map(look, "demo", WEEK).values()) == 1


def test_killed_between_days_it_goes_on(books: Books, clock: ManualClock) -> None:
    boxes = _boxes(books, clock)
    boxes.enter(boxes.at_demo, moment(TODAY, 10), 1)
    set_day(clock, TODAY + DAY)
    boxes.send()
    place, steps = "", 0
    while not (step := usage.run(books, TODAY + DAY, place)).finished:
        usage.run(books, TODAY + DAY, place)
        place, steps = step.place, steps + 1
    assert steps == usage.DAYS_AGAIN - 1
    assert [row["passages"] for row in rows_of(books, usage_hour)] == [1]


@pytest.mark.proves("S38")
def test_a_busy_hour_asks_for_staff(books: Books, clock: ManualClock) -> None:
    amend(books, usage__least_visits=3)
    boxes = _boxes(books, clock)
    for minute in (0, 20, 40):
        boxes.enter(boxes.at_demo, moment(TODAY, 18, minute), 1)
        boxes.leave(boxes.at_demo, moment(TODAY, 18, minute + 10), 1)
    set_day(clock, TODAY + DAY)
    boxes.send()
    run_job(usage.run, books)
    with books.look() as look:
        area = next(iter(heat_map(look, "demo", WEEK))).area
        found = suggestions(look, "demo", WEEK, {area: Hours(8, 19)})
    busy = [each for each in found if each.suggestion is Suggestion.MORE_STAFF]
    assert [(each.hour, each.passages) for each in busy] == [(18, 3)]
    assert busy[0].band == "30-44"


@pytest.mark.proves("R121")
def test_growth_is_counted_from_who_joined(books: Books) -> None:
    put_people(books, 4, joined=date(2026, 1, 5))
    put_people(books, 1, first=5, joined=date(2026, 11, 2))
    with books.look() as look:
        found = kpis(look, Span(date(2026, 11, 1), date(2026, 11, 30)))
    assert (found.members, found.growth_permille, found.renewal_permille) == (5, 250, None)


def test_who_took_part_is_counted_by_the_local_day_of_the_activity(books: Books, clock: ManualClock) -> None:
    people = put_people(books, 2)
    set_day(clock, TODAY)
    early = announce(books, date(2026, 12, 1), starts_at=moment(date(2026, 12, 1), 7))

    def come(change: Change) -> None:
        row = {"activity": early, "subject": people[0], "by": people[0], "presence": "there", "at": ""}
        change.connection.execute(insert(activity_sign_in).values(**row))

    do(books, come)
    with books.look() as look:
        months = [Span(date(2026, 11, 1), date(2026, 11, 30)), Span(date(2026, 12, 1), date(2026, 12, 31))]
        assert [kpis(look, each).participation_permille for each in months] == [0, 500]
