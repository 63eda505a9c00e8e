"""Amounts of money: typed in yuan with at most two decimals, kept in fen, read as ¥1,234.50, a number in files."""

from decimal import Decimal
from typing import Annotated

from msgspec import Meta

_YUAN = r"[0-9]{1,9}(\.[0-9]{1,2})?"
YUAN_PATTERNS = (rf"^{_YUAN}\Z", rf"^({_YUAN})?\Z")
"""How an amount is typed, and one that may be left out."""

Yuan = Annotated[str, Meta(pattern=YUAN_PATTERNS[0], max_length=12, description="Yuan.")]
SomeYuan = Annotated[str, Meta(pattern=YUAN_PATTERNS[1], max_length=12, description="Yuan, or empty.")]


class Amount(str):
    """Fen as they are read, ¥1,234.50."""

    minor: int

    def __new__(cls, minor: int) -> "Amount":
        """Make the amount of so many fen."""
        sign = "-" if minor < 0 else ""
        made = super().__new__(cls, f"{sign}¥{abs(minor) // 100:,}.{abs(minor) % 100:02}")
        made.minor = minor
        return made

    @property
    def yuan(self) -> Decimal:
        """The same in yuan, with two decimals."""
        return Decimal(self.minor).scaleb(-2)


def shown(amount_minor: int) -> Amount:
    """Return an amount of fen as it is read: ¥1,234.50."""
    return Amount(amount_minor)


def in_fen(yuan: str) -> int:
    """Return an amount that was typed, in fen; nothing is 0."""
    whole, _, part = yuan.partition(".")
    return int(whole or "0") * 100 + int(part.ljust(2, "0") or "0")


def in_yuan(amount_minor: int) -> str:
    """Return an amount of fen as it is typed."""
    return f"{amount_minor // 100}.{amount_minor % 100:02}"
