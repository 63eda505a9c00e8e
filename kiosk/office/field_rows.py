"""A value with a structure as fields: a group for a struct, and rows for several of them.

What was typed of a group is a mapping by member, with "given" for one that may be nothing; of rows it is a list of
mappings with "it", "gone" for a row that is ticked to be removed, and "place" for where it shall stand. One empty row
stands at the end; a row in which nothing was typed does not count.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import NODEFAULT, inspect, structs

from kiosk.office.fields import (
    MONEY,
    TEXT_CHARACTERS_MAX,
    UNREADABLE,
    YES,
    Fault,
    Field,
    default_of,
    fault_in,
    field_of,
    inner_of,
    value_of,
    written,
)

ROWS_MAX = 200
"""As many rows of one kind are read from a form; more of them are not a form any more."""

COUNT_CHARACTERS_MAX = 3

STRUCTURES = ("group", "rows")

_LISTED = {inspect.StrType: "words", inspect.IntType: "numbers", inspect.DateType: "days"}


def rule_field(info: structs.FieldInfo, label: str, *, within: bool = False) -> Field:
    """Return the field for an entry of the rule book, or for a member `within` one; `label` is its key in the words."""
    inner, optional = inner_of(inspect.type_info(info.type))
    field = field_of(info)._replace(label=label)
    match inner:
        case inspect.StructType(cls=cls):
            kept = {"default": default_of(info), "required": False, "nullable": optional}
            return field._replace(kind="group", parts=_parts_of(cls), **kept)
        case inspect.VarTupleType(item_type=item):
            return _several(field, info, item, within)
        case inspect.IntType() if info.name.endswith(MONEY):
            return field._replace(kind="yuan")
    return field


def _several(field: Field, info: structs.FieldInfo, item: inspect.Type, within: bool) -> Field:
    one = inner_of(item)[0]
    if isinstance(one, inspect.EnumType):
        return field
    if kind := _LISTED.get(type(one)):
        kind = "yuans" if kind == "numbers" and info.name.endswith(MONEY) else kind
        least, most = (one.ge, one.le) if isinstance(one, inspect.IntType) else (None, None)
        return field._replace(kind=kind, required=False, least=least, most=most)
    if isinstance(one, inspect.StructType):
        row = Field("it", "group", one.cls, required=True, parts=_parts_of(one.cls))
    elif isinstance(one, inspect.TupleType):
        parts = [
            rule_field(structs.FieldInfo(str(n), str(n), _type_of(each)), f"{info.name}.{n}", within=True)
            for n, each in enumerate(one.item_types)
        ]
        row = Field("it", "group", tuple, required=True, parts=tuple(parts))
    else:
        return field._replace(kind="json")
    return field._replace(kind="rows", parts=(row,), default=default_of(info) if within else ())


def _type_of(found: inspect.Type) -> Any:
    return found.cls if isinstance(found, inspect.EnumType) else str


def _parts_of(cls: type[msgspec.Struct]) -> tuple[Field, ...]:
    return tuple(rule_field(each, f"{cls.__name__}.{each.name}", within=True) for each in structs.fields(cls))


def shown(field: Field, value: Any) -> Any:
    """Return what a field shows of a value, as msgspec's builtins or as itself."""
    if field.kind == "group":
        held = _members_of(field, value)
        found = {each.name: shown(each, held.get(each.name, each.default)) for each in field.parts}
        return found | {"given": YES if value is not None else ""}
    if field.kind == "rows":
        rows = [_row(shown(field.parts[0], each)) for each in value or ()]
        return [*rows, empty_row(field)]
    return written(field, value)


def _members_of(field: Field, value: Any) -> Mapping[str, Any]:
    value = msgspec.to_builtins(value)
    if isinstance(value, Sequence):
        return {part.name: each for part, each in zip(field.parts, value, strict=True)}
    return value or {}


def empty_row(field: Field) -> dict[str, Any]:
    """Return a row in which nothing was typed yet."""
    return _row(shown(field.parts[0], None))


def _row(said: Any) -> dict[str, Any]:
    return {"it": said, "gone": "", "place": ""}


