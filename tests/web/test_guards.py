"""What all pages of the box hold to: no foreign script or frame, cookies out of reach, no press from another site."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from kiosk.local.guard import PAGE_HEADERS
from tests.web.counters import Screen
from tests.web.kiosks import Kiosk
from tests.web.posts import PIN, Post

PAGES = {
    "kiosk": ["/self", "/static/self.css", "/self/nothing"],
    "till": ["/till", "/till/receipt/nothing", "/till/events?x=1", "/static/till.js"],
    "attendant": ["/attendant", "/attendant/entrance", "/static/attendant.js"],
}
PRESSES = ["emergency", "entrance/release", "sign-out"]
ELSEWHERE = {"Origin": "http://evil.example"}


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    """The post of an attendant called li."""
    found = Post(tmp_path / "post")
    yield found
    found.close()


@pytest.fixture
def browsers(tmp_path: Path, post: Post) -> Iterator[dict[str, FlaskClient]]:
    """A browser at each of the box's pages; the attendant is signed in."""
    with ExitStack() as stack:
        kiosk, till = Kiosk(tmp_path / "kiosk"), Screen(tmp_path / "till")
        for each in (kiosk, till):
            stack.callback(each.close)
        post.sign_in()
        yield {"kiosk": kiosk.client, "till": till.client, "attendant": post.client}


def test_every_answer_forbids_scripts_styles_and_frames_of_others(browsers: dict[str, FlaskClient]) -> None:
    for place, paths in PAGES.items():
        for path in paths:
            with browsers[place].get(path) as response:
                said = {name: response.headers.getlist(name) for name in PAGE_HEADERS}
            assert said == {name: [value] for name, value in PAGE_HEADERS.items()}, path
    policy = PAGE_HEADERS["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'self'" in policy
    assert not any(loose in policy for loose in ("unsafe", "*", "http:", "data:", "blob:"))


def test_an_attendants_cookie_is_out_of_reach_of_scripts_and_of_other_sites(post: Post) -> None:
    answer = post.client.post("/attendant/sign-in", json={"code": "li", "pin": PIN})
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert PIN not in cookie


@pytest.mark.parametrize("path", PRESSES)
def test_who_is_signed_in_at_the_gate_presses_nothing_for_another_site(post: Post, path: str) -> None:
    said = {"what": "evacuate", "why": "other"}
    assert post.sign_in() == 200
    assert post.post(path, said, headers=ELSEWHERE)[0] == 403
    assert post.post(path, said, headers={"Sec-Fetch-Site": "cross-site"})[0] == 403
    assert post.client.post(f"/attendant/{path}", data="{}", content_type="text/plain").status_code == 403
    assert post.client.get("/attendant/entrance").status_code == 200
    assert post.commands == []


def test_a_session_that_was_signed_out_opens_nothing_again(post: Post) -> None:
    post.sign_in()
    cookie = post.client.get_cookie("kiosk-screens")
    assert cookie
    assert post.post("sign-out", {})[0] == 200
    post.client.set_cookie("kiosk-screens", cookie.value)
    assert post.client.get("/attendant/entrance").status_code == 302
    assert post.post("entrance/release", {"why": "other"})[0] == 403
