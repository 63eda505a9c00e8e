"""Configuration files: TOML in, one typed struct out, anything unknown refused by name."""

import difflib
import ipaddress
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import inspect

from kiosk.core.errors import ConfigError

SETTINGS_BYTES_MAX = 1024 * 1024

T = TypeVar("T")


def load_settings(path: Path, kind: type[T]) -> T:
    """Read a TOML file as `kind`, a msgspec struct; raises ConfigError, one sentence that names file and key."""
    content = _read_toml(path)
    for where, key, known in _unknown_keys(content, inspect.type_info(kind), ""):
        raise ConfigError(f'{path}: unknown key "{key}" in {_table(where)}', hint=_suggestion(key, known))
    try:
        return msgspec.convert(content, kind, dec_hook=_convert_path)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path}: {_plain(str(error))}") from error
    except ConfigError as error:
        raise ConfigError(f"{path}: {error.message}", hint=error.hint) from error


def is_loopback(host: str) -> bool:
    """Say whether an address is this machine's own: `localhost`, or a number of 127.0.0.0/8 or ::1."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_zone(name: str) -> None:
    """Raise ValueError where a key `zone` names no time zone that is known here, lest the first card find out."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"zone {name[:40]!r} is no time zone known here") from error


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            body = file.read(SETTINGS_BYTES_MAX + 1)
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: no such file", hint="Name the configuration with --config FILE") from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from error
    if len(body) > SETTINGS_BYTES_MAX:
        raise ConfigError(f"{path}: larger than {SETTINGS_BYTES_MAX} bytes")
    try:
        return tomllib.loads(body.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not TOML ({error})") from error


def _unknown_keys(value: Any, kind: inspect.Type, where: str) -> Iterator[tuple[str, str, list[str]]]:
    """Yield where, key and the keys known there, for every key that no struct has."""
    if isinstance(kind, inspect.UnionType):
        kind = _branch(value, kind)
    if isinstance(kind, inspect.StructType) and isinstance(value, dict):
        fields = {field.encode_name: field.type for field in kind.fields}
        known = [*fields, *([kind.tag_field] if kind.tag_field else [])]
        for key, item in value.items():
            if key not in known:
                yield where, key, known
            elif key in fields:
                yield from _unknown_keys(item, fields[key], f"{where}.{key}")
    elif isinstance(kind, inspect.DictType) and isinstance(value, dict):
        for key, item in value.items():
            yield from _unknown_keys(item, kind.value_type, f"{where}.{key}")
    elif isinstance(value, list):
        for number, (item, item_kind) in enumerate(zip(value, _item_kinds(kind, len(value)), strict=False), 1):
            yield from _unknown_keys(item, item_kind, f"{where}#{number}")


def _branch(value: Any, union: inspect.UnionType) -> inspect.Type:
    """Return the member of a union that a value is meant as: the struct of its tag, or the one container there is."""
    return next((kind for kind in union.types if _is_meant(kind, value)), inspect.AnyType())


def _is_meant(kind: inspect.Type, value: Any) -> bool:
    if isinstance(kind, inspect.StructType) and isinstance(value, dict):
        return kind.tag_field is None or value.get(kind.tag_field) == kind.tag
    if isinstance(kind, inspect.DictType):
        return isinstance(value, dict)
    return isinstance(kind, inspect.CollectionType | inspect.TupleType) and isinstance(value, list)


def _item_kinds(kind: inspect.Type, count: int) -> list[inspect.Type]:
    if isinstance(kind, inspect.TupleType):
        return list(kind.item_types)
    if isinstance(kind, inspect.CollectionType):
        return [kind.item_type] * count
    return []


def _table(where: str) -> str:
    """Return how a TOML file writes the table: `[controller]`, or `[[points]] number 2`."""
    name, _, number = where.lstrip(".").partition("#")
    if not name:
        return "the top level"
    if not number:
        return f"[{name}]"
    number, _, rest = number.partition(".")
    return f"[[{name}]] number {number}" + (f", {_table(rest)}" if rest else "")


def _suggestion(key: str, known: list[str]) -> str:
    close = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    return f'Did you mean "{close[0]}"?' if close else f"Known here: {', '.join(sorted(known)) or 'nothing'}"


def _plain(message: str) -> str:
    """Turn msgspec's "Expected `int`, got `str` - at `$.gate.hold_s`" into words that start with the key."""
    what, _, place = message.partition(" - at ")
    what = what[:1].lower() + what[1:].replace("`", "")
    key = place.strip("`").removeprefix("$").lstrip(".")
    return f'"{key}": {what}' if key else what


def _convert_path(kind: type, value: Any) -> Any:
    if kind is Path and isinstance(value, str):
        return Path(value)
    raise TypeError(f"settings cannot hold a {kind.__name__}")
