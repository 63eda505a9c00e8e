"""Acts over the API and by form: the same run, once for each wish, with refusals that say why."""

import json
from typing import Any

import msgspec
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from kiosk.central.club.audits import AuditFilter, audit_page
from kiosk.central.club.books import Books
from kiosk.central.club.rules import amendments
from kiosk.central.club.tables import answered
from kiosk.central.database import Database
from kiosk.club.office_actions import Matter, OfficeAction
from kiosk.club.roles import Role
from kiosk.core.errors import Refused
from kiosk.office import families
from kiosk.office.actions import perform
from kiosk.office.club_rulebook import AmendRule
from kiosk.office.problems import answer_to
from kiosk.office.routes import PREFIX
from kiosk.office.security import TOKEN_HOLDER, Caller
from tests.builders import FakeClock
from tests.office.accounts import make_staff, signed_in
from tests.office.builders import TOKEN
from tests.office.conftest import form_key

BEARER = {"Authorization": f"Bearer {TOKEN}"}
PATH = f"{PREFIX}/rules/joining.minimum_age/amendments"
FORM = "/do/amend_rule/joining.minimum_age"
WISH = {"value": 16, "effective_on": "2026-12-01", "decided_by": "council", "why": "a youth section opens"}

AMEND = next(each for each in families.ACTIONS if each.name == "amend_rule")


def post(app: Flask, wish: Any, key: str = "k1", status: int = 200, **more: Any) -> Any:
    headers = BEARER | ({"Idempotency-Key": key} if key else {})
    response = app.test_client().post(PATH, **({"json": wish, "headers": headers} | more))
    assert response.status_code == status, response.text
    return json.loads(response.data)


def count(database: Database) -> int:
    with Books(database, FakeClock()).look() as look:
        return len(amendments(look))


@pytest.fixture
def manager(app: Flask, database: Database) -> FlaskClient:
    """The general manager's browser."""
    return signed_in(app, database, make_staff(database, Role.GENERAL_MANAGER))


def send(client: FlaskClient, **fields: str) -> Any:
    data = {"value": "16", "effective_on": "2026-12-01", "decided_by": "理事会", "why": "青少年部", "once": "o1"}
    return client.post(FORM, data=data | {"form_key": form_key(client, FORM)} | fields)


@pytest.mark.proves("S95", "S90")
def test_an_act_over_the_api_is_done_once_for_its_key(app: Flask, database: Database) -> None:
    first = post(app, WISH)
    assert (first["rule"], first["value"], first["number"]) == ("joining.minimum_age", 16, 1)
    assert post(app, WISH) == first
    assert count(database) == 1
    problem = post(app, WISH | {"value": 17}, status=409)
    assert (problem["type"], problem["reason"]) == ("urn:kiosk:problem:refused", "answered_otherwise")
    assert post(app, WISH | {"value": 17}, key="k2")["number"] == 2


def test_one_caller_cannot_read_anothers_answer_by_its_key(database: Database) -> None:
    books, action = Books(database, FakeClock()), AMEND
    wish, ids = AmendRule(16, FakeClock().now().date(), "council", "why"), {"rule": "joining.minimum_age"}
    for staff_id in ("one", "two"):
        caller = Caller(TOKEN_HOLDER.__class__(staff_id, TOKEN_HOLDER.roles), "api", frozenset())
        perform(books, caller, action, ids, wish, "the same key")
    assert count(database) == 2


def test_a_wish_that_cannot_be_used_is_named(app: Flask) -> None:
    for wish, key, status, name in (
        (WISH, "", 400, "Idempotency-Key"),
        (WISH, "ü", 400, "Idempotency-Key"),
        (WISH | {"effective_on": "soon"}, "k", 422, "effective_on"),
        (WISH | {"why": ""}, "k", 422, "why"),
        (WISH | {"whose": "mine"}, "k", 422, "whose"),
        ({"value": 1}, "k", 422, "effective_on"),
    ):
        assert post(app, wish, key, status)["errors"][0]["name"] == name


