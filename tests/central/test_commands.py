"""Commands to a device: signed, sent until answered, and answered only by that device."""

import threading
from queue import Empty

import pytest

from kiosk.central.commands import give_command, make_command
from kiosk.core.errors import InvalidInput, NeighbourDown
from kiosk.wire.link import Arrived, LinkSettings
from kiosk.wire.loopback import LoopbackBroker
from kiosk.wire.messages import Command, CommandResult
from kiosk.wire.signing import SigningKey

CENTRAL, GATE, STRANGER = (SigningKey.generate() for _ in range(3))
COMMAND, RESULT = "kiosk/v1/d/north-1/dn/cmd", "kiosk/v1/d/north-1/up/cmdres"


class Gate:
    """A device that answers commands with `answers`, from a thread."""

    def __init__(self, broker, answers):
        settings = LinkSettings(host="", port=0, client_id="gate", subscriptions=(COMMAND,))
        self.link = broker.link(settings)
        self.got = []
        self._answers = answers
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self):
        self.link.start()
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()
        self.link.close()

    def _work(self):
        while not self._stop.is_set():
            try:
                event = self.link.events.get(timeout=0.05)
            except Empty:
                continue
            if isinstance(event, Arrived):
                command = CENTRAL.public.open(event.payload, Command)
                self.got.append(command)
                for payload in self._answers(command):
                    self.link.publish(RESULT, payload)
                event.done()


@pytest.fixture
def broker():
    with LoopbackBroker() as running:
        yield running


def give(broker, command, timeout_s=30.0):
    link = broker.link(LinkSettings(host="", port=0, client_id="cli", subscriptions=(RESULT,)))
    try:
        return give_command(link, CENTRAL, GATE.public, command, timeout_s)
    finally:
        link.close()


def test_a_command_is_signed_and_its_result_comes_back(broker):
    command = make_command("north-1", "release", {"access_point": "entrance"}, ttl_s=20)
    done = CommandResult(id=command.id, ok=True, body={"released": "entrance"})
    with Gate(broker, lambda got: [GATE.seal(done)]) as gate:
        assert give(broker, command) == done
    assert gate.got[0] == command


def test_each_command_has_its_own_id():
    assert make_command("north-1", "reload").id != make_command("north-1", "reload").id


def test_results_of_others_and_of_other_commands_are_passed_over(broker):
    command = make_command("north-1", "lockdown", {"active": True})
    forged = CommandResult(id=command.id, ok=True, body={"forged": True})
    other = CommandResult(id="another", ok=True)
    mine = CommandResult(id=command.id, ok=False, body={"code": "refused"})
    answers = [b"garbage", STRANGER.seal(forged), GATE.seal(other), GATE.seal(mine)]
    with Gate(broker, lambda got: answers):
        assert give(broker, command) == mine


def test_a_command_is_sent_again_until_it_is_answered(broker):
    command = make_command("north-1", "reload")
    seen = []

    def answer(got):
        seen.append(got.id)
        return [GATE.seal(CommandResult(id=got.id, ok=True))] if len(seen) > 1 else []

    with Gate(broker, answer):
        assert give(broker, command, timeout_s=15).ok
    assert set(seen) == {command.id}


def test_a_device_that_does_not_answer_is_named(broker):
    with pytest.raises(NeighbourDown, match=r"device north-1 did not answer in 2 s"):
        give(broker, make_command("north-1", "reload"), timeout_s=2.0)


@pytest.mark.parametrize(
    ("op", "args", "ttl_s"),
    [("explode", {}, 30), ("release", {}, 0), ("release", {}, 301), ("reload", {"x": "y" * 5000}, 9)],
)
def test_what_is_no_command_is_not_sent(op, args, ttl_s):
    with pytest.raises(InvalidInput):
        make_command("north-1", op, args, ttl_s)
