"""The counter in the office: a basket quoted and sold, to a member or to anybody, by every way of paying (S46, S50)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.central.care.owner_facts import present_staff
from kiosk.central.club.books import Change, Look
from kiosk.central.club.card_book import cards_of
from kiosk.central.club.point_entries import new_id
from kiosk.central.money import counter
from kiosk.central.money.counter import Basket, CounterQuote
from kiosk.central.money.items import items
from kiosk.central.money.sale_book import SaleRow
from kiosk.central.money.stored_lots import free_minor
from kiosk.club.cards import CardState
from kiosk.club.gift_cards import TenderKind
from kiosk.club.office_actions import OfficeAction
from kiosk.club.roles import Permission
from kiosk.club.sales import Tender
from kiosk.core.errors import InvalidInput
from kiosk.core.texts import Language
from kiosk.office.actions import Action, Draft, Ids
from kiosk.office.amounts import SomeYuan, in_fen, shown
from kiosk.office.care_fields import present, staff_to_pick
from kiosk.office.money_account import KIND
from kiosk.office.money_fields import DESK, OwnId, Till, at_a_till, place_at, providers
from kiosk.office.money_sales import LIST
from kiosk.office.routes import Route
from kiosk.office.saying import language
from kiosk.office.whom import card_named, person_of

Line = Annotated[str, Meta(max_length=120, description="An item's id or name, a space, and how many.")]
Code = Annotated[str, Meta(max_length=32)]
Number = Annotated[str, Meta(max_length=32)]
Server = Annotated[str, Meta(max_length=32, description="Who served: an account's id; empty for who sells.")]


class SellToMember(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a member buys: an item and how many, further lines as `item pieces`, and how it is paid.

    `quoted` is the price that the member was told, in yuan: another one is refused. `points` pay first, the rest goes
    by `by`. `card` is the number of the card that was shown.
    """

    item: Code
    quantity: Annotated[int, Meta(ge=1, le=1000)] = 1
    more: tuple[Line, ...] = ()
    by: TenderKind = TenderKind.STORED_VALUE
    provider: Annotated[str, Meta(pattern=r"^(wechat|alipay)?\Z", max_length=8)] = ""
    points: Annotated[int, Meta(ge=0, le=10_000_000)] = 0
    coupon: Code = ""
    card: Number = ""
    quoted: SomeYuan = ""
    till: Till = DESK
    id: OwnId = ""
    served_by: Server = ""


class SellToAnybody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody buys without being known: paid with money, or with a gift card alone (R29).

    `card` is a special card that was shown: its discount counts as an offer (S30).
    """

    item: Code
    quantity: Annotated[int, Meta(ge=1, le=1000)] = 1
    more: tuple[Line, ...] = ()
    by: TenderKind = TenderKind.CASH
    provider: Annotated[str, Meta(pattern=r"^(wechat|alipay)?\Z", max_length=8)] = ""
    gift_card: Number = ""
    card: Number = ""
    quoted: SomeYuan = ""
    till: Till = DESK
    id: OwnId = ""
    served_by: Server = ""


class QuoteQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A basket that is asked about: items as `id pieces`, with commas between them."""

    items: Annotated[str, Meta(max_length=1000, description="Items as `id pieces`, with commas between.")] = ""
    by: Annotated[str, Meta(max_length=16, description="How it is to be paid.")] = "stored_value"
    coupon: Annotated[str, Meta(max_length=32, description="A coupon that is shown.")] = ""


class BasketQuote(msgspec.Struct, frozen=True):
    """What a basket costs, line by line with how each price comes about; null where nothing was asked about."""

    quote: CounterQuote | None


def sell_to_member(change: Change, wish: SellToMember, ids: Ids) -> SaleRow:
    """Sell to a member."""
    member = person_of(change, ids["member"]).id
    basket = Basket(
        pieces=_pieces(change, wish.item, wish.quantity, wish.more),
        tenders=(wish.by, TenderKind.POINTS) if wish.points else (wish.by,),
        member=member,
        coupons=(wish.coupon,) if wish.coupon else (),
        card=_card(change, member, wish.card),
        place=place_at(change, wish.till),
        served_by=_served_by(change, wish.served_by),
    )
    return _sell(change, wish, basket, wish.points)


def sell_to_anybody(change: Change, wish: SellToAnybody, _ids: Ids) -> SaleRow:
    """Sell to somebody without a card, or to the bearer of a gift card."""
    card = card_named(change, wish.card).id if wish.card else ""
    pieces = _pieces(change, wish.item, wish.quantity, wish.more)
    place, served_by = place_at(change, wish.till), _served_by(change, wish.served_by)
    basket = Basket(pieces, (wish.by,), card=card, place=place, served_by=served_by)
    return _sell(change, wish, basket, 0)


