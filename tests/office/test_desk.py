"""The front desk: who is found by what is tapped or typed, and what the desk sees of a member and can do at once."""

import json
import re
import secrets
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert, update

from kiosk.central.club import membership
from kiosk.central.club.books import Actor, Books
from kiosk.central.club.notice_texts import TEXTS
from kiosk.central.club.photos import set_photo
from kiosk.central.club.readings import ReadingFilter, reading_page
from kiosk.central.database import Database
from kiosk.central.money import tills
from kiosk.central.tables import device
from kiosk.central.tables import member as members
from kiosk.club.notices import NoticeCode
from kiosk.club.roles import GRANTS, Role
from kiosk.club.standing import StandingReason
from kiosk.office.desk_find import LISTED_MAX
from kiosk.office.desk_pages import ADVICE
from kiosk.office.desk_view import DESK, RESTS_ON
from kiosk.office.routes import PREFIX
from tests.builders import FakeClock
from tests.central.club.builders_activities import announce, moment
from tests.central.club.builders_people import ended
from tests.office.accounts import PASSWORD, key_of, make_staff, signed_in
from tests.office.builders import MEMBER, make_decision, store
from tests.office.builders_cards import GIFT, IN_USE
from tests.office.builders_conduct import add_notice
from tests.office.conftest import MakeApp, copy_of, form_key

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(200)
PHONE = "13800000001"
SECRETS = {"id_document": "柜三-17", "health": "青霉素过敏", "address": "西湖路 9 号", "born": "1980-02-29"}


@pytest.fixture
def database(whole_file: Path) -> Iterator[Database]:
    """A club with something of every family."""
    with copy_of(whole_file) as opened:
        yield opened


class Desk:
    """A desk's browser, and programs with the key of a role each."""

    def __init__(self, app: Flask, database: Database) -> None:
        self.app, self.database = app, database
        self.staff = make_staff(database, Role.DESK, login="desk.one")
        self.browser = signed_in(app, database, self.staff)
        self._keys = {role: key_of(database, role) for role in (Role.DESK, Role.MEMBERSHIP)}

    def finds(self, typed: str) -> str:
        """Return where the box leads: to a page, or to what it says."""
        answer = self.browser.get("/desk", query_string={"q": typed})
        return str(answer.location or answer.text)

    def page(self, path: str = f"/desk/{MEMBER}") -> str:
        """Return a page of the desk."""
        answer = self.browser.get(path)
        assert answer.status_code == 200, answer.text
        return str(answer.text)

    def send(self, role: Role, path: str, **wish: Any) -> None:
        """Do an act over the API."""
        headers = self._keys[role] | {"Idempotency-Key": secrets.token_hex(8)}
        answer = self.app.test_client().post(PREFIX + path, json=wish, headers=headers)
        assert answer.status_code == 200, answer.text

    def see(self, path: str, role: Role = Role.DESK, status: int = 200) -> str:
        """Read over the API."""
        answer = self.app.test_client().get(PREFIX + path, headers=self._keys[role])
        assert answer.status_code == status, answer.text
        return str(answer.text)

    def fill_in(self, form: str, **fields: str) -> None:
        """Fill a form of the desk's browser in."""
        data = {"form_key": form_key(self.browser, form), "once": secrets.token_hex(8)} | fields
        assert self.browser.post(form, data=data).status_code == 302


@pytest.fixture
def desk(app: Flask, database: Database) -> Desk:
    """A desk of that club; of its first member much is known."""
    found = Desk(app, database)
    open_fields = {name: SECRETS[name] for name in ("born", "address")}
    found.send(Role.MEMBERSHIP, f"/people/{MEMBER}/file", name="张伟", phone=PHONE, **open_fields)
    closed_fields = {name: SECRETS[name] for name in ("id_document", "health")}
    found.send(Role.MEMBERSHIP, f"/people/{MEMBER}/sensitive", **closed_fields)
    return found


