"""Declines, lapses and winning back."""

from datetime import date, timedelta

import pytest

from kiosk.club.calendar import Span, add_months
from kiosk.club.lapses import (
    LAPSE_LIFE,
    LapseAction,
    LapseReason,
    LapseRules,
    LapseState,
    Measure,
    churn,
    compared,
    declines,
    is_lost,
    win_back,
)
from kiosk.club.life import StepRefused
from kiosk.club.segments import MemberClass

RULES = LapseRules()
TODAY = date(2026, 11, 22)
DAY = timedelta(days=1)


def _declined(before: int, now: int, measure: Measure = Measure.VISITS) -> bool:
    return bool(declines(MemberClass.REGULAR, {measure: before}, {measure: now}, RULES))


def test_a_drop_by_half_is_a_decline_and_less_is_not() -> None:
    assert _declined(10, 5)
    assert not _declined(11, 6)
    assert _declined(100_000, 50_000, Measure.SPEND)
    assert not _declined(100_000, 50_001, Measure.SPEND)


def test_small_numbers_say_nothing() -> None:
    assert not _declined(5, 0)
    assert _declined(6, 0)
    assert not _declined(49_999, 0, Measure.SPEND)


def test_a_decline_says_what_dropped_and_by_how_much() -> None:
    found = declines(MemberClass.REGULAR, {Measure.VISITS: 9, Measure.SPEND: 90_000}, {Measure.SPEND: -100}, RULES)
    assert [(each.measure, each.now, each.percent) for each in found] == [
        (Measure.VISITS, 0, 100),
        (Measure.SPEND, 0, 100),
    ]


@pytest.mark.parametrize("other", [MemberClass.NEW, MemberClass.DORMANT])
def test_only_regulars_decline(other: MemberClass) -> None:
    assert declines(other, {Measure.VISITS: 50}, {}, RULES) == ()


def test_two_equal_spans_until_yesterday_are_compared() -> None:
    before, now = compared(TODAY, RULES)
    assert before == Span(date(2026, 5, 22), date(2026, 8, 21))
    assert now == Span(date(2026, 8, 22), date(2026, 11, 21))


def test_one_is_won_back_after_six_months_and_only_who_ever_bought() -> None:
    offer = win_back(add_months(TODAY, -6), RULES, TODAY)
    assert offer is not None
    assert (offer.coupon, offer.first, offer.last) == ("win_back", TODAY, TODAY + 29 * DAY)
    assert win_back(add_months(TODAY, -6) + DAY, RULES, TODAY) is None
    assert win_back(None, RULES, TODAY) is None
    assert win_back(add_months(TODAY, -6), LapseRules(win_back_coupon=""), TODAY) is None


def test_one_silence_has_one_offer_whatever_day_it_is_looked_at() -> None:
    bought = add_months(TODAY, -7)
    first, later = win_back(bought, RULES, TODAY), win_back(bought, RULES, TODAY + 40 * DAY)
    assert first is not None
    assert later is not None
    assert first.cause == later.cause
    assert first.cause != f"win_back.{TODAY}"


def test_a_lapse_is_listed_asked_won_back_called_and_ends() -> None:
    state = LAPSE_LIFE.start
    for action in (LapseAction.ASK_REASON, LapseAction.PLAN_WIN_BACK, LapseAction.CALL, LapseAction.RETURN):
        state = LAPSE_LIFE.after(state, action)
    assert state is LapseState.RETURNED
    with pytest.raises(StepRefused):
        LAPSE_LIFE.after(LapseState.LISTED, LapseAction.PLAN_WIN_BACK)
    with pytest.raises(StepRefused):
        LAPSE_LIFE.after(LapseState.LOST, LapseAction.RETURN)


def test_a_member_is_lost_after_a_year_without_visit_and_purchase() -> None:
    joined = date(2020, 1, 1)
    assert is_lost(add_months(TODAY, -12), add_months(TODAY, -13), joined, RULES, TODAY)
    assert not is_lost(add_months(TODAY, -12) + DAY, None, joined, RULES, TODAY)


def test_churn_counts_those_who_left_or_fell_silent_and_their_reasons() -> None:
    found = churn(300, 4, 6, [LapseReason.BUSY, LapseReason.MOVED, LapseReason.BUSY])
    assert found.permille == 33
    assert list(found.reasons.items()) == [("busy", 2), ("moved", 1)]
    assert churn(0, 0, 0, []).permille == 0
