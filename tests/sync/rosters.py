"""Central's side of the roster for tests of the downlink, and a downlink driven by hand."""

import base64
from pathlib import Path
from queue import Queue
from typing import Any

import msgspec

from kiosk.core.clock import format_utc
from kiosk.core.codec import decode
from kiosk.core.errors import MessageRejected
from kiosk.core.model import AnyRow
from kiosk.core.roster import digest_hex, encode_row, row_digest, row_key
from kiosk.store.roster import RosterWriter
from kiosk.store.roster_reader import RosterReader
from kiosk.sync.downlink import Downlink
from kiosk.sync.fetching import SnapshotFetch
from kiosk.sync.requests import Questions
from kiosk.sync.trust import Trust
from kiosk.wire.messages import (
    DenyEntry,
    DenyList,
    Request,
    Response,
    RosterDelta,
    RosterHead,
    Snapshot,
    Used,
    UsedRow,
)
from kiosk.wire.parts import PartStore
from kiosk.wire.signing import SigningKey
from kiosk.wire.snapshot import build_snapshot, cut
from tests.builders import NOW, FakeClock, make_rows
from tests.central.builders import EdgeDevice, register
from tests.central.roster_builders import House

SITE = "demo"


class CentralRoster:
    """Signs a site's roster, keeps its deltas and snapshots, and answers what devices ask."""

    def __init__(self, folder: Path, site: str = SITE) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.key = SigningKey.generate()
        self.site = site
        self.rows: dict[bytes, AnyRow] = {row_key(row): row for row in make_rows()}
        self.revision = 1
        self.serial = 0
        self.deltas: list[RosterDelta] = []
        self.snapshot: Snapshot | None = None
        self.used_answers: list[Used] = []
        self.used_per_answer = 16
        self.asked: list[Request] = []
        self.spoil_parts = 0
        self.lose_every = 0
        self.sent_parts = 0
        self._folder = folder
        self.parts = PartStore(folder / "parts", 1 << 30)

    @property
    def digest(self) -> str:
        """The digest of the rows as they stand."""
        return digest_hex(sum(row_digest(encode_row(row)) for row in self.rows.values()))

    def change(self, *rows: AnyRow, **claims: Any) -> RosterDelta:
        """Put rows and make the delta to the next revision; `claims` override what it says."""
        before = self.revision
        self.rows |= {row_key(row): row for row in rows}
        self.revision += 1
        ops = tuple({"put": decode(encode_row(row))} for row in rows)
        fields = {"from_revision": before, "to_revision": self.revision, "ops": ops, "digest": self.digest}
        delta = RosterDelta(**{"site": self.site} | fields | claims)
        self.deltas.append(delta)
        return delta

    def cut(self, revision: int | None = None) -> Snapshot:
        """Make a snapshot of the rows as they stand."""
        path = self._folder / f"of-{self.revision}.db"
        rows = sorted((key, encode_row(row)) for key, row in self.rows.items())
        build_snapshot(path, rows, revision or self.revision)
        self.snapshot = cut(path, self.parts)
        return self.snapshot

    def head(self, **claims: Any) -> bytes:
        """Sign a head; `claims` override what it says, `key` who signs."""
        self.serial += 1
        key = claims.pop("key", self.key)
        fields: dict[str, Any] = {"site": self.site, "revision": self.revision, "serial": self.serial}
        fields |= {"digest": self.digest, "issued_at": format_utc(NOW)}
        fields |= {"snapshot": self.snapshot} if self.snapshot else {}
        return key.seal(RosterHead(**fields | claims))

    def deny(self, version: int, *credentials: str, until: int = 99, **claims: Any) -> bytes:
        """Sign a deny list."""
        entries = tuple(DenyEntry(credential, until) for credential in credentials)
        return self.key.seal(DenyList(**{"site": self.site, "version": version, "entries": entries} | claims))

    def used(self, version: int, previous: int, *credentials: str, **claims: Any) -> bytes:
        """Sign changed use: one visit each."""
        return self.key.seal(self.make_used(version, previous, *credentials, **claims))

    def make_used(self, version: int, previous: int, *credentials: str, **claims: Any) -> Used:
        """Make changed use: one visit each."""
        rows = tuple(UsedRow(each, "e1", 1, {"ab" * 16: version}) for each in credentials)
        return Used(**{"site": self.site, "version": version, "previous": previous, "rows": rows} | claims)

    def sealed(self, message: msgspec.Struct) -> dict[str, Any]:
        """Sign a message for the body of a response."""
        body: dict[str, Any] = decode(self.key.seal(message))
        return body

    def answer(self, payload: bytes) -> list[bytes]:
        """Answer a request with signed responses."""
        content = decode(payload)
        content.pop("sig")
        request = msgspec.convert(content, Request)
        self.asked.append(request)
        bodies = self._bodies(request)
        if not bodies:
            return [self.key.seal(Response(id=request.id, kind="none", ok=False))]
        last = len(bodies) - 1
        return [
            self.key.seal(Response(id=request.id, kind=kind, more=place < last, body=body))
            for place, (kind, body) in enumerate(bodies)
        ]

    def _bodies(self, request: Request) -> list[tuple[str, dict[str, Any]]]:
        if request.kind == "roster.parts":
            return [("roster.part", self._part(name)) for name in request.args["parts"]]
        if request.kind == "roster.deltas":
            start = request.args["from"]
            after = [delta for delta in self.deltas if delta.from_revision >= start]
            if not after or after[0].from_revision != start:
                return [("roster.snapshot", {})]
            return [("roster.delta", self.sealed(delta)) for delta in after]
        after = request.args["after"]
        pages = [each for each in self.used_answers if each.version > after][: self.used_per_answer]
        pages = pages or [self.make_used(after, after)]
        return [("used", self.sealed(each)) for each in pages]

    def _part(self, name: str) -> dict[str, Any]:
        data = self.parts.get(name)
        assert data is not None
        self.sent_parts += 1
        if self.spoil_parts:
            self.spoil_parts -= 1
            data = bytes([data[0] ^ 1]) + data[1:]
        return {"part": name, "data": base64.b64encode(data).decode()}


