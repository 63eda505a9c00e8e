"""A whole roster over a line as it is: slow, with a queue, and with a disk that others need too."""

import random
import secrets
from collections import deque
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kiosk.core.codec import decode
from kiosk.core.roster import row_key
from kiosk.sync.fetching import DISK_RESERVE_BYTES, PARTS_KIND, QUESTIONS_MAX
from kiosk.sync.requests import RETRY_NS, TRIES_MAX
from kiosk.wire.parts import PartStore
from tests.builders import make_credential
from tests.sync.rosters import CentralRoster, Receiver

STEP_S = 0.05
KBIT = 125


@pytest.fixture
def central(tmp_path: Path) -> CentralRoster:
    central = CentralRoster(tmp_path / "central")
    chance = random.Random(3)
    for _ in range(8000):
        row = make_credential(chance.randbytes(16).hex(), greeting=chance.randbytes(40).hex())
        central.rows[row_key(row)] = row
    central.cut()
    return central


class SlowLine:
    """Central at the far end of a line that carries so many bytes a second, one message after the other."""

    def __init__(self, box: Receiver, central: CentralRoster, bytes_per_s: int) -> None:
        self.box, self.central = box, central
        self.longest_s = 0.0
        self._bytes_per_s = bytes_per_s
        self._queue: deque[bytes] = deque()
        self._credit = 0.0

    def run(self, time_max_s: float) -> float:
        """Let time pass until the box has all parts; return how long it took."""
        took_s = 0.0
        while took_s < time_max_s:
            took_s += STEP_S
            self.box.clock.advance(STEP_S)
            for payload in self.box.due():
                self._queue.extend(self.central.answer(payload))
            self.longest_s = max(self.longest_s, sum(map(len, self._queue)) / self._bytes_per_s)
            self._credit = self._credit + STEP_S * self._bytes_per_s if self._queue else 0.0
            while self._queue and len(self._queue[0]) <= self._credit:
                self._credit -= len(self._queue[0])
                self.box.downlink.on_response(self._queue.popleft())
            if self.box.fetch.is_building:
                self.box.downlink.on_fetched(*self.box.built.get(timeout=60))
                return took_s
        raise AssertionError(f"not fetched in {time_max_s} s; {self.central.sent_parts} parts were sent")


@pytest.fixture
def box(tmp_path: Path, central: CentralRoster) -> Any:
    box = Receiver(tmp_path / "roster", central)
    yield box
    box.close()


@pytest.mark.parametrize("kbit", [100, 1000, 2000, 20000])
def test_a_slow_line_carries_every_part_once_and_no_more_than_it_must(
    box: Receiver, central: CentralRoster, kbit: int
) -> None:
    assert central.snapshot is not None
    line = SlowLine(box, central, kbit * KBIT)
    box.downlink.on_head(central.head())
    alone_s = (central._folder / "parts").stat().st_size * 4 / 3 / (kbit * KBIT)
    assert line.run(10 * alone_s + 60) < 1.2 * alone_s + 5
    assert box.downlink.revision == 1
    assert central.sent_parts <= (central.snapshot.count + len(central.snapshot.parts)) * 1.2
    assert box.questions.given_up == 0


def test_an_ack_never_waits_long_behind_parts(box: Receiver, central: CentralRoster) -> None:
    line = SlowLine(box, central, 500 * KBIT)
    box.downlink.on_head(central.head())
    line.run(120)
    assert line.longest_s < 5
    assert max(len(request.args["parts"]) for request in central.asked[-3:]) < 8


def test_a_swift_line_is_asked_for_more_at_once(box: Receiver, central: CentralRoster) -> None:
    box.downlink.on_head(central.head())
    at_once = []
    for _ in range(6):
        box.clock.advance(0.4)
        payloads = box.due()
        at_once.append(len(payloads))
        for payload in payloads:
            for answer in central.answer(payload):
                box.downlink.on_response(answer)
    assert at_once[:3] == [1, 1, 2]
    assert max(at_once) <= QUESTIONS_MAX


def test_a_part_that_comes_after_its_question_was_given_up_is_kept(box: Receiver, central: CentralRoster) -> None:
    box.downlink.on_head(central.head())
    late: list[bytes] = []
    while not box.questions.given_up:
        box.clock.advance(0.4)
        for payload in box.due():
            late = late or central.answer(payload)
    for answer in late:
        box.downlink.on_response(answer)
    asked_before = set(central.asked[0].args["parts"])
    central.asked.clear()
    box.talk(central)
    assert box.downlink.revision == 1
    assert not asked_before & {name for request in central.asked for name in request.args.get("parts", ())}


def test_what_arrives_puts_the_other_questions_off_and_gives_them_their_tries_back(box: Receiver) -> None:
    for number in range(2):
        box.questions.ask(PARTS_KIND, {"n": number})
    names = [name for name, _ in box.questions.due(box.clock.monotonic_ns())]
    for _ in range(3 * TRIES_MAX):
        for payload in box.due():
            assert decode(payload)["kind"] == PARTS_KIND
        box.clock.advance(RETRY_NS / 1e9 - 0.1)
        box.questions.answered(names[0], more=True)
    assert box.questions.given_up == 0
    assert box.due() == []


def test_a_snapshot_the_disk_has_no_room_for_is_put_off_and_taken_once_there_is(
    box: Receiver, central: CentralRoster
) -> None:
    assert central.snapshot is not None
    free = 2 * central.snapshot.size + DISK_RESERVE_BYTES
    box.fetch._free_bytes = lambda _folder: free - 1
    box.downlink.on_head(central.head())
    box.talk(central)
    assert (central.asked, box.downlink.revision) == ([], 0)
    box.fetch._free_bytes = lambda _folder: free
    box.clock.advance(301)
    box.talk(central)
    assert box.downlink.revision == 1


def test_parts_of_another_roster_do_not_stay_beside_those_of_the_one_that_is_wanted(
    box: Receiver, central: CentralRoster
) -> None:
    for _ in range(60):
        box.fetch._store.put(secrets.token_bytes(64 * 1024))
    before = box.fetch._store.held_bytes
    box.downlink.on_head(central.head())
    while not box.fetch.is_building:
        box.clock.advance(0.4)
        for payload in box.due():
            for answer in central.answer(payload):
                box.downlink.on_response(answer)
    assert box.fetch._store.held_bytes < before
    box.downlink.on_fetched(*box.built.get(timeout=30))
    assert box.downlink.revision == 1


def test_a_store_is_emptied_only_where_most_of_it_is_not_wanted(tmp_path: Path) -> None:
    with PartStore(tmp_path / "parts", 1 << 20) as store:
        names = [store.put(bytes([n]) * 100) for n in range(4)]
        assert not store.clear_unless(names[:2])
        assert all(map(store.has, names))
        assert store.clear_unless(names[:1])
        assert not any(map(store.has, names))
        assert not store.clear_unless(())


def test_a_lie_about_its_size_does_not_keep_a_later_snapshot_out(box: Receiver, central: CentralRoster) -> None:
    lie = msgspec.structs.replace(central.snapshot, size=1 << 60)
    box.downlink.on_head(central.head(snapshot=lie))
    box.talk(central)
    box.downlink.on_head(central.head())
    box.clock.advance(301)
    box.talk(central)
    assert box.downlink.revision == 1
