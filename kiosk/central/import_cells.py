"""What single cells of a member list say. A reader raises InvalidInput with a reason that follows the column's name."""

import re
from collections.abc import Collection
from datetime import date, datetime
from enum import StrEnum
from typing import TypeVar

from kiosk.central.sheets import Cell
from kiosk.core.errors import InvalidInput
from kiosk.core.identifiers import Distrust, NumberForm, NumberFormat, UntrustedIdentifier, canonical_identifier

NAME_CHARACTERS_MAX = 100
CODE_CHARACTERS_MAX = 32
PRODUCTS_MAX = 10
NUMBER_MAX = 1_000_000

_SCIENTIFIC = re.compile(r"[0-9]+([.,][0-9]+)?E\+?[0-9]+\Z", re.IGNORECASE)
_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{1,2})-|/([0-9]{1,2})/|\.([0-9]{1,2})\.|年([0-9]{1,2})月)([0-9]{1,2})日?\Z")
_NO_CHARACTER = re.compile("[\ud800-\udfff\ufffd]")
_AS_TEXT = "Format the column as text before typing or pasting the numbers, and export again"
_WHY_NOT = {
    Distrust.RANDOM_UID: "a random number: the card shows another one every time and cannot be told from others",
    Distrust.TRUNCATED: "a shortened number: the reader left out part of it, and several cards share what is left",
    Distrust.PARITY: "not a frame of this kind: its parity bits do not fit",
    Distrust.MALFORMED: "not a card number of 4, 7 or 10 bytes in the form this list is said to have",
}

W = TypeVar("W", bound=StrEnum)


def check_damage(cell: Cell) -> None:
    """Return unless a cell holds a spreadsheet's error, or bytes that are no characters in the file's encoding."""
    if not isinstance(cell, str):
        return
    if _NO_CHARACTER.search(cell):
        raise InvalidInput("holds bytes that are no characters", hint="Type it anew, and save the list as CSV UTF-8")
    if cell.startswith("#") and cell.endswith(("!", "?", "/A")):
        raise InvalidInput(f"is the spreadsheet's error {cell[:16]}")


def read_name(cell: Cell) -> str:
    """Read a person's name; runs of spaces become one."""
    if not isinstance(cell, str):
        raise InvalidInput("is no text", hint=_AS_TEXT)
    name = " ".join(cell.split())
    if len(name) > NAME_CHARACTERS_MAX or not name.isprintable():
        raise InvalidInput(f"is longer than {NAME_CHARACTERS_MAX} characters or holds control characters")
    return name


def read_code(cell: Cell) -> str:
    """Read a member number. A whole number in a number cell is taken as it stands."""
    if isinstance(cell, int) and not isinstance(cell, bool) and 0 <= cell < 10**15:
        return str(cell)
    if not isinstance(cell, str) or _SCIENTIFIC.match(cell):
        raise InvalidInput("was turned into a number or a date by a spreadsheet", hint=_AS_TEXT)
    if len(cell) > CODE_CHARACTERS_MAX or not cell.isprintable():
        raise InvalidInput(f"is longer than {CODE_CHARACTERS_MAX} characters or holds control characters")
    return cell


def read_identifier(cell: Cell, written: NumberFormat) -> str:
    """Read a card number into its canonical form; what a spreadsheet spoilt cannot be guessed."""
    if not isinstance(cell, str):
        raise InvalidInput("is a number cell: leading zeros and long numbers may be damaged", hint=_AS_TEXT)
    if re.search(r"[.,+]", cell) or (_SCIENTIFIC.match(cell) and written.form is not NumberForm.HEX):
        raise InvalidInput("was rounded by a spreadsheet, as in 4.52E+09", hint=_AS_TEXT)
    digits = re.sub(r"[\s:\-]", "", cell)
    if written.form is NumberForm.HEX and len(digits) % 2 and digits.isalnum():
        raise InvalidInput("has an odd number of digits: a leading zero was lost", hint=_AS_TEXT)
    try:
        return canonical_identifier(cell, written)
    except UntrustedIdentifier as error:
        raise InvalidInput(f"is {_WHY_NOT[error.distrust]}") from error


def read_known(cell: Cell, names: Collection[str], what: str) -> str:
    """Read the id of a tier or product that the club has."""
    text = str(cell)
    if text not in names:
        raise InvalidInput(f'names {what} "{text[:32]}", which the club does not have', hint="Load the policy first")
    return text


def read_products(cell: Cell, names: Collection[str]) -> tuple[str, ...]:
    """Read product ids with semicolons between them."""
    words = tuple(dict.fromkeys(word.strip() for word in str(cell).split(";") if word.strip()))
    if len(words) > PRODUCTS_MAX:
        raise InvalidInput(f"names more than {PRODUCTS_MAX} products")
    return tuple(read_known(word, names, "product") for word in words)


def read_word(cell: Cell, kind: type[W]) -> W:
    """Read one word of a list of words."""
    try:
        return kind(str(cell).lower())
    except ValueError as error:
        raise InvalidInput(f"is not one of {', '.join(kind)}") from error


def read_day(cell: Cell) -> date:
    """Read a local day: a date cell, 2026-11-22, 2026/11/22, 2026.11.22 or 2026年11月22日. Nothing is guessed."""
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    match = _DATE.match(cell) if isinstance(cell, str) else None
    if match is None:
        raise InvalidInput("is no date", hint="Write 2026-11-22, or use date cells")
    year, *months, day = match.groups()
    try:
        return date(int(year), int(next(filter(None, months))), int(day))
    except ValueError as error:
        raise InvalidInput("is a day that does not exist") from error


def read_number(cell: Cell) -> int:
    """Read a whole number of visits or seconds."""
    text = str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)
    if isinstance(cell, bool) or not re.fullmatch(r"[0-9]{1,7}", text) or not 0 < int(text) <= NUMBER_MAX:
        raise InvalidInput(f"is no whole number from 1 to {NUMBER_MAX}")
    return int(text)
