"""A kiosk at work: its pages through Flask's client, its reader by hand, and a fake central behind a real socket."""

import html
import json
import re
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from flask import Flask

from kiosk.core.board import Announcement
from kiosk.core.identifiers import Assurance
from kiosk.core.model import Schedule, Window
from kiosk.core.records import DenyReason
from kiosk.core.roster import DeltaOp, digest_hex, encode_row, row_digest
from kiosk.readers.reader import CardGone, CardRead, ReaderSettings
from kiosk.store.roster import RosterWriter
from kiosk.web.app import close_app, create_app
from kiosk.web.self_asking import PATIENCE_S, CentralOverSync
from kiosk.web.self_parts import put_together
from kiosk.web.self_roster import KioskRoster, LineWatch
from kiosk.web.settings import ConsentText, Name, SelfServiceSettings, WebSettings
from tests.builders import IDENTIFIER, FakeClock, make_rows
from tests.support.compiled import COMPILED
from tests.web.fake_central import FakeCentral
from tests.web.tills import make_box, tell_roster

OTHER = "04A1B2C3D4E5F7"
OPENING = Schedule(id="opening", windows=(Window("06:30", "22:30", "12345"), Window("08:00", "22:00", "67")))
ANNOUNCED = Announcement("day", "本周六会员日，积分双倍", "Members' day this Saturday: points count twice")
SLOW_S = 60.0
TAG = re.compile(r"<button[^>]*>")


class Shown(NamedTuple):
    """What the kiosk answered: the status, and the screen as HTML."""

    status: int
    html: str

    @property
    def screen(self) -> str:
        """The screen's name."""
        found = re.search(r'data-screen="([^"]*)"', self.html)
        return found[1] if found else ""

    def data(self, name: str) -> str:
        """Return what the screen's own element says of itself."""
        found = re.search(rf'data-{name}="([^"]*)"', self.html)
        return found[1] if found else ""

    def buttons(self, go: str) -> list[dict[str, str]]:
        """Return the values of every button that leads somewhere."""
        tags = [tag for tag in TAG.findall(self.html) if f'data-go="{go}"' in tag]
        found = [re.search(r'data-values="([^"]*)"', tag) for tag in tags]
        return [json.loads(html.unescape(each[1])) if each else {} for each in found]


class Kiosk:
    """One kiosk and the page that is open on it."""

    def __init__(self, folder: Path, *, sample_cards: str = "", patience_s: float = PATIENCE_S, **changes: Any) -> None:
        self.clock = FakeClock()
        self.box = make_box(folder)
        tell_roster(self.box, self.clock, OPENING, ANNOUNCED)
        self.central = FakeCentral(self.box.socket("sync"), self.clock)
        self.central.start()
        web = WebSettings(gate_socket=self.box.socket("gate"), club=Name("湖畔俱乐部", "Lakeside Club"))
        web = msgspec.structs.replace(web, sample_cards=sample_cards)
        self.settings = make_settings(**changes)
        self.app: Flask = create_app(web, self.clock)
        self.app.jinja_env.bytecode_cache = COMPILED
        self.app.testing = True
        central = CentralOverSync(self.box.socket("sync"), patience_s)
        # The clock stands still: a line that was late once would be down for the rest of the test.
        line = LineWatch(self.box, self.clock, KioskRoster(self.box, self.clock).data_at, SLOW_S)
        self.parts = put_together(self.box, web, self.settings, self.clock, central, line)
        self.app.register_blueprint(self.parts.pages)
        self.client = self.app.test_client()
        self.page = self.session = ""

    def close(self) -> None:
        """Put everything away."""
        self.parts.kiosk.close()
        close_app(self.app)
        self.central.close()

    def open(self) -> Shown:
        """Load the page, as a browser does, and take the screen."""
        response = self.client.get("/self")
        found = re.search(r'data-page="([^"]+)"', response.text)
        assert found
        self.page, self.session = found[1], ""
        return Shown(response.status_code, response.text)

    def tap(self, identifier: str = IDENTIFIER, *, stays: bool = True) -> Shown:
        """Lay a card on the reader, and show what its member sees first."""
        if not self.page:
            self.open()
            self.press("attract")
        self.parts.reader.take(CardRead("kiosk", identifier, Assurance.UID))
        if not stays:
            self.parts.reader.take(CardGone("kiosk"))
        self.session = self.parts.kiosk.standing()
        return self.press("home")

    def announce(self, said: Announcement) -> None:
        """Pin something else up, as the box hears of it with the second revision of its roster."""
        rows = make_rows(OPENING, ANNOUNCED, said)
        digest = digest_hex(sum(row_digest(encode_row(row)) for row in rows))
        with closing(RosterWriter(self.box.roster)) as writer:
            writer.apply_delta(1, 2, [DeltaOp(put=said)], digest)

    def bad_tap(self) -> None:
        """Lay a card on the reader that shows no number."""
        self.parts.reader.take(CardRead("kiosk", None, Assurance.NONE, DenyReason.READ_FAILED))

    def press(self, go: str, _session: str | None = None, _page: str | None = None, **values: str) -> Shown:
        """Press a button, with what it carries."""
        session = self.session if _session is None else _session
        said = {"page": self.page if _page is None else _page, "session": session, "go": go, "values": values}
        response = self.client.post("/self/do", data=json.dumps(said), content_type="application/json")
        shown = Shown(response.status_code, response.text)
        if _session is None and shown.data("session"):
            self.session = shown.data("session")
        return shown

    def choose(self, shown: Shown, go: str, place: int = 0) -> Shown:
        """Press one of the buttons that a screen has for something."""
        return self.press(go, **shown.buttons(go)[place])

    def order(self, amount: int = 2) -> Shown:
        """Go from the home screen to the code of an order, and return the screen of it."""
        shown = self.choose(self.choose(self.press("top_up"), "way", amount), "pay")
        assert shown.screen == "pay"
        return self.press("order")


def make_settings(**changes: Any) -> SelfServiceSettings:
    """Make a kiosk's settings: a mock reader, opening hours and two documents."""
    consents = tuple(
        ConsentText(f"{name}:1", Name(zh, en), Name(f"{zh}全文\n第一条。", f"The whole {en}.\nArticle 1."))
        for name, zh, en in (("charter", "章程", "charter"), ("privacy", "隐私说明", "privacy notice"))
    )
    defaults = SelfServiceSettings(
        reader=ReaderSettings("kiosk"),
        hours="opening",
        phone="021-5555 0100",
        consents=consents,
    )
    return msgspec.structs.replace(defaults, **changes)
