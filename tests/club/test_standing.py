"""What a membership is on a day, and that a gate by itself says the same."""

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.club.membership import (
    ENDED,
    OPEN,
    Ending,
    EndReason,
    MemberFacts,
    MembershipRules,
    MemberState,
    StopReason,
    Suspension,
    Withdrawal,
)
from kiosk.club.standing import Projection, Standing, StandingReason, end_of, projection, standing_on
from kiosk.core.decision import decide
from kiosk.core.model import CredentialState
from kiosk.core.records import DenyReason
from tests.builders import make_case, make_credential, make_policy, make_reading
from tests.club import strategies_people as people
from tests.club.builders_people import make_facts, make_membership_rules

RULES = make_membership_rules()
POLICY = make_policy()
YEAR_END = date(2026, 12, 31)
DAY = timedelta(days=1)


def _state(facts: MemberFacts, day: date, rules: MembershipRules = RULES) -> MemberState:
    return standing_on(facts, rules, day).state


def _at_the_gate(roster: Projection, day: date) -> DenyReason | None:
    """Return what a gate says at noon of a day, from what the roster says of the membership."""
    credential = make_credential(
        state=CredentialState.UNCOLLECTED if roster.uncollected else CredentialState.ACTIVE,
        member_until=roster.member_until,
        suspended_from=roster.suspended_from,
        suspended_until=roster.suspended_until,
        paid_until=roster.paid_until,
    )
    noon = make_reading(now=datetime(day.year, day.month, day.day, 4, tzinfo=UTC))
    decision = decide(make_case(credential=credential, policy=POLICY, clock=noon))
    return None if decision.granted else DenyReason(decision.event.reason)


@pytest.mark.proves("S07", "S11", "S10", "R45", "R46")
@given(people.facts(), people.rules(), people.days(), st.integers(0, 800))
@settings(max_examples=150)
def test_a_gate_decides_by_itself_as_the_register_does_on_every_later_day(
    facts: MemberFacts, rules: MembershipRules, published: date, later: int
) -> None:
    roster = projection(facts, rules, published)
    last = roster.good_until or published + timedelta(days=1500)
    edges = {published, last, *(day + step * DAY for day in _dates(facts, rules) for step in (-1, 0, 1))}
    for day in sorted({published + timedelta(days=later), *edges}):
        if published <= day <= last:
            assert _at_the_gate(roster, day) == standing_on(facts, rules, day).deny, day


def _dates(facts: MemberFacts, rules: MembershipRules) -> set[date]:
    """Return the days on which something can change."""
    end = end_of(facts, rules)
    found = {facts.approved_on, facts.collected_on, facts.paid_until, facts.deferred_until, end and end.last_day}
    found |= {each.since for each in facts.suspensions} | {each.until for each in facts.suspensions}
    return {day for day in found if day is not None}


@pytest.mark.proves("S07")
@given(people.facts(), people.rules(), people.days())
def test_a_projection_is_good_until_the_day_before_it_would_be_wrong(
    facts: MemberFacts, rules: MembershipRules, published: date
) -> None:
    roster = projection(facts, rules, published)
    if roster.good_until is not None:
        assert roster.good_until >= published
        after = roster.good_until + DAY
        assert projection(facts, rules, after) != roster


@pytest.mark.proves("R45", "R46")
@given(people.facts(), people.rules(), people.days())
def test_the_gate_opens_to_valid_members_and_to_nobody_else(
    facts: MemberFacts, rules: MembershipRules, day: date
) -> None:
    standing = standing_on(facts, rules, day)
    assert (standing.deny is None) == (standing.state in OPEN)
    if standing.deny is None:
        assert facts.approved_on is not None
        assert facts.collected_on is not None
        assert max(facts.approved_on, facts.collected_on) <= day


