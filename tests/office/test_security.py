"""Who gets in: sign-in, sessions, form keys."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from kiosk.core.errors import ConfigError
from kiosk.office.security import local_path
from kiosk.office.settings import OfficeSettings, read_staff_token
from tests.builders import FakeClock
from tests.office.builders import TOKEN
from tests.office.conftest import MakeApp, form_key, sign_in

PAGES = ["/", "/devices", "/parked", "/members", "/members/M0001"]


@pytest.mark.parametrize("path", PAGES)
def test_pages_lead_to_the_sign_in_and_back(app: Flask, path: str) -> None:
    client = app.test_client()
    response = client.get(path)
    assert response.status_code == 302
    assert response.location.startswith("/sign-in?next=")
    assert client.get(response.location).status_code == 200
    response = sign_in(client, next=path)
    assert response.location == path
    assert client.get(path).status_code == 200


def test_a_stream_without_a_session_is_refused(app: Flask) -> None:
    assert app.test_client().get("/live/events").status_code == 403


def test_a_wrong_token_opens_nothing(app: Flask) -> None:
    client = app.test_client()
    for wrong in ("", TOKEN[:-1], TOKEN + "x", "员工"):
        response = sign_in(client, wrong)
        assert response.status_code == 403
        assert "口令不对" in response.text
    assert client.get("/devices").status_code == 302


def test_ten_wrong_tokens_have_to_wait_even_for_the_right_one(app: Flask, clock: FakeClock) -> None:
    client = app.test_client()
    for _ in range(9):
        assert sign_in(client, "guess").status_code == 403
    assert sign_in(client, "guess").status_code == 429
    response = sign_in(client)
    assert response.status_code == 429
    assert "60 秒" in response.text
    clock.advance(60)
    assert sign_in(client).status_code == 302


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(app: Flask) -> None:
    cookie = sign_in(app.test_client()).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert TOKEN not in cookie


@pytest.mark.parametrize("path", ["/sign-in", "/sign-out"])
def test_a_form_without_its_browsers_key_is_refused(staff: FlaskClient, path: str) -> None:
    for key in ("", "forged", "钥匙"):
        assert staff.post(path, data={"form_key": key, "staff_token": TOKEN}).status_code == 403
    assert staff.get("/devices").status_code == 200


def test_signing_out_ends_the_session_and_keeps_the_language(staff: FlaskClient) -> None:
    staff.get("/devices?lang=en")
    assert staff.post("/sign-out", data={"form_key": form_key(staff, "/devices")}).status_code == 302
    assert staff.get("/devices").status_code == 302
    assert "Sign in" in staff.get("/sign-in").text


def test_a_new_token_signs_everybody_out(make_app: MakeApp, settings: OfficeSettings) -> None:
    client = make_app().test_client()
    sign_in(client)
    cookie = client.get_cookie("kiosk-office")
    assert cookie
    settings.token_file.write_text("another-token-0123456789")
    other = make_app().test_client()
    other.set_cookie("kiosk-office", cookie.value)
    assert other.get("/devices").status_code == 302


@pytest.mark.parametrize(
    "wanted",
    ["https://elsewhere.example/", "//elsewhere.example/", "/\\elsewhere.example", "javascript:x", "", "/a\nb"],
)
def test_the_way_back_never_leads_elsewhere(wanted: str) -> None:
    assert local_path(wanted, "/") == "/"


def test_the_way_back_keeps_what_was_asked_for() -> None:
    assert local_path("/members?q=a", "/") == "/members?q=a"


def test_a_missing_or_short_token_file_is_said_at_the_start(settings: OfficeSettings) -> None:
    settings.token_file.write_text("short\n")
    with pytest.raises(ConfigError, match="shorter than 16"):
        read_staff_token(settings.token_file)
    settings.token_file.unlink()
    with pytest.raises(ConfigError, match="cannot be read"):
        read_staff_token(settings.token_file)


@pytest.mark.parametrize("path", ["/sign-in", "/nothing", "/static/office.css", "/api/v1/tiers", *PAGES])
def test_nothing_is_loaded_from_outside_and_nothing_runs_inline(staff: FlaskClient, path: str) -> None:
    response = staff.get(path, buffered=True)
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for forbidden in ("http://", "https://", "style=", "onclick"):
        assert forbidden not in response.text