def said_in(form: Any, field: Field, path: str) -> Any:
    """Return what a posted form holds of a field, by the path of its names."""
    if field.kind == "group":
        found = {each.name: said_in(form, each, f"{path}.{each.name}") for each in field.parts}
        return found | {"given": form.get(f"{path}.given", "")}
    if field.kind == "rows":
        count = form.get(f"{path}.rows", "")
        rows = range(min(int(count), ROWS_MAX) if count.isdecimal() and len(count) <= COUNT_CHARACTERS_MAX else 0)
        return [
            {
                "it": said_in(form, field.parts[0], f"{path}.{n}"),
                "gone": form.get(f"{path}.{n}.gone", ""),
                "place": form.get(f"{path}.{n}.place", "").strip()[:COUNT_CHARACTERS_MAX],
            }
            for n in rows
        ]
    if field.kind == "many":
        return form.getlist(path)
    return form.get(path, "").replace("\0", "").strip()[:TEXT_CHARACTERS_MAX]


def one_more(field: Field, said: Any, path: str, wanted: str) -> None:
    """Put an empty row behind those of the rows that have the path `wanted`."""
    if field.kind == "group":
        for each in field.parts:
            one_more(each, said[each.name], f"{path}.{each.name}", wanted)
    if field.kind == "rows":
        for n, row in enumerate(said):
            one_more(field.parts[0], row["it"], f"{path}.{n}", wanted)
        if path == wanted and len(said) < ROWS_MAX:
            said.append(empty_row(field))


def is_empty(field: Field, said: Any) -> bool:
    """Say whether nothing was typed in a field: it is blank, or as an empty row has it."""
    if field.kind == "group":
        return all(is_empty(each, said[each.name]) for each in field.parts)
    if field.kind == "rows":
        return all(is_empty(field.parts[0], row["it"]) for row in said)
    if field.kind == "bool":
        return (said == YES) is bool(field.default)
    return not said or said == written(field, field.default)


def read_rows(field: Field, said: Any, path: str, zone: ZoneInfo, faults: dict[str, Fault]) -> Any:
    """Return what was typed as builtins, NODEFAULT where nothing was; what is wrong goes into `faults` by its path."""
    if field.kind == "group":
        return _read_group(field, said, path, zone, faults)
    if field.kind == "rows":
        kept = [n for n, row in enumerate(said) if not row["gone"] and not is_empty(field.parts[0], row["it"])]
        kept.sort(key=lambda n: _place(n, said[n]["place"]))
        return [read_rows(field.parts[0], said[n]["it"], f"{path}.{n}", zone, faults) for n in kept]
    fault = fault_in(field, said)
    if fault is None:
        try:
            value = value_of(field, said, zone)
            if value is NODEFAULT:
                return None if field.nullable else NODEFAULT
            msgspec.convert(value, field.type, strict=False)
        except (msgspec.ValidationError, ValueError):
            fault = (UNREADABLE.get(field.kind, "fault_value"), {})
        else:
            return value
    faults[path] = fault
    return NODEFAULT


def _place(n: int, wanted: str) -> tuple[int, int]:
    """Return what rows are ordered by: one with another number goes before or behind the row that has it."""
    place = int(wanted) - 1 if wanted.isdecimal() else n
    return place, (place > n) - (place < n)


def _read_group(field: Field, said: Any, path: str, zone: ZoneInfo, faults: dict[str, Fault]) -> Any:
    if field.nullable and not said["given"]:
        return None
    before = len(faults)
    read = {each.name: read_rows(each, said[each.name], f"{path}.{each.name}", zone, faults) for each in field.parts}
    found = {name: value for name, value in read.items() if value is not NODEFAULT}
    if field.type is tuple:
        return list(found.values())
    if len(faults) == before:
        try:
            msgspec.convert(found, field.type, strict=False)
        except (msgspec.ValidationError, ValueError):
            faults[path] = ("fault_row", {})
    return found


def places(field: Field, path: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Yield the way to a part of a field: the key of each part's label, and the number of the row, 0 for none."""
    for name in path:
        if field.kind == "rows":
            field = field.parts[0]
            yield "", int(name) + 1
        else:
            field = next(each for each in field.parts if each.name == name)
            yield field.label, 0


def leaves(field: Field) -> Iterator[Field]:
    """Yield every part of a field that has a label of its own."""
    for each in field.parts:
        if each.label:
            yield each
        yield from leaves(each)
