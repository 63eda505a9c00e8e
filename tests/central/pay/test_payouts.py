"""Refunds of what was paid by QR code: they go back through the provider, each part once, whatever it does."""

from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kiosk.central.club.books import Books
from kiosk.central.club.refused import RuleRefused
from kiosk.central.money import payout_rows, payouts, refunds
from kiosk.central.money.payout_rows import Payout, PayoutState
from kiosk.central.money.refund_book import RefundRow, refund_named
from kiosk.central.pay.cashier import Cashier
from kiosk.central.pay.provider import Back, BackState, ProviderShort
from kiosk.club.ledger import Account, AccountKind
from kiosk.club.money_lives import RefundState
from kiosk.club.paying_back import PayOut, PayWay
from kiosk.hostile.faults import Rates
from kiosk.hostile.keys import ProviderKeys
from kiosk.hostile.trades import Trade
from tests.central.builders import ManualClock
from tests.central.money.builders_sales import BOSS, ask_refund, change_of
from tests.central.money.edges import make_member
from tests.central.pay.builders import Till, make_asked
from tests.central.pay.conftest import MakeTill
from tests.central.pay.test_cashier import cases_of
from tests.central.pay.test_killed import Killed, MortalDatabase, MortalProvider, Seams
from tests.central.sealing import make_seals

DAY_S = 86_400


def bought(till: Till, card: str, id: str = "order-0001", **fields: Any) -> None:
    """Have an order paid and credited."""
    till.opened(make_asked(id, card, **fields))
    till.pay(id)
    till.work(5)


def sent(till: Till, member: str, amount_minor: int | None = None, id: str = "r1") -> RefundRow:
    """Ask for a refund, sign it and pay it out; the cashier has not seen it yet."""
    ask_refund(till.books, member, amount_minor, id)
    change_of(till.books, refunds.approve, id, actor=BOSS)
    return change_of(till.books, refunds.pay, id)


def row(till: Till, id: str = "r1") -> RefundRow:
    """Return a refund as it stands."""
    with till.books.look() as look:
        return refund_named(look, id)


def parts(till: Till, id: str = "r1") -> list[Payout]:
    """Return the parts of a refund that the cashier asks for."""
    with till.books.database.read() as connection:
        return payout_rows.of_refund(connection, id)


def backs(till: Till, id: str = "order-0001") -> list[int]:
    """Return what went back of an order, as its provider has it."""
    (trade,) = [each for each in till.hostile.trades.all() if each.number == till.kept(id).trade]
    return [each.amount_minor for each in trade.backs if not each.closed]


def left(till: Till, member: str, way: str = "wechat") -> tuple[int, int]:
    """Return what is payable to a member, and what lies with a provider."""
    clearing = Account(AccountKind.PROVIDER_CLEARING, way)
    return till.amount(Account(AccountKind.REFUND_PAYABLE, member)), till.amount(clearing)


def trade_of(till: Till, id: str = "order-0001") -> Trade:
    """Return the provider's own order, which a test may bend."""
    return next(each for each in till.hostile.trades._trades.values() if each.number == till.kept(id).trade)


@pytest.mark.proves("S45")
@pytest.mark.parametrize("way", ["wechat", "alipay"])
@pytest.mark.parametrize("amount_minor", [None, 1_200])
def test_a_refund_goes_back_through_its_provider_once_and_is_matched_with_its_statement(
    till: Till, member: str, card: str, way: str, amount_minor: int | None
) -> None:
    till.work()
    bought(till, card, way=way)
    back = amount_minor or 2_000
    assert sent(till, member, amount_minor).state is RefundState.UNDER_WAY
    till.work(60, 5)
    assert (row(till).state, row(till).closed_by) == (RefundState.PAID, "job:cashier")
    assert backs(till) == [back]
    assert left(till, member, way) == (0, 2_000 - back)
    (part,) = parts(till)
    assert till.do(payouts.arrived, part.number, back) is payouts.Arrived.KNOWN
    till.work(3 * DAY_S, 6 * 3_600)
    assert till.reconcile() == {}
    assert backs(till) == [back]
    assert cases_of(till) == []
    till.check()


