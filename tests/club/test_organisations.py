"""Units, those who represent them, and what a unit's standing does to their cards."""

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.club.membership import (
    Ending,
    EndReason,
    MemberFacts,
    MembershipRules,
    MemberState,
    StopReason,
    Suspension,
    Withdrawal,
)
from kiosk.club.organisations import (
    Change,
    Mandate,
    MandateReason,
    OrganisationRules,
    Position,
    Purchase,
    Role,
    after_change,
    against_mandate,
    against_position,
    against_successor,
    annual_member_on,
    as_representative,
    holds,
    in_person,
)
from kiosk.club.standing import Standing, standing_on
from tests.club import strategies_people as people
from tests.club.builders_people import TODAY, make_facts, make_membership_rules

RULES = OrganisationRules()
MEMBERSHIP = make_membership_rules()
DAY = timedelta(days=1)


def make_mandate(**fields: Any) -> Mandate:
    """Make the mandate of `m1` as main representative of `u1` since January."""
    return Mandate(**{"member": "m1", "unit": "u1", "role": Role.MAIN, "since": date(2026, 1, 1)} | fields)


MAIN = make_mandate()
DEPUTY = make_mandate(member="m2", role=Role.DEPUTY)


def _reasons(wanted: Mandate, *held: Mandate, rules: OrganisationRules = RULES) -> list[MandateReason]:
    return [each.reason for each in against_mandate(held, wanted, rules)]


def _standing(unit: MemberFacts, day: date = TODAY, **mandate: Any) -> Standing:
    card = as_representative(make_facts(paid_until=None), unit, make_mandate(**mandate))
    return standing_on(card, MEMBERSHIP, day)


@pytest.mark.proves("R11", "S13")
def test_a_unit_has_a_main_and_a_deputy_representative_and_no_third() -> None:
    third = make_mandate(member="m3", role=Role.DEPUTY)
    assert _reasons(MAIN) == []
    assert _reasons(DEPUTY, MAIN) == []
    assert _reasons(make_mandate(member="m3"), MAIN) == [MandateReason.ROLE_TAKEN]
    assert _reasons(third, MAIN, DEPUTY) == [MandateReason.ROLE_TAKEN, MandateReason.UNIT_FULL]
    assert _reasons(DEPUTY, MAIN, rules=OrganisationRules(representatives_max=1)) == [MandateReason.UNIT_FULL]


@pytest.mark.proves("R11")
def test_who_represents_one_unit_does_not_represent_another_at_the_time() -> None:
    elsewhere = make_mandate(unit="u2", since=date(2026, 3, 1))
    assert _reasons(elsewhere, MAIN) == [MandateReason.ALREADY_REPRESENTS]
    assert _reasons(elsewhere, make_mandate(until=date(2026, 2, 28))) == []
    assert _reasons(elsewhere, make_mandate(until=date(2026, 3, 1))) == [MandateReason.ALREADY_REPRESENTS]


def test_a_mandate_holds_on_its_first_and_last_day() -> None:
    mandate = make_mandate(until=date(2026, 6, 30))
    days = (date(2025, 12, 31), date(2026, 1, 1), date(2026, 6, 30), date(2026, 7, 1))
    assert [holds(mandate, day) for day in days] == [False, True, True, False]


@pytest.mark.proves("R64")
def test_a_unit_is_there_in_person_by_its_main_representative() -> None:
    assert in_person(MAIN)
    assert not in_person(DEPUTY)


@pytest.mark.proves("R13")
@pytest.mark.parametrize("position", Position)
def test_the_posts_of_the_council_and_above_are_for_units(position: Position) -> None:
    assert against_position(position, MAIN, RULES) is None
    refused = against_position(position, None, RULES)
    assert refused is not None
    assert refused.reason is MandateReason.FOR_UNITS_ONLY
    assert against_position(position, None, OrganisationRules(unit_positions=())) is None


@pytest.mark.proves("R69")
def test_a_successor_inherits_nothing_without_review_consent_and_vote() -> None:
    assert against_successor(True, True, True) == ()
    found = [each.reason for each in against_successor(False, False, False)]
    assert found == [MandateReason.NOT_REVIEWED, MandateReason.NOT_AGREED, MandateReason.NO_COUNCIL_VOTE]
    assert [each.reason for each in against_successor(True, True, False)] == [MandateReason.NO_COUNCIL_VOTE]


@pytest.mark.proves("R68", "S12")
def test_who_leaves_the_post_within_the_region_becomes_an_ordinary_member() -> None:
    done = after_change(Change.LEFT_POST, TODAY, MAIN, RULES)
    assert done.mandate == make_mandate(until=TODAY, stays=True)
    assert (done.ordinary, done.ending) == (True, None)
    strict = after_change(Change.LEFT_POST, TODAY, MAIN, OrganisationRules(stays_as_individual=False))
    assert strict.mandate == make_mandate(until=TODAY, stays=False)
    assert not strict.ordinary


