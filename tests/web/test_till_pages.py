"""The till's screen over HTTP: for the box's own browser alone, with its operator, told of the card and the line."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kiosk.core.identifiers import Assurance, credential_of
from kiosk.core.texts import Language
from kiosk.readers.reader import CardRead
from kiosk.web import words_till
from kiosk.web.self_roster import Line
from tests.builders import HASH_KEY, IDENTIFIER, NOW
from tests.web.counters import LOST, Screen

TOWEL = {"items": [["towel", 2]], "tender": "cash"}


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[Screen]:
    """The screen of a till without a line."""
    found = Screen(tmp_path)
    yield found
    found.close()


def test_the_page_has_every_item_and_text_and_runs_nothing_that_is_not_a_file_of_ours(screen: Screen) -> None:
    for language, name in (("zh", "毛巾 &lt;b&gt;"), ("en", "Towel &lt;b&gt;")):
        page = screen.client.get(f"/till?lang={language}")
        assert page.status_code == 200
        assert name in page.text
        assert not re.search(r"<script(?![^>]*(src=|application/json))", page.text)
        assert not re.search(r"\son\w+=|\sstyle=", page.text)
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    assert page.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["", "/events", "/receipt/sale-0001"])
def test_the_screen_is_for_the_boxs_own_browser_alone(screen: Screen, path: str) -> None:
    far = screen.client.get(f"/till{path}", environ_base={"REMOTE_ADDR": "192.168.1.7"})
    # A name that a foreign page had led here, and a foreign page itself.
    led = screen.client.get(f"/till{path}", base_url="http://evil.example:8000")
    framed = screen.client.get(f"/till{path}", headers={"Sec-Fetch-Site": "cross-site"})
    assert [each.status_code for each in (far, led, framed)] == [403, 403, 403]


@pytest.mark.parametrize("path", ["quote", "pay", "away", "operator", "sale", "void"])
def test_what_the_page_asks_for_is_taken_from_a_script_of_ours_alone(screen: Screen, path: str) -> None:
    plain = screen.client.post(f"/till/{path}", data="{}", content_type="text/plain")
    foreign = screen.post(path, {}, Origin="http://evil.example")[0]
    led = screen.client.post(f"/till/{path}", data="{}", content_type="application/json",
                             base_url="http://evil.example")  # fmt: skip
    assert (plain.status_code, foreign, led.status_code) == (403, 403, 403)
    assert screen.box.records() == []


def test_a_sale_goes_from_the_operator_to_the_receipt(screen: Screen) -> None:
    status, priced = screen.post("quote", TOWEL)
    assert (status, priced["total_minor"], priced["online"]) == (200, 2_000, False)
    wish = TOWEL | {"sale_id": "sale-0001", "total_minor": 2_000}
    assert screen.post("pay", wish)[1]["reason"] == "no_operator"
    assert screen.post("operator", {"code": "<li>"})[0] == 422
    assert screen.post("operator", {"code": "li"}) == (200, {"operator": "li"})
    status, paid = screen.post("pay", wish)
    assert (status, paid["done"], paid["offline"]) == (200, True, True)
    assert screen.post("pay", wish)[1] == paid
    assert [each["data"]["operator"] for each in screen.box.records()] == ["li"]
    receipt = screen.client.get("/till/receipt/sale-0001?received=5000&lang=en").text
    for each in ("Towel &lt;b&gt;", "¥20.00", "2 × ¥10.00", "Cash", "¥30.00", "ale-0001", "li", "2026-11-22 16:31"):
        assert each in receipt
    assert "¥0.01" not in screen.client.get("/till/receipt/sale-0001?received=1").text
    assert screen.client.get("/till/receipt/sale-0404").status_code == 404
    screen.post("void", {"sale_id": "sale-0001", "void_id": "void-0001", "operator": "li"})
    assert words_till.TILL["till_receipt_undone"].zh in screen.client.get("/till/receipt/sale-0001").text


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("quote", {}), ("quote", TOWEL | {"items": []}), ("quote", TOWEL | {"items": [["towel", 0]]}),
        ("quote", TOWEL | {"tender": "shells"}), ("pay", TOWEL), ("operator", {"name": "li"}),
        ("pay", TOWEL | {"sale_id": "x", "total_minor": 1}),
        ("pay", TOWEL | {"sale_id": "sale-0001", "total_minor": -1}),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_answered_and_changes_nothing(screen: Screen, path: str, said: dict[str, Any]) -> None:
    assert screen.post(path, said)[0] == 422
    assert screen.box.records() == []


def test_the_screen_is_told_of_the_card_without_its_number_and_of_the_line_and_its_limits(screen: Screen) -> None:
    state = screen.state()
    assert (state["card"], state["online"], state["reader"]) == (None, False, True)
    assert (state["tap_minor"], state["card_minor"]) == (5_000, 20_000)
    assert state["data_as_of"] == "2026-11-22T08:31:00.000Z"
    assert screen.parts.reader is not None
    screen.parts.reader.take(CardRead("till", IDENTIFIER, Assurance.UID))
    card = screen.state()["card"]
    assert (card["in_order"], card["greeting"], card["tier"]["en"], card["why"]) == (True, "小林", "Silver", {})
    screen.parts.reader.take(CardRead("till", LOST, Assurance.UID))
    said = screen.state()
    assert said["card"]["in_order"] is False
    assert said["card"]["why"]["en"].startswith("Card withdrawn")
    for secret in (IDENTIFIER, LOST, credential_of(LOST, HASH_KEY), "m1"):
        assert secret not in str(said)
    screen.post("away", {})
    screen.parts.reader.take(CardRead("till", None, Assurance.NONE))
    state = screen.state()
    assert state["card"] is None
    assert state["fault"]["en"].startswith("Not read")
    screen.line = Line(True, NOW, NOW)
    assert screen.state()["online"] is True


@pytest.mark.parametrize("language", list(Language))
def test_every_reason_has_a_number_of_its_own_to_call_out(language: Language) -> None:
    numbers = [re.search(r"\((T\d\d)\)$", text._asdict()[language]) for key, text in words_till.TEXTS.items()
               if key.startswith("till_why_")]  # fmt: skip
    assert all(numbers)
    assert len({each[1] for each in numbers if each}) == len(numbers) == len(words_till.WHY)
