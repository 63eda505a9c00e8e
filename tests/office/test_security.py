"""Who gets in: sign-in, sessions, form keys."""

import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from kiosk.central.database import Database
from kiosk.club.roles import Role
from kiosk.core.errors import ConfigError
from kiosk.local.settings import load_settings
from kiosk.local.webserver import SHARED_FILES
from kiosk.office import pay_notices
from kiosk.office.look_ups import CARDS_A_MINUTE
from kiosk.office.security import local_path
from kiosk.office.settings import OfficeSettings, read_staff_token
from tests.builders import FakeClock
from tests.office.accounts import key_of, make_staff, signed_in
from tests.office.builders import TOKEN
from tests.office.conftest import MakeApp, form_key, sign_in
from tests.office.test_permissions import filled

PAGES = ["/", "/devices", "/parked", "/members", "/members/M0001"]
FILES = ["/static/office.css", "/shared/tokens.css"]


def test_pages_lead_to_the_sign_in_and_back(app: Flask) -> None:
    for path in PAGES:
        client = app.test_client()
        response = client.get(path)
        assert (path, response.status_code) == (path, 302)
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


@pytest.mark.proves("S90")
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


def test_the_session_cookie_travels_by_https_alone_unless_staff_sit_at_this_machine(make_app: MakeApp) -> None:
    assert "Secure" in sign_in(make_app().test_client()).headers["Set-Cookie"]
    assert "Secure" not in sign_in(make_app(https=False).test_client()).headers["Set-Cookie"]


@pytest.mark.proves("S90")
@pytest.mark.parametrize("host", ["192.168.1.20", "::", "office.example"])
def test_plain_http_is_refused_off_this_machine(tmp_path: Path, host: str) -> None:
    path = tmp_path / "office.toml"
    path.write_text(f'token_file = "token"\nhttps = false\nhost = "{host}"\n')
    with pytest.raises(ConfigError, match="https = false is for this machine only"):
        load_settings(path, OfficeSettings)
    path.write_text('token_file = "token"\nhttps = false\nhost = "::1"\n')
    assert not load_settings(path, OfficeSettings).https


def test_a_form_without_its_browsers_key_is_refused(staff: FlaskClient) -> None:
    for key in ("", "forged", "钥匙"):
        for path in ("/sign-in", "/sign-out"):
            assert staff.post(path, data={"form_key": key, "staff_token": TOKEN}).status_code == 403, path
    assert staff.get("/devices").status_code == 200


def test_no_form_of_the_office_is_taken_without_its_browsers_key(staff: FlaskClient, app: Flask) -> None:
    signed = ("api.call", *pay_notices.PATHS)
    faults, asked = [], 0
    for rule in app.url_map.iter_rules():
        if "POST" not in (rule.methods or ()) or rule.endpoint in signed:
            continue
        path = filled(re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)).replace("/do/0", "/do/amend_rule")
        for key in ({}, {"form_key": "forged"}):
            asked += 1
            if (status := staff.post(path, data={"new": "x"} | key).status_code) != 403:
                faults.append((path, status))
    assert faults == []
    assert asked > 10
    assert staff.get("/devices").status_code == 200


@pytest.mark.proves("S90")
def test_an_account_searches_so_often_a_minute_and_another_does_not_wait_for_it(
    make_app: MakeApp, database: Database, clock: FakeClock
) -> None:
    app = make_app(look_ups_a_minute=3)
    li, wang = (signed_in(app, database, make_staff(database, Role.DESK, login=each)) for each in ("li.na", "wang.wei"))
    phones = [f"/members?q=1381234567{digit}" for digit in range(5)]
    assert [li.get(each).status_code for each in phones] == [200, 200, 200, 429, 429]
    assert "尝试次数过多" in li.get("/members?q=alice").text
    assert [each.status_code for each in (li.get("/members"), li.get("/members?q=+"), wang.get(phones[0]))] == [200] * 3
    clock.advance(60)
    assert li.get(phones[4]).status_code == 200


@pytest.mark.proves("S90")
def test_a_busy_desk_lays_cards_on_its_reader_while_its_searches_have_to_wait_and_guessed_numbers_count(
    make_app: MakeApp, database: Database
) -> None:
    li = signed_in(make_app(look_ups_a_minute=2), database, make_staff(database, Role.DESK))

    def looks_for(*numbers: str) -> list[int]:
        return [li.get("/desk", query_string={"q": each}).status_code for each in numbers]

    tapped, guessed = looks_for("04A1B2C3D4E5F6", "０４：a1:b2:c3:d4:e5:f6"), looks_for("04A1B2C3D4E5FA", "13812345670")
    assert (tapped, guessed, looks_for("13812345671")) == ([302, 302], [200, 200], [429])
    assert set(looks_for(*["04A1B2C3D4E5F6"] * (CARDS_A_MINUTE - 2))) == {302}
    assert looks_for("04A1B2C3D4E5F6") == [429]


@pytest.mark.proves("S90")
def test_a_program_searches_so_often_a_minute(make_app: MakeApp, database: Database) -> None:
    client, key = make_app(look_ups_a_minute=2).test_client(), key_of(database, Role.DESK)
    answers = [client.get(f"/api/v1/members?q=1381234567{digit}", headers=key) for digit in range(3)]
    assert [each.status_code for each in answers] == [200, 200, 429]
    assert answers[2].headers["Retry-After"] == "60"
    assert client.get("/api/v1/members", headers=key).status_code == 200
    assert client.get("/api/v1/members?q=a", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200


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


def test_nothing_is_loaded_from_outside_and_nothing_runs_inline(staff: FlaskClient) -> None:
    for path in ("/sign-in", "/nothing", "/api/v1/tiers", *FILES, *PAGES):
        response = staff.get(path, buffered=True)
        policy = response.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy, path
        assert "unsafe" not in policy, path
        for forbidden in ("http://", "https://", "style=", "onclick"):
            assert forbidden not in response.text, path


def test_what_screens_and_office_share_is_served_as_what_it_is(app: Flask) -> None:
    for name, kind in {"tokens.css": "text/css", "stream.js": "javascript", "icon.svg": "image/svg+xml"}.items():
        response = app.test_client().get(f"/shared/{name}", buffered=True)
        assert response.data == (SHARED_FILES / name).read_bytes(), name
        assert kind in response.mimetype
        assert response.headers["Cache-Control"] == "no-cache"
        policy = response.headers["Content-Security-Policy"]
        assert all(f"{source}-src 'self'" in policy for source in ("style", "script", "img"))


def test_nothing_beside_the_shared_files_is_served(app: Flask) -> None:
    for path in ("/shared/", "/shared/nothing.css", "/shared/..%2fwebserver.py", "/shared/../webserver.py"):
        assert app.test_client().get(path).status_code == 404
