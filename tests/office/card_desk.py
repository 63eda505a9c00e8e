"""The departments of a club at the office's own doors, for stories of cards, and what a gate says."""

import json
import secrets
from datetime import date
from typing import Any

import msgspec
from flask import Flask
from flask.testing import FlaskClient

from kiosk.central.club.api_keys import MakeKey, make_key
from kiosk.central.club.books import Actor, Books
from kiosk.central.database import Database
from kiosk.central.policy import ClubPolicy, ProductText, apply_policy
from kiosk.club.roles import Role
from kiosk.core.clock import Clock
from kiosk.office.routes import PREFIX
from tests.central.club import builders_cards
from tests.central.club.builders_cards import uid
from tests.central.club.builders_points import make_policy_file
from tests.office.accounts import make_staff, signed_in
from tests.office.conftest import form_key

DAYS = 700
"""How long the keys are good for: a story may take more than a year."""


def _policy() -> ClubPolicy:
    """Return the club of the books' tests, with the product that a member of the office's tests holds."""
    policy = make_policy_file()
    return msgspec.structs.replace(policy, products={**policy.products, "swim-10": ProductText(areas=("lounge",))})


class Departments:
    """One account and one browser for each role, named like it, and a program's key for each."""

    def __init__(self, app: Flask, database: Database, clock: Clock) -> None:
        self.app = app
        self.books = Books(database, clock)
        with database.begin() as connection:
            apply_policy(connection, _policy(), at=clock.now())
        self.ids = {role: make_staff(database, role, login=f"the.{role}") for role in Role}
        self._browsers = {role: signed_in(app, database, id) for role, id in self.ids.items()}
        self._keys = {role: self._key_of(role) for role in Role}

    def _key_of(self, role: Role) -> dict[str, str]:
        wish = MakeKey("till", (role,), DAYS)
        text, _ = self.books.change(Actor("setup"), lambda change: make_key(change, wish))
        return {"Authorization": f"Bearer {text}"}

    def browser(self, role: Role) -> FlaskClient:
        """Return the browser of a role's account."""
        return self._browsers[role]

    def send(self, who: Role, path: str, status: int = 200, /, **wish: Any) -> Any:
        """Do an act over the API with the key of a role."""
        headers = self._keys[who] | {"Idempotency-Key": secrets.token_hex(8)}
        response = self.app.test_client().post(PREFIX + path, json=wish, headers=headers)
        assert response.status_code == status, response.text
        return json.loads(response.data)

    def read(self, role: Role, path: str) -> Any:
        """Read over the API with the key of a role."""
        response = self.app.test_client().get(PREFIX + path, headers=self._keys[role])
        assert response.status_code == 200, response.text
        return json.loads(response.data)

    def fill_in(self, who: Role, form: str, status: int = 302, /, **fields: Any) -> str:
        """Open a form in a role's browser, fill it in and send it; return the page that follows, or the form again."""
        client = self._browsers[who]
        assert client.get(form).status_code == 200
        data = {"form_key": form_key(client, form), "once": secrets.token_hex(8)} | fields
        sent = client.post(form, data=data)
        assert sent.status_code == status, sent.text
        return str(client.get(sent.location).text if status == 302 else sent.text)

    def page(self, role: Role, path: str) -> str:
        """Return a page as a role's browser shows it."""
        response = self._browsers[role].get(path)
        assert response.status_code == 200, response.text
        return str(response.text)

    def make_cards(self, kind: str, quantity: int, point: str = "desk") -> list[str]:
        """Order cards, find them good, and put them in stock; returns their numbers."""
        batch = self.send(Role.MEMBERSHIP, "/card-batches", kind=kind, quantity=quantity)
        path = f"/card-batches/{batch['id']}"
        self.send(Role.MEMBERSHIP, f"{path}/making")
        for quality in ("material", "print", "numbers"):
            self.send(Role.OPERATIONS, f"{path}/checks", quality=quality, good=True)
        self.send(Role.OPERATIONS, f"{path}/decision")
        self.send(Role.OPERATIONS, f"{path}/stock", point=point)
        found = self.read(Role.DESK, f"/card-book?batch={batch['id']}&limit=1000")["items"]
        return [each["number"] for each in found]

    def encode(self, number: str) -> None:
        """Hold a card to the desk's reader."""
        self.send(Role.DESK, f"/card-book/{number}/encoding", identifier=uid(number))

    def give(self, number: str, member_no: str, **wish: Any) -> None:
        """Encode a card, set it aside for a member and hand it over."""
        self.encode(number)
        self.send(Role.MEMBERSHIP, f"/card-book/{number}/assignment", member_no=member_no, **wish)
        self.send(Role.DESK, f"/card-book/{number}/hand-over", identity_checked=True)

    def gate_says(self, number: str, day: date | None = None) -> str:
        """Return the reason with which the entrance answers the card of a number, by the roster as it was published."""
        return builders_cards.answer(self.books, number, day)