def test_a_body_that_is_no_json_is_refused(app: Flask) -> None:
    headers = BEARER | {"Idempotency-Key": "k"}
    assert post(app, None, status=415, json=None, data="value=1", headers=headers)["status"] == 415
    for body in (b"{", b"\xff", b'{"value":' + b"[" * 10_000):
        problem = post(app, None, status=400, json=None, data=body, content_type="application/json", headers=headers)
        assert problem["type"] == "urn:kiosk:problem:malformed"


def test_text_that_no_database_takes_is_refused(app: Flask, manager: FlaskClient, database: Database) -> None:
    assert post(app, WISH | {"why": "a\0b"}, status=422)["errors"][0]["reason"]
    assert app.test_client().get(f"{PREFIX}/audit?actor=%00", headers=BEARER).status_code == 400
    assert app.test_client().get(f"{PREFIX}/rules/%00", headers=BEARER).status_code == 400
    assert send(manager, why="a\0b").status_code == 302
    with Books(database, FakeClock()).look() as look:
        assert amendments(look)[0].why == "ab"


def test_what_a_rule_or_the_books_do_not_allow_says_why(app: Flask, database: Database) -> None:
    assert "over" in post(app, WISH | {"effective_on": "2020-01-01"}, status=422)["detail"]
    ladder, twice = f"{PREFIX}/rules/tiers.ladder/amendments", WISH | {"value": [{"tier": "gold"}] * 2}
    response = app.test_client().post(ladder, json=twice, headers=BEARER | {"Idempotency-Key": "k"})
    assert response.status_code == 409
    assert json.loads(response.data)["reason"] == "book_would_not_hold_together"
    missing = app.test_client().post(
        f"{PREFIX}/rules/joining.age/amendments", json=WISH, headers=BEARER | {"Idempotency-Key": "k"}
    )
    assert (missing.status_code, "minimum_age" in missing.text or "Did you mean" in missing.text) == (422, True)
    assert count(database) == 0


def test_an_unforeseen_refusal_is_no_fault_of_the_program() -> None:
    assert answer_to(Refused("the deny list is full")).status == 409


@pytest.mark.proves("S94")
def test_nobody_answers_his_own_request(database: Database) -> None:
    ran = []
    action = AMEND._replace(
        act=OfficeAction.DECIDE_RULE,
        matter=lambda _look, _ids: Matter(requested_by="me"),
        run=lambda *_: ran.append(1),
    )
    wish = AmendRule(16, FakeClock().now().date(), "council", "why")
    caller = Caller(TOKEN_HOLDER.__class__("me", TOKEN_HOLDER.roles), "api", frozenset())
    with pytest.raises(Refused, match="own_request"):
        perform(Books(database, FakeClock()), caller, action, {"rule": "x"}, wish, "k")
    assert not ran


def test_a_secret_answer_is_shown_once_and_not_kept(
    manager: FlaskClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    action = AMEND._replace(kept=lambda answer: msgspec.structs.replace(answer, why=""))
    monkeypatch.setattr(families, "ACTIONS", (action,))
    assert "青少年部" in send(manager).text
    assert "青少年部" not in send(manager).text
    with database.read() as connection:
        assert "青少年部" not in connection.execute(select(answered.c.answer)).scalar_one()


@pytest.mark.proves("S95")
def test_a_form_does_the_same_and_leads_back_to_its_thing(manager: FlaskClient, database: Database) -> None:
    page = manager.get(FORM).text
    assert 'value="18"' in page
    assert 'type="date"' in page
    response = send(manager)
    assert (response.status_code, response.location) == (302, "/rules/joining.minimum_age?done=amend_rule")
    assert "已完成：修改这一条" in manager.get(response.location).text
    assert "理事会" in manager.get("/rules/joining.minimum_age").text
    with Books(database, FakeClock()).look() as look:
        entry = audit_page(look, AuditFilter(thing="rule", thing_id="joining.minimum_age"))[0]
    assert (entry.via, entry.why) == ("office", "青少年部")


def test_a_form_that_is_sent_twice_is_one_wish(manager: FlaskClient, database: Database) -> None:
    assert send(manager).status_code == send(manager).status_code == 302
    assert count(database) == 1


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"why": ""}, ("请填写。", "Please fill this in.")),
        ({"effective_on": "2026-02-30"}, ("请填写有效的日期。", "Please give a date that exists.")),
        ({"value": "many"}, ("请填写整数。", "Please give a whole number.")),
        ({"decided_by": "x" * 101}, ("最多 100 个字符。", "At most 100 characters.")),
    ],
)
def test_a_fault_is_said_beside_its_field_and_what_was_typed_is_kept(
    manager: FlaskClient, database: Database, fields: dict[str, str], said: tuple[str, str]
) -> None:
    for language, text in zip(("zh", "en"), said, strict=True):
        manager.get(f"/rules?lang={language}")
        response = send(manager, **{"decided_by": "somebody <b>"} | fields)
        assert response.status_code == 422
        assert response.text.count(text) == 1
        assert response.text.count('aria-invalid="true"') == 1
        assert "decided_by" in fields or "somebody &lt;b&gt;" in response.text
    assert count(database) == 0


