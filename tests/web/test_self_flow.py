"""A member at the kiosk, as stories through Flask's client: what is shown, for how long, and to whom."""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from kiosk.core.identifiers import Assurance, credential_of
from kiosk.core.self_service import MemberView, MoneyView, Subject, TopUpView
from kiosk.core.texts import Language, say
from kiosk.readers.reader import CardRead
from kiosk.web import words
from kiosk.web.qr import CODE_MAX, code_svg
from kiosk.web.self_roster import KioskRoster, LineWatch
from tests.builders import CREDENTIAL, HASH_KEY, IDENTIFIER
from tests.web.fake_central import make_view
from tests.web.kiosks import OTHER, Kiosk

LANGUAGES = list(Language)


@pytest.fixture
def kiosk(tmp_path: Path) -> Iterator[Kiosk]:
    """A kiosk that waits for a card."""
    found = Kiosk(tmp_path)
    yield found
    found.close()


@pytest.mark.proves("S75", "R137")
def test_the_attract_screen_tells_hours_and_notices_and_the_line_and_nobodys_data(kiosk: Kiosk) -> None:
    shown = kiosk.open()
    assert (shown.status, shown.screen) == (200, "attract")
    for text in (
        "放卡",
        "Place card",
        "周一–周五",
        "06:30–22:30",
        "周六–周日",
        "本周六会员日",
        "联网",
        "021-5555 0100",
    ):
        assert text in shown.html
    assert re.search(r'class="today"><dt>周六–周日', shown.html)
    assert "Opening hours" in kiosk.press("language", "").html
    assert kiosk.central.asked == []


def test_a_card_shows_its_member_masked_with_tier_standing_and_validity(kiosk: Kiosk) -> None:
    shown = kiosk.tap()
    for text in ("张*，您好", "0042", "金卡会员", "正常", "2027-06-30", "有应付款", "看看原因"):
        assert text in shown.html
    assert "1,234.50" not in shown.html
    assert [asked.credential for asked in kiosk.central.questions(Subject.VIEW)] == [CREDENTIAL]
    kiosk.press("balance")
    assert len(kiosk.central.questions(Subject.VIEW)) == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_screen_of_a_member_can_be_drawn_and_says_what_central_told(kiosk: Kiosk, language: Language) -> None:
    kiosk.tap()
    if language is Language.EN:
        assert "Hello, 张*" in kiosk.press("language").html
    told = {
        "balance": ["¥1,234.50", "¥1,000.00", "¥234.50", "−¥38.00", "+¥500.00", "+380"],
        "dues": ["¥300.00", "¥600.00", "¥1,400.00", "2027-12-31"],
        "points": ["1,280", "2026-12-31", "4,410"],
        "coupons": [("饮品八折", "20% off drinks"), "7", "2027-01-31"],
        "activities": [("晨间瑜伽", "Morning yoga"), "11-22 17:01–18:31"],
        "tier": [("白金会员", "Platinum"), "4,410 / 6,000", "1,590", "¥12,600 / ¥20,000"],
        "data": ["138****5678", "1986-**-**"],
        "why": [("有一笔费用逾期未付", "A fee is overdue")],
        "top_up": ["¥500", "¥50", "¥10", "¥1,000"],
    }
    for go, texts in told.items():
        shown = kiosk.press(go)
        assert (shown.status, shown.screen) == (200, go)
        assert f'data-lang="{"en" if language is Language.EN else "zh-CN"}"' in shown.html
        for text in texts:
            wanted = text if isinstance(text, str) else text[language is Language.EN]
            assert wanted in shown.html, (go, wanted)
        assert say(words.ALL, "finish", language) in shown.html
    assert "style=" not in shown.html


def test_an_unknown_card_and_a_gift_card_are_told_what_to_do(kiosk: Kiosk) -> None:
    shown = kiosk.tap(OTHER)
    assert shown.screen == "unknown"
    assert "没有找到这张卡" in shown.html
    assert {"join", "feedback", "finish"} <= set(re.findall(r'data-go="(\w+)"', shown.html))


