"""The REST API: pages by cursor, problem documents, and a description that is true."""

import json
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openapi_spec_validator import validate
from werkzeug.test import TestResponse

from kiosk.central.database import Database
from kiosk.central.streams import read_records
from kiosk.office.api import addresses
from kiosk.office.app import close_app
from kiosk.office.families import ROUTES
from kiosk.office.openapi import describe
from kiosk.office.routes import PREFIX
from tests.builders import FakeClock
from tests.office.builders import (
    JOURNAL,
    MEMBER,
    STORED_AT,
    TOKEN,
    add_journal,
    make_decision,
    note_and_tell,
    park_one,
    store,
)
from tests.office.conftest import MakeApp, copy_of
from tests.office.test_permissions import filled

# These two come without types.
yaml = import_module("yaml")
jsonschema = import_module("jsonschema")

BEARER = {"Authorization": f"Bearer {TOKEN}"}
FILLED_ELSEWHERE = frozenset(
    {"list_arrears", "list_guests", "list_arrivals", "list_site_files", "list_consents"}
    | {"list_clearances", "list_accepted_cards", "list_own_arrivals"}
    | {"list_files", "list_purposes", "list_passages", "list_readings", "list_groups"}
)
"""Lists that are empty in this club; the tests of their family have something in them."""


@pytest.fixture
def database(whole_file: Path) -> Iterator[Database]:
    """A club with something of every family."""
    with copy_of(whole_file) as opened:
        yield opened


def json_of(response: TestResponse) -> Any:
    return json.loads(response.data)


def get(app: Flask, path: str, status: int = 200, **headers: str) -> Any:
    response = app.test_client().get(PREFIX + path, headers=BEARER | headers)
    assert response.status_code == status, response.text
    assert response.mimetype == ("application/json" if status == 200 else "application/problem+json")
    return json_of(response)


def validator(name: str) -> Any:
    schemas = describe()["components"]["schemas"]
    return jsonschema.Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": {"schemas": schemas}})


def test_records_are_what_the_command_line_prints(app: Flask, database: Database) -> None:
    store(database, make_decision(), make_decision(granted=False, reason="fee_overdue"))
    page = get(app, "/records")
    with database.read() as connection:
        assert page["items"] == read_records(connection, 0, 10)
    first = page["items"][0]
    assert list(first) == ["n", "device", "journal", "stored_at", "record"]
    assert (first["n"], first["device"], first["journal"], first["stored_at"]) == (1, "north-1", JOURNAL, STORED_AT)
    assert first["record"] == {"seq": 1, **make_decision()}
    assert (page["next"], page["more"]) == (2, False)


def test_records_go_on_behind_a_number_and_of_one_device(app: Flask, database: Database) -> None:
    add_journal(database, "south-1", "b2" * 16)
    store(database, *[make_decision()] * 3)
    store(database, make_decision(), journal_id="b2" * 16)
    page = get(app, "/records?after=1&limit=2")
    assert ([item["n"] for item in page["items"]], page["next"], page["more"]) == ([2, 3], 3, True)
    south = get(app, "/records?device=south-1")
    assert [(item["n"], item["device"]) for item in south["items"]] == [(4, "south-1")]
    assert get(app, "/records?after=4") == {"items": [], "next": 4, "more": False}


def test_a_page_of_the_most_there_can_be_says_that_there_are_more(app: Flask, database: Database) -> None:
    store(database, *[make_decision()] * 1001)
    page = get(app, "/records?limit=1000")
    assert (len(page["items"]), page["more"]) == (1000, True)


