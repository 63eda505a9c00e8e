"""The desk of a till: the price by central or by the box itself, and the sale once, at the price that was shown."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kiosk.core.errors import InvalidInput
from kiosk.core.goods import Item, Offer
from kiosk.core.identifiers import Assurance, credential_of
from kiosk.core.model import CredentialState
from kiosk.core.self_service import QuoteAsked, Quoted, QuotedLine, Subject
from kiosk.core.texts import Language
from kiosk.core.tills import SaleTender
from kiosk.web.self_asking import NoAnswer
from kiosk.web.till_cards import Cards
from kiosk.web.till_desk import Paid, PayWish, Priced, PriceWish, TillDesk
from kiosk.web.till_receipts import find_receipt
from kiosk.web.till_shown import CARD_S, CardDesk
from tests.builders import CREDENTIAL, HASH_KEY, IDENTIFIER, make_credential
from tests.web.tills import TillBox, make_funds, make_limits, make_void, tell_roster

GIFT = "04A1B2C3D4E5F8"
LOST = "04A1B2C3D4E5F9"
ITEMS = (
    Item("towel", "毛巾", "Towel", price_minor=1_000, offers=(Offer("tier", 800, members=True, tiers=("silver",)),)),
    Item("tea", "茶", "Tea", price_minor=9_000),
    Item("water", "饮用水", "Water"),
)


class Quoting:
    """Central as a till asks it: it quotes what a test gives, or nothing, and says whether an amount is there."""

    def __init__(self) -> None:
        self.quote: Quoted | None = None
        self.asked: list[QuoteAsked] = []
        self.may: bool | None = True
        self.spends: list[tuple[str, int]] = []

    def __call__(self, subject: Subject, asked: Any, told: type[Any]) -> Any:
        assert (subject, told) == (Subject.QUOTE, Quoted)
        self.asked.append(msgspec.convert(msgspec.to_builtins(asked), QuoteAsked))
        return self.quote if self.quote is not None else NoAnswer()

    def spend(self, owner: str, amount_minor: int) -> bool | None:
        self.spends.append((owner, amount_minor))
        return self.may


class Bar:
    """A till with a screen."""

    def __init__(self, folder: Path) -> None:
        self.box = TillBox(folder)
        gift = make_credential(GIFT, member=None, gift=True, tier="")
        lost = make_credential(LOST, state=CredentialState.LOST)
        funds = (make_funds(), make_funds(6_000, credential_of(GIFT, HASH_KEY)), make_limits())
        tell_roster(self.box.box, self.box.clock, gift, lost, *ITEMS, funds=funds)
        self.shown, self.central = CardDesk(self.box.clock), Quoting()
        self.box.ask_central = self.central.spend
        self.desk = TillDesk(
            self.box.till, Cards(self.box.box, self.box.settings, self.box.clock), self.shown, self.central
        )

    def tap(self, identifier: str = IDENTIFIER, assurance: Assurance = Assurance.UID) -> None:
        self.shown.card(credential_of(identifier, HASH_KEY), assurance)

    def price(self, *items: str, tender: SaleTender = SaleTender.CASH) -> Priced:
        return self.desk.price(PriceWish(tuple((each, 1) for each in items), tender))

    def pay(
        self, total_minor: int, *items: str, tender: SaleTender = SaleTender.CASH, id: str = "sale-0001", by: str = "li"
    ) -> Paid:
        wish = PayWish(tuple((each, 1) for each in items), tender, sale_id=id, total_minor=total_minor)
        return self.desk.pay(wish, by)

    def sales(self) -> list[dict[str, Any]]:
        return [each["data"] for each in self.box.records() if each["type"] == "sale.made"]


@pytest.fixture
def bar(tmp_path: Path) -> Iterator[Bar]:
    """A till that sells towels, tea and water, whose member may spend a hundred yuan offline."""
    found = Bar(tmp_path)
    yield found
    found.box.journal.close()


STORED, CASH, POINTS, BY_GIFT = SaleTender.STORED_VALUE, SaleTender.CASH, SaleTender.POINTS, SaleTender.GIFT_CARD


def test_without_a_line_the_boxs_own_list_gives_the_price_and_the_member_the_tiers(bar: Bar) -> None:
    assert [(each.price_minor, each.why) for each in bar.price("towel").lines] == [(1_000, "")]
    bar.tap()
    priced = bar.price("towel", "water", tender=STORED)
    assert [(each.item, each.price_minor, each.list_minor, each.why) for each in priced.lines] == [
        ("towel", 800, 1_000, "tier"), ("water", 0, 0, ""),
    ]  # fmt: skip
    assert (priced.total_minor, priced.online, priced.reason) == (800, False, "")
    assert priced.lines[0].name == {"zh": "毛巾", "en": "Towel"}
    assert bar.price("attic").reason == "not_offered"


def test_what_the_box_may_not_sell_alone_is_said_with_the_price_before_anybody_presses_to_pay(bar: Bar) -> None:
    bar.tap()
    too_much = bar.price("tea", tender=STORED)
    assert (too_much.total_minor, too_much.reason) == (9_000, "over_tap_limit")
    assert bar.price("tea", tender=CASH).reason == bar.price("towel", tender=STORED).reason == ""
    lines = (QuotedLine("tea", 1, 9_000, 9_000),)
    bar.central.quote = Quoted(lines, 9_000, 50_000, 41_000)
    assert bar.price("tea", tender=STORED).reason == ""
    assert bar.central.spends == bar.sales() == []


def test_with_a_line_central_gives_the_price_and_what_was_bought_before_goes_first(bar: Bar) -> None:
    bar.tap()
    lines = (QuotedLine("towel", 1, 0, 1_000, "entitlement"), QuotedLine("tea", 1, 8_100, 9_000, "promotion"))
    bar.central.quote = Quoted(lines, 8_100, 50_000, 41_900)
    priced = bar.price("towel", "tea", tender=STORED)
    assert (priced.total_minor, priced.before_minor, priced.after_minor, priced.online) == (8_100, 50_000, 41_900, True)
    assert bar.central.asked == [QuoteAsked((("towel", 1), ("tea", 1)), "stored_value", CREDENTIAL)]
    # Above what the box may give by itself: central is asked for the amount and answers for it.
    assert bar.pay(8_100, "towel", "tea", tender=STORED).done
    assert bar.central.spends == [("m1", 8_100)]
    (made,) = bar.sales()
    assert (made["used"], made["offline"], made["unleased_minor"], made["operator"]) == (
        {"towel": 1},
        False,
        8_100,
        "li",
    )
    assert [each["price_minor"] for each in made["lines"]] == [0, 8_100]


def test_a_line_that_goes_between_the_price_and_the_sale_leaves_the_limits_of_the_box(bar: Bar) -> None:
    bar.central.quote = Quoted((QuotedLine("tea", 1, 8_100, 9_000),), 8_100, 50_000, 41_900)
    for may, reason in ((None, "over_tap_limit"), (False, "not_enough")):
        bar.tap()
        bar.central.may = may
        assert bar.pay(8_100, "tea", tender=STORED).reason == reason
    assert bar.sales() == []
    bar.central.quote, bar.central.may = None, True
    assert bar.pay(9_000, "tea", tender=STORED).reason == "over_tap_limit"
    assert bar.pay(800, "towel", tender=STORED) == Paid(True, "", "sale-0001", 800, "stored_value", offline=True)
    assert bar.shown.held() is None


def test_what_the_balance_does_not_cover_is_said_before_anything_is_taken(bar: Bar) -> None:
    bar.tap()
    bar.central.quote = Quoted((QuotedLine("tea", 1, 9_000, 9_000),), 9_000, 8_999, -1)
    priced = bar.price("tea", tender=STORED)
    assert (priced.reason, priced.total_minor, len(priced.lines)) == ("not_enough", 9_000, 1)
    assert bar.pay(9_000, "tea", tender=STORED).reason == "not_enough"
    assert (bar.central.spends, bar.sales()) == ([], [])


def test_another_price_than_was_shown_is_not_taken_and_neither_is_a_sale_that_is_nobodys(bar: Bar) -> None:
    bar.tap()
    changed = bar.pay(1_000, "towel", tender=STORED)
    assert (changed.done, changed.reason) == (False, "price_changed")
    assert changed.priced is not None
    assert changed.priced.total_minor == 800
    assert bar.pay(800, "towel", tender=STORED, by="").reason == "no_operator"
    assert bar.sales() == []


def test_the_same_sale_again_is_the_same_sale_whatever_it_would_cost_now(bar: Bar) -> None:
    bar.tap()
    first = bar.pay(800, "towel", tender=STORED)
    bar.central.quote = Quoted((QuotedLine("towel", 1, 5, 1_000, "coupon"),), 5)
    bar.box.crash()
    bar.desk = TillDesk(bar.box.till, Cards(bar.box.box, bar.box.settings, bar.box.clock), bar.shown, bar.central)
    assert bar.pay(800, "towel", tender=STORED, by="") == first
    with pytest.raises(InvalidInput, match="was something else"):
        bar.pay(800, "tea", tender=STORED)
    with pytest.raises(InvalidInput, match="was something else"):
        bar.pay(800, "towel", tender=CASH)
    assert len(bar.sales()) == 1


def test_points_pay_by_centrals_word_alone_and_never_without_a_line(bar: Bar) -> None:
    assert bar.price("towel", tender=POINTS).reason == "needs_card"
    bar.tap()
    assert bar.price("towel", tender=POINTS).reason == "points_need_line"
    bar.central.quote = Quoted((QuotedLine("towel", 1, 1_000, 1_000),), 1_000)
    assert bar.pay(1_000, "towel", tender=POINTS).reason == "not_known"
    bar.central.quote = msgspec.structs.replace(bar.central.quote, points=200)
    assert bar.price("towel", tender=POINTS).points == 200
    assert bar.pay(1_000, "towel", tender=POINTS).done
    (made,) = bar.sales()
    assert (made["tender"], made["points"], made["offline"], made["total_minor"]) == ("points", 200, False, 1_000)
    # Nor by the box's socket, where nobody has quoted anything.
    assert bar.box.sell("sale-0002", tender=POINTS) == "not_known"


@pytest.mark.parametrize(
    ("identifier", "tender", "reason"),
    [
        ("", STORED, "needs_card"), ("", BY_GIFT, "needs_gift_card"), (IDENTIFIER, BY_GIFT, "needs_gift_card"),
        (GIFT, STORED, "gift_card_pays_alone"), (GIFT, POINTS, "gift_card_pays_alone"), (LOST, STORED, "not_in_order"),
        ("04000000000000", STORED, "not_in_order"), (GIFT, BY_GIFT, ""), (LOST, CASH, ""),
    ],
)  # fmt: skip
def test_a_card_pays_what_it_is_for_and_a_gift_card_alone(
    bar: Bar, identifier: str, tender: SaleTender, reason: str
) -> None:
    if identifier:
        bar.tap(identifier)
    priced = bar.price("towel", tender=tender)
    assert priced.reason == reason
    assert reason or [each.price_minor for each in priced.lines] == [1_000]
    if (identifier, tender) == (LOST, CASH):
        assert [each.credential for each in bar.central.asked] == [""]


def test_a_card_that_is_too_easy_to_copy_does_not_pay_and_its_member_is_not_named_to_central(bar: Bar) -> None:
    bar.tap(assurance=Assurance.NONE)
    assert bar.price("towel", tender=STORED).reason == "card_not_genuine"
    assert bar.price("towel").total_minor == 1_000
    assert [each.credential for each in bar.central.asked] == [""]


def test_a_card_is_forgotten_after_a_while_and_when_it_is_put_away(bar: Bar) -> None:
    bar.tap()
    bar.box.clock.advance(CARD_S + 1)
    assert bar.desk.card() is None
    bar.tap()
    bar.desk.put_away()
    assert bar.desk.card() is None


def test_a_receipt_says_what_was_sold_and_names_nobody(bar: Bar) -> None:
    bar.tap()
    bar.pay(800, "towel", "water", tender=STORED)
    receipt = find_receipt(bar.desk, "sale-0001", Language.EN)
    assert receipt is not None
    assert [(each.name, each.quantity, each.amount_minor) for each in receipt.lines] == [
        ("Towel", 1, 800),
        ("Water", 1, 0),
    ]
    assert (receipt.total_minor, receipt.tender, receipt.operator, receipt.offline) == (800, "stored_value", "li", True)
    assert (receipt.at.strftime("%Y-%m-%d %H:%M"), receipt.number, receipt.undone) == (
        "2026-11-22 16:31",
        "ale-0001",
        False,
    )
    bar.box.till.void(make_void())
    undone = find_receipt(bar.desk, "sale-0001", Language.ZH)
    assert undone is not None
    assert (undone.undone, undone.lines[0].name) == (True, "毛巾")
    assert find_receipt(bar.desk, "sale-0404", Language.ZH) is None
