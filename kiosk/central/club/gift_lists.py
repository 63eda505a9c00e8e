"""Gift cards as staff look for them: by where they stand today, and the records of their way back. It reads only."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, and_, func, or_, select

from kiosk.central.club.books import Look
from kiosk.central.club.card_tables import gift_card, gift_way_back, gift_way_back_card
from kiosk.central.rows import as_struct
from kiosk.club.gift_cards import GiftCard, GiftState
from kiosk.club.gift_recovery import Stage
from kiosk.core.clock import parse_utc
from kiosk.core.errors import InvalidInput

PAGE_MAX = 500


class WayBackRow(msgspec.Struct, frozen=True):
    """One record of the way back: who gave how many cards to whom, and when; at the end, who saw them destroyed."""

    id: str
    stage: Stage
    given_by: str
    taken_by: str
    at: datetime
    count: int


def gift_rows(look: Look, state: GiftState | None = None, after: str = "", limit: int = 50) -> list[GiftCard]:
    """Return gift cards by number, those behind `after`; where one stands today counts what it holds and its end."""
    query = select(gift_card).where(gift_card.c.number > after)
    if state is not None:
        query = query.where(_stands(look, state))
    rows = look.connection.execute(query.order_by(gift_card.c.number).limit(min(limit, PAGE_MAX))).mappings()
    return [as_struct(row, GiftCard) for row in rows]


def gift_counts(look: Look) -> Mapping[GiftState, int]:
    """Return how many gift cards stand where today."""
    found = {}
    for state in GiftState:
        query = select(func.count()).select_from(gift_card).where(_stands(look, state))
        found[state] = look.connection.execute(query).scalar_one()
    return found


def way_back_rows(look: Look, after: str = "", limit: int = 50) -> list[WayBackRow]:
    """Return records of the way back, the newest first, those behind the one of that id."""
    query = _records()
    if after:
        at = select(gift_way_back.c.at).where(gift_way_back.c.id == after).scalar_subquery()
        query = query.where(or_(gift_way_back.c.at < at, and_(gift_way_back.c.at == at, gift_way_back.c.id < after)))
    query = query.order_by(gift_way_back.c.at.desc(), gift_way_back.c.id.desc()).limit(min(limit, PAGE_MAX))
    return [_record(row) for row in look.connection.execute(query)]


def way_back_row(look: Look, record_id: str) -> WayBackRow:
    """Return one record of the way back; raises InvalidInput where there is none."""
    row = look.connection.execute(_records().where(gift_way_back.c.id == record_id)).first()
    if row is None:
        raise InvalidInput(f"there is no record {record_id[:16]!r} of the way back")
    return _record(row)


def numbers_on(look: Look, record_id: str) -> tuple[str, ...]:
    """Return the gift cards of a record, by number."""
    query = select(gift_way_back_card.c.number).where(gift_way_back_card.c.record == record_id)
    return tuple(look.connection.execute(query.order_by(gift_way_back_card.c.number)).scalars())


def _stands(look: Look, state: GiftState) -> ColumnElement[bool]:
    """Return the condition that says what `state_on` says of one card."""
    written, today = gift_card.c.state, look.today.isoformat()
    active = written == GiftState.ACTIVE.value
    over = and_(gift_card.c.valid_until.is_not(None), gift_card.c.valid_until < today)
    if state is GiftState.ACTIVE:
        good = or_(gift_card.c.valid_until.is_(None), gift_card.c.valid_until >= today)
        return and_(active, gift_card.c.balance_minor != 0, good)
    if state is GiftState.EMPTY:
        return or_(written == state.value, and_(active, gift_card.c.balance_minor == 0))
    if state is GiftState.EXPIRED:
        return or_(written == state.value, and_(active, gift_card.c.balance_minor != 0, over))
    return written == state.value


def _records() -> Any:
    count = select(func.count()).where(gift_way_back_card.c.record == gift_way_back.c.id).scalar_subquery()
    return select(gift_way_back, count.label("cards"))


def _record(row: Any) -> WayBackRow:
    return WayBackRow(row.id, Stage(row.stage), row.given_by, row.taken_by, parse_utc(row.at), row.cards)
