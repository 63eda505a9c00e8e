"""Paying at the kiosk: three taps to a code, three honest endings, and the line cut at every step."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from kiosk.core.self_service import OrderState, PayFor, Subject, TopUpView
from tests.builders import CREDENTIAL
from tests.web.fake_central import CODE, make_view
from tests.web.kiosks import OTHER, Kiosk


@pytest.fixture
def kiosk(tmp_path: Path) -> Iterator[Kiosk]:
    """A kiosk with the member's card on it."""
    found = Kiosk(tmp_path)
    found.tap()
    yield found
    found.close()


@pytest.mark.proves("S54", "S53")
def test_three_taps_lead_from_the_card_to_the_code_and_a_payment_is_credited_and_shown(kiosk: Kiosk) -> None:
    shown = kiosk.order()
    assert shown.screen == "pay"
    assert 'class="code"' in shown.html
    assert "微信支付" in shown.html
    assert "¥200.00" in shown.html
    assert 'data-left-s="180"' in shown.html
    (asked,) = kiosk.central.questions(Subject.OPEN_ORDER)
    assert (asked.credential, asked.pay_for, asked.amount_minor, asked.way) == (
        CREDENTIAL, PayFor.TOP_UP, 20_000, "wechat",
    )  # fmt: skip
    assert kiosk.press("order").status == 204
    kiosk.central.end_order(OrderState.PAID, after_minor=144_450, given_minor=1_000, receipt="R-0815")
    ended = kiosk.press("order")
    for text in ("付款成功", "¥1,444.50", "¥10.00", "R-0815"):
        assert text in ended.html
    assert (ended.data("ends-s"), ended.data("sound")) == ("8", "granted")
    assert kiosk.press("home").screen == "home"
    assert len(kiosk.central.questions(Subject.VIEW)) == 2


def test_with_one_way_to_pay_two_taps_do(tmp_path: Path) -> None:
    kiosk = Kiosk(tmp_path)
    one = TopUpView(make_view().top_up.tiles, 1_000, 100_000, ("alipay",))
    kiosk.central.views[CREDENTIAL] = make_view(top_up=one)
    kiosk.tap()
    shown = kiosk.choose(kiosk.press("top_up"), "way")
    assert shown.screen == "pay"
    assert "支付宝" in kiosk.press("order").html
    kiosk.close()


def test_a_double_press_opens_one_order(kiosk: Kiosk) -> None:
    way = kiosk.choose(kiosk.press("top_up"), "way", 0)
    first, second = kiosk.choose(way, "pay"), kiosk.choose(way, "pay")
    assert first.screen == second.screen == "pay"
    kiosk.choose(way, "pay", 1)
    assert len(kiosk.central.orders) == 1
    assert len(kiosk.central.questions(Subject.OPEN_ORDER)) == 1


def test_a_fee_is_paid_with_periods_ahead_and_tells_until_when(kiosk: Kiosk) -> None:
    way = kiosk.choose(kiosk.press("dues"), "way", 2)
    kiosk.choose(way, "pay", 1)
    (asked,) = kiosk.central.questions(Subject.OPEN_ORDER)
    assert (asked.pay_for, asked.amount_minor, asked.periods_ahead, asked.way) == (PayFor.FEE, 140_000, 4, "alipay")
    kiosk.press("order")
    kiosk.central.end_order(OrderState.PAID, paid_until=date(2027, 12, 31))
    assert "2027-12-31" in kiosk.press("order").html


def test_another_amount_is_typed_within_the_limits(kiosk: Kiosk) -> None:
    assert kiosk.press("amount").screen == "amount"
    for typed, ok in (("88", 1), ("10", 1), ("1000", 1), ("9", 0), ("1001", 0), ("x", 0), ("²", 0), ("-88", 0)):
        shown = kiosk.press("amount", amount=typed)
        assert shown.screen == ("way" if ok else "amount"), typed
        assert ("请输入 ¥10 至 ¥1,000 之间的金额" in shown.html) is not bool(ok)


