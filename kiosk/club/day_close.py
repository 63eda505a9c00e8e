"""The close of a business day: what is in the tills against what should be, and what keeps the day open (D1, D3, D4).

A closed day never changes; what comes late goes to the open day. Devices of which records are missing are named by
whoever closes without them.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.core.errors import InvalidInput


class ClosingRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a day is closed."""

    denominations_minor: Annotated[
        tuple[int, ...],
        Meta(
            description="Notes and coins that are counted, in fen.",
            extra={"source": "S63, field notes D3; no seed"},
            min_length=1,
        ),
    ] = (10_000, 5_000, 2_000, 1_000, 500, 100, 50, 10)
    float_minor: Annotated[
        int,
        Meta(ge=0, description="What a till begins the day with, in fen.", extra={"source": "S63; no seed"}),
    ] = 20_000
    drop_above_minor: Annotated[
        int,
        Meta(
            ge=0,
            description="Cash above which a till is to be emptied during the day, in fen.",
            extra={"source": "S63, seeds 004:23; no number"},
        ),
    ] = 200_000
    two_above_minor: Annotated[
        int,
        Meta(
            ge=0,
            description="Cash above which two people count a till, in fen.",
            extra={"source": "S63, field notes D3; no seed"},
        ),
    ] = 100_000
    two_over_short_minor: Annotated[
        int,
        Meta(
            ge=0,
            description="Difference above which a second person counts again, over or short, in fen.",
            extra={"source": "S63, field notes D3; no seed"},
        ),
    ] = 1_000


class Pieces(msgspec.Struct, frozen=True):
    """So many notes or coins of a denomination."""

    denomination_minor: int
    count: Annotated[int, Meta(ge=0)]


class TillDay(msgspec.Struct, frozen=True):
    """A till's day by the ledger, and its count; `pieces` None = not counted. Drops are what was taken out before."""

    till: str
    float_minor: int
    cash_in_minor: int
    cash_out_minor: int
    drops_minor: int = 0
    pieces: tuple[Pieces, ...] | None = None
    counted_by: str = ""
    witnessed_by: str = ""


class DeviceDay(msgspec.Struct, frozen=True):
    """A device's records: up to which they have come without a gap, the highest seen, and until when it has told all.

    `complete_until` None = nothing of that day has come.
    """

    device: str
    contiguous: int
    highest: int
    complete_until: datetime | None


class SiteDay(msgspec.Struct, frozen=True):
    """A site's business day as it is to be closed. `named` are the missing devices that whoever closes has named.

    `over_at` is the moment the day is over, `open_before` the earliest earlier day still open, `proof_faults` what the
    nightly proof found, None = it has not run.
    """

    site: str
    day: date
    over_at: datetime
    tills: tuple[TillDay, ...]
    devices: tuple[DeviceDay, ...]
    named: frozenset[str] = frozenset()
    closed: bool = False
    open_before: date | None = None
    proof_faults: tuple[str, ...] | None = ()
    pending: int = 0


class CloseReason(StrEnum):
    """What keeps a day open. Wire format."""

    CLOSED_ALREADY = "closed_already"
    DAY_NOT_OVER = "day_not_over"
    EARLIER_DAY_OPEN = "earlier_day_open"
    PROOF_MISSING = "proof_missing"
    PROOF_FAILED = "proof_failed"
    TILL_NOT_COUNTED = "till_not_counted"
    SECOND_PERSON = "second_person"
    SAME_PERSON = "same_person"
    DEVICE_NOT_NAMED = "device_not_named"
    NAMED_IN_VAIN = "named_in_vain"


class Block(msgspec.Struct, frozen=True):
    """One thing that keeps a day open: which till, device, day or fault it is about."""

    reason: CloseReason
    of: str = ""


