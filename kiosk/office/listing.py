"""A list page: what is looked for, the parts to choose from, rows under columns, and the way to the next page."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple
from urllib.parse import urlencode

from flask import g, render_template, request

from kiosk.club.roles import Permission
from kiosk.office.page import Link, Table, Thing, Word
from kiosk.office.plain import Plain, plain
from kiosk.office.security import Caller

ROWS = 50
ROWS_OF_FILE = 400
"""What a page has when the list is taken away as a file: each page is looked up anew."""

SEARCH_CHARACTERS_MAX = 100
DIGITS_MAX = 15
YEARS = range(1900, 3000)
_OF_THE_PAGE = ("after", "skip", "sort", "as")
"""Parameters that belong to one page of a list, and not to what is looked for."""


class Tab(NamedTuple):
    """One part of a list: the key of its text or the text itself, the address, and how many there are if known."""

    label: str
    address: str
    current: bool = False
    how_many: int | None = None


class Filter(NamedTuple):
    """A field beside the search box: the parameter, the key of its label, what it holds, and what may be chosen."""

    name: str
    label: str
    value: str
    choices: Sequence[tuple[str, str]] = ()


class Listing(NamedTuple):
    """What a list page shows. `title`, `hint`, `columns`, `empty` and `empty_hint` are keys of the words.

    `kind` is what acts are `about` that stand on this page. `further` is the address of the next page and `first` that
    of the first one. `search` is None where nothing can be looked for. `people` says that rows are about members, which
    only those take away in a file who may export members. With `refresh_s` the rows come up to date by themselves.
    """

    kind: str
    title: str
    hint: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    empty: str
    empty_hint: str
    tabs: Sequence[Tab] = ()
    first: str = ""
    further: str = ""
    search: str | None = None
    search_hint: str = "search_hint"
    filters: Sequence[Filter] = ()
    tables: Sequence[Table] = ()
    people: bool = False
    ids: Mapping[str, str] = {}
    chart: str = ""
    up: Link | None = None
    refresh_s: int = 0


class Head(NamedTuple):
    """One column of a list: the key of its text, where a click sorts by it, and how it is sorted now."""

    label: str
    address: str
    order: str = ""


def render_listing(listing: Listing) -> str:
    """Show a list; one that is all on one page is sorted as the address says."""
    column, backwards = _sorted_by(listing)
    return render_template(
        "listing.html",
        listing=listing,
        heads=_heads(listing, column, backwards),
        rows=sorted_rows(listing.rows, column, backwards),
        thing=Thing(listing.kind, "", "", listing.ids, ()),
        kept=_kept(listing),
        files=files_of(listing),
    )


def files_of(listing: Listing) -> dict[str, str]:
    """Return the addresses of the list as files, by their ending; none where there is nothing or it is not allowed."""
    if not listing.rows or (listing.people and not may(Permission.MEMBERS_EXPORT)):
        return {}
    wanted = {name: text for name, text in request.args.items() if name not in _OF_THE_PAGE}
    return {ending: f"?{urlencode({**wanted, 'as': ending})}" for ending in ("csv", "xlsx")}


def sorted_rows(rows: Sequence[Sequence[Any]], column: int | None, backwards: bool = False) -> Sequence[Sequence[Any]]:
    """Return rows by what stands in a column: empty last, numbers by size, the rest as text."""
    if column is None:
        return rows
    held = [row for row in rows if plain(row[column]) != ""]
    empty = [row for row in rows if plain(row[column]) == ""]
    return [*sorted(held, key=lambda row: _sort_key(plain(row[column])), reverse=backwards), *empty]


def word(value: StrEnum | None) -> Word | None:
    """Return a cell with the words for what may be chosen."""
    return Word(type(value).__name__, value.value) if value is not None else None


def may(permission: Permission) -> bool:
    """Say whether who is signed in at this browser may do what needs a permission."""
    found = caller()
    return found is not None and permission in found.permissions


def caller() -> Caller | None:
    """Return who asked for this page, as the gatekeeper has looked it up."""
    found: Caller | None = g.get("caller")
    return found


def rows_a_page() -> int:
    """Return how many rows this page of a list has at most."""
    return ROWS_OF_FILE if asked("as", 8) else ROWS


def skipped() -> int:
    """Return how many rows of a list come before this page."""
    return number_in(asked("skip")) or 0


def asked(name: str, longest: int = 64) -> str:
    """Return a parameter of the address, empty where there is none."""
    return request.args.get(name, "").strip()[:longest]


def number_in(text: str) -> int | None:
    """Return the number that a part of an address holds, None where it holds none that the books could have."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= DIGITS_MAX else None


def day_in(text: str) -> date | None:
    """Return the day that a part of an address holds, None where it holds none that spans can be reckoned from."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.year in YEARS else None


def address_of(**parameters: object) -> str:
    """Return an address on this page with those of the parameters that hold something."""
    return f"?{urlencode({name: value for name, value in parameters.items() if value})}"


def _kept(listing: Listing) -> Iterable[tuple[str, str]]:
    """Return what the search form carries along: the part of the list that is shown."""
    own = {"q", *(each.name for each in listing.filters), *_OF_THE_PAGE}
    return [(name, text) for name, text in request.args.items() if name not in own]


def _sorted_by(listing: Listing) -> tuple[int | None, bool]:
    text = asked("sort", 4)
    number = text.removeprefix("-")
    if listing.first or listing.further or not (number.isascii() and number.isdigit()):
        return None, False
    return (int(number), text.startswith("-")) if int(number) < len(listing.columns) else (None, False)


def _heads(listing: Listing, column: int | None, backwards: bool) -> list[Head]:
    if listing.first or listing.further or len(listing.rows) < 2:
        return [Head(each, "") for each in listing.columns]
    wanted = {name: text for name, text in request.args.items() if name not in _OF_THE_PAGE}
    heads = []
    for place, label in enumerate(listing.columns):
        here = place == column
        turned = f"-{place}" if here and not backwards else str(place)
        order = ("descending" if backwards else "ascending") if here else ""
        heads.append(Head(label, f"?{urlencode({**wanted, 'sort': turned})}", order))
    return heads


def _sort_key(value: Plain) -> tuple[int, float | Decimal, str]:
    if isinstance(value, int | float | Decimal):
        return 0, value, ""
    if isinstance(value, datetime):
        return 1, 0, value.replace(tzinfo=None).isoformat()
    return 1, 0, value.isoformat() if isinstance(value, date) else value.casefold()