def test_a_refusal_is_said_in_the_form(manager: FlaskClient) -> None:
    response = send(manager, effective_on="2020-01-01")
    assert response.status_code == 422
    assert "没有办理" in response.text
    assert 'value="2020-01-01"' in response.text


def test_a_form_without_its_browsers_key_does_nothing(manager: FlaskClient, database: Database) -> None:
    assert send(manager, form_key="forged").status_code == 403
    assert count(database) == 0


@pytest.mark.parametrize("path", ["/do/nothing", "/do/amend_rule", "/do/amend_rule/a/b", "/do/amend_rule/no.rule"])
def test_a_form_for_what_is_not_there_is_not_found(manager: FlaskClient, path: str) -> None:
    assert manager.get(path).status_code == 404


@pytest.mark.parametrize(
    ("rule", "good", "kept", "bad"),
    [
        ("gifts.mixing", "not_with_member_card", "not_with_member_card", "nothing"),
        ("joining.full_capacity", "", False, None),
        ("points.valid_months", "", None, "x"),
        ("points.valid_months", "24", 24, "-1"),
        ("notices.fee_soon", "21, 7", [21, 7], "[21]"),
    ],
)
def test_the_form_takes_what_the_entry_takes(
    manager: FlaskClient, database: Database, rule: str, good: str, kept: Any, bad: str | None
) -> None:
    form = f"/do/amend_rule/{rule}"
    data = {"effective_on": "2026-12-01", "decided_by": "理事会", "why": "试行", "form_key": form_key(manager, form)}
    if bad is not None:
        response = manager.post(form, data=data | {"value": bad, "once": "bad"})
        assert response.status_code == 422
        assert "请检查标出的内容" in response.text
    assert manager.post(form, data=data | {"value": good, "once": "good"}).status_code == 302
    with Books(database, FakeClock()).look() as look:
        assert [each.value for each in amendments(look)] == [kept]


def test_the_rule_book_shows_source_and_history(manager: FlaskClient) -> None:
    send(manager)
    shown = manager.get("/rules?family=joining").text
    assert "joining.minimum_age" in shown
    assert "2026-12-01 起改为" in shown
    assert "R01" in shown
    assert "tiers.ladder" in manager.get("/rules?q=LADDER").text
    assert "没有符合条件" in manager.get("/rules?q=%3Cscript%3E").text
    assert manager.get("/rules/no.rule").status_code == 404
    assert "从未修改过" in manager.get("/rules/tiers.ladder").text


def test_audit_and_notices_are_paged_and_filtered(app: Flask, database: Database, staff: FlaskClient) -> None:
    for number in range(3):
        post(app, WISH | {"value": 16 + number}, key=f"k{number}")
    page = json.loads(app.test_client().get(f"{PREFIX}/audit?limit=2&thing=rule", headers=BEARER).data)
    assert len(page["items"]) == 2
    rest = app.test_client().get(f"{PREFIX}/audit?limit=2&thing=rule&after={page['next']}", headers=BEARER)
    assert [len(json.loads(rest.data)["items"]), json.loads(rest.data)["next"]] == [1, None]
    assert "rule.amend" in staff.get("/audit?action=rule.amend").text
    assert "没有符合条件的记录" in staff.get("/audit?action=nothing").text
    assert "没有通知" in staff.get("/notices").text
