"""A club whose days pass, worked from the office: members with cards, gates that send what they write, and nights."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from flask import Flask

from kiosk.central.club.api_keys import MakeKey, make_key
from kiosk.central.club.books import Actor, Books
from kiosk.central.database import Database
from kiosk.club.roles import Role
from kiosk.office.app import close_app, create_app
from kiosk.office.routes import PREFIX
from kiosk.office.settings import OfficeSettings
from tests.central.builders import ManualClock
from tests.central.club import builders_people as people
from tests.central.club.builders_activities import Boxes
from tests.office.accounts import make_staff
from tests.office.builders import SECRET, TOKEN
from tests.support.compiled import COMPILED
from tests.support.migrated import PLAIN, migrated


class Program:
    """A program with the key of somebody of the staff; each wish has a key of its own."""

    def __init__(self, app: Flask, key: str, staff: str = "") -> None:
        self.staff = staff
        self._client, self._key, self._n = app.test_client(), key, 0

    def do(self, path: str, status: int = 200, **wish: Any) -> Any:
        """Do an act."""
        self._n += 1
        headers = {"Authorization": f"Bearer {self._key}", "Idempotency-Key": str(self._n)}
        response = self._client.post(PREFIX + path, json=wish, headers=headers)
        assert response.status_code == status, response.text
        return json.loads(response.data)

    def see(self, path: str, status: int = 200) -> Any:
        """Read."""
        response = self._client.get(PREFIX + path, headers={"Authorization": f"Bearer {self._key}"})
        assert response.status_code == status, response.text
        return json.loads(response.data)


class Club:
    """The books, the office over them, and the gates' boxes. Its clock stands still until a test moves it."""

    def __init__(self, folder: Path, database: Database, clock: ManualClock) -> None:
        self.database, self.clock = database, clock
        self.books = Books(database, clock)
        (folder / "token").write_text(TOKEN + "\n")
        self.app = create_app(OfficeSettings(token_file=folder / "token"), database, clock, SECRET)
        self.app.testing = True
        self.app.jinja_env.bytecode_cache = COMPILED
        self.boxes = Boxes(self.books, clock)
        people.open_club(self.books)

    def staff(self, *roles: Role, login: str) -> Program:
        """Open an account and return a program with a key of its own; an admin's has none, as it wants a factor."""
        staff_id = make_staff(self.database, *roles, login=login)
        owner = None if Role.ADMIN in roles else staff_id
        actor = Actor(staff_id)
        text, _ = self.books.change(actor, lambda change: make_key(change, MakeKey(login, roles, 365, owner)))
        return Program(self.app, text, staff_id)

    def number_of(self, member: str) -> str:
        """Return a member's number."""
        return people.row_of(self.books, member).member_no

    def join(self, number: int) -> str:
        """Make a valid member with card `number`."""
        return people.join(self.books, number)

    def gate_says(self, number: int, day: date) -> str:
        """What a gate answers card `number` on a day."""
        return people.gate_says(self.books, number, day)


@contextmanager
def open_story(folder: Path) -> Iterator[Club]:
    """Open such a club in a folder."""
    with PLAIN.holding(migrated()) as database:
        club = Club(folder, database, ManualClock())
        try:
            yield club
        finally:
            close_app(club.app)
