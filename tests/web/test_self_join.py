"""Joining and feedback at the kiosk, without a card."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from kiosk.core.self_service import Subject
from kiosk.web.settings import Choice
from tests.web.kiosks import Kiosk


@pytest.fixture
def kiosk(tmp_path: Path) -> Iterator[Kiosk]:
    """A kiosk that nobody uses."""
    found = Kiosk(tmp_path)
    found.open()
    yield found
    found.close()


def test_who_joins_reads_every_document_types_three_answers_and_gets_a_number(kiosk: Kiosk) -> None:
    first = kiosk.press("join")
    assert "章程全文" in first.html
    second = kiosk.choose(first, "agree")
    assert "隐私说明全文" in second.html
    assert kiosk.choose(first, "agree").screen == "consent"
    step = kiosk.choose(second, "agree")
    assert "手机号" in step.html
    assert "请输入 6 至 15 位数字的号码" in kiosk.press("answer", step="phone", value="123").html
    kiosk.press("answer", step="phone", value="13812345678")
    for wrong in ("19860231", "20991231", "1986051", "18500101", "abcdefgh"):
        assert "没有这一天" in kiosk.press("answer", step="birth", value=wrong).html
    kiosk.press("answer", step="birth", value="19860517")
    check = kiosk.press("answer", step="name", value=" 张 三 ")
    assert check.screen == "check"
    assert "1986-05-17" in check.html
    kiosk.press("change", step="phone")
    kiosk.press("answer", step="phone", value="13900001111")
    done = kiosk.press("apply")
    assert "A1B2-C3D4" in done.html
    (asked,) = kiosk.central.questions(Subject.APPLY)
    assert (asked.name, asked.phone, asked.birth, asked.kind) == ("张 三", "13900001111", date(1986, 5, 17), "person")
    assert asked.consents == ("charter:1", "privacy:1")
    assert kiosk.press("finish").screen == "attract"


def test_nothing_is_handed_in_that_was_not_agreed_to_or_not_answered(kiosk: Kiosk) -> None:
    kiosk.choose(kiosk.press("join"), "agree")
    assert kiosk.press("apply").status == 410
    kiosk.session = ""
    kiosk.press("join")
    for step, value in (("phone", "13812345678"), ("birth", "19860517"), ("name", "x"), ("kind", "person")):
        assert kiosk.press("answer", step=step, value=value).screen == "consent"
    assert kiosk.press("apply").status == 410
    assert kiosk.central.questions(Subject.APPLY) == []


def test_without_a_line_joining_says_so_before_anything_is_typed(kiosk: Kiosk) -> None:
    kiosk.central.line = False
    kiosk.clock.advance(3)
    shown = kiosk.press("join")
    assert shown.screen == "result"
    assert "现在离线" in shown.html


def test_an_application_whose_answer_is_lost_is_handed_in_once(kiosk: Kiosk) -> None:
    kiosk.choose(kiosk.choose(kiosk.press("join"), "agree"), "agree")
    for step, value in (("phone", "13812345678"), ("birth", "19860517"), ("name", "Anna")):
        kiosk.press("answer", step=step, value=value)
    kiosk.central.deaf = {Subject.APPLY}
    doubt = kiosk.press("apply")
    kiosk.central.deaf = set()
    kiosk.choose(doubt, "apply")
    first, second = kiosk.central.questions(Subject.APPLY)
    assert first.id == second.id
    assert len(kiosk.central.done) == 1


def test_a_box_with_several_kinds_asks_which(tmp_path: Path) -> None:
    kinds = (Choice("person", "个人", "Person"), Choice("organisation", "单位", "Organisation"))
    kiosk = Kiosk(tmp_path, kinds=kinds, consents=())
    kiosk.open()
    assert kiosk.press("join").screen == "step"
    for step, value in (("phone", "13812345678"), ("birth", "19860517"), ("name", "Anna")):
        shown = kiosk.press("answer", step=step, value=value)
    assert "单位" in shown.html
    check = kiosk.choose(shown, "answer", 1)
    assert "单位" in check.html
    kiosk.press("apply")
    assert kiosk.central.questions(Subject.APPLY)[0].kind == "organisation"
    kiosk.close()


def test_feedback_needs_no_card_and_then_nobody_is_called(kiosk: Kiosk) -> None:
    shown = kiosk.press("feedback")
    assert len(shown.buttons("words")) == 9
    assert "call_back" not in kiosk.choose(shown, "words", 3).html
    done = kiosk.press("leave", words="淋浴不热", call_back="yes")
    assert "A1B2-C3D4" in done.html
    (said,) = kiosk.central.questions(Subject.FEEDBACK)
    assert (said.matter, said.credential, said.call_back) == ("facility", "", False)


def test_a_card_ends_what_was_typed_before_it(kiosk: Kiosk) -> None:
    kiosk.press("join")
    before = kiosk.session
    kiosk.press("attract")
    kiosk.tap()
    assert kiosk.press("agree", before, consent="charter:1").status == 410
