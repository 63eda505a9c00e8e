"""Card numbers as the club allocates them.

A number is text: leading zeros count, and whatever becomes of the card, no other one ever gets it.
"""

import re
from collections.abc import Container
from enum import StrEnum

import msgspec

from kiosk.club.refusal import Refusal

_NUMBER = re.compile(r"[0-9A-Za-z]{1,32}\Z")


class NumberReason(StrEnum):
    """Why there is no such number to be had. Wire format."""

    MALFORMED = "malformed"
    TAKEN = "taken"
    USED_UP = "used_up"


class NumberRefusal(Refusal[NumberReason], frozen=True):
    """Why there is no such number to be had."""


class NumberRange(msgspec.Struct, frozen=True):
    """Numbers from `first` to `last`, both included, after a prefix of digits; `digits` is the whole length."""

    first: int
    last: int
    digits: int
    prefix: str = ""

    def number(self, place: int) -> str:
        """Return one number as text, with its leading zeros (R19)."""
        return self.prefix + str(place).zfill(self.digits - len(self.prefix))

    def __contains__(self, number: object) -> bool:
        """Say whether a number is one of the range."""
        if not isinstance(number, str) or len(number) != self.digits or not number.startswith(self.prefix):
            return False
        rest = number[len(self.prefix) :]
        return rest.isascii() and rest.isdigit() and self.first <= int(rest) <= self.last

    def __len__(self) -> int:
        """Return how many numbers there are."""
        return max(self.last - self.first + 1, 0)

    def fits(self) -> bool:
        """Say whether the largest number has no more digits than there are places, and the prefix is of digits."""
        places = self.digits - len(self.prefix)
        of_digits = not self.prefix or (self.prefix.isascii() and self.prefix.isdigit())
        return of_digits and 0 <= self.first <= self.last and len(str(self.last)) <= places


def against_number(number: str, used: Container[str]) -> NumberRefusal | None:
    """Return why a number that comes from outside cannot be a new card's, or None (R19)."""
    if not _NUMBER.match(number):
        return NumberRefusal(NumberReason.MALFORMED, {"length": len(number)})
    return NumberRefusal(NumberReason.TAKEN) if number in used else None