def test_cancelling_closes_the_order_unpaid(kiosk: Kiosk) -> None:
    kiosk.order()
    waits = kiosk.press("cancel")
    assert "正在核对付款结果" in waits.html
    assert 'class="code"' not in waits.html
    assert kiosk.press("order").status == 204
    kiosk.central.end_order(OrderState.CLOSED)
    assert "已取消，未扣款" in kiosk.press("order").html
    kiosk.order(0)
    assert len(kiosk.central.orders) == 2


def test_cancelling_what_was_paid_meanwhile_says_that_it_is_paid(kiosk: Kiosk) -> None:
    kiosk.order()
    kiosk.central.end_order(OrderState.PAID, after_minor=1)
    assert "付款成功" in kiosk.press("cancel").html
    kiosk.order(0)
    kiosk.press("cancel")
    kiosk.central.end_order(OrderState.PAID, after_minor=1)
    assert "付款成功" in kiosk.press("order").html


def test_an_order_that_nobody_pays_ends_as_not_charged(kiosk: Kiosk) -> None:
    kiosk.order()
    kiosk.central.end_order(OrderState.CLOSED)
    ended = kiosk.press("order")
    assert "未扣款，订单已关闭" in ended.html
    assert "(E23)" in ended.html


def test_an_order_in_doubt_is_told_as_being_checked_and_stays_with_central(kiosk: Kiosk) -> None:
    kiosk.order()
    kiosk.central.end_order(OrderState.CHECKING, code="")
    assert "正在核对付款结果" in kiosk.press("order").html
    kiosk.clock.advance(16)
    ended = kiosk.press("order")
    assert "正在核实，不会重复扣款" in ended.html
    assert "(E31)" in ended.html
    assert ended.data("ends-s") == "0"
    kiosk.press("finish")
    assert kiosk.central.questions(Subject.CANCEL_ORDER) == []


def test_an_order_that_central_forgot_after_its_code_was_shown_is_never_said_to_be_unpaid(kiosk: Kiosk) -> None:
    kiosk.order()
    kiosk.central.orders.clear()
    assert "(E31)" in kiosk.press("order").html


def test_a_view_that_is_wiped_leaves_its_order_alone(kiosk: Kiosk) -> None:
    kiosk.order()
    kiosk.tap(OTHER)
    assert next(iter(kiosk.central.orders.values())).state is OrderState.OPEN
    assert kiosk.press("order").status == 422
    assert kiosk.central.questions(Subject.CANCEL_ORDER) == []


def test_central_refusing_an_order_is_told_in_words(kiosk: Kiosk) -> None:
    kiosk.central.refuses = {Subject.OPEN_ORDER: "over_own_cap"}
    ended = kiosk.choose(kiosk.choose(kiosk.press("top_up"), "way"), "pay")
    assert "超过储值上限" in ended.html
    assert "(E22)" in ended.html
    kiosk.central.refuses = {}
    kiosk.central.no_order = "too_many_orders"
    ended = kiosk.choose(kiosk.choose(kiosk.press("top_up"), "way"), "pay")
    assert "未完成的订单太多" in ended.html


def test_the_line_cut_before_the_code_is_asked_again_under_the_same_id_and_given_up_as_not_charged(
    kiosk: Kiosk,
) -> None:
    way = kiosk.choose(kiosk.press("top_up"), "way")
    kiosk.central.line = False
    shown = kiosk.choose(way, "pay")
    assert shown.screen == "pay"
    assert "还没有扣款" in shown.html
    assert 'class="code"' not in shown.html
    kiosk.clock.advance(5)
    kiosk.press("order")
    kiosk.clock.advance(16)
    ended = kiosk.press("order")
    assert "未扣款，请重试" in ended.html
    assert "(E21)" in ended.html


def test_an_answer_to_the_opening_that_is_lost_opens_no_second_order(kiosk: Kiosk) -> None:
    way = kiosk.choose(kiosk.press("top_up"), "way")
    kiosk.central.deaf = {Subject.OPEN_ORDER}
    kiosk.choose(way, "pay")
    kiosk.central.deaf = set()
    kiosk.press("order")
    assert 'class="code"' in kiosk.press("order").html
    assert len(kiosk.central.orders) == 1


