"""Counting visits: in order the counts equal a brute-force count over the list of visits."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.core.clock import epoch_ms
from kiosk.core.model import Period, VisitRule
from kiosk.core.visits import Usage, count_visit, gap_left_s, in_grace, used_up
from tests.builders import NOW, at_ms, make_usage, make_visits
from tests.strategies import ZONES

BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2026, 10, 20, tzinfo=UTC)
zones = st.sampled_from(ZONES).map(ZoneInfo)
gaps_s = st.one_of(st.integers(0, 7200), st.integers(0, 3 * 86400), st.integers(0, 40 * 86400))
histories = st.lists(gaps_s, max_size=25)


def _visits(gaps: list[int]) -> list[datetime]:
    moments, now = [], START
    for gap_s in gaps:
        now += timedelta(seconds=gap_s)
        moments.append(now)
    return moments


def _count(moments: list[datetime], zone: ZoneInfo) -> Usage:
    usage = Usage()
    for moment in moments:
        usage = count_visit(usage, epoch_ms(moment), zone)
    return usage


def _period(local: datetime, period: Period) -> str:
    forms = {Period.DAY: "%Y-%m-%d", Period.WEEK: "%G-W%V", Period.MONTH: "%Y-%m", Period.YEAR: "%Y"}
    return local.strftime(forms[period])


@given(histories, zones)
def test_counting_in_order_equals_counting_the_list(gaps: list[int], zone: ZoneInfo) -> None:
    moments = _visits(gaps)
    local = [moment.astimezone(zone) for moment in moments]
    usage = _count(moments, zone)
    assert usage.total == len(moments)
    assert usage.days == len({moment.date() for moment in local})
    assert usage.last_ms == (epoch_ms(moments[-1]) if moments else 0)
    for period in Period:
        same = [each for each in local if _period(each, period) == _period(local[-1], period)]
        assert getattr(usage, period.value) == len(same)


@given(histories, zones, gaps_s, st.sampled_from(Period), st.integers(0, 3))
def test_a_period_is_used_up_when_the_list_holds_as_many_in_it(
    gaps: list[int], zone: ZoneInfo, later_s: int, period: Period, allowed: int
) -> None:
    moments = _visits(gaps)
    now = ((moments[-1] if moments else START) + timedelta(seconds=later_s)).astimezone(zone)
    inside = [each for each in moments if _period(each.astimezone(zone), period) == _period(now, period)]
    rule = VisitRule(per_period=allowed, period=period)
    expected = {"limit": allowed, "used": len(inside), "per": period.value} if len(inside) >= allowed else None
    assert used_up(rule, _count(moments, zone), now) == expected


@given(histories, zones, gaps_s, st.integers(0, 3))
def test_distinct_days_are_used_up_on_a_new_day_only(
    gaps: list[int], zone: ZoneInfo, later_s: int, allowed: int
) -> None:
    moments = _visits(gaps)
    now = ((moments[-1] if moments else START) + timedelta(seconds=later_s)).astimezone(zone)
    dates = {each.astimezone(zone).date() for each in moments}
    refused = now.date() not in dates and len(dates) >= allowed
    assert (used_up(VisitRule(days=allowed), _count(moments, zone), now) is not None) == refused


@given(histories, zones, st.integers(0, 3))
def test_visits_in_all_are_used_up_for_good(gaps: list[int], zone: ZoneInfo, allowed: int) -> None:
    usage = _count(_visits(gaps), zone)
    far = datetime(2050, 1, 1, tzinfo=zone)
    assert (used_up(VisitRule(ever=allowed), usage, far) is not None) == (len(gaps) >= allowed)


def test_a_visit_that_arrives_late_adds_to_the_periods_it_shares() -> None:
    noon = datetime(2026, 11, 20, 12, tzinfo=BERLIN)
    usage = _count([noon, noon - timedelta(hours=2)], BERLIN)
    assert usage == Usage(total=2, days=1, day=2, week=2, month=2, year=2, last_ms=epoch_ms(noon))


def test_a_visit_of_an_earlier_day_that_arrives_late_is_a_day_more_and_leaves_today_alone() -> None:
    noon = datetime(2026, 11, 20, 12, tzinfo=BERLIN)
    usage = _count([noon - timedelta(hours=1), noon, noon - timedelta(days=1)], BERLIN)
    assert usage == Usage(total=3, days=2, day=2, week=3, month=3, year=3, last_ms=epoch_ms(noon))


def test_a_visit_of_an_earlier_year_that_arrives_late_leaves_every_period_alone() -> None:
    noon = datetime(2026, 11, 20, 12, tzinfo=BERLIN)
    usage = _count([noon - timedelta(hours=1), noon, noon - timedelta(days=400)], BERLIN)
    assert usage == Usage(total=3, days=2, day=2, week=2, month=2, year=2, last_ms=epoch_ms(noon))


@pytest.mark.parametrize(
    ("seconds_ago", "grace"), [(0, True), (59, True), (59.999, True), (60, False), (61, False), (-1, False)]
)
def test_grace_lasts_from_the_visit_to_before_its_end(seconds_ago: float, grace: bool) -> None:
    assert in_grace(make_visits(grace_s=60), make_usage(seconds_ago), at_ms(NOW)) is grace


def test_without_a_visit_or_a_rule_there_is_no_grace() -> None:
    assert not in_grace(make_visits(grace_s=60), Usage(), at_ms(NOW))
    assert not in_grace(make_visits(), make_usage(0), at_ms(NOW))


@pytest.mark.parametrize(
    ("seconds_ago", "left_s"),
    [(0, 60), (0.001, 60), (1, 59), (59, 1), (59.999, 1), (60, 0), (3600, 0), (-30, 60), (-300, 60), (-301, 0)],
)
def test_the_gap_left_is_told_in_whole_seconds_and_never_too_short(seconds_ago: float, left_s: int) -> None:
    assert gap_left_s(make_visits(gap_s=60), make_usage(seconds_ago), at_ms(NOW)) == left_s


def test_without_a_visit_or_a_rule_there_is_no_gap() -> None:
    assert gap_left_s(make_visits(gap_s=60), Usage(), at_ms(NOW)) == 0
    assert gap_left_s(make_visits(), make_usage(0), at_ms(NOW)) == 0


def test_after_a_visit_dated_by_a_clock_that_was_ahead_the_total_goes_on_and_the_periods_rest() -> None:
    noon = datetime(2026, 11, 20, 12, tzinfo=BERLIN)
    usage = _count([noon + timedelta(days=60), noon, noon + timedelta(hours=1)], BERLIN)
    assert (usage.total, usage.day, usage.week, usage.month) == (3, 1, 1, 1)
    assert used_up(VisitRule(ever=3), usage, noon) is not None
    assert used_up(VisitRule(per_period=1, period=Period.DAY), usage, noon) is None
