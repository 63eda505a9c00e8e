"""Who may see and do what: every page, route and act, for every role that has the permission or has it not."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from kiosk.central.club.books import Books
from kiosk.central.database import Database
from kiosk.club.office_actions import FAVOURS, NEEDS
from kiosk.club.roles import GRANTS, Permission, Role, RoleReason, Staff
from kiosk.core.errors import InvalidInput, KioskError
from kiosk.office.actions import perform
from kiosk.office.app import close_app, create_app
from kiosk.office.families import ACTIONS, GROUPS, PAGES, ROUTES
from kiosk.office.navigation import form_address
from kiosk.office.page import Page
from kiosk.office.routes import PREFIX, NoQuery
from kiosk.office.security import Caller
from kiosk.office.settings import OfficeSettings
from tests.builders import FakeClock
from tests.office.accounts import key_of, make_staff, signed_in
from tests.office.builders import APPLICATION, MEMBER, SECRET, TOKEN
from tests.office.builders_cards import CARDS_IDS
from tests.office.builders_care import CARE_IDS
from tests.office.builders_conduct import CONDUCT_IDS, store_record
from tests.office.builders_fees import FEES_IDS
from tests.office.builders_money import MONEY_IDS
from tests.office.builders_points import POINTS_IDS
from tests.office.conftest import copy_of, form_key

IDS = {
    "member_no": "M0001",
    "rule": "joining.minimum_age",
    "member": MEMBER,
    "application": APPLICATION,
    **CARDS_IDS,
    **POINTS_IDS,
    **CONDUCT_IDS,
    **CARE_IDS,
    **MONEY_IDS,
    **FEES_IDS,
}


@pytest.fixture(scope="module")
def database(whole_file: Path) -> Iterator[Database]:
    """One small club for all these tests: none looks at what an act does, only at who may do it."""
    with copy_of(whole_file) as opened:
        store_record(opened)
        yield opened


@pytest.fixture(scope="module")
def app(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The office application over it."""
    token = tmp_path_factory.mktemp("token") / "token"
    token.write_text(TOKEN + "\n")
    made = create_app(OfficeSettings(token_file=token, streams_max=2), database, FakeClock(), SECRET)
    made.testing = True
    yield made
    close_app(made)


def filled(path: str) -> str:
    """Return a path with ids that are there, or that are not: permission is asked first."""
    return re.sub(r"{(\w+)}", lambda place: IDS.get(place[1], "0"), path)


def roles_with(permission: Permission) -> list[Role]:
    return [role for role in Role if permission in GRANTS[role]]


def roles_without(permission: Permission) -> list[Role]:
    return [role for role in Role if permission not in GRANTS[role]]


def ends(roles: list[Role]) -> list[Role]:
    """Return of some roles the one that may do least, and the one that may do most."""
    by_might = sorted(roles, key=lambda role: len(GRANTS[role]))
    return list(dict.fromkeys([*by_might[:1], *by_might[-1:]]))


@pytest.fixture(scope="module")
def browsers(app: Flask, database: Database) -> dict[Role, FlaskClient]:
    """A browser that is signed in, for each role."""
    return {role: signed_in(app, database, make_staff(database, role, login=f"the.{role}")) for role in Role}


@pytest.fixture(scope="module")
def keys(database: Database) -> dict[Role, dict[str, str]]:
    """A program's key for each role."""
    return {role: key_of(database, role) for role in Role}


def is_refused(page: Page, response: TestResponse) -> bool:
    """Say whether a page is not shown; the first one leads on to one that may be seen."""
    if page.path == "/":
        return response.status_code == 302
    return response.status_code == 403 and (page.name == "live_events" or "没有这项权限" in response.text)


@pytest.mark.proves("S94", "R149")
def test_a_page_opens_for_the_roles_that_may_see_it_alone(browsers: dict[Role, FlaskClient]) -> None:
    faults = []
    for page in PAGES:
        refused = roles_without(page.permission) if page.permission is not None else []
        for role in ends(refused):
            if not is_refused(page, response := browsers[role].get(filled(page.path))):
                faults.append((page.name, role, response.status_code))
        for role in ends([each for each in Role if each not in refused]) if page.name != "live_events" else ():
            if (status := browsers[role].get(filled(page.path)).status_code) != 200:
                faults.append((page.name, role, status))
    assert faults == []


@pytest.mark.proves("S94", "R149")
def test_a_route_answers_the_keys_that_may_read_it_alone(app: Flask, keys: dict[Role, dict[str, str]]) -> None:
    client, faults = app.test_client(), []
    for route in ROUTES:
        path = PREFIX + filled(route.path)
        wanted = {role: (403, "not_permitted") for role in ends(roles_without(route.permission))}
        if route.answer is not None:
            wanted |= {role: (200, "") for role in ends(roles_with(route.permission))}
        for role, answer in wanted.items():
            response = client.get(path, headers=keys[role])
            reason = json.loads(response.data)["reason"] if response.status_code == 403 else ""
            if (response.status_code, reason) != answer:
                faults.append((route.name, role, response.status_code, reason))
        if (status := client.get(path).status_code) != 401:
            faults.append((route.name, "nobody", status, ""))
    assert faults == []


