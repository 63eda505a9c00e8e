"""The screen of a till at work: its pages by Flask, its reader by hand, and a central that says nothing."""

import re
from pathlib import Path
from typing import Any

import msgspec
from flask import Flask
from flask.testing import FlaskClient

from kiosk.core.goods import Item
from kiosk.core.model import CredentialState
from kiosk.readers.reader import ReaderSettings
from kiosk.web.app import close_app, create_app
from kiosk.web.self_asking import AskCentral, NoAnswer
from kiosk.web.self_roster import Line
from kiosk.web.settings import Name, TillSettings, WebSettings
from kiosk.web.till_cards import Cards
from kiosk.web.till_doors import make_blueprint
from kiosk.web.till_parts import put_together
from tests.builders import NOW, make_credential
from tests.support.compiled import COMPILED
from tests.web.tills import TillBox, make_funds, make_limits, tell_roster

LOST = "04A1B2C3D4E5F9"


class Screen:
    """A till's pages through Flask's client."""

    def __init__(self, folder: Path, central: AskCentral = lambda *_: NoAnswer()) -> None:
        self.box = TillBox(folder)
        lost = make_credential(LOST, state=CredentialState.LOST)
        items = (Item("towel", "毛巾 <b>", "Towel <b>", price_minor=1_000), Item("tea", "茶", "Tea", price_minor=700))
        tell_roster(self.box.box, self.box.clock, lost, *items, funds=(make_funds(), make_limits()))
        self.line = Line(False, NOW, NOW)
        settings = TillSettings(id="bar-1", reader=ReaderSettings("till"))
        cards = Cards(self.box.box, settings, self.box.clock)
        self.parts = put_together(
            self.box.box, settings, self.box.till, cards, self.box.clock, central, lambda: self.line
        )
        web = WebSettings(gate_socket=self.box.box.socket("gate"), club=Name("湖畔俱乐部", "Lakeside Club"))
        self.app: Flask = create_app(web, self.box.clock)
        self.app.jinja_env.bytecode_cache = COMPILED
        self.app.testing = True
        self.app.register_blueprint(make_blueprint(self.box.till))
        self.app.register_blueprint(self.parts.pages)
        self.client: FlaskClient = self.app.test_client()

    def close(self) -> None:
        """Put everything away."""
        self.parts.shown.close()
        close_app(self.app)
        self.box.journal.close()

    def post(self, path: str, said: Any, **headers: str) -> tuple[int, Any]:
        """Send what a script of the page sends; return the status and the answer."""
        response = self.client.post(f"/till/{path}", data=msgspec.json.encode(said), headers=headers,
                                    content_type="application/json")  # fmt: skip
        return response.status_code, response.get_json(silent=True)

    def state(self) -> dict[str, Any]:
        """Return how the till stands, as its stream says first."""
        with self.client.get("/till/events") as response:
            for part in response.response:
                if found := re.search(rb"event: state\ndata: (.*)", part):
                    said: dict[str, Any] = msgspec.json.decode(found[1])
                    return said
        raise AssertionError("the stream said nothing")
