"""Valid by default: a card, a batch, a request, a tap. Change only what a test is about."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from kiosk.club.card_batches import Batch, Issue, Maker
from kiosk.club.card_kinds import CardKind, CardRules, Holder, kind_of
from kiosk.club.card_numbers import NumberRange
from kiosk.club.cards import Card, CardState
from kiosk.club.gift_cards import GiftCard, GiftState
from kiosk.club.misuse_rules import Tap
from kiosk.club.special_cards import DiscountWay, SpecialRequest

TODAY = date(2026, 6, 15)
NOON = datetime(2026, 6, 15, 4, 0, tzinfo=UTC)
CARD_RULES = CardRules()


def make_kind(code: str = "annual") -> CardKind:
    """Return a kind of the regulation's own."""
    return kind_of(code, CARD_RULES)


def make_card(**fields: Any) -> Card:
    """Make an annual card of member m1, handed over."""
    defaults = {
        "number": "00000042",
        "kind": "annual",
        "state": CardState.HANDED_OVER,
        "point": "desk",
        "holder": Holder.MEMBER,
        "member": "m1",
        "valid_from": TODAY,
        "valid_until": date(2027, 6, 14),
    }
    return Card(**defaults | fields)


def make_blank(**fields: Any) -> Card:
    """Make an annual card in stock at the desk."""
    return Card(**{"number": "00000043", "kind": "annual", "state": CardState.IN_STOCK, "point": "desk"} | fields)


def make_batch(**fields: Any) -> Batch:
    """Make an order of ten annual cards, 00000100 to 00000109, made in the house."""
    defaults = {
        "id": "b1",
        "kind": "annual",
        "issue": Issue.LOOSE,
        "maker": Maker.OWN,
        "numbers": NumberRange(100, 109, 8),
        "quantity": 10,
        "ordered_by": "s1",
        "ordered_on": TODAY,
    }
    return Batch(**defaults | fields)


def make_gift(**fields: Any) -> GiftCard:
    """Make a gift card sold today with 200.00 on it."""
    defaults = {
        "number": "90000001",
        "state": GiftState.ACTIVE,
        "balance_minor": 20_000,
        "sold_on": TODAY,
        "valid_until": date(2029, 6, 14),
    }
    return GiftCard(**defaults | fields)


def make_request(**fields: Any) -> SpecialRequest:
    """Make a request of the activities department for five cards at 80 percent of the price."""
    defaults = {
        "id": "r1",
        "department": "activities",
        "requested_by": "s1",
        "requested_on": TODAY,
        "report": "file-1",
        "quantity": 5,
        "way": DiscountWay.INSTANT,
        "price_percent": 80,
    }
    return SpecialRequest(**defaults | fields)


def make_tap(seq: int, minute: float, **fields: Any) -> Tap:
    """Make a way in to the club at site `north`, so many minutes after NOON."""
    at = NOON + timedelta(minutes=minute)
    return Tap(**{"journal": "j1", "seq": seq, "at": at, "site": "north", "area": "club"} | fields)


def make_kinds(*kinds: CardKind) -> CardRules:
    """Make rules that have these kinds only."""
    return CardRules(kinds=tuple(kinds))


def numbers(cards: Iterable[Card | GiftCard]) -> list[str]:
    """Return the numbers of cards."""
    return [each.number for each in cards]
