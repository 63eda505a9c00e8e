"""Violations, evidence, orders, and who may give them."""

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from kiosk.club import discipline
from kiosk.club.discipline import (
    NOTICES,
    ORDER_LIFE,
    Body,
    DisciplineRules,
    Evidence,
    Measure,
    Misconduct,
    Order,
    OrderAction,
    OrderReason,
    OrderState,
    Violation,
    against_order,
    apply,
)
from kiosk.club.life import StepRefused
from kiosk.club.membership import MemberState
from kiosk.club.standing import standing_on
from tests.club.builders_people import TODAY, make_facts, make_membership_rules

RULES = DisciplineRules()
DAY = timedelta(days=1)
SEEN = (Evidence("0" * 32, 17),)


def make_violation(**fields: Any) -> Violation:
    """Make a breach of the club's rules by `m1` that a gate has recorded."""
    defaults = {"id": "v1", "member": "m1", "misconduct": Misconduct.CLUB_RULES, "on": TODAY, "evidence": SEEN}
    return Violation(**defaults | fields)


def make_order(**fields: Any) -> Order:
    """Make the council's cancellation of `m1` from TODAY on, after a talk."""
    defaults = {
        "member": "m1", "measure": Measure.CANCELLATION, "violations": ("v1",), "body": Body.COUNCIL, "since": TODAY,
        "heard": True,
    }  # fmt: skip
    return Order(**defaults | fields)


def _reasons(order: Order, *violations: Violation, rules: DisciplineRules = RULES) -> list[OrderReason]:
    return [each.reason for each in against_order(order, violations or (make_violation(),), rules, TODAY)]


@pytest.mark.proves("R63", "S08")
@pytest.mark.parametrize("misconduct", [Misconduct.LAW, Misconduct.CHARTER, Misconduct.CLUB_RULES])
def test_a_breach_of_law_charter_or_rules_may_cost_the_membership(misconduct: Misconduct) -> None:
    assert _reasons(make_order(), make_violation(misconduct=misconduct)) == []


@pytest.mark.proves("S08", "R63")
@pytest.mark.parametrize(
    ("measure", "body", "allowed"),
    [
        (Measure.WARNING, Body.COMMITTEE, True),
        (Measure.SUSPENSION, Body.COMMITTEE, True),
        (Measure.CANCELLATION, Body.COMMITTEE, False),
        (Measure.CANCELLATION, Body.BOARD, True),
        (Measure.CANCELLATION, Body.COUNCIL, True),
    ],
)
def test_each_measure_has_its_bodies(measure: Measure, body: Body, allowed: bool) -> None:
    found = _reasons(make_order(measure=measure, body=body))
    assert found == ([] if allowed else [OrderReason.BODY_MAY_NOT])


@pytest.mark.proves("R70")
def test_serious_misconduct_is_for_the_council_and_must_be_proven() -> None:
    serious = make_violation(misconduct=Misconduct.SERIOUS)
    assert _reasons(make_order(), serious) == []
    assert _reasons(make_order(body=Body.BOARD), serious) == [OrderReason.BODY_MAY_NOT]
    unproven = make_violation(misconduct=Misconduct.SERIOUS, evidence=())
    assert _reasons(make_order(), unproven) == [OrderReason.NO_EVIDENCE]
    assert _reasons(make_order(measure=Measure.WARNING), unproven) == [OrderReason.NO_EVIDENCE]


@pytest.mark.proves("S08")
def test_evidence_is_a_record_or_a_paper_and_a_warning_needs_none() -> None:
    bare = make_violation(evidence=())
    assert _reasons(make_order(), bare) == [OrderReason.NO_EVIDENCE]
    assert _reasons(make_order(), make_violation(evidence=(), papers=("file-9",))) == []
    assert _reasons(make_order(measure=Measure.WARNING), bare) == []


@pytest.mark.proves("S08")
def test_talking_comes_before_suspending() -> None:
    assert _reasons(make_order(measure=Measure.SUSPENSION, heard=False)) == [OrderReason.NOT_HEARD]
    assert _reasons(make_order(measure=Measure.WARNING, heard=False)) == []


def test_an_order_names_violations_of_its_own_member() -> None:
    assert _reasons(make_order(violations=())) == [OrderReason.NO_VIOLATION]
    assert _reasons(make_order(violations=("v1", "v2"))) == [OrderReason.NO_VIOLATION]
    assert _reasons(make_order(member="m2")) == [OrderReason.OTHER_MEMBER]


def test_an_order_is_for_days_to_come() -> None:
    assert _reasons(make_order(since=TODAY - DAY)) == [OrderReason.IN_THE_PAST]
    backwards = make_order(measure=Measure.SUSPENSION, until=TODAY - DAY)
    assert _reasons(backwards) == [OrderReason.ENDS_BEFORE_IT_BEGINS]


def test_a_suspension_is_as_long_as_the_rules_allow() -> None:
    month = DisciplineRules(suspension_days_max=30)
    stop = make_order(measure=Measure.SUSPENSION, until=TODAY + 29 * DAY)
    assert _reasons(stop, rules=month) == []
    assert _reasons(msgspec.structs.replace(stop, until=TODAY + 30 * DAY), rules=month) == [OrderReason.TOO_LONG]
    assert _reasons(msgspec.structs.replace(stop, until=None), rules=month) == [OrderReason.TOO_LONG]
    assert _reasons(msgspec.structs.replace(stop, until=None)) == []


def _state(order: Order, day: date) -> MemberState:
    return standing_on(apply(make_facts(), order), make_membership_rules(), day).state


@pytest.mark.proves("S08", "R63", "R70")
def test_an_order_takes_effect_on_its_first_day() -> None:
    assert _state(make_order(), TODAY - DAY) is MemberState.VALID
    assert _state(make_order(), TODAY) is MemberState.CANCELLED
    stop = make_order(measure=Measure.SUSPENSION, until=TODAY + DAY)
    days = [TODAY - DAY, TODAY, TODAY + DAY, TODAY + 2 * DAY]
    assert [_state(stop, day) for day in days] == [
        MemberState.VALID, MemberState.SUSPENDED, MemberState.SUSPENDED, MemberState.VALID,
    ]  # fmt: skip
    assert apply(make_facts(), make_order(measure=Measure.WARNING)) == make_facts()


def test_nothing_is_lifted_that_was_not_decided() -> None:
    with pytest.raises(StepRefused):
        ORDER_LIFE.after(OrderState.PROPOSED, OrderAction.LIFT)
    assert ORDER_LIFE.after(OrderState.DECIDED, OrderAction.LIFT) is OrderState.LIFTED


@pytest.mark.proves("S08")
def test_an_order_has_nothing_to_show_in_public() -> None:
    fields = {
        field.name
        for kind in vars(discipline).values()
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and kind.__module__ == discipline.__name__
        for field in msgspec.structs.fields(kind)
    }
    assert "measure" in fields
    assert not fields & {"text", "name", "note", "message", "screen", "public", "display"}
    assert set(NOTICES) == set(Measure)
