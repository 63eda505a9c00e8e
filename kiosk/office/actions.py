"""What the office can do: each act with its wish and its answer. The API serves it as POST, the pages as a form.

A family lists its acts in `club_<family>.py`; nothing else has to know them.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

import msgspec

from kiosk.central.club.books import Books, Change, Look
from kiosk.central.club.refused import refuse
from kiosk.club.office_actions import Matter, OfficeAction, separation
from kiosk.club.roles import Permission
from kiosk.office.security import Caller

KEY_CHARACTERS_MAX = 100

HIDDEN = "hidden"
"""The kind of a field that forms leave out, as it is for programs alone."""

Ids = Mapping[str, str]


class Draft(NamedTuple):
    """How a form begins: the thing's name, values of fields, and for some fields choices, another type or kind.

    `entries` names the entry of the rule book that a field holds: one with a structure gets rows.
    """

    title: str = ""
    values: Mapping[str, Any] = {}
    choices: Mapping[str, Sequence[tuple[str, str]]] = {}
    types: Mapping[str, Any] = {}
    kinds: Mapping[str, str] = {}
    entries: Mapping[str, str] = {}


class Action(NamedTuple):
    """One act of the office.

    `name` is its key of the words too. `path` lies under /api/v1 and names its ids as {id}; `run` may raise what
    services raise. `about` is the kind of thing as the audit trail names it, whose page shows the act where `possible`
    says so of the thing's view; `then` is the page to go to, with {…} filled from ids and answer. `act` and `matter`
    let the rules say who may not do it though permitted; without `matter` it is about the file of {member}, if its
    address names one. `drafts` says how the form begins. `prepare` does what takes long before the transaction, as
    hashing a password, and `run` is handed what it returns in the wish's place. `kept` takes the secret out of an
    answer that holds one: that is what a repeat of the wish gets; the page shows the answer once and leads nowhere.
    `reads` are the sensitive fields of {member} or {application} that the form begins with: who opens it is written
    down.
    """

    name: str
    path: str
    permission: Permission
    wish: type[msgspec.Struct]
    answer: Any
    run: Callable[[Change, Any, Ids], Any]
    summary: str
    about: str = ""
    then: str = "/"
    possible: Callable[[Any], bool] | None = None
    act: OfficeAction | None = None
    matter: Callable[[Look, Ids], Matter] | None = None
    drafts: Callable[[Look, Ids], Draft] | None = None
    prepare: Callable[[Any, Ids], Any] | None = None
    kept: Callable[[Any], Any] | None = None
    reads: tuple[str, ...] = ()

    @property
    def id_names(self) -> tuple[str, ...]:
        """The names of the ids in its path, in order."""
        return id_names(self.path)


def id_names(path: str) -> tuple[str, ...]:
    """Return the names of the ids in a path, in order."""
    return tuple(re.findall(r"{(\w+)}", path))


def filled(template: str, values: Mapping[str, Any]) -> str:
    """Return a path with its {…} filled in."""
    return re.sub(r"{(\w+)}", lambda place: quote(str(values[place[1]])), template)


def perform(books: Books, caller: Caller, action: Action, ids: Ids, wish: msgspec.Struct, key: str) -> Any:
    """Do what a permitted caller wishes, once for the key; raises KioskError as services do, and AnsweredOtherwise."""
    asked = f"{action.name} {filled(action.path, ids)}\n".encode() + msgspec.json.encode(wish, order="deterministic")
    ready = wish if action.prepare is None else action.prepare(wish, ids)
    fresh: list[Any] = []

    def work(change: Change) -> Any:
        if action.act is not None:
            refusal = separation(caller.staff, action.act, _matter(action, change, ids))
            if refusal is not None:
                raise refuse(refusal, action.name)
        answer = action.run(change, ready, ids)
        if action.kept is None:
            return answer
        fresh.append(answer)
        return action.kept(answer)

    kept = books.change_once(caller.actor, f"{caller.staff.id}:{key}", asked, action.answer, work)
    # Of an attempt that the database had to repeat, the last one counts.
    return fresh[-1] if fresh else kept


def _matter(action: Action, look: Look, ids: Ids) -> Matter:
    return Matter(member=ids.get("member")) if action.matter is None else action.matter(look, ids)
