"""A club with the screens of its members and its bar, every process a real one, and a provider that takes the money."""

import os
import socket
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import Browser, Page, TimeoutError, expect
from sqlalchemy import select

from kiosk.central.care import surveys, votes
from kiosk.central.club import activities, coupons, points, rewards, tiers
from kiosk.central.club.books import Actor, Books, Change
from kiosk.central.club.rules import Wish, amend
from kiosk.central.database import Database
from kiosk.central.members import cards_by, members_by
from kiosk.central.money import fee_book, fee_payments, fees, items, ledger, top_ups
from kiosk.central.money.items import Item
from kiosk.central.money.sale_tables import payment_order, sale
from kiosk.central.money.stored_lots import bonus_of, principal_of
from kiosk.central.money.top_ups import TopUp
from kiosk.central.self_service.view import view_of
from kiosk.club.coupons import CouponKind
from kiosk.club.fees import Cycle, FeePlan
from kiosk.club.joining import Consent
from kiosk.club.paying_back import PayWay
from kiosk.club.points import Source
from kiosk.club.rewards import Reward, RewardKind
from kiosk.club.roles import Role
from kiosk.club.voices import Question, SurveyAction, SurveyKind
from kiosk.core.errors import RetryLater
from kiosk.core.identifiers import Assurance
from kiosk.core.self_service import MemberView, OrderNamed, Subject, ViewAsked
from kiosk.hostile.keys import make_keys
from kiosk.hostile.tables import pay_table
from kiosk.local.clock import SystemClock
from kiosk.local.pins import keep_pin
from kiosk.local.talk import ask
from tests.central.club.builders_activities import make_plan
from tests.faults.books import edge_journals, records_of
from tests.faults.club import Club, make_member
from tests.office.accounts import PASSWORD, make_staff
from tests.scenarios.moved_clock import ZONE, MovedClock
from tests.scenarios.office import OfficeHome
from tests.support.edge_home import Started
from tests.support.ports import free_ports
from tests.support.wait import eventually
from tests.web.browser import go, on, open_page, replaced

STAFF = Actor("desk-1")
ATTENDANT, PIN = "li", "246810"
TEA_MINOR = 2_800
POINTS, GIFT_POINTS = 700, 300
FEE_MINOR, COUPON = 8_800, "茶券"
CONSENTS = [
    {
        "id": f"{each.value}:1",
        "title": {"zh": f"文件 {each.value}", "en": f"The {each.value}"},
        "text": {"zh": "全文。", "en": "All of it."},
    }
    for each in Consent
]
LINE_S, MONEY_S, RESTART_S = 30.0, 30.0, 30.0
"""How long a line may take to come back, a payment to be credited and a process to serve, on a loaded machine."""

GREETED_S = 8.0
"""How long a kiosk takes to greet, or to give up asking central."""


class Guest(NamedTuple):
    """A member of the stories, who bought so many `visits`, "" for any number.

    Each story has its own, whose money nobody else moves.
    """

    number: str
    name: str
    card: str
    visits: str = ""

    @property
    def row(self) -> dict[str, str]:
        """The guest's row in the list of members."""
        return make_member(self.number, self.card, name=self.name, visits_ever=self.visits)


class Fees(NamedTuple):
    """Fees in central's books: what is owed, each payment, and until when all of them make paid."""

    owed_minor: int
    paid_minor: list[int]
    until: date | None


class PayingHome(OfficeHome):
    """A central with an office and with a payment provider, which it knows as it would the real one."""

    provider_port = 0

    @property
    def keys(self) -> Path:
        """Where the keys of both sides are."""
        return self.folder.resolve() / "provider"

    @property
    def config(self) -> Path:
        """Write central.toml as things stand and return its path."""
        path, local = super().config, "http://127.0.0.1"
        if self.port:
            table = pay_table(self.keys, f"{local}:{self.provider_port}", f"{local}:{self.port}")
            path.write_text(f"{path.read_text()}\n{table}\n")
        return path

    def start_provider(self) -> Started:
        """Start the provider; its notices go to the office, which runs."""
        command = [sys.executable, "-m", "kiosk", "hostile-provider", "--folder", str(self.keys)]
        command += ["--port", str(self.provider_port), "--office", f"http://127.0.0.1:{self.port}"]
        return Started(command, self.folder / "provider.log", os.environ)


