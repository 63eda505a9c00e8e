"""The life of members as the office leads it, from the form to the gate and out again, and what each is told."""

from datetime import date
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from kiosk.central.club import points
from kiosk.central.club.arrivals import note_arrivals
from kiosk.central.club.books import Actor
from kiosk.central.club.card_taps import CardTap
from kiosk.central.club.photos import photo_of
from kiosk.central.database import Database
from kiosk.club.misuse_rules import Tap
from kiosk.club.roles import Role
from kiosk.core.identifiers import credential_of
from kiosk.office.families import ACTIONS
from tests.builders import FakeClock
from tests.central.club.builders import told
from tests.office.accounts import make_staff, signed_in
from tests.office.builders import SECRET
from tests.office.builders_people import DAY, FORM, TODAY, UNIT, Club
from tests.office.conftest import form_key


@pytest.fixture
def club(app: Flask, database: Database, clock: FakeClock) -> Club:
    """A club of one site whose indoor club is the gym."""
    made = Club(app, database, clock)
    made.publish_consents()
    made.amend("benefits.scope_products", [{"scope": "indoor", "product": "gym"}])
    return made


def reasons(club: Club, path: str) -> set[str]:
    """What speaks against an application today."""
    return {each["reason"] for each in club.office.see(path)["open_today"]}


@pytest.mark.proves("S03", "S05", "S06", "S07", "R03", "R04", "R07", "R08", "R09", "R10", "R17", "R18", "R45")
def test_from_the_form_to_the_gate_each_step_is_asked_for(club: Club) -> None:
    path = club.apply(consents=["purpose", "charter"])
    assert reasons(club, path) == {"document_missing", "not_yet_assessed", "consent_missing"}
    assert club.office.do(f"{path}/approval", 409)["reason"] == "something_open"
    club.office.do(f"{path}/completion")
    [letter] = told(club.books, template="application_incomplete")
    assert letter["data"]["missing"] == "对管理办法的同意、一寸免冠彩色照片、到前台做一次评估"
    club.desk.do(f"{path}/form", **FORM | {"documents": ["form", "id_copy", "photo"]})
    club.office.do(f"{path}/review")
    club.office.do(f"{path}/findings", fit_health=True)
    member = club.office.do(f"{path}/approval")["member"]
    assert len(told(club.books, template="application_approved")) == 1
    assert club.state(member) == "uncollected"
    club.make_card(member, status=409)  # the first fee is not paid
    club.pay(member)
    number = club.make_card(member)
    assert club.gate_says(number) == "card_not_collected"
    club.hand_over(number)
    assert (club.state(member), club.gate_says(number)) == ("valid", "ok")
    person = club.office.see(f"/people/{member}")
    assert {(each["consent"], each["version"]) for each in person["consents"]} >= {("charter", "2026")}
    assert [each["product"] for each in person["entitlements"]] == ["gym"]
    [pack] = told(club.books, template="welcome", member=member)
    assert pack["data"] == {"points": 1000, "gifts": 1}
    with club.books.look() as look:
        assert points.balance(look, member).lifetime == 1000


@pytest.mark.proves("S06", "R09")
def test_a_charter_that_changes_before_the_card_is_agreed_to_anew(club: Club) -> None:
    member = club.admit()
    club.pay(member)
    club.set_day(TODAY, hour=18)
    club.publish_consents("2027")
    club.make_card(member, status=409)
    assert club.manager.see("/consents")["items"][0]["version"] == "2027"
    wish = {"effective_on": str(TODAY), "decided_by": "council", "consent": "charter"}
    assert club.manager.do("/consents", 409, version="2027", **wish)["reason"] == "published_before"
    club.office.do("/consents", 403, version="2028", **wish)


