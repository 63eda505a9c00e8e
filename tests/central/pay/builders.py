"""Builders for tests of paying by QR code: a kiosk's orders, the cashier, and the hostile provider in between."""

from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from kiosk.central.club.books import Actor, Books
from kiosk.central.lease import Lease
from kiosk.central.money import ledger, matching, order_rows
from kiosk.central.money.order_rows import KeptOrder
from kiosk.central.money.stored_lots import principal_of
from kiosk.central.pay.cashier import Cashier
from kiosk.central.pay.making import make_providers
from kiosk.central.pay.notices import take_notice
from kiosk.central.pay.provider import Provider, Reply
from kiosk.central.pay.settings import AlipaySettings, PaySettings, WechatSettings
from kiosk.central.self_service.orders import cancel_order, look_at_order, open_order
from kiosk.club.ledger import Account, AccountKind
from kiosk.club.paying_back import PayWay
from kiosk.core.self_service import OrderAsked, OrderNamed, OrderTold, PayFor
from kiosk.hostile.faults import Rates
from kiosk.hostile.keys import ProviderKeys
from kiosk.hostile.server import HostileProvider
from kiosk.hostile.tables import alipay_values, wechat_values
from kiosk.hostile.trades import Trade
from tests.central.builders import ManualClock

KIOSK, OTHER = "kiosk-1", "kiosk-2"
OFFICE = "http://127.0.0.1:1"
SHOWN_AS = "会员充值"
GOOD = Rates()


def make_asked(id: str = "order-0001", credential: str = "", **fields: Any) -> OrderAsked:
    """Make what a kiosk asks for: a top-up of twenty yuan by WeChat."""
    values: dict[str, Any] = {"pay_for": PayFor.TOP_UP, "amount_minor": 2_000, "way": "wechat"}
    return OrderAsked(id, credential, **values | fields)


def providers_of(provider: HostileProvider, folder: Path) -> Mapping[PayWay, Provider]:
    """Make our side of both ways, set up for the hostile provider."""
    wechat = WechatSettings(**wechat_values(folder, provider.address, OFFICE), patience_s=20.0)
    alipay = AlipaySettings(**alipay_values(folder, provider.address, OFFICE), patience_s=20.0)
    return make_providers(PaySettings(SHOWN_AS, wechat, alipay), Path)


class Till:
    """A kiosk, central and a provider: `work` lets the provider send its notices, and the cashier do what is due."""

    def __init__(
        self, books: Books, clock: ManualClock, keys: ProviderKeys, folder: Path, rates: Rates = GOOD, seed: int = 1
    ) -> None:
        self.books, self.clock, self.replies = books, clock, list[Reply]()
        self.lease = Lease(books.database, clock)
        assert self.lease.try_hold()
        self.hostile = HostileProvider(keys, clock, rates, seed, deliver=self.deliver)
        self.providers = dict(providers_of(self.hostile, folder))
        self.cashier = Cashier(books, self.lease, self.providers)
        self.cashier.offer()
        self.hostile.start(notices=False)

    def deliver(self, address: str, headers: dict[str, str], body: bytes) -> int:
        """Take a notice as the office does."""
        way = PayWay(address.rpartition("/")[2])
        self.replies.append(take_notice(self.books, self.providers[way], headers, body))
        return self.replies[-1].status

    def open(self, asked: OrderAsked, device: str = KIOSK) -> OrderTold:
        """Ask for an order at a kiosk."""
        return self.do(open_order, asked, device)

    def cancel(self, id: str = "order-0001", device: str = KIOSK) -> OrderTold:
        """Give an order up at a kiosk."""
        return self.do(cancel_order, OrderNamed(id), device)

    def told(self, id: str = "order-0001", device: str = KIOSK) -> OrderTold:
        """Look at an order from a kiosk."""
        with self.books.look() as look:
            return look_at_order(look, OrderNamed(id), device)

    def opened(self, asked: OrderAsked) -> OrderTold:
        """Ask for an order and let it be taken to its provider."""
        self.open(asked)
        self.work()
        return self.told(asked.id)

    def pay(self, id: str = "order-0001", amount_minor: int | None = None) -> Trade:
        """Pay what the code of an order says, as a member's telephone does."""
        return self.hostile.pay(self.told(id).code, amount_minor)

    def work(self, seconds: float = 0.0, step_s: float = 1.0) -> None:
        """Let time pass, and everybody do what is due after each step."""
        while True:
            self.lease.try_hold()
            self.hostile.work(self.clock.now())
            while self.cashier.round():
                pass
            if seconds <= 0:
                return
            self.clock.pass_s(min(step_s, seconds))
            seconds -= step_s

    def kept(self, id: str = "order-0001") -> KeptOrder:
        """Return an order with its row."""
        with self.books.database.read() as connection:
            found = order_rows.find(connection, id, self.clock.now())
        assert found is not None
        return found

    def has(self, member: str) -> int:
        """Return what a member has paid in."""
        return self.amount(principal_of(member))

    def suspense(self) -> int:
        """Return what rests in suspense."""
        return self.amount(Account(AccountKind.SUSPENSE, "wechat"))

    def amount(self, account: Account) -> int:
        """Return what is on an account."""
        with self.books.look() as look:
            return ledger.balance(look, account)

    def do(self, work: Callable[..., Any], *args: Any) -> Any:
        """Run a service of a change."""
        return self.books.change(Actor("device:test", "device"), lambda change: work(change, *args))

    def reconcile(self) -> dict[str, tuple[str, str]]:
        """Run the nightly match; return what is open: reason and owner by id."""
        return {each.id: (each.reason.value, each.owner) for each in self._matched()}

    def standing(self) -> dict[str, tuple[str, str]]:
        """Run the nightly match; return how what is open stands, and why, by id."""
        return {each.id: (each.state.value, each.reason.value) for each in self._matched()}

    def _matched(self) -> list[matching.Event]:
        (job,) = matching.matching_jobs()
        place, finished = "", False
        while not finished:
            step = job.run(self.books, self.clock.now().date(), place)
            place, finished = step.place, step.finished
        with self.books.look() as look:
            return matching.open_events(look)

    def check(self) -> None:
        """Hold the books against their own rules."""
        with self.books.look() as look:
            assert ledger.prove(look).found == ()

    def close(self) -> None:
        """End everything."""
        self.cashier.close()
        with closing(self.hostile):
            pass
