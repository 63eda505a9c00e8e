"""What a kiosk is told of an order: opened once, by the kiosk that asked alone, within every limit."""

import msgspec
import pytest
from msgspec.structs import replace

from kiosk.central.money import order_rows
from kiosk.central.money.provider_orders import orders_of
from kiosk.central.self_service.answers import SelfService
from kiosk.central.self_service.orders import IN_ALL_MAX, OF_A_DEVICE_MAX
from kiosk.core.errors import InvalidInput
from kiosk.core.self_service import OrderNamed, OrderState, PayFor, Subject
from tests.central.money.builders_sales import set_rule
from tests.central.pay.builders import KIOSK, OTHER, Till, make_asked

NAMED = OrderNamed("order-0001")


def test_an_order_is_opened_once_however_often_it_is_asked_for(till: Till, member: str, card: str) -> None:
    asked = make_asked(credential=card)
    told = till.open(asked)
    assert (told.state, told.amount_minor, told.code, told.reason) == (OrderState.OPENING, 2_000, "", "")
    assert (told.until - till.clock.now()).total_seconds() == 180
    assert till.open(asked) == told
    with pytest.raises(InvalidInput, match="another one"):
        till.open(make_asked(credential=card, amount_minor=2_001))
    with till.books.look() as look:
        assert [each.asked_by for each in orders_of(look, member)] == ["device:kiosk-1"]


def test_another_kiosk_neither_sees_an_order_nor_ends_it(till: Till, member: str, card: str) -> None:
    till.opened(make_asked(credential=card))
    asked_there = [till.open(make_asked(credential=each), OTHER) for each in (card, "f" * 64)]
    for told in (till.told(device=OTHER), till.cancel(device=OTHER), *asked_there):
        assert (told.state, told.code, told.reason) == (OrderState.CLOSED, "", "order_unknown")
    till.work()
    assert till.told().state is OrderState.OPEN
    assert till.told("order-0009").reason == "order_unknown"


def test_what_may_not_be_is_told_as_closed_with_its_reason(till: Till, member: str, card: str) -> None:
    set_rule(till.books, "stored_value.own_cap_minor", 5_000)
    refused = {
        "credential_not_found": make_asked(credential="f" * 64),
        "over_own_cap": make_asked(credential=card, amount_minor=5_001),
        "below_minimum": make_asked(credential=card, amount_minor=99),
        "nothing_due": make_asked(credential=card, pay_for=PayFor.FEE),
        "way_off": make_asked(credential=card, way="bank_card"),
    }
    for reason, asked in refused.items():
        told = till.open(asked)
        assert (told.state, told.reason) == (OrderState.CLOSED, reason)
    with till.books.look() as look:
        assert orders_of(look, member) == []


def test_a_kiosk_has_few_orders_at_once_and_more_when_they_ended(till: Till, member: str, card: str) -> None:
    for number in range(OF_A_DEVICE_MAX):
        assert till.open(make_asked(f"order-{number:04}", card, amount_minor=100)).reason == ""
    assert till.open(make_asked("order-0009", card)).reason == "too_many_orders"
    assert till.open(make_asked("order-0009", card), OTHER).reason == ""
    for number in range(OF_A_DEVICE_MAX):
        till.cancel(f"order-{number:04}")
    till.work(1)
    assert till.open(make_asked("order-0010", card)).state is OrderState.OPENING


def test_a_club_has_so_many_orders_at_once_and_no_more(till: Till, member: str, card: str) -> None:
    till.open(make_asked(credential=card, amount_minor=100))
    kept = till.kept()
    with till.books.database.begin() as connection:
        for number in range(IN_ALL_MAX - 1):
            order = replace(kept.order, id=f"other-{number:04}", asked_by=f"device:kiosk-{number}")
            order_rows.write_new(connection, replace(kept, order=order))
    assert till.open(make_asked("order-0002", card)).reason == "too_many_orders"
    with till.books.database.begin() as connection:
        order_rows.write(connection, "other-0000", next_at=None)
    assert till.open(make_asked("order-0002", card)).reason == ""


def test_an_order_that_is_opened_or_given_up_waits_for_no_clock(till: Till, member: str, card: str) -> None:
    service = SelfService(till.books, till.cashier.wake).answers()
    woken = till.cashier._wake
    for subject, asked in ((Subject.OPEN_ORDER, make_asked(credential=card)), (Subject.CANCEL_ORDER, NAMED)):
        woken.clear()
        service[subject.value](KIOSK, "club", msgspec.to_builtins(asked))
        assert woken.is_set(), subject
    woken.clear()
    service[Subject.LOOK_AT_ORDER.value](KIOSK, "club", msgspec.to_builtins(NAMED))
    assert not woken.is_set()