@pytest.mark.proves("S01", "S19", "S20")
def test_the_box_leads_to_the_member_by_whatever_is_tapped_or_typed(desk: Desk) -> None:
    numbers = ("M0001", IN_USE, " ０００００００１ ", "04A1B2C3D4E5F6", "04:a1:b2:c3:d4:e5:f6")
    whole = (*numbers, PHONE, "138-0000-0001", "张伟")
    assert {typed: desk.finds(typed) for typed in whole} == dict.fromkeys(whole, f"/desk/{MEMBER}")
    several = desk.finds("M000").partition("desk-sides")[0]
    assert re.findall(r'href="/desk/(\w+)">M', several) == [MEMBER, "7e" * 8, "7d" * 8]
    assert 'placeholder="M000"' in several
    assert "这张卡没有会员" in (gift := desk.finds("04A1B2C3D4E5F8"))
    assert "/cards/" not in gift.partition("这张卡没有会员")[2].partition("</div>")[0]
    assert f'href="/cards/{GIFT}"' in desk.finds(GIFT)
    assert "没有找到“0499”" in desk.finds("0499")
    assert "/do/take_application" in desk.finds("0499")
    assert "autofocus" in desk.page("/desk")
    more = [{"id": f"{n:016x}", "member_no": f"N{n:04}", "name": "同名"} for n in range(LISTED_MAX + 1)]
    with desk.database.begin() as connection:
        connection.execute(insert(members), more)
    named = desk.finds("同名").partition("desk-sides")[0]
    assert len(set(re.findall(r'href="/desk/(\w+)"', named))) == LISTED_MAX
    assert "还有更多" in named


def test_the_box_is_bounded_as_every_search_is(make_app: MakeApp, database: Database) -> None:
    app = make_app(look_ups_a_minute=2)
    browser = signed_in(app, database, make_staff(database, Role.DESK, login="desk.two"))
    assert [browser.get(f"/desk?q=1381234567{digit}").status_code for digit in range(3)] == [200, 200, 429]
    assert browser.get("/desk").status_code == 200


@pytest.mark.proves("S02", "S94")
def test_who_signs_in_at_the_desk_is_at_the_desk(app: Flask, database: Database) -> None:
    make_staff(database, Role.DESK, login="desk.two", password=True)
    make_staff(database, Role.MEMBERSHIP, login="member.ship", password=True)
    for login, first in (("desk.two", "/desk"), ("member.ship", "/")):
        client = app.test_client()
        fields = {"form_key": form_key(client), "login": login, "password": PASSWORD, "next": "/"}
        assert client.post("/sign-in", data=fields).location == first
        links = re.findall(r'<a href="([^"]+)"', client.get("/members").text.partition("bar-pages")[2])
        assert links[0] == first
    assert [role for role in Role if DESK in GRANTS[role]] == [Role.DESK]
    assert GRANTS[Role.DESK] >= RESTS_ON
    assert set(ADVICE) == set(StandingReason)