def test_a_provider_that_gives_no_code_ends_as_not_charged_and_closes_the_order(kiosk: Kiosk) -> None:
    kiosk.central.slow = True
    kiosk.choose(kiosk.choose(kiosk.press("top_up"), "way"), "pay")
    kiosk.clock.advance(21)
    ended = kiosk.press("order")
    assert [asked.id for asked in kiosk.central.questions(Subject.CANCEL_ORDER)] == list(kiosk.central.orders)
    assert "未扣款，请重试" in ended.html


def test_the_line_cut_while_the_code_stands_is_told_and_ends_in_being_checked(kiosk: Kiosk) -> None:
    kiosk.order()
    kiosk.central.line = False
    shown = kiosk.press("order")
    assert "款项会入账，不会重复扣款" in shown.html
    assert 'class="code"' in shown.html
    assert kiosk.press("order").status == 204
    kiosk.clock.advance(181)
    checked = kiosk.press("order").html
    assert "正在核对付款结果" in checked
    assert 'class="code"' not in checked
    kiosk.clock.advance(16)
    ended = kiosk.press("order")
    assert "正在核实" in ended.html
    assert "(E31)" in ended.html


def test_cancelling_without_a_line_is_in_doubt_once_the_code_was_shown(kiosk: Kiosk) -> None:
    kiosk.order()
    kiosk.central.line = False
    assert "(E31)" in kiosk.press("cancel").html
    kiosk.press("finish")
    kiosk.central.line = True
    kiosk.tap()
    way = kiosk.choose(kiosk.press("top_up"), "way")
    kiosk.central.line = False
    kiosk.choose(way, "pay")
    assert "(E21)" in kiosk.press("cancel").html


def test_the_line_back_in_time_shows_the_payment(kiosk: Kiosk) -> None:
    kiosk.order()
    kiosk.central.line = False
    kiosk.press("order")
    kiosk.central.end_order(OrderState.PAID, after_minor=100)
    kiosk.central.line = True
    assert "付款成功" in kiosk.press("order").html


@pytest.mark.parametrize("hours", [-30, 30])
def test_a_clock_that_is_wrong_or_set_meanwhile_neither_ends_nor_prolongs_an_order(kiosk: Kiosk, hours: int) -> None:
    kiosk.order()
    mono_ns = kiosk.clock.mono_ns
    kiosk.clock.advance(hours * 3600)
    kiosk.clock.mono_ns = mono_ns
    assert kiosk.press("order").status == 204


@pytest.mark.parametrize(("hours", "left_s"), [(-30, "5"), (30, "900")])
def test_a_moment_of_centrals_that_the_box_cannot_believe_has_its_limits(kiosk: Kiosk, hours: int, left_s: str) -> None:
    kiosk.central.slow = True
    kiosk.choose(kiosk.choose(kiosk.press("top_up"), "way"), "pay")
    kiosk.central.end_order(OrderState.OPEN, code=CODE, until=kiosk.clock.now() + timedelta(hours=hours))
    assert kiosk.press("order").data("left-s") == left_s


def test_the_same_amount_once_more_is_another_order(kiosk: Kiosk) -> None:
    for ids in (1, 2):
        kiosk.order()
        kiosk.central.end_order(OrderState.PAID, after_minor=1)
        assert "付款成功" in kiosk.press("order").html
        assert len(kiosk.central.orders) == ids


def test_a_code_lets_the_session_stand_as_long_as_it_can_be_paid(kiosk: Kiosk) -> None:
    shown = kiosk.order()
    assert (shown.data("idle-s"), shown.data("poll-s")) == ("0", "1")
    kiosk.clock.advance(170)
    assert kiosk.press("order").status == 204
    assert len(kiosk.central.questions(Subject.OPEN_ORDER)) == 1
