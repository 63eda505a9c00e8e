"""Special cards: three different people of three roles agree, then IT switches them on."""

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.club.life import StepRefused
from kiosk.club.roles import Role
from kiosk.club.special_cards import (
    Opinion,
    SpecialReason,
    SpecialRefusal,
    SpecialRequest,
    SpecialRules,
    SpecialState,
    activate,
    against_issue,
    against_request,
    approve,
    close,
    function_on,
    still_to_approve,
)
from tests.club.builders_cards import TODAY, make_request

RULES = SpecialRules()
THREE = (Role.OPERATIONS, Role.FINANCE, Role.GENERAL_MANAGER)


def heard(request: SpecialRequest, role: Role, by: str, agrees: bool = True) -> SpecialRequest:
    """Return a request after a role has spoken."""
    after = approve(request, Opinion(role, by, TODAY, agrees), RULES)
    assert isinstance(after, SpecialRequest)
    return after


def make_approved() -> SpecialRequest:
    """Make a request that all three have approved."""
    request = make_request()
    for role in THREE:
        request = heard(request, role, f"of-{role}")
    return request


@pytest.mark.proves("S30", "R36")
@pytest.mark.parametrize("order", list(permutations(THREE)))
def test_three_approvals_in_any_order_and_then_it(order: tuple[Role, ...]) -> None:
    request = make_request()
    for role in order:
        assert request.state is SpecialState.REQUESTED
        assert not function_on(request)
        request = heard(request, role, f"of-{role}")
    assert request.state is SpecialState.APPROVED
    assert not function_on(request)
    active = activate(request, Role.IT, "i1", TODAY, RULES)
    assert isinstance(active, SpecialRequest)
    assert function_on(active)
    assert (active.activated_by, active.activated_on) == ("i1", TODAY)


@pytest.mark.proves("S30", "R36")
@pytest.mark.parametrize("refuser", THREE)
def test_any_refusal_ends_a_request(refuser: Role) -> None:
    request = make_request()
    for role in THREE:
        request = heard(request, role, f"of-{role}", agrees=role is not refuser)
        if role is refuser:
            break
    assert request.state is SpecialState.REFUSED
    with pytest.raises(StepRefused):
        approve(request, Opinion(THREE[-1], "other", TODAY, True), RULES)
    with pytest.raises(StepRefused):
        activate(request, Role.IT, "i1", TODAY, RULES)


@pytest.mark.proves("R36")
def test_one_person_does_not_speak_for_two_roles_nor_a_role_twice_nor_the_one_who_asked() -> None:
    one = heard(make_request(), Role.FINANCE, "f1")
    for role, by, reason in (
        (Role.OPERATIONS, "f1", SpecialReason.SAME_PERSON),
        (Role.FINANCE, "f2", SpecialReason.ROLE_HAS_SPOKEN),
        (Role.OPERATIONS, "s1", SpecialReason.OWN_REQUEST),
        (Role.DESK, "d1", SpecialReason.ROLE_NOT_ASKED),
        (Role.IT, "i1", SpecialReason.ROLE_NOT_ASKED),
    ):
        refusal = approve(one, Opinion(role, by, TODAY, True), RULES)
        assert isinstance(refusal, SpecialRefusal)
        assert refusal.reason is reason
    assert still_to_approve(one, RULES) == (Role.OPERATIONS, Role.GENERAL_MANAGER)


@pytest.mark.proves("S30", "R36")
def test_only_it_switches_on_and_nobody_who_asked_or_approved() -> None:
    approved = make_approved()
    assert still_to_approve(approved, RULES) == ()
    for role, by, reason in (
        (Role.ADMIN, "a1", SpecialReason.ROLE_NOT_ASKED),
        (Role.IT, "s1", SpecialReason.OWN_REQUEST),
        (Role.IT, "of-finance", SpecialReason.SAME_PERSON),
    ):
        refusal = activate(approved, role, by, TODAY, RULES)
        assert isinstance(refusal, SpecialRefusal)
        assert refusal.reason is reason
    with pytest.raises(StepRefused):
        activate(make_request(), Role.IT, "i1", TODAY, RULES)


@pytest.mark.proves("S30", "R35")
def test_a_request_states_department_report_quantity_way_and_ratio() -> None:
    assert against_request(make_request(), RULES) == ()
    for fields, reason in (
        ({"department": ""}, SpecialReason.DEPARTMENT_MISSING),
        ({"report": ""}, SpecialReason.REPORT_MISSING),
        ({"quantity": 0}, SpecialReason.QUANTITY_NOT_ALLOWED),
        ({"quantity": 101}, SpecialReason.QUANTITY_NOT_ALLOWED),
        ({"price_percent": 49}, SpecialReason.PRICE_NOT_ALLOWED),
        ({"price_percent": 100}, SpecialReason.PRICE_NOT_ALLOWED),
    ):
        assert [each.reason for each in against_request(make_request(**fields), RULES)] == [reason]
    assert against_request(make_request(quantity=100, price_percent=50), RULES) == ()
    assert against_request(make_request(quantity=1, price_percent=99), RULES) == ()


@pytest.mark.proves("R34")
def test_special_cards_are_off_without_a_request_and_can_be_off_altogether() -> None:
    assert not function_on(None)
    never = SpecialRules(quantity_max=0)
    assert [each.reason for each in against_request(make_request(), never)] == [SpecialReason.QUANTITY_NOT_ALLOWED]


@pytest.mark.proves("R35", "S30")
def test_no_more_cards_are_issued_than_were_asked_for_and_none_before_or_after() -> None:
    active = activate(make_approved(), Role.IT, "i1", TODAY, RULES)
    assert isinstance(active, SpecialRequest)
    assert against_issue(active, 4) is None
    assert against_issue(active, 5) == SpecialRefusal(SpecialReason.ALL_ISSUED, {"quantity": 5})
    assert against_issue(make_approved(), 0) == SpecialRefusal(SpecialReason.NOT_ACTIVE, {"state": "approved"})
    closed = close(active)
    assert not function_on(closed)
    assert against_issue(closed, 0) is not None


_opinions = st.builds(
    Opinion,
    st.sampled_from([*THREE, Role.IT]),
    st.sampled_from(["s1", "a", "b", "c"]),
    st.just(TODAY),
    st.sampled_from([True, True, True, False]),
)


@pytest.mark.proves("S30", "R36")
@settings(max_examples=100)
@given(st.lists(_opinions, max_size=12))
def test_no_approval_without_three_roles_and_three_people(opinions: list[Opinion]) -> None:
    request = make_request()
    for opinion in opinions:
        if request.state is SpecialState.REQUESTED:
            after = approve(request, opinion, RULES)
            request = after if isinstance(after, SpecialRequest) else request
    if request.state is SpecialState.APPROVED:
        assert {each.role for each in request.opinions} == set(THREE)
        assert len({each.by for each in request.opinions} - {"s1"}) == 3
        assert all(each.agrees for each in request.opinions)
