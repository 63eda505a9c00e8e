"""The answering side of local talk; the words spoken are in `talk.py`."""

import contextlib
import logging
import queue
import socket
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from prometheus_client import Counter

from kiosk.core.errors import CannotStart, InvalidInput, KioskError, MessageRejected, RetryLater
from kiosk.local.lines import BEAT, BEAT_S, BUSY, Lines, connect, encode_line, socket_address

CONNECTIONS_MAX = 16
FOLLOWERS_MAX = 8
BUFFER_MAX = 64
IDLE_S = 5.0

Message = dict[str, Any]
Handler = Callable[[Message], Message]

_POLL_S = 0.25
_CLOSE_S = 1.0
_log = logging.getLogger(__name__)
_refused = Counter("kiosk_talk_refused", "Local connections refused or cut, by cause", ["cause"])


class TalkServer:
    """Answers a process's neighbours and tells them what happens, without ever making the process wait.

    One thread accepts and each connection has its own, at most 16, of which 8 may follow a topic; one more is told to
    come again. `handlers` run in the connection's thread; a KioskError of theirs is carried to whoever asked.
    """

    def __init__(self, path: Path, handlers: Mapping[str, Handler], topics: frozenset[str] = frozenset()) -> None:
        self._path = path
        self._handlers = dict(handlers)
        self._followers: dict[str, set[_Follower]] = {topic: set() for topic in topics}
        self._threads: dict[Lines, threading.Thread] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._listener: socket.socket | None = None
        self._acceptor: threading.Thread | None = None
        self._inode = 0

    def start(self) -> None:
        """Listen at the path, for its owner only; raises CannotStart, also when another process answers there."""
        self._listener = _listen(self._path)
        self._inode = self._path.stat().st_ino
        self._acceptor = threading.Thread(
            target=self._accept, args=(self._listener,), name=f"talk-{self._path.stem}", daemon=True
        )
        self._acceptor.start()

    def close(self) -> None:
        """Stop listening, end every conversation, and wait for them up to one second. May be called twice."""
        self._stopping.set()
        listener, self._listener = self._listener, None
        if listener is None:
            return
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        with contextlib.suppress(OSError):
            if self._path.stat().st_ino == self._inode:
                self._path.unlink()
        with self._lock:
            open_now = dict(self._threads)
        for lines in open_now:
            lines.shut()
        deadline = time.monotonic() + _CLOSE_S
        for thread in [*open_now.values(), *filter(None, [self._acceptor])]:
            thread.join(max(deadline - time.monotonic(), 0))

    def publish(self, topic: str, message: Message) -> None:
        """Hand a message to every follower of a topic. Never waits: a follower 64 messages behind is cut and counted.

        A message over 64 KiB is logged and counted, not sent. An undeclared topic is a ValueError.
        """
        if topic not in self._followers:
            raise ValueError(f"topic {topic!r} was not declared")
        with self._lock:
            followers = list(self._followers[topic])
        if not followers:
            return
        try:
            line = encode_line({"message": message})
        except MessageRejected as error:
            _refused.labels("message_too_long").inc()
            _log.error("message not published", extra={"topic": topic, "error": error})
            return
        for follower in followers:
            try:
                follower.waiting.put_nowait(line)
            except queue.Full:
                self._cut(topic, follower)

    def _accept(self, listener: socket.socket) -> None:
        while not self._stopping.is_set():
            try:
                sock, _ = listener.accept()
            except OSError:
                # Closed, or out of file descriptors: then those who wait are taken when some are free.
                self._stopping.wait(0.1)
                continue
            lines = Lines(sock)
            thread = threading.Thread(
                target=self._converse, args=(lines,), name=f"talk-{self._path.stem}-{sock.fileno()}", daemon=True
            )
            with self._lock:
                room = len(self._threads) < CONNECTIONS_MAX and not self._stopping.is_set()
                if room:
                    self._threads[lines] = thread
                    # Under the lock: `close` joins what it finds here, which must have been started.
                    thread.start()
            if not room:
                _turn_away(lines, "connections")

    def _converse(self, lines: Lines) -> None:
        try:
            while (request := lines.read(IDLE_S)) is not None:
                if "follow" in request:
                    self._stream(lines, request["follow"])
                    return
                lines.write(self._answer(request), IDLE_S)
        except KioskError as error:
            _refused.labels("bad_line").inc()
            with contextlib.suppress(OSError):
                lines.write(_refusal(error), IDLE_S)
        except OSError:
            pass  # the other side is gone, or idle for too long
        finally:
            with self._lock:
                del self._threads[lines]
            lines.close()

    def _answer(self, request: Message) -> bytes:
        op, args = request.get("op"), request.get("args")
        handler = self._handlers.get(op) if isinstance(op, str) else None
        try:
            if handler is None or not isinstance(args, dict):
                raise InvalidInput(f"{self._path.stem} cannot do {op!r}")
            return encode_line({"ok": True, "body": handler(args)})
        except KioskError as error:
            return _refusal(error)

    def _stream(self, lines: Lines, topic: Any) -> None:
        if not isinstance(topic, str) or topic not in self._followers:
            raise InvalidInput(f"{self._path.stem} has no topic {topic!r}")
        follower = _Follower(lines)
        with self._lock:
            room = sum(map(len, self._followers.values())) < FOLLOWERS_MAX
            if room:
                self._followers[topic].add(follower)
        if not room:
            _turn_away(lines, "followers")
            return
        try:
            follower.stream(self._stopping)
        finally:
            with self._lock:
                self._followers[topic].discard(follower)

    def _cut(self, topic: str, follower: "_Follower") -> None:
        with self._lock:
            self._followers[topic].discard(follower)
        follower.lines.shut()
        _refused.labels("slow_follower").inc()
        _log.warning("a slow follower was cut", extra={"topic": topic})


class _Follower:
    def __init__(self, lines: Lines) -> None:
        self.lines = lines
        self.waiting: queue.Queue[bytes] = queue.Queue(BUFFER_MAX)

    def stream(self, stopping: threading.Event) -> None:
        """Send what is published and a beat where nothing is, until either side ends it; raises OSError."""
        self.lines.write(BEAT, IDLE_S)
        sent = time.monotonic()
        while not stopping.is_set() and not self.lines.ended():
            try:
                line = self.waiting.get(timeout=_POLL_S)
            except queue.Empty:
                if time.monotonic() - sent < BEAT_S:
                    continue
                line = BEAT
            self.lines.write(line, IDLE_S)
            sent = time.monotonic()


def _listen(path: Path) -> socket.socket:
    with contextlib.suppress(OSError), contextlib.closing(connect(path, _POLL_S)):
        raise CannotStart(f"another process answers at {path}", hint="Stop it first, or use another folder")
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    try:
        path.unlink(missing_ok=True)
        with socket_address(path) as address:
            listener.bind(address)
        path.chmod(0o600)  # nobody can connect before this: listen comes after
        listener.listen(CONNECTIONS_MAX)
    except OSError as error:
        listener.close()
        raise CannotStart(
            f"cannot listen at {path} ({error.strerror})", hint="Check the folder and its owner"
        ) from error
    return listener


def _turn_away(lines: Lines, what: str) -> None:
    _refused.labels(f"too_many_{what}").inc()
    with contextlib.suppress(OSError):
        lines.write(BUSY, 0.001)
    lines.close()


def _refusal(error: KioskError) -> bytes:
    again = isinstance(error, RetryLater)
    return encode_line({"ok": False, "message": error.message[:2000], "hint": error.hint[:2000], "again": again})
