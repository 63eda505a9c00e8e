"""What a cell of a page holds, without its links and colours: for files, for sorting, and for texts."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec

from kiosk.central.club.audits import AuditEntry
from kiosk.office.amounts import Amount, shown
from kiosk.office.page import Acts, Badge, Changed, Link, Ref, Word
from kiosk.office.saying import chosen, code_text, told
from kiosk.office.trail import field_text, thing_text

Plain = str | int | float | Decimal | date
"""What a file holds of a cell; nothing is an empty text, an amount is in yuan, a moment in UTC."""

BRIEF_CHARACTERS_MAX = 60

_ID = re.compile(r"([0-9a-f]{16}){1,2}\Z")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z\Z")


def plain(cell: Any) -> Plain:
    """Return a cell as plain text, number or day, in the language of this request."""
    match cell:
        case None | "–" | Acts():
            return ""
        case bool():
            return chosen("bool", "yes" if cell else "no")
        case Link():
            return plain(cell.text)
        case Badge():
            return cell.text
        case Ref():
            return f"{thing_text(cell.ref_kind)} {cell.ref_id}"
        case Word():
            return chosen(cell.enum, cell.code)
        case Changed():
            return "; ".join(
                f"{field_text(name)}: {plain(before)} → {plain(after)}" for name, before, after in changes(*cell)
            )
        case Amount():
            return cell.yuan
        case str():
            return moment_in(cell) or cell
        case int() | float() | date():
            return cell
    if isinstance(cell, Sequence) and not any(isinstance(each, Mapping | list) for each in cell):
        return ", ".join(str(plain(each)) for each in cell)
    return msgspec.json.encode(cell).decode()


def number_columns(rows: Sequence[Sequence[Any]]) -> frozenset[int]:
    """Return which columns hold nothing but numbers and amounts, which stand one below the other."""
    columns = list(zip(*rows, strict=True)) if rows else []
    return frozenset(
        place
        for place, cells in enumerate(columns)
        if any(_is_number(each) for each in cells) and all(each is None or _is_number(each) for each in cells)
    )


def _is_number(cell: Any) -> bool:
    return isinstance(cell, Amount | int | float) and not isinstance(cell, bool)


def moment_in(text: Any) -> datetime | None:
    """Return the moment that a text of the books is, None for any other."""
    return datetime.fromisoformat(text).astimezone(UTC) if isinstance(text, str) and _MOMENT.match(text) else None


def changes(entry: AuditEntry, names: Mapping[str, str]) -> list[tuple[str, Any, Any]]:
    """Return what an entry of the audit trail changed: name, before and after in words, None where there was nothing.

    An id that nothing has a name for says nothing to anybody and is left out.
    """
    before, after = _fields(entry.before), _fields(entry.after)
    return [
        (name, field_value(name, was, names), field_value(name, now, names))
        for name in dict.fromkeys([*before, *after])
        for was, now in ((before.get(name), after.get(name)),)
        if not any(isinstance(each, str) and _ID.match(each) and each not in names for each in (was, now))
    ]


def field_value(name: str, value: Any, names: Mapping[str, str] | None = None) -> Any:
    """Return the value of a field of the books as it is read: an amount in yuan, an id by its name, a code in words."""
    if name.endswith("_minor") and isinstance(value, int) and not isinstance(value, bool):
        return shown(value)
    named = (names or {}).get(value) if isinstance(value, str) else None
    return named or in_words(value)


def in_brief(value: Any) -> str | int | float | bool | None:
    """Return a value of the rule book for one cell of a list: what has a structure is cut off."""
    value = in_words(value)
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, Mapping) or any(isinstance(each, Mapping) for each in value):
        return told("so_many_entries", n=len(value))
    text = str(plain(value))
    return text if len(text) <= BRIEF_CHARACTERS_MAX else f"{text[:BRIEF_CHARACTERS_MAX]}…"


def in_words(value: Any) -> Any:
    """Return a value of the books with its codes in words, as far as there are any; what has a structure stays."""
    if isinstance(value, str):
        return code_text(value)
    if isinstance(value, list | tuple) and all(isinstance(each, str) for each in value):
        return [code_text(each) for each in value]
    return value


def _fields(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {} if value is None else {"": value}
