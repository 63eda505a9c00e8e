"""What a kiosk's pages cannot do: read a card that is not there, pay for another, see another's order, be reached."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kiosk.core.self_service import Subject
from kiosk.web import qr
from kiosk.web.self_pages import ACTIONS
from tests.builders import CREDENTIAL
from tests.web.kiosks import OTHER, Kiosk


@pytest.fixture
def kiosk(tmp_path: Path) -> Iterator[Kiosk]:
    """A kiosk with the member's card on it."""
    found = Kiosk(tmp_path)
    found.tap()
    yield found
    found.close()


def send(kiosk: Kiosk, body: bytes | None = None, remote: str = "127.0.0.1", **headers: str) -> int:
    said = {"page": kiosk.page, "session": kiosk.session, "go": "balance", "values": {}}
    response = kiosk.client.post(
        "/self/do",
        data=json.dumps(said).encode() if body is None else body,
        headers={"Content-Type": "application/json"}
        | {name.replace("_", "-"): value for name, value in headers.items()},
        environ_base={"REMOTE_ADDR": remote},
    )
    return response.status_code


def test_only_a_page_of_this_box_is_served(kiosk: Kiosk) -> None:
    assert send(kiosk) == 200
    assert send(kiosk, remote="10.1.2.3") == 403
    assert send(kiosk, Origin="http://evil.example") == 403
    assert send(kiosk, Sec_Fetch_Site="cross-site") == 403
    assert send(kiosk, Content_Type="text/plain") == 403
    for path in ("/self", "/self/events?page=x"):
        assert kiosk.client.get(path, environ_base={"REMOTE_ADDR": "10.1.2.3"}).status_code == 403
    assert kiosk.client.get("/self", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


def test_without_page_and_session_nothing_of_a_member_is_told(kiosk: Kiosk) -> None:
    for page, session in (
        ("", kiosk.session),
        ("x", kiosk.session),
        (kiosk.page, ""),
        (kiosk.page, "é"),
        (kiosk.page, "x"),
    ):
        shown = kiosk.press("balance", session, page)
        assert shown.status in (409, 410)
        assert "张" not in shown.html
        assert "1,234.50" not in shown.html


def test_a_page_names_no_card_and_every_question_is_about_the_one_on_the_reader(kiosk: Kiosk) -> None:
    for go in sorted(ACTIONS):
        kiosk.press(go, credential="ff" * 16, identifier=OTHER, reward="towel", activity="yoga", matter="card")
    told = [msgspec.to_builtins(asked) for _, asked in kiosk.central.asked]
    assert {each["credential"] for each in told if each.get("credential")} == {CREDENTIAL}


NOT_OFFERED: list[dict[str, str]] = [
    {"for": "top_up", "amount_minor": "999999900", "way": "wechat"},
    {"for": "top_up", "amount_minor": "0", "way": "wechat"},
    {"for": "top_up", "amount_minor": "-5000", "way": "wechat"},
    {"for": "top_up", "amount_minor": "5000", "periods": "3", "way": "wechat"},
    {"for": "top_up", "amount_minor": "5000", "way": "barter"},
    {"for": "fee", "amount_minor": "1", "periods": "0", "way": "wechat"},
    {"for": "fee", "amount_minor": "30000", "periods": "4", "way": "wechat"},
    {"for": "gift", "amount_minor": "5000", "way": "wechat"},
    {},
]


def test_an_order_that_no_screen_offered_is_not_opened(kiosk: Kiosk) -> None:
    assert [kiosk.press("pay", **values).status for values in NOT_OFFERED] == [422] * len(NOT_OFFERED)
    assert kiosk.central.questions(Subject.OPEN_ORDER) == []


def test_an_order_of_another_session_can_be_neither_seen_nor_cancelled(kiosk: Kiosk) -> None:
    kiosk.order()
    order = next(iter(kiosk.central.orders))
    before = len(kiosk.central.asked)
    kiosk.tap(OTHER)
    for go in ("order", "cancel"):
        shown = kiosk.press(go, id=order, order=order)
        assert shown.status == 422
        assert order[:8] not in shown.html
    assert {subject for subject, _ in kiosk.central.asked[before:]} == {Subject.VIEW}


def test_without_a_card_only_joining_and_feedback_go(kiosk: Kiosk) -> None:
    kiosk.press("finish")
    kiosk.session = ""
    assert kiosk.press("feedback").screen == "feedback"
    kiosk.central.asked.clear()
    for go in sorted(set(ACTIONS) - {"join", "agree", "answer", "change", "apply", "feedback", "words", "leave"}):
        assert kiosk.press(go).status == 410
    assert kiosk.central.asked == []


NO_PRESS = [
    b"",
    b"[]",
    b"{}",
    b'{"page":"x"}',
    b'{"page":"x","go":"home","more":1}',
    b'{"page":"x","go":"home","values":[]}',
    json.dumps({"page": "x", "go": "home", "values": {"words": "x" * 601}}).encode(),
    json.dumps({"page": "x", "go": "home", "values": {str(n): "" for n in range(13)}}).encode(),
]


def test_what_is_no_press_is_refused(kiosk: Kiosk) -> None:
    assert [send(kiosk, body) for body in NO_PRESS] == [422] * len(NO_PRESS)


def test_an_unknown_action_is_refused_and_asks_nothing(kiosk: Kiosk) -> None:
    kiosk.central.asked.clear()
    assert kiosk.press("everything").status == 422
    assert kiosk.central.asked == []


def test_everything_forbids_being_kept_and_being_framed_by_others(kiosk: Kiosk) -> None:
    response: Any = kiosk.client.get("/self")
    policy = response.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert response.headers["Cache-Control"] == "no-store"
    assert "localStorage" not in scripts()
    assert "sessionStorage" not in scripts()
    assert "pushState" not in scripts()


def scripts() -> str:
    return "".join(path.read_text() for path in (Path(qr.__file__).parent / "static").glob("self*.js"))


def test_pages_that_are_forgotten_load_themselves_again(kiosk: Kiosk) -> None:
    first = kiosk.page
    for _ in range(20):
        kiosk.open()
    assert kiosk.press("attract", "", first).status == 200
    assert kiosk.client.get("/self/events?page=unknown").status_code == 410
