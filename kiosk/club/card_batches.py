"""Production orders: who makes how many cards with which numbers, and the three checks before they are sold."""

from collections import Counter
from collections.abc import Container, Iterable, Sequence
from datetime import date
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.club.card_numbers import NumberRange
from kiosk.club.life import Life, Step
from kiosk.club.refusal import Refusal


class Issue(StrEnum):
    """How cards go out: loose ones over the counter, or all to one group (R40, seeds 000:326). Wire format."""

    LOOSE = "loose"
    GROUP = "group"


class Maker(StrEnum):
    """Who makes the cards (R41, seeds 000:325-330). Wire format."""

    OWN = "own"
    FULL_CUSTOM = "full_custom"
    CUSTOM_PRINT = "custom_print"


class Quality(StrEnum):
    """What is checked of a batch (R42, seeds 000:332). Wire format."""

    MATERIAL = "material"
    PRINT = "print"
    NUMBERS = "numbers"


class BatchRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How large a batch may be, what is checked of it, and when stock is low."""

    checks: Annotated[
        tuple[Quality, ...],
        Meta(
            description="What must be found good before a batch goes into stock.",
            extra={"source": "R42, seeds 000:332"},
        ),
    ] = tuple(Quality)
    quantity_max: Annotated[
        int,
        Meta(
            ge=1,
            le=1_000_000,
            description="Most cards of one order. A single card made for one member is an order too (seeds 000:210).",
            extra={"source": "S24; no seed for the number"},
        ),
    ] = 100_000
    low_stock: Annotated[
        int,
        Meta(
            ge=0,
            description="Cards of a kind at a point of sale at which it asks for more.",
            extra={"source": "S26, seeds 000:336-339; no seed for the number"},
        ),
    ] = 20


class BatchState(StrEnum):
    """Where a production order stands. Wire format."""

    ORDERED = "ordered"
    MADE = "made"
    PASSED = "passed"
    FAILED = "failed"
    IN_STOCK = "in_stock"
    CANCELLED = "cancelled"


class BatchAction(StrEnum):
    """What can be done with a production order. Wire format."""

    MAKE = "make"
    APPROVE = "approve"
    FAIL = "fail"
    STOCK = "stock"
    CANCEL = "cancel"


BATCH_LIFE: Life[BatchState, BatchAction] = Life(
    name="a batch of cards",
    start=BatchState.ORDERED,
    steps=(
        Step(BatchAction.MAKE, (BatchState.ORDERED,), BatchState.MADE),
        Step(BatchAction.APPROVE, (BatchState.MADE,), BatchState.PASSED),
        Step(BatchAction.FAIL, (BatchState.MADE,), BatchState.FAILED),
        Step(BatchAction.STOCK, (BatchState.PASSED,), BatchState.IN_STOCK),
        Step(BatchAction.CANCEL, (BatchState.ORDERED,), BatchState.CANCELLED),
    ),
)
"""The life of a batch (§4 L2). The numbers of one that failed or was cancelled are spent: its cards are cancelled."""


class Batch(msgspec.Struct, frozen=True):
    """A production order. `group` is the unit of a group issue, `firm` who makes it outside, `design` a file's id."""

    id: str
    kind: str
    issue: Issue
    maker: Maker
    numbers: NumberRange
    quantity: int
    ordered_by: str
    ordered_on: date
    group: str = ""
    firm: str = ""
    design: str = ""
    state: BatchState = BatchState.ORDERED


class Checked(msgspec.Struct, frozen=True):
    """What somebody found of one quality of a batch; the last finding of a quality counts."""

    quality: Quality
    good: bool
    by: str
    on: date
    remark: str = ""


class BatchReason(StrEnum):
    """Why a batch cannot be ordered, or go on. Wire format."""

    UNKNOWN_KIND = "unknown_kind"
    TOO_FEW = "too_few"
    TOO_MANY = "too_many"
    NUMBERS_DO_NOT_FIT = "numbers_do_not_fit"
    NOT_AS_MANY_NUMBERS = "not_as_many_numbers"
    NUMBER_TAKEN = "number_taken"
    GROUP_MISSING = "group_missing"
    LOOSE_WITH_GROUP = "loose_with_group"
    FIRM_MISSING = "firm_missing"
    NOT_CHECKED = "not_checked"


