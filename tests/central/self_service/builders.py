"""A club with a member who has something of everything, and a kiosk that asks central on the member's behalf."""

from datetime import timedelta
from typing import Any, TypeVar

import msgspec

from kiosk.central.club import coupons, points, rewards
from kiosk.central.club.books import Books, Change
from kiosk.central.money import items, top_ups
from kiosk.central.money.items import Item
from kiosk.central.money.top_ups import TopUp
from kiosk.central.pay.ways import offer
from kiosk.central.self_service.answers import SelfService
from kiosk.club.coupons import CouponKind
from kiosk.club.paying_back import PayWay
from kiosk.club.points import Source
from kiosk.club.rewards import Reward, RewardKind
from kiosk.club.stored_value import BonusTier
from kiosk.core.codec import canonical, decode
from kiosk.core.identifiers import Assurance
from kiosk.core.self_service import MemberView, Subject, ViewAsked
from tests.central.builders import ManualClock
from tests.central.club import builders_people as people
from tests.central.club.builders_activities import announce, card, moment
from tests.central.money import builders_fees as fees
from tests.central.money.builders_fees import DESK, TODAY, set_rule

NAME, PHONE, MAIL = "王小明", "13800001234", "wang.xiaoming@example.com"
CARD = card(1)
KIOSK, OTHER = "hall-1", "hall-2"
TOMORROW = TODAY + timedelta(days=1)

T = TypeVar("T")


class Kiosk:
    """A device at the site `demo` that asks, as central's requests do."""

    def __init__(self, books: Books, device: str = KIOSK, service: SelfService | None = None) -> None:
        self.service = service or SelfService(books, lambda: None)
        self.device = device
        self.beside = self.service.answers()

    def other(self, device: str = OTHER) -> "Kiosk":
        """Return another device of the same central."""
        found = Kiosk.__new__(Kiosk)
        found.service, found.device, found.beside = self.service, device, self.beside
        return found

    def ask(self, subject: Subject, asked: msgspec.Struct) -> Any:
        """Ask, with the arguments as they come over the wire."""
        args = decode(canonical(asked))
        return self.beside[subject.value](self.device, "demo", args)

    def view(self, credential: str = CARD, assurance: Assurance = Assurance.UID) -> MemberView:
        """Ask for a member's view."""
        found = self.ask(Subject.VIEW, ViewAsked(credential, assurance))
        assert isinstance(found, MemberView)
        return found


def open_house(books: Books) -> None:
    """Open a club with fees, a price list, rewards, coupons, a bonus for top-ups, and one way to pay at a kiosk."""
    people.open_club(books)
    set_rule(books, "fees.plans", [fees.YEAR, fees.MONTH])
    set_rule(books, "stored_value.bonus_tiers", [BonusTier(50_000, 5_000)])

    def work(change: Change) -> None:
        offer(change.connection, [PayWay.WECHAT])
        items.save(change, Item("tea", "茶", "Tea", 2_000))
        items.save(change, Item("lesson", "课程", "Lesson", 20_000))
        coupons.save_kind(change, CouponKind("tea", amount_off_minor=500), "茶券")
        rewards.save_reward(change, Reward("towel", RewardKind.GIFT, 300), "毛巾")
        rewards.save_reward(change, Reward("bike", RewardKind.GIFT, 90_000), "自行车")

    books.change(DESK, work)


def join(books: Books, number: int = 1, code: str = "month", **fields: Any) -> str:
    """Make a member by contract with card `number` in the hand: the first period paid."""
    said = {"name": NAME, "phone": PHONE, "email": MAIL, "address": "上海市静安区南京西路1号"} if number == 1 else {}
    member = fees.join(books, code, number, **{**said, **fields})
    fees.pay(books, member, 10_000 if code == "month" else 120_000, f"first-{number}")
    people.hand_over(books, member, number)
    return member


def give_everything(books: Books, clock: ManualClock, member: str) -> str:
    """Give a member money, points, a coupon, and an activity of tomorrow, half an hour before it; returns that."""

    def work(change: Change) -> None:
        top_ups.book(change, TopUp("t1", member, 50_000, PayWay.CASH))
        points.earn_fixed(change, member, Source.CORRECTION, "p1", 700, "a test")
        coupons.grant(change, "tea", member, "c1")

    books.change(DESK, work)
    found = announce(books, TOMORROW)
    clock.set_wall(moment(TOMORROW, 13, 30))
    return found
