"""A form from a wish: one field for each of the struct's, and back from what was typed to the wish."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from msgspec import NODEFAULT, structs

from kiosk.office.actions import HIDDEN, Draft
from kiosk.office.field_rows import STRUCTURES, one_more, read_rows, rule_field, said_in, shown
from kiosk.office.fields import UNREADABLE, Fault, Field, fault_in, field_of, value_of, written

STRUCTURE = ".structure"
"""Behind the name of a field with rows: the same value as JSON, which counts in their place where it is given."""


class Typed(NamedTuple):
    """What came of what was typed: the wish, or the faults by field, each a key of the words with its values."""

    wish: msgspec.Struct | None
    faults: Mapping[str, Fault]


def fields_of(wish: type[msgspec.Struct], draft: Draft) -> tuple[Field, ...]:
    """Return the fields of a wish in its order."""
    found = (_field(each, draft) for each in structs.fields(wish))
    return tuple(each for each in found if each.kind != HIDDEN)


def initial(fields: Sequence[Field], draft: Draft, given: Mapping[str, str]) -> dict[str, Any]:
    """Return what the fields hold at first: what the address gives, what the draft says, or the default."""
    found: dict[str, Any] = {}
    for field in fields:
        value = draft.values.get(field.name, field.default)
        if field.kind in STRUCTURES:
            found[field.name] = shown(field, value)
            found[field.name + STRUCTURE] = given.get(field.name, "")
        else:
            found[field.name] = given[field.name] if field.name in given else written(field, value)
    return found


def typed(form: Any, fields: Sequence[Field]) -> dict[str, Any]:
    """Return what a posted form holds, by field, cut to a sane length; a field of several values as a list."""
    found: dict[str, Any] = {}
    for field in fields:
        found[field.name] = said_in(form, field, field.name)
        if field.kind in STRUCTURES:
            found[field.name + STRUCTURE] = said_in(form, _as_json(field), field.name)
    return found


def with_one_more(fields: Sequence[Field], said: dict[str, Any], wanted: str) -> dict[str, Any]:
    """Put an empty row behind the rows of the path that is wanted."""
    for field in fields:
        one_more(field, said[field.name], field.name, wanted)
    return said


def read(wish: type[msgspec.Struct], fields: Sequence[Field], said: Mapping[str, Any], zone: ZoneInfo) -> Typed:
    """Turn what was typed into the wish; local times are the venue's.

    A fault in a row has the path to it behind the field's name.
    """
    values: dict[str, Any] = {}
    faults: dict[str, Fault] = {}
    for field in fields:
        by_rows = field.kind in STRUCTURES and not said[field.name + STRUCTURE]
        if by_rows:
            value = read_rows(field, said[field.name], field.name, zone, faults)
            if not any(path.startswith(f"{field.name}.") for path in faults):
                _convert(field, value, values, faults)
        elif field.kind in STRUCTURES:
            _read(_as_json(field), said[field.name + STRUCTURE], zone, values, faults)
        else:
            _read(field, said[field.name], zone, values, faults)
    if faults:
        return Typed(None, faults)
    try:
        return Typed(wish(**values), {})
    except (TypeError, ValueError):
        return Typed(None, {"": ("fault_value", {})})


def _read(field: Field, said: Any, zone: ZoneInfo, values: dict[str, Any], faults: dict[str, Fault]) -> None:
    if fault := fault_in(field, said):
        faults[field.name] = fault
        return
    try:
        value = value_of(field, said, zone)
    except (ValueError, RecursionError):
        faults[field.name] = (UNREADABLE.get(field.kind, "fault_value"), {})
        return
    if value is not NODEFAULT:
        _convert(field, value, values, faults)
    elif field.nullable:
        values[field.name] = None


def _convert(field: Field, value: Any, values: dict[str, Any], faults: dict[str, Fault]) -> None:
    try:
        values[field.name] = msgspec.convert(value, field.type, strict=False)
    except (msgspec.ValidationError, ValueError, RecursionError):
        faults[field.name] = (UNREADABLE.get(field.kind, "fault_value"), {})


def _as_json(field: Field) -> Field:
    return Field(field.name, "json", field.type, required=True)


def _field(info: structs.FieldInfo, draft: Draft) -> Field:
    info = structs.replace(info, type=draft.types.get(info.name, info.type))
    if info.name in draft.entries:
        named = structs.replace(info, name=draft.entries[info.name])
        field = rule_field(named, named.name)._replace(name=info.name, label="")
    else:
        field = field_of(info)
    if choices := draft.choices.get(info.name):
        field = field._replace(kind="choice", choices=tuple(choices))
    return field._replace(kind=draft.kinds.get(info.name, field.kind))
