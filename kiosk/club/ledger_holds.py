"""Pending postings: what they wait for, and what is posted of one that is settled with less."""

from enum import StrEnum

from kiosk.club.ledger import LedgerReason, LedgerRefusal, Line, sums_of
from kiosk.club.life import Life, Step


class HoldState(StrEnum):
    """Where a pending posting stands. Wire format."""

    PENDING = "pending"
    POSTED = "posted"
    VOIDED = "voided"
    EXPIRED = "expired"


class HoldAction(StrEnum):
    """How a pending posting is resolved. Wire format."""

    SETTLE = "settle"
    VOID = "void"
    EXPIRE = "expire"


HOLD_LIFE = Life(
    "posting",
    HoldState.PENDING,
    (
        Step(HoldAction.SETTLE, (HoldState.PENDING,), HoldState.POSTED),
        Step(HoldAction.VOID, (HoldState.PENDING,), HoldState.VOIDED),
        Step(HoldAction.EXPIRE, (HoldState.PENDING,), HoldState.EXPIRED),
    ),
)
"""A pending posting is resolved once."""


def part_of(lines: tuple[Line, ...], amount: int | None) -> tuple[Line, ...] | LedgerRefusal:
    """Return the lines of a pending posting settled with another amount; None is all of it.

    `amount` is measured by the largest line; the others follow in proportion, no line beyond its own.
    """
    largest = max(abs(line.amount) for line in lines)
    if amount is None or amount == largest:
        return lines
    if not 0 < amount < largest or len(sums_of(lines)) > 1:
        return LedgerRefusal(LedgerReason.NOT_DIVISIBLE, {"amount": amount, "largest": largest})
    whole = sum(line.amount for line in lines if line.amount > 0)
    target = whole * amount // largest
    passed = {1: 0, -1: 0}
    parts = []
    for line in lines:
        sign = 1 if line.amount > 0 else -1
        before, passed[sign] = passed[sign], passed[sign] + abs(line.amount)
        part = target * passed[sign] // whole - target * before // whole
        parts.append(Line(line.account, sign * part))
    return tuple(each for each in parts if each.amount)
