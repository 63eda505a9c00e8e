"""A club whose desk and offices work through the API, and what the gates answer to the cards it hands over."""

import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import insert

from kiosk.central.club import life_job
from kiosk.central.club.api_keys import MakeKey, make_key
from kiosk.central.club.books import Actor, Books
from kiosk.central.club.card_tables import card
from kiosk.central.database import Database
from kiosk.central.policy import ProductText, apply_policy
from kiosk.club.roles import Role
from kiosk.office.routes import PREFIX
from tests.builders import FakeClock
from tests.central.club.builders_people import ZONE, gate_says
from tests.central.club.builders_points import run_job
from tests.central.roster_builders import make_club_policy

TODAY = date(2026, 11, 22)
DAY = timedelta(days=1)
VERSION = "2026"
CONSENTS = ("purpose", "charter", "regulations")

FORM = {
    "name": "林晓",
    "phone": "13900000001",
    "born": "1990-05-04",
    "full_capacity": True,
    "card_kind": "annual",
    "scopes": ["indoor"],
    "documents": ["form", "id_copy"],
    "marks": ["signature"],
    "consents": ["purpose", "charter", "regulations"],
}
UNIT = {
    "kind": "organisation",
    "name": "恒大公司",
    "phone": "13900000050",
    "card_kind": "annual",
    "scopes": ["indoor"],
    "documents": ["form", "proof"],
    "marks": ["stamp"],
    "consents": ["purpose", "charter", "regulations"],
}


class Program:
    """A program with the key of some roles; each wish has a key of its own."""

    def __init__(self, app: Flask, database: Database, *roles: Role, clock: FakeClock | None = None) -> None:
        wish = MakeKey("till", roles, 30)
        books = Books(database, clock or FakeClock())
        text, _ = books.change(Actor("setup"), lambda change: make_key(change, wish))
        self._client, self._headers, self._n = app.test_client(), {"Authorization": f"Bearer {text}"}, 0

    def do(self, path: str, status: int = 200, **wish: Any) -> Any:
        """Send a wish and return the answer."""
        self._n += 1
        headers = self._headers | {"Idempotency-Key": str(self._n)}
        response = self._client.post(PREFIX + path, json=wish, headers=headers)
        assert response.status_code == status, response.text
        return json.loads(response.data)

    def see(self, path: str, status: int = 200) -> Any:
        """Get a thing."""
        response = self._client.get(PREFIX + path, headers=self._headers)
        assert response.status_code == status, response.text
        return json.loads(response.data)


class Club:
    """Desk, membership department and general manager; time stands still until `set_day`."""

    def __init__(self, app: Flask, database: Database, clock: FakeClock) -> None:
        self._app, self.database, self.clock = app, database, clock
        self.books = Books(database, clock)
        self._cards = 100
        gym = ProductText(areas=("club",))
        policy = make_club_policy(products={"gym": gym, "swim-10": ProductText(), "pool": ProductText()})
        self.books.change(Actor("setup"), lambda change: apply_policy(change.connection, policy, at=change.now))
        self._open_doors()

    def set_day(self, day: date, hour: int = 10) -> None:
        """Move to an hour of a local day; programs get keys that are good then."""
        self.clock.wall = datetime(day.year, day.month, day.day, hour, tzinfo=ZONE)
        self._open_doors()

    def pass_night(self) -> None:
        """Run the nightly walk over all members."""
        run_job(life_job.run, self.books)

    def publish_consents(self, version: str = VERSION) -> None:
        """Put a version of everything that is agreed to into force."""
        for each in CONSENTS:
            wish = {"version": version, "effective_on": str(self.today), "decided_by": "council"}
            self.manager.do("/consents", consent=each, **wish)

    def amend(self, rule: str, value: Any) -> None:
        """Set an entry of the rule book from today on."""
        wish = {"effective_on": str(self.today), "decided_by": "council", "why": "asked"}
        self.manager.do(f"/rules/{rule}/amendments", value=value, **wish)

    def apply(self, form: Mapping[str, Any] = FORM, **fields: Any) -> str:
        """Take an application in and review it; returns its path."""
        path = f"/applications/{self.desk.do('/applications', **{**form, **fields})['application']}"
        self.desk.do(f"{path}/registration")
        self.office.do(f"{path}/review")
        return path

    def admit(self, form: Mapping[str, Any] = FORM, **fields: Any) -> str:
        """Approve an applicant with all papers; returns the member."""
        whole = {"documents": ["form", "id_copy", "photo"]} if form is FORM else {}
        path = self.apply(form, **{**whole, **fields})
        if form is FORM:
            self.office.do(f"{path}/findings", fit_health=True)
        return str(self.office.do(f"{path}/approval")["member"])

    def pay(self, member: str, until: date = date(2027, 11, 21)) -> None:
        """Write down to which day a member's fees are paid."""
        self.office.do(f"/people/{member}/fee", paid_until=str(until), why="paid at the desk")

    def make_card(self, member: str, status: int = 200) -> int:
        """Set a card from stock aside for a member and tie it to what a reader reads; returns its number."""
        self._cards += 1
        number = self._cards
        row = {"number": f"{number:08}", "kind": "ordinary", "use_class": "ordinary", "state": "in_stock"}
        with self.database.begin() as connection:
            connection.execute(insert(card).values(**row, point="desk"))
        self.desk.do(f"/card-book/{number:08}/encoding", identifier=f"04{number:012X}")
        member_no = self.office.see(f"/people/{member}")["member"]["member_no"]
        self.office.do(f"/card-book/{number:08}/assignment", status, member_no=member_no)
        return number

    def hand_over(self, number: int) -> None:
        """Put a card into its holder's hand."""
        self.desk.do(f"/card-book/{number:08}/hand-over", identity_checked=True)

    def join(self, form: Mapping[str, Any] = FORM, **fields: Any) -> tuple[str, int]:
        """Make a valid member: applied, approved, paid, card in the hand; returns member and card."""
        member = self.admit(form, **fields)
        self.pay(member)
        number = self.make_card(member)
        self.hand_over(number)
        return member, number

    def gate_says(self, number: int, day: date | None = None) -> str:
        """Return what a gate into the club answers a card at ten o'clock of a day."""
        return gate_says(self.books, number, day or self.today)

    def state(self, member: str) -> str:
        """Return where a membership stands."""
        return str(self.office.see(f"/people/{member}")["standing"]["state"])

    @property
    def today(self) -> date:
        """The local day."""
        return self.clock.wall.astimezone(ZONE).date()

    def _open_doors(self) -> None:
        def program(role: Role) -> Program:
            return Program(self._app, self.database, role, clock=self.clock)

        self.desk, self.office = program(Role.DESK), program(Role.MEMBERSHIP)
        self.manager = program(Role.GENERAL_MANAGER)