def test_a_refund_is_the_same_on_both_kinds_of_database(
    both_books: Books, clock: ManualClock, keys: ProviderKeys, keys_folder: Path, card: str
) -> None:
    member = make_member(both_books)
    till = Till(both_books, clock, keys, keys_folder)
    try:
        till.work()
        bought(till, card)
        till.hostile.faults.rates = Rates(refund_refused=1.0)
        sent(till, member, 500)
        till.work(90, 5)
        assert [each.state for each in parts(till)] == [PayoutState.REFUSED]
        till.hostile.faults.rates = Rates()
        sent(till, member, 700, "r2")
        till.work(2 * DAY_S, 6 * 3_600)
        assert (row(till, "r2").state, backs(till), till.reconcile()) == (RefundState.PAID, [700], {})
        till.check()
    finally:
        till.close()


def test_nobody_writes_down_that_it_came_or_was_sent_back_while_the_provider_is_asked(
    till: Till, member: str, card: str
) -> None:
    bought(till, card)
    till.hostile.down = True
    sent(till, member)
    till.work(150, 5)
    for act, args in ((refunds.confirm, ()), (refunds.bounce, ("no word",))):
        with pytest.raises(RuleRefused) as caught:
            change_of(till.books, act, "r1", *args)
        assert caught.value.reason == "with_provider"
    assert till.cashier.counts["refunds_put_off"] < 15, "a provider that is away is let alone"
    till.hostile.down = False
    till.work(90, 2)
    assert (row(till).state, backs(till)) == (RefundState.PAID, [2_000])


def test_without_the_provider_staff_end_it_and_it_is_asked_for_no_more(till: Till, member: str, card: str) -> None:
    bought(till, card)
    till.hostile.down = True
    sent(till, member)
    till.work(5)
    Cashier(till.books, till.lease, {}).offer()
    change_of(till.books, refunds.confirm, "r1")
    till.hostile.down = False
    till.cashier.offer()
    till.work(600, 5)
    assert (row(till).state, backs(till), [each.state for each in parts(till)]) == (
        RefundState.PAID, [], [PayoutState.REFUSED],
    )  # fmt: skip


def test_what_the_provider_refuses_staff_hear_of_and_send_another_way(till: Till, member: str, card: str) -> None:
    bought(till, card)
    bought(till, card, "order-0002", way="alipay", amount_minor=500)
    till.hostile.faults.rates = Rates(refund_refused=1.0)
    sent(till, member, 2_500)
    till.work(30, 5)
    assert cases_of(till) == [], "it is heard twice"
    till.work(90, 5)
    assert sorted(text[-63:] for text in cases_of(till)) == sorted(
        text[-63:] for text in cases_of(till) if "is not paid" in text and "Nothing else has been tried" in text
    )
    assert len(cases_of(till)) == 2
    assert (row(till).state, left(till, member)) == (RefundState.UNDER_WAY, (2_500, 2_000))
    change_of(till.books, refunds.bounce, "r1", "both refuse")
    assert row(till).ways == (PayOut(PayWay.TRANSFER, 2_500),)
    change_of(till.books, refunds.pay, "r1")
    till.hostile.faults.rates = Rates()
    with till.books.database.begin() as connection:
        payout_rows.wake(connection, [each.number for each in parts(till)], till.clock.now())
    till.work(3_600, 60)
    change_of(till.books, refunds.confirm, "r1")
    assert (backs(till), left(till, member), till.amount(Account(AccountKind.BANK))) == ([], (0, 2_000), -2_500)
    till.check()


def test_of_two_parts_the_one_that_is_refused_alone_goes_another_way(till: Till, member: str, card: str) -> None:
    bought(till, card)
    bought(till, card, "order-0002", amount_minor=500)
    trade_of(till, "order-0002").amount_minor = 0
    sent(till, member, 2_500)
    till.work(200, 5)
    assert [each.state for each in parts(till)] == [PayoutState.DONE, PayoutState.REFUSED]
    assert row(till).state is RefundState.UNDER_WAY
    change_of(till.books, refunds.bounce, "r1", "account closed")
    assert row(till).ways == (PayOut(PayWay.WECHAT, 2_000, "order-0001"), PayOut(PayWay.TRANSFER, 500))
    change_of(till.books, refunds.pay, "r1")
    change_of(till.books, refunds.confirm, "r1")
    assert (backs(till), left(till, member)) == ([2_000], (0, 500))
    assert till.amount(Account(AccountKind.BANK)) == -500