class Hall:
    """Everything there is; `paid` and `fees` are what was paid on the provider's page, by guest."""

    def __init__(self, folder: Path, guests: tuple[Guest, ...], drinker: Guest, drinker_minor: int) -> None:
        self.club = Club(folder)
        self.club.central = self.central = PayingHome(self.club.central.folder, broker_port=self.club.broker.port)
        self.central.provider_port = free_ports(1)
        self.central.import_rows([each.row for each in (*guests, drinker)])
        self.guests, self.drinker = guests, drinker
        self.paid: Counter[Guest] = Counter()
        self.fees: Counter[Guest] = Counter()
        self.box_clock = MovedClock(folder / "box-time")
        self.club.env["web"] = self.box_clock.env
        self.move_box_clock(timedelta())
        self.web_port = free_ports(1)
        box = self.club.box
        box.web = {"port": self.web_port, "health_port": 0}
        box.till = {"id": "bar-1", "reader": {"name": "till"}}
        box.self_service = {"reader": {"name": "kiosk"}, "consents": CONSENTS}
        box.attendant = {"pins": {ATTENDANT: keep_pin(PIN)}}
        self._database = Database(self.central.url)
        self.books = Books(self._database, SystemClock())
        tea, wish = (
            Item("tea", "茶", "Tea", TEA_MINOR),
            TopUp("before", self.member(drinker), drinker_minor, PayWay.CASH),
        )
        self.books.change(STAFF, lambda change: items.save(change, tea))
        self.books.change(STAFF, lambda change: top_ups.book(change, wish))

    def offer_everything(self, guests: Iterable[Guest]) -> None:
        """Give guests points, and put before everybody a gift, an activity that begins soon, a vote and questions."""
        soon = self.books.clock.now() + timedelta(minutes=20)
        plan = make_plan(soon.date(), starts_at=soon, ends_at=soon + timedelta(hours=1))

        def work(change: Change) -> None:
            rewards.save_reward(change, Reward("towel", RewardKind.GIFT, GIFT_POINTS), "毛巾")
            for each in guests:
                tiers.join(change, self.member(each), change.today)
                points.earn_fixed(change, self.member(each), Source.CORRECTION, each.number, POINTS, "a gift")
            activities.announce(change, activities.plan(change, plan).activity.id)
            votes.open_vote(change, votes.make_vote(change, "是否新建桑拿房", ("赞成", "反对")).id)
            asked = surveys.make_survey(change, SurveyKind.GENERAL, "满意度", (Question("服务"),))
            surveys.take_survey_step(change, asked.id, SurveyAction.OPEN)

        self.books.change(STAFF, work)

    def ask_fees(self, guests: Iterable[Guest]) -> None:
        """Let guests come by a contract from today on, with a month's fee that is due at once."""
        plans = [FeePlan("month", Cycle.MONTH, FEE_MINOR)]

        def work(change: Change) -> None:
            amend(change, [Wish("fees.plans", plans, change.today, "council", "fees begin")])
            for each in guests:
                fees.choose_plan(change, self.member(each), "month", f"C-{each.number}", why="joins")

        self.books.change(STAFF, work)

    def give_coupons(self, guests: Iterable[Guest]) -> None:
        """Give guests a tier, some points on the way to the next one, and a coupon."""

        def work(change: Change) -> None:
            coupons.save_kind(change, CouponKind("tea", amount_off_minor=500), COUPON)
            for each in guests:
                tiers.join(change, self.member(each), change.today)
                points.earn_fixed(change, self.member(each), Source.CORRECTION, each.number, POINTS, "a gift")
                coupons.grant(change, "tea", self.member(each), each.number)

        self.books.change(STAFF, work)

    def open(self) -> None:
        """Start everything, and wait until the kiosk's box hears central."""
        make_keys(self.central.keys)
        self.club.broker.start()
        self.club.running["office"] = self.central.start_office(os.environ)
        self.club.running["provider"] = self.central.start_provider()
        self.club.start("central", "gate", "sync", "web")
        self.club.wait_for_roster()
        self.wait_for_the_line()

    def close(self) -> None:
        """Kill what runs."""
        self.club.close()
        self._database.close()

    # What happens to them.

    def tap(self, guest: Guest, reader: str) -> None:
        """Lay a card on a reader of the screens and take it away."""
        wish = {"identifier": guest.card, "reader": reader}
        eventually(lambda: self._ask("web.sock", "tap", wish), RESTART_S, 0.05)

    @contextmanager
    def line_cut(self) -> Iterator[None]:
        """Have no broker for a while; afterwards central is heard again."""
        self.club.broker.kill()
        try:
            yield
        finally:
            self.club.broker.restart()
        self.wait_for_the_line()

    def wait_for_the_line(self) -> None:
        """Wait until central answers a question of the box."""
        question = {"subject": Subject.LOOK_AT_ORDER.value, "args": {"id": OrderNamed("nobodys-order").id}}
        eventually(lambda: self._ask("sync.sock", "central", question), LINE_S, 0.1)

    def move_box_clock(self, ahead: timedelta) -> None:
        """Set the clock that the screens see so far ahead of the true one."""
        there = SystemClock().now().astimezone(ZONE) + ahead
        self.box_clock.set(there.date(), there.time())

    @contextmanager
    def desk(self, browser: Browser, language: str) -> Iterator[Page]:
        """The front desk's page in the office, with somebody signed in."""
        login, office = f"desk.{language}", f"http://127.0.0.1:{self.central.port}"
        make_staff(self._database, Role.DESK, login=login, password=True)
        with open_page(browser, f"{office}/sign-in?lang={language}") as page:
            page.locator("[name=login]").fill(login)
            page.locator("[name=password]").fill(PASSWORD)
            page.locator("[name=password]").press("Enter")
            page.wait_for_url(lambda url: "/sign-in" not in url)
            page.goto(f"{office}/desk")
            yield page

    # What the books say.

    def member(self, guest: Guest) -> str:
        """Return a guest's id."""
        with self._database.read() as connection:
            return members_by(connection, "member_no", [guest.number])[0].id

    def view(self, guest: Guest) -> MemberView:
        """Return what a kiosk is told of a guest now."""
        with self.books.look() as look:
            card = cards_by(look.connection, "member", [self.member(guest)])[0]
            return view_of(look, ViewAsked(card.id, Assurance.UID), ())[1]

    def orders(self, guest: Guest) -> list[Any]:
        """Return the rows of a guest's orders with the provider."""
        query = select(payment_order).where(payment_order.c.member == self.member(guest))
        with self._database.read() as connection:
            return list(connection.execute(query).all())

    def code(self, guest: Guest) -> str:
        """Return what the code of a guest's order says, "" while it has none."""
        return next((each.code for each in self.orders(guest)), "")

    def has(self, guest: Guest) -> int:
        """Return what a guest has paid in and not spent."""
        with self.books.look() as look:
            member = self.member(guest)
            assert ledger.balance(look, bonus_of(member)) == 0
            return ledger.balance(look, principal_of(member))

    def fees_of(self, guest: Guest) -> Fees:
        """Return what a guest owes and has paid of fees, and until when that makes paid."""
        with self.books.look() as look:
            member = self.member(guest)
            paid_minor = [each.amount_minor for each in fee_book.payments_of(look, member)]
            account = fee_payments.account_of(look, member)
            return Fees(account.owed_minor, paid_minor, account.cover.until)

    def is_credited(self, guest: Guest) -> bool:
        """Say whether what a guest paid is on the account, that much and no more."""
        return self.has(guest) == self.paid[guest] > 0

    def sales(self) -> set[str]:
        """Return the sales that central has, none of them twice."""
        with self._database.read() as connection:
            ids = list(connection.execute(select(sale.c.id)).scalars())
        assert len(set(ids)) == len(ids)
        return set(ids)

    def assert_nothing_was_lost_or_doubled(self) -> None:
        """Hold central against the journals, what was paid against what was credited, and prove the ledger."""
        self.club.stop("web")
        self.club.check()
        made = records_of(edge_journals(self.club.data), "sale.made")
        assert self.sales() == {each["data"]["sale_id"] for each in made}
        for guest in self.guests:
            kept = self.orders(guest)
            assert len(kept) <= 1, guest
            paid = sum(each.amount_minor for each in kept if each.state == "paid")
            assert paid == self.paid[guest] + self.fees[guest], guest
            assert self.has(guest) == self.paid[guest], guest
            assert sum(self.fees_of(guest).paid_minor) == self.fees[guest], guest
        with self.books.look() as look:
            assert ledger.prove(look).found == ()

    def _ask(self, socket: str, op: str, args: dict[str, Any]) -> dict[str, Any]:
        try:
            return ask(self.club.data / socket, op, args)
        except RetryLater:
            return {}


