"""One field of a form: from a type to its kind, from a value to what it shows, and back from what was typed."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from msgspec import NODEFAULT, UNSET, inspect, structs

from kiosk.office.amounts import YUAN_PATTERNS, in_fen, in_yuan

AREA_FROM = 200
"""A text that may be longer than this gets several lines."""

WHY = "why"
TEXT_CHARACTERS_MAX = 10_000
NUMBER_CHARACTERS_MAX = 20
"""No number of the books is longer; one of thousands of digits could not even be read."""

DAY_FIRST, DAY_LAST = date(1900, 1, 1), date(2199, 12, 31)
"""The days that a form takes: a year further off is a slip, and the ends of the calendar have no day beside them."""

YES, NO = "yes", "no"
MONEY = "_minor"

LISTS: Mapping[str, str] = {"words": "text", "numbers": "number", "yuans": "yuan", "days": "date"}
"""Kinds of several values by commas, with the kind of each value."""

UNREADABLE = {
    "number": "fault_number",
    "numbers": "fault_numbers",
    "money": "fault_money",
    "yuan": "fault_money",
    "yuans": "fault_money",
    "date": "fault_date",
    "days": "fault_date",
    "moment": "fault_date",
    "json": "fault_json",
    "choice": "fault_choice",
    "many": "fault_choice",
}
"""What is said of what cannot be read, by kind."""

Fault = tuple[str, Mapping[str, Any]]
"""A key of the words, with its values."""

_COMMAS = re.compile(r"[,，、;；\n]")
_YUAN = re.compile(YUAN_PATTERNS[0])


class Field(NamedTuple):
    """One field. `kind`: text, area, lines (one value each), number, date, moment, bool, choice, many, json; money for
    an amount that the wish has as it is typed, yuan for one that it has in fen; one of LISTS; or group and rows, which
    have `parts` (see `kiosk.office.field_rows`).

    `choices` are values with their text, or with "" where the words have it under `enum`. One that is `nullable` has to
    be in the wish, and is None where nothing was typed. `label` is its key among the members of structs, if it is one.
    """

    name: str
    kind: str
    type: Any
    required: bool
    default: Any = None
    least: int | None = None
    most: int | None = None
    choices: Sequence[tuple[str, str]] = ()
    enum: str = ""
    nullable: bool = False
    parts: "tuple[Field, ...]" = ()
    label: str = ""


def field_of(info: structs.FieldInfo) -> Field:
    """Return the field for a member of a struct."""
    inner, optional = inner_of(inspect.type_info(info.type))
    field = _plain(info, inner, optional, default_of(info))
    return field._replace(required=False, nullable=True) if field.required and optional else field


def _plain(info: structs.FieldInfo, inner: inspect.Type, optional: bool, default: Any) -> Field:
    field = Field(info.name, "json", info.type, info.required, default)
    match inner:
        case inspect.StrType():
            if inner.pattern in YUAN_PATTERNS:
                return field._replace(kind="money", most=inner.max_length)
            long = info.name == WHY or (inner.max_length or 0) > AREA_FROM
            return field._replace(kind="area" if long else "text", least=inner.min_length, most=inner.max_length)
        case inspect.BoolType():
            # A box that is not ticked says no; to say nothing a choice is needed.
            return (
                field._replace(kind="choice", choices=_yes_no(), enum="bool")
                if optional
                else field._replace(kind="bool", required=False)
            )
        case inspect.IntType():
            return field._replace(kind="number", least=inner.ge, most=inner.le)
        case inspect.DateType():
            return field._replace(kind="date")
        case inspect.DateTimeType():
            return field._replace(kind="moment")
        case inspect.EnumType():
            return field._replace(kind="choice", choices=_members(inner.cls), enum=inner.cls.__name__)
        case (
            inspect.VarTupleType(item_type=inspect.EnumType(cls=cls))
            | inspect.ListType(item_type=inspect.EnumType(cls=cls))
        ):
            return field._replace(kind="many", choices=_members(cls), enum=cls.__name__)
        case inspect.VarTupleType(item_type=item) if isinstance(inner_of(item)[0], inspect.StrType):
            return field._replace(kind="lines")
    return field


def default_of(info: structs.FieldInfo) -> Any:
    """Return what a member of a struct is where nothing is said; None where it has to be said."""
    if callable(info.default_factory):
        return info.default_factory()
    return None if info.default in (NODEFAULT, UNSET) else info.default


def inner_of(kind: inspect.Type) -> tuple[inspect.Type, bool]:
    """Return the one type that may be given, and whether nothing may be given too."""
    if isinstance(kind, inspect.UnionType):
        others = [each for each in kind.types if not isinstance(each, inspect.NoneType)]
        if len(others) == 1:
            return inner_of(others[0])[0], len(others) < len(kind.types)
    if isinstance(kind, inspect.Metadata):
        return inner_of(kind.type)
    return kind, False


def _members(enum: type[Enum]) -> tuple[tuple[str, str], ...]:
    return tuple((str(each.value), "") for each in enum)


def _yes_no() -> tuple[tuple[str, str], ...]:
    return ((YES, ""), (NO, ""))


def written(field: Field, value: Any) -> Any:
    """Return a value as its field shows it."""
    if field.kind == "many":
        return [str(each) for each in value or ()]
    if field.kind == "lines":
        return "\n".join(value or ())
    if field.kind in LISTS:
        one = field._replace(kind=LISTS[field.kind])
        return ", ".join(written(one, each) for each in value or ())
    if value is None:
        return "null" if field.kind == "json" and field.required else ""
    if field.kind == "json":
        return json.dumps(msgspec.to_builtins(value), ensure_ascii=False, indent=2)
    if field.kind == "bool" or isinstance(value, bool):
        return YES if value else NO
    return in_yuan(value) if field.kind == "yuan" else str(value)


def fault_in(field: Field, said: Any) -> Fault | None:
    """Return what is wrong with what was typed, as far as it can be said exactly."""
    if not said:
        return ("fault_required", {}) if field.required else None
    if field.kind in ("text", "area"):
        if field.most is not None and len(said) > field.most:
            return "fault_long", {"n": field.most}
        if field.least is not None and len(said) < field.least:
            return "fault_short", {"n": field.least}
    if field.kind == "number":
        return _fault_in_number(field, said)
    if field.kind == "yuan" and _YUAN.match(said):
        return _out_of_bounds(field, in_fen(said))
    if field.kind in ("date", "moment"):
        return _fault_in_day(said)
    if field.kind == "choice" and said not in [value for value, _ in field.choices]:
        return "fault_choice", {}
    if field.kind in LISTS:
        one = field._replace(kind=LISTS[field.kind])
        return next((fault for each in _parted(said) if (fault := fault_in(one, each))), None)
    return None


def _fault_in_number(field: Field, said: str) -> Fault | None:
    if len(said) > NUMBER_CHARACTERS_MAX:
        return "fault_long", {"n": NUMBER_CHARACTERS_MAX}
    return _out_of_bounds(field, int(said)) if said.removeprefix("-").isdecimal() else None


def _out_of_bounds(field: Field, number: int) -> Fault | None:
    if field.least is not None and number < field.least:
        return "fault_least", {"n": _limit(field, field.least)}
    if field.most is not None and number > field.most:
        return "fault_most", {"n": _limit(field, field.most)}
    return None


def _limit(field: Field, number: int) -> Any:
    return in_yuan(number) if field.kind == "yuan" else number


def _fault_in_day(said: str) -> Fault | None:
    try:
        day = datetime.fromisoformat(said).date()
    except ValueError:
        return "fault_date", {}
    return None if DAY_FIRST <= day <= DAY_LAST else ("fault_day", {"first": DAY_FIRST, "last": DAY_LAST})


def value_of(field: Field, said: Any, zone: ZoneInfo) -> Any:
    """Return what was typed as msgspec reads it; NODEFAULT where nothing was said. Raises ValueError."""
    if field.kind == "bool":
        return said == YES
    if field.kind in LISTS:
        one = field._replace(kind=LISTS[field.kind])
        return [value_of(one, each, zone) for each in _parted(said)]
    if not said:
        return NODEFAULT if field.kind != "many" else ()
    match field.kind:
        case "json":
            return json.loads(said)
        case "lines":
            return [each for line in said.splitlines() if (each := line.strip())]
        case "number":
            return int(said)
        case "yuan":
            if not _YUAN.match(said):
                raise ValueError("not an amount")
            return in_fen(said)
        case "moment":
            return datetime.fromisoformat(said).replace(tzinfo=zone)
        case "choice" if field.enum == "bool":
            return {YES: True, NO: False}.get(said, said)
    return said


def _parted(said: str) -> list[str]:
    return [each for part in _COMMAS.split(said) if (each := part.strip())]
