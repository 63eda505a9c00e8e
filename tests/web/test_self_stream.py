"""What the kiosk's page hears while it stands, and the reader behind it, through the process of the box."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from kiosk.cli import main
from kiosk.config import load_edge
from kiosk.core.board import Announcement
from kiosk.core.errors import ConfigError, Refused, RetryLater
from kiosk.local.talk import TalkServer, ask
from kiosk.readers.reader import ReaderSettings
from kiosk.store.journal import JournalLimits
from kiosk.web.demo import KIOSK, KIOSK_READER
from kiosk.web.process import WebProcess
from kiosk.web.self_reader import tap_handler
from kiosk.web.self_stream import ATTRACT_LOOKS
from kiosk.web.settings import WebSettings
from tests.builders import IDENTIFIER, FakeClock
from tests.support.wait import eventually
from tests.web.fakes import CARDS_CSV
from tests.web.kiosks import OTHER, Kiosk, make_settings
from tests.web.tills import make_box


@pytest.fixture
def kiosk(tmp_path: Path) -> Iterator[Kiosk]:
    """A kiosk whose page is open."""
    found = Kiosk(tmp_path)
    found.open()
    yield found
    found.close()


def heard(kiosk: Kiosk, page: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the events of a page's stream, the line left out."""
    response = kiosk.client.get(f"/self/events?page={page or kiosk.page}", buffered=False)
    assert response.mimetype == "text/event-stream"
    for chunk in response.iter_encoded():
        fields = dict(line.split(": ", 1) for line in chunk.decode().strip().splitlines() if ": " in line)
        if "data" in fields and fields["event"] not in ("line", "beat"):
            yield fields["event"], json.loads(fields["data"])


def test_a_page_hears_of_cards_their_leaving_and_the_end_of_a_session(kiosk: Kiosk) -> None:
    events = heard(kiosk)
    assert next(events) == ("standing", {"session": ""})
    kiosk.tap(stays=False)
    name, news = next(events)
    assert (name, news["session"]) == ("card", kiosk.session)
    assert 'data-screen="reading"' in news["html"]
    assert next(events) == ("lifted", {"session": kiosk.session})
    kiosk.bad_tap()
    name, news = next(events)
    assert name == "fault"
    assert "请再刷一次" in news["text"]
    kiosk.clock.advance(200)
    name, news = next(events)
    assert (name, news["session"], news["why"]) == ("ended", kiosk.session, "time")
    assert 'data-screen="attract"' in news["html"]
    kiosk.tap()
    assert next(events)[0] == "card"
    kiosk.tap(OTHER)
    assert next(events)[0] == "card"


@pytest.mark.proves("S75")
def test_what_the_office_pins_up_comes_to_an_attract_screen_that_stands_and_disturbs_nobody(kiosk: Kiosk) -> None:
    events = heard(kiosk)
    assert next(events) == ("standing", {"session": ""})

    def next_but_faults() -> tuple[str, dict[str, Any]]:
        # Each one is a look of the stream, which would otherwise take a second.
        for _ in range(10 * ATTRACT_LOOKS):
            kiosk.bad_tap()
            if (event := next(events))[0] != "fault":
                return event
        return "nothing", {}

    assert next_but_faults()[0] == "nothing"
    kiosk.tap()
    assert next_but_faults()[0] == "card"
    kiosk.announce(Announcement("new", "今日闭馆", "Closed today", order=-1, valid_until=kiosk.clock.now().date()))
    assert next_but_faults()[0] == "nothing"
    kiosk.press("finish")
    name, news = next_but_faults()
    assert (name, "今日闭馆" in news["html"]) == ("ended", True)
    kiosk.clock.advance(86_400)
    name, news = next_but_faults()
    assert (name, "今日闭馆" in news["html"], "本周六会员日" in news["html"]) == ("attract", False, True)
    assert next_but_faults()[0] == "nothing"


def test_a_second_page_hears_nothing_of_the_card_and_gets_the_screen_when_the_first_is_gone(kiosk: Kiosk) -> None:
    first_page = kiosk.page
    first = heard(kiosk)
    next(first)
    kiosk.open()
    second = heard(kiosk, kiosk.page)
    name, news = next(second)
    assert name == "elsewhere"
    assert "正在另一个窗口使用" in news["html"]
    kiosk.page = first_page
    kiosk.tap()
    kiosk.parts.kiosk.let_go(first_page)
    name, news = next(second)
    assert name == "yours"
    assert "张" not in news["html"]