def quote_basket(look: Look, query: QuoteQuery, ids: Ids) -> BasketQuote:
    """Return what a basket costs a member now (L01)."""
    member = person_of(look, ids["member"]).id
    by = next((each for each in TenderKind if each == query.by), TenderKind.STORED_VALUE)
    lines = tuple(each.strip() for each in query.items.split(",") if each.strip())
    pieces = tuple(_piece(each) for each in lines)
    known = {each.id for each in items(look)}
    if not pieces or not {item for item, _ in pieces} <= known:
        return BasketQuote(None)
    coupons = (query.coupon,) if query.coupon else ()
    return BasketQuote(counter.quote_basket(look, Basket(pieces, (by,), member, coupons)))


def _sell(change: Change, wish: SellToMember | SellToAnybody, basket: Basket, points: int) -> SaleRow:
    total_minor = in_fen(wish.quoted) if wish.quoted else None
    found = counter.quote_basket(change, basket)
    gift_card = wish.gift_card if isinstance(wish, SellToAnybody) else ""
    paid = _tenders(change, wish.by, wish.provider or gift_card, points, found.total_minor)
    return counter.sell(change, wish.id or f"sale:{new_id()}", basket, paid, total_minor)


def _served_by(change: Change, staff: str) -> str:
    """Return who received the member: the account that is named, else that of who sells (R132, R155)."""
    if staff:
        return present(change, staff)
    return change.actor.id if change.actor.id in present_staff(change) else ""


def _tenders(change: Change, by: TenderKind, of: str, points: int, total_minor: int) -> tuple[Tender, ...]:
    points_minor = points * change.rules.sales.point_minor
    paid = [Tender(TenderKind.POINTS, points_minor, points=points)] if points else []
    rest_minor = total_minor - points_minor
    if rest_minor:
        paid.append(Tender(by, max(rest_minor, 0), of=of))
    return tuple(paid)


def _pieces(look: Look, item: str, quantity: int, more: tuple[str, ...]) -> tuple[tuple[str, int], ...]:
    ids = {name: each.id for each in items(look) for name in (each.name_en, each.name, each.id)} if more else {}
    further = (_piece(each) for each in more)
    return ((item, quantity), *((ids.get(name, name), count) for name, count in further))


def _piece(line: str) -> tuple[str, int]:
    """Return what a line names and how many of it; raises InvalidInput for a number of pieces that is none."""
    item, _, count = line.strip().rpartition(" ")
    if not item:
        return count, 1
    if not (count.isascii() and count.isdecimal()):
        raise InvalidInput(f"{line!r} is no item with a number of pieces", hint="As in: tea 2")
    return item.strip(), int(count)


def _card(look: Look, member: str, number: str) -> str:
    """Return the credential of the card that was shown; without one, of the member's card where there is just one."""
    if not number:
        held = [each for each in cards_of(look, member) if each.card.state is CardState.HANDED_OVER]
        return (held[0].credential or "") if len(held) == 1 else ""
    card = card_named(look, number)
    if card.member != member:
        raise InvalidInput("the card is another member's", hint="Sell to the card's member")
    return card.id


def _item_choices(look: Look) -> list[tuple[str, str]]:
    english = language() is Language.EN
    return [(each.id, f"{each.name_en if english else each.name} {shown(each.price_minor)}") for each in items(look)]


def _member_draft(look: Look, ids: Ids) -> Draft:
    person = person_of(look, ids["member"])
    ways = [TenderKind.STORED_VALUE, TenderKind.CASH, TenderKind.BANK_CARD, TenderKind.PROVIDER]
    return _with_choices(look, ways, f"{person.member_no} {person.name} · {shown(free_minor(look, person.id))}")


def _draft(look: Look, _ids: Ids) -> Draft:
    ways = [TenderKind.CASH, TenderKind.BANK_CARD, TenderKind.PROVIDER, TenderKind.GIFT_CARD]
    return _with_choices(look, ways)


def _with_choices(look: Look, ways: list[TenderKind], title: str = "") -> Draft:
    choices = {
        "item": _item_choices(look),
        "by": [(each.value, "") for each in ways],
        "provider": providers(),
        "served_by": staff_to_pick(look),
    }
    return at_a_till(look, Draft(title, choices=choices))


_TAKE = Permission.MONEY_TAKE

ACTIONS = (
    Action(
        "sell_to_member", "/money/{member}/sales", _TAKE, SellToMember, SaleRow, sell_to_member,
        "Sell a basket to a member", about=KIND, then="/money/{member}", act=OfficeAction.TAKE_MONEY,
        drafts=_member_draft,
    ),
    Action(
        "sell_to_anybody", "/sales", _TAKE, SellToAnybody, SaleRow, sell_to_anybody,
        "Sell a basket to somebody who is not known, or to the bearer of a gift card", about=LIST, then="/sales",
        act=OfficeAction.TAKE_MONEY, drafts=_draft,
    ),
)  # fmt: skip

ROUTES = (
    Route(
        "/money/{member}/quote", "quote_basket", "What a basket costs a member now", QuoteQuery, BasketQuote,
        Permission.MONEY_READ, run=quote_basket,
    ),
)  # fmt: skip
