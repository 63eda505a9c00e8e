"""Following what a neighbour publishes, through its restarts and hangs."""

import contextlib
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY

from kiosk.local.lines import connect
from kiosk.local.talk import TalkServer, ask, follow
from kiosk.local.talk_server import BUFFER_MAX, FOLLOWERS_MAX
from tests.support.wait import eventually, in_time

UP = {"kind": "link", "up": True}
DOWN = {"kind": "link", "up": False}

CHILD = """
import sys
from pathlib import Path
from kiosk.local.talk import TalkServer
server = TalkServer(Path(sys.argv[1]), {}, frozenset({"taps"}))
server.start()
print("ready", flush=True)
for line in sys.stdin:
    server.publish("taps", {"n": int(line)})
"""


class Follower:
    """Follows a topic in a thread and keeps what it hears."""

    def __init__(self, path: Path, topic: str = "taps") -> None:
        self.heard: queue.Queue[dict[str, Any]] = queue.Queue()
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._run, args=(path, topic), name="follower", daemon=True)
        self.thread.start()

    def next(self, timeout_s: float = 15.0) -> dict[str, Any]:
        return self.heard.get(timeout=timeout_s)

    def _run(self, path: Path, topic: str) -> None:
        for message in follow(path, topic, self.stop):
            self.heard.put(message)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "gate.sock"


@contextlib.contextmanager
def serving(path: Path) -> Iterator[TalkServer]:
    server = TalkServer(path, {"echo": lambda args: args}, frozenset({"taps", "doors"}))
    server.start()
    try:
        yield server
    finally:
        server.close()


@contextlib.contextmanager
def following(path: Path, topic: str = "taps") -> Iterator[Follower]:
    follower = Follower(path, topic)
    try:
        yield follower
    finally:
        follower.stop.set()
        follower.thread.join(60)
        assert not follower.thread.is_alive()


def refused(cause: str) -> float:
    return REGISTRY.get_sample_value("kiosk_talk_refused_total", {"cause": cause}) or 0.0


def test_every_follower_hears_its_topic_in_order(path: Path) -> None:
    with serving(path) as server, following(path) as one, following(path) as two, following(path, "doors") as other:
        assert one.next() == two.next() == other.next() == UP
        for n in range(BUFFER_MAX):
            server.publish("taps", {"n": n})
        server.publish("doors", {"open": True})
        for follower in (one, two):
            assert [follower.next() for _ in range(BUFFER_MAX)] == [{"n": n} for n in range(BUFFER_MAX)]
        assert other.next() == {"open": True}


def test_a_follower_says_that_its_neighbour_is_not_there_yet_and_when_it_comes(path: Path) -> None:
    with following(path) as follower:
        assert follower.next() == DOWN
        with serving(path) as server:
            assert follower.next() == UP
            server.publish("taps", {"n": 1})
            assert follower.next() == {"n": 1}


def test_a_follower_survives_restarts(path: Path) -> None:
    with following(path) as follower:
        assert follower.next() == DOWN
        for n in range(3):
            with serving(path) as server:
                assert follower.next() == UP
                server.publish("taps", {"n": n})
                assert follower.next() == {"n": n}
            assert follower.next() == DOWN


def test_a_follower_notices_a_kill_and_a_hang(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kiosk.local.talk.SILENCE_S", 3.0)  # one beat and a half
    command = [sys.executable, "-c", CHILD, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        with following(path) as follower:
            assert follower.next() == UP
            process.send_signal(signal.SIGSTOP)
            assert follower.next(timeout_s=10) == DOWN
            process.send_signal(signal.SIGCONT)
            assert follower.next(timeout_s=10) == UP
            process.stdin.write("7\n")
            process.stdin.flush()
            assert follower.next() == {"n": 7}
            process.kill()
            assert follower.next() == DOWN


def test_a_quiet_neighbour_is_not_taken_for_a_hung_one(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kiosk.local.talk.SILENCE_S", 3.0)
    monkeypatch.setattr("kiosk.local.talk_server.BEAT_S", 0.3)
    with serving(path) as server, following(path) as follower:
        assert follower.next() == UP
        with pytest.raises(queue.Empty):
            follower.next(timeout_s=5)
        server.publish("taps", {"n": 1})
        assert follower.next() == {"n": 1}


def test_a_slow_follower_is_cut_and_counted_while_others_hear_everything(path: Path) -> None:
    before = refused("slow_follower")
    big = "x" * 8000
    with serving(path) as server, following(path) as quick:
        assert quick.next() == UP
        slow = connect(path, 5)
        slow.write(b'{"follow":"taps"}\n', 5)
        assert slow.read(5) == {}
        longest_s = 0.0
        count = 0
        while refused("slow_follower") == before:
            assert count < 1000
            began = time.monotonic()
            server.publish("taps", {"n": count, "x": big})
            longest_s = max(longest_s, time.monotonic() - began)
            assert quick.next()["n"] == count
            count += 1
        assert count > BUFFER_MAX
        assert longest_s < 2.5  # who waited for the slow one would wait five seconds
        server.publish("taps", {"n": count})
        assert quick.next() == {"n": count}
        assert refused("slow_follower") == before + 1
        eventually(lambda: not hears(slow))
        slow.close()


def hears(lines: Any) -> bool:
    with contextlib.suppress(OSError):
        return lines.read(0.1) is not None
    return False


def test_followers_over_the_limit_are_turned_away_and_questions_still_answered(path: Path) -> None:
    before = refused("too_many_followers")
    with serving(path), contextlib.ExitStack() as stack:
        for _ in range(FOLLOWERS_MAX):
            assert stack.enter_context(following(path)).next() == UP
        extra = stack.enter_context(following(path))
        assert extra.next() == DOWN
        assert refused("too_many_followers") > before
        assert ask(path, "echo", {"n": 1}) == {"n": 1}


def test_a_follower_that_goes_makes_room(path: Path) -> None:
    with serving(path):
        for _ in range(FOLLOWERS_MAX + 2):
            with following(path) as follower:
                while follower.next() != UP:
                    pass


def test_an_unknown_topic_reads_as_down_and_is_logged(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "kiosk.local.talk")
    with serving(path), following(path, "gossip") as follower:
        assert follower.next() == DOWN
        assert "neighbour is down" in caplog.messages
        assert "gate has no topic 'gossip'" in str(vars(caplog.records[0])["error"])


def test_publishing_on_an_undeclared_topic_is_a_defect(path: Path) -> None:
    with serving(path) as server, pytest.raises(ValueError, match="gossip"):
        server.publish("gossip", {})


def test_too_long_a_message_is_counted_and_the_next_arrives(path: Path) -> None:
    before = refused("message_too_long")
    with serving(path) as server, following(path) as follower:
        assert follower.next() == UP
        server.publish("taps", {"x": "y" * 70_000})
        server.publish("taps", {"n": 1})
        assert follower.next() == {"n": 1}
    assert refused("message_too_long") == before + 1


def test_following_stops_when_told(path: Path) -> None:
    def until_it_stops() -> float:
        with following(path) as follower:
            assert follower.next() == UP
            began = time.monotonic()
            follower.stop.set()
            follower.thread.join(60)
            took_s = time.monotonic() - began
            assert follower.heard.empty()
        return took_s

    with serving(path):
        assert in_time(1.0, until_it_stops)