def test_what_the_provider_gave_back_by_itself_goes_out_by_no_other_way(till: Till, member: str, card: str) -> None:
    bought(till, card)
    till.hostile.trades.give_back("wechat", till.kept().trade, till.clock.now())
    sent(till, member)
    till.work(3 * DAY_S, 3_600)
    (text,) = cases_of(till)
    assert "money of this payment went back there before" in text
    assert (row(till).state, backs(till), till.amount(Account(AccountKind.BANK))) == (
        RefundState.UNDER_WAY, [2_000], 0,
    )  # fmt: skip
    change_of(till.books, refunds.confirm, "r1", "given back by WeChat itself")
    assert (row(till).state, left(till, member)) == (RefundState.PAID, (0, 0))


@pytest.mark.parametrize("transfer", ["not sent", "sent"])
def test_what_was_refused_and_then_paid_after_all_is_not_sent_again_or_rests_in_suspense(
    till: Till, member: str, card: str, transfer: str
) -> None:
    """A provider that contradicts itself: its statement names what it said that it would not do."""
    till.work()
    bought(till, card)
    till.hostile.faults.rates = Rates(refund_refused=1.0)
    sent(till, member)
    till.work(120, 5)
    change_of(till.books, refunds.bounce, "r1", "refused")
    if transfer == "sent":
        change_of(till.books, refunds.pay, "r1")
    till.hostile.faults.rates = Rates()
    (part,) = parts(till)
    till.hostile.trades.refund("wechat", part.trade, part.number, 2_000, till.clock.now())
    till.work(2 * DAY_S, 3_600)
    after = row(till)
    if transfer == "sent":
        change_of(till.books, refunds.confirm, "r1")
        assert (after.state, till.suspense(), left(till, member)) == (RefundState.UNDER_WAY, -2_000, (0, 0))
    else:
        assert (after.state, after.ways) == (RefundState.PAID, (PayOut(PayWay.WECHAT, 2_000, "order-0001"),))
        assert (till.suspense(), left(till, member), till.amount(Account(AccountKind.BANK))) == (0, (0, 0), 0)
    assert [text for text in cases_of(till) if "after all" in text]
    assert till.reconcile() == {}
    till.check()


def test_another_amount_than_was_asked_for_is_booked_by_nobody_but_staff(till: Till, member: str, card: str) -> None:
    bought(till, card)
    till.hostile.down = True
    sent(till, member, 1_500)
    till.work(3)
    till.hostile.down = False
    (part,) = parts(till)
    till.hostile.trades.refund("wechat", part.trade, part.number, 1_400, till.clock.now())
    till.work(200, 5)
    (text,) = cases_of(till)
    assert "it says that it paid 1400" in text
    assert (row(till).state, left(till, member)) == (RefundState.UNDER_WAY, (1_500, 2_000))


def test_where_too_little_is_on_our_account_staff_are_told_once_and_it_is_asked_for_again(
    till: Till, member: str, card: str
) -> None:
    bought(till, card)
    ours, asked = till.providers[PayWay.WECHAT], list[str]()

    class Short:
        """WeChat, with an empty account of ours for a while."""

        way = PayWay.WECHAT
        look, look_at_refund, statement = ours.look, ours.look_at_refund, ours.statement

        def refund(self, trade: str, refund: str, amount_minor: int, total_minor: int) -> None:
            """Give back from the fourth hour on."""
            asked.append(refund)
            if len(asked) < 4:
                raise ProviderShort("too little")
            ours.refund(trade, refund, amount_minor, total_minor)

    till.cashier = Cashier(till.books, till.lease, {PayWay.WECHAT: Short()})
    sent(till, member)
    till.work(5 * 3_600, 300)
    assert len(set(asked)) == 1
    assert (len(cases_of(till)), row(till).state, backs(till)) == (1, RefundState.PAID, [2_000])


