"""Making cards: an order takes numbers that never were, three checks, and the cards go into stock (S24, R40 to R42)."""

import secrets
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from sqlalchemy import insert, select, update

from kiosk.central.club.books import Change, Look
from kiosk.central.club.card_book import Kept, cards_numbered, carry_over, columns_of
from kiosk.central.club.card_tables import card, card_batch, card_check, gift_card
from kiosk.central.club.number_book import allocate, lock_numbers, taken_of
from kiosk.central.club.refused import refuse
from kiosk.central.club.stock import check_point
from kiosk.central.roster import in_steps
from kiosk.central.rows import as_struct
from kiosk.club.card_batches import (
    BATCH_LIFE,
    Batch,
    BatchAction,
    BatchRefusal,
    BatchState,
    Checked,
    Issue,
    Maker,
    NumberFaults,
    Quality,
    after_checks,
    against_order,
    number_faults,
    numbers_of,
)
from kiosk.club.card_kinds import UseClass, kind_of
from kiosk.club.card_numbers import NumberRange
from kiosk.club.cards import CARD_LIFE, Card, CardAction, CardState
from kiosk.club.gift_cards import GiftState
from kiosk.core.errors import InvalidInput

CARDS_PER_INSERT = 1000
FAULTS_SHOWN = 5


class BatchWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is ordered. Without `numbers` the club allocates the next ones; `group` is the unit of a group issue."""

    kind: str
    quantity: int
    issue: Issue = Issue.LOOSE
    maker: Maker = Maker.OWN
    group: str = ""
    firm: str = ""
    design: str = ""
    numbers: NumberRange | None = None


def order(change: Change, wish: BatchWish) -> Batch:
    """Order cards; their numbers are spent from now on, whatever becomes of the cards (R19, R40, R41).

    Raises RuleRefused for what speaks against the order.
    """
    rules = change.rules
    kind = kind_of(wish.kind, rules.cards)
    lock_numbers(change)
    # An order that is too large is refused by the rule, and takes no numbers.
    count = min(max(wish.quantity, 1), rules.batches.quantity_max)
    values = {name: value for name, value in msgspec.structs.asdict(wish).items() if name != "numbers"}
    batch = Batch(
        id=secrets.token_hex(8),
        numbers=wish.numbers or allocate(change, count),
        ordered_by=change.actor.id,
        ordered_on=change.today,
        **values,
    )
    wrong = against_order(
        batch, [each.code for each in rules.cards.kinds], taken_of(change, batch.numbers), rules.batches
    )
    if wrong:
        raise refuse(wrong[0], f"an order of {wish.quantity} cards")
    change.connection.execute(insert(card_batch), _columns(batch))
    fresh = (Kept(Card(number, kind.code, batch=batch.id), kind.use_class) for number in numbers_of(batch))
    for step in in_steps(fresh, CARDS_PER_INSERT):
        change.connection.execute(insert(card), [columns_of(each) for each in step])
    change.note("batch.order", "card_batch", batch.id, after=_columns(batch))
    return batch


def made(change: Change, batch_id: str, *, why: str = "") -> Batch:
    """Write down that a batch came from its maker."""
    before = lock_batch(change, batch_id)
    _advance(change, before, CardState.ALLOCATED, CardAction.MAKE)
    return _save(change, before, _after(before, BatchAction.MAKE), BatchAction.MAKE, why)


def found(change: Change, batch_id: str, quality: Quality, *, good: bool, remark: str = "") -> None:
    """Write down what was found of one quality of a made batch; the last finding counts (R42)."""
    batch = lock_batch(change, batch_id)
    BATCH_LIFE.after(batch.state, BatchAction.APPROVE)
    said = Checked(quality, good, change.actor.id, change.today, remark)
    row: dict[str, Any] = msgspec.to_builtins(said)
    change.connection.execute(insert(card_check), {"batch": batch_id} | row)
    change.note("batch.check", "card_batch", batch_id, after=row)


def read_back(change: Change, batch_id: str, read: Iterable[str]) -> NumberFaults:
    """Hold the numbers read off a made batch against those ordered, and write it down as the check of numbers (R42)."""
    faults = number_faults(lock_batch(change, batch_id), read)
    parts = (("missing", faults.missing), ("foreign", faults.foreign), ("twice", faults.twice))
    remark = "; ".join(f"{name}: {len(which)}: {' '.join(which[:FAULTS_SHOWN])}" for name, which in parts if which)
    found(change, batch_id, Quality.NUMBERS, good=not remark, remark=remark)
    return faults


def decide(change: Change, batch_id: str, *, why: str = "") -> Batch:
    """Pass or fail a batch by what was found; the cards of one that failed are void (R42). Raises RuleRefused."""
    before = lock_batch(change, batch_id)
    after = after_checks(before, checks_of(change, batch_id), change.rules.batches)
    if isinstance(after, BatchRefusal):
        raise refuse(after, f"batch {batch_id}")
    passed = after.state is BatchState.PASSED
    _advance(change, before, CardState.MADE, CardAction.APPROVE if passed else CardAction.CANCEL)
    return _save(change, before, after, BatchAction.APPROVE if passed else BatchAction.FAIL, why)


def put_in_stock(change: Change, batch_id: str, point: str, *, why: str = "") -> Batch:
    """Put the cards of a batch that passed into the stock of a point of sale (S26)."""
    check_point(change, point)
    before = lock_batch(change, batch_id)
    after = _after(before, BatchAction.STOCK)
    _advance(change, before, CardState.CHECKED, CardAction.STOCK, point=point)
    stocked = select(card.c.number).where(
        card.c.batch == batch_id,
        card.c.use_class == UseClass.GIFT.value,
        card.c.state == CardState.IN_STOCK.value,
    )
    for step in in_steps(change.connection.execute(stocked).scalars().all(), CARDS_PER_INSERT):
        rows = [{"number": each, "state": GiftState.IN_STOCK.value, "balance_minor": 0} for each in step]
        change.connection.execute(insert(gift_card), rows)
    return _save(change, before, after, BatchAction.STOCK, why, point=point)


def cancel(change: Change, batch_id: str, *, why: str) -> Batch:
    """Call an order off before it is made; its numbers stay spent (R19)."""
    before = lock_batch(change, batch_id)
    after = _after(before, BatchAction.CANCEL)
    _advance(change, before, CardState.ALLOCATED, CardAction.CANCEL)
    return _save(change, before, after, BatchAction.CANCEL, why)


def batch_of(look: Look, batch_id: str) -> Batch:
    """Return a production order; raises InvalidInput where there is none."""
    row = look.connection.execute(select(card_batch).where(card_batch.c.id == batch_id)).mappings().first()
    if row is None:
        raise InvalidInput(f"there is no batch {batch_id!r}")
    return _batch(row)


def checks_of(look: Look, batch_id: str) -> list[Checked]:
    """Return what was found of a batch, in the order it was found."""
    query = select(card_check).where(card_check.c.batch == batch_id).order_by(card_check.c.n)
    rows = look.connection.execute(query).mappings()
    return [as_struct(row, Checked) for row in rows]


def lock_batch(change: Change, batch_id: str) -> Batch:
    """Return a batch that no other change touches until this one ends; raises InvalidInput where there is none."""
    change.connection.execute(select(card_batch.c.id).where(card_batch.c.id == batch_id).with_for_update())
    return batch_of(change, batch_id)


def _after(batch: Batch, action: BatchAction) -> Batch:
    return msgspec.structs.replace(batch, state=BATCH_LIFE.after(batch.state, action))


def _advance(change: Change, batch: Batch, source: CardState, action: CardAction, **values: str) -> None:
    """Take one step with every card of a batch that is where the batch is; one that was made void stays so."""
    mine = (card.c.batch == batch.id, card.c.state == source.value)
    encoded = select(card.c.number).where(*mine, card.c.credential.is_not(None))
    numbers = change.connection.execute(encoded).scalars().all()
    target = CARD_LIFE.after(source, action)
    change.connection.execute(update(card).where(*mine).values(state=target.value, **values))
    if action is CardAction.CANCEL:
        for each in cards_numbered(change, numbers):
            carry_over(change, each)


def _save(change: Change, before: Batch, after: Batch, action: BatchAction, why: str, **more: str) -> Batch:
    change.connection.execute(update(card_batch).where(card_batch.c.id == after.id).values(state=after.state.value))
    change.note(
        f"batch.{action}", "card_batch", after.id, before=_columns(before), after=_columns(after) | more, why=why
    )
    return after


def _columns(batch: Batch) -> dict[str, Any]:
    values: dict[str, Any] = msgspec.to_builtins(batch)
    span = values.pop("numbers")
    values["unit"] = values.pop("group")
    texts = {"first": str(span["first"]), "last": str(span["last"])}
    return values | texts | {"digits": span["digits"], "prefix": span["prefix"]}


def _batch(row: Mapping[Any, Any]) -> Batch:
    span = NumberRange(int(row["first"]), int(row["last"]), row["digits"], row["prefix"])
    names = [name for name in Batch.__struct_fields__ if name not in ("numbers", "group")]
    told = {name: row[name] for name in names} | {"group": row["unit"]}
    return msgspec.convert(told | {"numbers": msgspec.to_builtins(span)}, Batch)
