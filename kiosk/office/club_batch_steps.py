"""Production orders as staff wish and read them: each wish, and the service that does it (S24, R40 to R42)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.central.club import batches
from kiosk.central.club.books import Change, Look
from kiosk.central.club.card_lists import batch_ids, counts_in
from kiosk.club.card_batches import Batch, Checked, Issue, Maker, NumberFaults, Quality
from kiosk.club.card_numbers import NumberRange
from kiosk.core.codec import INTEGER_MAX
from kiosk.office.actions import Ids
from kiosk.office.club_card_parts import Id, Numbers, Remark, Sentence, numbers_in
from kiosk.office.routes import LIMIT_DEFAULT, Limit, NoQuery

PAGE_MAX = 400


class BatchQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which production orders."""

    state: Annotated[str, Meta(max_length=16, description="Only orders in this state.")] = ""
    after: Annotated[str, Meta(max_length=16, description="`next` of the page before: the newest come first.")] = ""
    limit: Limit = LIMIT_DEFAULT


class CardBatchPage(msgspec.Struct, frozen=True):
    """Production orders, the newest first; `next` is null on the last page."""

    items: tuple[Batch, ...]
    next: str | None


class BatchFile(msgspec.Struct, frozen=True):
    """A production order with what was found of it, and how many of its cards are in each state."""

    batch: Batch
    checks: tuple[Checked, ...]
    cards: dict[str, int]


class OrderBatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is ordered. Without `numbers_from` the club allocates the next numbers.

    `group` is whom a group issue is for, `firm` makes the cards outside, and `number_digits` is the whole length of a
    number, without it the rule book's.
    """

    kind: Id
    quantity: Annotated[int, Meta(ge=1, le=1_000_000)]
    issue: Issue = Issue.LOOSE
    group: Annotated[str, Meta(max_length=200)] = ""
    maker: Maker = Maker.OWN
    firm: Annotated[str, Meta(max_length=200)] = ""
    design: Annotated[str, Meta(max_length=64)] = ""
    numbers_from: Annotated[int, Meta(ge=0, le=INTEGER_MAX)] | None = None
    number_digits: Annotated[int, Meta(ge=1, le=32)] | None = None
    number_prefix: Annotated[str, Meta(max_length=20)] = ""


class BatchStep(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A step with a production order that needs no reason."""

    why: Remark = ""


class CancelBatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A production order is called off, and why."""

    why: Sentence


class CheckBatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was found of one quality."""

    quality: Quality
    good: bool
    remark: Remark = ""


class ReadBatchBack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The numbers that were read off the cards."""

    numbers: Numbers


class StockBatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The point of sale whose stock the cards go into."""

    point: Id
    why: Remark = ""


def list_batches(look: Look, query: BatchQuery, _ids: Ids) -> CardBatchPage:
    """Return a page of production orders."""
    limit = min(query.limit, PAGE_MAX)
    ids = batch_ids(look, query.state, query.after, limit + 1)
    found = tuple(batches.batch_of(look, each) for each in ids[:limit])
    return CardBatchPage(found, ids[limit - 1] if len(ids) > limit else None)


def show_batch(look: Look, _query: NoQuery, ids: Ids) -> BatchFile:
    """Return one production order; raises InvalidInput where there is none."""
    batch = batches.batch_of(look, ids["batch"])
    return BatchFile(batch, tuple(batches.checks_of(look, batch.id)), counts_in(look, batch.id))


def order_batch(change: Change, wish: OrderBatch, _ids: Ids) -> Batch:
    """Order cards."""
    span = None
    if wish.numbers_from is not None:
        digits = wish.number_digits or change.rules.cards.number_digits
        span = NumberRange(wish.numbers_from, wish.numbers_from + wish.quantity - 1, digits, wish.number_prefix)
    asked_for = batches.BatchWish(
        wish.kind, wish.quantity, wish.issue, wish.maker, wish.group, wish.firm, wish.design, span
    )
    return batches.order(change, asked_for)


def batch_made(change: Change, wish: BatchStep, ids: Ids) -> Batch:
    """Write down that the cards came from their maker."""
    return batches.made(change, ids["batch"], why=wish.why)


def check_batch(change: Change, wish: CheckBatch, ids: Ids) -> BatchFile:
    """Write down what was found of one quality."""
    batches.found(change, ids["batch"], wish.quality, good=wish.good, remark=wish.remark)
    return show_batch(change, NoQuery(), ids)


def read_batch_back(change: Change, wish: ReadBatchBack, ids: Ids) -> NumberFaults:
    """Hold the numbers on the cards against those ordered; return what is wrong with them."""
    return batches.read_back(change, ids["batch"], numbers_in(wish.numbers, spans=False))


def decide_batch(change: Change, wish: BatchStep, ids: Ids) -> Batch:
    """Pass or fail the cards by what was found."""
    return batches.decide(change, ids["batch"], why=wish.why)


def stock_batch(change: Change, wish: StockBatch, ids: Ids) -> Batch:
    """Put cards that passed into stock."""
    return batches.put_in_stock(change, ids["batch"], wish.point, why=wish.why)


def cancel_batch(change: Change, wish: CancelBatch, ids: Ids) -> Batch:
    """Call an order off."""
    return batches.cancel(change, ids["batch"], why=wish.why)
