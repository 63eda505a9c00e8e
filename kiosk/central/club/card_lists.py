"""Cards as staff look for them: pages of the book of cards, what belongs to one card, and batches and requests by day.

It reads only. Pages go on behind a cursor and have 500 rows at most.
"""

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, RowMapping, Select, Table, and_, func, or_, select

from kiosk.central.club.books import Look
from kiosk.central.club.card_tables import card, card_batch, card_hand_over, card_replacement, sold_at, special_request
from kiosk.central.tables import credential, member
from kiosk.club.card_kinds import Holder, ReplaceReason, UseClass
from kiosk.club.cards import CardState
from kiosk.core.clock import parse_utc
from kiosk.core.errors import InvalidInput
from kiosk.core.model import CredentialState

PAGE_MAX = 500
LISTED_MAX = 20
"""Cards of lists that are not in the book yet, of one search."""

_NOT_IN_A_CARD_NUMBER = re.compile(r"[\s:\-]")
_LAST_CHARACTER = "\U0010ffff"


class CardRow(msgspec.Struct, frozen=True):
    """A card in the book with its member's number and name; `encoded` says whether readers know it."""

    number: str
    kind: str
    use_class: UseClass
    state: CardState
    point: str
    holder: Holder | None
    member_no: str | None
    member_name: str | None
    encoded: bool
    valid_from: date | None
    valid_until: date | None


class ListedCard(msgspec.Struct, frozen=True):
    """A card that came with a list and is not in the book yet: what the gates know it by, and its number's end."""

    credential: str
    ending: str
    member_no: str | None
    state: CredentialState
    gift: bool


class CardFilter(msgspec.Struct, frozen=True):
    """Which cards: all that match what is given.

    `search` is the start of a card number, the number as readers read it, or a member number.
    """

    search: str = ""
    state: str = ""
    kind: str = ""
    point: str = ""
    batch: str = ""


class HandedOver(msgspec.Struct, frozen=True):
    """Who handed a card over, where and when."""

    by: str
    point: str
    at: datetime
    identity_checked: bool


class Swap(msgspec.Struct, frozen=True):
    """One card in the place of another, and whether the member is charged."""

    new: str
    old: str
    reason: ReplaceReason
    charged: bool
    at: datetime


def card_rows(look: Look, wanted: CardFilter, after: str = "", limit: int = 50) -> list[CardRow]:
    """Return cards by number, those behind `after`."""
    query = _rows().where(card.c.number > after)
    for name in ("state", "kind", "point", "batch"):
        if value := getattr(wanted, name):
            query = query.where(card.c[name] == value)
    if wanted.search:
        query = query.where(or_(*_matches(wanted.search)))
    rows = look.connection.execute(query.order_by(card.c.number).limit(min(limit, PAGE_MAX))).mappings()
    return [_card_row(row) for row in rows]


def card_row(look: Look, number: str) -> CardRow:
    """Return one card of the book; raises InvalidInput where there is none."""
    found = [_card_row(row) for row in look.connection.execute(_rows().where(card.c.number == number)).mappings()]
    if not found:
        raise InvalidInput(f"there is no card {number[:32]!r}", hint="Take an imported card into the book first")
    return found[0]


def listed_cards(look: Look, search: str) -> list[ListedCard]:
    """Return cards that came with a list and are not in the book, by the number readers read or the member's number."""
    if not search:
        return []
    mine = or_(credential.c.identifier == _identifier(search), member.c.member_no.in_(_spellings(search)))
    columns = (credential.c.id, credential.c.identifier, member.c.member_no, credential.c.state, credential.c.gift)
    query = select(*columns).outerjoin(member, member.c.id == credential.c.member)
    query = query.outerjoin(card, card.c.credential == credential.c.id).where(mine, card.c.number.is_(None))
    rows = look.connection.execute(query.order_by(credential.c.identifier).limit(LISTED_MAX))
    return [
        ListedCard(id, text[-4:], number, CredentialState(state), bool(gift)) for id, text, number, state, gift in rows
    ]


