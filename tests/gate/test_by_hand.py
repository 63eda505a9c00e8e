"""What an attendant has the gate do: recorded with operator and reason, and a drill that may turn into earnest."""

import queue
from typing import Any

import pytest

from kiosk.core.errors import InvalidInput
from kiosk.core.releases import ReleaseWhy
from kiosk.gate.display import decision_message
from kiosk.gate.emergency import ACTIVE_LOOKS, DRILL, Emergency, EmergencyChange
from tests.gate.loop_rig import LoopRig, command, told
from tests.gate.test_emergency import House


@pytest.fixture
def rig(tmp_path):
    made = LoopRig(tmp_path)
    yield made
    made.close()


def test_a_release_is_recorded_with_its_operator_and_reason_and_shown_to_the_displays(rig: LoopRig) -> None:
    by_reason = command("release", access_point="entrance", operator="li", why=ReleaseWhy.CARD_FORGOTTEN.value)
    plain = command("release", access_point="entrance", operator="desk-1")
    wrong = command("release", access_point="entrance", operator="li", why="bribed")
    rig.run(by_reason, plain, wrong)
    assert isinstance(told(wrong), InvalidInput)
    assert [(each["reason"], each["operator"], each.get("why")) for each in rig.data_of("access.granted")] == [
        ("ok_forced", "li", "card_forgotten"), ("ok_forced", "desk-1", None),
    ]  # fmt: skip
    assert rig.releases == 2
    shown = [decision_message(each, rig.controller.reading()) for each in rig.let_through]
    assert [(each["seq"], each["operator"], each["why"]) for each in shown] == [
        (told(by_reason)["seq"], "li", "card_forgotten"), (told(plain)["seq"], "desk-1", ""),
    ]  # fmt: skip


def test_a_drill_is_recorded_as_one_with_who_began_and_who_ended_it_and_goes_on_after_a_restart(rig: LoopRig) -> None:
    rig.run(command("emergency", active=True, drill=True, operator="li"))
    assert rig.emergency.drill
    rig.commands.emergency_changed(EmergencyChange(True, DRILL, 0))
    rig.again()
    assert (rig.emergency.active, rig.emergency.drill) == (True, True)
    rig.run(command("emergency", active=False, operator="wang"))
    rig.commands.emergency_changed(EmergencyChange(False, "command", 0))
    (opened,), (cleared,) = rig.data_of("emergency.opened"), rig.data_of("emergency.cleared")
    assert (opened["source"], opened["operator"]) == ("drill", "li")
    assert (cleared["source"], cleared["operator"]) == ("command", "wang")
    assert not rig.emergency.active


class Contact:
    """The emergency input by hand."""

    active = False

    def read(self) -> bool:
        """Return the level."""
        return self.active

    def close(self) -> None:
        """Let go of nothing."""


@pytest.mark.parametrize("by", ["contact", "command"])
def test_a_drill_that_turns_into_earnest_is_told_as_such(by: str) -> None:
    house, heard, contact = House(), queue.Queue[Any](), Contact()
    emergency = Emergency(house.gates, heard, house.clock, contact)
    emergency.trigger(DRILL)
    if by == "contact":
        contact.active = True
        for _ in range(ACTIVE_LOOKS):
            emergency.look()
    else:
        emergency.trigger()
    changes = [(each.active, each.source) for each in emergency.teller._untold]
    assert changes == [(True, "drill"), (True, {"contact": "input", "command": "command"}[by])]
    assert (emergency.active, emergency.drill) == (True, False)
    emergency.close()
    house.close()
