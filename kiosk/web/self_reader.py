"""A reader of the screens: it runs in a thread of the web process, and what it reads goes on as a keyed hash alone."""

import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from kiosk.core.errors import InvalidInput, NeighbourDown
from kiosk.core.identifiers import Assurance, credential_of
from kiosk.local.talk import Message
from kiosk.readers.mock import MockReader
from kiosk.readers.reader import CardGone, CardRead, Reader, ReaderEvent

JOIN_S = 1.5


class TakesCards(Protocol):
    """What a reader of the screens tells what happens. None of it may wait."""

    def card(self, credential: str, assurance: Assurance) -> None:
        """Take a card that was laid on the reader, by its keyed hash."""

    def card_gone(self) -> None:
        """Take note that the card left."""

    def fault(self, reason: str) -> None:
        """Take note of a card that showed no number that can be used: a deny reason."""

    def reader(self, *, up: bool) -> None:
        """Take note that the reader went blind or sees again."""


class KioskReader:
    """Runs a reader until `close`; card numbers go no further than this."""

    def __init__(self, reader: Reader, takes: TakesCards, hash_key: bytes) -> None:
        self._reader, self._takes, self._hash_key = reader, takes, hash_key
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=reader.run, args=(self.take, self._stop), name=f"reader-{reader.name}", daemon=True
        )

    @property
    def name(self) -> str:
        """The name it has in the configuration."""
        return self._reader.name

    @property
    def is_up(self) -> bool:
        """Whether its device reads now."""
        return self._reader.is_up

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def close(self) -> None:
        """Stop reading. May be called twice, and before `start`."""
        self._stop.set()
        self._reader.close()
        if self._thread.is_alive():
            self._thread.join(JOIN_S)

    def take(self, event: ReaderEvent) -> None:
        """Tell what happened at the reader. Never waits."""
        if isinstance(event, CardRead):
            if event.fault is not None or event.identifier is None:
                self._takes.fault(event.fault.value if event.fault is not None else "read_failed")
            else:
                self._takes.card(credential_of(event.identifier, self._hash_key), event.assurance)
        elif isinstance(event, CardGone):
            self._takes.card_gone()
        else:
            self._takes.reader(up=self._reader.is_up)

    def tap(self, identifier: str) -> Message:
        """Tap a card at a mock reader; raises InvalidInput where it is none, NeighbourDown while it does not read."""
        if not isinstance(self._reader, MockReader):
            raise InvalidInput(f"{self.name!r} is no mock reader", hint="Lay a card on it")
        if not self._reader.is_up:
            raise NeighbourDown(f"mock reader {self.name} is not reading", hint="Wait a moment and tap again")
        read = self._reader.present(identifier)
        return {"reader": self.name, "read": read.fault is None, "reason": read.fault.value if read.fault else ""}


def tap_handler(readers: Sequence[KioskReader]) -> Callable[[Message], Message]:
    """Return what `kiosk tap IDENTIFIER --reader NAME` asks of the web process; without a name the first reader."""

    def tap(args: Message) -> Message:
        name = str(args.get("reader") or readers[0].name)
        found = next((each for each in readers if each.name == name), None)
        if found is None:
            raise InvalidInput(
                f"{name!r} is no reader of the screens",
                hint=f"Readers here: {', '.join(each.name for each in readers)}",
            )
        return found.tap(str(args.get("identifier", "")))

    return tap