@pytest.mark.proves("S04", "R01", "R02", "R08")
def test_whoever_may_not_join_is_told_so_with_the_reason(club: Club) -> None:
    path = club.apply(born="2008-11-23", full_capacity=False, documents=["form", "id_copy", "photo"])
    assert reasons(club, path) >= {"too_young", "no_full_capacity"}
    assert club.office.do(f"{path}/completion", 409)["reason"] == "cannot_be_put_right"
    club.office.do(f"{path}/rejection", reason="not_eligible", why="17 on the day")
    [letter] = told(club.books, template="application_rejected")
    assert (letter["data"]["because"], letter["address"]) == ("暂不符合入会条件", FORM["phone"])
    grown = club.apply(born="2008-11-22", documents=["form", "id_copy", "photo"])
    assert reasons(club, grown) == {"not_yet_assessed"}
    club.amend("joining.kinds", ["person"])
    assert reasons(club, club.apply(UNIT)) == {"kind_not_admitted"}


@pytest.mark.proves("R05", "R06", "R12", "R15", "S04")
def test_papers_marks_and_what_is_looked_at_are_the_clubs_choice(club: Club) -> None:
    club.amend("joining.person_checklist", "original_and_copy")
    club.amend("joining.criteria", ["profession"])
    path = club.apply(marks=["stamp"])
    assert reasons(club, path) == {"document_missing", "mark_missing", "not_yet_assessed"}
    details = {str(each["detail"]) for each in club.office.see(path)["open_today"]}
    assert {"{'document': 'id_original', 'count': 1}", "{'criterion': 'profession'}"} <= details
    club.office.do(f"{path}/findings", fit_profession=False)
    assert "not_suitable" in reasons(club, path)
    unit = club.apply(UNIT, documents=["form"], marks=["signature"])
    assert reasons(club, unit) == {"document_missing", "mark_missing"}
    club.desk.do(f"{unit}/form", **UNIT | {"marks": ["responsible_email"]})
    assert reasons(club, unit) == set()


@pytest.mark.proves("S19", "R14")
def test_one_phone_is_one_member(club: Club) -> None:
    member = club.admit()
    path = club.apply(name="林小")
    assert "phone_taken" in reasons(club, path)
    assert club.desk.do("/applications", 409, **FORM)["reason"] == "application_open"
    club.office.do(f"/people/{member}/file", name="林晓", phone="13900000077")
    assert "phone_taken" not in reasons(club, path)
    assert [each["id"] for each in club.desk.see("/members?q=13900000077")["items"]] == [member]


@pytest.mark.proves("S07", "R46")
def test_rights_are_stopped_by_membership_staff_for_data_and_by_an_order_for_a_breach(club: Club) -> None:
    member, number = club.join()
    path = f"/people/{member}"
    club.desk.do(f"{path}/suspension", 403, reason="data", why="papers")
    assert club.office.do(f"{path}/suspension", 409, reason="discipline", why="brawl")["reason"] == "needs_order"
    assert club.office.do(f"{path}/suspension", reason="data", why="papers")["state"] == "suspended"
    assert club.gate_says(number) == "membership_suspended"
    assert club.office.do(f"{path}/restoration", reason="data", why="there")["state"] == "valid"
    assert club.gate_says(number) == "ok"
    breach = {"misconduct": "charter", "on": str(TODAY), "papers": ["p1"]}
    violation = club.office.do(f"/discipline/{member}/violations", **breach)["id"]
    wish = {"measure": "suspension", "violations": [violation], "body": "council", "since": str(TODAY)}
    order = club.office.do(f"/discipline/{member}/orders", **wish, why="brawl", heard=True)["id"]
    club.office.do(f"/orders/{order}/decide", 403, why="heard")
    club.manager.do(f"/orders/{order}/decide", why="heard")
    assert club.gate_says(number) == "membership_suspended"
    assert club.office.do(f"{path}/restoration", 409, reason="discipline", why="asks")["reason"] == "lift_order"
    club.manager.do(f"/orders/{order}/lift", why="made up")
    assert club.gate_says(number) == "ok"
    assert [each["template"] for each in told(club.books, template="membership_restored", member=member)]