class BatchRefusal(Refusal[BatchReason], frozen=True):
    """Why a batch cannot be ordered, or go on."""


class NumberFaults(msgspec.Struct, frozen=True):
    """What is wrong with the numbers read back from made cards, each sorted."""

    missing: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    twice: tuple[str, ...] = ()


def against_order(
    batch: Batch, kinds: Container[str], used: Container[str], rules: BatchRules
) -> tuple[BatchRefusal, ...]:
    """Return what speaks against an order; `used` is every number there ever was (S24, R19, R40, R41)."""
    wrong: list[BatchRefusal] = [*_form(batch)]
    if batch.kind not in kinds:
        wrong.append(BatchRefusal(BatchReason.UNKNOWN_KIND, {"kind": batch.kind}))
    if batch.quantity < 1:
        wrong.append(BatchRefusal(BatchReason.TOO_FEW))
    if batch.quantity > rules.quantity_max:
        return (*wrong, BatchRefusal(BatchReason.TOO_MANY, {"max": rules.quantity_max}))
    return (*wrong, *_numbers(batch, used))


def _form(batch: Batch) -> Iterable[BatchRefusal]:
    if batch.issue is Issue.GROUP and not batch.group:
        yield BatchRefusal(BatchReason.GROUP_MISSING)
    if batch.issue is Issue.LOOSE and batch.group:
        yield BatchRefusal(BatchReason.LOOSE_WITH_GROUP)
    if batch.maker is not Maker.OWN and not batch.firm:
        yield BatchRefusal(BatchReason.FIRM_MISSING)


def _numbers(batch: Batch, used: Container[str]) -> Iterable[BatchRefusal]:
    if not batch.numbers.fits():
        yield BatchRefusal(BatchReason.NUMBERS_DO_NOT_FIT, {"digits": batch.numbers.digits})
    elif len(batch.numbers) != batch.quantity:
        yield BatchRefusal(BatchReason.NOT_AS_MANY_NUMBERS, {"numbers": len(batch.numbers)})
    else:
        taken = sum(number in used for number in numbers_of(batch))
        if taken:
            yield BatchRefusal(BatchReason.NUMBER_TAKEN, {"taken": taken})


def numbers_of(batch: Batch) -> Iterable[str]:
    """Yield the numbers of a batch in order."""
    return (batch.numbers.number(place) for place in range(batch.numbers.first, batch.numbers.last + 1))


def after_checks(batch: Batch, found: Sequence[Checked], rules: BatchRules) -> Batch | BatchRefusal:
    """Pass or fail a made batch by what was found, in the order it was found; raises StepRefused (R42, 000:332)."""
    passed = BATCH_LIFE.after(batch.state, BatchAction.APPROVE)
    last = {each.quality: each.good for each in found}
    if any(last.get(each) is False for each in rules.checks):
        return msgspec.structs.replace(batch, state=BATCH_LIFE.after(batch.state, BatchAction.FAIL))
    if missing := [each.value for each in rules.checks if each not in last]:
        return BatchRefusal(BatchReason.NOT_CHECKED, {"missing": " ".join(missing)})
    return msgspec.structs.replace(batch, state=passed)


def number_faults(batch: Batch, read: Iterable[str]) -> NumberFaults:
    """Compare the numbers read back from a batch's cards with those ordered: the check of numbers (R42, R19)."""
    counts = Counter(read)
    ordered = frozenset(numbers_of(batch))
    return NumberFaults(
        missing=tuple(sorted(ordered - counts.keys())),
        foreign=tuple(sorted(counts.keys() - ordered)),
        twice=tuple(sorted(number for number, count in counts.items() if count > 1)),
    )
