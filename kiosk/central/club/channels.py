"""Ways to tell somebody something: one protocol, a file that another program reads, and a fake that records.

SMS and app messages go by a provider of the club's choice; what speaks to it is a `Channel`. Mail stands in `smtp.py`.
"""

import os
from collections import deque
from pathlib import Path
from typing import Protocol

import msgspec

from kiosk.core.codec import canonical
from kiosk.core.errors import KioskError, RetryLater
from kiosk.local.files import sync_folder

FILE_BYTES_MAX = 256 * 1024 * 1024
RECORDED_MAX = 1000


class Message(msgspec.Struct, frozen=True):
    """One notice on its way. `key` is the same however often it is sent, so that whoever takes it can know it again.

    `channel` is the way it goes (`sms`, `email`, `app`), even into the file; `at` is when it was due, UTC text.
    """

    key: str
    channel: str
    address: str
    member: str
    template: str
    language: str
    subject: str
    body: str
    at: str


class Channel(Protocol):
    """A way to tell. One thread at a time."""

    def send(self, message: Message) -> None:
        """Return when the message was taken over for good: it may come again, with the same key.

        Raises RetryLater where it may be taken later, Refused where it never will. Waits 15 seconds at most.
        """

    def close(self) -> None:
        """Let go of what is held; the next message opens it again."""


class FileChannel:
    """Appends messages to a file, a JSON line each, and makes each durable. Another program moves the file away.

    Past 256 MiB nothing is taken until somebody does. A line that a power cut tore stays alone on its line.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def send(self, message: Message) -> None:
        """Append a line; raises RetryLater."""
        try:
            self._append(canonical(msgspec.to_builtins(message)) + b"\n")
        except OSError as error:
            raise RetryLater(
                f"{self._path} cannot be written ({error.strerror})", hint="Check its folder and the disk"
            ) from error

    def close(self) -> None:
        """Do nothing: the file is open for the moment of writing only."""

    def _append(self, line: bytes) -> None:
        file = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            size = os.fstat(file).st_size
            if size + len(line) > FILE_BYTES_MAX:
                raise RetryLater(f"{self._path} is full ({size} bytes)", hint="Move it away: a new one is begun")
            torn = size > 0 and os.pread(file, 1, size - 1) != b"\n"
            whole = b"\n" + line if torn else line
            while whole:
                whole = whole[os.write(file, whole) :]
            os.fsync(file)
        finally:
            os.close(file)
        if size == 0:
            sync_folder(self._path.parent)


class RecordedChannel:
    """Keeps the last 1,000 messages in memory instead of sending them: for SMS and app until there is a provider.

    `repeats` counts messages that came again with a known key; they are not kept twice. `fail_with` is raised by every
    message until it is None again.
    """

    def __init__(self) -> None:
        self.sent: deque[Message] = deque(maxlen=RECORDED_MAX)
        self.repeats = 0
        self.fail_with: KioskError | None = None

    def send(self, message: Message) -> None:
        """Record a message, or raise what `fail_with` says."""
        if self.fail_with is not None:
            raise self.fail_with
        if any(each.key == message.key for each in self.sent):
            self.repeats += 1
            return
        self.sent.append(message)

    def close(self) -> None:
        """Do nothing."""
