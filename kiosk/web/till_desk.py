"""A till with a screen: what a basket costs the one whose card is shown, and the sale at that price.

Central quotes; where it does not answer, the box's own price list does, and what central alone knows has to wait.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from kiosk.core.errors import InvalidInput, JournalUnavailable, RosterUnavailable
from kiosk.core.goods import AtTill, Item, quote_here, used_of
from kiosk.core.identifiers import Assurance
from kiosk.core.records import SaleMade
from kiosk.core.self_service import QuoteAsked, Quoted, QuotedLine, Subject
from kiosk.core.spending import SpendLimits
from kiosk.core.tills import SaleTender
from kiosk.store.till_book import Taken
from kiosk.web.self_asking import AskCentral, NoAnswer
from kiosk.web.till import Till, sale_in
from kiosk.web.till_cards import Cards, Shown
from kiosk.web.till_shown import CardHeld, CardShown
from kiosk.web.till_wishes import Id, SaleWish, Told, WishLine
from kiosk.web.till_wishes import Item as ItemId

NO_SALE = "only-asked"
"""Stands for the id of a sale that is only asked about."""

Basket = Annotated[tuple[tuple[ItemId, Annotated[int, Meta(ge=1, le=1000)]], ...], Meta(min_length=1, max_length=50)]


class PriceWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A basket as items with pieces, and how all of it is paid: one way, never several (R29)."""

    items: Basket
    tender: SaleTender


