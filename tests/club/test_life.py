"""Lives: one table for the steps, what is refused, and the drawing."""

import importlib
import pkgutil
from enum import StrEnum

import pytest

import kiosk.club
from kiosk.club.coupons import COUPON, CouponAction, CouponState
from kiosk.club.life import Life, Step, StepRefused


class State(StrEnum):
    """Where a lamp is."""

    OFF = "off"
    ON = "on"
    BROKEN = "broken"


class Action(StrEnum):
    """What is done with a lamp."""

    SWITCH_ON = "switch_on"
    SWITCH_OFF = "switch_off"
    DROP = "drop"


LAMP = Life(
    name="a lamp",
    start=State.OFF,
    steps=(
        Step(Action.SWITCH_ON, (State.OFF,), State.ON),
        Step(Action.SWITCH_OFF, (State.ON,), State.OFF),
        Step(Action.DROP, (State.OFF, State.ON), State.BROKEN),
    ),
)


def lives() -> list[Life[StrEnum, StrEnum]]:
    """Return every life that a module of the club declares."""
    found = {}
    for module in pkgutil.iter_modules(kiosk.club.__path__):
        for value in vars(importlib.import_module(f"kiosk.club.{module.name}")).values():
            if isinstance(value, Life):
                found[value.name] = value
    return list(found.values())


def test_an_action_leads_where_the_table_says() -> None:
    assert LAMP.after(State.OFF, Action.SWITCH_ON) is State.ON
    assert LAMP.after(State.ON, Action.DROP) is State.BROKEN


def test_a_step_from_a_state_that_does_not_have_it_says_what_can_be_done_instead() -> None:
    with pytest.raises(StepRefused) as caught:
        LAMP.after(State.OFF, Action.SWITCH_OFF)
    assert str(caught.value) == "a lamp that is off cannot switch_off. From here: switch_on, drop"
    with pytest.raises(StepRefused, match="broken cannot drop"):
        LAMP.after(State.BROKEN, Action.DROP)


def test_what_leads_nowhere_is_an_end() -> None:
    assert [state for state in State if LAMP.is_end(state)] == [State.BROKEN]
    assert LAMP.actions(State.BROKEN) == ()


def test_the_drawing_has_the_start_every_step_and_the_ends() -> None:
    assert LAMP.drawing().splitlines() == [
        "stateDiagram-v2",
        "    [*] --> off",
        "    off --> on: switch_on",
        "    on --> off: switch_off",
        "    off --> broken: drop",
        "    on --> broken: drop",
        "    broken --> [*]",
    ]


def test_every_life_of_the_club_is_whole() -> None:
    for life in lives():
        pairs = [(step.action, source) for step in life.steps for source in step.sources]
        assert len(set(pairs)) == len(pairs), f"{life.name}: an action leads from one state to one state only"
        reached = {life.start}
        while more := {step.target for step in life.steps if reached & set(step.sources)} - reached:
            reached |= more
        assert reached == set(type(life.start)), f"{life.name}: a state that nothing leads to"
        done = {step.action for step in life.steps}
        assert done == set(type(life.steps[0].action)), f"{life.name}: an action that is no step"


def test_a_coupon_that_was_used_comes_back_only_by_giving_it_back() -> None:
    assert COUPON.actions(CouponState.USED) == (CouponAction.GIVE_BACK,)
