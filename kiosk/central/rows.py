"""Rows of the database as the structs that modules hand out."""

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

R = TypeVar("R", bound=msgspec.Struct)


def as_struct(row: Mapping[Any, Any], kind: type[R]) -> R:
    """Return a row's columns as the struct that has fields of the same names."""
    return msgspec.convert({name: row[name] for name in kind.__struct_fields__}, kind)
