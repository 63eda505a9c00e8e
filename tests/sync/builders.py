"""A box and a central for tests of the uplink: a real journal and cursors, and the contract's central in memory."""

import random
import secrets
import shutil
from pathlib import Path
from typing import Any

import msgspec

from kiosk.core.clock import ClockState, format_utc
from kiosk.core.codec import GENESIS, canonical, chain, decode
from kiosk.core.errors import MessageRejected
from kiosk.core.records import Record
from kiosk.store.cursors import Cursors
from kiosk.store.journal import Journal, JournalLimits, first_fact
from kiosk.store.reading import JournalReader
from kiosk.store.rotation import Parting, rotate
from kiosk.sync.settings import SyncSettings
from kiosk.sync.trust import Trust
from kiosk.sync.uplink import Next, Uplink
from kiosk.wire.batches import Batch, open_batch, read_envelope
from kiosk.wire.messages import Ack, AckStatus, Birth
from kiosk.wire.signing import SigningKey, VerifyKey
from tests.builders import FakeClock, make_denied

DEVICE = "north-1"
SETTINGS = SyncSettings(host="broker", device_key_file="device.key", central_key_file="central.key")


class ModelCentral:
    """What CONTRACT §3 asks of central, in memory. It can be copied and put back like a database."""

    def __init__(self) -> None:
        self.key = SigningKey.generate()
        self.journals: dict[str, list[tuple[bytes, bytes]]] = {}
        self.parked = 0
        self.pause_ms = 0
        self._acks = 0

    def head(self, journal: str) -> tuple[int, bytes]:
        """Return the last seq that is stored, and its hash."""
        rows = self.journals.get(journal, [])
        return (len(rows), rows[-1][1]) if rows else (0, GENESIS)

    def bodies(self, journal: str) -> list[bytes]:
        """Return a journal's records by seq."""
        return [body for body, _ in self.journals.get(journal, [])]

    def records(self) -> list[tuple[str, dict[str, Any]]]:
        """Return every record with its journal."""
        return [(name, decode(body)) for name, rows in self.journals.items() for body, _ in rows]

    def batch(self, payload: bytes, device: VerifyKey) -> bytes | None:
        """Take a batch and return the signed ack, or None for bytes that are no batch."""
        try:
            envelope = read_envelope(payload)
        except MessageRejected:
            return None
        try:
            batch = open_batch(envelope, device)
        except MessageRejected:
            self.parked += 1
            return self.ack(envelope.data.journal, *self.head(envelope.data.journal), AckStatus.BAD)
        return self.ack(batch.journal, *self._place(batch))

    def birth(self, payload: bytes, device: VerifyKey) -> list[bytes]:
        """Take a birth and return an ack with its session for each journal."""
        birth = device.open(payload, Birth)
        return [
            self.ack(each.journal, *self.head(each.journal), AckStatus.OK, session=birth.session)
            for each in birth.journals
        ]

    def ack(self, journal: str, seq: int, link: bytes, status: AckStatus = AckStatus.OK, **more: Any) -> bytes:
        """Sign an ack; no two have the same time."""
        self._acks += 1
        at = f"2026-11-22T09:{self._acks // 60000 % 60:02}:{self._acks // 1000 % 60:02}.{self._acks % 1000:03}Z"
        fields = {"pause_ms": self.pause_ms, "time": at} | more
        return self.key.seal(Ack(journal=journal, seq=seq, hash=link.hex(), status=status, **fields))

    def copy(self) -> dict[str, list[tuple[bytes, bytes]]]:
        """Make a backup."""
        return {name: list(rows) for name, rows in self.journals.items()}

    def _place(self, batch: Batch) -> tuple[int, bytes, AckStatus]:
        rows = self.journals.get(batch.journal, [])
        if batch.first > len(rows) + 1:
            return *self.head(batch.journal), AckStatus.GAP
        held = [GENESIS, *(link for _, link in rows)]
        theirs = [(batch.first - 1, batch.prev), *((record.seq, record.hash) for record in batch.records)]
        agreed = [seq for seq, link in theirs if seq <= len(rows) and held[seq] == link]
        if len(agreed) < sum(seq <= len(rows) for seq, _ in theirs):
            self.parked += 1
            common = agreed[-1] if agreed else 0
            return common, held[common], AckStatus.FORK
        new = [(record.body, record.hash) for record in batch.records if record.seq > len(rows)]
        self.journals.setdefault(batch.journal, []).extend(new)
        return *self.head(batch.journal), AckStatus.OK


