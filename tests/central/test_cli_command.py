"""`kiosk central command`: through mosquitto to a gate as it is really started, and what goes wrong on the way."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result

from tests.faults.club import DEVICE, REGULARS, UNKNOWN_CARD, Club
from tests.support.command_line import kiosk
from tests.support.wait import eventually

pytestmark = pytest.mark.mosquitto


@contextlib.contextmanager
def a_club(folder: Path, *running: str) -> Iterator[Club]:
    """A club with its broker and these processes; no gate has a roster unless central runs."""
    club = Club(folder)
    try:
        club.broker.start()
        club.start(*running)
        yield club
    finally:
        club.close()


@pytest.fixture
def quiet(tmp_path: Path) -> Iterator[Club]:
    """A club in which only the broker runs."""
    with a_club(tmp_path) as club:
        yield club


def give(club: Club, *words: str) -> Result:
    """Give a command by the command line."""
    return kiosk("central", "command", *words, "--config", str(club.central.config))


def test_a_gate_does_what_it_is_told_and_its_answer_is_shown(tmp_path: Path) -> None:
    with a_club(tmp_path, "central", "sync", "gate") as club:
        club.wait_for_roster()
        released = answered(club, "release", "--access-point", "entrance", "--operator", "s-07")
        assert answered(club, "lockdown", "--wait") == {"active": True}
        assert reason(club, REGULARS[0]) == "lockdown"
        assert answered(club, "end-lockdown") == {"active": False}
        assert reason(club, REGULARS[0]) == "ok"
        assert answered(club, "reload") == {}
        assert answered(club, "emergency") == {"active": True}
        eventually(lambda: reason(club, UNKNOWN_CARD) == "emergency")
        assert answered(club, "end-emergency") == {"active": False}
        eventually(lambda: reason(club, UNKNOWN_CARD) == "credential_not_found")
        club.settle()
        records = [json.loads(body) for *_, body in club.central.records()]
        (forced,) = [each for each in records if each["data"].get("reason") == "ok_forced"]
        assert forced["seq"] == released["seq"]
        assert (forced["data"]["access_point"], forced["data"]["operator"]) == ("entrance", "s-07")


def test_an_access_point_that_the_device_lacks_is_answered_with_those_it_has(tmp_path: Path) -> None:
    with a_club(tmp_path, "sync", "gate") as club:
        club.box.ask("status")
        done = give(club, DEVICE, "release", "--access-point", "entrnce")
    assert done.exit_code == 2
    assert done.stdout == ""
    assert done.stderr == "kiosk: north-1: no such access point. One of entrance, exit\n"


def test_a_command_that_need_not_be_answered_returns_when_the_broker_has_passed_it_on(tmp_path: Path) -> None:
    with a_club(tmp_path, "sync", "gate") as club:
        club.box.ask("status")
        answered(club, "reload")
        done = give(club, DEVICE, "lockdown", "--no-wait")
        assert done.exit_code == 0
        assert "result" not in json.loads(done.stdout)
        eventually(lambda: reason(club, UNKNOWN_CARD) == "lockdown")


def test_what_nobody_answers_is_given_up_in_time(quiet: Club) -> None:
    done = give(quiet, DEVICE, "reload", "--timeout", "3")
    assert done.exit_code == 2
    assert done.stderr.startswith("kiosk: device north-1 did not answer in 3 s. The command may still run")
    assert give(quiet, DEVICE, "reload", "--timeout", "5", "--no-wait").exit_code == 0


def test_without_a_broker_the_broker_is_named_and_not_the_device(quiet: Club) -> None:
    quiet.broker.stop()
    for words in (["--wait"], ["--no-wait"]):
        done = give(quiet, DEVICE, "reload", "--timeout", "3", *words)
        assert done.exit_code == 2
        assert done.stderr.startswith("kiosk: no connection to the broker in 3 s: No connection to 127.0.0.1:")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nort-1", "reload"], "no device 'nort-1' is registered. Registered: north-1"),
        ([DEVICE, "lokdown"], "there is no action 'lokdown'. Did you mean lockdown or end-lockdown?"),
        ([DEVICE, "dance"], "there is no action 'dance'. Did you mean release or lockdown or"),
        ([DEVICE, "release"], "a release needs to know where. Add --access-point NAME"),
        ([DEVICE, "lockdown", "--access-point", "exit"], "lockdown is about all of the device's access points."),
    ],
)
def test_what_cannot_be_meant_is_one_sentence_with_the_nearest_names(
    quiet: Club, words: list[str], sentence: str
) -> None:
    done = give(quiet, *words)
    assert done.exit_code == 2
    assert done.stderr.startswith(f"kiosk: {sentence}")
    assert done.stderr.count("\n") == 1


def answered(club: Club, *words: str) -> dict[str, object]:
    """Give the box's device a command and return what the gate said."""
    done = give(club, DEVICE, *words)
    assert done.exit_code == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["device"], told["action"]) == (DEVICE, words[0])
    result: dict[str, object] = told["result"]
    return result


def reason(club: Club, card: str) -> str:
    """Tap a card at the entrance and return why the gate let it in or not."""
    return str(club.tap(card)["record"]["data"]["reason"])
