"""Duty, discipline, activities and the rule book from the office's act to the gate's answer, as days pass."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from kiosk.central.club import activities, activity_job, duty, leaders, organisations
from kiosk.central.club.files import change_file
from kiosk.club.activities import Audience
from kiosk.club.organisations import Role as UnitRole
from kiosk.club.roles import Role
from tests.central.club import builders_people as people
from tests.central.club.builders import noted, told
from tests.central.club.builders_activities import announce, moment
from tests.central.club.builders_people import do, set_day
from tests.central.club.builders_points import run_job
from tests.office.accounts import make_staff, signed_in
from tests.office.conftest import form_key
from tests.office.story import Club, Program, open_story

FIRST = date(2026, 12, 1)
DAY = timedelta(days=1)
PLAN = {"title": "品茶会", "site": "demo", "place": "茶室", "agenda": "品茶", "budget_minor": 50_000}


@pytest.fixture
def club(tmp_path: Path) -> Iterator[Club]:
    """A club with an office and two gates."""
    with open_story(tmp_path) as opened:
        yield opened


def times(day: date, **fields: Any) -> dict[str, Any]:
    """A plan from two to four in the afternoon of a day."""
    return PLAN | {"starts_at": f"{day}T14:00:00+08:00", "ends_at": f"{day}T16:00:00+08:00"} | fields


def hold_at_the_gate(club: Club, day: date, *came: int) -> str:
    """Hold an activity at whose door a passage signs in; cards `came` go in, and the night after passes."""
    set_day(club.clock, day - DAY)
    found = announce(club.books, day, access_points=("entrance",))
    for number in came:
        club.boxes.enter(club.boxes.at_demo, moment(day, 14, number), number)
    set_day(club.clock, day, 17)
    club.boxes.send(club.boxes.at_demo)
    set_day(club.clock, day + DAY, 3)
    run_job(duty.run, club.books, day + DAY)
    return found


@pytest.mark.proves("S42", "S73", "S41", "R66", "R148")
def test_going_in_at_an_activitys_door_signs_in_and_staying_away_has_no_say(club: Club) -> None:
    came, away = club.join(1), club.join(2)
    office = club.staff(Role.MEMBERSHIP, login="li.na")
    english = {"title_en": "A tea party"}
    name = office.do("/activities", **times(FIRST, access_points=["entrance"], points=30, **english))["id"]
    path = f"/activities/{name}"
    office.do(f"{path}/announce")
    browser = signed_in(club.app, club.database, office.staff)
    for page in (f"/people/{came}?lang=en", f"/people/{came}?lang=zh"):
        shown = browser.get(page, follow_redirects=True).text
        assert ("A tea party" in shown, "品茶会" in shown) == ("en" in page, "zh" in page)
    run_job(activity_job.run, club.books, date(2026, 11, 22))
    assert {row["member"] for row in told(club.books, template="activity_invitation")} == {came, away}
    gate = club.boxes.at_demo
    club.boxes.enter(gate, moment(FIRST, 12, 30), 2)
    seq = club.boxes.enter(gate, moment(FIRST, 13, 50), 1)
    club.boxes.leave(gate, moment(FIRST, 15, 50), 1)
    club.boxes.leave(gate, moment(FIRST, 15, 55), 2)
    set_day(club.clock, FIRST, 17)
    club.boxes.send(gate)
    assert office.see(f"{path}/people")["signed_in"] == [
        {"activity": name, "subject": came, "by": came, "presence": "in_person"}
    ]
    assert office.see(f"{path}/people")["refused"] == []
    with club.database.read() as connection:
        row = connection.exec_driver_sql("select journal, seq, at from activity_sign_in").one()
    assert tuple(row)[:2] == (gate.id, seq)
    earned = {each: office.see(f"/points/{each}")["balance"]["available"] for each in (came, away)}
    assert earned[came] == earned[away] + 30
    office.do(f"{path}/collect-feedback")
    said = {"who": club.number_of(away), "rating": 1}
    assert office.do(f"{path}/opinions", 409, **said)["reason"] == "did_not_attend"
    office.do(f"{path}/opinions", who=club.number_of(came), rating=5, text="好茶")
    office.do(f"{path}/review", words="明年再办")
    page = browser.get(path).text
    assert "5.0 / 5" in page
    assert "明年再办" in page
    stays = office.see(f"/attendance/{came}")["stays"]
    assert [(each["area"], each["since"][:16], each["until"][:16]) for each in stays] == [
        ("club", "2026-12-01T05:50", "2026-12-01T07:50")
    ]
    page = browser.get(f"/attendance/{came}").text
    assert ("120" in page, "品茶会" in page) == (True, True)
    page = browser.get(f"/attendance/{came}?lang=en", follow_redirects=True).text
    assert ("A tea party" in page, "品茶会" in page) == (True, False)


@pytest.mark.proves("S42")
def test_a_passage_that_comes_in_late_counts_and_one_that_was_missed_is_noted_from_paper(club: Club) -> None:
    late, unseen, visitor = (club.join(number) for number in (1, 2, 3))
    do(club.books, change_file, visitor, {"home_site": "island"})
    for home in (late, unseen):
        do(club.books, change_file, home, {"home_site": "demo"})
    office = club.staff(Role.OPERATIONS, Role.MEMBERSHIP, login="li.na")
    set_day(club.clock, FIRST - DAY)
    invited = Audience(home_sites=frozenset({"demo"}))
    name = announce(club.books, FIRST, access_points=("entrance",), audience=invited)
    club.boxes.enter(club.boxes.at_demo, moment(FIRST, 13, 55), 3)
    club.boxes.enter(club.boxes.at_demo, moment(FIRST, 14), 1)
    club.boxes.enter(club.boxes.at_demo, moment(FIRST, 16, 1), 2)
    set_day(club.clock, FIRST + 20 * DAY)
    do(club.books, activities.keep_all_times)
    club.boxes.send(club.boxes.at_demo)
    path = f"/activities/{name}"
    assert [each["subject"] for each in office.see(f"{path}/people")["signed_in"]] == [late]
    assert office.see(f"{path}/people")["refused"] == []
    later = {"who": club.number_of(unseen), "why": "纸质签到表第 3 行"}
    refused = office.do(f"{path}/later-sign-ins", 409, **later, at=f"{FIRST}T16:30:00+08:00")
    assert refused["reason"] == "too_late"
    himself = signed_in(club.app, club.database, make_staff(club.database, Role.OPERATIONS, login="own", member=unseen))
    form = f"/do/sign_in_later/{name}"
    said = {**later, "at": f"{FIRST}T14:30", "form_key": form_key(himself, form), "once": "own"}
    assert "不能为自己的档案办理" in himself.post(form, data=said).text
    office.do(f"{path}/later-sign-ins", **later, at=f"{FIRST}T14:30:00+08:00")
    assert {each["subject"] for each in office.see(f"{path}/people")["signed_in"]} == {late, unseen}
    assert noted(club.books, action="activity.sign_in")[-1]["why"] == "纸质签到表第 3 行"
    desk = club.staff(Role.DESK, login="the.desk")
    desk.do(f"{path}/later-sign-ins", 403, **later, at=f"{FIRST}T14:30:00+08:00")


@pytest.mark.proves("S09", "R64", "R65", "S42", "S74")
def test_staying_away_stops_rights_then_ends_the_membership_and_the_gates_know(club: Club) -> None:
    keen, away, pardoned = (club.join(number) for number in (1, 2, 3))
    office = club.staff(Role.MEMBERSHIP, login="li.na")
    days = [FIRST + n * 3 * DAY for n in range(7)]
    for day in days[:5]:
        hold_at_the_gate(club, day, 1)
    assert [club.gate_says(number, days[5]) for number in (1, 2, 3)] == ["ok", "ok", "ok"]
    hold_at_the_gate(club, days[5], 1)
    assert [club.gate_says(number, days[6]) for number in (1, 2, 3)] == ["ok", *["membership_suspended"] * 2]
    seen = office.see(f"/attendance/{away}")
    assert (seen["standing"]["duty"], seen["standing"]["away"]) == ("rights_stopped", 6)
    assert office.see(f"/people/{away}")["standing"]["state"] == "title_kept"
    assert [row["template"] for row in told(club.books, member=away) if "attendance" in row["template"]] == [
        "attendance_warning"
    ] * len({row["channel"] for row in told(club.books, template="attendance_warning", member=away)})
    office.do(f"/attendance/{pardoned}/rights", why="住院")
    assert club.gate_says(3, days[6]) == "ok"
    hold_at_the_gate(club, days[6], 1)
    assert [club.gate_says(number, days[6] + DAY) for number in (1, 2, 3)] == ["ok", "membership_ended", "ok"]
    assert office.see(f"/people/{away}")["standing"]["state"] == "withdrawn"
    assert told(club.books, template="attendance_withdrawn", member=away)
    assert office.see(f"/attendance/{keen}")["standing"]["duty"] == "kept"


@pytest.mark.proves("S08", "R63", "S74")
def test_a_breach_is_written_down_with_a_tap_decided_by_another_and_felt_at_the_gate(club: Club) -> None:
    member = club.join(1)
    seq = club.boxes.enter(club.boxes.at_demo, moment(date(2026, 11, 22), 16), 1)
    club.boxes.send(club.boxes.at_demo)
    clerk, boss = club.staff(Role.MEMBERSHIP, login="li.na"), club.staff(Role.GENERAL_MANAGER, login="the.boss")
    browser = signed_in(club.app, club.database, clerk.staff)
    place = f"{club.boxes.at_demo.id}:{seq}"
    form = browser.get(f"/do/record_violation/{member}").text
    assert f'value="{place}"' in form
    assert "进入 club" in form
    said = {"misconduct": "club_rules", "on": "2026-11-22", "note": "翻越闸机", "evidence": [place]}
    said |= {"papers": "A-17\n A-18 \n", "form_key": form_key(browser, "/account"), "once": "1"}
    assert browser.post(f"/do/record_violation/{member}", data=said).status_code == 302
    [breach] = clerk.see(f"/discipline/{member}")["violations"]
    assert breach["evidence"] == [{"journal": club.boxes.at_demo.id, "seq": seq}]
    assert breach["papers"] == ["A-17", "A-18"]
    wish = {"violations": [breach["id"]], "body": "committee", "since": "2026-11-22", "why": "第二次"}
    orders = f"/discipline/{member}/orders"
    assert clerk.do(orders, 409, **wish, measure="suspension", until="2026-11-30")["reason"] == "not_heard"
    order = clerk.do(orders, **wish, measure="suspension", until="2026-11-30", heard=True)["id"]
    assert club.gate_says(1, date(2026, 11, 23)) == "ok"
    clerk.do(f"/orders/{order}/decide", 403, why="同意")
    boss.do(f"/orders/{order}/decide", why="同意")
    assert club.gate_says(1, date(2026, 11, 23)) == "membership_suspended"
    assert club.gate_says(1, date(2026, 12, 1)) == "ok"
    boss.do(f"/orders/{order}/lift", why="已改正")
    assert club.gate_says(1, date(2026, 11, 23)) == "ok"
    heard = [row["template"] for row in told(club.books, member=member)]
    assert heard.index("discipline_suspended") < heard.index("membership_restored")
    steps = [row["action"] for row in noted(club.books, thing="order")]
    assert steps == ["order.propose", "order.decide", "order.lift"]


@pytest.mark.proves("S08", "R70", "R63")
def test_serious_misconduct_goes_to_the_council_with_evidence_and_ends_the_membership(club: Club) -> None:
    member = club.join(1)
    clerk, boss = club.staff(Role.MEMBERSHIP, login="li.na"), club.staff(Role.GENERAL_MANAGER, login="the.boss")
    said = {"misconduct": "serious", "on": "2026-11-22"}
    bare = clerk.do(f"/discipline/{member}/violations", **said)["id"]
    proven = clerk.do(f"/discipline/{member}/violations", **said, papers=["法院判决 2026-11"])["id"]
    wish = {"measure": "cancellation", "since": "2026-11-23", "why": "判决生效", "heard": True}
    orders = f"/discipline/{member}/orders"
    assert clerk.do(orders, 409, **wish, violations=[proven], body="board")["reason"] == "body_may_not"
    assert clerk.do(orders, 409, **wish, violations=[bare], body="council")["reason"] == "no_evidence"
    order = clerk.do(orders, **wish, violations=[proven], body="council")["id"]
    boss.do(f"/orders/{order}/decide", why="常务理事会表决通过")
    assert club.gate_says(1, date(2026, 11, 22)) == "ok"
    assert club.gate_says(1, date(2026, 11, 23)) == "membership_ended"
    set_day(club.clock, date(2026, 11, 24))
    assert clerk.see(f"/people/{member}")["standing"]["state"] == "cancelled"
    assert told(club.books, member=member, template="discipline_cancelled")
    assert boss.do(f"/orders/{order}/lift", 409, why="x")["reason"] == "cancellation_stands"
    for role in (Role.DESK, Role.FINANCE, Role.OPERATIONS, Role.IT):
        club.staff(role, login=f"the.{role}").see(f"/discipline/{member}", 403)


@pytest.mark.proves("R67", "S09")
def test_a_leader_without_work_loses_the_post_and_returns_only_checked_and_voted(club: Club) -> None:
    unit = people.approve(club.books, people.make_unit_applicant())
    chair = people.make_person(club.books, 1)
    do(club.books, organisations.appoint, chair, unit, UnitRole.MAIN, why="letter of the unit")
    office = club.staff(Role.MEMBERSHIP, login="li.na")
    posts = f"/attendance/{chair}/posts"
    post = office.do(posts, position="chair", why="选举")["id"]
    set_day(club.clock, date(2026, 12, 5))
    office.do(f"{posts}/{post}/work", on="2026-12-05")
    for day, removed in ((date(2027, 6, 4), False), (date(2027, 6, 5), True)):
        set_day(club.clock, day)
        run_job(leaders.run, club.books, day)
        assert office.see(f"/attendance/{chair}")["posts"][0]["removed"] is removed
    assert office.do(posts, 409, position="chair", why="再任")["reason"] == "not_checked_again"
    assert office.do(posts, 409, position="chair", why="再任", checked_again=True)["reason"] == "no_council_vote"
    office.do(posts, position="chair", why="再任", checked_again=True, council_voted=True)
    assert [row["action"] for row in noted(club.books, thing="member", thing_id=chair)][-3:] == [
        "post.work", "post.remove", "post.appoint",
    ]  # fmt: skip


@pytest.mark.proves("S73", "R153", "R154")
def test_higher_tiers_go_first_and_some_activities_are_for_visitors_alone(club: Club) -> None:
    silver, gold, visitor = (club.join(number) for number in (1, 2, 3))
    do(club.books, change_file, visitor, {"home_site": "island"})
    for home in (silver, gold):
        do(club.books, change_file, home, {"home_site": "demo"})
    office = club.staff(Role.MEMBERSHIP, login="li.na")
    number = {each: club.number_of(each) for each in (silver, gold, visitor)}
    office.do(f"/points/{gold}/tier", tier="gold", why="赞助")
    name = office.do("/activities", **times(FIRST, capacity=1))["id"]
    office.do(f"/activities/{name}/announce")
    for each in (silver, gold):
        office.do(f"/activities/{name}/answers", who=number[each], willing="yes")
    assert office.see(f"/activities/{name}/people")["places"] == [gold]
    only = office.do("/activities", **times(FIRST + DAY, visitors_only=True))["id"]
    assert office.do(f"/activities/{only}/announce")["activity"]["state"] == "announced"
    refused = office.do(f"/activities/{only}/answers", 409, who=number[silver], willing="yes")
    assert refused["reason"] == "visitors_only"
    office.do(f"/activities/{only}/answers", who=number[visitor], willing="yes")
    run_job(activity_job.run, club.books, date(2026, 11, 22))
    invited = {row["member"] for row in told(club.books, template="activity_invitation") if only in row["topic"]}
    assert invited == {visitor}


@pytest.mark.proves("S95", "R159")
def test_a_rule_is_proposed_by_one_passed_by_another_and_holds_from_its_day(club: Club) -> None:
    clerk = club.staff(Role.OPERATIONS, login="wang.wu")
    boss = club.staff(Role.GENERAL_MANAGER, login="the.boss")
    rule = "/rules/joining.minimum_age"
    clerk.do(f"{rule}/proposals", 422, value="old", effective_on="2026-12-01", why="x")
    asked = {"value": 16, "effective_on": "2026-12-01", "why": "青少年班"}
    proposal = clerk.do(f"{rule}/proposals", **asked)["id"]
    assert clerk.see(rule)["amendments"] == []
    clerk.do(f"/rule-proposals/{proposal}/pass", 403, decided_by="理事会", why="同意")
    page = signed_in(club.app, club.database, boss.staff).get(f"/rule-proposals/{proposal}").text
    assert "青少年班" in page
    assert f"/do/pass_rule/{proposal}" in page
    boss.do(f"/rule-proposals/{proposal}/pass", decided_by="理事会十一月会议", why="同意")
    boss.do(f"/rule-proposals/{proposal}/pass", 409, decided_by="理事会十一月会议", why="再次")
    assert clerk.see(rule)["value"] == 18
    [amendment] = clerk.see(rule)["amendments"]
    assert (amendment["value"], amendment["decided_by"]) == (16, "理事会十一月会议")
    set_day(club.clock, FIRST)
    assert clerk.see(rule)["value"] == 16
    other = clerk.do(f"{rule}/proposals", **asked | {"value": 14, "effective_on": "2026-12-05"})["id"]
    assert boss.do(f"/rule-proposals/{other}/drop", why="未通过")["state"] == "dropped"
    assert [each["state"] for each in boss.see("/rule-proposals")["items"]] == ["dropped", "passed"]


@pytest.mark.proves("S95", "R159")
def test_nobody_passes_the_rule_that_he_proposed(club: Club) -> None:
    both = club.staff(Role.OPERATIONS, Role.GENERAL_MANAGER, login="both")
    asked = {"value": 16, "effective_on": "2026-12-01", "why": "青少年班"}
    proposal = both.do("/rules/joining.minimum_age/proposals", **asked)["id"]
    refused = both.do(f"/rule-proposals/{proposal}/pass", 409, decided_by="理事会", why="同意")
    assert refused["reason"] == "own_request"


@pytest.mark.proves("S93", "S94")
def test_each_site_shows_its_devices_members_and_staff(club: Club) -> None:
    member = club.join(1)
    do(club.books, change_file, member, {"home_site": "island"})
    club.boxes.enter(club.boxes.at_demo, moment(date(2026, 11, 22), 16), 1)
    club.boxes.send()
    admin = club.staff(Role.ADMIN, login="the.admin")
    opened = admin.do("/staff", login="lin.xi", name="林夕", roles=["desk"], site="island")["id"]
    assert admin.do("/staff", 422, login="lin.er", name="林二", roles=["desk"], site="moon")
    boss = club.staff(Role.GENERAL_MANAGER, login="the.boss")
    demo, island = boss.see("/sites")["items"]
    assert [each["id"] for each in (demo, island)] == ["demo", "island"]
    assert (demo["members"], island["members"]) == (0, 1)
    assert (demo["access_points"], island["access_points"]) == (["entrance"], [])
    assert [each["name"] for each in island["devices"]] == ["island-1"]
    assert (demo["staff"], island["staff"]) == ([], [opened])
    browser = signed_in(club.app, club.database, boss.staff)
    assert re.search(r"林夕.*?前台", browser.get("/sites/island").text, re.S)
    admin.do(f"/staff/{opened}/name", name="林夕", site="demo", why="调动")
    assert boss.see("/sites/demo")["staff"] == [opened]


@pytest.mark.proves("S08", "S28")
def test_records_are_tied_to_a_case_that_the_desk_reported_in_words(club: Club) -> None:
    member = club.join(1)
    seq = club.boxes.enter(club.boxes.at_demo, moment(date(2026, 11, 22), 16), 1)
    club.boxes.send(club.boxes.at_demo)
    desk: Program = club.staff(Role.DESK, login="the.desk")
    clerk = club.staff(Role.MEMBERSHIP, login="li.na")
    number = club.number_of(member)
    case = desk.do("/cases", kind="conduct", text="和前台争吵", about=number)["id"]
    assert clerk.see(f"/cases/{case}")["records"] == []
    place = f"{club.boxes.at_demo.id}:{seq}"
    clerk.do(f"/cases/{case}/records", 422, evidence=[f"{club.boxes.at_demo.id}:999"])
    clerk.do(f"/cases/{case}/records", evidence=[place])
    assert [each["record"]["seq"] for each in clerk.see(f"/cases/{case}")["records"]] == [seq]
    breach = clerk.do(f"/cases/{case}/violation", misconduct="venue_rules", on="2026-11-22", why="属实")
    assert breach["evidence"] == [{"journal": club.boxes.at_demo.id, "seq": seq}]
