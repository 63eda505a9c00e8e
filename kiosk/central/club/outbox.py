"""Sends what the outbox holds (S74): a duty of the leader that chooses and writes down, and a thread that sends.

A notice goes out at least once, always with the same key. A server that hangs keeps nobody but the notices waiting.
"""

import hashlib
import logging
import threading
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, select, update

from kiosk.central.club.books import Actor, Change
from kiosk.central.club.channels import Channel, Message
from kiosk.central.club.file_reading import note_reached
from kiosk.central.club.notice_texts import render
from kiosk.central.club.reaching import BY_PEOPLE, DROPPED, DUE, FAILED, SENT, SENT_BY_US, Contact, contacts, spread
from kiosk.central.club.tables import notice
from kiosk.central.database import Database
from kiosk.central.lease import Lease
from kiosk.central.meters import Counts
from kiosk.core.clock import Clock, format_utc
from kiosk.core.errors import Refused, RetryLater
from kiosk.core.texts import Language

FILE = "file"
"""The channel that takes what no other one takes."""

ACTOR = Actor("job:notices", "job")
BATCH_MAX = 50
TRIES_MAX = 20
BACK_OFF = timedelta(minutes=1)
BACK_OFF_MAX = timedelta(hours=6)
"""From a minute, doubling, to six hours: 20 tries take about three days, a weekend among them."""

UNSENDABLE_AFTER = timedelta(days=30)
"""How long a notice waits for its way to be configured before it is dropped."""

REST_S = 30
IDLE_S, BUSY_S = 2.0, 0.2
JOIN_S = 5.0
ERROR_CHARACTERS_MAX = 500

_log = logging.getLogger(__name__)


class _Chosen(msgspec.Struct, frozen=True):
    """A notice that is about to be sent, and by which channel."""

    id: int
    tries: int
    via: str
    message: Message


class _Result(msgspec.Struct, frozen=True):
    """What came of a notice; state `due` is to be tried again. `message` where it says if an address is good."""

    id: int
    tries: int
    state: str
    error: str = ""
    message: Message | None = None


