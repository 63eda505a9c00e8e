"""Gift cards: sold with an end, spent by their bearer, never opening anything (R26 to R30)."""

from collections.abc import Iterable
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import insert, or_, select, update

from kiosk.central.club.books import Actor, Books, Change, Look, Telling
from kiosk.central.club.card_book import Kept, keep, lock_card, lock_cards
from kiosk.central.club.card_tables import card_hand_over, gift_card
from kiosk.central.club.jobs import Step
from kiosk.central.club.refused import RuleRefused, refuse
from kiosk.central.club.tables import audit
from kiosk.central.rows import as_struct
from kiosk.club import cards as card_rules
from kiosk.club import gift_cards as rules
from kiosk.club.card_kinds import Holder, UseClass, kind_of
from kiosk.club.cards import CardAction, CardRefusal
from kiosk.club.gift_cards import GiftCard, GiftReason, GiftRefusal, GiftState
from kiosk.club.notices import CATALOGUE, NoticeCode
from kiosk.core.clock import format_utc
from kiosk.core.errors import InvalidInput

JOB = "gift_cards"


def gift_of(look: Look, number: str) -> GiftCard:
    """Return a gift card; raises InvalidInput where there is none of that number in stock or beyond."""
    row = look.connection.execute(select(gift_card).where(gift_card.c.number == number)).mappings().first()
    if row is None:
        raise InvalidInput(f"there is no gift card {number!r}", hint="One that was imported needs its balance first")
    return as_struct(row, GiftCard)


def lock_gifts(change: Change, numbers: Iterable[str]) -> list[tuple[Kept, GiftCard]]:
    """Return gift cards by number, with their cards, that no other change touches; raises InvalidInput."""
    return [(each, gift_of(change, each.card.number)) for each in lock_cards(change, numbers)]


def sell(change: Change, number: str, amount_minor: int, *, why: str = "") -> GiftCard:
    """Sell a gift card from stock to its bearer, loaded, with its end (R30); it opens no gate, now or later (R29).

    The money for it is booked by `kiosk.central.money.gift_sales`, which calls this. Raises RuleRefused, StepRefused.
    """
    before = lock_card(change, number)
    if before.use_class is not UseClass.GIFT:
        raise RuleRefused("not_a_gift_card", what=f"card {number}")
    kind = kind_of(before.card.kind, change.rules.cards)
    sold = rules.sell(gift_of(change, number), amount_minor, kind, change.today)
    if isinstance(sold, GiftRefusal):
        raise refuse(sold, f"gift card {number}")
    given = card_rules.assign(before.card, kind, Holder.BEARER, None, (), change.rules.cards, change.today)
    if isinstance(given, CardRefusal):
        raise refuse(given, f"gift card {number}")
    given = msgspec.structs.replace(card_rules.after(given, CardAction.HAND_OVER), valid_until=sold.valid_until)
    keep(change, before, msgspec.structs.replace(before, card=given), "sell", why=why)
    handed: dict[str, Any] = {"number": number, "member": None, "by": change.actor.id, "point": given.point}
    handed |= {"at": format_utc(change.now), "identity_checked": False}
    change.connection.execute(insert(card_hand_over), handed)
    return write_gift(change, sold)


def extend(change: Change, number: str, until: date, *, why: str) -> GiftCard:
    """Give a gift card that ran out a later end (R30), which is for another than who sold it.

    Raises RuleRefused, StepRefused.
    """
    before = lock_card(change, number)
    _check_not_by(change, number, "card.sell")
    longer = rules.extended(gift_of(change, number), until, change.today)
    if isinstance(longer, GiftRefusal):
        raise refuse(longer, f"gift card {number}")
    after = msgspec.structs.replace(before, card=msgspec.structs.replace(before.card, valid_until=until))
    keep(change, before, after, "extend", why=why)
    return write_gift(change, longer)


def note_balance(change: Change, number: str, balance_minor: int) -> GiftCard:
    """Write down what the ledger says is on a sold gift card; nothing else writes a balance.

    Raises RuleRefused for one that was not sold, or was taken in.
    """
    lock_card(change, number)
    gift = gift_of(change, number)
    if balance_minor < 0:
        raise InvalidInput(f"gift card {number} cannot hold {balance_minor}")
    if gift.state is not GiftState.ACTIVE:
        raise RuleRefused(GiftReason.NOT_ACTIVE, {"state": gift.state.value}, what=f"gift card {number}")
    return write_gift(change, msgspec.structs.replace(gift, balance_minor=balance_minor))


def open_balance(change: Change, number: str, balance_minor: int, valid_until: date, *, why: str) -> GiftCard:
    """Write down what is on a gift card that came with a list, and until when; the list says neither (R30).

    It is money, so another than who took the card into the book does it. Raises RuleRefused.
    """
    kept = lock_card(change, number)
    _check_not_by(change, number, "card.adopt")
    found = change.connection.execute(select(gift_card.c.number).where(gift_card.c.number == number)).first()
    if kept.use_class is not UseClass.GIFT or kept.card.holder is not Holder.BEARER or found is not None:
        raise InvalidInput(f"card {number} is no gift card from a list without a balance")
    if balance_minor < 0:
        raise InvalidInput(f"gift card {number} cannot hold {balance_minor}")
    gift = GiftCard(number, GiftState.ACTIVE, balance_minor, kept.card.valid_from, valid_until)
    change.connection.execute(insert(gift_card), msgspec.to_builtins(gift))
    after = msgspec.structs.replace(kept, card=msgspec.structs.replace(kept.card, valid_until=valid_until))
    keep(change, kept, after, "open_balance", why=why)
    return gift


def write_gift(change: Change, gift: GiftCard) -> GiftCard:
    """Write a locked gift card back."""
    values: dict[str, Any] = msgspec.to_builtins(gift)
    number = values.pop("number")
    change.connection.execute(update(gift_card).where(gift_card.c.number == number).values(**values))
    return gift


def _check_not_by(change: Change, number: str, action: str) -> None:
    """Return where who acts has not done something with a card; raises RuleRefused. Gift cards are nobody's file."""
    mine = (audit.c.thing == "card", audit.c.thing_id == number, audit.c.action == action)
    done = select(audit.c.actor).where(*mine, audit.c.actor == change.actor.id)
    if change.connection.execute(done.limit(1)).first() is not None:
        raise RuleRefused(GiftReason.SAME_PERSON, what=f"gift card {number}")


def empty_gifts(look: Look) -> list[str]:
    """Return the numbers of sold gift cards with nothing on them, which stores are to take in (R31)."""
    sold = or_(gift_card.c.state == GiftState.ACTIVE.value, gift_card.c.state == GiftState.EMPTY.value)
    query = select(gift_card.c.number).where(sold, gift_card.c.balance_minor == 0).order_by(gift_card.c.number)
    return list(look.connection.execute(query).scalars())


def call_for_recovery(change: Change) -> bool:
    """Tell staff, once a day, how many empty gift cards are out; say whether anything was told (R31)."""
    code = NoticeCode.GIFT_CARDS_TO_RECOVER
    count = len(empty_gifts(change))
    channels = tuple(each.value for each in CATALOGUE[code].channels)
    telling = Telling(f"{code}.{change.today}", code.value, data={"number": count}, channels=channels)
    return count > 0 and change.tell(telling)


def run(books: Books, day: date, place: str) -> Step:
    """Tell staff of empty gift cards that are out, as a nightly job in one step."""
    books.change(Actor(f"job:{JOB}", "job"), call_for_recovery)
    return Step(1, 1, place, finished=True)
