"""The quote: every offer is held against each line, and the best one counts. See `kiosk.club.prices`."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from kiosk.club import coupons as coupon_rules
from kiosk.club import promotions as promotion_rules
from kiosk.club.coupons import CouponKind, CouponRules, Purchase
from kiosk.club.gift_cards import GiftRules, TenderKind, against_tender
from kiosk.club.prices import (
    BasketLine,
    Buyer,
    NotUsed,
    OfferCode,
    PriceRules,
    Quote,
    QuotedLine,
    QuoteRefusal,
    Reason,
    gift_for,
    scheme_for,
    tier_percent,
)
from kiosk.club.promotions import Promotion, PromotionReason, PromotionRules
from kiosk.club.splitting import at_least, share_of, split
from kiosk.core.errors import InvalidInput

BETTER = "better_offer"
_RANK = {code: rank for rank, code in enumerate(OfferCode)}


class QuoteRules(msgspec.Struct, frozen=True):
    """The families that a quote reads."""

    prices: PriceRules = PriceRules()
    promotions: PromotionRules = PromotionRules()
    coupons: CouponRules = CouponRules()
    gifts: GiftRules = GiftRules()


class _Line(msgspec.Struct, frozen=True):
    """A line and how many of its pieces are paid for."""

    line: BasketLine
    free: tuple[tuple[str, int], ...]
    paid: int

    @property
    def full_minor(self) -> int:
        return self.line.list_minor * self.paid


class _Offer(msgspec.Struct, frozen=True):
    """An offer by line id: what it takes off each, and its own floor in percent."""

    code: OfferCode
    of: str
    off: Mapping[str, int]
    stackable: bool = False
    floor_percent: int = 0


def quote(basket: Sequence[BasketLine], buyer: Buyer, rules: QuoteRules) -> Quote | QuoteRefusal:
    """Return what a basket costs, whatever order its lines stand in; raises InvalidInput for two lines of one id."""
    if len({each.id for each in basket}) != len(basket):
        raise InvalidInput("two lines of a basket have the same id")
    mixed = against_tender(buyer.tenders, member_benefit=False, rules=rules.gifts)
    if mixed is not None:
        return QuoteRefusal(mixed.reason, mixed.detail)
    ordered = sorted(basket, key=lambda each: each.id)
    if TenderKind.GIFT_CARD in buyer.tenders:
        return Quote(tuple(_at_list(each) for each in ordered))
    lines = _with_entitlements(ordered, buyer)
    refused: list[NotUsed] = []
    offers = [*_percents(lines, buyer, rules.prices), *_promotions(lines, buyer, rules, refused)]
    offers += _coupons(lines, buyer, rules, refused)
    quoted = tuple(_priced(each, offers, rules.promotions.floor_percent) for each in lines)
    return _summed(quoted, lines, offers, refused, rules.prices)


def _at_list(line: BasketLine) -> QuotedLine:
    full_minor = line.list_minor * line.quantity
    reason = Reason(OfferCode.GIFT_CARD, "", 0)
    return QuotedLine(line.id, line.goods, line.quantity, 0, full_minor, full_minor, full_minor, (reason,))


def _with_entitlements(lines: Sequence[BasketLine], buyer: Buyer) -> list[_Line]:
    """Return the lines with what was bought before, the dearest pieces first: they are worth most to the member."""
    left = {each.id: each.left for each in sorted(buyer.entitled, key=lambda each: each.id)}
    goods = {each.id: each.goods for each in buyer.entitled}
    free: dict[str, list[tuple[str, int]]] = {each.id: [] for each in lines}
    for line in sorted(lines, key=lambda each: (-each.list_minor, each.id)):
        wanted = line.quantity
        for id in left:
            used = min(wanted, left[id]) if goods[id] == line.goods else 0
            if used:
                free[line.id].append((id, used))
                left[id] -= used
                wanted -= used
    return [_Line(each, tuple(free[each.id]), each.quantity - sum(n for _, n in free[each.id])) for each in lines]


def _percents(lines: Sequence[_Line], buyer: Buyer, rules: PriceRules) -> Iterator[_Offer]:
    """Yield what a member's card, stored value, tier and day are worth; none of it without a member."""
    if buyer.member is None:
        return
    schemes = {each.line.goods: scheme_for(each.line.goods, rules) for each in lines}
    instant = {goods: found.instant_percent for goods, found in schemes.items() if found}
    yield _Offer(OfferCode.INSTANT, "", {each.line.id: _off(each, instant.get(each.line.goods, 100)) for each in lines})
    if buyer.pays_stored:
        stored = {goods: found.stored_percent for goods, found in schemes.items() if found}
        off = {each.line.id: _off(each, stored.get(each.line.goods, 100)) for each in lines}
        yield _Offer(OfferCode.STORED_VALUE, "", off)
    by_tier = {each.line.id: _off(each, tier_percent(buyer.tier, each.line.goods, rules)) for each in lines}
    yield _Offer(OfferCode.TIER, buyer.tier, by_tier)
    today = {each.line.id: _off(each, buyer.day_changes.price_percent) for each in lines}
    yield _Offer(OfferCode.MEMBER_DAY, " ".join(buyer.day_changes.codes), today)


def _off(line: _Line, percent: int) -> int:
    """Return what a price in percent takes off: rounded per piece, so that lines may be joined or parted."""
    return (line.line.list_minor - share_of(line.line.list_minor, percent, 100)) * line.paid


