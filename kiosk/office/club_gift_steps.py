"""Steps of gift cards as staff wish them: sold, extended, and their way back (R30 to R32, S29 to S31)."""

from datetime import date
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.central.club import gift_cards, gift_way_back
from kiosk.central.club.books import Change
from kiosk.central.club.stock import check_point
from kiosk.central.money import gift_sales
from kiosk.club.gift_cards import GiftCard
from kiosk.club.gift_recovery import WayBack
from kiosk.club.paying_back import PayWay
from kiosk.club.roles import Permission
from kiosk.core.codec import INTEGER_MAX
from kiosk.office.actions import Ids
from kiosk.office.club_card_parts import Id, Numbers, Remark, Sentence, check_colleague, numbers_in
from kiosk.office.money_fields import DESK as TILL
from kiosk.office.money_fields import Till, place_at

Loaded = Annotated[int, Meta(ge=1, le=INTEGER_MAX)]
Balance = Annotated[int, Meta(ge=0, le=INTEGER_MAX)]


class SellGiftCard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A gift card is sold with that on it, in minor units, paid by a way and at a till."""

    amount_minor: Loaded
    way: PayWay = PayWay.CASH
    till: Till = TILL
    why: Remark = ""


class ExtendGiftCard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A gift card that ran out gets a later end."""

    until: date
    why: Sentence


class OpenGiftBalance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is on a gift card that came with a list, in minor units, and until when."""

    balance_minor: Balance
    valid_until: date
    why: Sentence


class TakeInGiftCard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """At which point of sale an empty gift card is taken in."""

    store: Id
    why: Remark = ""


class GiveGiftCards(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which gift cards are given to whom: the id of an account."""

    numbers: Numbers
    taken_by: Id
    why: Remark = ""


class DestroyGiftCards(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which gift cards are destroyed, and who sees it: the id of an account."""

    numbers: Numbers
    seen_by: Id
    why: Remark = ""


def sell_gift_card(change: Change, wish: SellGiftCard, ids: Ids) -> GiftCard:
    """Sell a gift card from stock."""
    place = place_at(change, wish.till)
    return gift_sales.sell(change, ids["number"], wish.amount_minor, wish.way, place, why=wish.why)


def extend_gift_card(change: Change, wish: ExtendGiftCard, ids: Ids) -> GiftCard:
    """Give a gift card that ran out a later end."""
    return gift_cards.extend(change, ids["number"], wish.until, why=wish.why)


def open_gift_balance(change: Change, wish: OpenGiftBalance, ids: Ids) -> GiftCard:
    """Write down what is on a gift card that came with a list."""
    return gift_sales.open_balance(change, ids["number"], wish.balance_minor, wish.valid_until, why=wish.why)


def take_in_gift_card(change: Change, wish: TakeInGiftCard, ids: Ids) -> WayBack:
    """Take an empty gift card in."""
    check_point(change, wish.store)
    return gift_way_back.take_in(change, ids["number"], wish.store, why=wish.why)


def hand_gift_cards_to_funds(change: Change, wish: GiveGiftCards, _ids: Ids) -> WayBack:
    """Hand gift cards that were taken in to the fund department."""
    check_colleague(change, wish.taken_by, Permission.GIFTS_FUND)
    return gift_way_back.hand_to_funds(change, numbers_in(wish.numbers), wish.taken_by, why=wish.why)


def send_gift_cards(change: Change, wish: GiveGiftCards, _ids: Ids) -> WayBack:
    """Send gift cards from the fund department to customer service."""
    check_colleague(change, wish.taken_by, Permission.GIFTS_DESTROY)
    return gift_way_back.send_to_service(change, numbers_in(wish.numbers), wish.taken_by, why=wish.why)


def destroy_gift_cards(change: Change, wish: DestroyGiftCards, _ids: Ids) -> WayBack:
    """Destroy gift cards before a witness, who is another of the staff."""
    check_colleague(change, wish.seen_by, Permission.CARDS_READ)
    return gift_way_back.destroy(change, numbers_in(wish.numbers), wish.seen_by, why=wish.why)