@pytest.mark.proves("S94", "R149")
def test_an_act_is_done_for_the_roles_that_may_do_it_alone(
    app: Flask, keys: dict[Role, dict[str, str]], browsers: dict[Role, FlaskClient]
) -> None:
    client, faults, headers = app.test_client(), [], {"Idempotency-Key": "1"}
    form_keys = {role: form_key(browsers[role], "/account") for role in Role}
    for action in ACTIONS:
        path, form = PREFIX + filled(action.path), form_address(action, defaultdict(lambda: "0", IDS))
        by_nobody = [client.post(path, json={}, headers=headers), client.get(form), client.post(form, data={})]
        if (found := [each.status_code for each in by_nobody]) != [401, 302, 403]:
            faults.append((action.name, "nobody", found))
        refused = roles_without(action.permission)
        for role in (*ends(refused), *ends(roles_with(action.permission))):
            answers = [
                client.post(path, json=[], headers=keys[role] | headers).status_code,
                browsers[role].get(form).status_code,
                browsers[role].post(form, data={"form_key": form_keys[role]}).status_code,
            ]
            if [each == 403 for each in answers] != [role in refused] * 3:
                faults.append((action.name, role, answers))
    assert faults == []


@pytest.mark.proves("S94")
def test_nobody_does_himself_a_favour_over_the_api_or_by_a_form(database: Database) -> None:
    books = Books(database, FakeClock())
    caller = Caller(Staff("own", frozenset(Role), True, MEMBER), "office", frozenset(Permission))
    allowed, asked, about = [], 0, None
    for action in ACTIONS:
        ids = {name: IDS.get(name, "0") for name in action.id_names}
        with books.look() as look, suppress(InvalidInput):
            about = action.matter(look, ids).member if action.matter is not None else None
        if action.act not in FAVOURS or (about != MEMBER and "member" not in ids):
            continue
        asked += 1
        try:
            perform(books, caller, action, ids, NoQuery(), action.name)
        except (KioskError, AttributeError) as error:  # Whatever is wrong with a wish that says nothing.
            if getattr(error, "reason", "") is RoleReason.OWN_FILE:
                continue
        allowed.append(action.name)
    assert allowed == []
    assert asked > 50


def test_the_navigation_shows_what_may_be_opened_and_no_more(browsers: dict[Role, FlaskClient]) -> None:
    shown = {role: browsers[role].get("/", follow_redirects=True).text for role in Role}
    assert 'href="/members"' in shown[Role.DESK]
    assert 'href="/devices"' not in shown[Role.DESK]
    assert 'href="/members"' not in shown[Role.IT]
    assert 'href="/audit"' not in shown[Role.DESK] + browsers[Role.DESK].get("/rules").text
    assert 'href="/audit"' in browsers[Role.ADMIN].get("/audit").text


def test_the_buttons_of_a_thing_are_those_that_may_be_pressed(browsers: dict[Role, FlaskClient]) -> None:
    address = "/do/amend_rule/joining.minimum_age"
    assert address in browsers[Role.GENERAL_MANAGER].get("/rules/joining.minimum_age").text
    assert address not in browsers[Role.DESK].get("/rules/joining.minimum_age").text


def test_a_role_that_asks_for_a_second_factor_counts_only_with_it(app: Flask, database: Database) -> None:
    admin = make_staff(database, Role.ADMIN, login="an.admin")
    client = signed_in(app, database, admin, factor=False)
    response = client.get("/audit")
    assert response.status_code == 403
    assert "需要先启用动态验证" in response.text
    assert "您的岗位需要动态验证" in client.get("/account").text


def test_every_act_stands_where_the_rules_of_roles_have_it() -> None:
    for action in ACTIONS:
        assert action.act is None or NEEDS[action.act] is action.permission, action.name
        assert action.wish.__struct_config__.forbid_unknown_fields, action.name
    assert {page.group for page in PAGES} <= {"", *GROUPS}
    names = [each.name for each in (*ACTIONS, *ROUTES)]
    assert len(names) == len(set(names))


@pytest.mark.proves("S94", "R149")
def test_no_address_of_the_office_is_outside_of_these_tables_but_those_that_are_named_here(app: Flask) -> None:
    named = {page.path for page in PAGES} | {PREFIX + each.path for each in (*ROUTES, *ACTIONS)}
    found = {
        rule.endpoint.partition(".")[0]
        for rule in app.url_map.iter_rules()
        if re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule) not in named
    }
    # Files and the API's description; what is everybody's own or anybody's; notices, which are signed; the forms, which
    # ask as their act does.
    assert found - {"photos"} == {"static", "shared", "api", "account", "public", "pay", "apply", "doing", "own_data"}


@pytest.mark.proves("S94", "R149")
def test_a_photo_is_for_those_who_see_members_and_changed_by_those_who_write_them(
    browsers: dict[Role, FlaskClient],
) -> None:
    for role in roles_without(Permission.MEMBERS_READ):
        assert browsers[role].get(f"/people/{MEMBER}/photo").status_code == 403, role
    for role in roles_without(Permission.MEMBERS_WRITE):
        assert browsers[role].get(f"/people/{MEMBER}/photo/new").status_code == 403, role
        key = form_key(browsers[role], "/account")
        assert browsers[role].post(f"/people/{MEMBER}/photo/new", data={"form_key": key}).status_code == 403, role
