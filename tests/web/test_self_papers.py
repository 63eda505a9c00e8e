"""Votes and questionnaires at the kiosk, and its bell, as stories through Flask's client."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from kiosk.core.papers import ABSTAIN, PaperKind, PaperQuestion
from kiosk.core.self_service import Both, Subject
from kiosk.web.self_help import APART_NS
from tests.builders import CREDENTIAL
from tests.web.fake_central import make_view
from tests.web.kiosks import Kiosk


@pytest.fixture
def kiosk(tmp_path: Path) -> Iterator[Kiosk]:
    """A kiosk that waits for a card."""
    found = Kiosk(tmp_path)
    yield found
    found.close()


@pytest.mark.proves("S85")
def test_a_member_votes_with_three_taps_and_once(kiosk: Kiosk) -> None:
    assert "等您投票" in kiosk.tap().html
    listed = kiosk.press("votes")
    assert "已投票" in listed.html
    assert [each["paper"] for each in listed.buttons("paper")] == ["sauna"]
    asks = kiosk.choose(listed, "paper")
    assert [each["said"] for each in asks.buttons("pick")] == ["0", "1", ABSTAIN]
    sure = kiosk.choose(asks, "pick", 1)
    assert "选择“反对”？" in sure.html
    assert kiosk.central.questions(Subject.HAND_IN) == []
    done = kiosk.press("hand_in")
    assert "您的一票已计入" in done.html
    assert done.data("ends-s") == "8"
    (said,) = kiosk.central.questions(Subject.HAND_IN)
    assert (said.credential, said.kind, said.paper, said.answers) == (CREDENTIAL, PaperKind.VOTE, "sauna", ("1",))
    assert kiosk.press("hand_in").status == 422
    assert len(kiosk.central.questions(Subject.HAND_IN)) == 1


def test_a_vote_takes_nothing_that_was_not_offered_and_nothing_stays_when_the_member_goes(kiosk: Kiosk) -> None:
    kiosk.tap()
    assert kiosk.press("paper", kind="vote", paper="lamp").status == 422
    assert kiosk.press("paper", kind="survey", paper="sauna").status == 422
    assert kiosk.press("pick", number="0", said="1").status == 422
    for said in ("2", "", "-1", "赞成"):
        kiosk.press("paper", kind="vote", paper="sauna")
        assert kiosk.press("pick", number="0", said=said).status == 422
    assert kiosk.press("pick", number="7", said="1").status == 422
    session = kiosk.session
    kiosk.press("finish")
    assert kiosk.press("hand_in", session).status == 410
    assert kiosk.central.questions(Subject.HAND_IN) == []


@pytest.mark.proves("S85")
def test_a_vote_whose_answer_was_lost_is_told_as_counted_when_it_is_asked_again(kiosk: Kiosk) -> None:
    kiosk.tap()
    kiosk.press("paper", kind="vote", paper="sauna")
    kiosk.press("pick", number="0", said="0")
    kiosk.central.deaf = {Subject.HAND_IN}
    doubt = kiosk.press("hand_in")
    assert "(E41)" in doubt.html
    kiosk.central.deaf = set()
    assert "您的一票已计入" in kiosk.choose(doubt, "hand_in").html
    kiosk.press("paper", kind="vote", paper="sauna")
    kiosk.press("pick", number="0", said="0")
    again = kiosk.press("hand_in")
    assert "您这一票已经计入" in again.html
    assert "(E40)" in again.html


@pytest.mark.proves("S86")
def test_a_questionnaire_is_answered_by_taps_a_question_a_screen_and_what_is_skipped_stays_empty(kiosk: Kiosk) -> None:
    kiosk.tap()
    grade = kiosk.choose(kiosk.press("surveys"), "paper")
    assert [each["said"] for each in grade.buttons("pick")] == ["1", "2", "3", "4", "5", ""]
    choice = kiosk.choose(grade, "pick", 3)
    assert "第 2 / 3 题" in choice.html
    back = kiosk.choose(choice, "question")
    assert 'aria-pressed="true">4<' in back.html
    kiosk.choose(back, "pick", 4)
    words = kiosk.press("pick", number="1", said="")
    assert "maxlength" in words.html
    sure = kiosk.press("pick", number="2", said=" 多放毛巾 ")
    assert "已回答 2 / 3 题" in sure.html
    assert "不记名" in kiosk.press("hand_in").html
    (said,) = kiosk.central.questions(Subject.HAND_IN)
    assert (said.kind, said.paper, said.answers) == (PaperKind.SURVEY, "year", ("5", "", "多放毛巾"))


@pytest.mark.proves("S85")
def test_a_vote_is_asked_in_the_language_of_the_screen_and_handed_in_by_the_place_of_its_choice(kiosk: Kiosk) -> None:
    kiosk.tap()
    kiosk.press("language")
    listed = kiosk.press("votes")
    assert "是否新建桑拿房" in listed.html
    asks = kiosk.choose(listed, "paper")
    for text in ("Shall we build a sauna", ">In favour<", ">Against<", "Abstain"):
        assert text in asks.html
    for text in ("是否新建桑拿房", "赞成", "反对"):
        assert text not in asks.html
    assert "Choose “Against”?" in kiosk.choose(asks, "pick", 1).html
    assert "选择“反对”？" in kiosk.press("language").html
    kiosk.press("hand_in")
    (said,) = kiosk.central.questions(Subject.HAND_IN)
    assert said.answers == ("1",)


@pytest.mark.proves("S86")
def test_what_has_no_english_or_only_half_of_it_is_asked_in_chinese(kiosk: Kiosk) -> None:
    kiosk.tap()
    kiosk.press("language")
    grade = kiosk.press("paper", kind="survey", paper="year")
    assert "How was the year" in grade.html
    assert "Our staff" in grade.html
    assert "服务态度" not in grade.html
    choice = kiosk.press("question", number="1")
    for text in ("最常使用", ">泳池<", ">健身区<"):
        assert text in choice.html
    assert "The pool" not in choice.html


def test_an_older_kiosk_takes_a_paper_with_english_and_a_newer_one_a_paper_without() -> None:
    class Before(msgspec.Struct, frozen=True):
        kind: str
        what: str = ""
        choices: tuple[str, ...] = ()

    told = PaperQuestion("choice", "去处", ("泳池", "健身区"), "Where", ("Pool", "Gym"))
    before = Before("choice", "去处", ("泳池", "健身区"))
    assert msgspec.convert(msgspec.to_builtins(told), Before) == before
    found = msgspec.convert(msgspec.to_builtins(before), PaperQuestion)
    assert (found.asks(), found.offers()) == (Both("去处"), (Both("泳池"), Both("健身区")))


def test_an_empty_questionnaire_is_not_handed_in(kiosk: Kiosk) -> None:
    kiosk.tap()
    kiosk.press("paper", kind="survey", paper="year")
    for number in range(3):
        shown = kiosk.press("pick", number=str(number), said="")
    assert "还没有回答" in shown.html
    assert shown.buttons("hand_in") == []
    assert kiosk.press("hand_in").status == 422


def test_where_there_is_nothing_to_vote_on_the_tile_says_so_and_without_a_line_so_does_the_paper(kiosk: Kiosk) -> None:
    kiosk.central.views[CREDENTIAL] = make_view(votes=())
    shown = kiosk.tap()
    assert "没有您可参加的投票" in shown.html
    assert 'data-go="votes"' not in shown.html
    listed = kiosk.press("surveys")
    kiosk.central.line = False
    shown = kiosk.choose(listed, "paper")
    assert "现在离线" in shown.html
    assert "(E41)" in shown.html


@pytest.mark.proves("S72", "R137")
def test_help_is_called_once_a_minute_without_a_card_and_on_any_screen(kiosk: Kiosk) -> None:
    assert 'data-part="help"' in kiosk.open().html
    said = kiosk.press("help", "")
    assert (said.status, said.html) == (202, "已通知工作人员，请在这里稍等。也可拨打 021-5555 0100。")
    kiosk.press("attract", "")
    kiosk.tap()
    screen = kiosk.press("balance")
    assert screen.screen == "balance"
    assert 'data-part="help"' in screen.html
    assert kiosk.press("help").status == 202
    assert len(kiosk.central.questions(Subject.HELP)) == 1
    assert kiosk.press("points").status == 200
    kiosk.clock.advance(APART_NS // 10**9)
    assert kiosk.press("help").status == 202
    first, second = kiosk.central.questions(Subject.HELP)
    assert first.id != second.id


@pytest.mark.proves("R137")
def test_without_a_line_the_bell_says_so_and_whom_to_call(tmp_path: Path, kiosk: Kiosk) -> None:
    kiosk.open()
    kiosk.central.deaf = {Subject.HELP}
    unheard = kiosk.press("help", "")
    assert (unheard.status, "没有收到回答" in unheard.html) == (504, True)
    kiosk.central.line = False
    kiosk.clock.advance(3)
    said = kiosk.press("help", "")
    assert (said.status, said.html) == (504, "线路断开，现在通知不到工作人员。请拨打 021-5555 0100。")
    kiosk.central.line, kiosk.central.deaf = True, set()
    kiosk.clock.advance(3)
    assert kiosk.press("help", "").status == 202
    first, second = kiosk.central.questions(Subject.HELP)
    assert first == second
    silent = Kiosk(tmp_path / "silent", phone="")
    silent.central.line = False
    silent.open()
    assert silent.press("help", "").html.endswith("请到前台。")
    silent.close()
