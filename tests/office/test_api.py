"""The REST API: pages by cursor, problem documents, and a description that is true."""

import json
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
from kiosk.office.app import close_app
from kiosk.office.openapi import describe
from kiosk.office.routes import PREFIX, ROUTES
from tests.builders import FakeClock
from tests.office.builders import JOURNAL, MEMBER, STORED_AT, TOKEN, add_journal, make_decision, park_one, store
from tests.office.conftest import MakeApp

# These two come without types.
yaml = import_module("yaml")
jsonschema = import_module("jsonschema")

BEARER = {"Authorization": f"Bearer {TOKEN}"}
FILLED = {"{member_no}": "M0001"}


def path_of(path: str) -> str:
    for place, value in FILLED.items():
        path = path.replace(place, value)
    return PREFIX + path


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
    assert [tier["id"] for tier in get(app, "/tiers")["items"]] == ["silver", "gold"]


@pytest.mark.parametrize("route", ROUTES, ids=[route.name for route in ROUTES])
def test_without_the_token_nothing_is_told(app: Flask, route: Any) -> None:
    client = app.test_client()
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"}):
        response = client.get(path_of(route.path), headers=headers)
        assert response.status_code == 401
        assert json_of(response)["type"] == "urn:kiosk:problem:unauthorized"
        assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_staff_session_does_not_open_the_api(staff: FlaskClient) -> None:
    assert staff.get(f"{PREFIX}/members").status_code == 401


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=ten", "limit"),
        ("after=-1", "after"),
        ("after=9007199254740992", "after"),
        ("device=NORTH", "device"),
        ("befor=7", "befor"),
    ],
)
def test_a_parameter_that_cannot_be_used_is_named(app: Flask, query: str, name: str) -> None:
    problem = get(app, f"/records?{query}", 422)
    assert problem["status"] == 422
    assert problem["errors"][0]["name"] == name
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


def test_every_route_is_described_and_every_description_has_its_route(app: Flask) -> None:
    served = {
        rule.rule.removeprefix(PREFIX).replace("<", "{").replace(">", "}"): rule.methods
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(PREFIX + "/")
    }
    paths = describe()["paths"]
    assert served.keys() == paths.keys()
    for path, methods in served.items():
        assert {method.lower() for method in methods or ()} - {"head", "options"} == paths[path].keys()


@pytest.mark.parametrize("route", [route for route in ROUTES if route.answer], ids=lambda route: route.name)
def test_every_answer_is_what_its_description_says(app: Flask, database: Database, route: Any) -> None:
    store(database, make_decision(), make_decision(granted=False, reason="no_visits_left"))
    answer = get(app, path_of(route.path).removeprefix(PREFIX))
    validator(route.answer.__name__).validate(answer)
    assert answer.get("items", True)


def test_every_problem_is_what_its_description_says(app: Flask) -> None:
    for path, status in (("/records?limit=0", 422), ("/members/none", 404)):
        validator("Problem").validate(get(app, path, status))


def test_every_described_parameter_is_taken(app: Flask) -> None:
    values = {"after": "1", "limit": "5", "q": "a", "device": "north-1"}
    for route in ROUTES:
        described = describe()["paths"][route.path]["get"]["parameters"]
        for parameter in described:
            if parameter["in"] == "query" and route.answer:
                get(app, f"{path_of(route.path).removeprefix(PREFIX)}?{parameter['name']}={values[parameter['name']]}")


def test_the_copy_for_reading_is_up_to_date() -> None:
    copy = (Path(__file__).parents[2] / "docs" / "openapi.yaml").read_text(encoding="utf-8")
    assert yaml.safe_load(copy) == describe(), "write docs/openapi.yaml anew: see CONTRIBUTING"


def test_a_closed_office_has_no_stream(app: Flask) -> None:
    close_app(app)
    assert get(app, "/records/stream", 503)["status"] == 503


def test_json_is_as_it_was_recorded(app: Flask, database: Database) -> None:
    store(database, make_decision(reason="no_visits_left", note='引号" and \\ 😀'))
    response = app.test_client().get(f"{PREFIX}/records", headers=BEARER)
    assert json.loads(response.data)["items"][0]["record"]["data"]["note"] == '引号" and \\ 😀'
