"""Programs with keys of their own at the office's API, a club told by them, and a gate that decides by its roster."""

import json
from datetime import UTC, datetime
from typing import Any

from flask import Flask
from sqlalchemy import insert, select

from kiosk.central.club.tables import audit, notice
from kiosk.central.database import Database
from kiosk.central.tables import roster_row
from kiosk.club.roles import Role
from kiosk.core.case import Case, Read, Standing
from kiosk.core.clock import ClockReading, ClockState
from kiosk.core.decision import Decision, decide
from kiosk.core.identifiers import Assurance, credential_of
from kiosk.core.model import AccessPoint, AnyRow, Area, Credential, Product
from kiosk.core.roster import decode_row, encode_row, make_policy, row_key
from kiosk.core.visits import Usage
from kiosk.office.routes import PREFIX
from tests.office.accounts import key_of
from tests.office.builders import SECRET
from tests.office.builders_cards import IN_STOCK

NOW = datetime(2026, 11, 22, 8, 31, tzinfo=UTC)
"""16:31 on a Sunday in Shanghai."""


class Program:
    """A program with the key of some roles; each wish has a key of its own."""

    def __init__(self, app: Flask, database: Database, *roles: Role) -> None:
        self._client, self._headers, self._n = app.test_client(), key_of(database, *roles), 0

    def do(self, path: str, status: int = 200, **wish: Any) -> Any:
        """Do an act and return its answer."""
        self._n += 1
        headers = self._headers | {"Idempotency-Key": f"{path}:{self._n}"[:100]}
        response = self._client.post(PREFIX + path, json=wish, headers=headers)
        assert response.status_code == status, response.text
        return json.loads(response.data)

    def see(self, path: str, status: int = 200) -> Any:
        """Get something."""
        response = self._client.get(PREFIX + path, headers=self._headers)
        assert response.status_code == status, response.text
        return json.loads(response.data)


def roster(database: Database) -> list[AnyRow]:
    """Return the roster's rows as the gates get them."""
    with database.read() as connection:
        return [decode_row(bytes(body)) for body in connection.execute(select(roster_row.c.body)).scalars()]


def card_row(database: Database, card: str) -> Credential:
    """Return the row of a card."""
    return next(row for row in roster(database) if isinstance(row, Credential) and row.id == card)


def gate(
    database: Database, card: str, area: str, at: datetime = NOW, used: dict[str, Usage] | None = None
) -> Decision:
    """Decide a tap of a card at the gate into an area, offline, by the roster as it is; `used` by entitlement."""
    rows = roster(database)
    held = next((row for row in rows if isinstance(row, Credential) and row.id == card), None)
    case = Case(
        read=Read("door", card, Assurance.UID),
        point=AccessPoint(f"to-{area}", "outside", area),
        clock=ClockReading(now=at, state=ClockState.OK, roster_age_s=0),
        policy=make_policy(1, "demo", rows, 14 * 86400, "Asia/Shanghai"),
        credential=held,
        standing=Standing(usage=used or {}),
    )
    return decide(case)


FORM = {
    "name": "林晓",
    "phone": "13900000001",
    "born": "1990-11-25",
    "full_capacity": True,
    "card_kind": "annual",
    "scopes": ["indoor"],
    "documents": ["form", "id_copy", "photo"],
    "marks": ["signature"],
    "consents": ["purpose", "charter", "regulations"],
}
CARD = credential_of("04A1B2C9", SECRET)


class Club:
    """The small club with a lounge, and one program for each part of the staff."""

    def __init__(self, app: Flask, database: Database) -> None:
        self.app, self.database = app, database
        self.desk = Program(app, database, Role.DESK)
        self.office = Program(app, database, Role.MEMBERSHIP)
        self.operations = Program(app, database, Role.OPERATIONS)
        self.manager = Program(app, database, Role.GENERAL_MANAGER)
        rows = [
            Area("club"),
            Area("lounge"),
            Area("sauna"),
            Product("indoor", areas=("club",)),
            Product("outdoor", areas=("sauna",)),
        ]
        with database.begin() as connection:
            for row in rows:
                connection.execute(insert(roster_row).values(key=row_key(row), body=encode_row(row)))

    def amend(self, rule: str, value: Any) -> None:
        """Amend an entry of the rule book from today on."""
        wish = {"value": value, "effective_on": "2026-11-22", "decided_by": "council", "why": "a story"}
        self.manager.do(f"/rules/{rule}/amendments", **wish)

    def add_rights(self, *rights: dict[str, Any]) -> None:
        """Give tiers more rights than those of the rule book."""
        self.amend("benefits.rights", [*self.manager.see("/rules?family=benefits")["items"][0]["value"], *rights])

    def apply(self, **fields: Any) -> str:
        """Take somebody from the form to the approval, paid for a year; returns the member."""
        path = f"/applications/{self.desk.do('/applications', **FORM | fields)['application']}"
        self.desk.do(f"{path}/registration")
        self.office.do(f"{path}/review")
        self.office.do(f"{path}/findings", fit_health=True)
        member = str(self.office.do(f"{path}/approval")["member"])
        self.office.do(f"/people/{member}/fee", paid_until="2027-11-21", why="paid at the desk")
        return member

    def collect(self, member: str) -> None:
        """Encode the card in stock and hand it over to a member."""
        number = self.office.see(f"/people/{member}")["member"]["member_no"]
        self.desk.do(f"/card-book/{IN_STOCK}/encoding", identifier="04A1B2C9")
        self.office.do(f"/card-book/{IN_STOCK}/assignment", member_no=number)
        self.desk.do(f"/card-book/{IN_STOCK}/hand-over", identity_checked=True)

    def join(self, **fields: Any) -> str:
        """Make a valid member with the card in the hand."""
        member = self.apply(**fields)
        self.collect(member)
        return member

    def buy(self, member: str, sale: str, amount_minor: int = 2000, **more: Any) -> Any:
        """Book a purchase at the desk."""
        return self.desk.do(f"/points/{member}/purchases", sale=sale, amount_minor=amount_minor, **more)

    def points(self, member: str) -> Any:
        """What the office shows of a member's points."""
        return self.desk.see(f"/points/{member}")

    def answer(self, area: str, **more: Any) -> str:
        """What a gate into an area answers the new member's card."""
        return str(gate(self.database, CARD, area, **more).event.reason)

    def told(self, member: str) -> dict[str, str]:
        """The notices to a member: data by template."""
        with self.database.read() as connection:
            rows = connection.execute(select(notice.c.template, notice.c.data).where(notice.c.member == member))
            return {template: data for template, data in rows}

    def noted(self, action: str) -> int:
        """How often the audit trail has an act."""
        with self.database.read() as connection:
            return len(connection.execute(select(audit.c.n).where(audit.c.action == action)).all())