def test_what_cannot_be_done_says_why(kiosk: Kiosk) -> None:
    kiosk.central.views[CREDENTIAL] = make_view(
        top_up=TopUpView(off="over_cap"), due=(), ahead=(), activities=(), refusals=(), next_tier=None
    )
    shown = kiosk.tap()
    for text in ("已到储值上限", "没有应付款", "近日没有活动", "近日没有被拒", "已是最高等级"):
        assert text in shown.html
    for go in ("top_up", "dues", "activities", "why", "tier"):
        assert f'data-go="{go}"' not in shown.html
    assert kiosk.press("top_up").status == 422
    kiosk.central.views[CREDENTIAL] = make_view(top_up=TopUpView(off="some_new_reason"))
    kiosk.press("finish")
    assert "暂时不能办理，请到前台" in kiosk.tap().html


def test_without_a_line_a_card_shows_what_the_box_knows_and_everything_else_is_off_with_its_reason(
    kiosk: Kiosk,
) -> None:
    kiosk.central.line = False
    shown = kiosk.tap()
    assert shown.screen == "home_offline"
    assert shown.html.count("现在离线，暂时不能办理") == 12
    assert "入场照常" in shown.html
    assert "离线" in shown.html
    assert not re.search(r'data-go="(top_up|balance|dues|points)"', shown.html)
    kiosk.central.line = True
    kiosk.clock.advance(3)
    assert kiosk.press("home").screen == "home"


def test_another_card_ends_the_first_session_at_once(kiosk: Kiosk) -> None:
    kiosk.tap()
    first = kiosk.session
    kiosk.central.views |= {credential_of(OTHER, HASH_KEY): MemberView(True, "李*", money=MoneyView(700))}
    assert "李*" in kiosk.tap(OTHER).html
    late = kiosk.press("balance", first)
    assert (late.status, late.screen) == (410, "attract")
    assert "1,234.50" not in late.html
    assert "¥7.00" in kiosk.press("balance").html


def test_who_comes_next_is_spoken_to_in_the_language_of_the_box(kiosk: Kiosk) -> None:
    for next_one in (lambda: kiosk.tap(OTHER), lambda: kiosk.press("join", "")):
        kiosk.tap()
        assert 'data-lang="en"' in kiosk.press("language").html
        assert 'data-lang="zh-CN"' in next_one().html


def test_a_press_waits_for_the_one_before_it(kiosk: Kiosk) -> None:
    kiosk.tap()
    session = kiosk.parts.kiosk.now(kiosk.session)
    assert session is not None
    one_at_a_time: list[bool] = []
    kiosk.central.on_asked = lambda: one_at_a_time.append(session.doing.locked())
    assert kiosk.press("redeem", reward="towel").status == 200
    assert one_at_a_time == [True]
    assert not session.doing.locked()


def test_an_answer_for_the_first_card_that_comes_after_the_second_is_shown_to_nobody(kiosk: Kiosk) -> None:
    kiosk.open()
    kiosk.press("attract")
    kiosk.parts.reader.take(card(IDENTIFIER))
    first = kiosk.parts.kiosk.standing()

    def another_comes() -> None:
        kiosk.parts.reader.take(card(OTHER))

    kiosk.central.on_asked = another_comes
    shown = kiosk.press("home", first)
    assert (shown.status, shown.screen) == (410, "attract")
    assert "张" not in shown.html


def test_the_same_card_again_goes_on_with_the_same_session(kiosk: Kiosk) -> None:
    kiosk.tap()
    session = kiosk.session
    kiosk.press("balance")
    kiosk.press("home")
    kiosk.central.views[CREDENTIAL] = make_view(name="章*")
    assert "章*" in kiosk.tap().html
    assert kiosk.session == session
    assert len(kiosk.central.questions(Subject.VIEW)) == 2


