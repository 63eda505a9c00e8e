"""The one way to change what the club knows: rows, audit entry, notices and roster in one transaction.

A service is a function that takes a `Change` and the wish; it reads, asks the rules of `kiosk.club`, and writes. It
never commits, never sends, and never looks at a clock.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection, insert, select, update

from kiosk.central.club.tables import answered, audit, notice, rule_amendment
from kiosk.central.database import Database, insert_missing
from kiosk.central.denial import deny_each
from kiosk.central.members import refresh
from kiosk.central.queries import venue_zone
from kiosk.club.rulebook import Amendment, RuleBook, Rules
from kiosk.core.clock import Clock, format_utc
from kiosk.core.codec import canonical
from kiosk.core.errors import Refused

WHY_CHARACTERS_MAX = 500

_AMENDMENTS = select(
    *(rule_amendment.c[name] for name in ("number", "rule", "value", "effective_on", "decided_by", "why"))
).order_by(rule_amendment.c.number)

T = TypeVar("T")


class AnsweredOtherwise(Refused):
    """An idempotency key came again with another wish."""


class LeavesTrace(Refused):
    """A refusal of which something is written down although nothing else of the change is."""

    def leave(self, connection: Connection, now: datetime) -> None:
        """Write it down, in a transaction of its own."""
        raise NotImplementedError


class Actor(msgspec.Struct, frozen=True):
    """Who acts: a staff id, `member:` and an id, or `job:` and a name; and by what way."""

    id: str
    via: str = "office"


class Telling(msgspec.Struct, frozen=True):
    """A notice to write into the outbox. `topic` is the same for what must be told once only."""

    topic: str
    template: str
    member: str | None = None
    data: Mapping[str, str | int] = {}
    due_at: datetime | None = None
    channels: tuple[str, ...] = ()
    address: str = ""


class Look:
    """One moment of the books: what services that only read are given."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        self.connection = connection
        self.now = now
        self.zone = venue_zone(connection)
        self.book = read_book(connection)

    @property
    def today(self) -> date:
        """The venue's local day."""
        return self.now.astimezone(self.zone).date()

    @property
    def rules(self) -> Rules:
        """The rules of today."""
        return self.book.on(self.today)


class Change(Look):
    """One change of the books. What it touched reaches the gates with its commit."""

    def __init__(self, connection: Connection, now: datetime, actor: Actor) -> None:
        super().__init__(connection, now)
        self.actor = actor
        self._members: set[str] = set()
        self._cards: set[str] = set()
        self._denied: set[str] = set()

    def note(
        self,
        action: str,
        thing: str,
        thing_id: str,
        *,
        before: object = None,
        after: object = None,
        why: str = "",
    ) -> None:
        """Write who did this into the audit trail; of two structs or mappings only what differs is kept."""
        was, is_now = _differing(before, after)
        row = {
            "at": format_utc(self.now),
            "actor": self.actor.id,
            "via": self.actor.via,
            "action": action,
            "thing": thing,
            "thing_id": thing_id,
            "before": was,
            "after": is_now,
            "why": why[:WHY_CHARACTERS_MAX],
        }
        self.connection.execute(insert(audit), row)

    def tell(self, telling: Telling, *, language: str = "zh") -> bool:
        """Put a notice into the outbox, once for its topic and channel; say whether anything was new."""
        fresh = False
        for channel in telling.channels or ("",):
            row = {
                "topic": telling.topic,
                "channel": channel,
                "template": telling.template,
                "language": language,
                "member": telling.member,
                "address": telling.address,
                "data": canonical(dict(telling.data)).decode(),
                "due_at": format_utc(telling.due_at or self.now),
                "state": "due",
                "tries": 0,
                "error": "",
            }
            fresh = insert_missing(self.connection, notice, row) or fresh
        return fresh

    def touch(self, member: str) -> None:
        """Bring the roster rows of a member's cards up to date at the end of the change."""
        self._members.add(member)

    def touch_card(self, credential: str) -> None:
        """Bring the roster row of a card that belongs to nobody up to date at the end of the change."""
        self._cards.add(credential)

    def deny(self, credential: str) -> None:
        """Have every gate refuse a credential at once, ahead of the roster, as far as the deny list has room."""
        self._cards.add(credential)
        self._denied.add(credential)

    def finish(self) -> int:
        """Write what the gates must know; return the roster revision that holds it."""
        revision = refresh(self.connection, sorted(self._members), sorted(self._cards), at=self.now)
        deny_each(self.connection, sorted(self._denied), revision, at=self.now)
        return revision


class Books:
    """The club's books over central's database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.database = database
        self.clock = clock

    @contextmanager
    def look(self) -> Iterator[Look]:
        """Read one moment of the books."""
        with self.database.read() as connection:
            yield Look(connection, self.clock.now())

    def change(self, actor: Actor, work: Callable[[Change], T]) -> T:
        """Run `work` in one transaction; all of it is written, or none but a refusal's trace. Raises KioskError."""

        def attempt(connection: Connection) -> T:
            change = Change(connection, self.clock.now(), actor)
            result = work(change)
            change.finish()
            return result

        try:
            return self.database.run(attempt)
        except LeavesTrace as error:
            leave, now = error.leave, self.clock.now()
            self.database.run(lambda connection: leave(connection, now))
            raise

    def change_once(self, actor: Actor, key: str, asked: bytes, answer_type: type[T], work: Callable[[Change], T]) -> T:
        """Run `work` once for an idempotency key; the same wish again gets the first answer.

        Raises AnsweredOtherwise where the key was used for another wish.
        """
        digest = hashlib.sha256(asked).hexdigest()

        def attempt(change: Change) -> T:
            # The key is taken before the work: whoever comes with it meanwhile waits here for the answer.
            taken = {"key": key, "asked": digest, "answer": "", "at": format_utc(change.now)}
            mine = answered.c.key == key
            if not insert_missing(change.connection, answered, taken):
                row = change.connection.execute(select(answered.c.asked, answered.c.answer).where(mine)).one()
                if row.asked != digest:
                    raise AnsweredOtherwise(f"idempotency key {key!r} was used for another request")
                return msgspec.json.decode(row.answer, type=answer_type)
            result = work(change)
            answer = msgspec.json.encode(result).decode()
            change.connection.execute(update(answered).where(mine).values(answer=answer))
            return result

        return self.change(actor, attempt)


def read_book(connection: Connection) -> RuleBook:
    """Return the rule book with all its amendments."""
    return RuleBook(
        [
            Amendment(number, rule, msgspec.json.decode(value), date.fromisoformat(effective_on), decided_by, why)
            for number, rule, value, effective_on, decided_by, why in connection.execute(_AMENDMENTS)
        ]
    )


def _differing(before: object, after: object) -> tuple[str | None, str | None]:
    """Return both sides as canonical JSON, of two mappings the entries that differ only."""
    # Of two equal sets each process makes lists in another order, unless they are sorted.
    was, is_now = (msgspec.to_builtins(side, order="deterministic") for side in (before, after))
    if isinstance(was, dict) and isinstance(is_now, dict):
        names = [name for name in {**was, **is_now} if was.get(name) != is_now.get(name)]
        was, is_now = ({name: side.get(name) for name in names} for side in (was, is_now))
    return _text(was), _text(is_now)


def _text(value: Any) -> str | None:
    return None if value is None else canonical(value).decode()
