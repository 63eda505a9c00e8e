"""What the tests of money begin with."""

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from kiosk.club.prices import BasketLine, Buyer
from kiosk.club.rule_packs import Caps, FigureKind, Strictest
from kiosk.club.stored_value import Origin, StoredLot, Wallet

TODAY = date(2026, 11, 22)
GOLDEN = Path(__file__).parent / "golden"


def golden(file: str, table: str) -> list[dict[str, Any]]:
    """Return the cases of a table of a golden file."""
    cases: list[dict[str, Any]] = tomllib.loads((GOLDEN / file).read_text(encoding="utf-8"))[table]
    return cases


def make_lot(paid_minor: int = 300_000, bonus_minor: int = 100_000, **changes: object) -> StoredLot:
    """Return an order of which nothing is used."""
    lot = StoredLot("o1", TODAY, Origin.TOP_UP, paid_minor, bonus_minor, paid_minor, bonus_minor)
    return msgspec.structs.replace(lot, **changes)


def make_wallet(*lots: StoredLot, debt_minor: int = 0) -> Wallet:
    """Return a wallet of some lots."""
    return Wallet(lots, debt_minor)


def make_caps(**held: int) -> Caps:
    """Return limits by the names of their kinds."""
    return Caps({FigureKind(name): Strictest(value, "test") for name, value in held.items()})


def make_line(id: str = "a", **changes: object) -> BasketLine:
    """Return a shirt for a hundred yuan."""
    return msgspec.structs.replace(BasketLine(id, "clothes", 10_000), **changes)


def make_buyer(**changes: object) -> Buyer:
    """Return a silver member who has not said yet how to pay."""
    return msgspec.structs.replace(Buyer(TODAY, "demo", "m1", "silver"), **changes)
