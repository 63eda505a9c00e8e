"""A box whose sync process really runs, over the loopback broker, and the real central at the other end."""

import secrets
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from kiosk.central.consumer import Central
from kiosk.central.database import Database
from kiosk.central.devices import list_devices
from kiosk.central.duties import Requests
from kiosk.central.keys import init_keys
from kiosk.central.settings import CentralSettings
from kiosk.core.clock import ClockState, format_utc
from kiosk.core.codec import canonical, chain
from kiosk.core.records import Record
from kiosk.local.box import BoxSettings
from kiosk.local.clock import SystemClock
from kiosk.local.talk import TalkServer
from kiosk.store.journal import Journal, JournalLimits, first_fact
from kiosk.store.rotation import Parting, rotate
from kiosk.sync.process import SyncProcess
from kiosk.sync.settings import SyncSettings
from kiosk.wire.link import Link, LinkSettings
from kiosk.wire.signing import SigningKey
from tests.builders import NOW, make_denied
from tests.central.builders import EdgeDevice, register
from tests.support.wait import eventually

DEVICE = "north-1"
LinkFactory = Callable[[LinkSettings], Link]


class NoRequests:
    """Answers nothing."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def handle(self, device: str, payload: bytes) -> list[tuple[str, bytes]]:
        """Answer nothing."""
        return []


class CentralEnd:
    """The real central with its database, started and stopped at will."""

    def __init__(self, folder: Path, template: Path, link_factory: LinkFactory, **settings: Any) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "central.db"
        self.path.write_bytes(template.read_bytes())
        self.keys = init_keys(folder / "home")
        self.database = Database(f"sqlite:///{self.path}")
        self._link_factory = link_factory
        self._settings = CentralSettings(**settings)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, requests: Requests | None = None) -> None:
        """Run it in a thread; without `requests` it answers nothing."""
        self._stop = threading.Event()
        self.process = Central(self.database, self._link_factory, self.keys, self._settings, SystemClock(), self._stop)
        self._thread = threading.Thread(target=self.process.run, args=(requests or NoRequests(), []), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop it."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(60)

    def close(self) -> None:
        """Stop it for good."""
        self.stop()
        self.database.close()

    def records(self, journal: str) -> list[bytes]:
        """Return what is stored of a journal, in the order it was stored."""
        query = "SELECT body FROM record WHERE journal = ? ORDER BY n"
        with self.database.read() as connection:
            return [bytes(body) for (body,) in connection.exec_driver_sql(query, (journal,))]

    def count(self) -> int:
        """Return how many records are stored."""
        with self.database.read() as connection:
            return int(connection.exec_driver_sql("SELECT count(*) FROM record").scalar_one())

    def device_state(self) -> str:
        """Return what central thinks of the device."""
        return list_devices(self.database)[0].state


class GateEnd:
    """What sync needs of a gate: its journal and its socket."""

    def __init__(self, folder: Path, name: str = "gate") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"{name}.db"
        self.journal = Journal(self.path, JournalLimits())
        self.journal.append(first_fact(ClockState.OK), NOW)
        self.partings: list[Parting] = []
        self.commands: list[dict[str, Any]] = []
        self.hang = threading.Event()
        self._answers = {"part": self._part, "command": self._command}
        self.talk = TalkServer(folder / f"{name}.sock", self._answers, frozenset({"journal"}))
        self.talk.start()

    def tap(self, count: int = 1) -> None:
        """Write refusals and say so."""
        for _ in range(count):
            self.journal.append(make_denied(credential=secrets.token_hex(16)), NOW)
        self.talk.publish("journal", {"kind": "head", "journal": self.journal.id, "seq": self.journal.head})

    def bulk(self, count: int) -> None:
        """Write many refusals in one commit, without a word."""
        connection, seq, link = self.journal.connection, self.journal.head, self.journal.head_hash
        connection.execute("BEGIN IMMEDIATE")
        for _ in range(count):
            seq += 1
            fact = make_denied(credential=secrets.token_hex(16))
            body = canonical(Record(seq, format_utc(NOW), fact.type, fact))
            link = chain(link, body)
            connection.execute("INSERT INTO record VALUES (?, ?, ?)", (seq, body, link))
        connection.execute("COMMIT")
        self.journal.head, self.journal.head_hash = seq, link

    def bodies(self) -> list[bytes]:
        """Return the records of the journal in use."""
        return [bytes(body) for (body,) in self.journal.query("SELECT body FROM record ORDER BY seq")]

    def close(self) -> None:
        """Stop."""
        self.hang.set()
        self.talk.close()
        self.journal.close()

    def _part(self, args: dict[str, Any]) -> dict[str, Any]:
        parting = Parting(**args)
        self.partings.append(parting)
        if parting.journal == self.journal.id:
            self.journal = rotate(self.journal, parting, ClockState.OK, format_utc(NOW), JournalLimits())
        return {"journal": self.journal.id}

    def _command(self, args: dict[str, Any]) -> dict[str, Any]:
        self.commands.append(args)
        return {"did": args["op"]}


class BoxEnd:
    """The sync process of a box, in a thread."""

    def __init__(self, folder: Path, central: CentralEnd, link_factory: LinkFactory, **settings: Any) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.data = folder / "data"
        self.key = SigningKey.generate()
        register(central.database, EdgeDevice(DEVICE, self.key))
        (folder / "device.key").write_text(self.key.to_text())
        (folder / "central.key").write_text(central.keys.signing.public.to_text())
        self._link_factory = link_factory
        fields = {"host": "127.0.0.1", "resend_first_s": 0.2, "resend_max_s": 1.0, "poll_s": 0.05, "health_port": 0}
        fields |= {"device_key_file": "device.key", "central_key_file": "central.key"} | settings
        self._settings = SyncSettings(**fields)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Run it."""
        self._stop = threading.Event()
        box = BoxSettings(DEVICE, "demo", "data", "hash.key", folder=str(self.folder))
        self.process = SyncProcess(box, self._settings, self._link_factory, SystemClock(), "0.1.0")
        self._thread = threading.Thread(target=self.process.run, args=(self._stop,), daemon=True)
        self._thread.start()

    @property
    def is_running(self) -> bool:
        """Whether the process goes on."""
        return self._thread is not None and self._thread.is_alive()

    def stop(self) -> None:
        """Stop it cleanly."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(60)
            assert not self._thread.is_alive()

    def acked(self, owner: str = "gate") -> int:
        """Return where the cursor of a journal stands."""
        return next(each.acked for each in self.process.uplinks if each.owner == owner)


def settle(gate: GateEnd, central: CentralEnd, timeout_s: float = 60) -> None:
    """Wait until central holds a gate's journal."""
    wanted = gate.journal.head
    with closing(Database(str(central.database.url))) as database:

        def held() -> bool:
            with database.read() as connection:
                query = "SELECT count(*) FROM record WHERE journal = ?"
                return connection.exec_driver_sql(query, (gate.journal.id,)).scalar_one() >= wanted

        eventually(held, timeout_s, 0.05)
