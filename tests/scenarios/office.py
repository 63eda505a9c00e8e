"""The office of a venue as a process of its own, and its staff, each with a key, at its REST acts."""

import json
from collections.abc import Mapping
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from kiosk.central.club.api_keys import MakeKey, make_key
from kiosk.central.club.books import Actor, Books
from kiosk.central.database import Database
from kiosk.club.roles import Role
from kiosk.office.routes import PREFIX
from tests.office.accounts import make_staff
from tests.support.central_home import CentralHome
from tests.support.edge_home import Started
from tests.support.nursery import begin
from tests.support.ports import free_ports
from tests.support.wait import eventually

BUSY = 503
KEY_DAYS = 700
"""How long the keys are good for: a story may take more than a year."""


class OfficeHome(CentralHome):
    """A central whose configuration has an office as well."""

    port = 0

    @property
    def config(self) -> Path:
        """Write central.toml as things stand and return its path."""
        path = super().config
        if self.port:
            table = f'\n[office]\nport = {self.port}\nhealth_port = 0\nlanguage = "en"\n'
            path.write_text(path.read_text() + table)
        return path

    def start_office(self, env: Mapping[str, str]) -> Started:
        """Start the office, with `env` beside this process's environment, and wait until it serves."""
        self.port = free_ports(1)
        started = begin(["kiosk", "office", "--config", str(self.config)], self.folder / "office.log", env)
        eventually(self._serves, 30, 0.05)
        return started

    def _serves(self) -> bool:
        try:
            with closing(HTTPConnection("127.0.0.1", self.port, timeout=10)) as connection:
                connection.request("GET", "/api/openapi.json")
                return connection.getresponse().status == 200
        except OSError:
            return False


class Wire:
    """A connection to the office that is kept, and made anew after the clock was moved."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._connection: HTTPConnection | None = None

    def ask(self, method: str, path: str, headers: Mapping[str, str], body: str) -> tuple[int, bytes]:
        """Send a request and return status and body."""
        if self._connection is None:
            self._connection = HTTPConnection("127.0.0.1", self._port, timeout=60)
        self._connection.request(method, PREFIX + path, body.encode(), dict(headers))
        response = self._connection.getresponse()
        return response.status, response.read()

    def drop(self) -> None:
        """Close the connection; the next request makes another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class Clerk:
    """Somebody of the staff with a key; each wish has an Idempotency-Key of its own."""

    def __init__(self, wire: Wire, key: str, id: str) -> None:
        self.id = id
        self._wire, self._key, self._n = wire, key, 0

    def do(self, path: str, status: int = 200, /, **wish: Any) -> Any:
        """Do an act; returns its answer, of one that is refused the problem."""
        self._n += 1
        headers = {"Content-Type": "application/json", "Idempotency-Key": f"{self.id}-{self._n}"}
        return self._said("POST", path, status, headers, json.dumps(wish))

    def see(self, path: str) -> Any:
        """Read."""
        return self._said("GET", path, 200, {}, "")

    def refused(self, path: str, /, **wish: Any) -> str:
        """Try an act that a rule forbids; returns the code of the reason."""
        return str(self.do(path, 409, **wish)["reason"])

    def _said(self, method: str, path: str, status: int, headers: dict[str, str], body: str) -> Any:
        """Ask, and again with the same key where the office says that it is busy, as programs should."""
        said = {"Authorization": f"Bearer {self._key}"} | headers
        got, text = self._wire.ask(method, path, said, body)
        while got == BUSY:
            got, text = self._wire.ask(method, path, said, body)
        assert got == status, f"{method} {path} {body}: {got} {text.decode()}"
        return json.loads(text)


class Staff:
    """One of each role; `both` takes money and signs for it, which the rules allow, but not twice in one matter."""

    def __init__(self, database: Database, books: Books, wire: Wire) -> None:
        self._database, self._books, self._wire = database, books, wire
        self.desk = self._clerk("lin.desk", Role.DESK)
        self.membership = self._clerk("wang.members", Role.MEMBERSHIP)
        self.finance = self._clerk("zhao.finance", Role.FINANCE)
        self.operations = self._clerk("chen.ops", Role.OPERATIONS)
        self.manager = self._clerk("ma.manager", Role.GENERAL_MANAGER)
        self.it = self._clerk("wu.it", Role.IT)
        self.both = self._clerk("qian.both", Role.DESK, Role.FINANCE)

    def amend(self, rule: str, value: Any) -> None:
        """Have the general manager write another value of a rule into the book, from today on."""
        with self._books.look() as look:
            today = look.today.isoformat()
        self.manager.do(f"/rules/{rule}/amendments", value=value, effective_on=today, decided_by="council", why="asked")

    def _clerk(self, login: str, *roles: Role) -> Clerk:
        id = make_staff(self._database, *roles, login=login)
        wish = MakeKey(login, roles, KEY_DAYS, id)
        key, _ = self._books.change(Actor(id), lambda change: make_key(change, wish))
        return Clerk(self._wire, key, id)