class Kiosk:
    """The kiosk's page in a browser, and the telephone of whoever stands there."""

    def __init__(self, hall: Hall, browser: Browser, page: Page) -> None:
        self.hall, self.page = hall, page
        self._browser = browser

    def lay(self, guest: Guest) -> None:
        """Lay a card on it until it greets: central may not answer in time while it has much to do."""
        greeted = self.page.locator(".kiosk[data-screen=home] h1", has_text=guest.name[0])

        def lies() -> bool:
            self.hall.tap(guest, "kiosk")
            try:
                greeted.wait_for(timeout=GREETED_S * 1000)
            except TimeoutError:
                return False
            return True

        eventually(lies, RESTART_S)

    def order(self, yuan: int) -> None:
        """Type an amount and go on to where its code is shown."""
        go(self.page, "top_up")
        go(self.page, "amount")
        self.type(str(yuan))
        on(self.page, "pay")

    def type(self, said: str) -> None:
        """Type into the one field of the screen, and go on to the next."""
        field = self.page.locator("main input[data-typed]")
        field.press_sequentially(said)
        with replaced(self.page):
            field.press("Enter")

    def sees_code(self) -> None:
        """Wait until the code is there."""
        expect(self.page.locator("svg.code")).to_be_visible(timeout=MONEY_S * 1000)

    def pay(self, guest: Guest, yuan: int, *, fee: bool = False) -> None:
        """Pay the order of a guest, a top-up or a fee, with a telephone, on the provider's page, once."""
        with open_page(self._browser, self.hall.code(guest), 390, 844) as telephone:
            expect(telephone.locator("strong")).to_have_text(f"¥{yuan}.00")
            telephone.locator("button").click()
            expect(telephone.locator("main")).to_contain_text("已付款 / Paid")
        (self.hall.fees if fee else self.hall.paid)[guest] += yuan * 100


@contextmanager
def a_hall(folder: Path, guests: tuple[Guest, ...], drinker: Guest, drinker_minor: int) -> Iterator[Hall]:
    """A hall with everything in it running."""
    hall = Hall(folder, guests, drinker, drinker_minor)
    with closing(hall):
        hall.open()
        yield hall


@contextmanager
def a_kiosk(hall: Hall, browser: Browser) -> Iterator[Kiosk]:
    """The kiosk's page, freshly loaded, with nobody there."""
    eventually(lambda: _is_served(hall.web_port), RESTART_S, 0.05)
    with open_page(browser, f"http://127.0.0.1:{hall.web_port}/self", hears="/self/events") as page:
        on(page, "attract")
        yield Kiosk(hall, browser, page)


def _is_served(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