def handed_over(look: Look, number: str) -> HandedOver | None:
    """Return who handed a card over, None for one that nobody did."""
    query = select(card_hand_over).where(card_hand_over.c.number == number)
    row = look.connection.execute(query).first()
    return HandedOver(row.by, row.point, parse_utc(row.at), bool(row.identity_checked)) if row else None


def swaps_of(look: Look, number: str) -> list[Swap]:
    """Return the replacements that a card had part in, as the new one and as the old one."""
    mine = or_(card_replacement.c.new == number, card_replacement.c.old == number)
    rows = look.connection.execute(select(card_replacement).where(mine).order_by(card_replacement.c.at))
    return [Swap(row.new, row.old, ReplaceReason(row.reason), bool(row.charged), parse_utc(row.at)) for row in rows]


def ending_of(look: Look, credential_id: str) -> str:
    """Return the last four characters of the number that readers read."""
    query = select(credential.c.identifier).where(credential.c.id == credential_id)
    return (look.connection.execute(query).scalar_one_or_none() or "")[-4:]


def counts_in(look: Look, batch: str) -> dict[str, int]:
    """Return how many cards of a batch are in each state."""
    query = select(card.c.state, func.count()).where(card.c.batch == batch).group_by(card.c.state)
    return {state: count for state, count in look.connection.execute(query.order_by(card.c.state))}


def sold_by_point(look: Look) -> dict[str, tuple[str, ...]]:
    """Return the kinds of card that each point of sale should always have."""
    found: dict[str, tuple[str, ...]] = {}
    for row in look.connection.execute(select(sold_at).order_by(sold_at.c.point, sold_at.c.kind)):
        found[row.point] = (*found.get(row.point, ()), row.kind)
    return found


def batch_ids(look: Look, state: str = "", after: str = "", limit: int = 50) -> list[str]:
    """Return the production orders, the newest first, those behind `after`."""
    return _newest(look, card_batch, "ordered_on", state, after, limit)


def request_ids(look: Look, state: str = "", after: str = "", limit: int = 50) -> list[str]:
    """Return the requests for special cards, the newest first, those behind `after`."""
    return _newest(look, special_request, "requested_on", state, after, limit)


def _rows() -> Select[Any]:
    names = [name for name in CardRow.__struct_fields__ if name not in ("member_no", "member_name", "encoded")]
    of_member = (member.c.member_no, member.c.name.label("member_name"))
    columns = (*(card.c[name] for name in names), *of_member, card.c.credential.is_not(None).label("encoded"))
    return select(*columns).outerjoin(member, member.c.id == card.c.member)


def _card_row(row: RowMapping) -> CardRow:
    told = {name: row[name] for name in CardRow.__struct_fields__}
    return msgspec.convert(told | {"encoded": bool(row["encoded"])}, CardRow)


def _newest(look: Look, table: Table, day: str, state: str, after: str, limit: int) -> list[str]:
    query = select(table.c.id)
    if state:
        query = query.where(table.c.state == state)
    if after:
        known: Any = look.connection.execute(select(table.c[day]).where(table.c.id == after)).scalar_one_or_none()
        if known is None:
            return []
        query = query.where(or_(table.c[day] < known, and_(table.c[day] == known, table.c.id < after)))
    query = query.order_by(table.c[day].desc(), table.c.id.desc()).limit(min(limit, PAGE_MAX))
    return list(look.connection.execute(query).scalars())


def _matches(search: str) -> Sequence[ColumnElement[bool]]:
    read = select(credential.c.id).where(credential.c.identifier == _identifier(search))
    # SQLite's LIKE reads every row.
    begins = and_(card.c.number >= search, card.c.number < search + _LAST_CHARACTER)
    return (begins, card.c.credential.in_(read), member.c.member_no.in_(_spellings(search)))


def _spellings(text: str) -> list[str]:
    return sorted({text, text.upper()})


def _identifier(text: str) -> str:
    return _NOT_IN_A_CARD_NUMBER.sub("", text).upper()
