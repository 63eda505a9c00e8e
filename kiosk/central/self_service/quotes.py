"""What a till asks: what a basket costs whoever shows a card, and whether there is so much to spend."""

from collections.abc import Iterator

from kiosk.central.club.books import Look
from kiosk.central.club.refused import RuleRefused
from kiosk.central.money.counter import Basket, quote_basket
from kiosk.central.money.funds import can_spend
from kiosk.central.money.top_ups import Place
from kiosk.central.self_service.holders import holder_of
from kiosk.club.gift_cards import TenderKind
from kiosk.club.prices import OfferCode
from kiosk.club.prices import QuotedLine as Line
from kiosk.club.sales import SaleReason
from kiosk.core.errors import InvalidInput
from kiosk.core.self_service import MaySpend, QuoteAsked, Quoted, QuotedLine, SpendAsked

NOT_SOLD = "not_possible"
"""Why a basket is not quoted that names what there is not."""

_PLAIN = frozenset({OfferCode.LIST, OfferCode.GIFT_CARD, OfferCode.ENTITLEMENT})


def quote(look: Look, asked: QuoteAsked, site: str) -> Quoted:
    """Return what a basket costs now, line by line; with a reason and no lines where it is not sold so (S46, S50)."""
    try:
        return _quote(look, asked, site)
    except RuleRefused as error:
        return Quoted((), 0, reason=str(error.reason))
    except InvalidInput:
        return Quoted((), 0, reason=NOT_SOLD)


def may_spend(look: Look, asked: SpendAsked, _site: str) -> MaySpend:
    """Say whether an owner has so much to spend now, whatever boxes were told."""
    return MaySpend(can_spend(look, asked.owner, asked.amount_minor))


def _quote(look: Look, asked: QuoteAsked, site: str) -> Quoted:
    tender = next((each for each in TenderKind if each.value == asked.tender), None)
    if tender is None:
        raise InvalidInput(f"nothing is paid with {asked.tender}")
    member = holder_of(look, asked.credential) if asked.credential else None
    basket = Basket(asked.items, (tender,), member, card=asked.credential, place=Place(site))
    found = quote_basket(look, basket)
    lines = tuple(told for each in found.quote.lines for told in _lines(each))
    stored = tender is TenderKind.STORED_VALUE
    return Quoted(
        lines,
        found.total_minor,
        found.before_minor if stored else None,
        found.after_minor if stored else None,
        _in_points(look, found.total_minor) if tender is TenderKind.POINTS else None,
    )


def _in_points(look: Look, total_minor: int) -> int:
    """Return what so much costs in points; raises RuleRefused where points do not pay it exactly (R91)."""
    worth_minor = look.rules.sales.point_minor if look.rules.rewards.cash else 0
    if not worth_minor or total_minor % worth_minor:
        raise RuleRefused(SaleReason.POINTS_DO_NOT_PAY, {"point_minor": worth_minor}, what="sale")
    return total_minor // worth_minor


def _lines(line: Line) -> Iterator[QuotedLine]:
    """Yield a line as pieces of one price each, so that pieces times price are what it costs, to the fen."""
    list_minor, paid = line.list_minor // line.quantity, line.quantity - line.entitled
    if line.entitled:
        yield QuotedLine(line.id, line.entitled, 0, list_minor, OfferCode.ENTITLEMENT.value)
    if not paid:
        return
    why = next((each.code.value for each in line.reasons if each.code not in _PLAIN), "")
    price_minor, over = divmod(line.net_minor, paid)
    for pieces, each_minor in ((paid - over, price_minor), (over, price_minor + 1)):
        if pieces:
            yield QuotedLine(line.id, pieces, each_minor, list_minor, why if each_minor != list_minor else "")
