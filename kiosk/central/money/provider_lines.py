"""Statements of payment providers as they are imported: CSV, all of a file or nothing of it."""

import csv
import io
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import select

from kiosk.central.club.books import Change
from kiosk.central.database import insert_missing
from kiosk.central.money.edge_tables import statement_line
from kiosk.club.paying_back import PayWay
from kiosk.core.clock import format_utc, parse_utc
from kiosk.core.errors import InvalidInput

COLUMNS = ("id", "amount_minor", "at")
LINES_MAX = 100_000
ID_MAX = 96

PROVIDERS = (PayWay.WECHAT, PayWay.ALIPAY)

REFUND = "refund:"
"""Before a provider's own number of a refund: the event of one that we did not ask for."""

_ID = re.compile(rf"[A-Za-z0-9._:|*@+=-]{{1,{ID_MAX}}}\Z")
"""What providers let an order be called; no other id could be the address of a page."""


class Line(msgspec.Struct, frozen=True):
    """What a provider says it was paid, or below zero gave back, under the id of the event."""

    id: str
    amount_minor: int
    at: datetime


class Taken(msgspec.Struct, frozen=True):
    """How many lines of a file were new, and how many known."""

    fresh: int
    known: int


def take_statement(change: Change, provider: PayWay, text: str) -> Taken:
    """Take a provider's statement: our order's id, the amount in fen and the moment (UTC) in each line.

    The same line again changes nothing. Raises InvalidInput naming the line that is wrong, or says another amount.
    """
    if provider not in PROVIDERS:
        raise InvalidInput(f"{provider} sends no statement")
    rows = csv.DictReader(io.StringIO(text))
    missing = set(COLUMNS) - set(rows.fieldnames or ())
    if missing:
        raise InvalidInput(f"the statement has no column {min(missing)}", hint=f"Columns: {', '.join(COLUMNS)}")
    lines = []
    for number, row in enumerate(rows, 2):
        if number > LINES_MAX + 1:
            raise InvalidInput(f"a statement of more than {LINES_MAX} lines", hint="Import it in parts")
        lines.append(_line(number, row))
    return take_lines(change, provider, lines)


def take_lines(change: Change, provider: PayWay, lines: Sequence[Line]) -> Taken:
    """Take the lines of a provider's statement, all or none; the same again changes nothing. Raises InvalidInput."""
    fresh = sum(_take(change, provider, number, each) for number, each in enumerate(lines, 2))
    taken = Taken(fresh, len(lines) - fresh)
    change.note("statement.take", "provider", provider.value, after=taken)
    return taken


def _take(change: Change, provider: PayWay, number: int, line: Line) -> bool:
    id, amount_minor, at = line.id, line.amount_minor, line.at
    values = {"provider": provider.value, "id": id, "amount_minor": amount_minor, "at": format_utc(at)}
    taken = {"taken_at": format_utc(change.now), "taken_by": change.actor.id}
    if insert_missing(change.connection, statement_line, values | taken):
        return True
    table = statement_line
    mine = (table.c.provider == provider.value, table.c.id == id)
    if change.connection.execute(select(table.c.amount_minor).where(*mine)).scalar_one() != amount_minor:
        raise InvalidInput(f"line {number}: {id} is known with another amount")
    return False


def _line(number: int, row: dict[str, Any]) -> Line:
    id = (row["id"] or "").strip()
    if not _ID.match(id):
        raise InvalidInput(f"line {number}, id: an order's id has 1 to {ID_MAX} letters, digits or marks")
    try:
        amount_minor = int(row["amount_minor"] or "")
    except ValueError as error:
        raise InvalidInput(f"line {number}, amount_minor: no whole number of fen") from error
    try:
        return Line(id, amount_minor, parse_utc((row["at"] or "").strip()))
    except InvalidInput as error:
        raise InvalidInput(f"line {number}, at: {error.message}") from error
