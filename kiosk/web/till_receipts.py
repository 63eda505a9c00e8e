"""Receipts of a till, as its journal has them: no name and no number of a card stands on one."""

from datetime import datetime, timedelta

import msgspec

from kiosk.core.clock import EPOCH
from kiosk.core.texts import Language
from kiosk.web.till_desk import TillDesk

SHORT = 8
"""So many last characters of a sale's id are its number on paper."""


class ReceiptLine(msgspec.Struct, frozen=True):
    """Pieces of an item at a price each, in fen."""

    name: str
    quantity: int
    price_minor: int

    @property
    def amount_minor(self) -> int:
        """What the line comes to."""
        return self.quantity * self.price_minor


class Receipt(msgspec.Struct, frozen=True):
    """A sale as it is handed over; `at` is the venue's local time."""

    sale_id: str
    at: datetime
    till: str
    operator: str
    lines: tuple[ReceiptLine, ...]
    total_minor: int
    tender: str
    points: int
    offline: bool
    undone: bool

    @property
    def number(self) -> str:
        """The number that is printed."""
        return self.sale_id[-SHORT:]


def find_receipt(desk: TillDesk, sale_id: str, language: Language) -> Receipt | None:
    """Return the receipt of a sale that was made at this box and is not forgotten yet; raises JournalUnavailable."""
    found = desk.made(sale_id)
    if found is None:
        return None
    taken, made = found
    names = desk.items()
    lines = []
    for each in made.lines:
        item = names.get(each.item)
        zh, en = (item.name, item.name_en) if item is not None else ("", "")
        name = (en or zh) if language is Language.EN else (zh or en)
        lines.append(ReceiptLine(name or each.item, each.quantity, each.price_minor))
    at = (EPOCH + timedelta(milliseconds=taken.at_ms)).astimezone(desk.zone())
    return Receipt(
        sale_id, at, made.till, made.operator or "", tuple(lines), made.total_minor, made.tender,
        made.points, made.offline, bool(taken.void_id),
    )  # fmt: skip
