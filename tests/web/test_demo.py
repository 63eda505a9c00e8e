"""The demo's page: list the sample cards, tap one."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from kiosk.core.errors import InvalidInput
from kiosk.web.app import check_health
from kiosk.web.cards import read_cards
from tests.support.wait import eventually
from tests.web.conftest import MakeApp
from tests.web.fakes import FakeGate, make_answer, make_record, make_state


@pytest.fixture
def app(make_app: MakeApp, gate: FakeGate) -> Flask:
    app = make_app()
    check_health(app)
    gate.wait_for_follower()
    gate.say(make_state())
    eventually(lambda: check_health(app).ok)
    return app


def form_key(client: FlaskClient) -> str:
    found = re.search(r'data-form-key="([^"]+)"', client.get("/demo").text)
    assert found
    return found[1]


def tap(client: FlaskClient, key: str, **body: str) -> tuple[int, dict[str, Any]]:
    order = {"identifier": "04A1B2C3D4E5F6", "access_point": "pool"} | body
    response = client.post("/demo/tap", data=json.dumps(order), headers={"X-Form-Key": key})
    return response.status_code, json.loads(response.data)


def test_every_sample_card_has_its_button_and_what_to_expect(app: Flask) -> None:
    page = app.test_client().get("/demo?lang=en").text
    assert page.count("data-card=") == 3
    assert "Alice Brown" in page
    assert "membership_ended" in page
    assert page.count('data-outcome="attention"') == 1
    assert "显示" in app.test_client().get("/demo").text


def test_a_button_presents_the_card_at_the_chosen_access_points_reader(app: Flask, gate: FakeGate) -> None:
    client = app.test_client()
    status, answer = tap(client, form_key(client))
    assert status == 200
    assert gate.taps == [{"identifier": "04A1B2C3D4E5F6", "reader": "wet"}]
    assert answer["record"] == make_record()
    assert (answer["outcome"], answer["reason"]) == ("granted", "ok")


def test_a_refusal_comes_back_with_its_reason_and_text(app: Flask, gate: FakeGate) -> None:
    gate.answer = make_answer(granted=False, reason="card_not_collected")
    client = app.test_client()
    _, answer = tap(client, form_key(client))
    assert (answer["outcome"], answer["title"]) == ("denied", {"zh": "请先领卡", "en": "Card not collected"})


def test_a_tap_that_the_journal_took_no_record_of_is_shown_all_the_same(app: Flask, gate: FakeGate) -> None:
    gate.answer = make_answer(granted=False, reason="journal_unavailable") | {"record": None}
    client = app.test_client()
    status, answer = tap(client, form_key(client))
    assert (status, answer["record"], answer["outcome"]) == (200, None, "denied")


def test_without_the_form_key_of_its_own_page_nothing_is_tapped(app: Flask, gate: FakeGate) -> None:
    client, stranger = app.test_client(), app.test_client()
    key = form_key(client)
    for browser, sent in ((client, ""), (client, "forged"), (client, "é"), (stranger, key)):
        assert tap(browser, sent)[0] == 403
    assert gate.taps == []


def test_a_request_that_is_no_tap_is_refused_in_one_sentence(app: Flask, gate: FakeGate) -> None:
    client = app.test_client()
    key = form_key(client)
    assert tap(client, key, identifier="")[0] == 422
    assert tap(client, key, identifier="0" * 65)[0] == 422
    assert tap(client, key, more="x")[0] == 422
    status, answer = tap(client, key, access_point="cellar")
    assert (status, answer["message"]) == (422, "the gate has no access point cellar")
    assert gate.taps == []


def test_what_the_gate_refuses_is_told_with_its_hint(app: Flask, gate: FakeGate) -> None:
    gate.blind = True
    client = app.test_client()
    assert tap(client, form_key(client)) == (503, {"message": "reader front is gone", "hint": "Plug it in again"})


def test_a_gate_that_is_away_is_told(app: Flask, gate: FakeGate) -> None:
    client = app.test_client()
    key = form_key(client)
    gate.close()
    assert tap(client, key)[0] == 503


def test_without_sample_cards_there_is_no_demo(make_app: MakeApp, gate: FakeGate) -> None:
    client = make_app(sample_cards="").test_client()
    assert client.get("/demo").status_code == 404
    assert client.post("/demo/tap").status_code == 404
    assert "/demo" not in client.get("/").text


def test_a_file_that_is_no_list_of_cards_is_named(tmp_path: Path, make_app: MakeApp) -> None:
    path = tmp_path / "other.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(InvalidInput, match=r"other\.csv has no column expect"):
        read_cards(path)
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_cards(tmp_path / "missing.csv")
    assert make_app(sample_cards=str(path)).test_client().get("/demo").status_code == 500