def _promotions(lines: Sequence[_Line], buyer: Buyer, rules: QuoteRules, refused: list[NotUsed]) -> Iterator[_Offer]:
    for each in sorted(rules.promotions.promotions, key=lambda each: each.code):
        meant = [line for line in lines if not each.goods or line.line.goods in each.goods]
        amount_minor = sum(line.full_minor for line in meant)
        why = promotion_rules.why_not(each, buyer.tier, amount_minor, buyer.uses, buyer.day)
        if why is None and each.times_max is not None and buyer.member is None:
            why = PromotionReason.NEEDS_MEMBER
        if why is None:
            off = _spread(meant, {line.line.id: _off(line, each.percent) for line in meant}, each.off_minor)
            yield _Offer(OfferCode.PROMOTION, each.code, off, each.stackable, each.floor_percent)
        elif _worth_telling(each, buyer):
            refused.append(NotUsed(OfferCode.PROMOTION, each.code, why.value))


def _worth_telling(promotion: Promotion, buyer: Buyer) -> bool:
    return promotion.first <= buyer.day <= promotion.last


def _coupons(lines: Sequence[_Line], buyer: Buyer, rules: QuoteRules, refused: list[NotUsed]) -> Iterator[_Offer]:
    """Yield what coupons are worth, in the order of their codes; each sees those before it that count."""
    taken: list[CouponKind] = []
    for coupon, kind in sorted(buyer.coupons, key=lambda pair: pair[0].code):
        meant = [line for line in lines if not kind.goods or line.line.goods in kind.goods]
        amount_minor = sum(line.full_minor for line in meant)
        goods = frozenset(line.line.goods for line in lines)
        purchase = Purchase(buyer.site, amount_minor, buyer.member, goods, tuple(taken))
        why = coupon_rules.why_not(coupon, kind, purchase, buyer.day, rules.coupons)
        if why is not None:
            refused.append(NotUsed(OfferCode.COUPON, coupon.code, why.reason.value))
            continue
        taken.append(kind)
        off = _spread(
            meant, dict.fromkeys((each.line.id for each in meant), 0), coupon_rules.off_minor(kind, amount_minor)
        )
        yield _Offer(OfferCode.COUPON, coupon.code, off, rules.prices.coupons_stack)


def _spread(lines: Sequence[_Line], off: dict[str, int], amount_minor: int) -> dict[str, int]:
    """Return what is off each line, with an amount spread over them by what they cost, to the last fen."""
    weights = [each.full_minor - off[each.line.id] for each in lines]
    shares = split(min(amount_minor, sum(weights)), weights)
    return {each.line.id: off[each.line.id] + share for each, share in zip(lines, shares, strict=True)}


def _priced(line: _Line, offers: Sequence[_Offer], floor_percent: int) -> QuotedLine:
    """Return a line with its best offer and what counts on top, not below the floor (R100)."""
    id, list_minor = line.line.id, line.line.list_minor * line.line.quantity
    reasons = [Reason(OfferCode.ENTITLEMENT, of, pieces * line.line.list_minor) for of, pieces in line.free]
    plain = [each for each in offers if not each.stackable and each.off.get(id, 0) > 0]
    best = (
        [min(plain, key=lambda each: (-_worth(each, line, floor_percent), _RANK[each.code], each.of))] if plain else []
    )
    counting = [*best, *(each for each in offers if each.stackable and each.off.get(id, 0) > 0)]
    floor_minor = max((_floor(line, max(floor_percent, each.floor_percent)) for each in counting), default=0)
    net_minor = line.full_minor
    for each in counting:
        off_minor = min(each.off[id], net_minor)
        net_minor -= off_minor
        reasons.append(Reason(each.code, each.of, off_minor))
    floor_minor = min(floor_minor or _floor(line, floor_percent), line.full_minor)
    if net_minor < floor_minor:
        reasons.append(Reason(OfferCode.FLOOR, "", net_minor - floor_minor))
        net_minor = floor_minor
    told = tuple(reasons) or (Reason(OfferCode.LIST, "", 0),)
    free = line.line.quantity - line.paid
    return QuotedLine(id, line.line.goods, line.line.quantity, free, list_minor, net_minor, floor_minor, told)


def _worth(offer: _Offer, line: _Line, floor_percent: int) -> int:
    """Return what an offer takes off in the end: as far as its floor lets it."""
    room_minor = line.full_minor - _floor(line, max(floor_percent, offer.floor_percent))
    return min(offer.off[line.line.id], max(room_minor, 0))


def _floor(line: _Line, percent: int) -> int:
    """Return the lowest price of a line's paid pieces: by percent or the goods' own, never above the list price."""
    piece_minor = max(at_least(line.line.list_minor, percent, 100), line.line.floor_minor)
    return min(piece_minor, line.line.list_minor) * line.paid


def _summed(
    quoted: tuple[QuotedLine, ...],
    lines: Sequence[_Line],
    offers: Sequence[_Offer],
    refused: Sequence[NotUsed],
    rules: PriceRules,
) -> Quote:
    used: Counter[str] = Counter()
    for each in lines:
        used.update(dict(each.free))
    counted = {(reason.code, reason.of) for line in quoted for reason in line.reasons if reason.off_minor}
    named = [each for each in offers if each.code in (OfferCode.PROMOTION, OfferCode.COUPON)]
    beaten = [NotUsed(each.code, each.of, BETTER) for each in named if (each.code, each.of) not in counted]
    return Quote(
        lines=quoted,
        used=dict(sorted(used.items())),
        coupons=tuple(each.of for each in named if each.code is OfferCode.COUPON and (each.code, each.of) in counted),
        promotions=tuple(
            each.of for each in named if each.code is OfferCode.PROMOTION and (each.code, each.of) in counted
        ),
        gift=gift_for(sum(each.net_minor for each in quoted), rules),
        not_used=(*refused, *beaten),
    )
