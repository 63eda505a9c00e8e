"""A refusal as a value: what a person may not do, by a named reason, with what was missing."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Generic, TypeVar

import msgspec

R = TypeVar("R", bound=StrEnum)


class Refusal(msgspec.Struct, Generic[R], frozen=True):
    """Why something may not be done; `detail` says what was missing, in codes, days and amounts."""

    reason: R
    detail: Mapping[str, str | int] = {}