@pytest.mark.proves("R46", "R51", "S59", "R52", "S11")
def test_a_fee_is_put_off_overdue_and_after_a_year_the_membership_given_up(club: Club) -> None:
    member, number = club.join()
    path, paid = f"/people/{member}", date(2027, 11, 21)
    assert club.office.do(f"{path}/deferral", 409, until="2030-01-01", why="abroad")["reason"] == "too_long"
    club.office.do(f"{path}/deferral", until="2028-02-21", why="abroad")
    assert len(told(club.books, template="fee_deferred", member=member)) == 1
    assert (club.gate_says(number, paid + DAY), club.gate_says(number, date(2028, 2, 22))) == ("ok", "fee_overdue")
    club.set_day(date(2028, 2, 22))
    assert club.state(member) == "arrears"
    club.set_day(date(2029, 2, 22))
    club.pass_night()
    assert (club.state(member), club.gate_says(number)) == ("forfeited", "membership_ended")
    assert len(told(club.books, template="membership_forfeited", member=member)) == 1
    refused = club.office.do(f"{path}/fee", 409, paid_until="2030-02-22", why="too late")
    assert refused["reason"] == "not_a_member"


@pytest.mark.proves("S10", "S16", "R61", "R62", "R71")
def test_who_asks_to_leave_passes_for_a_month_and_leaves_a_file_behind(club: Club) -> None:
    member, number = club.join()
    path = f"/people/{member}"
    member_no = club.office.see(path)["member"]["member_no"]
    asked = club.desk.do(f"{path}/withdrawal", why="in writing", wanted="2026-11-30")
    assert (asked["state"], asked["until"]) == ("withdrawal_pending", "2026-12-22")
    assert (club.gate_says(number, date(2026, 12, 22)), club.gate_says(number, date(2026, 12, 23))) == (
        "ok",
        "membership_ended",
    )
    assert club.office.do(f"{path}/settlement", 409, why="done")["reason"] == "nothing_settled"
    club.office.do(f"{path}/settlement", why="done", card_returned=True)
    templates = [each["template"] for each in told(club.books, member=member)]
    assert {"withdrawal_confirmed", "withdrawal_approved"} <= set(templates)
    club.set_day(date(2026, 12, 23))
    club.pass_night()
    kept = club.office.see(path)
    assert (kept["standing"]["state"], kept["file"]["keep_until"]) == ("withdrawn", "2029-12-22")
    assert kept["file"]["phone"] == FORM["phone"]
    back = club.apply(former_no=member_no, documents=["form", "id_copy", "photo"])
    assert reasons(club, back) == {"not_yet_assessed"}
    club.desk.do(f"{back}/withdrawal", why="thinks better of it")
    club.set_day(date(2029, 12, 23))
    club.pass_night()
    erased = club.office.see(path)
    assert (erased["file"]["phone"], erased["file"]["purged_on"]) == ("", "2029-12-23")
    assert erased["member"]["member_no"] == member_no
    assert club.office.do(f"{path}/file", 409, name="林晓")["reason"] == "file_erased"