class PayWish(PriceWish, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A basket that is to be sold at the price that was shown. The same `sale_id` again is the same sale."""

    sale_id: Id
    total_minor: Annotated[int, Meta(ge=0, le=10**9)]


class PricedLine(msgspec.Struct, frozen=True):
    """A line as the screen shows it, in fen a piece; `why` is a code, "" where the list price is paid."""

    item: str
    name: dict[str, str]
    quantity: int
    price_minor: int
    list_minor: int
    why: str


class Priced(msgspec.Struct, frozen=True):
    """What a basket costs. `reason` is why it is not sold so, "" where it is; `online` = central said so."""

    lines: tuple[PricedLine, ...] = ()
    total_minor: int = 0
    before_minor: int | None = None
    after_minor: int | None = None
    points: int | None = None
    online: bool = False
    reason: str = ""


class Paid(msgspec.Struct, frozen=True):
    """Whether a basket was sold; `reason` why not, and `priced` what it costs now, where that is the reason."""

    done: bool
    reason: str = ""
    sale_id: str = ""
    total_minor: int = 0
    tender: str = ""
    offline: bool = False
    priced: Priced | None = None


class TillDesk:
    """Prices and sells for the screen of a till. For several threads."""

    def __init__(self, till: Till, cards: Cards, shown: CardShown, ask_central: AskCentral) -> None:
        self._till, self._cards, self._shown, self._ask_central = till, cards, shown, ask_central

    def card(self) -> Shown | None:
        """Return what the box knows of the card that is shown, None without one; raises JournalUnavailable."""
        held = self._shown.held()
        return self._cards.show(held.credential, held.assurance) if held is not None else None

    def items(self) -> dict[str, Item]:
        """Return the price list by id."""
        return self._cards.items()

    def limits(self) -> SpendLimits:
        """Return what this box may give without central."""
        try:
            return self._cards.limits()
        except RosterUnavailable:
            return SpendLimits()

    def price(self, wish: PriceWish) -> Priced:
        """Return what a basket costs now, whoever may say it."""
        return self._priced(wish, self._shown.held())[0]

    def pay(self, wish: PayWish, operator: str) -> Paid:
        """Sell a basket at the price that was shown, once for its id; raises InvalidInput for an id of another sale."""
        if (found := self.made(wish.sale_id)) is not None:
            return _again(found[1], wish)
        held = self._shown.held()
        priced, told = self._priced(wish, held)
        reason = priced.reason if operator else "no_operator"
        if reason or priced.total_minor != wish.total_minor:
            return Paid(False, reason or "price_changed", wish.sale_id, priced=priced)
        tender = wish.tender if priced.total_minor else SaleTender.FREE
        answer = self._till.sell(_sale(wish.sale_id, tender, priced, held, operator), told)
        if not answer.done:
            return Paid(False, answer.reason, wish.sale_id)
        self._shown.put_away()
        found = self.made(wish.sale_id)
        offline = found is not None and found[1].offline
        return Paid(True, "", wish.sale_id, answer.total_minor, tender.value, offline)

    def made(self, sale_id: str) -> tuple[Taken, SaleMade] | None:
        """Return a sale that was made at this box, None where there is none; raises JournalUnavailable."""
        taken = self._till.made(sale_id)
        made = sale_in(taken) if taken is not None else None
        return (taken, made) if taken is not None and made is not None else None

    def zone(self) -> ZoneInfo:
        """Return the venue's time zone."""
        return self._cards.show("", Assurance.NONE).policy.zone

    def put_away(self) -> None:
        """Forget the card that was shown."""
        self._shown.put_away()

    def _priced(self, wish: PriceWish, held: CardHeld | None) -> tuple[Priced, Told]:
        try:
            shown = self._cards.show(held.credential, held.assurance) if held is not None else None
        except JournalUnavailable:
            return Priced(reason="no_roster"), Told()
        credential = held.credential if held is not None else ""
        if reason := _why_not(wish.tender, shown):
            return Priced(reason=reason), Told(credential)
        listed = self.items()
        asked = QuoteAsked(wish.items, wish.tender.value, credential if shown is not None and shown.in_order else "")
        found = self._ask_central(Subject.QUOTE, asked, Quoted)
        online = not isinstance(found, NoAnswer)
        quoted = self._quote_here(wish, listed, shown) if isinstance(found, NoAnswer) else found
        used = used_of(listed, quoted.lines) if online else {}
        told = Told(credential, online, quoted.points or 0, used)
        priced = _shown_as(quoted, listed, online=online)
        if not online and not priced.reason and priced.total_minor:
            reason = self._till.why_not_alone(_sale(NO_SALE, wish.tender, priced, held), told)
            priced = msgspec.structs.replace(priced, reason=reason)
        return priced, told

    def _quote_here(self, wish: PriceWish, listed: Mapping[str, Item], shown: Shown | None) -> Quoted:
        if wish.tender is SaleTender.POINTS:
            return Quoted((), 0, reason="points_need_line")
        moment = shown if shown is not None else self._cards.show("", Assurance.NONE)
        day = moment.clock.now.astimezone(moment.policy.zone).date()
        member = shown is not None and shown.in_order and shown.card is not None and shown.card.member is not None
        tier = shown.card.tier if member and shown is not None and shown.card is not None else ""
        return quote_here(listed, wish.items, AtTill(day, wish.tender.value, member, tier))


def _sale(id: str, tender: SaleTender, priced: Priced, held: CardHeld | None, operator: str = "") -> SaleWish:
    lines = tuple(WishLine(each.item, each.quantity, each.price_minor) for each in priced.lines)
    assurance = held.assurance if held is not None else Assurance.NONE
    return SaleWish(id, lines, tender, "", assurance, operator)


def _why_not(tender: SaleTender, shown: Shown | None) -> str:
    """Return why the card that is shown cannot pay in this way, "" where it may or none is needed."""
    if tender not in (SaleTender.STORED_VALUE, SaleTender.POINTS, SaleTender.GIFT_CARD):
        return ""
    if shown is None:
        return "needs_gift_card" if tender is SaleTender.GIFT_CARD else "needs_card"
    if not shown.genuine:
        return "card_not_genuine"
    if not shown.in_order or shown.card is None:
        return "not_in_order"
    if tender is SaleTender.GIFT_CARD:
        return "" if shown.card.gift else "needs_gift_card"
    return "gift_card_pays_alone" if shown.card.gift else ("" if shown.card.member else "needs_card")


def _shown_as(quoted: Quoted, listed: Mapping[str, Item], *, online: bool) -> Priced:
    reason = quoted.reason or ("not_enough" if (quoted.after_minor or 0) < 0 else "")
    lines = tuple(_line(each, listed.get(each.item)) for each in quoted.lines)
    return Priced(lines, quoted.total_minor, quoted.before_minor, quoted.after_minor, quoted.points, online, reason)


def _line(line: QuotedLine, item: Item | None) -> PricedLine:
    name = {"zh": item.name or item.id, "en": item.name_en or item.name or item.id} if item is not None else {}
    named = name or {"zh": line.item, "en": line.item}
    return PricedLine(line.item, named, line.quantity, line.price_minor, line.list_minor, line.why)


def _again(made: SaleMade, wish: PayWish) -> Paid:
    """Return the answer of a sale that was made; raises InvalidInput where the wish is another one's."""
    sold = _pieces([(each.item, each.quantity) for each in made.lines])
    same_way = made.tender in (wish.tender.value, SaleTender.FREE.value)
    if sold != _pieces(wish.items) or made.total_minor != wish.total_minor or not same_way:
        raise InvalidInput(f"{wish.sale_id} was something else", hint="Every sale has an id of its own")
    return Paid(True, "", wish.sale_id, made.total_minor, made.tender, made.offline)


def _pieces(basket: Sequence[tuple[str, int]]) -> Mapping[str, int]:
    found: Counter[str] = Counter()
    for item, quantity in basket:
        found[item] += quantity
    return found
