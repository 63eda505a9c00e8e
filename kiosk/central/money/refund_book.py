"""Refunds as they are stored, with the formula, what went into it, and every step of it."""

from datetime import datetime, time
from typing import Any

import msgspec
from sqlalchemy import insert, or_, select, update

from kiosk.central.club.books import Change, Look
from kiosk.central.money.sale_tables import refund
from kiosk.club.money_lives import RefundState
from kiosk.club.part_refunds import RefundPart
from kiosk.club.paying_back import PayOut, needs_second
from kiosk.club.refunds import FORMULA, CardPart, RefundStep, StoredValue
from kiosk.club.stored_value import Take, Wallet
from kiosk.core.clock import format_utc, parse_utc
from kiosk.core.codec import canonical
from kiosk.core.errors import InvalidInput

PAGE_MAX = 500
_OPEN = (RefundState.RESERVED, RefundState.APPROVED, RefundState.UNDER_WAY)


class RefundRow(msgspec.Struct, frozen=True):
    """A refund. `takes` are the parts of the orders it closes, `cards` time and visits; `ways` how it is paid out.

    `sent` counts the tries to pay it; `second` says that another than who asked has to sign.
    """

    n: int
    id: str
    member: str
    state: RefundState
    amount_minor: int
    principal_minor: int
    bonus_minor: int
    forfeited_minor: int
    debt_minor: int
    second: bool
    formula: str
    inputs: StoredValue
    steps: tuple[RefundStep, ...]
    takes: tuple[Take, ...]
    ways: tuple[PayOut, ...]
    cards: tuple[CardPart, ...]
    sent: int
    why: str
    asked_by: str
    asked_at: datetime
    signed_by: str
    closed_by: str
    closed_at: str | None


_JSON: dict[str, Any] = {
    "inputs": StoredValue,
    "steps": tuple[RefundStep, ...],
    "takes": tuple[Take, ...],
    "ways": tuple[PayOut, ...],
    "cards": tuple[CardPart, ...],
}


def new_refund(change: Change, id: str, member: str, part: RefundPart, why: str) -> RefundRow:
    """Return a refund as it is asked for, not written yet; raises InvalidInput for an id that is none."""
    if not id or len(id) > 64:
        raise InvalidInput("a refund has an id of at most 64 characters")
    beside_minor = sum(each.amount_minor for each in beside(change, member, id))
    return RefundRow(
        n=0,
        id=id,
        member=member,
        state=RefundState.RESERVED,
        amount_minor=part.amount_minor,
        principal_minor=sum(each.principal_minor for each in part.takes),
        bonus_minor=sum(each.bonus_minor for each in part.takes),
        forfeited_minor=part.forfeited_minor,
        debt_minor=part.debt_minor,
        second=needs_second(part.amount_minor, beside_minor, change.rules.refunds),
        formula=FORMULA,
        inputs=part.whole.inputs if isinstance(part.whole.inputs, StoredValue) else StoredValue(Wallet()),
        steps=part.steps,
        takes=part.takes,
        ways=(),
        cards=(),
        sent=0,
        why=why[:500],
        asked_by=change.actor.id,
        asked_at=change.now,
        signed_by="",
        closed_by="",
        closed_at=None,
    )


def insert_refund(change: Change, row: RefundRow) -> RefundRow:
    """Write a refund down for the first time and return it with its number."""
    values = {name: getattr(row, name) for name in RefundRow.__struct_fields__ if name != "n"}
    values |= {name: canonical(values[name]).decode() for name in _JSON}
    values |= {"state": row.state.value, "asked_at": format_utc(row.asked_at)}
    n = change.connection.execute(insert(refund).returning(refund.c.n), values).scalar_one()
    return msgspec.structs.replace(row, n=n)


def write_refund(change: Change, before: RefundRow, after: RefundRow, why: str = "") -> RefundRow:
    """Write down where a refund stands now."""
    values: dict[str, Any] = {"state": after.state.value, "ways": canonical(after.ways).decode(), "sent": after.sent}
    values |= {name: getattr(after, name) for name in ("signed_by", "closed_by", "closed_at")}
    change.connection.execute(update(refund).where(refund.c.n == before.n).values(**values))
    states = {"state": before.state.value}, {"state": after.state.value, "sent": after.sent}
    change.note(f"refund.{after.state}", "refund", before.id, before=states[0], after=states[1], why=why)
    return after


def find_refund(look: Look, id: str, *, lock: bool = False) -> RefundRow | None:
    """Return a refund, None where there is none."""
    query = select(refund).where(refund.c.id == id)
    row = look.connection.execute(query.with_for_update() if lock else query).mappings().one_or_none()
    return _read(row) if row else None


def refund_named(look: Look, id: str, *, lock: bool = False) -> RefundRow:
    """Return a refund, with `lock` for this change alone; raises InvalidInput where there is none."""
    found = find_refund(look, id, lock=lock)
    if found is None:
        raise InvalidInput(f"there is no refund {id[:64]!r}")
    return found


def beside(look: Look, member: str, id: str) -> list[RefundRow]:
    """Return a member's other refunds that count with one: those that are open, and those asked for or paid today."""
    today = format_utc(datetime.combine(look.today, time.min, look.zone))
    open_yet = refund.c.state.in_([each.value for each in _OPEN])
    paid = (refund.c.state == RefundState.PAID.value) & or_(refund.c.asked_at >= today, refund.c.closed_at >= today)
    query = select(refund).where(refund.c.member == member, refund.c.id != id, or_(open_yet, paid))
    return [_read(row) for row in look.connection.execute(query.order_by(refund.c.n)).mappings()]


def given_back(look: Look, member: str) -> set[int]:
    """Return the numbers of a member's charges that a refund closes, or waits to."""
    gone = (RefundState.REFUSED, RefundState.WITHDRAWN)
    rows = refund_page(look, member=member)
    return {int(card.of) for row in rows if row.state not in gone for card in row.cards if card.time is not None}


def refund_page(
    look: Look, before: int | None = None, limit: int = PAGE_MAX, *, state: str = "", member: str = ""
) -> list[RefundRow]:
    """Return refunds, newest first, those before number `before`; 500 at most."""
    query = select(refund).order_by(refund.c.n.desc()).limit(min(limit, PAGE_MAX))
    if before is not None:
        query = query.where(refund.c.n < before)
    for column, wanted in ((refund.c.state, state), (refund.c.member, member)):
        if wanted:
            query = query.where(column == wanted)
    return [_read(row) for row in look.connection.execute(query).mappings()]


def _read(row: Any) -> RefundRow:
    values = {name: row[name] for name in RefundRow.__struct_fields__}
    values |= {name: msgspec.json.decode(row[name], type=kind) for name, kind in _JSON.items()}
    values |= {"state": RefundState(row["state"]), "asked_at": parse_utc(row["asked_at"])}
    return RefundRow(**values)