@pytest.mark.proves("S12", "S13", "R11", "R13", "R68", "R69")
def test_a_units_clubs_and_standing_are_its_representatives_until_they_leave_the_post(club: Club) -> None:
    unit = club.admit(UNIT, home_site="demo")
    club.pay(unit)
    people = [club.admit(name=f"代表{n}", phone=f"1390000006{n}", scopes=["outdoor"]) for n in (1, 2, 3)]
    numbers = [club.office.see(f"/people/{each}")["member"]["member_no"] for each in people]
    wish = {"why": "letter of the unit", "role": "main"}
    club.office.do(f"/people/{unit}/representatives", person_no=numbers[0], **wish)
    card = club.make_card(people[0])
    club.hand_over(card)
    assert club.gate_says(card) == "ok"
    assert club.office.see(f"/people/{people[0]}")["file"]["home_site"] == "demo"
    taken = club.office.do(f"/people/{unit}/representatives", 409, person_no=numbers[1], **wish)
    assert taken["reason"] == "role_taken"
    club.office.do(f"/people/{unit}/representatives", person_no=numbers[1], **wish | {"role": "deputy"})
    full = club.office.do(f"/people/{unit}/representatives", 409, person_no=numbers[2], **wish)
    assert full["reason"] in ("role_taken", "unit_full")
    post = f"/attendance/{people[2]}/posts"
    assert club.office.do(post, 409, position="council_member", why="elected")["reason"] == "for_units_only"
    club.office.do(f"/attendance/{people[0]}/posts", position="council_member", why="elected")
    club.office.do(f"/people/{unit}/suspension", reason="data", why="papers of the unit")
    assert club.gate_says(card) == "membership_suspended"
    club.office.do(f"/people/{unit}/restoration", reason="data", why="there")
    club.office.do(f"/people/{people[0]}/turn", turn="left_post", last_day=str(TODAY), why="new job in town")
    assert club.gate_says(card) == "ok"
    club.set_day(TODAY + DAY)
    club.pass_night()
    assert club.gate_says(card) == "fee_overdue"
    club.pay(people[0])
    assert club.gate_says(card) == "ok"  # an ordinary member now, with the clubs as before
    follows = club.office.do(f"/people/{unit}/representatives", 409, person_no=numbers[2], **wish)
    assert follows["reason"] == "not_reviewed"
    voted = {"reviewed": True, "agreed": True, "council_voted": True}
    club.office.do(f"/people/{unit}/representatives", person_no=numbers[2], **wish, **voted)
    club.office.do(f"/people/{people[0]}/turn", turn="left_region", last_day=str(TODAY + DAY), why="moved away")
    assert club.gate_says(card, TODAY + 2 * DAY) == "membership_ended"


@pytest.mark.proves("S13", "S14", "R120")
def test_guests_come_while_their_host_may_and_are_known_by_what_they_did(club: Club) -> None:
    host, _ = club.join()
    path = f"/people/{host}"
    child = club.office.do(f"{path}/children", name="林小宝", born="2015-06-01")["child"]
    day = {"product": "gym", "first_day": str(TODAY), "last_day": str(TODAY)}
    assert club.desk.do(f"{path}/passes", 409, **day)["reason"] == "guest_has_no_name"
    wrong = club.desk.do(f"{path}/passes", 409, name="李雷", **day | {"product": "none"})
    assert (wrong["reason"], wrong["about"]) == ("no_such_product", {"product": "none"})
    guest = club.desk.do(f"{path}/passes", name="李雷", **day)["guest"]
    card = club.make_card(guest)
    club.hand_over(card)
    assert (club.gate_says(card), club.gate_says(card, TODAY + DAY)) == ("ok_guest", "credential_expired")
    club.office.do(f"{path}/suspension", reason="data", why="papers")
    assert club.gate_says(card) == "membership_suspended"
    club.office.do(f"/people/{guest}/importance", attention=5, participation=3, support=2)
    assert club.office.do(f"/people/{child}/importance", 409, attention=1, participation=0, support=0)["reason"] == (
        "no_visitor"
    )
    club.office.do(f"{path}/restoration", reason="data", why="there")
    listed = club.desk.see("/guests")
    assert [(each["guest"], each["passes"], each["joined_on"]) for each in listed["items"]] == [(guest, 1, None)]
    guest_no = club.office.see(f"/people/{guest}")["member"]["member_no"]
    assert club.admit(name="李雷", phone="13900000070", guest_no=guest_no) == guest
    listed = club.desk.see("/guests")
    assert listed["figures"] == {"guests": 1, "joined": 1}
    assert listed["items"][0]["joined_on"] == str(TODAY)


