"""What a reader is to the rest: its settings, the events it emits, and the protocol that every driver keeps."""

import threading
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Protocol

import msgspec

from kiosk.core.identifiers import Assurance, ByteOrder, NumberForm, NumberFormat
from kiosk.core.records import DenyReason


class ReaderSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One reader: where it is, how it writes card numbers, and how long the same card counts as one tap.

    `device` is `SCHEME:WHERE`, see `factory.SCHEMES`. `bytes` is the UID size behind a decimal number.
    """

    name: str
    device: str = "mock:"
    form: NumberForm = NumberForm.HEX
    byte_order: ByteOrder = ByteOrder.AIR
    bytes: int = 4
    debounce_s: float = 1.5

    @property
    def number_format(self) -> NumberFormat:
        """Return how this reader writes card numbers."""
        return NumberFormat(form=self.form, byte_order=self.byte_order, bytes=self.bytes)


class Cause(StrEnum):
    """Why a reader is blind. Codes, for the journal; add, never rename."""

    ABSENT = "absent"
    SERVICE_DOWN = "service_down"
    IN_USE = "in_use"
    NO_PERMISSION = "no_permission"
    UNUSABLE = "unusable"
    FAILED = "failed"
    MUTE = "mute"


class CardRead(msgspec.Struct, frozen=True):
    """One tap. `identifier` is upper-case hex, None where nothing could be read.

    With `fault` IDENTIFIER_NOT_TRUSTED the identifier is what the card showed, for the record of a way out only, and
    `distrust` says why (`identifiers.Distrust`).
    """

    reader: str
    identifier: str | None
    assurance: Assurance
    fault: DenyReason | None = None
    distrust: str = ""


class CardGone(msgspec.Struct, frozen=True):
    """The card of the last tap left. Only readers that see removal say so."""

    reader: str


class ReaderDown(msgspec.Struct, frozen=True):
    """The reader went blind; said once, until it is back. `cause` is a `Cause`, or the word given to a mock."""

    reader: str
    cause: str


class ReaderUp(msgspec.Struct, frozen=True):
    """The reader reads again after `away_ms`."""

    reader: str
    away_ms: int


ReaderEvent = CardRead | CardGone | ReaderDown | ReaderUp
Emit = Callable[[ReaderEvent], None]


class Reader(Protocol):
    """A source of taps. One thread calls `run`; everything else may be called from any thread."""

    @property
    def name(self) -> str:
        """Return the name it has in the configuration and in records."""

    @property
    def is_up(self) -> bool:
        """Say whether the device reads now. The first time it does is no event: ReaderUp answers a ReaderDown."""

    @property
    def counts(self) -> Mapping[str, int]:
        """Return how often something was left out since the start, by name (`repeated`, `partial`, …)."""

    def run(self, emit: Emit, stop: threading.Event) -> None:
        """Emit events until `stop`, and return within a second of it. Never raises for a device's fault.

        A fault is one ReaderDown, then tries at most a second apart, then ReaderUp. `emit` is called from this thread
        only and must not block.
        """

    def close(self) -> None:
        """Give up the device; ends a `run` that is still going. May be called again."""