@pytest.mark.proves("S02")
def test_members_are_paged_and_searched(app: Flask) -> None:
    page = get(app, "/members?limit=2")
    assert ([each["member_no"] for each in page["items"]], page["next"]) == (["M0001", "M0002"], "M0002")
    page = get(app, "/members?limit=2&after=M0002")
    assert ([each["member_no"] for each in page["items"]], page["next"]) == (["M0003"], None)
    for search, found in {
        "m0002": ["M0002"], "张": ["M0001"], "brown": ["M0002"], "04:a1:b2:c3 d4e5f6": ["M0001"],
        "%": ["M0003"], "_": [], "04A1B2C3D4E5F8": [],
    }.items():  # fmt: skip
        response = app.test_client().get(f"{PREFIX}/members", query_string={"q": search}, headers=BEARER)
        assert [each["member_no"] for each in json_of(response)["items"]] == found, search


@pytest.mark.proves("R20", "S01", "S20")
def test_a_member_comes_with_cards_and_entitlements(app: Flask) -> None:
    detail = get(app, "/members/M0001")
    assert detail["member"]["id"] == MEMBER
    assert [card["identifier"] for card in detail["cards"]] == ["04A1B2C3D4E5F6"]
    assert detail["entitlements"][0]["product"] == "swim-10"
    assert get(app, "/members/M9999", 404)["type"] == "urn:kiosk:problem:not-found"


def test_cards_devices_and_tiers_are_listed(app: Flask, database: Database) -> None:
    add_journal(database, "south-1", "b2" * 16, state="offline")
    park_one(database)
    cards = get(app, "/cards?after=04A1B2C3D4E5F6")["items"]
    assert [(card["member_no"], card["state"], card["gift"]) for card in cards] == [
        ("M0002", "lost", False),
        (None, "active", True),
    ]
    page = get(app, "/devices?limit=1")
    assert (page["items"][0]["device"], page["items"][0]["parked"], page["next"]) == ("north-1", 1, "north-1")
    assert page["items"][0]["journals"] == [{"journal": JOURNAL, "stored": 40, "head": 42}]
    assert [each["state"] for each in get(app, "/devices?after=north-1")["items"]] == ["offline"]
    assert [tier["id"] for tier in get(app, "/tiers")["items"]] == ["ordinary", "silver", "gold", "platinum"]


@pytest.mark.proves("R149", "S90")
def test_without_the_token_nothing_is_told(app: Flask, clock: FakeClock) -> None:
    client = app.test_client()
    for route in ROUTES:
        clock.advance(60)  # Ten guesses a minute are looked at.
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"}):
            response = client.get(PREFIX + filled(route.path), headers=headers)
            assert (route.name, response.status_code) == (route.name, 401)
            assert json_of(response)["type"] == "urn:kiosk:problem:unauthorized"
            assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_staff_session_does_not_open_the_api(staff: FlaskClient) -> None:
    assert staff.get(f"{PREFIX}/members").status_code == 401


def test_a_parameter_that_cannot_be_used_is_named(app: Flask) -> None:
    wrong = "limit=0", "limit=1001", "limit=ten", "after=-1", "after=9007199254740992", "device=NORTH", "befor=7"
    for query in wrong:
        problem = get(app, f"/records?{query}", 422)
        assert problem["status"] == 422
        assert problem["errors"][0]["name"] == query.partition("=")[0], query
        assert problem["errors"][0]["reason"]


def test_what_is_not_there_or_cannot_be_done_is_a_problem_document(app: Flask) -> None:
    assert get(app, "/visitors", 404)["title"] == "Not Found"
    response = app.test_client().delete(f"{PREFIX}/members", headers=BEARER)
    assert (response.status_code, json_of(response)["type"]) == (405, "urn:kiosk:problem:method-not-allowed")
    assert "GET" in response.headers["Allow"]


def test_guessing_is_slowed_down(app: Flask, clock: FakeClock) -> None:
    client = app.test_client()
    for _ in range(10):
        assert client.get(f"{PREFIX}/tiers", headers={"Authorization": "Bearer guess"}).status_code == 401
    response = client.get(f"{PREFIX}/tiers", headers=BEARER)
    assert (response.status_code, response.headers["Retry-After"]) == (429, "60")
    assert json_of(response)["type"] == "urn:kiosk:problem:too-many-attempts"
    clock.advance(60)
    assert client.get(f"{PREFIX}/tiers", headers=BEARER).status_code == 200