@pytest.mark.proves("S17", "S18", "R116", "R157", "R158")
def test_files_that_need_work_are_listed_by_site(club: Club) -> None:
    member, _ = club.join(home_site="demo")
    [site] = [each for each in club.desk.see("/file-register/sites")["items"] if each["site"] == "demo"]
    view = club.office.see(f"/people/{member}")
    assert (site["files"], site["percent"], site["unconfirmed"]) == (1, view["completeness"]["percent"], 0)
    [line] = club.desk.see("/file-register?site=demo")["items"]
    assert (line["member"], line["late"]) == (member, True)
    club.office.do(f"/people/{member}/sensitive", health="好")
    file = {"name": "林晓", "phone": FORM["phone"], "born": "1990-05-04", "sex": "f", "email": "lin@example.org"}
    assert club.office.do(f"/people/{member}/file", 409, **file | {"phone": "12"})["reason"] == "malformed"
    club.office.do(f"/people/{member}/file", **file, interests="游泳", home_site="demo")
    assert club.desk.see("/file-register?site=demo")["items"] == []
    club.set_day(date(2026, 12, 1))
    club.pass_night()
    assert len(told(club.books, template="confirm_data", member=member)) == 1
    assert [each["member"] for each in club.desk.see("/file-register?part=unconfirmed&site=demo")["items"]] == [member]
    club.office.do(f"/people/{member}/confirmation")
    assert club.desk.see("/file-register?part=unconfirmed&site=demo")["items"] == []
    assert club.desk.see("/file-register?part=unreachable&site=demo")["items"] == []
    club.office.do(f"/people/{member}/file", name="林晓", home_site="demo")
    assert [each["member"] for each in club.desk.see("/file-register?part=unreachable&site=demo")["items"]] == [member]


@pytest.mark.proves("S01", "S02", "R16")
def test_a_file_holds_what_the_club_needs_and_a_gate_gets_a_greeting_of_it(club: Club, app: Flask) -> None:
    member, number = club.join(interests="游泳", address="南京路 1 号")
    club.office.do(f"/people/{member}/file", name="欧阳小明", phone=FORM["phone"], address="北京路 2 号")
    assert club.gate_says(number) == "ok"
    browser = signed_in(app, club.database, make_staff(club.database, Role.MEMBERSHIP))
    page = browser.get(f"/people/{member}").text
    for text in ("欧阳小明", "档案改动"):
        assert text in page, text
    assert "北京路 2 号" not in page
    assert "北京路 2 号" in browser.get(f"/people/{member}/sensitive").text
    assert "北京路" not in browser.get("/members?q=欧阳").text
    fields = {name for action in ACTIONS for name in action.wish.__struct_fields__}
    assert not {name for name in fields if "income" in name or "salary" in name}


@pytest.mark.proves("S94", "S78")
def test_who_brought_somebody_is_written_by_the_rules_of_a_claim_and_by_nobody_for_himself(
    club: Club, app: Flask, database: Database
) -> None:
    mine, _ = club.join()
    my_no = club.office.see(f"/people/{mine}")["member"]["member_no"]
    other = club.admit(phone="13900000002", name="欧阳")
    path = club.apply(phone="13900000003", name="司马")
    browser = signed_in(app, database, make_staff(database, Role.MEMBERSHIP, Role.DESK, member=mine))
    wanted = {"kind": "person", "name": "司马", "card_kind": "annual", "language": "zh", "referred_by_no": my_no}
    acts: dict[str, dict[str, Any]] = {
        f"change_file/{other}": {"name": "欧阳", "language": "zh", "referred_by_no": my_no},
        "take_application": {**wanted, "channel": "desk", "phone": "13900000004"},
        f"amend_application/{path.removeprefix('/applications/')}": {**wanted, "phone": "13900000003"},
    }
    for act, fields in acts.items():
        form = f"/do/{act}"
        response = browser.post(form, data={**fields, "form_key": form_key(browser, form), "once": act})
        assert response.status_code == 409, (act, response.text)
        assert "不能为自己的档案办理" in response.text, act
    file = {"name": "欧阳", "language": "zh", "phone": "13900000002"}
    assert club.office.do(f"/people/{other}/file", **file, referred_by_no=my_no)["referred_by"] == mine
    third, _ = club.join(phone="13900000005", name="诸葛")
    third_no = club.office.see(f"/people/{third}")["member"]["member_no"]
    refused = club.office.do(f"/people/{other}/file", 409, **file, referred_by_no=third_no)
    assert refused["reason"] == "already_brought"
    other_no = club.office.see(f"/people/{other}")["member"]["member_no"]
    mine_as = {"name": "林晓", "language": "zh", "referred_by_no": other_no}
    assert club.office.do(f"/people/{mine}/file", 409, **mine_as)["reason"] == "not_a_valid_member"


