"""The office application over a small club in SQLite."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from kiosk.central.database import Database
from kiosk.central.schema import migrate
from kiosk.office.app import close_app, create_app
from kiosk.office.settings import OfficeSettings
from tests.builders import FakeClock
from tests.office.builders import TOKEN, fill_club

MakeApp = Callable[..., Flask]


@pytest.fixture
def clock() -> FakeClock:
    """A clock that stands still."""
    return FakeClock()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """Central's database with a small club in it."""
    url = f"sqlite:///{tmp_path / 'central.db'}"
    migrate(url)
    opened = Database(url)
    fill_club(opened)
    yield opened
    opened.close()


@pytest.fixture
def settings(tmp_path: Path) -> OfficeSettings:
    """The office's settings, with its token file."""
    (tmp_path / "token").write_text(TOKEN + "\n")
    return OfficeSettings(token_file=tmp_path / "token", streams_max=2)


@pytest.fixture
def make_app(settings: OfficeSettings, database: Database, clock: FakeClock) -> Iterator[MakeApp]:
    """Makes the office application, with changes to its settings, and closes it afterwards."""
    made: list[Flask] = []

    def make(**fields: Any) -> Flask:
        given = {name: getattr(settings, name) for name in OfficeSettings.__struct_fields__}
        app = create_app(OfficeSettings(**given | fields), database, clock)
        app.testing = True
        made.append(app)
        return app

    yield make
    for app in made:
        close_app(app)


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    """The office application."""
    return make_app()


@pytest.fixture
def staff(app: Flask) -> FlaskClient:
    """A browser that is signed in."""
    client = app.test_client()
    assert sign_in(client).status_code == 302
    return client


def form_key(client: FlaskClient, path: str = "/sign-in") -> str:
    """Return the form key of a page."""
    found = re.search(r'name="form_key" value="([^"]+)"', client.get(path).text)
    assert found
    return found[1]


def sign_in(client: FlaskClient, token: str = TOKEN, **fields: str) -> Any:
    """Fill in the sign-in form and send it."""
    return client.post("/sign-in", data={"form_key": form_key(client), "staff_token": token} | fields)
