"""Questions and answers between the processes of one box, over real sockets."""

import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY

from kiosk.core.errors import CannotStart, InvalidInput, KioskError, LinkDown, NeighbourDown, Refused
from kiosk.local.lines import LINE_BYTES_MAX
from kiosk.local.talk import TalkServer, ask
from kiosk.local.talk_server import CONNECTIONS_MAX
from tests.support.wait import eventually

Start = Callable[..., TalkServer]

CHILD = """
import sys, threading
from pathlib import Path
from kiosk.local.talk import TalkServer
server = TalkServer(Path(sys.argv[1]), {"echo": lambda args: args}, frozenset({"taps"}))
server.start()
print("ready", flush=True)
sys.stdin.read()
server.close()
"""


def echo(args: dict[str, Any]) -> dict[str, Any]:
    return args


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "gate.sock"


@pytest.fixture
def start(path: Path) -> Iterator[Start]:
    servers: list[TalkServer] = []

    def started(handlers: Mapping[str, Callable[[dict[str, Any]], dict[str, Any]]], *topics: str) -> TalkServer:
        server = TalkServer(path, handlers, frozenset(topics))
        server.start()
        servers.append(server)
        return server

    yield started
    for server in servers:
        server.close()


@pytest.fixture
def neighbour(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that answers at `path`."""
    command = [sys.executable, "-c", CHILD, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
        process.kill()


def connected(path: Path) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(5)
    sock.connect(str(path))
    return sock


def refused(cause: str) -> float:
    return REGISTRY.get_sample_value("kiosk_talk_refused_total", {"cause": cause}) or 0.0


def test_an_answer_comes_back(start: Start, path: Path) -> None:
    start({"echo": echo})
    assert ask(path, "echo", {"名": [1, 2.5, None, {"x": True}]}) == {"名": [1, 2.5, None, {"x": True}]}
    assert ask(path, "echo") == {}


def test_another_process_answers(neighbour: subprocess.Popen[str], path: Path) -> None:
    assert ask(path, "echo", {"n": 1}) == {"n": 1}


@pytest.mark.parametrize(
    ("error", "kind"),
    [(InvalidInput("no such card", hint="Look"), Refused), (LinkDown("line is down", hint="Wait"), NeighbourDown)],
)
def test_a_refusal_carries_message_and_hint_and_whether_the_same_may_go_well_later(
    start: Start, path: Path, error: Exception, kind: type[KioskError]
) -> None:
    def refuse(_: dict[str, Any]) -> dict[str, Any]:
        raise error

    start({"tap": refuse})
    with pytest.raises(kind) as caught:
        ask(path, "tap")
    assert str(caught.value) == str(error)


def test_an_operation_nobody_has_is_refused(start: Start, path: Path) -> None:
    start({"echo": echo})
    with pytest.raises(Refused, match="gate cannot do 'dance'"):
        ask(path, "dance")


def test_no_process_is_a_neighbour_that_is_down(path: Path) -> None:
    with pytest.raises(
        NeighbourDown, match=r"gate does not answer \(No such file or directory\)\. See that `kiosk gate`"
    ):
        ask(path, "echo")


def test_a_hung_process_is_a_neighbour_that_is_down(neighbour: subprocess.Popen[str], path: Path) -> None:
    neighbour.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, neighbour.pid, os.WSTOPPED)
    began = time.monotonic()
    for _ in range(CONNECTIONS_MAX + 5):  # past the listen backlog, where connecting itself would wait
        with pytest.raises(NeighbourDown):
            ask(path, "echo", timeout_s=0.05)
    assert time.monotonic() - began < 5
    neighbour.send_signal(signal.SIGCONT)
    eventually(lambda: answers(path))


def answers(path: Path) -> bool:
    try:
        return ask(path, "echo", {"n": 1}) == {"n": 1}
    except NeighbourDown:
        return False


def test_a_killed_process_leaves_nothing_that_stops_the_next(neighbour: subprocess.Popen[str], path: Path) -> None:
    neighbour.kill()
    neighbour.wait()
    assert path.exists()
    with pytest.raises(NeighbourDown, match="Connection refused"):
        ask(path, "echo")
    server = TalkServer(path, {"echo": echo})
    server.start()
    assert ask(path, "echo", {"n": 2}) == {"n": 2}
    server.close()


def test_a_second_process_at_the_same_path_does_not_start(start: Start, path: Path) -> None:
    start({"echo": echo})
    with pytest.raises(CannotStart, match="another process answers at"):
        TalkServer(path, {}).start()
    assert ask(path, "echo", {"n": 1}) == {"n": 1}


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match=r"cannot listen at .*/none/gate\.sock \(No such file"):
        TalkServer(tmp_path / "none" / "gate.sock", {}).start()


def test_only_the_owner_may_connect(start: Start, path: Path) -> None:
    previous = os.umask(0)
    try:
        start({})
    finally:
        os.umask(previous)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_path_longer_than_a_socket_address_works(tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 120)
    folder.mkdir()
    server = TalkServer(folder / "gate.sock", {"echo": echo})
    server.start()
    assert ask(folder / "gate.sock", "echo", {"n": 1}) == {"n": 1}
    server.close()
    assert list(folder.iterdir()) == []


def test_a_slow_handler_keeps_nobody_else_waiting(start: Start, path: Path) -> None:
    entered, free = threading.Event(), threading.Event()

    def wait(_args: Mapping[str, Any]) -> dict[str, Any]:
        entered.set()
        return {"freed": free.wait(60)}

    start({"wait": wait, "echo": echo})
    slow: list[dict[str, Any]] = []
    waiting = threading.Thread(target=lambda: slow.append(ask(path, "wait", timeout_s=60)), daemon=True)
    waiting.start()
    assert entered.wait(30)
    assert ask(path, "echo", {"n": 1}) == {"n": 1}
    assert slow == []
    free.set()
    waiting.join(60)
    assert slow == [{"freed": True}]


def test_a_defect_in_a_handler_ends_one_conversation(start: Start, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    died: list[type[BaseException]] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: died.append(args.exc_type))
    start({"fail": lambda _: {"x": 1 // 0}, "echo": echo})
    with pytest.raises(NeighbourDown, match="no answer"):
        ask(path, "fail")
    assert ask(path, "echo", {"n": 1}) == {"n": 1}
    eventually(lambda: died == [ZeroDivisionError])


def test_several_questions_may_share_a_connection(start: Start, path: Path) -> None:
    start({"echo": echo})
    with connected(path) as sock, sock.makefile("rb") as answers:
        sock.sendall(b'{"op":"echo","args":{"n":1}}\n{"op":"echo","args":{"n":2}}\n')
        assert answers.readline() == b'{"ok":true,"body":{"n":1}}\n'
        assert answers.readline() == b'{"ok":true,"body":{"n":2}}\n'


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (b"{nonsense}\n", b"not JSON"),
        (b"[1]\n", b"no JSON object"),
        (b"x" * (LINE_BYTES_MAX + 1), b"a line over 65536 bytes"),
        (b"x" * (LINE_BYTES_MAX + 1) + b"\n", b"a line over 65536 bytes"),
        (b'{"follow":"none"}\n', b"gate has no topic 'none'"),
        (b'{"follow":[]}\n', b"gate has no topic []"),
    ],
    ids=["no json", "no object", "endless", "too long", "no topic", "no name"],
)
def test_a_bad_line_is_answered_and_ends_the_conversation(
    start: Start, path: Path, sent: bytes, expected: bytes
) -> None:
    start({"echo": echo})
    with connected(path) as sock, sock.makefile("rb") as answers:
        sock.sendall(sent)
        assert expected in answers.readline()
        assert answers.read() == b""
    assert ask(path, "echo", {"n": 1}) == {"n": 1}


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (b'{"op":["echo"],"args":{}}\n', b"gate cannot do ['echo']"),
        (b'{"op":"echo","args":[]}\n', b"gate cannot do 'echo'"),
        (b"{}\n", b"gate cannot do None"),
    ],
)
def test_a_question_that_is_none_is_refused(start: Start, path: Path, sent: bytes, expected: bytes) -> None:
    start({"echo": echo})
    with connected(path) as sock, sock.makefile("rb") as answers:
        sock.sendall(sent)
        assert expected in answers.readline()


def test_too_long_a_question_or_answer_is_refused(start: Start, path: Path) -> None:
    start({"echo": echo, "long": lambda _: {"x": "y" * LINE_BYTES_MAX}})
    with pytest.raises(Refused, match="the limit is 65536"):
        ask(path, "echo", {"x": "y" * LINE_BYTES_MAX})
    with pytest.raises(Refused, match="the limit is 65536"):
        ask(path, "long")


def test_an_idle_connection_is_closed(start: Start, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kiosk.local.talk_server.IDLE_S", 2.0)
    start({"echo": echo})
    with connected(path) as sock:
        sock.sendall(b'{"op":')
        assert sock.recv(100) == b""


def test_connections_over_the_limit_are_turned_away_and_counted(start: Start, path: Path) -> None:
    start({"echo": echo})
    before = refused("too_many_connections")
    held = [connected(path) for _ in range(CONNECTIONS_MAX)]
    with pytest.raises(NeighbourDown, match=r"busy|Broken pipe|reset"):
        ask(path, "echo")
    assert refused("too_many_connections") == before + 1
    for sock in held:
        sock.close()
    eventually(lambda: answers(path))


def test_closing_ends_conversations_and_takes_the_file_away(start: Start, path: Path) -> None:
    server = start({"echo": echo})
    with connected(path) as sock:
        sock.sendall(b'{"op":"echo","args":{"n":1}}\n')
        assert b'"n":1' in sock.recv(100)
        server.close()
        assert sock.recv(100) == b""
    assert not path.exists()
    assert talk_threads() == 0
    server.close()


def test_nothing_of_a_server_goes_on_when_its_close_returns(start: Start) -> None:
    for _ in range(200):
        start({"echo": echo}).close()
        assert talk_threads() == 0


def test_closing_leaves_a_successors_file(start: Start, path: Path) -> None:
    server = start({"echo": echo})
    path.unlink()
    successor = start({"echo": lambda _: {"second": True}})
    server.close()
    assert ask(path, "echo") == {"second": True}
    successor.close()


def talk_threads() -> int:
    return sum(thread.name.startswith("talk-gate") for thread in threading.enumerate())
