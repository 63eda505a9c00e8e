"""A box on disk for tests: configuration, keys and roster, and its processes as they are really started."""

import base64
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from kiosk.core.clock import Anchor
from kiosk.core.errors import RetryLater
from kiosk.core.model import AccessPoint, AnyRow
from kiosk.core.roster import DeltaOp, digest_hex, encode_row, row_digest
from kiosk.local.clock import SystemClock
from kiosk.local.talk import ask
from kiosk.store.roster import RosterWriter
from tests.support.wait import eventually

ROOT = Path(__file__).resolve().parents[2]
STOP_S = 30.0


class EdgeHome:
    """A folder with an edge.toml. Gates have no passage sensor, so a grant counts as taken, unless asked for."""

    def __init__(
        self, folder: Path, points: Iterable[AccessPoint], *, site: str = "demo", device: str = "north-1",
        hash_key: bytes = bytes(32), zone: str = "Asia/Shanghai", roster_age_max_s: int = 14 * 86400,
    ) -> None:  # fmt: skip
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.data = folder / "data"
        self.site, self.device = site, device
        self.points = tuple(points)
        (folder / "hash.key").write_text(base64.b64encode(hash_key).decode())
        self._box = {
            "device": device, "site": site, "data_dir": "data", "hash_key_file": "hash.key", "zone": zone,
            "roster_age_max_s": roster_age_max_s,
        }  # fmt: skip
        self.controller: dict[str, Any] = {"health_port": 0}
        self.gate: dict[str, Any] = {"mock_sensor": False}
        self.sync: dict[str, Any] | None = None
        self.web: dict[str, Any] | None = None
        self.till: dict[str, Any] | None = None
        self.self_service: dict[str, Any] | None = None
        self.attendant: dict[str, Any] | None = None

    @property
    def config(self) -> Path:
        """Write edge.toml as things stand and return its path."""
        readers = [{"name": point.reader} for point in self.points]
        gates = [{"id": name} | self.gate for name in dict.fromkeys(point.gate for point in self.points)]
        points = [msgspec.to_builtins(point) for point in self.points]
        tables: list[tuple[str, Mapping[str, Any]]] = [("[box]", self._box), ("[controller]", self.controller)]
        tables += [("[sync]", self.sync)] if self.sync is not None else []
        tables += [("[web]", self.web)] if self.web is not None else []
        tables += [("[till]", self.till)] if self.till is not None else []
        tables += [("[self_service]", self.self_service)] if self.self_service is not None else []
        tables += [("[attendant]", self.attendant)] if self.attendant is not None else []
        for name, rows in (("[[reader]]", readers), ("[[gate]]", gates), ("[[access_point]]", points)):
            tables += [(name, row) for row in rows]
        path = self.folder / "edge.toml"
        path.write_text("\n".join(line for name, table in tables for line in [name, *_lines(table), ""]))
        return path

    def install(self, rows: Iterable[AnyRow], anchor: Anchor | None = None, serial: int = 1) -> None:
        """Put a roster, revision 1, on the box as sync would; with an anchor its head was accepted then."""
        writer = RosterWriter(self.data / "roster")
        listed = list(rows)
        digest = digest_hex(sum(row_digest(encode_row(row)) for row in listed))
        writer.apply_delta(0, 1, [DeltaOp(put=row) for row in listed], digest)
        if anchor is not None:
            writer.accept_head(1, serial, anchor.issued_at, anchor.accepted_ns, anchor.boot_id)
        writer.close()

    def start(self, process: str, *, env: Mapping[str, str] | None = None, prefix: Iterable[str] = ()) -> "Started":
        """Start a process of the box by its command."""
        command = [*prefix, sys.executable, "-m", "kiosk", process, "--config", str(self.config)]
        return Started(command, self.folder / f"{process}.log", {**os.environ, **(env or {})})

    def tap(self, identifier: str, reader: str = "", operator: str = "") -> dict[str, Any]:
        """Tap a card at the running gate, waiting for it to be there."""
        args = {k: v for k, v in {"identifier": identifier, "reader": reader, "operator": operator}.items() if v}
        return eventually(lambda: self._ask("tap", args), 15.0)

    def ask(self, op: str, args: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Ask the running gate, waiting for it to be there."""
        return eventually(lambda: self._ask(op, dict(args or {})), 15.0)

    def _ask(self, op: str, args: dict[str, Any]) -> dict[str, Any]:
        try:
            return ask(self.data / "gate.sock", op, args) or {"done": True}
        except RetryLater:
            return {}


class Started:
    """A running process of a box."""

    def __init__(self, command: list[str], log: Path, env: Mapping[str, str]) -> None:
        self.log = log
        with log.open("ab") as out:
            self.process = subprocess.Popen(command, stdout=out, stderr=out, env=dict(env), cwd=ROOT)

    def stop(self) -> None:
        """Ask it to stop and wait."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"did not stop within {STOP_S} s: {self.log.read_text()[-2000:]}") from None

    def kill(self) -> None:
        """Kill it without warning and wait."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait(STOP_S)

    def signal(self, number: int) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def __enter__(self) -> "Started":
        """Use it for a while."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it, however the test ends."""
        self.kill() if self.process.poll() is None and _[0] is not None else self.stop()


def now_anchor() -> Anchor:
    """Return the anchor of a head that was signed and accepted just now."""
    clock = SystemClock()
    return Anchor(clock.now(), clock.monotonic_ns(), clock.boot_id())


def _lines(table: Mapping[str, Any]) -> list[str]:
    return [f"{key} = {_text(value)}" for key, value in table.items() if value is not None]


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(_lines(value)) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_text, value)) + "]"
    return json.dumps(value)
