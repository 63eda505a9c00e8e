"""The price list as boxes are told it: what each offer makes of a piece, worked out to the fen, by day (R95, S50).

What only central can judge is left out: coupons, and promotions that have a condition on the basket or on the buyer.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date

from kiosk.club.calendar import changes_on
from kiosk.club.prices import BasketLine, OfferCode, scheme_for
from kiosk.club.promotions import Promotion
from kiosk.club.rulebook import Rules
from kiosk.club.splitting import at_least, share_of
from kiosk.core.goods import Offer
from kiosk.core.tills import SaleTender

PROMOTIONS_MAX = 10
"""So many promotions of one item are told, the cheapest ones: a row has its limit."""

Days = Sequence[tuple[date, Rules]]
"""Local days, each with the rules that hold on it."""


def offers_of(line: BasketLine, rules: Rules, days: Days) -> tuple[Offer, ...]:
    """Return the prices below the list price of one piece, in the order in which equal ones count (see `prices`).

    The schemes and the tiers' prices are those of `rules`; member days and promotions those of each day.
    """
    found = [*_by_card(line, rules), *_by_tier(line, rules), *_on_member_days(line, days), *_promoted(line, days)]
    return tuple(each for each in found if each.price_minor < line.list_minor)


def _by_card(line: BasketLine, rules: Rules) -> Iterator[Offer]:
    scheme = scheme_for(line.goods, rules.prices)
    if scheme is not None:
        price_minor = _price(line, scheme.instant_percent, rules)
        yield Offer(OfferCode.INSTANT.value, price_minor, members=True)
        price_minor = _price(line, scheme.stored_percent, rules)
        yield Offer(OfferCode.STORED_VALUE.value, price_minor, members=True, tender=SaleTender.STORED_VALUE.value)


def _by_tier(line: BasketLine, rules: Rules) -> Iterator[Offer]:
    for each in rules.prices.tier_prices:
        if each.goods in ("", line.goods):
            price_minor = _price(line, each.percent, rules)
            yield Offer(OfferCode.TIER.value, price_minor, members=True, tiers=(each.tier,))


def _on_member_days(line: BasketLine, days: Days) -> Iterator[Offer]:
    by_price: dict[int, list[date]] = defaultdict(list)
    for day, rules in days:
        percent = changes_on(day, rules.calendar).price_percent
        if percent < 100:
            by_price[_price(line, percent, rules)].append(day)
    for price_minor, found in by_price.items():
        yield Offer(OfferCode.MEMBER_DAY.value, price_minor, members=True, days=tuple(found))


def _promoted(line: BasketLine, days: Days) -> Iterator[Offer]:
    on: dict[tuple[int, tuple[str, ...]], list[date]] = defaultdict(list)
    for day, rules in days:
        for each in rules.promotions.promotions:
            if _is_plain(each) and each.first <= day <= each.last and (not each.goods or line.goods in each.goods):
                on[_price(line, each.percent, rules, each.floor_percent), each.tiers].append(day)
    for (price_minor, tiers), found in sorted(on.items())[:PROMOTIONS_MAX]:
        yield Offer(OfferCode.PROMOTION.value, price_minor, tiers=tiers, days=tuple(sorted(set(found))))


def _is_plain(promotion: Promotion) -> bool:
    """Say whether a promotion counts for a piece by itself, whatever else is bought and whoever had it before."""
    asks = promotion.threshold_minor or promotion.times_max is not None or promotion.off_minor
    return not asks and not promotion.stackable


def _price(line: BasketLine, percent: int, rules: Rules, own_floor_percent: int = 0) -> int:
    """Return a percentage of the list price of one piece, not below the floor (R100)."""
    floor_percent = max(rules.promotions.floor_percent, own_floor_percent)
    floor_minor = min(max(at_least(line.list_minor, floor_percent, 100), line.floor_minor), line.list_minor)
    return max(share_of(line.list_minor, percent, 100), floor_minor)