@given(people.facts(), people.rules(), people.days(), st.integers(1, 600))
def test_who_is_out_stays_out(facts: MemberFacts, rules: MembershipRules, day: date, later: int) -> None:
    if _state(facts, day, rules) in ENDED:
        assert _state(facts, day + timedelta(days=later), rules) in ENDED


@pytest.mark.proves("R45", "S07", "S27")
def test_a_member_is_valid_from_the_day_the_card_is_collected() -> None:
    facts = make_facts()
    assert standing_on(facts, RULES, date(2025, 12, 31)).reason is StandingReason.NOT_APPROVED
    assert _state(facts, date(2026, 1, 4)) is MemberState.UNCOLLECTED
    assert standing_on(facts, RULES, date(2026, 1, 4)).deny is DenyReason.CARD_NOT_COLLECTED
    assert _state(facts, date(2026, 1, 5)) is MemberState.VALID


@pytest.mark.proves("R46")
def test_without_grace_the_first_unpaid_day_is_in_arrears() -> None:
    facts = make_facts()
    assert standing_on(facts, RULES, YEAR_END).reason is StandingReason.IN_ORDER
    overdue = standing_on(facts, RULES, YEAR_END + DAY)
    assert overdue == Standing(MemberState.ARREARS, StandingReason.FEE_UNPAID, DenyReason.FEE_OVERDUE, YEAR_END)


@pytest.mark.proves("R46")
def test_days_of_grace_are_counted_from_the_last_paid_day() -> None:
    rules = make_membership_rules(grace_days=14)
    graced = standing_on(make_facts(), rules, YEAR_END + 14 * DAY)
    assert (graced.state, graced.reason) == (MemberState.VALID, StandingReason.IN_GRACE)
    assert _state(make_facts(), YEAR_END + 15 * DAY, rules) is MemberState.ARREARS


def test_who_never_paid_owes_from_the_day_of_approval() -> None:
    unpaid = make_facts(paid_until=None)
    assert _state(unpaid, date(2026, 1, 5)) is MemberState.ARREARS
    assert _state(make_facts(paid_until=None, owes_fees=False), date(2030, 1, 5)) is MemberState.VALID


@pytest.mark.proves("R51")
def test_a_deferral_keeps_a_member_in_until_its_day() -> None:
    facts = make_facts(deferred_until=date(2027, 3, 31))
    assert _state(facts, YEAR_END) is MemberState.VALID
    assert _state(facts, YEAR_END + DAY) is MemberState.DEFERRED
    assert _state(facts, date(2027, 3, 31)) is MemberState.DEFERRED
    assert _state(facts, date(2027, 4, 1)) is MemberState.ARREARS


@pytest.mark.proves("R52", "S11")
def test_a_year_unpaid_in_a_row_forfeits_the_membership() -> None:
    facts = make_facts()
    assert _state(facts, date(2027, 12, 31)) is MemberState.ARREARS
    gone = standing_on(facts, RULES, date(2028, 1, 1))
    assert (gone.state, gone.reason) == (MemberState.FORFEITED, StandingReason.YEAR_UNPAID)
    assert gone.deny is DenyReason.MEMBERSHIP_ENDED


@pytest.mark.proves("R51", "R52")
def test_deferred_days_are_not_unpaid_days() -> None:
    facts = make_facts(deferred_until=date(2027, 3, 31))
    assert _state(facts, date(2028, 3, 31)) is MemberState.ARREARS
    assert _state(facts, date(2028, 4, 1)) is MemberState.FORFEITED


@pytest.mark.proves("R64", "S09")
def test_rights_stopped_for_absence_leave_the_title() -> None:
    facts = make_facts(suspensions=(Suspension(date(2026, 6, 1), StopReason.ABSENCE),))
    assert _state(facts, date(2026, 5, 31)) is MemberState.VALID
    kept = standing_on(facts, RULES, date(2026, 6, 1))
    assert kept == Standing(MemberState.TITLE_KEPT, StandingReason.ABSENCE, DenyReason.MEMBERSHIP_SUSPENDED)
    assert kept.state not in ENDED


