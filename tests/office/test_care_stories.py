"""The streams at work, from the office's form or act to the books: care, complaints, devices, risks, voices, owners."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from kiosk.central.care import segments, task_job, usage
from kiosk.central.care.help_calls import call_for_help
from kiosk.central.care.own_data import erase_care, own_data
from kiosk.central.care.surveys import answer_survey
from kiosk.central.care.votes import cast_vote
from kiosk.central.club.files import change_file
from kiosk.central.club.rules import Wish, amend
from kiosk.central.roster import bodies_of
from kiosk.club.roles import Role
from kiosk.club.votes import ABSTAIN
from tests.central.club.builders import told
from tests.central.club.builders_activities import moment
from tests.central.club.builders_people import do, set_day
from tests.central.club.builders_points import run_job
from tests.office.accounts import signed_in
from tests.office.conftest import form_key
from tests.office.story import Club, open_story

TODAY = date(2026, 11, 22)
DAY = timedelta(days=1)


@pytest.fixture
def club(tmp_path: Path) -> Iterator[Club]:
    """A club with an office and two gates."""
    with open_story(tmp_path) as opened:
        yield opened


def night(club: Club, day: date) -> None:
    """Let the classes and the tasks of a night be made."""
    set_day(club.clock, day, 3)
    run_job(segments.run, club.books, day)
    run_job(task_job.run, club.books, day)


@pytest.mark.proves("S65", "S67", "S69", "S70", "R104", "R108")
def test_who_stays_away_three_months_is_called_by_the_desk_and_the_reason_is_kept(club: Club) -> None:
    member = club.join(1)
    club.boxes.enter(club.boxes.at_demo, moment(TODAY, 10), 1)
    club.boxes.send(club.boxes.at_demo)
    desk = club.staff(Role.DESK, login="the.desk")
    night(club, date(2027, 2, 23))
    [task] = [each for each in desk.see("/care/tasks")["items"] if each["kind"] == "no_visit"]
    assert (task["member"], task["state"]) == (member, "open")
    seen = desk.see(f"/care/members/{member}")
    assert seen["segment"]["member_class"] == "dormant"
    browser = signed_in(club.app, club.database, desk.staff)
    person = browser.get(f"/people/{member}").text
    assert "休眠会员" in person
    assert f"/care/members/{member}" in person
    form = f"/do/finish_task/{task['key']}"
    said = {"way": "phone", "outcome": "reached", "form_key": form_key(browser, form), "once": "1"}
    assert "请填写会员不来的原因" in browser.post(form, data=said).text
    said |= {"reason": "busy", "words": "年底出差", "once": "2"}
    assert browser.post(form, data=said).status_code == 302
    seen = desk.see(f"/care/members/{member}")
    assert [each["state"] for each in seen["tasks"] if each["kind"] == "no_visit"] == ["done"]
    assert seen["talks"][0]["talk"]["words"] == "年底出差"
    assert seen["lapses"][0]["reason"] == "busy"
    lapse = seen["lapses"][0]["id"]
    assert desk.do(f"/lapses/{lapse}/win-back", why="邀请新年品茶会")["state"] == "win_back_planned"
    assert "年底出差" in browser.get(f"/care/members/{member}").text
    club.staff(Role.IT, login="the.it").see("/care/tasks", 403)


@pytest.mark.proves("S67", "R111")
def test_a_task_is_planned_given_away_and_dropped(club: Club) -> None:
    club.join(1)
    desk, other = club.staff(Role.DESK, login="the.desk"), club.staff(Role.MEMBERSHIP, login="li.na")
    night(club, TODAY + DAY)
    [task] = [each for each in desk.see("/care/tasks")["items"] if each["kind"] == "new_list"]
    path = f"/care/tasks/{task['key']}"
    assert desk.do(f"{path}/plan", at="2026-11-24T10:00:00+08:00", way="phone")["state"] == "planned"
    assert desk.do(f"{path}/give", staff=other.staff)["owner"] == other.staff
    page = signed_in(club.app, club.database, other.staff).get("/care?part=mine").text
    assert "上周新会员名单" in page
    assert "M" in signed_in(club.app, club.database, other.staff).get(f"/care/{task['key']}").text
    assert other.do(f"{path}/drop", why="已另行核对")["state"] == "dropped"
    assert other.do(f"{path}/drop", 409, why="再次")["status"] == 409


@pytest.mark.proves("S88", "R125", "R126", "R127", "R128", "R161")
def test_a_complaint_about_a_refused_tap_goes_to_the_owner_and_through_six_steps(club: Club) -> None:
    member = club.join(1)
    desk, owner = club.staff(Role.DESK, login="the.desk"), club.staff(Role.MEMBERSHIP, login="li.na")
    do(club.books, change_file, member, {"owner_staff": owner.staff})
    seq = club.boxes.again(club.boxes.at_demo, moment(TODAY, 10), 1)
    club.boxes.send(club.boxes.at_demo)
    browser = signed_in(club.app, club.database, desk.staff)
    form, place = f"/do/member_complaint/{member}", f"{club.boxes.at_demo.id}:{seq}"
    assert f'value="{place}"' in browser.get(form).text
    said = {"channel": "on_site", "words": "会员日却进不了门", "evidence": [place], "right": "yes", "once": "1"}
    answer = browser.post(form, data=said | {"form_key": form_key(browser, form)})
    assert answer.status_code == 302
    [found] = desk.see("/complaints")["items"]
    assert (found["assigned_to"], found["priority"], found["channel"]) == (owner.staff, "fast", "on_site")
    path = f"/complaints/{found['id']}"
    [record] = owner.see(path)["records"]
    assert (record["journal"], record["record"]["seq"]) == (club.boxes.at_demo.id, seq)
    assert owner.do(f"{path}/close", 409)["status"] == 409
    assert owner.do(f"{path}/sort", matter="right", place="北门")["state"] == "sorted"
    for step, state in (
        ("investigate", "investigated"), ("plan", "planned"), ("carry-out", "carried_out"), ("follow-up", "followed_up")
    ):  # fmt: skip
        assert owner.do(f"{path}/{step}", words="已办")["state"] == state
    refused = owner.do(f"{path}/close", 409, explanation="规则未更新", improvement="已修正")
    assert refused["reason"] == "not_asked"
    result = {"explanation": "规则未更新", "improvement": "已修正", "asked_satisfaction": True, "satisfaction": 5}
    assert owner.do(f"{path}/close", **result)["state"] == "closed"
    assert told(club.books, member=member, template="complaint_closed")
    page = browser.get(path).text
    assert "规则未更新" in page
    assert "已结束" in page


@pytest.mark.proves("R125", "R129")
def test_what_comes_up_often_at_one_place_shows_over_the_complaints(club: Club) -> None:
    desk = club.staff(Role.DESK, login="the.desk")
    for channel in ("online", "phone", "mailbox"):
        found = desk.do("/complaints", channel=channel, words="更衣室太冷")
        desk.do(f"/complaints/{found['id']}/sort", matter="facility", place="更衣室")
    page = signed_in(club.app, club.database, desk.staff).get("/complaints").text
    assert re.search(r"更衣室</td>\s*<td[^>]*>3<", page)


@pytest.mark.proves("S92", "R138", "R139", "R140", "R141", "R142", "R143")
def test_a_device_is_accepted_upkept_and_mended_by_the_clock_and_the_shift_names_its_fault(club: Club) -> None:
    one, other = club.staff(Role.OPERATIONS, login="wang.wu"), club.staff(Role.OPERATIONS, login="zhao.liu")
    browser = signed_in(club.app, club.database, one.staff)
    form = "/do/accept_device"
    said = {"device": "demo-gate", "accepted_on": "2026-11-01", "contract_part": "50", "once": "1"}
    names = re.findall(r'<option value="([^"]+)"', browser.get(form).text)
    said["device"] = names[0]
    assert browser.post(form, data=said | {"form_key": form_key(browser, form)}).status_code == 302
    device = names[0]
    [known] = one.see("/fleet")["items"]
    assert (known["service"]["device"], known["phase"]) == (device, "guarantee")
    fault = one.do("/faults", device=device, what="读卡器不亮")["id"]
    one.do(f"/faults/{fault}/grade", grade="critical")
    [seen] = one.see("/faults")["items"]
    assert seen["clock"]["answer_by"][:16] < seen["clock"]["mend_by"][:16]
    checks = ["clean", "door", "exit_button", "fire_input", "power_backup", "clock", "space", "version"]
    refused = one.do(f"/fleet/{device}/upkeep", 409, good=checks, bad=["reader"])
    assert refused["reason"] == "fault_missing"
    one.do(f"/fleet/{device}/upkeep", good=checks, bad=["reader"], faults=[fault])
    assert one.see("/fleet")["items"][0]["upkeep"]["state"] == "done"
    shift = {"place": "前台", "given_by": one.staff, "signed": True}
    assert other.do("/shifts", 409, **shift, faults=[fault])["reason"] == "not_trained"
    for paper in ("procedures", "boundary", "hand_over"):
        one.do("/operators/papers", paper=paper, version="2026-1")
        other.do("/operators/papers/signatures", paper=paper)
    assert other.do("/shifts", 409, **shift)["reason"] == "faults_not_named"
    other.do("/shifts", **shift, faults=[fault], words="等零件")
    assert "等零件" in browser.get("/shifts").text
    one.do(f"/faults/{fault}/arrive")
    mended = one.do(f"/faults/{fault}/mend", words="换了主板", quality=True, exclusions=["lightning_or_power"])
    assert (mended["state"], mended["payment"]) == ("repaired", "at_cost")
    one.do(f"/faults/{fault}/archive")
    archive = browser.get("/faults?part=archive&as=csv").text
    assert "读卡器不亮" in archive
    assert "按成本" in archive
    club.staff(Role.DESK, login="the.desk").do("/faults", 403, device=device, what="x")


@pytest.mark.proves("S91", "R133", "R135", "R136")
def test_a_drill_is_held_against_who_is_inside_by_the_plan_and_mends_it(club: Club) -> None:
    club.join(1)
    club.boxes.enter(club.boxes.at_demo, moment(TODAY, 16), 1)
    club.boxes.send(club.boxes.at_demo)
    boss, clerk = club.staff(Role.GENERAL_MANAGER, login="the.boss"), club.staff(Role.OPERATIONS, login="wang.wu")
    set_day(club.clock, TODAY, 17)
    parts = {"organisation": "值班经理", "communication": "对讲机", "on_site": "疏散到北门"}
    assert boss.do("/emergency-plan", 409, **parts)["reason"] == "plan_incomplete"
    assert boss.do("/emergency-plan", **parts, medical="前台急救箱")["version"] == 1
    drill = clerk.do("/drills", site="demo", on="2026-11-22")["id"]
    [inside] = clerk.see("/muster/demo")["inside"]
    page = signed_in(club.app, club.database, clerk.staff).get("/muster/demo").text
    assert club.number_of(inside["member"]) in page
    assert clerk.do(f"/drills/{drill}/start")["listed"] == [inside["credential"]]
    held = clerk.do(f"/drills/{drill}/end", members=1, staff=2, cleared=True)
    assert held["report"]["findings"] == ["missing"]
    assert clerk.do(f"/drills/{drill}/assess", words="一人未到集合点")["state"] == "assessed"
    assert clerk.do(f"/drills/{drill}/improve", 409)["reason"] == "no_mending"
    assert clerk.do(f"/drills/{drill}/improve", words="加设指示牌")["state"] == "improved"
    clerk.do("/emergency-plan", 403, **parts, medical="x")
    boss.do("/risks/reviews", risk="injury", words="已复查")
    assert "该复查的风险" not in signed_in(club.app, club.database, boss.staff).get("/risks").text
    set_day(club.clock, date(2027, 3, 1))
    assert "该复查的风险" in signed_in(club.app, club.database, boss.staff).get("/risks").text


@pytest.mark.proves("S71", "R130", "R131", "R156")
def test_an_owner_changes_in_four_steps_and_a_leaver_hands_over_first(club: Club) -> None:
    member = club.join(1)
    old, new = club.staff(Role.DESK, login="the.old"), club.staff(Role.DESK, login="the.new")
    store = club.staff(Role.MEMBERSHIP, login="the.store")
    boss = club.staff(Role.GENERAL_MANAGER, login="the.boss")
    do(club.books, change_file, member, {"owner_staff": old.staff})
    asked = f"/care/members/{member}/owner-changes"
    assert old.do(asked, 409, owner_to=new.staff)["reason"] == "no_paper"
    path = f"/owner-changes/{old.do(asked, owner_to=new.staff, paper='A-7')['id']}"
    old.do(f"{path}/agree-store", 403)
    store.do(f"{path}/agree-store")
    assert store.do(f"{path}/agree", 409)["reason"] == "has_agreed_already"
    boss.do(f"{path}/agree")
    boss.do(f"{path}/change")
    assert new.do(f"{path}/file")["change"]["state"] == "filed"
    assert old.see(f"/people/{member}")["file"]["owner_staff"] == new.staff
    admin = signed_in(club.app, club.database, club.staff(Role.ADMIN, login="the.admin").staff)
    form = f"/do/close_staff/{new.staff}"
    said = {"why": "离职", "form_key": form_key(admin, "/account")}
    assert "名下会员还没有交接" in admin.post(form, data=said | {"once": "1"}).text
    assert boss.do("/owner-changes/hand-over", leaver=new.staff, owner_to=old.staff) == {"left": 0}
    assert admin.post(form, data=said | {"once": "2"}).status_code == 302


@pytest.mark.proves("S86", "S87", "R117")
def test_a_questionnaire_shows_no_few_answers_and_feedback_is_answered(club: Club) -> None:
    members = [club.join(number) for number in range(1, 6)]
    office = club.staff(Role.MEMBERSHIP, login="li.na")
    wish = {"kind": "year_end", "title": "年末问卷", "grades": ["服务"], "choices": ["再来吗 | 来 | 不来"]}
    survey = office.do("/surveys", **wish)["id"]
    assert office.do("/surveys", 409, **wish)["reason"] == "year_has_one"
    office.do(f"/surveys/{survey}/open")
    for n, member in enumerate(members):
        assert office.see(f"/surveys/{survey}")["outcomes"][0]["mean_hundredths"] is None, n
        do(club.books, answer_survey, survey, member, {"服务": "5", "再来吗": "来"})
    assert office.see(f"/surveys/{survey}")["outcomes"][0]["mean_hundredths"] == 500
    office.do(f"/surveys/{survey}/close")
    found = office.do("/feedback", channel="mailbox", words="多放几把椅子", about=club.number_of(members[0]))["id"]
    office.do(f"/feedback/{found}/look")
    office.do(f"/feedback/{found}/answer", answer="下周添置")
    assert told(club.books, member=members[0], template="feedback_answered")


@pytest.mark.proves("S86")
def test_a_questionnaire_is_made_and_read_in_both_languages(club: Club) -> None:
    members = [club.join(number) for number in range(1, 6)]
    office = club.staff(Role.MEMBERSHIP, login="li.na")
    browser = signed_in(club.app, club.database, office.staff)
    wish = {
        "kind": "general", "title": "满意度", "title_en": "How do you like it?", "grades": ["环境", "服务"],
        "words": ["建议"], "choices": ["再来吗 | 来 | 不来"], "choices_en": ["Again? | Yes | No"],
    }  # fmt: skip
    for half in ({"grades_en": ["Premises"]}, {"words_en": ["Hints", "More"]}, {"choices_en": ["Again? | Yes"]}):
        assert "in English" in office.do("/surveys", 422, **wish | half)["detail"]
    form = browser.get("/do/make_survey").text
    typed = {name: "\n".join(value) if isinstance(value, list) else value for name, value in wish.items()}
    said = {"form_key": form_key(browser, "/account"), "once": "1"}
    assert (
        "英文要么全填，要么不填" in browser.post("/do/make_survey", data=typed | said | {"grades_en": "Premises"}).text
    )
    assert "文字题（英文）" in form
    made = browser.post("/do/make_survey", data=typed | said | {"once": "2", "grades_en": "Premises\nService"})
    page = made.location.partition("?")[0]
    survey = page.rpartition("/")[2]
    office.do(f"/surveys/{survey}/open")
    for member in members:
        do(club.books, answer_survey, survey, member, {"服务": "5", "再来吗": "来"})
    assert office.see(f"/surveys/{survey}")["outcomes"][3]["counts"] == {"来": 5}
    for text in ("满意度", "环境", "再来吗", "来 × 5"):
        assert text in browser.get(page).text, text
    shown = browser.get(page + "?lang=en", follow_redirects=True).text
    for text in ("How do you like it?", "Premises", "Again?", "Yes × 5", "建议"):
        assert text in shown, text
    assert "How do you like it?" in browser.get("/surveys").text


@pytest.mark.proves("S85")
def test_a_vote_is_read_in_both_languages_and_its_result_kept_in_chinese(club: Club) -> None:
    member = club.join(1)
    office = club.staff(Role.MEMBERSHIP, login="li.na")
    browser = signed_in(club.app, club.database, office.staff)
    wish = {"title": "秋游去哪里", "choices": ["山", "海"]}
    refused = office.do("/votes", 422, **wish, choices_en=["Hills"])
    assert "1 different choices in English for 2" in refused["detail"]
    vote = office.do("/votes", **wish, title_en="Where to in autumn", choices_en=["Hills", "Sea"])["id"]
    plain = office.do("/votes", title="是否涨价", choices=["是", "否"])["id"]
    office.do(f"/votes/{vote}/open")
    do(club.books, cast_vote, vote, member, "山")
    result = office.do(f"/votes/{vote}/close", entitled=1)["result"]
    assert (result["choice"], result["votes"]) == ("山", {"山": 1, "海": 0, "abstain": 0})
    for language, names in (("zh", ("秋游去哪里", "山", "海", "弃权")),
                            ("en", ("Where to in autumn", "Hills", "Sea", "Abstained"))):  # fmt: skip
        shown = browser.get(f"/votes/{vote}?lang={language}", follow_redirects=True).text
        assert f"<h1>{names[0]}</h1>" in shown
        rows = re.findall(r"<tr><td[^>]*>([^<]+)</td><td[^>]*>(\d)</td></tr>", shown)
        assert dict(rows) == dict(zip(names[1:], "100", strict=True))
        assert f"<dd>{names[1]}</dd>" in shown
    listed = browser.get("/votes").text
    assert ("Hills" in listed, "是否涨价" in listed) == (True, True)
    assert "<h1>是否涨价</h1>" in browser.get(f"/votes/{plain}").text


@pytest.mark.proves("S84", "S85", "R122", "R147")
def test_a_vote_is_counted_by_majority_and_an_award_by_both_sides(club: Club) -> None:
    one, two, three = (club.join(number) for number in (1, 2, 3))
    office = club.staff(Role.MEMBERSHIP, login="li.na")
    vote = office.do("/votes", title="秋游去哪里", choices=["山", "海"])["id"]
    office.do(f"/votes/{vote}/open")
    for member, choice in ((one, "山"), (two, "山"), (three, ABSTAIN)):
        do(club.books, cast_vote, vote, member, choice)
    assert office.see("/votes")["items"][0]["result"] is None
    closed = office.do(f"/votes/{vote}/close", entitled=3)
    assert (closed["result"]["result"], closed["result"]["choice"]) == ("decided", "山")
    numbers = [club.number_of(each) for each in (one, two)]
    wish = {"kind": "loyalty", "by_staff": [f"{numbers[0]} 3"], "by_members": [f"{each} 1" for each in numbers[:2]]}
    assert office.do("/awards", 409, year=2026, **wish)["reason"] == "year_is_not_over"
    places = office.do("/awards", year=2025, **wish)["places"]
    assert [(each["member"], each["place"]) for each in places] == [(one, 1), (two, 2)]
    assert numbers[0] in signed_in(club.app, club.database, office.staff).get("/awards?year=2025").text


@pytest.mark.proves("S38", "S89")
def test_the_use_of_facilities_is_a_map_with_a_chart_and_files(club: Club) -> None:
    club.join(1)
    for hour in (9, 10):
        club.boxes.enter(club.boxes.at_demo, moment(TODAY, hour), 1)
    club.boxes.send(club.boxes.at_demo)
    set_day(club.clock, TODAY + DAY, 3)
    run_job(usage.run, club.books, TODAY + DAY)
    run_job(segments.run, club.books, TODAY + DAY)
    office = club.staff(Role.OPERATIONS, login="wang.wu")
    cells = office.see("/reports/usage?site=demo")["cells"]
    assert [(each["area"], each["hour"], each["passages"]) for each in cells] == [("club", 9, 1), ("club", 10, 1)]
    browser = signed_in(club.app, club.database, office.staff)
    page = browser.get("/reports/usage?site=demo").text
    assert page.count("chart-cell ") >= 2 or page.count('class="chart-cell') >= 2
    assert "club" in browser.get("/reports/usage?site=demo&as=csv").text
    assert browser.get("/reports/usage?site=demo&as=xlsx").data[:2] == b"PK"
    for name in ("classes", "kpis", "churn"):
        shown = browser.get(f"/reports/{name}")
        assert "<svg" in shown.text, name
        assert "2026-11" in browser.get(f"/reports/{name}?as=csv").text, name
    assert office.see("/reports/figures")["classes"]["new"] == 1


@pytest.mark.proves("S82", "R119")
def test_members_are_listed_by_the_four_ways_of_the_file_and_what_the_streams_say(club: Club) -> None:
    one, two, three = club.join(1), club.join(2), club.join(3)
    for member, region, trade in ((one, "north", "纺织"), (two, "north", "餐饮"), (three, "south", "餐饮")):
        do(club.books, change_file, member, {"region": region, "trade": trade, "post": "经理"})
    club.boxes.enter(club.boxes.at_demo, moment(TODAY, 10), 1)
    club.boxes.send(club.boxes.at_demo)
    night(club, TODAY + DAY)
    office = club.staff(Role.MEMBERSHIP, login="li.na")

    def sizes(by: str) -> dict[str, int]:
        return {each["value"]: each["members"] for each in office.see(f"/care/groups?by={by}")["items"]}

    assert sizes("region") == {"north": 2, "south": 1}
    assert sizes("trade") == {"纺织": 1, "餐饮": 2}
    assert (sizes("post"), sizes("unit_type")) == ({"经理": 3}, {"person": 3})
    assert (sizes("class"), sizes("contribution")) == ({"new": 3}, {})
    assert (sizes("visits"), sizes("spend")) == ({"0": 2, "1": 1}, {"0": 3})
    found = office.see("/care/groups?by=region&value=north&limit=1")
    assert ([each["member"] for each in found["members"]], found["next"]) == ([one], club.number_of(one))
    assert {"region:north", "trade:纺织", "class:new", "visits:1", "spend:0"} <= set(found["members"][0]["groups"])
    after = office.see(f"/care/groups?by=region&value=north&after={found['next']}")
    assert [each["member"] for each in after["members"]] == [two]
    browser = signed_in(club.app, club.database, office.staff)
    assert "不到" in browser.get("/member-groups?by=visits").text
    assert "餐饮" in browser.get("/member-groups?by=trade").text
    page = browser.get("/member-groups?by=trade&value=餐饮").text
    assert club.number_of(three) in page
    assert club.number_of(one) not in page
    saved = browser.get("/member-groups?by=trade&value=餐饮&as=csv").data.decode("utf-8-sig")
    assert saved.count("餐饮") == 2
    desk = signed_in(club.app, club.database, club.staff(Role.DESK, login="the.desk").staff)
    assert "as=csv" not in desk.get("/member-groups?by=trade&value=餐饮").text


@pytest.mark.proves("S44")
def test_a_service_is_noted_with_its_time_and_fee_and_forgotten_with_the_member(club: Club) -> None:
    member = club.join(1)
    desk = club.staff(Role.DESK, login="the.desk")
    browser = signed_in(club.app, club.database, desk.staff)
    form = f"/do/note_service/{member}"
    said = {"service": "球拍穿线", "on": str(TODAY), "minutes": "30", "fee": "40.00", "by": desk.staff, "once": "1"}
    assert browser.post(form, data=said | {"form_key": form_key(browser, form)}).status_code == 302
    wish = {"service": "球拍穿线", "minutes": 45, "fee": "60", "by": desk.staff}
    desk.do(f"/care/members/{member}/services", on=str(TODAY), **wish)
    desk.do(f"/care/members/{member}/services", 422, on=str(TODAY + DAY), **wish)
    items = desk.see("/services?limit=1")["items"]
    assert [(each["minutes"], each["fee_minor"], each["by"]) for each in items] == [(45, 6_000, desk.staff)]
    sums = re.findall(r"<td[^>]*>(?:球拍穿线|2|75|¥100\.00)</td>", browser.get("/services").text)
    assert [re.sub("<.*?>", "", each) for each in sums][-4:] == ["球拍穿线", "2", "75", "¥100.00"]
    with club.books.look() as look:
        assert len(own_data(look, member)["service_record"]) == 2
    do(club.books, erase_care, member)
    assert desk.see("/services")["items"] == []


@pytest.mark.proves("R103", "R146")
def test_the_plan_of_a_year_begins_on_1_january_and_has_one_general_meeting(club: Club) -> None:
    office = club.staff(Role.MEMBERSHIP, login="li.na")
    browser = signed_in(club.app, club.database, office.staff)
    assert browser.get("/year-plan").text.count("还没有安排") >= 2
    day = {"code": "new_year", "dates": ["2027-01-01", "2027-12-31"]}
    offer = {"code": "winter", "first": "2026-12-20", "last": "2027-01-10", "percent": 90}
    for rule, value in (("calendar.member_days", [day]), ("promotions.promotions", [offer])):
        do(club.books, amend, [Wish(rule, value, TODAY, "council", "asked")])
    office.do("/activities", title="新年登山", site="demo", starts_at="2027-01-01T09:00:00+08:00")
    office.do("/activities", title="去年的活动", site="demo", starts_at="2026-12-31T09:00:00+08:00")
    office.do("/year-plan/meeting", 422, on=str(TODAY - DAY), place="礼堂")
    office.do("/year-plan/meeting", on="2027-03-01", place="礼堂")
    office.do("/year-plan/meeting", on="2027-03-08", place="礼堂")
    found = office.see("/year-plan?year=2027")
    assert [(each["kind"], each["first"]) for each in found["items"]] == [
        ("activity", "2027-01-01"), ("member_day", "2027-01-01"), ("offer", "2027-01-01"),
        ("meeting", "2027-03-08"), ("member_day", "2027-12-31"),
    ]  # fmt: skip
    page = browser.get("/year-plan?year=2027").text
    assert "新年登山" in page
    assert "去年的活动" not in page
    set_day(club.clock, date(2027, 3, 9))
    refused = club.staff(Role.MEMBERSHIP, login="wang.wu").do("/year-plan/meeting", 409, on="2027-06-01", place="礼堂")
    assert refused["reason"] == "meeting_was_held"


@pytest.mark.proves("S75")
def test_what_the_office_announces_stands_in_the_roster_until_it_is_taken_down(club: Club) -> None:
    staff = club.staff(Role.MEMBERSHIP, login="the.members")
    browser = signed_in(club.app, club.database, staff.staff)
    said = {"zh": "周一闭馆 <检修>", "en": "Closed on Monday", "valid_from": "2026-11-23", "valid_until": "2026-11-22"}
    said |= {"order": "1", "form_key": form_key(browser, "/do/pin_up"), "once": "1"}
    assert "公告的结束日期早于开始日期" in browser.post("/do/pin_up", data=said).text
    done = browser.post("/do/pin_up", data=said | {"valid_until": "2026-11-24", "once": "2"})
    assert done.status_code == 302
    [item] = staff.see("/announcements")["items"]
    assert (item["zh"], item["en"], item["valid_until"]) == (said["zh"], said["en"], "2026-11-24")
    listed = browser.get("/announcements").text
    for text in ("周一闭馆 &lt;检修&gt;", "未开始", "所有场馆"):
        assert text in listed
    with club.database.read() as connection:
        assert len(bodies_of(connection, "announcement")) == 1
    path = f"/announcements/{item['id']}"
    assert staff.do(path, zh="周一闭馆", en="Closed", sites=["demo"])["sites"] == ["demo"]
    staff.do(path, 422, zh="周一闭馆", en="Closed", sites=["nowhere"])
    shown = browser.get(path).text
    assert "显示中" in shown
    assert "公告 · 发布" in shown
    staff.do(f"{path}/take-down")
    assert staff.see("/announcements")["items"] == []
    club.staff(Role.DESK, login="the.desk").do("/announcements", 403, zh="我", en="me")


@pytest.mark.proves("S72", "R137")
def test_a_call_for_help_comes_up_by_itself_and_is_answered_once(club: Club) -> None:
    desk = club.staff(Role.DESK, login="the.desk")
    browser = signed_in(club.app, club.database, desk.staff)
    assert "现在没有人求助" in browser.get("/care/help").text
    do(club.books, lambda change: call_for_help(change, "hall-1", "demo", "call-0001"))
    shown = browser.get("/care/help").text
    for text in ('data-refresh-s="5"', "refresh.js", "hall-1", "等人过去"):
        assert text in shown
    [call] = desk.see("/care/help-calls")["items"]
    form = f"/do/answer_help_call/{call['id']}"
    assert form in shown
    at_desk = browser.get("/desk").text
    assert form in at_desk, "whoever is at the desk sees it too"
    assert "hall-1" in at_desk
    done = browser.post(form, data={"form_key": form_key(browser, form), "once": "1", "why": "读卡器"})
    assert (done.status_code, done.headers["Location"].split("?")[0]) == (302, "/care/help")
    assert "已有人去" in browser.get("/care/help").text
    assert "hall-1" not in browser.get("/desk").text
    desk.do(f"/care/help-calls/{call['id']}/answered", 422)
    desk.do("/care/help-calls/0/answered", 422)