class RealCentral:
    """Central's own answers, of a house with its database."""

    def __init__(self, house: House) -> None:
        self.key = house.keys.signing
        self.answers: list[list[bytes]] = []
        self._house = house

    def admit(self, receiver: "Receiver") -> None:
        """Register a box."""
        register(self._house.database, EdgeDevice("box", receiver.key))

    def answer(self, payload: bytes) -> list[bytes]:
        """Answer a request."""
        self.answers.append([body for _, body in self._house.requests.handle("box", payload)])
        return self.answers[-1]


class Receiver:
    """A box's roster and downlink, driven by hand in the daemon's way."""

    def __init__(self, folder: Path, central: CentralRoster | RealCentral, clock: FakeClock | None = None) -> None:
        self.folder = folder
        self.clock = clock or FakeClock()
        self.installed = central.key.public.to_text()
        self.rejected = 0
        self.open()

    def open(self) -> None:
        """Start, with the files as they are."""
        self.key = SigningKey.generate()
        self.roster = RosterWriter(self.folder)
        self.trust = Trust(self.installed, self.roster.state.central_key)
        self.questions = Questions(self.key, self.clock)
        self.built: Queue[tuple[str, Snapshot]] = Queue()
        self.fetch = SnapshotFetch(
            self.folder, self.questions, self.clock, 1 << 30, lambda name, snapshot: self.built.put((name, snapshot))
        )
        self.downlink = Downlink(SITE, self.roster, self.trust, self.questions, self.fetch, self.clock)

    def close(self) -> None:
        """Stop."""
        if self.fetch.is_building:
            self.built.get(timeout=30)
        self.fetch._store.close()
        self.roster.close()

    def restart(self) -> None:
        """Stop and start."""
        self.close()
        self.open()

    def due(self) -> list[bytes]:
        """Do what the loop does between two messages and return what is asked now."""
        now_ns = self.clock.monotonic_ns()
        self.downlink.tick(now_ns)
        sending = self.questions.due(now_ns)
        for name, _ in sending:
            self.questions.sent(name, now_ns, taken=True)
        return [payload for _, payload in sending]

    def talk(self, central: CentralRoster | RealCentral, rounds_max: int = 100, *, parts_max: int = 10**9) -> None:
        """Let time pass, ask central and take its answers, until nothing is due; answers past `parts_max` are lost."""
        quiet = 0
        for _ in range(rounds_max):
            self.clock.advance(0.4)
            payloads = self.due()
            answers = [answer for payload in payloads for answer in central.answer(payload)]
            for answer in answers:
                if parts_max == 0:
                    return
                parts_max -= b'"roster.part"' in answer
                try:
                    self.downlink.on_response(answer)
                except MessageRejected:
                    self.rejected += 1
            if self.fetch.is_building:
                self.downlink.on_fetched(*self.built.get(timeout=30))
            quiet = 0 if payloads else quiet + 1
            if quiet > 12:
                return

    def reader(self) -> RosterReader:
        """Open the roster as the gate does."""
        return RosterReader(self.folder, SITE, "Asia/Shanghai", 14 * 86400)
