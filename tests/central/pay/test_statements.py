"""Yesterday's statement is fetched each day, and every line of it is matched, on its way, or an error with an owner."""

from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select

from kiosk.central.club.books import Books
from kiosk.central.database import read_setting
from kiosk.central.money import provider_receiving
from kiosk.central.money.edge_tables import statement_line
from kiosk.central.money.matching import event_of
from kiosk.central.pay.bills import fen_of, read_alipay, read_wechat
from kiosk.club.reconciliation import MatchState
from kiosk.core.errors import InvalidInput
from kiosk.core.self_service import OrderState
from kiosk.hostile.faults import Rates
from kiosk.hostile.keys import ProviderKeys
from kiosk.hostile.trades import TradeState
from tests.central.builders import ManualClock
from tests.central.money.edges import make_member
from tests.central.pay.builders import Till, make_asked
from tests.central.pay.conftest import MakeTill

DAY_S = 86_400


def pay_some(till: Till, card: str, count: int) -> None:
    """Have some orders paid and credited."""
    for number in range(count):
        till.opened(make_asked(f"order-{number:04}", card))
        till.pay(f"order-{number:04}")
    till.work(5)


def lines(till: Till) -> dict[str, int]:
    """Return the lines of statements that were taken."""
    with till.books.database.read() as connection:
        return {row.id: row.amount_minor for row in connection.execute(select(statement_line))}


def test_a_day_in_order_is_matched_whole_and_fetched_once(till: Till, member: str, card: str) -> None:
    till.work()
    pay_some(till, card, 2)
    assert lines(till) == {}
    till.work(2 * DAY_S, 3_600)
    assert lines(till) == {"order-0000": 2_000, "order-0001": 2_000}
    assert till.reconcile() == {}
    taken = till.cashier.counts["statements_taken"]
    with till.books.database.read() as connection:
        assert read_setting(connection, "statement_of_wechat") == "2026-11-22", "the day after had none"
    till.work(3_600, 600)
    assert till.cashier.counts["statements_taken"] == taken


def test_the_whole_way_is_one_on_both_kinds_of_database(
    both_books: Books, clock: ManualClock, keys: ProviderKeys, keys_folder: Path, card: str
) -> None:
    member = make_member(both_books)
    till = Till(both_books, clock, keys, keys_folder)
    try:
        till.opened(make_asked(credential=card))
        till.opened(make_asked("order-0002", card))
        till.pay()
        till.cancel("order-0002")
        till.work(90, 5)
        assert (till.told().state, till.told("order-0002").state) == (OrderState.PAID, OrderState.CLOSED)
        till.work(2 * DAY_S, 6 * 3_600)
        assert (till.has(member), lines(till), till.reconcile()) == (2_000, {"order-0001": 2_000}, {})
        till.check()
    finally:
        till.close()


def test_a_line_that_is_missing_one_too_many_and_one_given_back_have_an_owner(
    make_till: MakeTill, member: str, card: str
) -> None:
    till = make_till(rates=Rates(line_missing=0.4, line_extra=0.4), seed=7)
    till.work()
    pay_some(till, card, 5)
    till.hostile.trades.give_back("wechat", till.kept("order-0004").trade, till.clock.now())
    till.work(4 * DAY_S, 6 * 3_600)
    found = till.reconcile()
    faults, taken = till.hostile.faults.counts, lines(till)
    assert faults["line_missing"]
    assert faults["line_extra"]
    assert sorted(reason for reason, _ in found.values()) == sorted(
        ["not_in_ledger"] * sum(id.startswith(("x", "refund:")) for id in taken)
        + ["not_in_statement"] * sum(f"order-{number:04}" not in taken for number in range(5))
    )
    assert {owner for _, owner in found.values()} == {"finance"}


