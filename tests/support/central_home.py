"""A central on disk for tests: configuration, keys, club and devices, and its process as it is really started."""

import csv
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import select

from kiosk.central.club.tables import job
from kiosk.central.database import Database
from kiosk.central.devices import BrokerAddress, DeviceState, Registrar, list_devices
from kiosk.central.importing import import_members
from kiosk.central.keys import init_keys, load_keys
from kiosk.central.policy import ClubPolicy, apply_policy
from kiosk.central.roster import roster_state
from kiosk.central.schema import migrate
from kiosk.central.tables import journal, parked, record
from kiosk.local.clock import SystemClock
from kiosk.wiring_club import nightly_jobs
from tests.support.edge_home import ROOT, Started
from tests.support.migrated import put_tables

CENTRAL_USER = "central"
PASSWORD = "of-central"

StoredRow = tuple[int, str, int, bytes, bytes]
"""n, journal, seq, chain hash and canonical bytes of a stored record."""


class CentralHome:
    """A folder with a central.toml; its database is SQLite in it unless `database` names another by URL.

    `broker_port` may be set until the first start. What is made in this process (`create`, `import_rows`,
    `add_device`) takes the same ways as the commands of the same names, without their start-up time.
    """

    def __init__(self, folder: Path, *, database: str = "", broker_port: int = 0, shared: bool = False) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.broker_port = broker_port
        self.shared = shared
        self.provision: dict[str, str] = {}
        self._database = database
        (folder / "mqtt.password").write_text(PASSWORD + "\n")

    @property
    def url(self) -> str:
        """Return the database's URL."""
        return self._database or f"sqlite:///{(self.folder / 'central.db').resolve()}"

    @property
    def config(self) -> Path:
        """Write central.toml as things stand and return its path."""
        lines = [f'database = "{self._database}"', f"shared_subscription = {str(self.shared).lower()}"]
        lines += ["health_port = 0", "", "[broker]", f"port = {self.broker_port}"]
        lines += [f'username = "{CENTRAL_USER}"', 'password_file = "mqtt.password"', "", "[provision]"]
        lines += [f'{name} = "{value}"' for name, value in self.provision.items()]
        path = self.folder / "central.toml"
        path.write_text("\n".join(lines) + "\n")
        return path

    def create(self, policy: ClubPolicy) -> None:
        """Make database and keys, and give the club its rules."""
        if self._database:
            migrate(self.url)
        else:
            put_tables(self.folder / "central.db")
        init_keys(self.folder)
        with closing(Database(self.url)) as database, database.begin() as connection:
            apply_policy(connection, policy, at=SystemClock().now())

    def import_rows(self, rows: Iterable[Mapping[str, str]]) -> int:
        """Import members and cards, each named by the columns of the import; return the roster's revision."""
        path = self.folder / "members.csv"
        write_rows(path, list(rows))
        with closing(Database(self.url)) as database:
            report = import_members(database, load_keys(self.folder), path, clock=SystemClock())
        assert report.refused == 0, report.problems
        return report.revision

    def add_device(self, name: str, site: str = "demo", replaces: str | None = None) -> dict[str, str]:
        """Register a device and return what it is told."""
        address = BrokerAddress(f"mqtt://127.0.0.1:{self.broker_port}")
        with closing(Database(self.url)) as database:
            keys = load_keys(self.folder)
            registrar = Registrar(database, keys, address, SystemClock(), lambda _user, _password, _site: None)
            return registrar.add_device(name, site, replaces)

    def command(self, *words: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
        """Run `kiosk central …` and return what it printed."""
        command = [sys.executable, "-m", "kiosk", "central", *words, "--config", str(self.config)]
        done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, cwd=ROOT, timeout=60)
        assert not check or done.returncode == 0, done.stderr
        return done

    def start(
        self, *, env: Mapping[str, str] | None = None, module: Sequence[str] = ("kiosk",), log: str = "central.log"
    ) -> Started:
        """Start a central process by its command, or by another module that runs it."""
        command = [sys.executable, "-m", *module, "central", "--config", str(self.config)]
        return Started(command, self.folder / log, {**os.environ, **(env or {})})

    def stored(self) -> dict[str, int]:
        """Return how far each journal is stored."""
        with closing(Database(self.url)) as database, database.read() as connection:
            return dict(connection.execute(select(journal.c.id, journal.c.seq)).all())

    def records(self) -> list[StoredRow]:
        """Return every stored record in the order of its number."""
        columns = (record.c.n, record.c.journal, record.c.seq, record.c.hash, record.c.body)
        with closing(Database(self.url)) as database, database.read() as connection:
            rows = connection.execute(select(*columns).order_by(record.c.n)).all()
        return [(n, name, seq, bytes(link), bytes(body)) for n, name, seq, link, body in rows]

    def parked(self) -> list[str]:
        """Return why each parked item is parked."""
        with closing(Database(self.url)) as database, database.read() as connection:
            return list(connection.execute(select(parked.c.why).order_by(parked.c.id)).scalars())

    def devices(self) -> list[DeviceState]:
        """Return the fleet as central sees it."""
        with closing(Database(self.url)) as database:
            return list_devices(database)

    def is_night_done(self) -> bool:
        """Say whether every nightly job has run once: the first run begins as soon as central does."""
        with closing(Database(self.url)) as database, database.read() as connection:
            done = connection.execute(select(job.c.name).where(job.c.done_on.is_not(None))).scalars().all()
        return len(done) == len(nightly_jobs())

    def revision(self) -> int:
        """Return the newest revision of the roster."""
        with closing(Database(self.url)) as database, database.read() as connection:
            return roster_state(connection).revision


def write_rows(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write a member list as CSV, with the columns of its first row."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