def test_a_refund_that_its_bank_takes_days_for_is_under_way_in_the_match_until_it_is_booked(
    till: Till, member: str, card: str
) -> None:
    bought(till, card)
    ours, paid_on = till.providers[PayWay.WECHAT], till.clock.now() + timedelta(days=5)

    class SlowBank:
        """WeChat, whose bank takes five days; its statement has the refund on the first."""

        way = PayWay.WECHAT
        look, refund, statement = ours.look, ours.refund, ours.statement

        def look_at_refund(self, trade: str, refund: str) -> Back:
            """Say what there is to say before the bank has paid, and after."""
            back = ours.look_at_refund(trade, refund)
            is_taken = back.state is BackState.DONE and till.clock.now() < paid_on
            return msgspec.structs.replace(back, state=BackState.UNDER_WAY) if is_taken else back

    till.cashier = Cashier(till.books, till.lease, {PayWay.WECHAT: SlowBank()})
    sent(till, member)
    event = f"{payouts.PREFIX}{parts(till)[0].number}"
    till.work(3 * DAY_S, 6 * 3_600)
    assert row(till).state is RefundState.UNDER_WAY
    assert till.standing() == {event: ("timing", "not_in_ledger")}
    till.work(4 * DAY_S, 6 * 3_600)
    assert (row(till).state, till.standing()) == (RefundState.PAID, {})


def test_two_refunds_of_one_payment_do_not_ask_for_it_twice(till: Till, member: str, card: str) -> None:
    bought(till, card)
    bought(till, card, "order-0002", amount_minor=800)
    for id, amount_minor in (("r1", 500), ("r2", 1_500)):
        ask_refund(till.books, member, amount_minor, id)
        change_of(till.books, refunds.approve, id, actor=BOSS)
        change_of(till.books, refunds.pay, id)
    till.work(200, 5)
    assert [row(till, id).state for id in ("r1", "r2")] == [RefundState.PAID] * 2
    assert (sum(backs(till)) + sum(backs(till, "order-0002")), left(till, member)) == (2_000, (0, 800))


WORST = Rates(
    not_heard=0.15, done_and_not_said=0.2, server_error=0.1, given_back=0.1, refund_slow=0.4, refund_refused=0.35,
    refund_closed=0.15, line_missing=0.05,
)  # fmt: skip


@pytest.mark.proves("S45", "S54")
@pytest.mark.parametrize("seed", [1])
def test_under_every_fault_no_money_goes_out_twice_and_what_went_is_booked(
    make_till: MakeTill, member: str, card: str, seed: int
) -> None:
    till = make_till(seed=seed)
    till.work()
    for number in range(12):
        bought(till, card, f"order-{number:04}", amount_minor=400, way=("wechat", "alipay")[number % 2])
    till.hostile.faults.rates = WORST
    for number in range(12):
        sent(till, member, 300, f"r{number}")
        till.work(30, 10)
    till.hostile.faults.rates = Rates()
    till.work(2 * DAY_S, 1_800)
    paid = [each for number in range(12) for each in parts(till, f"r{number}") if each.state is PayoutState.DONE]
    ours = {each.number for each in paid}
    there = {each.number: each for trade in till.hostile.trades.all() for each in trade.backs if not each.closed}
    assert {number for number in there if number.startswith("r")} == ours
    assert sum(there[number].amount_minor for number in ours) == sum(each.amount_minor for each in paid)
    clearing = sum(left(till, member, way)[1] for way in ("wechat", "alipay"))
    assert clearing == 12 * 400 - sum(each.amount_minor for each in paid)
    assert all(trade.left_minor >= 0 for trade in till.hostile.trades.all())
    for number in range(12):
        decided = all(each.state is PayoutState.DONE for each in parts(till, f"r{number}"))
        assert row(till, f"r{number}").state is (RefundState.PAID if decided else RefundState.UNDER_WAY)
    till.check()


def test_killed_at_every_step_it_gives_back_once(till: Till, member: str, card: str) -> None:
    with closing(MortalDatabase(str(till.books.database.url), make_seals())) as mortal:
        at = killed = 1
        while killed:
            bought(till, card, f"order-{at:04}", amount_minor=100)
            sent(till, member, 100, f"r{at}")
            killed = _live(till, mortal, at)
            till.work(30, 10)
            assert (row(till, f"r{at}").state, backs(till, f"order-{at:04}")) == (RefundState.PAID, [100]), at
            at += 1
    assert 10 < at < 40
    till.check()


def _live(till: Till, mortal: MortalDatabase, at: int) -> int:
    """Let a cashier work that is gone at one seam; say whether it got there."""
    seams = mortal.seams = Seams(at)
    provider = MortalProvider(till.providers[PayWay.WECHAT], seams)
    cashier = Cashier(Books(mortal, till.clock), till.lease, {PayWay.WECHAT: provider})
    for _ in range(2):
        till.lease.try_hold()
        with suppress(Killed):
            cashier.round()
        till.clock.pass_s(11.0)
    return seams.passed >= at
