"""Staff of each role: a browser that is signed in, and a program with a key."""

import secrets

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert

from kiosk.central.club.api_keys import MakeKey, make_key
from kiosk.central.club.books import Actor, Books
from kiosk.central.club.passwords import keep_password, secret_hash
from kiosk.central.club.staff_tables import staff, staff_session
from kiosk.central.database import Database
from kiosk.club.roles import Role
from kiosk.core.codec import canonical
from tests.builders import FakeClock

PASSWORD = "correct horse battery"
LONG_AGO, FAR_OFF = "2026-01-01T00:00:00.000Z", "2027-12-31T00:00:00.000Z"


def make_staff(
    database: Database,
    *roles: Role,
    login: str = "li.na",
    temporary: bool = False,
    password: bool = False,
    member: str | None = None,
) -> str:
    """Open an account and return its id; it has PASSWORD only where that is asked for, as hashing takes time."""
    staff_id = secrets.token_hex(8)
    row: dict[str, object] = {
        "id": staff_id,
        "login": login,
        "name": "李娜",
        "roles": canonical(sorted(roles)).decode(),
    }
    row |= {"state": "active", "opened_at": LONG_AGO, "temporary": temporary, "member": member}
    row["password"] = keep_password(PASSWORD, login).text if password else ""
    with database.begin() as connection:
        connection.execute(insert(staff).values(**row))
    return staff_id


def signed_in(app: Flask, database: Database, staff_id: str, *, factor: bool = True) -> FlaskClient:
    """Return a browser with a session of an account, as if the second factor had been shown."""
    secret = secrets.token_urlsafe(32)
    row = {"hash": secret_hash(secret), "staff": staff_id, "factor": factor, "began_at": LONG_AGO}
    with database.begin() as connection:
        connection.execute(insert(staff_session).values(**row, seen_at=FAR_OFF, until=FAR_OFF))
    client = app.test_client()
    with client.session_transaction() as session:
        session["sid"] = secret
    return client


def key_of(database: Database, *roles: Role) -> dict[str, str]:
    """Return the header with the key of a program that has roles."""
    wish = MakeKey("till", roles, 30)
    text, _ = Books(database, FakeClock()).change(Actor("setup"), lambda change: make_key(change, wish))
    return {"Authorization": f"Bearer {text}"}
