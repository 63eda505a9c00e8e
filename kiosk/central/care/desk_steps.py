"""The steps of what a desk works on, with their words: who did what when with a complaint, fault, warning or drill."""

from datetime import datetime

import msgspec
from sqlalchemy import insert, select

from kiosk.central.care.desk_tables import desk_step
from kiosk.central.club.books import Change, Look
from kiosk.core.clock import format_utc, parse_utc
from kiosk.core.errors import InvalidInput

STEPS_MAX = 500
WORDS_CHARACTERS_MAX = 4000


class Done(msgspec.Struct, frozen=True):
    """A step that was taken."""

    action: str
    at: datetime
    by: str
    words: str


def checked_words(words: str, what: str, *, needed: bool = True) -> str:
    """Return words without blanks around them; raises InvalidInput for none or too many."""
    clean = words.strip()
    if (needed and not clean) or len(clean) > WORDS_CHARACTERS_MAX:
        raise InvalidInput(f"{what} has 1 to {WORDS_CHARACTERS_MAX} characters")
    return clean


def note_step(change: Change, thing: str, thing_id: str, action: str, words: str = "") -> None:
    """Write a step down."""
    row = {"thing": thing, "thing_id": thing_id, "action": action, "at": format_utc(change.now)}
    clean = checked_words(words, f"what is said of {thing} {thing_id}", needed=False)
    change.connection.execute(insert(desk_step), row | {"by": change.actor.id, "words": clean})


def steps_of(look: Look, thing: str, thing_id: str) -> list[Done]:
    """Return the steps of a thing, the earliest first; 500 at most."""
    mine = (desk_step.c.thing == thing, desk_step.c.thing_id == thing_id)
    rows = look.connection.execute(select(desk_step).where(*mine).order_by(desk_step.c.n).limit(STEPS_MAX))
    return [Done(row.action, parse_utc(row.at), row.by, row.words) for row in rows]
