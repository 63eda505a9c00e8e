"""The post of an attendant: its pages through Flask's client, and the socket of a made-up gate that takes commands."""

import re
from pathlib import Path
from typing import Any

import msgspec
from flask import Flask

from kiosk.core.errors import Refused
from kiosk.core.model import AccessPoint
from kiosk.local.pins import keep_pin
from kiosk.local.talk import TalkServer
from kiosk.web.app import close_app, create_app, feed_of
from kiosk.web.attendant_parts import put_together
from kiosk.web.self_asking import AskCentral, NoAnswer
from kiosk.web.settings import AttendantSettings, Name, WebSettings
from tests.builders import FakeClock
from tests.support.compiled import COMPILED
from tests.support.wait import eventually
from tests.web.fakes import make_state
from tests.web.tills import make_box, tell_roster

PIN = "240817"
POINTS = (
    AccessPoint("entrance", "outside", "club", reader="front", gate="main"),
    AccessPoint("exit", "club", "outside", reader="back", gate="main", way_out=True),
)


class Post:
    """An attendant's pages over a real socket of a made-up gate."""

    def __init__(
        self, folder: Path, *, from_network: bool = False, central: AskCentral = lambda *_: NoAnswer()
    ) -> None:
        self.clock = FakeClock()
        self.box = make_box(folder)
        tell_roster(self.box, self.clock)
        self.commands: list[dict[str, Any]] = []
        self.answer: dict[str, Any] | Refused = {"seq": 41}
        self.gate = TalkServer(self.box.socket("gate"), {"command": self._command}, frozenset({"display"}))
        self.gate.start()
        names = {"entrance": Name("正门入口", "Main entrance")}
        web = WebSettings(gate_socket=self.box.socket("gate"), access_points=names)
        self.app: Flask = create_app(web, self.clock)
        self.app.jinja_env.bytecode_cache = COMPILED
        self.app.testing = True
        settings = AttendantSettings(pins={"li": keep_pin(PIN, cost=1024)}, from_network=from_network)
        self.feed = feed_of(self.app)
        pages = put_together(self.box, web, settings, POINTS, self.feed, self.clock, central)
        self.app.register_blueprint(pages)
        self.client = self.app.test_client()
        self.feed.start()
        eventually(lambda: self.gate._followers["display"])
        self.say(make_state())
        eventually(lambda: self.feed.situation().known)

    def close(self) -> None:
        """Put everything away."""
        close_app(self.app)
        self.gate.close()

    def say(self, message: dict[str, Any]) -> None:
        """Have the gate publish something."""
        self.gate.publish("display", message)

    def post(self, path: str, said: Any, **more: Any) -> tuple[int, Any]:
        """Send what a script of the page sends; return the status and the answer."""
        response = self.client.post(
            f"/attendant/{path}", data=msgspec.json.encode(said), content_type="application/json", **more
        )
        return response.status_code, response.get_json(silent=True)

    def sign_in(self, pin: str = PIN, code: str = "li") -> int:
        """Sign in; return the status."""
        return self.post("sign-in", {"code": code, "pin": pin})[0]

    def events(self, until: str) -> list[tuple[str, Any]]:
        """Return what a new stream says, up to an event of this name."""
        found: list[tuple[str, Any]] = []
        with self.client.get("/attendant/entrance/events") as response:
            for part in response.response:
                said = re.findall(rb"event: (\w+)\ndata: (.*)", part)
                found += [(name.decode(), msgspec.json.decode(data)) for name, data in said if name != b"beat"]
                if found and found[-1][0] == until:
                    return found
        raise AssertionError(found)

    def _command(self, args: dict[str, Any]) -> dict[str, Any]:
        self.commands.append(args)
        if isinstance(self.answer, Refused):
            raise self.answer
        return self.answer
