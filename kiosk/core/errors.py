"""The one error tree. A caller has three answers only, and the three branches name them.

KioskError                  what went wrong, which thing, and what to do about it
├── RetryLater              the cause may go away by itself
│   ├── ReaderLost          a reader is gone or blind
│   ├── LinkDown            no connection to the broker
│   └── NeighbourDown       another process of this box does not answer
├── Refused                 deny this one thing and carry on
│   ├── ReadFailed          a card was there and could not be read
│   ├── JournalUnavailable  a fact could not be made durable
│   ├── RosterUnavailable   no roster can be read
│   ├── MessageRejected     a message is malformed, forged, stale or does not fit
│   └── InvalidInput        a person or a file said something we cannot use
└── CannotStart             do not start
    ├── ConfigError         the configuration is wrong
    └── StoreDamaged        a file of ours cannot be trusted
"""


class KioskError(Exception):
    """Says what, which and, in `hint`, what to do."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        """One sentence, and a second one with the hint."""
        return f"{self.message}. {self.hint}" if self.hint else self.message


class RetryLater(KioskError):
    """The cause may go away by itself."""


class ReaderLost(RetryLater):
    """A reader is gone or blind."""


class LinkDown(RetryLater):
    """No connection to the broker."""


class NeighbourDown(RetryLater):
    """Another process of this box does not answer."""


class Refused(KioskError):
    """Deny this one thing and carry on."""


class ReadFailed(Refused):
    """A card was there and could not be read."""


class JournalUnavailable(Refused):
    """A fact could not be made durable."""


class RosterUnavailable(Refused):
    """No roster can be read."""


class MessageRejected(Refused):
    """A message is malformed, forged, stale or does not fit."""


class InvalidInput(Refused):
    """A person or a file said something we cannot use."""


class CannotStart(KioskError):
    """Do not start."""


class ConfigError(CannotStart):
    """The configuration is wrong."""


class StoreDamaged(CannotStart):
    """A file of ours cannot be trusted."""