@pytest.mark.proves("S02", "S90", "R149")
def test_the_desk_sees_at_once_what_it_needs_and_nothing_sensitive(
    desk: Desk, database: Database, clock: FakeClock
) -> None:
    books = Books(database, clock)
    books.change(Actor("setup"), lambda change: set_photo(change, MEMBER, PICTURE))
    store(
        database,
        make_decision(granted=False, reason="no_visits_left"),
        make_decision(granted=False, reason="lockdown", credential="c2" * 16, member="7e" * 8),
    )
    add_notice(database, state="failed", due_at="2026-11-20T00:00:00.000Z")
    page, told = desk.page(), desk.see(f"/desk/{MEMBER}")
    for shown in ("张伟", "M0001", "金卡", "2027-03-31", "次数已用完", "进不了门", IN_USE, f"/people/{MEMBER}/photo"):
        assert shown in page
    for secret in SECRETS.values():
        assert secret not in page
        assert secret not in told
    answer = json.loads(told)
    assert answer["person"]["member"]["member_no"] == "M0001"
    assert [each["reason"] for each in answer["refusals"]] == ["no_visits_left"]
    desk.see(f"/desk/{MEMBER}", Role.MEMBERSHIP, 403)
    roles = {"member.ship": [Role.MEMBERSHIP], "both.roles": [Role.MEMBERSHIP, Role.DESK]}
    others = {login: signed_in(desk.app, database, make_staff(database, *roles[login], login=login)) for login in roles}
    for path in ("/desk", f"/desk/{MEMBER}"):
        assert others["member.ship"].get(path).status_code == 403
    theirs = others["both.roles"].get(f"/desk/{MEMBER}").text
    for notice in (TEXTS[NoticeCode.FEE_SOON][0][0], "/do/tell_again/"):
        assert notice in theirs
        assert notice not in page
    another = desk.page(f"/desk/{'7e' * 8}")
    assert "… E5F7" in another
    assert "04A1B2C3D4E5F7" not in another
    with books.look() as look:
        assert reading_page(look, ReadingFilter(actor=desk.staff)) == []
    assert desk.browser.get(f"/people/{MEMBER}/photo").status_code == 200
    with books.look() as look:
        assert [each.fields for each in reading_page(look, ReadingFilter(actor=desk.staff))] == [("photo",)]
    assert desk.browser.get("/desk/0").status_code == 404
    english = desk.browser.get(f"/desk/{MEMBER}?lang=en", follow_redirects=True).text
    assert all(each["what"]["zh"] in page for each in answer["rights"])
    assert all(each["what"]["en"] in english for each in answer["rights"])
    assert answer["rights"]
    books.change(Actor("setup"), lambda change: membership.end(change, MEMBER, ended(date(2026, 11, 1)), why="asked"))
    assert json.loads(desk.see(f"/desk/{MEMBER}"))["rights"] == []


@pytest.mark.proves("S02", "S24")
def test_every_act_of_the_desk_leads_to_its_form_and_what_it_did_stands_there(desk: Desk, database: Database) -> None:
    acts = set(re.findall(r'href="(/do/[^"]+)"', desk.page()))
    wanted = {"top_member_up", "sell_to_member", "pay_fee", "book_purchase", "ask_to_leave", "member_complaint"}
    names = {path.split("/")[2] for path in acts}
    assert names >= wanted | {"report_card_lost", "replace_card"}
    assert not names & {"change_file", "change_sensitive", "adjust_points", "restore_card"}
    assert {path: desk.browser.get(path).status_code for path in acts} == dict.fromkeys(acts, 200)
    desk.fill_in(f"/do/report_card_lost/{IN_USE}", why="钱包丢了")
    lost = desk.page()
    assert "north-1 尚未收到" in lost
    assert f"/do/report_card_found/{IN_USE}" in lost
    with database.begin() as connection:
        connection.execute(update(device).values(roster_revision=10_000))
    assert "north-1 已收到" in desk.page()


@pytest.mark.proves("S63")
def test_what_waits_at_the_desk_stands_beside_the_box(desk: Desk, database: Database, clock: FakeClock) -> None:
    books = Books(database, clock)
    books.change(Actor("setup"), lambda change: tills.save_till(change, "side", "demo", "水吧"))
    books.change(Actor("setup"), lambda change: tills.save_till(change, "old", "demo", "旧柜", closed=True))
    for day, title in ((date(2026, 11, 22), "今晚的茶会"), (date(2026, 11, 23), "明晚的茶会")):
        announce(books, day, title=title, starts_at=moment(day, 20), ends_at=moment(day, 21))
    page = desk.page("/desk")
    assert "陈晨" in page  # an application
    assert "今晚的茶会" in page
    assert "明晚的茶会" not in page
    assert "没有等待领取的卡" in page
    assert re.findall(r'href="/tills/(\w+)"', page) == ["front", "side"]
    desk.fill_in("/do/open_till/side", amount="500")
    page = desk.page("/desk")
    assert re.findall(r'href="/tills/(\w+)"', page) == ["side", "front"]
    mine = page.partition('href="/tills/side"')[2].partition("</tr>")[0]
    assert ">我<" in mine
    assert "¥500.00" in mine
    assert "/do/count_till/side" in mine
    assert re.search(r'href="/days/demo/\d{4}-\d\d-\d\d"', page)
