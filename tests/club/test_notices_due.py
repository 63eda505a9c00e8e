"""Dated notices: on their day, once for each telling, caught up after days without a job."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.club.notices import CATALOGUE, Ground, NoticeCode, Recipient
from kiosk.club.notices_due import Dated, DueNotice, NoticeFacts, NoticeRules, notices_due

RULES = NoticeRules()
END = date(2026, 12, 31)
DAY = timedelta(days=1)


def due(day: date, rules: NoticeRules = RULES, **facts: Any) -> tuple[DueNotice, ...]:
    """Return what is due to m1 with these dates."""
    return notices_due(NoticeFacts("m1", **facts), rules, day)


def first_days(rules: NoticeRules = RULES, **facts: Any) -> list[tuple[int, str]]:
    """Return the days from END on which each topic is due for the first time, asking every day."""
    seen: dict[str, int] = {}
    for offset in range(-60, 61):
        for each in due(END + offset * DAY, rules, **facts):
            seen.setdefault(each.topic, offset)
    return sorted((offset, topic) for topic, offset in seen.items())


@pytest.mark.proves("S57", "S74")
def test_a_card_that_runs_out_is_announced_30_and_7_days_before() -> None:
    assert first_days(cards=(Dated("00000042", END),)) == [
        (-30, "card_expires.00000042.2026-12-31.+30"),
        (-7, "card_expires.00000042.2026-12-31.+7"),
    ]


@pytest.mark.proves("R54", "S58", "S57")
def test_a_fee_is_announced_before_its_day_and_reminded_of_after_it() -> None:
    assert first_days(fee_until=END) == [
        (-14, "fee_soon.m1.2026-12-31.+14"),
        (-3, "fee_soon.m1.2026-12-31.+3"),
        (1, "fee_overdue.m1.2026-12-31.-1"),
        (15, "fee_overdue.m1.2026-12-31.-15"),
        (30, "fee_overdue.m1.2026-12-31.-30"),
    ]


@pytest.mark.proves("S74")
@pytest.mark.parametrize(
    ("facts", "days"),
    [
        ({"suspended_until": END}, [-1]),
        ({"leaves": END}, [-7]),
        ({"points": (Dated("l1", END, 300),)}, [-30, -7]),
        ({"coupons": (Dated("c1", END),)}, [-7]),
        ({"activities": (Dated("a1", END),)}, [-1]),
        ({"uncollected": (Dated("00000042", END),)}, [14, 30]),
        ({"born_on": date(1990, 12, 31)}, [0]),
        ({"joined_on": date(2020, 12, 31)}, [0]),
        ({"joined_on": END}, []),
    ],
)
def test_each_sort_of_date_has_its_own_days(facts: dict[str, Any], days: list[int]) -> None:
    assert [offset for offset, _ in first_days(**facts)] == days


@pytest.mark.proves("R08")
def test_staff_are_told_of_an_answer_that_an_applicant_still_waits_for() -> None:
    assert due(END, reviews=(Dated("a1", END),)) == ()
    late = due(END + DAY, reviews=(Dated("a1", END),))
    assert [(each.code, each.recipient) for each in late] == [(NoticeCode.REVIEW_OVERDUE, Recipient.STAFF)]


@pytest.mark.proves("S74")
def test_days_without_a_job_are_caught_up_with_the_nearest_telling_alone() -> None:
    card = (Dated("00000042", END),)
    assert [each.due_on for each in due(END - 25 * DAY, cards=card)] == [END - 30 * DAY]
    assert [each.due_on for each in due(END - 5 * DAY, cards=card)] == [END - 7 * DAY]
    assert due(END - 22 * DAY, cards=card) == ()
    assert len(due(END - 23 * DAY, cards=card)) == 1
    assert len(due(END, cards=card)) == 1
    assert due(END + DAY, cards=card) == ()


@pytest.mark.proves("S74")
def test_what_was_due_before_the_thing_began_is_not_told() -> None:
    month = Dated("00000042", END, since=date(2026, 12, 1))
    assert [offset for offset, _ in first_days(cards=(month,))] == [-7]
    earlier = Dated("00000042", END, since=date(2026, 11, 30))
    assert [offset for offset, _ in first_days(cards=(earlier,))] == [-30, -7]


@pytest.mark.proves("S76")
def test_a_birthday_is_wished_late_but_not_too_late_and_across_new_year() -> None:
    born = date(1990, 12, 31)
    for late in (1, 7):
        (wish,) = due(END + late * DAY, born_on=born)
        assert (wish.on, wish.topic, wish.days) == (END, "birthday.m1.2026-12-31.+0", -late)
    assert due(END + 8 * DAY, born_on=born) == ()
    leap = due(date(2027, 3, 1), born_on=date(2000, 2, 29))
    assert [each.on for each in leap] == [date(2027, 3, 1)]
    ahead = due(date(2026, 12, 30), NoticeRules(birthday=(3,)), born_on=date(1990, 1, 2))
    assert [each.topic for each in ahead] == ["birthday.m1.2027-01-02.+3"]


@pytest.mark.proves("S76", "S74")
def test_a_notice_says_how_many_points_or_years_it_is_about() -> None:
    (years,) = due(END, joined_on=date(2020, 12, 31))
    assert (years.code, years.number) == (NoticeCode.ANNIVERSARY, 6)
    (points,) = due(END - 7 * DAY, points=(Dated("l1", END, 300),))
    assert (points.number, points.days) == (300, 7)


def test_a_notice_that_the_club_does_not_want_is_never_due() -> None:
    assert first_days(NoticeRules(card_expires=()), cards=(Dated("00000042", END),)) == []


@pytest.mark.proves("S74")
def test_every_dated_notice_of_the_catalogue_comes_due() -> None:
    thing = (Dated("x", END),)
    facts = NoticeFacts(
        "m1", cards=thing, fee_until=END, uncollected=thing, suspended_until=END, leaves=END, points=thing,
        coupons=thing, activities=thing, reviews=thing, born_on=date(1990, 12, 31), joined_on=date(2020, 12, 31),
    )  # fmt: skip
    told = {each.code for n in range(-60, 61) for each in notices_due(facts, RULES, END + n * DAY)}
    assert told == {code for code, kind in CATALOGUE.items() if kind.ground is Ground.DATE}


@pytest.mark.proves("S74")
@settings(max_examples=100)
@given(st.lists(st.integers(0, 60), min_size=1, max_size=40))
def test_a_job_that_runs_on_any_days_tells_no_more_than_one_that_runs_daily(days: list[int]) -> None:
    card = (Dated("00000042", END),)
    told = {each.topic for day in days for each in due(END - day * DAY, cards=card)}
    daily = {topic for _, topic in first_days(cards=card)}
    assert told <= daily
    assert len(daily) == len(RULES.card_expires)
    assert all(len(each) <= 128 for each in told)