def test_a_line_of_no_order_one_of_money_given_back_and_one_of_another_payment_stand_for_themselves(
    make_till: MakeTill, member: str, card: str
) -> None:
    till = make_till(rates=Rates(line_extra=1.0))
    till.work()
    pay_some(till, card, 2)
    first, second = till.hostile.trades.all()
    till.hostile.trades.give_back("wechat", first.number, till.clock.now())
    till.hostile.trades._trades["wechat", "again"] = msgspec.structs.replace(second, payment="paid-again")
    till.do(provider_receiving.receive, "order-0001", 2_000, "paid-again")
    till.work(2 * DAY_S, 6 * 3_600)
    taken = lines(till)
    kinds = [(id.partition(":")[0] if id[0] != "x" else "x", amount) for id, amount in taken.items()]
    assert sorted(kinds) == sorted(
        [("order-0000", 2_000), ("refund", -2_000), ("order-0001", 2_000), ("order-0001", 2_000), *[("x", 2_000)] * 4]
    )
    assert {reason for reason, _ in till.reconcile().values()} == {"not_in_ledger"}


def test_a_payment_that_only_the_statement_tells_of_is_credited(till: Till, member: str, card: str) -> None:
    till.work()
    code = till.opened(make_asked(credential=card)).code
    till.cancel()
    till.work(200, 20)
    assert till.told().state is OrderState.CLOSED
    (trade,) = till.hostile.trades._trades.values()
    trade.state, trade.until = TradeState.UNPAID, till.clock.now().replace(year=2027)
    till.hostile.faults.rates = Rates(notice_lost=1.0)
    till.hostile.pay(code)
    till.work(600, 30)
    assert till.has(member) == 0
    till.work(2 * DAY_S, 3_600)
    assert (till.told().state, till.has(member)) == (OrderState.PAID, 2_000)
    assert till.cashier.counts["orders_found_in_statement"] == 1
    assert till.reconcile() == {}


def test_money_in_suspense_is_matched_as_what_it_is(till: Till, member: str, card: str) -> None:
    till.work()
    till.opened(make_asked(credential=card))
    till.pay(amount_minor=1_999)
    till.work(2 * DAY_S, 3_600)
    assert lines(till) == {"order-0001": 1_999}
    assert till.reconcile() == {}
    with till.books.look() as look:
        event, both = event_of(look, "order-0001")
    assert (event.state, len(both)) == (MatchState.MATCHED, 2)


def test_days_that_were_missed_are_fetched_one_by_one(till: Till, member: str, card: str) -> None:
    till.work()
    pay_some(till, card, 1)
    till.clock.pass_s(DAY_S)
    pay_some_more = make_asked("order-9999", card)
    till.lease.try_hold()
    till.opened(pay_some_more)
    till.pay("order-9999")
    till.work(5)
    till.clock.pass_s(3 * DAY_S)
    till.work(DAY_S, 3_600)
    assert lines(till) == {"order-0000": 2_000, "order-9999": 2_000}


def test_a_first_day_that_could_not_be_fetched_is_fetched_later(till: Till, member: str, card: str) -> None:
    pay_some(till, card, 1)
    till.hostile.down = True
    till.work(2 * DAY_S, 3_600)
    till.hostile.down = False
    till.work(DAY_S, 3_600)
    assert lines(till) == {"order-0000": 2_000}


@pytest.mark.parametrize(("text", "fen"), [("0.01", 1), ("12", 1_200), ("3.5", 350), ("-1.20", -120)])
def test_yuan_are_read_as_fen_without_a_fraction(text: str, fen: int) -> None:
    assert fen_of(text) == fen


def test_what_is_no_statement_is_refused() -> None:
    for text in ("1.234", "", "1e3", "١"):
        with pytest.raises(InvalidInput):
            fen_of(text)
    with pytest.raises(InvalidInput, match="column"):
        read_wechat("a,b\n1,2\n")
    with pytest.raises(InvalidInput, match="no bill"):
        read_alipay(b"no zip")