class Outbox:
    """The duty that sends notices through channels by name: `app`, `sms`, `email`, and `file`, which takes the rest."""

    def __init__(self, database: Database, lease: Lease, clock: Clock, channels: Mapping[str, Channel]) -> None:
        self.counts = Counts()
        self._database = database
        self._lease = lease
        self._clock = clock
        self._channels = dict(channels)
        self._chosen: Sequence[_Chosen] = ()
        self._results: dict[int, _Result] = {}
        self._resting: dict[str, tuple[int, str]] = {}
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()

    def connected(self) -> None:
        """Do nothing: notices do not go by the broker."""

    def tick(self, now: datetime) -> float:
        """Write down what was sent and hand on what is due; raises RetryLater, LeaseLost among them."""
        if self._thread is not None and self._thread.is_alive():
            return BUSY_S
        self._collect()
        if self._database.run(lambda connection: self._spread(connection, now)):
            return 0.0
        chosen, settled = self._choose(now)
        self._write(settled, now)
        if not chosen:
            self._drop_unsendable(now)
            return BUSY_S if settled else IDLE_S
        self._chosen = chosen
        self._thread = threading.Thread(target=self._send_all, args=(chosen,), name="central-notices", daemon=True)
        self._thread.start()
        return BUSY_S

    def close(self) -> None:
        """End the sending. What is not written down by now is sent again with the same key."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(JOIN_S)

    def health(self) -> dict[str, Any]:
        """Return which channels rest, and why. For any thread."""
        now_ns = self._clock.monotonic_ns()
        return {name: why for name, (until_ns, why) in self._resting.copy().items() if now_ns < until_ns}

    def _collect(self) -> None:
        """Write down what came of the last batch; what broke off without a word counts as a try."""
        broken = "sending broke off"
        results = [self._results.get(each.id) or _again(each, broken) for each in self._chosen]
        self._write(results, self._clock.now())
        self._chosen, self._results = (), {}

    def _spread(self, connection: Connection, now: datetime) -> int:
        self._lease.guard(connection)
        return spread(connection, self._sendable(), now, BATCH_MAX)

    def _choose(self, now: datetime) -> tuple[list[_Chosen], list[_Result]]:
        due = (notice.c.state == DUE, notice.c.due_at <= format_utc(now), notice.c.channel.in_(self._sendable()))
        query = select(notice).where(*due).order_by(notice.c.due_at, notice.c.id).limit(BATCH_MAX)
        with self._database.read() as connection:
            rows = [dict(row) for row in connection.execute(query).mappings()]
            known = contacts(connection, {row["member"] for row in rows if row["member"]})
        chosen, settled = [], []
        for row in rows:
            looked_at = self._prepare(row, known.get(row["member"] or "", Contact()))
            if isinstance(looked_at, _Chosen):
                chosen.append(looked_at)
            else:
                settled.append(looked_at)
        return chosen, settled

    def _prepare(self, row: Mapping[str, Any], contact: Contact) -> _Chosen | _Result:
        address = contact.at(row["channel"], row["address"])
        if not address and row["channel"] != FILE:
            return _Result(row["id"], row["tries"], DROPPED, "no address")
        try:
            data = msgspec.json.decode(row["data"], type=dict[str, str | int])
            text = render(row["template"], Language(row["language"]), data, contact.name)
        except (Refused, ValueError) as error:
            return _Result(row["id"], row["tries"], FAILED, str(error))
        message = Message(
            key=message_key(row["topic"], row["channel"]),
            channel=row["channel"],
            address=address,
            member=row["member"] or "",
            template=row["template"],
            language=row["language"],
            subject=text.subject,
            body=text.body,
            at=row["due_at"],
        )
        return _Chosen(row["id"], row["tries"], row["channel"] if row["channel"] in self._channels else FILE, message)

    def _send_all(self, chosen: Sequence[_Chosen]) -> None:
        used = {each.via for each in chosen}
        try:
            for each in chosen:
                if self._stop.is_set():
                    return
                self._results[each.id] = self._send(each)
        finally:
            for name in used:
                self._channels[name].close()

    def _send(self, chosen: _Chosen) -> _Result:
        until_ns, why = self._resting.get(chosen.via, (0, ""))
        if self._clock.monotonic_ns() < until_ns:
            return _again(chosen, why)
        try:
            self._channels[chosen.via].send(chosen.message)
        except RetryLater as error:
            self._resting[chosen.via] = (self._clock.monotonic_ns() + REST_S * 1_000_000_000, str(error))
            _log.warning("notices put off", extra={"channel": chosen.via, "cause": str(error), "rest_s": REST_S})
            return _again(chosen, str(error))
        except Refused as error:
            return _Result(chosen.id, chosen.tries + 1, FAILED, str(error), _telling(chosen))
        self._resting.pop(chosen.via, None)
        return _Result(chosen.id, chosen.tries + 1, SENT, message=_telling(chosen))

    def _write(self, results: Sequence[_Result], now: datetime) -> None:
        if not results:
            return

        def write(connection: Connection) -> None:
            self._lease.guard(connection)
            for each in results:
                still = (notice.c.id == each.id, notice.c.state == DUE)
                connection.execute(update(notice).where(*still).values(**_values(each, now)))
            reached = [(each.message, each.state == SENT) for each in results if each.message is not None]
            if reached:
                note_reached(Change(connection, now, ACTOR), reached)

        self._database.run(write)
        for each in results:
            self.counts.note("notices_put_off" if each.state == DUE else f"notices_{each.state}")

    def _drop_unsendable(self, now: datetime) -> None:
        """Drop what waits for a channel that nobody configured."""
        others = notice.c.channel.not_in(["", *self._sendable(), *BY_PEOPLE])
        old = (notice.c.state == DUE, notice.c.due_at < format_utc(now - UNSENDABLE_AFTER), others)
        with self._database.read() as connection:
            ids = list(connection.execute(select(notice.c.id, notice.c.tries).where(*old).limit(BATCH_MAX)))
        self._write([_Result(row.id, row.tries, DROPPED, "no such channel is configured") for row in ids], now)

    def _sendable(self) -> list[str]:
        """Return the ways that messages can leave by: those configured, and all where there is a file."""
        return [*SENT_BY_US, FILE] if FILE in self._channels else list(self._channels)


def message_key(topic: str, channel: str) -> str:
    """Return what a notice is known by wherever it is sent; it says nothing about the member."""
    return hashlib.sha256(f"{channel}\n{topic}".encode()).hexdigest()[:32]


def _telling(chosen: _Chosen) -> Message | None:
    """Return the message where it went its own way; what the file took says nothing about an address."""
    return chosen.message if chosen.via == chosen.message.channel else None


def _again(chosen: _Chosen, error: str) -> _Result:
    tries = chosen.tries + 1
    return _Result(chosen.id, tries, DUE if tries < TRIES_MAX else FAILED, error)


def _values(result: _Result, now: datetime) -> dict[str, Any]:
    values: dict[str, Any] = {"tries": result.tries, "error": result.error[:ERROR_CHARACTERS_MAX]}
    if result.state == DUE:
        pause = min(BACK_OFF * 2 ** (result.tries - 1), BACK_OFF_MAX)
        return values | {"due_at": format_utc(now + pause)}
    return values | {"state": result.state, "done_at": format_utc(now)}
