"""What a family shows: its pages, with permissions and places in the navigation, and the parts of a thing's page."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from flask import render_template

from kiosk.central.club.audits import AuditEntry, AuditFilter, audit_page
from kiosk.central.club.books import Look
from kiosk.central.club.staff import accounts
from kiosk.central.members import members_by
from kiosk.club.roles import Permission

TRAIL_SHOWN = 20
_ID = re.compile(r"[0-9a-f]{16}\Z")
_IDS_MAX = 500
"""Members that one list of entries is asked about at most; the rest keep their ids."""


class Page(NamedTuple):
    """One page. `show` is handed the books and the ids of its path; None where `pages.py` has the handler.

    `group` is the part of the navigation it belongs to and `label` its text there, empty for one that is reached from
    the page named in `under`. `about` is the kind of thing, as the audit trail names it, that the page with one id
    shows. `reads` are the sensitive fields of {member} or {application} that it shows: who opens it is written down.
    """

    path: str
    name: str
    permission: Permission | None
    show: Callable[[Look, Mapping[str, str]], Any] | None = None
    group: str = ""
    label: str = ""
    under: str = ""
    about: str = ""
    reads: tuple[str, ...] = ()


class Fact(NamedTuple):
    """One line of a thing: the key of its label, and what is there. `kind` says how it is shown, as `shown` has it."""

    label: str
    value: Any
    kind: str = ""


class Link(NamedTuple):
    """A value of a fact or table that leads to its page; an empty address leads nowhere."""

    text: Any
    link_to: str


class Table(NamedTuple):
    """A part of a thing's page: rows under labelled columns. `columns` are keys of the words."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    empty: str = "nothing_here"


class Word(NamedTuple):
    """A value or cell that the words have a text for, as `Enum.value`."""

    enum: str
    code: str


class Badge(NamedTuple):
    """A state as a cell; the colour is ok, attention, quiet, or empty for one that stops."""

    text: str
    badge: str


class Ref(NamedTuple):
    """A cell with a thing as the audit trail names it; it leads to its page where there is one that may be opened."""

    ref_kind: str
    ref_id: str


class Changed(NamedTuple):
    """A cell with what an entry of the audit trail changed; `names` are what ids in it are called."""

    entry: AuditEntry
    names: Mapping[str, str]


class Acts(NamedTuple):
    """A cell with the acts on a thing that are permitted and possible."""

    acts_on: "Thing"


class Thing(NamedTuple):
    """What a detail page shows. `view` is what acts are asked about with `possible`; `up` is the list it is one of.

    `state` is a key of the words and `badge` its colour: ok, attention, or empty for one that stops. `first` are the
    facts that matter most, which stand out at the top.
    """

    kind: str
    id: str
    title: str
    ids: Mapping[str, str]
    facts: Sequence[Fact]
    view: Any = None
    lead: str = ""
    state: str = ""
    badge: str = ""
    up: str = ""
    up_label: str = ""
    tables: Sequence[Table] = ()
    first: Sequence[Fact] = ()


def show_thing(look: Look, thing: Thing) -> str:
    """Show a thing with its facts, the acts that are possible, its tables and its audit trail."""
    trail = trail_of(look, thing.kind, thing.id)
    return render_template("thing.html", thing=thing, trail=trail, names=names_in(look, trail))


def trail_of(look: Look, kind: str, thing_id: str) -> list[AuditEntry]:
    """Return the newest audit entries of a thing."""
    return audit_page(look, AuditFilter(thing=kind, thing_id=thing_id), limit=TRAIL_SHOWN)


def names_in(look: Look, trail: Sequence[AuditEntry]) -> dict[str, str]:
    """Return what accounts and members are called that act or stand in entries of the audit trail, by id."""
    said = [
        value
        for each in trail
        for side in (each.before, each.after)
        if isinstance(side, dict)
        for value in side.values()
    ]
    wanted = {entry.actor for entry in trail} | {value for value in said if isinstance(value, str)}
    found = {each.id: each.name for each in accounts(look) if each.id in wanted}
    members = members_by(look.connection, "id", sorted(value for value in wanted if _ID.match(value))[:_IDS_MAX])
    return found | {each.id: f"{each.member_no} {each.name}" for each in members}
