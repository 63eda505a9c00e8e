"""The counter: a basket quoted with all that holds for the member, and sold at that price (L01, S46, S50, R95)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta

import msgspec
from sqlalchemy import select

from kiosk.central.club import coupons, earners
from kiosk.central.club.books import Change, Look
from kiosk.central.club.card_book import card_by_credential
from kiosk.central.club.refused import RuleRefused, refuse
from kiosk.central.club.special_cards import request_of
from kiosk.central.club.spells import lock_member
from kiosk.central.money import sales, times
from kiosk.central.money.items import Item, items_named
from kiosk.central.money.sale_tables import promotion_use
from kiosk.central.money.stored_lots import free_minor
from kiosk.central.money.top_ups import AT_DESK, Place, caps_of
from kiosk.club.calendar import changes_on
from kiosk.club.gift_cards import TenderKind, against_tender
from kiosk.club.prices import BasketLine, Buyer, Quote, QuotedLine, QuoteRefusal
from kiosk.club.promotions import Promotion, PromotionUse
from kiosk.club.quoting import QuoteRules, quote
from kiosk.club.rule_packs import CashFrom, cash_allowed
from kiosk.club.sales import Sale, SaleLine, SaleReason, Tender
from kiosk.club.special_cards import DiscountWay, SpecialState
from kiosk.core.errors import InvalidInput

USES_DAYS = 400
PIECES_MAX = 1000


class Basket(msgspec.Struct, frozen=True):
    """What somebody wants to buy: pieces by item, how it is to be paid, what is shown, and who of the staff serves."""

    pieces: tuple[tuple[str, int], ...]
    tenders: tuple[TenderKind, ...]
    member: str | None = None
    coupons: tuple[str, ...] = ()
    card: str = ""
    place: Place = AT_DESK
    served_by: str = ""


class CounterQuote(msgspec.Struct, frozen=True):
    """What a basket costs line by line, and what the member can spend before and after."""

    quote: Quote
    total_minor: int
    before_minor: int
    after_minor: int


def quote_basket(look: Look, basket: Basket) -> CounterQuote:
    """Return what a basket costs now; raises RuleRefused where it is not sold so."""
    listed = items_named(look, _pieces(basket))
    _check_items(look, basket, listed)
    found = quote(_lines(basket, listed), _buyer(look, basket), _rules(look, basket))
    if isinstance(found, QuoteRefusal):
        raise refuse(found, "sale")
    mixed = against_tender(basket.tenders, basket.member is not None, look.rules.gifts)
    if mixed is not None:
        raise refuse(mixed, "sale")
    before = free_minor(look, basket.member) if basket.member else 0
    stored = set(basket.tenders) == {TenderKind.STORED_VALUE}
    return CounterQuote(found, found.total_minor, before, before - (found.total_minor if stored else 0))


def sell(
    change: Change, id: str, basket: Basket, tenders: Sequence[Tender] = (), total_minor: int | None = None
) -> sales.SaleRow:
    """Sell a basket at the price of now; without `tenders` all of it is paid in the basket's one way.

    The same id again gets the first answer. `total_minor` is the price that was quoted: another one is refused.
    Raises RuleRefused, NotEnough.
    """
    if basket.member:
        lock_member(change, basket.member)
    if sales.find(change, id) is not None:
        return sales.sale_of(change, id)
    found = quote_basket(change, basket)
    if total_minor is not None and total_minor != found.total_minor:
        detail = {"quoted": total_minor, "now": found.total_minor}
        raise RuleRefused(SaleReason.PRICE_CHANGED, detail, what="sale")
    paid = tuple(tenders) or _one_tender(basket, found.total_minor)
    _check_cash(change, paid)
    sale = _sale(change, id, basket, found.quote, paid)
    return sales.book_sale(change, sale)


def _sale(change: Change, id: str, basket: Basket, found: Quote, paid: tuple[Tender, ...]) -> Sale:
    listed = items_named(change, _pieces(basket))
    return Sale(
        id=id,
        site=basket.place.site,
        till=basket.place.till,
        by=change.actor.id,
        at=change.now,
        lines=tuple(_sold(each, listed[each.id]) for each in found.lines),
        tenders=paid,
        member=basket.member,
        card=basket.card,
        coupons=found.coupons,
        promotions=found.promotions,
        used=tuple(sorted(found.used.items())),
        gift=found.gift,
        served_by=basket.served_by,
    )


def _pieces(basket: Basket) -> dict[str, int]:
    """Return the pieces of each item, those that were named twice added up (L07)."""
    sums: Counter[str] = Counter()
    for item, quantity in basket.pieces:
        if not 1 <= quantity <= PIECES_MAX:
            raise InvalidInput(f"{quantity} pieces of {item[:32]!r}", hint=f"1 to {PIECES_MAX}")
        sums[item] += quantity
    if not sums:
        raise RuleRefused(SaleReason.NOTHING_SOLD, what="sale")
    return dict(sums)


def _lines(basket: Basket, listed: Mapping[str, Item]) -> list[BasketLine]:
    return [
        BasketLine(id, listed[id].kind, listed[id].price_minor, quantity, listed[id].floor_minor)
        for id, quantity in _pieces(basket).items()
    ]


def _check_items(look: Look, basket: Basket, listed: Mapping[str, Item]) -> None:
    tier = earners.tiers_of(look, [basket.member]).get(basket.member, "") if basket.member else ""
    for item in listed.values():
        if not item.offered:
            raise RuleRefused(SaleReason.NOT_OFFERED, {"item": item.id}, what="sale")
        if (item.members_only or item.times) and basket.member is None:
            raise RuleRefused(SaleReason.NEEDS_MEMBER, {"item": item.id}, what="sale")
        if item.tiers and tier not in item.tiers:
            raise RuleRefused(SaleReason.NOT_FOR_THIS_TIER, {"item": item.id}, what="sale")
    members = {TenderKind.STORED_VALUE, TenderKind.POINTS, TenderKind.COUPON}
    if basket.member is None and not members.isdisjoint(basket.tenders):
        raise RuleRefused(SaleReason.NEEDS_MEMBER, what="sale")


def _buyer(look: Look, basket: Basket) -> Buyer:
    """Return who buys: a member who is not in order pays what everybody pays, and uses up what was bought before."""
    member = basket.member
    known = {each.kind.code: each.kind for each in coupons.kinds(look)}
    held = [coupons.coupon_of(look, code) for code in dict.fromkeys(basket.coupons)]
    valid = member is not None and earners.is_valid(look, member, look.today)
    return Buyer(
        day=look.today,
        site=basket.place.site,
        member=member if valid else None,
        tier=earners.tiers_of(look, [member]).get(member, "") if member and valid else "",
        tenders=basket.tenders,
        day_changes=changes_on(look.today, look.rules.calendar),
        entitled=tuple(times.entitled(look, member)) if member else (),
        coupons=tuple((each, known[each.kind]) for each in held),
        uses=tuple(_uses(look, member)) if member else (),
    )


def _uses(look: Look, member: str) -> list[PromotionUse]:
    since = (look.today - timedelta(days=USES_DAYS)).isoformat()
    table = promotion_use
    query = select(table.c.code, table.c.on).where(table.c.member == member, table.c.on >= since)
    return [msgspec.convert(row, PromotionUse) for row in look.connection.execute(query).mappings()]


def _rules(look: Look, basket: Basket) -> QuoteRules:
    rules = look.rules
    plan = msgspec.structs.replace(rules.promotions, promotions=(*rules.promotions.promotions, *_special(look, basket)))
    return QuoteRules(rules.prices, plan, rules.coupons, rules.gifts)


def _special(look: Look, basket: Basket) -> tuple[Promotion, ...]:
    """Return what a special card that is switched on takes off, as an offer of today among the others (S30, R35)."""
    kept = card_by_credential(look, basket.card) if basket.card else None
    if kept is None or kept.request is None or not kept.card.function_on:
        return ()
    request = request_of(look, kept.request)
    by_way = request.way is DiscountWay.INSTANT or set(basket.tenders) == {TenderKind.STORED_VALUE}
    if request.state is not SpecialState.ACTIVE or not by_way:
        return ()
    return (Promotion(f"special.{request.id}", look.today, look.today, percent=request.price_percent),)


def _one_tender(basket: Basket, total_minor: int) -> tuple[Tender, ...]:
    if total_minor == 0:
        return ()
    if len(basket.tenders) != 1 or basket.tenders[0] in (TenderKind.GIFT_CARD, TenderKind.POINTS, TenderKind.PROVIDER):
        raise RuleRefused(SaleReason.WRONG_AMOUNT, {"needed": total_minor, "paid": 0}, what="sale")
    return (Tender(basket.tenders[0], total_minor),)


def _check_cash(look: Look, tenders: Sequence[Tender]) -> None:
    cash_minor = sum(each.amount_minor for each in tenders if each.kind is TenderKind.CASH)
    if cash_minor and not cash_allowed(cash_minor, CashFrom.PERSON, caps_of(look)):
        raise RuleRefused(SaleReason.CASH_TOO_MUCH, {"amount_minor": cash_minor}, what="sale")


def _sold(line: QuotedLine, item: Item) -> SaleLine:
    return SaleLine(
        item=item.id,
        quantity=line.quantity,
        list_minor=line.list_minor,
        net_minor=line.net_minor,
        name=item.name,
        goods=line.goods,
        entitled=line.entitled,
        times=item.times * line.quantity,
        times_of=item.times_of,
        reasons=tuple(f"{each.code}:{each.of}:{each.off_minor}" for each in line.reasons),
    )
