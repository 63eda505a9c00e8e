"""The web application beside a fake gate."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from kiosk.web.app import close_app, create_app
from kiosk.web.settings import Name, WebSettings
from tests.builders import FakeClock
from tests.support.compiled import COMPILED
from tests.web.fakes import CARDS_CSV, FakeGate

MakeApp = Callable[..., Flask]


@pytest.fixture
def clock() -> FakeClock:
    """A clock that stands still."""
    return FakeClock()


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[FakeGate]:
    """A fake gate that listens."""
    fake = FakeGate(tmp_path / "gate.sock")
    fake.start()
    yield fake
    fake.close()


@pytest.fixture
def make_app(tmp_path: Path, clock: FakeClock) -> Iterator[MakeApp]:
    """Makes the web application, with changes to its settings, and closes it afterwards."""
    made: list[Flask] = []
    cards = tmp_path / "cards.csv"
    cards.write_text(CARDS_CSV, encoding="utf-8")

    def make(**fields: Any) -> Flask:
        defaults: dict[str, Any] = {
            "gate_socket": tmp_path / "gate.sock",
            "sample_cards": str(cards),
            "club": Name(zh="湖畔俱乐部", en="Lakeside Club"),
            "access_points": {
                "entrance": Name(zh="正门入口", en="Main entrance"),
                "exit": Name(zh="正门出口", en="Main exit"),
                "pool": Name(zh="游泳池", en="Pool"),
            },
        }
        app = create_app(WebSettings(**defaults | fields), clock)
        app.testing = True
        app.jinja_env.bytecode_cache = COMPILED
        made.append(app)
        return app

    yield make
    for app in made:
        close_app(app)
