"""Rights and member days as roster rows: the gate's own decider opens and refuses by them."""

from datetime import UTC, date, datetime, timedelta

import pytest

from kiosk.club import gate_rights
from kiosk.club.benefits import Allowance, BenefitRules, Right, RightKind, TierAllowance
from kiosk.club.calendar import CalendarRules, MemberDay, Span
from kiosk.club.gate_rights import RightReason
from kiosk.club.tiers import TierRules
from kiosk.core.decision import Decision, decide
from kiosk.core.model import Area, Period, Tier, VisitRule
from kiosk.core.visits import Usage
from tests import builders

LADDER = TierRules()
TODAY = date(2026, 11, 22)
LOUNGE = Right("lounge", RightKind.FACILITY, "gold", areas=("lounge",))
POOL = Right(
    "pool",
    RightKind.FACILITY,
    "silver",
    Allowance(2, Period.MONTH),
    more=(TierAllowance("platinum", Allowance()),),
    areas=("pool",),
)
RULES = BenefitRules(rights=(LOUNGE, POOL))
SUNDAY = CalendarRules(member_days=(MemberDay("open_house", dates=(TODAY,), areas=("lounge",), opens="09:00"),))


def tap(
    area: str,
    tier: str,
    usage: dict[str, Usage] | None = None,
    calendar: CalendarRules | None = None,
    now: datetime = builders.NOW,
) -> Decision:
    """Tap at the gate to an area with a member of a tier who has bought nothing; the roster holds the rules' rows."""
    calendar = calendar or CalendarRules()
    tiers = gate_rights.tier_rows([Tier(rung.tier, 0) for rung in LADDER.ladder], RULES, calendar, LADDER)
    policy = builders.make_policy(
        Area("lounge"),
        *tiers,
        *gate_rights.products(RULES),
        *gate_rights.day_products(calendar),
        *gate_rights.day_schedules(calendar, Span(TODAY, TODAY + timedelta(days=30))),
    )
    held = gate_rights.entitlements_of("m1", tier, RULES, LADDER)
    return decide(
        builders.make_case(
            point=builders.make_point(area_to=area),
            policy=policy,
            credential=builders.make_credential(tier=tier, entitlements=held),
            standing=builders.make_standing(usage=usage or {}),
            clock=builders.make_reading(now=now),
        )
    )


def outcome(decision: Decision) -> str:
    """Return the reason of a decision."""
    return decision.event.reason


@pytest.mark.parametrize(
    ("tier", "reason"),
    [("ordinary", "not_permitted_here"), ("silver", "not_permitted_here"), ("gold", "ok"), ("platinum", "ok")],
)
@pytest.mark.proves("S33", "S35", "S36")
def test_the_gate_opens_an_area_to_the_tiers_that_have_it(tier: str, reason: str) -> None:
    assert outcome(tap("lounge", tier)) == reason


@pytest.mark.proves("S35")
def test_the_gate_counts_a_right_of_twice_a_month() -> None:
    right = "m1.right.pool"
    once = {right: builders.make_usage(3600)}
    twice = {right: builders.make_usage(3600, total=2, month=2)}
    assert outcome(tap("pool", "silver", once)) == "ok"
    assert outcome(tap("pool", "silver", twice)) == "no_visits_left"
    assert outcome(tap("pool", "silver", twice, now=datetime(2026, 12, 1, tzinfo=UTC))) == "ok"
    assert outcome(tap("pool", "platinum", twice)) == "ok"
    assert outcome(tap("pool", "ordinary")) == "not_permitted_here"


@pytest.mark.proves("S51")
def test_a_member_day_opens_a_tiers_area_to_all_in_its_hours() -> None:
    assert outcome(tap("lounge", "ordinary", calendar=SUNDAY)) == "ok"
    early = datetime(2026, 11, 22, 0, 59, tzinfo=UTC)
    assert outcome(tap("lounge", "ordinary", calendar=SUNDAY, now=early)) == "not_permitted_at_this_time"
    assert outcome(tap("lounge", "ordinary", calendar=SUNDAY, now=early + timedelta(minutes=1))) == "ok"
    monday = datetime(2026, 11, 23, 4, tzinfo=UTC)
    assert outcome(tap("lounge", "ordinary", calendar=SUNDAY, now=monday)) == "not_permitted_at_this_time"
    assert outcome(tap("pool", "ordinary", calendar=SUNDAY)) == "not_permitted_here"


def test_tier_rows_take_their_rank_from_the_ladder_and_keep_what_they_had() -> None:
    rows = list(gate_rights.tier_rows([Tier("gold", 7, "金卡", stale=True, products=("gym",))], RULES, SUNDAY, LADDER))
    assert rows == [
        Tier("gold", 3, "金卡", stale=True, products=("gym", "right.lounge", "day.open_house")),
    ]


def test_an_allowance_is_counted_at_the_gate_as_it_is_written() -> None:
    assert gate_rights.visit_rule(Allowance(1)) == VisitRule(ever=1)
    assert gate_rights.visit_rule(Allowance(2, Period.WEEK)) == VisitRule(per_period=2, period=Period.WEEK)
    assert gate_rights.visit_rule(Allowance()) == VisitRule()


@pytest.mark.proves("R80", "R81", "S35")
def test_a_right_of_once_is_given_once_at_the_desk() -> None:
    rules, local = BenefitRules(), datetime(2026, 11, 22, 16, tzinfo=UTC)
    assert gate_rights.why_no_use("car_wash", "gold", Usage(), local, rules, LADDER) is None
    assert gate_rights.why_no_use("hotline", "platinum", Usage(total=99), local, rules, LADDER) is None
    lower = gate_rights.why_no_use("car_wash", "silver", Usage(), local, rules, LADDER)
    assert lower is not None
    assert lower.reason is RightReason.NOT_IN_THIS_TIER
    again = gate_rights.why_no_use("car_wash", "platinum", Usage(total=1, last_ms=1), local, rules, LADDER)
    assert again is not None
    assert (again.reason, again.detail["limit"]) == (RightReason.USED_UP, 1)