@pytest.mark.proves("S94")
def test_staff_who_are_members_have_a_colleague_see_to_their_own_file(
    club: Club, app: Flask, database: Database
) -> None:
    member = club.admit()
    member_no = club.office.see(f"/people/{member}")["member"]["member_no"]
    unit = club.admit(UNIT)
    staff = make_staff(database, Role.MEMBERSHIP, member=member)
    browser = signed_in(app, database, staff)
    acts: dict[str, dict[str, Any]] = {
        f"change_file/{member}": {"name": "林晓", "language": "zh"},
        f"change_sensitive/{member}": {"health": "好"},
        f"confirm_file/{member}": {},
        f"suspend_member/{member}": {"reason": "data", "why": "x"},
        f"restore_member/{member}": {"reason": "data", "why": "x"},
        f"record_paid/{member}": {"paid_until": "2030-01-01", "why": "x"},
        f"note_turn/{member}": {"turn": "left_post", "last_day": str(TODAY), "why": "x"},
        f"invite_guest/{member}": {
            "product": "gym",
            "first_day": str(TODAY),
            "last_day": str(TODAY),
            "visits": "1",
            "name": "李",
        },
        f"link_child/{member}": {"name": "小", "born": "2015-01-01"},
        f"appoint_representative/{unit}": {"person_no": member_no, "role": "main", "why": "x"},
    }
    for act, fields in acts.items():
        path = f"/do/{act}"
        response = browser.post(path, data={**fields, "form_key": form_key(browser, path), "once": act})
        assert response.status_code == 409, (act, response.text)
        assert "不能为自己的档案办理" in response.text, act


@pytest.mark.proves("S15")
def test_a_desk_sees_who_came_in_from_another_site_today(club: Club, staff: FlaskClient) -> None:
    member, number = club.join(home_site="island", interests="游泳")
    club.office.do(f"/people/{member}/file", name="林晓", home_site="island", interests="游泳", accessible=True)
    assert club.desk.see("/arrivals")["items"] == []
    came = Tap("ab" * 16, 1, club.clock.now(), "demo", "club")
    tap = CardTap(credential_of(f"04{number:012X}", SECRET), "entrance", came, ("ab" * 16, 1))
    for _ in range(2):
        club.books.change(Actor("job"), lambda change: note_arrivals(change, [tap]))
    assert [(each["member"], each["site"], each["home_site"]) for each in club.desk.see("/arrivals")["items"]] == [
        (member, "demo", "island")
    ]
    page = staff.get("/arrivals").text
    for text in ("林晓", "island", "游泳"):
        assert text in page, text
    club.set_day(TODAY + DAY)
    assert club.desk.see("/arrivals")["items"] == []