def test_a_card_that_is_lifted_is_told_and_one_in_a_holder_ends_the_session(tmp_path: Path, kiosk: Kiosk) -> None:
    assert "卡已拿开</span>" in kiosk.tap(stays=False).html
    assert kiosk.press("balance").status == 200
    holder = Kiosk(tmp_path / "holder", card_stays=True)
    holder.tap()
    session = holder.session
    holder.tap(stays=False)
    assert holder.press("balance", session).status == 410
    holder.close()


def test_a_second_page_is_told_that_the_kiosk_is_in_use_and_gets_it_when_it_is_free(kiosk: Kiosk) -> None:
    kiosk.tap()
    first, session = kiosk.page, kiosk.session
    kiosk.open()
    second = kiosk.page
    shown = kiosk.press("attract", "")
    assert (shown.status, shown.screen) == (409, "elsewhere")
    assert kiosk.press("balance", session, second).status == 409
    assert kiosk.press("balance", session, first).status == 200
    kiosk.client.post("/self/leave", json={"page": first, "go": "leave"})
    assert kiosk.press("attract", "", second).screen == "attract"
    assert kiosk.press("balance", session, first).status == 409


def test_a_reload_or_the_way_back_shows_the_attract_screen_and_ends_the_session(kiosk: Kiosk) -> None:
    kiosk.tap()
    session = kiosk.session
    response = kiosk.client.get("/self")
    assert response.headers["Cache-Control"] == "no-store"
    assert 'data-screen="attract"' in response.text
    assert "张" not in response.text
    kiosk.client.post("/self/leave", json={"page": kiosk.page, "go": "leave"})
    kiosk.open()
    assert kiosk.press("balance", session).status == 410


def test_a_session_ends_by_itself_and_can_be_kept_up_more_than_ten_times(kiosk: Kiosk) -> None:
    shown = kiosk.tap()
    assert (shown.data("idle-s"), shown.data("warning-s"), shown.data("ends-s")) == ("45", "20", "0")
    assert kiosk.press("balance").data("idle-s") == "20"
    for _ in range(12):
        kiosk.clock.advance(39)
        assert kiosk.press("stay").status == 204
    kiosk.clock.advance(20 + 20 + 16)
    shown = kiosk.press("points")
    assert (shown.status, shown.screen) == (410, "attract")
    assert kiosk.parts.kiosk.standing() == ""


def test_finishing_leaves_nothing_and_the_next_page_speaks_the_box_language(kiosk: Kiosk) -> None:
    kiosk.tap()
    session = kiosk.session
    assert "Finish" in kiosk.press("language").html
    shown = kiosk.press("finish")
    assert shown.screen == "attract"
    assert "放卡" in shown.html
    assert 'data-lang="zh-CN"' in shown.html
    assert "张" not in shown.html
    assert kiosk.press("home", session).status == 410


def test_the_other_language_draws_again_and_does_nothing_again(kiosk: Kiosk) -> None:
    kiosk.tap()
    done = kiosk.choose(kiosk.choose(kiosk.press("points"), "reward"), "redeem")
    assert "兑换成功" in done.html
    assert "It is yours" in kiosk.press("language").html
    assert len(kiosk.central.questions(Subject.REDEEM)) == 1


def test_a_gift_is_taken_once_and_its_number_told(kiosk: Kiosk) -> None:
    kiosk.tap()
    asked = kiosk.choose(kiosk.press("points"), "reward")
    assert "300" in asked.html
    done = kiosk.choose(asked, "redeem")
    assert "A1B2-C3D4" in done.html
    assert done.data("ends-s") == "8"
    (wish,) = kiosk.central.questions(Subject.REDEEM)
    assert (wish.reward, wish.credential) == ("towel", CREDENTIAL)
    assert kiosk.press("redeem", reward="bottle").status == 422
    assert len(kiosk.central.questions(Subject.VIEW)) == 2
    kiosk.press("redeem", reward="towel")
    assert len({each.id for each in kiosk.central.questions(Subject.REDEEM)}) == 2


