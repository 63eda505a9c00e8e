"""Linked children and guests with a pass."""

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.club.eligibility import is_child
from kiosk.club.guests import (
    FamilyLink,
    GuestPass,
    GuestReason,
    GuestRules,
    Importance,
    against_child,
    against_pass,
    as_entitlement,
    as_guest,
    child_until,
    is_important,
)
from kiosk.club.joining import JoiningRules
from kiosk.club.membership import (
    Ending,
    EndReason,
    MemberFacts,
    MembershipRules,
    MemberState,
    StopReason,
    Suspension,
)
from kiosk.club.standing import standing_on
from kiosk.core.decision import decide
from kiosk.core.model import VisitRule
from kiosk.core.records import DenyReason, GrantReason
from kiosk.core.visits import Usage
from tests.builders import NOW, make_case, make_credential, make_standing, make_usage
from tests.club import strategies_people as people
from tests.club.builders_people import TODAY, make_facts, make_membership_rules

RULES = GuestRules()
MEMBERSHIP = make_membership_rules()
DAY = timedelta(days=1)
VALID = standing_on(make_facts(), MEMBERSHIP, TODAY)
STOPPED = standing_on(make_facts(suspensions=(Suspension(TODAY, StopReason.DISCIPLINE),)), MEMBERSHIP, TODAY)


def make_pass(**fields: Any) -> GuestPass:
    """Make a pass of `m1` for TODAY and one visit of the gym."""
    defaults = {
        "id": "p1", "guest": "g1", "host": "m1", "product": "gym", "first_day": TODAY, "last_day": TODAY, "visits": 1,
    }  # fmt: skip
    return GuestPass(**defaults | fields)


def _reasons(wanted: GuestPass, *given_before: GuestPass, rules: GuestRules = RULES) -> list[GuestReason]:
    return [each.reason for each in against_pass(wanted, VALID, given_before, rules, TODAY)]


@pytest.mark.proves("S14")
def test_a_valid_member_gives_a_pass_for_a_day_and_a_visit() -> None:
    assert _reasons(make_pass()) == []
    assert _reasons(make_pass(last_day=TODAY + DAY)) == [GuestReason.TOO_LONG]
    assert _reasons(make_pass(visits=2)) == [GuestReason.TOO_MANY_VISITS]
    assert _reasons(make_pass(visits=0)) == [GuestReason.TOO_MANY_VISITS]
    free = GuestRules(pass_days_max=2, pass_visits=0)
    assert _reasons(make_pass(last_day=TODAY + DAY, visits=0), rules=free) == []


@pytest.mark.proves("S14")
def test_a_pass_for_days_that_are_over_is_none() -> None:
    assert _reasons(make_pass(first_day=TODAY - DAY, last_day=TODAY - DAY)) == [GuestReason.DAYS_OVER]
    assert GuestReason.DAYS_OVER in _reasons(make_pass(first_day=TODAY + DAY, last_day=TODAY))


@pytest.mark.proves("S14")
def test_a_host_gives_four_passes_a_calendar_month() -> None:
    earlier = [make_pass(id=f"e{number}", first_day=date(2026, 6, number)) for number in (1, 2, 3, 4)]
    assert _reasons(make_pass(), *earlier) == [GuestReason.TOO_MANY_PASSES]
    assert _reasons(make_pass(), *earlier[:3]) == []
    assert _reasons(make_pass(), *earlier[:3], make_pass(id="e9", first_day=date(2026, 5, 31))) == []
    assert _reasons(make_pass(), *earlier[:3], make_pass(id="e9", host="m2")) == []
    assert _reasons(make_pass(), *earlier, rules=GuestRules(passes_a_month=0)) == []


@pytest.mark.proves("S14")
def test_who_is_no_valid_member_brings_no_guests() -> None:
    refused = against_pass(make_pass(), STOPPED, [], RULES, TODAY)
    assert [each.reason for each in refused] == [GuestReason.HOST_NOT_VALID]


@pytest.mark.proves("S14")
def test_the_visits_of_a_pass_are_counted_at_the_gate() -> None:
    held = as_entitlement(make_pass(first_day=NOW.date(), last_day=NOW.date()))
    assert held.visits == VisitRule(ever=1)
    card = make_credential(guest_of="m1", entitlements=(held,))
    assert _decided(card, {}) == GrantReason.OK_GUEST
    assert _decided(card, {"p1": make_usage(seconds_ago=3600)}) == DenyReason.NO_VISITS_LEFT
    over = make_credential(guest_of="m1", entitlements=(as_entitlement(make_pass()),))
    assert _decided(over, {}) == DenyReason.CREDENTIAL_EXPIRED
    assert as_entitlement(make_pass(visits=0)).visits is None


def _decided(card: Any, usage: dict[str, Usage]) -> str:
    return decide(make_case(credential=card, standing=make_standing(usage=usage))).event.reason


@pytest.mark.proves("S13", "R01")
def test_a_child_is_linked_to_a_valid_member_until_it_can_join() -> None:
    rules = JoiningRules()
    child = FamilyLink("g1", "m1", date(2008, 6, 16))
    assert against_child(child, VALID, rules, TODAY) == ()
    assert [each.reason for each in against_child(child, STOPPED, rules, TODAY)] == [GuestReason.HOST_NOT_VALID]
    grown = FamilyLink("g1", "m1", date(2008, 6, 15))
    assert [each.reason for each in against_child(grown, VALID, rules, TODAY)] == [GuestReason.OLD_ENOUGH_TO_JOIN]


@pytest.mark.proves("R01", "S13")
@given(st.dates(date(1990, 1, 1), date(2030, 1, 1)) | st.just(date(2008, 2, 29)))
def test_the_card_of_a_child_ends_the_day_before_it_is_old_enough(born: date) -> None:
    rules = JoiningRules()
    last = child_until(born, rules)
    assert is_child(born, last, rules)
    assert not is_child(born, last + DAY, rules)


@pytest.mark.proves("S14", "S13")
@given(people.facts(), people.rules(), people.days(), st.none() | people.days())
def test_a_guests_card_never_opens_when_the_hosts_does_not(
    host: MemberFacts, rules: MembershipRules, day: date, handed_over_on: date | None
) -> None:
    guest = standing_on(as_guest(handed_over_on, host), rules, day)
    handed = handed_over_on is not None and handed_over_on <= day
    assert (guest.deny is None) == (handed and standing_on(host, rules, day).deny is None)


@pytest.mark.proves("S14")
def test_a_guest_goes_with_the_host() -> None:
    host = make_facts(endings=(Ending(TODAY, MemberState.CANCELLED, EndReason.MISCONDUCT),))
    guest = as_guest(date(2026, 2, 1), host)
    assert standing_on(guest, MEMBERSHIP, TODAY).deny is None
    after = standing_on(guest, MEMBERSHIP, TODAY + DAY)
    assert (after.deny, after.inherited) == (DenyReason.MEMBERSHIP_ENDED, True)


@pytest.mark.proves("R120", "S14")
def test_a_guest_matters_by_the_sum_of_three_marks() -> None:
    rules = GuestRules()
    assert is_important(Importance(attention=4, participation=3, support=3), rules)
    assert not is_important(Importance(attention=4, participation=3, support=2), rules)
    assert is_important(Importance(support=2), GuestRules(important_from=2))
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"attention": 6}, Importance)
