"""What things cost where central cannot be asked: the price list as a box holds it, and what a basket comes to by it.

Central has worked every price out to the fen; a box only chooses the best one that is meant for who stands before it.
What central alone can know stays out: coupons, promotions with a condition, and what was bought before.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date

import msgspec

from kiosk.core.model import Row
from kiosk.core.self_service import Quoted, QuotedLine
from kiosk.core.tills import SaleTender

ENTITLEMENT = "entitlement"
"""Why a piece costs nothing that was bought before: a code of `club/prices.py`."""

NOT_OFFERED = "not_offered"
NEEDS_MEMBER = "needs_member"
NOT_FOR_THIS_TIER = "not_for_this_tier"
"""Why something is not sold: codes of `club/sales.py`."""


class Offer(msgspec.Struct, frozen=True, omit_defaults=True):
    """A price of one piece below the list price, in fen, and for whom: what is left out asks for nothing.

    `members` = members in order alone, `tiers` = these, `tender` = where all of it is paid so, `days` = on these local
    days. `why` is a code of `club/prices.py`.
    """

    why: str
    price_minor: int
    members: bool = False
    tiers: tuple[str, ...] = ()
    tender: str = ""
    days: tuple[date, ...] = ()


class Item(Row, frozen=True, omit_defaults=True, tag="item"):
    """A roster row: something that is sold, its list price in fen, and whom it is sold to. `goods` "" = its own id.

    No gate looks at it, so that one that cannot be read stops no roster.
    """

    name: str = ""
    name_en: str = ""
    goods: str = ""
    price_minor: int = 0
    members: bool = False
    tiers: tuple[str, ...] = ()
    offers: tuple[Offer, ...] = ()

    @property
    def kind(self) -> str:
        """The kind of goods by which offers and what was bought before count."""
        return self.goods or self.id


class AtTill(msgspec.Struct, frozen=True):
    """Who buys, on which local day, and how all of it is paid; `member` = a member in order."""

    day: date
    tender: str = ""
    member: bool = False
    tier: str = ""


def price_for(item: Item, buyer: AtTill) -> tuple[int, str]:
    """Return the price of one piece and why it is not the list price: the best offer, the first of equal ones.

    A gift card pays list prices (R28).
    """
    fitting = [each for each in item.offers if _is_for(each, buyer)]
    best = min(fitting, key=lambda each: each.price_minor, default=None)
    if best is None or best.price_minor >= item.price_minor or buyer.tender == SaleTender.GIFT_CARD:
        return item.price_minor, ""
    return best.price_minor, best.why


def why_not_sold(item: Item | None, buyer: AtTill) -> str:
    """Return why something is not sold to somebody, "" where it is."""
    if item is None:
        return NOT_OFFERED
    if item.members and not buyer.member:
        return NEEDS_MEMBER
    return NOT_FOR_THIS_TIER if item.tiers and buyer.tier not in item.tiers else ""


def quote_here(items: Mapping[str, Item], basket: Sequence[tuple[str, int]], buyer: AtTill) -> Quoted:
    """Return what a basket costs by a box's own price list; pieces of one item are one line."""
    pieces: Counter[str] = Counter()
    for id, quantity in basket:
        pieces[id] += quantity
    lines: list[QuotedLine] = []
    for id, quantity in pieces.items():
        item = items.get(id)
        reason = why_not_sold(item, buyer)
        if item is None or reason:
            return Quoted((), 0, reason=reason)
        price_minor, why = price_for(item, buyer)
        lines.append(QuotedLine(id, quantity, price_minor, item.price_minor, why))
    return Quoted(tuple(lines), sum(each.quantity * each.price_minor for each in lines))


def used_of(items: Mapping[str, Item], lines: Sequence[QuotedLine]) -> dict[str, int]:
    """Return the pieces of a quote that were bought before, by goods."""
    used: Counter[str] = Counter()
    for each in lines:
        if each.why == ENTITLEMENT:
            item = items.get(each.item)
            used[item.kind if item is not None else each.item] += each.quantity
    return dict(used)


def _is_for(offer: Offer, buyer: AtTill) -> bool:
    if (offer.members and not buyer.member) or (offer.tiers and buyer.tier not in offer.tiers):
        return False
    return offer.tender in ("", buyer.tender) and (not offer.days or buyer.day in offer.days)