@pytest.mark.parametrize(
    ("subject", "go", "values"),
    [
        (Subject.REDEEM, "redeem", {"reward": "towel"}),
        (Subject.SIGN_IN, "sign_in", {"activity": "yoga"}),
        (Subject.CONFIRM, "confirm", {"right": "yes"}),
    ],
)
def test_a_wish_whose_answer_is_lost_is_asked_again_under_the_same_id(
    kiosk: Kiosk, subject: Subject, go: str, values: dict[str, str]
) -> None:
    kiosk.tap()
    kiosk.central.deaf = {subject}
    doubt = kiosk.press(go, **values)
    assert "(E41)" in doubt.html
    assert "不会重复办理" in doubt.html
    assert doubt.data("ends-s") == "0"
    kiosk.central.deaf = set()
    assert kiosk.choose(doubt, go).html.count("icon-granted")
    first, second = kiosk.central.questions(subject)
    assert first == second
    assert len(kiosk.central.done) == 1


def test_what_central_refuses_is_told_in_words_with_a_code(kiosk: Kiosk) -> None:
    kiosk.tap()
    kiosk.central.refused_wishes = {Subject.SIGN_IN: "full", Subject.CONFIRM: "never_heard_of"}
    shown = kiosk.choose(kiosk.press("activities"), "sign_in")
    assert "名额已满" in shown.html
    assert "(E40)" in shown.html
    assert "请到前台" in kiosk.press("confirm", right="no").html
    (said,) = kiosk.central.questions(Subject.CONFIRM)
    assert said.right is False


def test_a_refused_member_reads_why_and_can_complain_about_that_very_refusal(kiosk: Kiosk) -> None:
    kiosk.tap()
    shown = kiosk.press("why")
    assert "有一笔费用逾期未付" in shown.html
    assert 'data-go="dues"' in shown.html
    words_screen = kiosk.choose(shown, "feedback")
    assert words_screen.screen == "words"
    done = kiosk.press("leave", words="我交过了", call_back="yes")
    assert "A1B2-C3D4" in done.html
    (said,) = kiosk.central.questions(Subject.FEEDBACK)
    assert (said.about, said.matter, said.words) == ("ab" * 16 + ":17", "entry", "我交过了")
    assert said.call_back
    assert kiosk.press("feedback", about="cd" * 16 + ":1").status == 422


def test_a_card_that_cannot_be_read_disturbs_nobody(kiosk: Kiosk) -> None:
    kiosk.tap()
    kiosk.bad_tap()
    assert kiosk.press("balance").status == 200


def test_a_blind_reader_is_told_on_the_attract_screen(kiosk: Kiosk) -> None:
    kiosk.open()
    kiosk.parts.kiosk.reader(up=False)
    assert "读卡器暂时不可用" in kiosk.press("attract").html


def test_the_line_says_since_when_and_how_old_the_data_is(kiosk: Kiosk) -> None:
    roster = KioskRoster(kiosk.box, kiosk.clock)
    line = LineWatch(kiosk.box, kiosk.clock, roster.data_at)
    assert (line().online, line().data_at) == (True, kiosk.clock.now())
    kiosk.central.close()
    kiosk.clock.advance(720)
    assert line().online is False
    since = line().since
    kiosk.clock.advance(720)
    assert line().since == since
    assert "离线" in kiosk.open().html


def test_opening_hours_name_the_days_that_are_alike_together(kiosk: Kiosk) -> None:
    spans = KioskRoster(kiosk.box, kiosk.clock).hours("opening", date(2026, 11, 22))
    assert [each.days for each in spans] == ["12345", "67"]
    assert KioskRoster(kiosk.box, kiosk.clock).hours("nothing", date(2026, 11, 22)) == ()


def test_a_code_is_drawn_without_style_and_has_a_limit() -> None:
    drawn = code_svg("weixin://wxpay/bizpayurl?pr=abc")
    assert drawn.startswith("<svg")
    assert "style=" not in drawn
    with pytest.raises(ValueError, match="holds"):
        code_svg("x" * (CODE_MAX + 1))


def card(identifier: str) -> CardRead:
    return CardRead("kiosk", identifier, Assurance.UID)