class TillResult(msgspec.Struct, frozen=True):
    """A till's expected and counted cash; above zero is over, below zero short. None = not counted."""

    till: str
    expected_minor: int
    counted_minor: int | None

    @property
    def over_short_minor(self) -> int:
        """What the over-and-short account gets."""
        return 0 if self.counted_minor is None else self.counted_minor - self.expected_minor


class Close(msgspec.Struct, frozen=True):
    """Whether a day can be closed, what keeps it open, the tills, and the devices it is closed without."""

    blocks: tuple[Block, ...]
    tills: tuple[TillResult, ...]
    missing: tuple[str, ...]
    pending: int

    @property
    def may_close(self) -> bool:
        """Whether nothing keeps the day open."""
        return not self.blocks


def counted(pieces: Sequence[Pieces], rules: ClosingRules) -> int:
    """Return what a count comes to, in fen; raises InvalidInput for a denomination there is not, or one twice."""
    seen = [each.denomination_minor for each in pieces]
    for denomination in seen:
        if denomination not in rules.denominations_minor or seen.count(denomination) > 1:
            raise InvalidInput(f"a count names {denomination} fen, which there is not, or twice")
    return sum(each.denomination_minor * each.count for each in pieces)


def expected(till: TillDay) -> int:
    """Return what should be in a till: the float and what came in, less what went out and what was taken away."""
    return till.float_minor + till.cash_in_minor - till.cash_out_minor - till.drops_minor


def should_drop(cash_minor: int, rules: ClosingRules) -> bool:
    """Say whether a till holds so much that it is to be emptied."""
    return cash_minor > rules.drop_above_minor


def missing_devices(day: SiteDay) -> tuple[str, ...]:
    """Return the devices of which records of the day may still come: with a gap, or silent before it was over."""
    return tuple(
        each.device
        for each in day.devices
        if each.contiguous < each.highest or each.complete_until is None or each.complete_until < day.over_at
    )


def close(day: SiteDay, now: datetime, rules: ClosingRules) -> Close:
    """Return whether a day can be closed now, and everything that keeps it open (D1, D3, D4)."""
    tills = tuple(
        TillResult(each.till, expected(each), None if each.pieces is None else counted(each.pieces, rules))
        for each in day.tills
    )
    missing = missing_devices(day)
    blocks = [*_of_day(day, now)]
    for till, result in zip(day.tills, tills, strict=True):
        blocks.extend(_of_till(till, result, rules))
    blocks += [Block(CloseReason.DEVICE_NOT_NAMED, each) for each in missing if each not in day.named]
    blocks += [Block(CloseReason.NAMED_IN_VAIN, each) for each in sorted(day.named) if each not in missing]
    return Close(tuple(blocks), tills, missing, day.pending)


def _of_day(day: SiteDay, now: datetime) -> Iterator[Block]:
    if day.closed:
        yield Block(CloseReason.CLOSED_ALREADY, day.day.isoformat())
    if now < day.over_at:
        yield Block(CloseReason.DAY_NOT_OVER, day.day.isoformat())
    if day.open_before is not None:
        yield Block(CloseReason.EARLIER_DAY_OPEN, day.open_before.isoformat())
    if day.proof_faults is None:
        yield Block(CloseReason.PROOF_MISSING)
    for fault in day.proof_faults or ():
        yield Block(CloseReason.PROOF_FAILED, fault)


def _of_till(till: TillDay, result: TillResult, rules: ClosingRules) -> Iterator[Block]:
    """Yield what is wrong with a count: a large one, or one that does not fit, is witnessed by somebody else."""
    if result.counted_minor is None:
        yield Block(CloseReason.TILL_NOT_COUNTED, till.till)
        return
    large = max(result.counted_minor, result.expected_minor) > rules.two_above_minor
    if large or abs(result.over_short_minor) > rules.two_over_short_minor:
        if not till.witnessed_by:
            yield Block(CloseReason.SECOND_PERSON, till.till)
        elif till.witnessed_by == till.counted_by:
            yield Block(CloseReason.SAME_PERSON, till.till)
