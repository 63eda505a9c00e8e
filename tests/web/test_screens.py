"""The pages of the gate display and their stream, through Flask's client."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from kiosk.local.events import HEARTBEAT, RETRY
from kiosk.local.webserver import SHARED_FILES
from kiosk.web.app import check_health, close_app
from kiosk.web.settings import Name
from tests.builders import FakeClock
from tests.support.wait import eventually
from tests.web.conftest import MakeApp
from tests.web.fakes import FakeGate, make_decision, make_state


@pytest.fixture
def app(make_app: MakeApp, gate: FakeGate) -> Flask:
    app = make_app(streams_max=2)
    check_health(app)  # begins to follow
    gate.wait_for_follower()
    gate.say(make_state())
    eventually(lambda: check_health(app).ok)
    return app


def chunks_of(client: FlaskClient, url: str) -> Iterator[bytes]:
    response = client.get(url, buffered=False)
    assert response.status_code == 200
    assert response.mimetype == "text/event-stream"
    return response.iter_encoded()


def events_of(chunks: Iterator[bytes]) -> Iterator[tuple[str, dict[str, Any]]]:
    for chunk in chunks:
        fields = dict(line.split(": ", 1) for line in chunk.decode().strip().splitlines() if not line.startswith(":"))
        if "data" in fields:
            yield fields.get("event", "message"), json.loads(fields["data"])


def test_the_first_page_lists_the_gates_access_points_by_name(app: Flask) -> None:
    page = app.test_client().get("/").text
    assert "正门入口" in page
    assert "/gate/pool" in page
    assert "Main entrance" in app.test_client().get("/?lang=en").text


def test_the_first_page_waits_for_a_gate_that_is_not_there(make_app: MakeApp) -> None:
    page = make_app().test_client().get("/").text
    assert "正在等待闸机程序" in page
    assert "wait.js" in page


def test_an_access_point_without_a_name_shows_its_id(make_app: MakeApp, gate: FakeGate) -> None:
    page = make_app(access_points={"pool": Name(zh="泳池")}).test_client()
    assert "side-door" in page.get("/gate/side-door").text
    assert "泳池" in page.get("/gate/pool?lang=en").text


def test_the_display_speaks_chinese_first_or_english_first(app: Flask) -> None:
    chinese = app.test_client().get("/gate/entrance").text
    english = app.test_client().get("/gate/entrance?lang=en").text
    assert '<html lang="zh-CN"' in chinese
    assert chinese.index("请刷卡") < chinese.index("Please tap your card")
    assert '<html lang="en"' in english
    assert english.index("Please tap your card") < english.index("请刷卡")


def test_an_unknown_language_is_the_configured_one(app: Flask) -> None:
    assert '<html lang="zh-CN"' in app.test_client().get("/gate/entrance?lang=fr").text


def test_an_access_point_that_the_gate_does_not_have_is_not_found(app: Flask) -> None:
    for url in ("/gate/cellar", "/gate/cellar/events"):
        response = app.test_client().get(url)
        assert response.status_code == 404
        assert "没有这个页面" in response.text


def test_any_plain_name_is_believed_while_the_gate_is_away(make_app: MakeApp) -> None:
    client = make_app().test_client()
    assert client.get("/gate/entrance").status_code == 200
    assert client.get("/gate/a%20b%3Cscript%3E").status_code == 404


def test_the_stream_begins_with_how_things_stand_and_then_moves(app: Flask, gate: FakeGate) -> None:
    chunks = chunks_of(app.test_client(), "/gate/entrance/events")
    assert next(chunks) == RETRY
    events = events_of(chunks)
    name, status = next(events)
    assert (name, status["notice"], status["online"]) == ("status", "", True)
    gate.say(make_decision(access_point="pool"))
    gate.say(make_decision(greeting="李先生"))
    name, decision = next(events)
    assert (name, decision["kind"], decision["outcome"], decision["greeting"]) == (
        "message",
        "decision",
        "granted",
        "李先生",
    )


def test_the_stream_carries_no_card_number_member_or_balance(app: Flask, gate: FakeGate) -> None:
    chunks = chunks_of(app.test_client(), "/gate/entrance/events")
    next(chunks), next(chunks)
    gate.say(make_decision(credential="c" * 32, member="m1", balance_minor=100))
    name, decision = next(events_of(chunks))
    assert name == "message"
    assert set(decision) == {"kind", "outcome", "title", "advice", "greeting", "tier", "notes"}


def test_a_quiet_stream_beats(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kiosk.local.events.BEAT_LOOKS", 1)
    chunks = chunks_of(app.test_client(), "/gate/exit/events")
    next(chunks), next(chunks)
    assert HEARTBEAT in (next(chunks), next(chunks))  # beside the notice that the gate is silent


def test_a_silent_gate_is_a_notice_on_the_display(app: Flask, clock: FakeClock, gate: FakeGate) -> None:
    events = events_of(chunks_of(app.test_client(), "/gate/entrance/events"))
    assert next(events)[1]["notice"] == ""
    clock.advance(6.1)
    assert next(events)[1]["notice"] == "no_gate"
    gate.say(make_state())
    assert next(events)[1]["notice"] == ""


def test_a_gate_that_dies_is_a_notice_on_the_display(app: Flask, gate: FakeGate) -> None:
    events = events_of(chunks_of(app.test_client(), "/gate/entrance/events"))
    next(events)
    gate.close()
    assert next(events)[1]["notice"] == "no_gate"


def test_streams_beyond_the_limit_are_turned_away_and_a_slot_comes_back(app: Flask) -> None:
    client = app.test_client()
    first = client.get("/gate/entrance/events", buffered=False)
    second = client.get("/gate/exit/events", buffered=False)
    assert client.get("/gate/pool/events").status_code == 503
    first.close()
    assert client.get("/gate/pool/events", buffered=False).status_code == 200
    second.close()


def test_closing_the_application_ends_its_streams(app: Flask) -> None:
    chunks = chunks_of(app.test_client(), "/gate/entrance/events")
    next(chunks), next(chunks)
    close_app(app)
    assert list(chunks) == []
    assert app.test_client().get("/gate/entrance/events").status_code == 503


def test_health_says_whether_the_gate_is_there(app: Flask, gate: FakeGate) -> None:
    assert check_health(app).ok
    gate.close()
    eventually(lambda: not check_health(app).ok)


@pytest.mark.parametrize("url", ["/", "/gate/entrance", "/demo", "/nothing", "/static/gate.css", "/shared/tokens.css"])
def test_nothing_is_loaded_from_outside_and_nothing_runs_inline(app: Flask, url: str) -> None:
    response = app.test_client().get(url, buffered=True)
    policy, text = response.headers["Content-Security-Policy"], response.text
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http://" not in text.replace("http://www.w3.org", "")
    assert "https://" not in text
    assert "style=" not in text
    assert "onclick" not in text


@pytest.mark.parametrize(
    ("name", "kind"), [("tokens.css", "text/css"), ("stream.js", "javascript"), ("icon.svg", "image/svg+xml")]
)
def test_what_screens_and_office_share_is_served_as_what_it_is(app: Flask, name: str, kind: str) -> None:
    response = app.test_client().get(f"/shared/{name}", buffered=True)
    assert response.data == (SHARED_FILES / name).read_bytes()
    assert kind in response.mimetype
    assert response.headers["Cache-Control"] == "no-cache"
    policy = response.headers["Content-Security-Policy"]
    assert all(f"{source}-src 'self'" in policy for source in ("style", "script", "img"))


def test_nothing_beside_the_shared_files_is_served(app: Flask) -> None:
    for path in ("/shared/", "/shared/nothing.css", "/shared/..%2fwebserver.py", "/shared/../webserver.py"):
        assert app.test_client().get(path).status_code == 404


def test_a_fault_is_a_friendly_page(app: Flask) -> None:
    @app.get("/fault")
    def fault() -> str:
        raise RuntimeError("secret detail")

    app.testing = False
    response = app.test_client().get("/fault?lang=en")
    assert response.status_code == 500
    assert "Something went wrong" in response.text
    assert "secret detail" not in response.text


def test_a_page_can_only_be_got(app: Flask) -> None:
    response = app.test_client().post("/gate/entrance?lang=en")
    assert response.status_code == 405
    assert "That cannot be done here" in response.text
