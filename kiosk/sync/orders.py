"""Central's commands to this box: verified, run once, within their time, and answered."""

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from queue import Empty, Full, Queue
from typing import Any

from kiosk.core.clock import Clock
from kiosk.core.errors import KioskError, MessageRejected
from kiosk.local.talk import ask
from kiosk.store.cursors import Cursors
from kiosk.sync import meters
from kiosk.sync.trust import Trust
from kiosk.wire.messages import Command, CommandResult
from kiosk.wire.signing import SigningKey

WAITING_MAX = 32
RESULTS_KEPT = 256

_log = logging.getLogger(__name__)


class Orders:
    """Runs commands one after the other in a thread of its own: a gate that hangs must not stop the uplink."""

    def __init__(
        self, device: str, trust: Trust, cursors: Cursors, gate: Path, key: SigningKey, clock: Clock,
        answer: Callable[[bytes], None],
    ) -> None:  # fmt: skip
        self._device = device
        self._trust, self._cursors, self._gate = trust, cursors, gate
        self._key, self._clock, self._answer = key, clock, answer
        self._waiting: Queue[tuple[Command, int]] = Queue(WAITING_MAX)
        self._results: OrderedDict[str, CommandResult | None] = OrderedDict()
        self._lock = threading.Lock()
        self.overrun = 0

    def start(self, stop: threading.Event) -> None:
        """Begin to run what comes."""
        threading.Thread(target=self._work, args=(stop,), name="orders", daemon=True).start()

    def on_command(self, payload: bytes) -> None:
        """Take a command; raises MessageRejected. One that ran before is answered again, not run again.

        One that still runs is not answered twice.
        """
        command = self._trust.open(payload, Command)
        if command.device != self._device:
            raise MessageRejected(f"command for {command.device[:32]!r}")
        with self._lock:
            known, result = command.id in self._results, self._results.get(command.id)
        if known:
            if result is not None:
                self._send(result)
            return
        if not self._cursors.first_time(command.id):
            self._send(CommandResult(id=command.id, ok=False, body={"code": "already_ran"}))
            return
        self._remember(command.id, None)
        try:
            self._waiting.put_nowait((command, self._clock.monotonic_ns() + command.ttl_s * 1_000_000_000))
        except Full:
            self.overrun += 1
            meters.overrun.inc()
            self._finish(CommandResult(id=command.id, ok=False, body={"code": "overrun"}))

    def _work(self, stop: threading.Event) -> None:
        while not stop.is_set():
            try:
                command, until_ns = self._waiting.get(timeout=0.5)
            except Empty:
                continue
            self._finish(self._run(command, until_ns))

    def _run(self, command: Command, until_ns: int) -> CommandResult:
        left_s = (until_ns - self._clock.monotonic_ns()) / 1e9
        if left_s <= 0:
            return CommandResult(id=command.id, ok=False, body={"code": "expired"})
        errand: dict[str, Any] = {"id": command.id, "op": command.op, "args": command.args}
        try:
            return CommandResult(id=command.id, ok=True, body=ask(self._gate, "command", errand, min(left_s, 10.0)))
        except KioskError as error:
            _log.warning("command not carried out", extra={"op": command.op, "cause": error.message})
            return CommandResult(id=command.id, ok=False, body={"code": "refused", "message": str(error)})

    def _finish(self, result: CommandResult) -> None:
        self._remember(result.id, result)
        self._send(result)

    def _remember(self, name: str, result: CommandResult | None) -> None:
        with self._lock:
            self._results[name] = result
            while len(self._results) > RESULTS_KEPT:
                self._results.popitem(last=False)

    def _send(self, result: CommandResult) -> None:
        self._answer(self._key.seal(result))
