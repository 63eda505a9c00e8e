"""What a part of a rule with a structure is called on a page, and where in its rows it stands."""

from collections.abc import Sequence

from kiosk.core.texts import say
from kiosk.office import words
from kiosk.office.field_rows import places
from kiosk.office.fields import Field
from kiosk.office.saying import language, told


def part_text(label: str) -> str:
    """Return what a part is called, by its key."""
    return say(words.MEMBERS, label, language())


def place_text(fields: Sequence[Field], path: str) -> str:
    """Return where something wrong stands: the row, and what it is called there; empty where it is a field's own."""
    name, *rest = path.split(".")
    field = next((each for each in fields if each.name == name), None)
    steps = places(field, rest) if field is not None else ()
    return " · ".join(told("row_no", n=row) if row else part_text(label) for label, row in steps)