class Box:
    """A gate's journal, sync's cursors and an uplink over them, driven by hand in the daemon's way."""

    def __init__(self, folder: Path, central: ModelCentral, clock: FakeClock | None = None) -> None:
        self.folder = folder
        self.clock = clock or FakeClock()
        self.key = SigningKey.generate()
        self.central_key = central.key.public.to_text()
        self.birth_wanted = False
        self.rejected = 0
        folder.mkdir(parents=True, exist_ok=True)
        self.open()

    def open(self) -> None:
        """Start: a new session, the files as they are."""
        self.session = secrets.token_hex(8)
        self.journal = Journal(self.folder / "gate.db", JournalLimits())
        if self.journal.is_new:
            self.journal.append(first_fact(ClockState.OK), self.clock.now())
        self.cursors = Cursors(self.folder / "sync.db")
        self.reader = JournalReader(self.folder / "gate.db")
        self.uplink = Uplink(
            "gate", self.reader, self.cursors, DEVICE, self.key, self.clock, SETTINGS, random.Random(7)
        )
        self.trust = Trust(self.central_key, "")
        self.uplink.refresh()

    def close(self) -> None:
        """Stop both processes."""
        self.reader.close()
        self.cursors.close()
        self.journal.close()

    def restart(self) -> None:
        """Stop and start both processes."""
        self.close()
        self.open()

    def image(self, target: Path) -> Path:
        """Copy the data folder while nothing runs."""
        self.close()
        shutil.copytree(self.folder, target)
        self.open()
        return target

    def restore(self, image: Path) -> None:
        """Put a copied data folder back."""
        self.close()
        shutil.rmtree(self.folder)
        shutil.copytree(image, self.folder)
        self.open()

    def append(self, count: int = 1, **fields: Any) -> None:
        """Write refusals, each with a credential of its own, and let sync look."""
        for _ in range(count):
            fact = make_denied(**{"credential": secrets.token_hex(16)} | fields)
            self.journal.append(fact, self.clock.now())
        self.uplink.refresh()

    def bulk(self, count: int) -> None:
        """Write many refusals in one commit, as a long time without a line leaves them."""
        connection, seq, link = self.journal.connection, self.journal.head, self.journal.head_hash
        connection.execute("BEGIN IMMEDIATE")
        for _ in range(count):
            seq += 1
            fact = make_denied(credential=secrets.token_hex(16))
            body = canonical(Record(seq, format_utc(self.clock.now()), fact.type, fact))
            link = chain(link, body)
            connection.execute("INSERT INTO record VALUES (?, ?, ?)", (seq, body, link))
        connection.execute("COMMIT")
        self.journal.head, self.journal.head_hash = seq, link
        self.uplink.refresh()

    def send(self, *, taken: bool = True) -> bytes | None:
        """Return what the uplink wants published now, as the link takes it or not."""
        now_ns = self.clock.monotonic_ns()
        payload = self.uplink.send(now_ns)
        if payload is not None and taken:
            self.uplink.sent(now_ns)
            self.uplink.prepare()
        elif payload is not None:
            self.uplink.refused(now_ns)
        self.uplink.keep(now_ns)
        return payload

    def birth(self) -> bytes:
        """Return a birth."""
        self.birth_wanted = False
        head = self.uplink.announce()
        assert head is not None
        at = format_utc(self.clock.now())
        return self.key.seal(Birth(session=self.session, version="1", journals=(head,), roster=0, time=at))

    def take(self, payload: bytes) -> Next | None:
        """Take an ack; None for one that is not believed, or is for another journal."""
        try:
            ack = self.trust.open(payload, Ack)
        except MessageRejected:
            self.rejected += 1
            return None
        if ack.journal != self.uplink.journal:
            return None
        step = self.uplink.on_ack(ack, self.session, self.clock.monotonic_ns())
        self.birth_wanted = self.birth_wanted or step is Next.BIRTH
        return step

    def part(self) -> Parting:
        """Be the gate that is asked to go on in a new journal."""
        parting = self.uplink.parting
        assert parting is not None
        if parting.journal == self.journal.id:
            at = format_utc(self.clock.now())
            self.journal = rotate(self.journal, parting, ClockState.OK, at, JournalLimits())
        assert self.uplink.refresh()
        return parting

    def drain(self, central: ModelCentral, rounds_max: int = 200) -> None:
        """Talk to central over an honest line until it has confirmed everything."""
        self.uplink.connected()
        self.birth_wanted = True
        for _ in range(rounds_max):
            if self.uplink.parting is not None:
                self.part()
                self.birth_wanted = True
            if self.birth_wanted:
                for answer in central.birth(self.birth(), self.key.public):
                    self.take(answer)
                continue
            payload = self.send()
            if payload is None and self.uplink.due_ns() is None and self.uplink.parting is None:
                return
            if payload is not None and (answer := central.batch(payload, self.key.public)):
                self.take(answer)
            self.clock.advance(0.1)
        raise AssertionError(f"not drained in {rounds_max} rounds: {self.uplink.acked} of {self.uplink.head}")

    def held(self) -> list[tuple[str, dict[str, Any]]]:
        """Return every record in the journal files of this box, with its journal."""
        found = []
        for path in sorted(self.folder.glob("gate*.db")):
            reader = JournalReader(path)
            name = reader.mark().journal
            rows = reader.query("SELECT body FROM record ORDER BY seq")
            found += [(name, decode(body)) for (body,) in rows]
            reader.close()
        return found

    def bodies(self) -> list[bytes]:
        """Return the records of the journal in use."""
        return [body for (body,) in self.reader.query("SELECT body FROM record ORDER BY seq")]


def origin(journal: str, record: dict[str, Any]) -> tuple[str, int]:
    """Return where a record was written first: its own place, or the one it was copied from."""
    copied = record["data"].get("copied_from")
    return (copied["journal"], copied["seq"]) if copied else (journal, record["seq"])


def content(journal: str, record: dict[str, Any]) -> tuple[Any, ...]:
    """Return what makes a record the same fact wherever it is copied to."""
    data = {name: value for name, value in record["data"].items() if name != "copied_from"}
    return (*origin(journal, record), record["at"], record["type"], msgspec.json.encode(data, order="sorted"))


def first_of(payload: bytes) -> int:
    """Return the seq a batch begins with."""
    return read_envelope(payload).data.first
