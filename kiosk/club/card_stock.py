"""Cards at points of sale, and the record of each that is handed over."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum

import msgspec

from kiosk.club.card_batches import BatchRules
from kiosk.club.card_kinds import CardRules, Holder
from kiosk.club.cards import Card, CardState, collected
from kiosk.club.refusal import Refusal


class PointKind(StrEnum):
    """What a point of sale is (S26, seeds 000:334-338). Wire format."""

    DESK = "desk"
    KIOSK = "kiosk"
    MALL = "mall"
    SUPERMARKET = "supermarket"
    ONLINE = "online"


class PointOfSale(msgspec.Struct, frozen=True):
    """Where cards are sold; an online one sends its cards out of its own stock."""

    id: str
    kind: PointKind
    site: str


class StockReason(StrEnum):
    """Why cards are not moved or handed over. Wire format."""

    NO_CARDS = "no_cards"
    SAME_POINT = "same_point"
    NOT_IN_STOCK = "not_in_stock"
    AT_ANOTHER_POINT = "at_another_point"
    IDENTITY_NOT_CHECKED = "identity_not_checked"


class StockRefusal(Refusal[StockReason], frozen=True):
    """Why cards are not moved or handed over."""


class HandOver(msgspec.Struct, frozen=True):
    """Who handed which card to whom, where and when; from then on it opens the gates (S27, R45)."""

    number: str
    member: str | None
    by: str
    point: str
    at: datetime
    identity_checked: bool


class Collected(msgspec.Struct, frozen=True):
    """A card after it was handed over, and the record of it; both are written together."""

    card: Card
    record: HandOver


class LowStock(msgspec.Struct, frozen=True):
    """A point of sale that has few cards of a kind left."""

    point: str
    kind: str
    left: int


def moved(cards: Sequence[Card], source: str, target: str) -> tuple[Card, ...] | StockRefusal:
    """Return cards after they went from one point of sale to another, all or none (S26, seeds 000:336-339)."""
    if not cards:
        return StockRefusal(StockReason.NO_CARDS)
    if source == target:
        return StockRefusal(StockReason.SAME_POINT)
    if wrong := [each.number for each in cards if each.state is not CardState.IN_STOCK]:
        return StockRefusal(StockReason.NOT_IN_STOCK, {"number": min(wrong), "count": len(wrong)})
    if wrong := [each.number for each in cards if each.point != source]:
        return StockRefusal(StockReason.AT_ANOTHER_POINT, {"number": min(wrong), "count": len(wrong)})
    return tuple(msgspec.structs.replace(each, point=target) for each in cards)


def low(
    left: Mapping[tuple[str, str], int], sold_at: Iterable[tuple[str, str]], rules: BatchRules
) -> tuple[LowStock, ...]:
    """Return the points of sale that need more, by how many cards each (point, kind) has left (S26)."""
    return tuple(
        LowStock(point, kind, left.get((point, kind), 0))
        for point, kind in sorted(set(sold_at))
        if left.get((point, kind), 0) <= rules.low_stock
    )


def hand_over(card: Card, by: str, at: datetime, identity_checked: bool, rules: CardRules) -> Collected | StockRefusal:
    """Hand a card over to its holder; raises StepRefused for one that is nobody's (S27, R45, R39)."""
    given = collected(card)
    personal = card.member is not None or card.holder is not Holder.BEARER
    if personal and rules.identity_checked and not identity_checked:
        return StockRefusal(StockReason.IDENTITY_NOT_CHECKED)
    return Collected(given, HandOver(card.number, card.member, by, card.point, at, identity_checked))