def test_the_lists_about_people_are_shown_in_both_languages(club: Club, staff: FlaskClient) -> None:
    member, _ = club.join(home_site="demo")
    day = {"product": "gym", "first_day": str(TODAY), "last_day": str(TODAY)}
    guest = club.desk.do(f"/people/{member}/passes", name="李雷", **day)["guest"]
    club.office.do(f"/people/{guest}/importance", attention=5, participation=5, support=1)
    shown = {
        "/guests": ("李雷", "5 / 5 / 1 重要嘉宾", "important"),
        f"/people/{guest}": ("李雷", "5 / 5 / 1", "Rate the guest"),
        "/file-register": ("demo", "各会所", "By site"),
        "/file-register?part=files_incomplete&site=demo": ("林晓", "资料不全", "Incomplete"),
        "/file-register?part=files_unconfirmed": ("待核对", "没有这样的档案", "No such file"),
        "/file-register?part=files_unreachable": ("联系不上", "没有这样的档案", "Out of reach"),
        "/consents": ("章程", "2026", "Charter"),
        "/arrivals": ("外地会员", "今天还没有", "Nobody today"),
    }
    for path, (first, second, _) in shown.items():
        page = staff.get(path).text
        assert first in page, path
        assert second in page, path
    for path, (_, _, english) in shown.items():
        page = staff.get(f"{path}{'&' if '?' in path else '?'}lang=en", follow_redirects=True).text
        assert english in page, path


@pytest.mark.proves("S05", "R08")
def test_a_page_says_what_an_applicant_was_told(club: Club, staff: FlaskClient) -> None:
    path = club.apply()
    club.office.do(f"{path}/rejection", reason="no_places", why="full until spring")
    page = staff.get(path).text
    for text in ("已收到您的入会申请", "关于您的入会申请", "名额已满", "待发"):
        assert text in page, text


def test_the_forms_offer_what_needs_no_order(club: Club, app: Flask, database: Database) -> None:
    member, _ = club.join()
    browser = signed_in(app, database, make_staff(database, Role.MEMBERSHIP))
    form = browser.get(f"/do/suspend_member/{member}").text
    assert 'value="data"' in form
    assert 'value="discipline"' not in form
    club.office.do(f"/people/{member}/suspension", reason="data", why="papers")
    assert '<option value="data" selected>' in browser.get(f"/do/restore_member/{member}").text


PICTURE = b"\xff\xd8\xff\xe0" + bytes(2000)


@pytest.mark.proves("S01", "R04", "R71")
def test_a_photo_is_taken_in_shown_to_the_desk_and_erased_with_the_file(
    club: Club, app: Flask, database: Database
) -> None:
    member, _ = club.join()
    browser = signed_in(app, database, make_staff(database, Role.MEMBERSHIP, login="the.office"))
    desk = signed_in(app, database, make_staff(database, Role.DESK, login="the.desk"))
    place = f"/people/{member}/photo"
    assert desk.get(place).status_code == 404

    def send(body: bytes) -> Any:
        photo = (BytesIO(body), "photo.jpg")
        return browser.post(f"{place}/new", data={"photo": photo, "form_key": form_key(browser, f"{place}/new")})

    for wrong, text in ((b"GIF89a", "不是 JPEG 或 PNG"), (PICTURE + bytes(45 * 1024), "照片太大"), (b"", "不是 JPEG")):
        refused = send(wrong)
        assert refused.status_code == 409
        assert text in refused.text
    assert send(PICTURE).status_code == 302
    shown = desk.get(place)
    assert (shown.data, shown.mimetype) == (PICTURE, "image/jpeg")
    assert f'href="{place}"' in desk.get(f"/people/{member}").text
    assert desk.get(f"{place}/new").status_code == 403
    assert desk.post(f"{place}/new").status_code == 403
    club.desk.do(f"/people/{member}/withdrawal", why="in writing")
    club.set_day(date(2026, 12, 23))
    club.pass_night()
    club.set_day(date(2029, 12, 23))
    club.pass_night()
    with club.books.look() as look:
        assert photo_of(look, member) is None
