"""Whatever is topped up, sold, voided, taken back and refunded in any order: nobody gains by it, and the books hold."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from kiosk.central.club.books import Actor, Books, Change
from kiosk.central.database import Database
from kiosk.central.money import corrections, counter, gift_sales, provider_orders, refunds, sales, top_ups, voiding
from kiosk.central.money.counter import Basket
from kiosk.central.money.refund_book import refund_page
from kiosk.central.money.top_ups import TopUp
from kiosk.club.gift_cards import TenderKind
from kiosk.club.ledger import Account, AccountKind
from kiosk.club.money_lives import RefundState
from kiosk.club.paying_back import PayWay
from kiosk.club.sales import Sale, SaleLine, Tender
from kiosk.club.stored_value import BonusTier
from kiosk.core.errors import Refused
from tests.central.builders import ManualClock
from tests.central.club.builders import DESK
from tests.central.club.builders_cards import encode, put_club, put_stock
from tests.central.money.builders import on
from tests.central.money.builders_sales import BOSS, LIST, check, items, open_counter, owned, set_rule
from tests.central.sealing import make_seals

STORED, GIFT = TenderKind.STORED_VALUE, TenderKind.GIFT_CARD
AMOUNTS = st.sampled_from([700, 2_000, 9_999, 15_000])
NUMBERS = st.integers(0, 6)
WAYS = st.sampled_from([PayWay.CASH, PayWay.WECHAT])


class Counter(RuleBasedStateMachine):
    """One member, one gift card, a till, and an edge that sells offline; what was paid in and out is counted apart."""

    template: Path
    folder: Path
    member: str
    gift: str

    def __init__(self) -> None:
        super().__init__()
        path = self.folder / "example.db"
        shutil.copyfile(self.template, path)
        self.database = Database(f"sqlite:///{path}", make_seals())
        self.books = Books(self.database, ManualClock())
        self.orders = self.sold = 0
        self.paid_in: dict[str, int] = {}

    def teardown(self) -> None:
        """Hold the books against their own rules, which forget no mistake, and close the example's database."""
        try:
            check(self.books)
        finally:
            self.database.close()

    def attempt(self, work: Callable[..., Any], *args: Any, actor: Actor = DESK, **more: Any) -> Any:
        """Try a service; what is refused changes nothing and gives None."""

        def attempted(change: Change) -> Any:
            return work(change, *args, **more)

        try:
            return self.books.change(actor, attempted)
        except Refused:
            return None

    @rule(amount=AMOUNTS, way=WAYS, again=st.booleans())
    def top_up(self, amount: int, way: PayWay, again: bool) -> None:
        """Top up, or send the last top-up once more."""
        self.orders += not again
        wish = TopUp(f"t{self.orders}", self.member, amount, way)
        if self.attempt(top_ups.book, wish) is not None:
            self.paid_in[wish.id] = amount

    @rule(number=NUMBERS, amount=AMOUNTS, confirmed=st.booleans())
    def provider(self, number: int, amount: int, confirmed: bool) -> None:
        """Ask a provider for a top-up, and perhaps hear that it is paid."""
        wish = TopUp(f"w{number}", self.member, amount, PayWay.ALIPAY)
        self.attempt(provider_orders.ask, wish)
        if confirmed and self.attempt(provider_orders.confirm, wish.id, amount) is not None:
            self.paid_in[wish.id] = amount

    @rule(tea=st.integers(0, 3), shirts=st.integers(0, 2))
    def sell(self, tea: int, shirts: int) -> None:
        """Sell at the counter from stored value."""
        pieces = tuple((name, count) for name, count in (("tea", tea), ("shirt", shirts)) if count)
        self.sold += 1
        self.attempt(counter.sell, f"s{self.sold}", Basket(pieces, (STORED,), self.member))

    @rule(amount=AMOUNTS)
    def edge(self, amount: int) -> None:
        """Book what an edge sold: it is always there afterwards."""
        self.sold += 1
        line, paid = SaleLine("tea", 1, amount, amount), Tender(STORED, amount)
        at, member = self.books.clock.now(), self.member
        said = Sale(f"s{self.sold}", "demo", "edge", "edge", at, (line,), (paid,), member=member, offline=True)
        assert self.attempt(sales.book_sale, said) is not None

    @rule(number=st.integers(1, 12))
    def void(self, number: int) -> None:
        """Void a sale, with a second person where it takes one."""
        self.attempt(voiding.void_sale, f"s{number}", "a test")
        self.attempt(voiding.decide_void, f"s{number}", agree=True, why="a test", actor=BOSS)

    @rule(number=st.integers(1, 12), item=st.sampled_from(["tea", "shirt"]))
    def correct(self, number: int, item: str) -> None:
        """Take a piece back."""
        self.attempt(corrections.correct_sale, f"s{number}", {item: 1}, "a test")

    @rule(number=NUMBERS, amount=st.none() | AMOUNTS)
    def ask(self, number: int, amount: int | None) -> None:
        """Ask for a refund."""
        self.attempt(refunds.request, f"r{number}", self.member, amount, "a test")

    @rule(number=NUMBERS, step=st.sampled_from(["approve", "refuse_it", "withdraw", "pay", "confirm", "bounce"]))
    def refund(self, number: int, step: str) -> None:
        """Take a refund one step on."""
        why = ("a test",) if step in ("refuse_it", "withdraw", "bounce") else ()
        self.attempt(getattr(refunds, step), f"r{number}", *why, actor=BOSS)

    @rule(amount=AMOUNTS)
    def gift_card(self, amount: int) -> None:
        """Sell the gift card, once, and pay with it."""
        self.attempt(gift_sales.sell, self.gift, 15_000, PayWay.CASH)
        self.sold += 1
        what = Basket((("tea", 1),), (GIFT,))
        self.attempt(counter.sell, f"s{self.sold}", what, (Tender(GIFT, amount, of=self.gift),))

    @invariant()
    def nobody_gains(self) -> None:
        """A member never got back more than was paid in, and what is there was paid or given."""
        with self.books.look() as look:
            paid = [each for each in refund_page(look) if each.state is RefundState.PAID]
        out = sum(each.amount_minor for each in paid)
        principal, _, owed = owned(self.books, self.member)
        assert out + principal <= sum(self.paid_in.values())
        assert owed <= 5_000
        assert on(self.books, Account(AccountKind.GIFT_CARD, self.gift))[0] <= 15_000


@pytest.fixture
def shop(books: Books, tmp_path: Path) -> type[Counter]:
    """A counter with its member and card, as a file to be copied for each example."""
    put_club(books)
    number = put_stock(books, "gift", 1)[0]
    encode(books, number)
    member = open_counter(books)[0]
    for each in LIST:
        books.change(BOSS, lambda change, each=each: items.save(change, each))
    set_rule(books, "stored_value.bonus_tiers", [BonusTier(9_000, 1_500)])
    template = tmp_path / "shop.db"
    path = str(books.database.url.database)
    books.database.close()
    shutil.copyfile(path, template)
    Counter.template, Counter.folder, Counter.member, Counter.gift = template, tmp_path, member, number
    return Counter


@pytest.mark.proves("S45", "S29")
def test_whatever_is_sold_voided_and_refunded_the_books_hold_and_nobody_gains(shop: type[Counter]) -> None:
    limits = settings(max_examples=12, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(shop, settings=limits)