def test_a_second_page_is_not_told_of_the_card_that_lies_on_the_reader(kiosk: Kiosk) -> None:
    first_page, first = kiosk.page, heard(kiosk)
    next(first)
    kiosk.open()
    second = kiosk.client.get(f"/self/events?page={kiosk.page}", buffered=False).iter_encoded()
    while b"elsewhere" not in next(second):
        pass
    for _ in range(2):
        # The second time the card lies there when the stream looks.
        kiosk.clock.advance(11)
        assert b"event: beat" in next(second)
        kiosk.page = first_page
        kiosk.tap()


def test_the_process_runs_the_kiosks_reader_and_kiosk_tap_reaches_it(
    tmp_path: Path, free_ports: Callable[[int], int], capsys: pytest.CaptureFixture[str]
) -> None:
    box, port = make_box(tmp_path), free_ports(2)
    settings = make_settings(reader=ReaderSettings("kiosk"))
    web = WebSettings(port=port, health_port=port + 1)
    process = WebProcess(box, web, JournalLimits(), FakeClock(), "1.0", None, settings)
    stop = threading.Event()
    thread = threading.Thread(target=process.run, args=(stop,), name="web", daemon=True)
    thread.start()
    try:
        eventually(lambda: box.socket("web").exists())
        tapped = eventually(lambda: _tap(box.socket("web"), IDENTIFIER))
        assert tapped == {"reader": "kiosk", "read": True, "reason": ""}
        assert _tap(box.socket("web"), "08A1B2C3")["reason"] == "identifier_not_trusted"
        with pytest.raises(SystemExit) as ended:
            main(["tap", IDENTIFIER, "--reader", "kiosk", "--config", str(_edge(tmp_path))])
        assert (ended.value.code, json.loads(capsys.readouterr().out)["read"]) == (0, True)
        with pytest.raises(Refused, match="no reader of the screens"):
            ask(box.socket("web"), "tap", {"identifier": IDENTIFIER, "reader": "front"})
        eventually(lambda: _status(port, "/self") == 200)
        assert _status(port, "/self/events?page=x") == 410
    finally:
        stop.set()
        thread.join(60)
    assert not thread.is_alive()


def test_the_demos_page_lays_a_sample_card_on_the_kiosk(tmp_path: Path) -> None:
    (tmp_path / "cards.csv").write_text(CARDS_CSV, encoding="utf-8")
    kiosk = Kiosk(tmp_path, sample_cards=str(tmp_path / "cards.csv"))
    kiosk.app.extensions[KIOSK_READER] = kiosk.parts.reader.name
    kiosk.open()
    kiosk.press("attract")
    process = TalkServer(kiosk.box.socket("web"), {"tap": tap_handler([kiosk.parts.reader])})
    process.start()
    kiosk.parts.reader.start()
    page = kiosk.client.get("/demo?lang=en").text
    assert "Members&#39; kiosk" in page
    key = re.search(r'data-form-key="([^"]+)"', page)
    assert key
    body = {"identifier": IDENTIFIER, "access_point": KIOSK}
    headers = {"X-Form-Key": key[1]}
    eventually(
        lambda: kiosk.client.post("/demo/tap", json=body, headers=headers).get_json().get("outcome") == "granted"
    )
    eventually(kiosk.parts.kiosk.standing)
    kiosk.parts.reader.close()
    process.close()
    kiosk.close()


def test_a_reader_stands_in_one_place_only(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"two .* are called 'kiosk'"):
        load_edge(_edge(tmp_path, '[[reader]]\nname = "kiosk"\n'))


def _edge(folder: Path, more: str = "") -> Path:
    path = folder / "edge.toml"
    path.write_text(
        '[box]\ndevice = "north-1"\nsite = "demo"\ndata_dir = "."\nhash_key_file = "key"\n'
        '[self_service]\nreader = { name = "kiosk" }\n' + more
    )
    return path


def _tap(socket: Path, identifier: str) -> dict[str, Any]:
    try:
        return ask(socket, "tap", {"identifier": identifier, "reader": "kiosk"})
    except RetryLater:
        return {}


def _status(port: int, path: str) -> int:
    with closing(HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except ConnectionRefusedError:
            return 0