@pytest.mark.proves("S08")
def test_a_suspension_holds_on_both_its_days() -> None:
    stop = Suspension(date(2026, 6, 1), StopReason.DISCIPLINE, date(2026, 6, 30))
    facts = make_facts(suspensions=(Suspension(date(2026, 5, 1), StopReason.ABSENCE), stop))
    assert _state(facts, date(2026, 5, 31)) is MemberState.TITLE_KEPT
    assert _state(facts, date(2026, 6, 1)) is MemberState.SUSPENDED
    assert _state(facts, date(2026, 6, 30)) is MemberState.SUSPENDED
    assert _state(facts, date(2026, 7, 1)) is MemberState.TITLE_KEPT


@pytest.mark.proves("R61", "S10")
def test_a_card_stays_good_to_the_last_day_of_notice() -> None:
    facts = make_facts(withdrawals=(Withdrawal(date(2026, 6, 1), date(2026, 7, 1)),))
    assert _state(facts, date(2026, 5, 31)) is MemberState.VALID
    asked = standing_on(facts, RULES, date(2026, 7, 1))
    assert (asked.state, asked.deny) == (MemberState.WITHDRAWAL_PENDING, None)
    assert _state(facts, date(2026, 7, 2)) is MemberState.WITHDRAWN


@pytest.mark.proves("R62", "S10")
def test_where_leaving_waits_for_approval_a_member_stays_until_it_comes() -> None:
    waits = make_membership_rules(withdrawal_waits_for_approval=True)
    asked = Withdrawal(date(2026, 6, 1), date(2026, 7, 1))
    facts = make_facts(withdrawals=(asked,))
    assert _state(facts, date(2026, 8, 1), waits) is MemberState.WITHDRAWAL_PENDING
    late = make_facts(withdrawals=(msgspec.structs.replace(asked, approved_on=date(2026, 8, 1)),))
    assert _state(late, date(2026, 8, 1), waits) is MemberState.WITHDRAWAL_PENDING
    assert _state(late, date(2026, 8, 2), waits) is MemberState.WITHDRAWN


@pytest.mark.proves("R63")
def test_the_first_end_counts_and_of_one_day_the_gravest() -> None:
    day = date(2026, 6, 1)
    void = Ending(day, MemberState.VOID, EndReason.LEFT_REGION)
    cancelled = Ending(day, MemberState.CANCELLED, EndReason.MISCONDUCT)
    later = Ending(day + DAY, MemberState.CANCELLED, EndReason.MISCONDUCT)
    assert _state(make_facts(endings=(void, later)), day + 2 * DAY) is MemberState.VOID
    assert _state(make_facts(endings=(void, cancelled)), day + DAY) is MemberState.CANCELLED
    assert _state(make_facts(endings=(void, cancelled)), day) is MemberState.VALID


def test_two_suspensions_that_touch_are_one_for_a_gate_and_two_apart_need_a_second_roster() -> None:
    first = Suspension(date(2026, 6, 1), StopReason.DISCIPLINE, date(2026, 6, 10))
    touching = Suspension(date(2026, 6, 11), StopReason.ABSENCE, date(2026, 6, 20))
    apart = Suspension(date(2026, 7, 1), StopReason.REMINDERS)
    one = projection(make_facts(suspensions=(touching, first)), RULES, date(2026, 5, 1))
    assert (one.suspended_from, one.suspended_until, one.good_until) == (date(2026, 6, 1), date(2026, 6, 20), None)
    two = projection(make_facts(suspensions=(first, apart)), RULES, date(2026, 5, 1))
    assert (two.suspended_until, two.good_until) == (date(2026, 6, 10), date(2026, 6, 30))
    after = projection(make_facts(suspensions=(first, apart)), RULES, date(2026, 6, 11))
    assert (after.suspended_from, after.good_until) == (date(2026, 7, 1), None)