@pytest.mark.proves("R68", "S12")
@pytest.mark.parametrize("mandate", [MAIN, None])
def test_who_leaves_the_region_is_no_member_any_more(mandate: Mandate | None) -> None:
    done = after_change(Change.LEFT_REGION, TODAY, mandate, RULES)
    assert done.ending == Ending(TODAY, MemberState.VOID, EndReason.LEFT_REGION)
    assert not done.ordinary
    assert done.mandate == (make_mandate(until=TODAY) if mandate else None)
    wide = after_change(Change.LEFT_REGION, TODAY, mandate, OrganisationRules(leaving_region_voids=False))
    assert (wide.ending, wide.mandate) == (None, mandate)


def test_a_post_that_was_over_before_changes_nothing() -> None:
    over = make_mandate(until=TODAY - DAY)
    done = after_change(Change.LEFT_POST, TODAY, over, RULES)
    assert (done.mandate, done.ordinary, done.ending) == (None, False, None)


@pytest.mark.proves("S13")
def test_the_units_fee_counts_for_its_representatives() -> None:
    paid = _standing(make_facts(collected_on=None))
    assert (paid.state, paid.deny) == (MemberState.VALID, None)
    due = _standing(make_facts(paid_until=TODAY - DAY))
    assert (due.state, due.inherited) == (MemberState.ARREARS, True)
    never = _standing(make_facts(approved_on=date(2025, 6, 15), paid_until=None), date(2026, 6, 14))
    assert never.state is MemberState.ARREARS
    gone = _standing(make_facts(approved_on=date(2025, 6, 15), paid_until=None), date(2026, 6, 15))
    assert (gone.state, gone.inherited) == (MemberState.FORFEITED, True)


@pytest.mark.proves("S13")
def test_what_befalls_the_unit_befalls_its_representatives() -> None:
    stopped = _standing(make_facts(suspensions=(Suspension(TODAY, StopReason.ABSENCE),)))
    assert (stopped.state, stopped.inherited) == (MemberState.TITLE_KEPT, True)
    leaving = make_facts(withdrawals=(Withdrawal(TODAY, TODAY + 30 * DAY),))
    assert _standing(leaving).state is MemberState.WITHDRAWAL_PENDING
    assert _standing(leaving, TODAY + 31 * DAY).state is MemberState.WITHDRAWN
    ended = _standing(make_facts(endings=(Ending(TODAY - DAY, MemberState.CANCELLED, EndReason.MISCONDUCT),)))
    assert (ended.state, ended.inherited) == (MemberState.CANCELLED, True)
    assert _standing(make_facts(approved_on=None)).state is MemberState.APPLICANT


@pytest.mark.proves("S13")
@given(people.facts(), people.facts(), people.rules(), people.days(), st.booleans())
def test_a_representatives_card_never_opens_more_than_the_unit_does(
    person: MemberFacts, unit: MemberFacts, rules: MembershipRules, day: date, stays: bool
) -> None:
    unit = msgspec.structs.replace(unit, collected_on=unit.approved_on)
    card = as_representative(person, unit, make_mandate(stays=stays))
    if standing_on(card, rules, day).deny is None:
        assert standing_on(unit, rules, day).deny is None
        own = msgspec.structs.replace(person, owes_fees=False)
        assert standing_on(own, rules, day).deny is None
    elif standing_on(unit, rules, day).deny is None:
        assert standing_on(msgspec.structs.replace(person, owes_fees=False), rules, day).deny is not None


@pytest.mark.proves("R68", "S12")
def test_the_card_of_one_whose_mandate_is_over_closes_unless_he_stays() -> None:
    assert _standing(make_facts(), until=TODAY).deny is None
    assert _standing(make_facts(), TODAY + DAY, until=TODAY).state is MemberState.VOID
    assert _standing(make_facts(), TODAY + DAY, until=TODAY, stays=True).deny is None


@pytest.mark.proves("R151", "S13")
def test_a_unit_becomes_an_annual_member_by_buying_all_named_products_in_the_period() -> None:
    rules = OrganisationRules(annual_products=("licence", "service"))
    licence = Purchase("licence", date(2025, 6, 15))
    assert annual_member_on([licence, Purchase("service", date(2026, 6, 14))], rules) == date(2026, 6, 14)
    assert annual_member_on([licence, Purchase("service", date(2026, 6, 15))], rules) is None
    assert annual_member_on([licence, licence], rules) is None
    assert annual_member_on([licence], RULES) is None
