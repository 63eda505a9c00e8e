"""Talk between the processes of one box: a Unix socket a process, JSON lines, nothing kept on disk.

A request is `{"op","args"}` and its answer `{"ok":true,"body"}` or `{"ok":false,"message","hint","again"}`, the last
where it may go well later. The line `{"follow":topic}` turns a connection round: the server then sends `{"message"}`
lines, and an empty object every two seconds, so that a follower can tell a quiet neighbour from a hung one.
"""

import contextlib
import logging
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from kiosk.core.errors import KioskError, MessageRejected, NeighbourDown, Refused
from kiosk.local.lines import BEAT_S, Lines, connect, encode_line
from kiosk.local.talk_server import Message, TalkServer

__all__ = ["Message", "TalkServer", "ask", "follow"]

SILENCE_S = 3 * BEAT_S
RECONNECT_MIN_S = 0.1
RECONNECT_MAX_S = 2.0

_ANSWER_S = 5.0
_POLL_S = 0.25
_log = logging.getLogger(__name__)


def ask(path: Path, op: str, args: Message | None = None, timeout_s: float = 5.0) -> Message:
    """Have the process at a socket do something and return what it answers.

    Raises Refused with the message and hint of the KioskError it met there, NeighbourDown with them where that was a
    RetryLater, and NeighbourDown when there is no process or no answer in time. It may have acted all the same: what
    must not happen twice carries an id.
    """
    deadline = time.monotonic() + timeout_s
    line = encode_line({"op": op, "args": args or {}})
    try:
        with contextlib.closing(connect(path, timeout_s)) as lines:
            lines.write(line, deadline - time.monotonic())
            answer = lines.read(deadline - time.monotonic())
    except OSError as error:
        raise _down(path, error.strerror or "no answer in time") from error
    if answer is None or "busy" in answer:
        raise _down(path, "busy" if answer else "no answer")
    if answer.get("ok") is not True:
        kind = NeighbourDown if answer.get("again") is True else Refused
        raise kind(str(answer.get("message", "refused")), hint=str(answer.get("hint", "")))
    body = answer.get("body")
    return body if isinstance(body, dict) else {}


def follow(path: Path, topic: str, stop: threading.Event) -> Iterator[Message]:
    """Yield what the process at a socket publishes on a topic, until `stop`.

    Yields `{"kind":"link","up":…}` whenever it goes or comes, and what it is at first. Messages may be missed before
    each `up`: ask for the state then. A neighbour that is silent for six seconds counts as gone.
    """
    up: bool | None = None
    wait_s = RECONNECT_MIN_S
    while not stop.is_set():
        try:
            lines = _subscribe(path, topic)
        except (OSError, KioskError) as error:
            if up is not False:
                up = False
                _log.info("neighbour is down", extra={"neighbour": path.stem, "topic": topic, "error": error})
                yield {"kind": "link", "up": False}
            stop.wait(wait_s)
            wait_s = min(wait_s * 2, RECONNECT_MAX_S)
            continue
        with contextlib.closing(lines):
            up = True
            yield {"kind": "link", "up": True}
            wait_s = RECONNECT_MIN_S
            yield from _messages(lines, stop)
        if not stop.is_set():
            up = False
            yield {"kind": "link", "up": False}


def _messages(lines: Lines, stop: threading.Event) -> Iterator[Message]:
    heard = time.monotonic()
    while not stop.is_set():
        try:
            line = lines.read(_POLL_S)
        except TimeoutError:
            if time.monotonic() - heard > SILENCE_S:
                return
            continue
        except (OSError, MessageRejected):
            return
        if line is None:
            return
        heard = time.monotonic()
        if isinstance(message := line.get("message"), dict):
            yield message


def _subscribe(path: Path, topic: str) -> Lines:
    """Connect and wait for the first beat; raises OSError, NeighbourDown, Refused."""
    lines = connect(path, _ANSWER_S)
    try:
        lines.write(encode_line({"follow": topic}), _ANSWER_S)
        first = lines.read(_ANSWER_S)
        if first is None or "busy" in first:
            raise _down(path, "busy" if first else "no answer")
        if first:
            raise Refused(str(first.get("message", "refused")), hint=str(first.get("hint", "")))
    except (OSError, KioskError):
        lines.close()
        raise
    return lines


def _down(path: Path, cause: str) -> NeighbourDown:
    return NeighbourDown(f"{path.stem} does not answer ({cause})", hint=f"See that `kiosk {path.stem}` runs")
