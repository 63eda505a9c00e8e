"""The office application over a small club in SQLite."""

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from msgspec.structs import replace

from kiosk.central.database import Database
from kiosk.office.app import close_app, create_app
from kiosk.office.settings import OfficeSettings
from tests.builders import FakeClock
from tests.office.builders import SECRET, TOKEN, add_club_tables, fill_club
from tests.office.builders_cards import fill_cards
from tests.office.builders_care import fill_care
from tests.office.builders_conduct import fill_conduct, fill_staff
from tests.office.builders_fees import fill_fees
from tests.office.builders_money import fill_money
from tests.office.builders_points import fill_points
from tests.support.compiled import COMPILED
from tests.support.migrated import PLAIN, put_tables

MakeApp = Callable[..., Flask]


@pytest.fixture
def clock() -> FakeClock:
    """A clock that stands still."""
    return FakeClock()


@pytest.fixture(scope="session")
def filled_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Central's database with a small club in it, to be copied."""
    path = tmp_path_factory.mktemp("club") / "template.db"
    with closing(Database(put_tables(path))) as opened:
        add_club_tables(opened)
        fill_club(opened)
        fill_points(opened)
        fill_cards(opened)
    return path


@pytest.fixture(scope="session")
def whole_file(tmp_path_factory: pytest.TempPathFactory, filled_file: Path) -> Path:
    """The same with something of every family: a case, an activity, an account, a key, sales, fees, complaints."""
    path = tmp_path_factory.mktemp("whole") / "template.db"
    shutil.copyfile(filled_file, path)
    with closing(Database(f"sqlite:///{path}")) as opened:
        for fill in (fill_conduct, fill_staff, fill_care, fill_money, fill_fees):
            fill(opened)
    return path


@contextmanager
def copy_of(file: Path) -> Iterator[Database]:
    """Open a copy of a database."""
    with PLAIN.holding(file.read_bytes()) as opened:
        yield opened


@pytest.fixture
def database(filled_file: Path) -> Iterator[Database]:
    """Central's database with a small club in it."""
    with copy_of(filled_file) as opened:
        yield opened


@pytest.fixture
def settings(tmp_path: Path) -> OfficeSettings:
    """The office's settings, with its token file."""
    return make_settings(tmp_path)


def make_settings(folder: Path) -> OfficeSettings:
    """Make the office's settings, with its token file in a folder."""
    (folder / "token").write_text(TOKEN + "\n")
    return OfficeSettings(token_file=folder / "token", streams_max=2)


@contextmanager
def an_app(settings: OfficeSettings, database: Database, clock: FakeClock) -> Iterator[Flask]:
    """The office application over a database, with templates that are compiled once for all of them."""
    app = create_app(settings, database, clock, SECRET)
    app.testing = True
    app.jinja_env.bytecode_cache = COMPILED
    try:
        yield app
    finally:
        close_app(app)


@pytest.fixture
def make_app(settings: OfficeSettings, database: Database, clock: FakeClock) -> Iterator[MakeApp]:
    """Makes the office application, over another database or with other settings, and closes it afterwards."""
    with ExitStack() as made:
        yield lambda over=database, **fields: made.enter_context(an_app(replace(settings, **fields), over, clock))


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