def test_a_database_that_is_gone_is_unavailable_for_now(app: Flask, database: Database) -> None:
    with database.begin() as connection:
        connection.exec_driver_sql("PRAGMA writable_schema = ON")
        connection.exec_driver_sql("ALTER TABLE record RENAME TO record_elsewhere")
    response = app.test_client().get(f"{PREFIX}/records", headers=BEARER)
    assert response.status_code == 503
    assert json_of(response)["type"] == "urn:kiosk:problem:unavailable"
    assert response.headers["Retry-After"]


def test_a_fault_tells_nothing_of_itself(make_app: MakeApp) -> None:
    app = make_app()

    @app.get("/api/v1/fault")
    def fault() -> str:
        raise RuntimeError("secret detail")

    app.testing = False
    response = app.test_client().get("/api/v1/fault")
    assert (response.status_code, response.mimetype) == (500, "application/problem+json")
    assert "secret" not in response.text


def test_the_description_is_valid_and_open_to_all(app: Flask) -> None:
    response = app.test_client().get("/api/openapi.json")
    assert json_of(response) == describe()
    validate(json_of(response))


def test_every_route_is_described_and_every_description_has_its_route() -> None:
    served = {
        (re.sub("<(?:path:)?", "{", rule.rule).replace(">", "}"), method.lower())
        for rule in addresses().iter_rules()
        for method in rule.methods or ()
        if method != "HEAD"
    }
    assert served == {(path, method) for path, methods in describe()["paths"].items() for method in methods}


def test_every_answer_is_what_its_description_says(app: Flask, database: Database) -> None:
    store(database, make_decision(), make_decision(granted=False, reason="no_visits_left"))
    note_and_tell(database)
    faults = []
    for route in ROUTES:
        if route.answer is not None:
            answer = get(app, filled(route.path))
            faults += [(route.name, each.message) for each in validator(route.answer.__name__).iter_errors(answer)]
            if not answer.get("items", True) and route.name not in FILLED_ELSEWHERE:
                faults.append((route.name, "nothing listed"))
    assert faults == []


def test_every_problem_is_what_its_description_says(app: Flask) -> None:
    for path, status in (("/records?limit=0", 422), ("/members/none", 404)):
        validator("Problem").validate(get(app, path, status))


def test_every_described_parameter_is_taken(app: Flask) -> None:
    given = {"after": "1", "device": "north-1", "day": "2026-11-22"}
    for route in ROUTES:
        described = describe()["paths"][route.path]["get"]["parameters"]
        for parameter in described:
            if parameter["in"] == "query" and route.answer:
                name, shape = parameter["name"], parameter["schema"]
                made = str(shape.get("minimum", 1)) if shape["type"] == "integer" else "a"
                made = "2026-11-22" if shape.get("format") == "date" else made
                path = f"{filled(route.path)}?{name}="
                get(app, path + given.get(name, made))
                for hostile in ("0001-01-01", "9999-12-31", "9" * 60) if made == "a" else ():
                    status = app.test_client().get(PREFIX + path + hostile, headers=BEARER).status_code
                    assert status in (200, 404, 422), path + hostile


def test_the_copy_for_reading_is_up_to_date() -> None:
    copy = (Path(__file__).parents[2] / "docs" / "openapi.yaml").read_text(encoding="utf-8")
    assert yaml.load(copy, yaml.CSafeLoader) == describe(), "write docs/openapi.yaml anew: see CONTRIBUTING"


def test_a_closed_office_has_no_stream(app: Flask) -> None:
    close_app(app)
    assert get(app, "/records/stream", 503)["status"] == 503


def test_json_is_as_it_was_recorded(app: Flask, database: Database) -> None:
    store(database, make_decision(reason="no_visits_left", note='引号" and \\ 😀'))
    response = app.test_client().get(f"{PREFIX}/records", headers=BEARER)
    assert json.loads(response.data)["items"][0]["record"]["data"]["note"] == '引号" and \\ 😀'
