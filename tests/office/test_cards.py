"""Cards in the office: encoded by a reader that types, lost, gift cards taken in, and who speaks for special cards."""

import json
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from kiosk.central.club.api_keys import MakeKey, make_key
from kiosk.central.club.books import Actor, Books
from kiosk.central.database import Database
from kiosk.central.tables import credential
from kiosk.club.roles import Role
from kiosk.core.errors import InvalidInput
from kiosk.core.identifiers import credential_of
from kiosk.office.club_card_parts import numbers_in
from kiosk.office.routes import PREFIX
from kiosk.office.whom import card_named
from tests.builders import FakeClock
from tests.office.accounts import key_of, make_staff, signed_in
from tests.office.builders import SECRET
from tests.office.builders_cards import BATCH, EMPTY, GIFT, IN_STOCK, IN_USE, RECORD, REQUEST
from tests.office.conftest import form_key


def send(app: Flask, headers: dict[str, str], path: str, status: int = 200, **wish: Any) -> Any:
    key = {"Idempotency-Key": f"{path}{sorted(wish)}".replace(" ", "")[:100]}
    response = app.test_client().post(PREFIX + path, json=wish, headers=headers | key)
    assert response.status_code == status, response.text
    return json.loads(response.data)


def test_a_card_is_encoded_as_the_reader_types_it_and_found_by_it(app: Flask, database: Database) -> None:
    desk = key_of(database, Role.DESK, Role.MEMBERSHIP)
    browser = signed_in(app, database, make_staff(database, Role.DESK, Role.MEMBERSHIP))
    form = f"/do/encode_card/{IN_STOCK}"
    assert form in browser.get(f"/cards/{IN_STOCK}").text
    # 0x04A1B2C9 as a reader writes it in decimal, turned round
    fields = {"identifier": str(0xC9B2A104), "form": "decimal", "byte_order": "reversed", "uid_bytes": "4"}
    sent = browser.post(form, data=fields | {"medium": "chip", "once": "1", "form_key": form_key(browser, form)})
    assert (sent.status_code, sent.headers["Location"]) == (302, f"/cards/{IN_STOCK}?done=encode_card")
    with database.read() as connection:
        query = select(credential.c.id, credential.c.state).where(credential.c.identifier == "04A1B2C9")
        assert connection.execute(query).one() == (credential_of("04A1B2C9", SECRET), "disabled")
    send(app, desk, f"/card-book/{IN_STOCK}/encoding", 409, identifier="04:A1:B2:CA")
    assert IN_STOCK in browser.get("/cards?q=04a1b2c9").text


def test_a_card_is_named_by_what_is_read_or_printed_unless_two_have_that_number(app: Flask, database: Database) -> None:
    desk = key_of(database, Role.DESK)
    send(app, desk, f"/card-book/{IN_STOCK}/encoding", identifier="04:A1:B2:C9")
    with Books(database, FakeClock()).look() as look:
        assert card_named(look, f" {IN_STOCK} ") == card_named(look, "04 a1 b2 c9")
    with database.begin() as connection:
        other = credential.c.identifier != "04A1B2C9"
        one = connection.execute(select(credential.c.id).where(other).limit(1)).scalar_one()
        connection.execute(update(credential).where(credential.c.id == one).values(identifier=IN_STOCK))
    with Books(database, FakeClock()).look() as look, pytest.raises(InvalidInput, match="two cards"):
        card_named(look, IN_STOCK)


def test_a_number_that_is_no_identity_is_not_encoded(app: Flask, database: Database) -> None:
    desk = key_of(database, Role.DESK)
    for typed in ("08A1B2C3", "88A1B2C3", "12345"):
        send(app, desk, f"/card-book/{GIFT}/encoding", 422, identifier=typed)


def test_a_lost_card_shows_which_gates_know_it(app: Flask, database: Database) -> None:
    desk = key_of(database, Role.DESK)
    assert send(app, desk, f"/card-book/{IN_USE}/loss")["state"] == "lost"
    shown = json.loads(app.test_client().get(f"{PREFIX}/card-book/{IN_USE}", headers=desk).data)
    assert (shown["at_gates"], shown["ending"]) == ("lost", "E5F6")
    assert shown["gates"] == [{"device": "north-1", "revision": 7, "needed": 10, "heard": False}]


@pytest.mark.proves("R36")
def test_a_person_speaks_by_a_key_of_his_own_and_a_program_by_none(app: Flask, database: Database) -> None:
    staff_id = make_staff(database, Role.FINANCE)
    wish = MakeKey("mine", (Role.FINANCE,), 30, staff_id)
    text, _ = Books(database, FakeClock()).change(Actor(staff_id), lambda change: make_key(change, wish))
    own, program = {"Authorization": f"Bearer {text}"}, key_of(database, Role.FINANCE)
    path = f"/special-cards/{REQUEST}/approvals"
    assert send(app, program, path, 409, role="finance")["reason"] == "not_a_person"
    assert send(app, own, path, 409, role="general_manager")["reason"] == "not_your_role"
    key = {"Idempotency-Key": "second"}
    response = app.test_client().post(PREFIX + path, json={"role": "finance"}, headers=own | key)
    assert [each["by"] for each in json.loads(response.data)["opinions"]] == [staff_id]


def test_the_empty_gift_cards_are_those_with_nothing_on_them(app: Flask, database: Database) -> None:
    desk = key_of(database, Role.DESK)
    found = json.loads(app.test_client().get(f"{PREFIX}/gift-cards?state=empty", headers=desk).data)
    assert [each["number"] for each in found["items"]] == [EMPTY]
    assert send(app, desk, f"/gift-cards/{EMPTY}/return", store="desk")["stage"] == "taken_in"


def test_a_production_order_is_named_by_its_numbers(staff: FlaskClient) -> None:
    name = "00000001 – 00000002"
    for page in ("/card-batches", f"/card-batches/{BATCH}", f"/cards/{IN_USE}"):
        shown = staff.get(page).text
        assert name in shown, page
        assert f">{BATCH}<" not in shown, page
    assert f">{RECORD}<" not in staff.get("/gift-way-back").text


def test_numbers_are_typed_one_by_one_or_as_a_span() -> None:
    assert numbers_in("0008-0011, 0020\n0021") == ["0008", "0009", "0010", "0011", "0020", "0021"]
    assert numbers_in("0008-0011", spans=False) == ["0008-0011"]
    assert numbers_in(("1-3",)) == ["1-3"]
    for wrong in ("0011-0008", "08-0011", "00000-09999"):
        with pytest.raises(InvalidInput):
            numbers_in(wrong)
