"""Writes down who was shown what is sensitive of a file or an application, after it was shown (S90, R149)."""

from collections.abc import Mapping, Sequence

from kiosk.central.club.books import Books
from kiosk.central.club.readings import note_application_reading, note_reading
from kiosk.office.security import Caller


def note(books: Books, caller: Caller, ids: Mapping[str, str], fields: Sequence[str]) -> None:
    """Write down that a caller reads fields of the member or application in `ids`; nothing where there are none."""
    if not fields:
        return
    if "member" in ids:
        books.change(caller.actor, lambda change: note_reading(change, ids["member"], fields))
    if "application" in ids:
        books.change(caller.actor, lambda change: note_application_reading(change, ids["application"], fields))
