"""Log lines: one event a line on standard error, `key=value`, for people, grep and the system journal alike."""

import contextlib
import logging
import os
import queue
import re
import threading
from datetime import UTC, datetime

import msgspec

from kiosk.core.clock import format_utc
from kiosk.core.errors import ConfigError

STDERR = 2
LINES_MAX = 1000
VALUE_CHARS_MAX = 2000
FLUSH_S = 1.0
LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}

_PLAIN = re.compile(r"[^\s\"=\\\x00-\x1f\x7f]+\Z")
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


def setup_logging(process: str, level: str = "info") -> None:
    """Send this process's log to standard error; raises ConfigError for an unknown level.

    Own modules log from `level` (debug, info, warning, error) up, libraries from warning up. Lines are written by a
    thread of their own: at most 1,000 wait, and those beyond are counted, so that a reader that does not read standard
    error never stops a gate.
    """
    if level not in LEVELS:
        raise ConfigError(f"log level {level!r} is not known", hint=f"Use one of {', '.join(LEVELS)}")
    root = logging.getLogger()
    for old in [handler for handler in root.handlers if isinstance(handler, LineHandler)]:
        root.removeHandler(old)
        old.close()
    handler = LineHandler(STDERR)
    handler.setFormatter(KeyValueFormatter(process))
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger("kiosk").setLevel(LEVELS[level])
    logging.captureWarnings(True)
    threading.excepthook = _log_thread_death


class KeyValueFormatter(logging.Formatter):
    """Writes a record as `time level=… process=… logger=… msg=… field=…`, each value on the one line."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without its end."""
        fields: dict[str, object] = {
            "level": record.levelname.lower(),
            "process": self._process,
            "logger": record.name,
            "msg": record.getMessage(),
        }
        fields |= {key: value for key, value in vars(record).items() if key not in _STANDARD}
        if record.exc_info and record.exc_info[0] is not None:
            fields["trace"] = self.formatException(record.exc_info)
        stamp = format_utc(datetime.fromtimestamp(record.created, UTC))
        return stamp + "".join(f" {key}={_value(value)}" for key, value in fields.items())


class LineHandler(logging.Handler):
    """Hands lines to a writer thread and never waits for it; `dropped` counts the lines that found no room."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self.dropped = 0
        self._descriptor = descriptor
        self._lines: queue.Queue[str | None] = queue.Queue(LINES_MAX)
        self._writer = threading.Thread(target=self._write, name="log-writer", daemon=True)
        self._writer.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Queue one record's line."""
        try:
            self._lines.put_nowait(self.format(record))
        except queue.Full:
            self.dropped += 1

    def close(self) -> None:
        """Write what waits, for at most one second. `logging` calls it when the process ends; may be called twice."""
        with contextlib.suppress(queue.Full):
            self._lines.put(None, timeout=FLUSH_S)
        self._writer.join(FLUSH_S)
        super().close()

    def _write(self) -> None:
        reported = 0
        while (line := self._lines.get()) is not None:
            if (dropped := self.dropped) != reported:
                line += f'\n{line.partition(" ")[0]} level=warning msg="log lines dropped" count={dropped - reported}'
                reported = dropped
            # Nobody reads standard error, or it is closed: there is no place left to say so.
            with contextlib.suppress(OSError):
                self._write_all(line.encode(errors="backslashreplace") + b"\n")

    def _write_all(self, body: bytes) -> None:
        # Not through sys.stderr: a writer that hangs would hold its lock, and the process could not end.
        while body:
            body = body[os.write(self._descriptor, body) :]


def _value(value: object) -> str:
    text = str(value)
    if len(text) > VALUE_CHARS_MAX:
        text = text[:VALUE_CHARS_MAX] + "…"
    if _PLAIN.match(text):
        return text
    return msgspec.json.encode(text.encode(errors="backslashreplace").decode()).decode()  # a file name may be no text


def _log_thread_death(args: threading.ExceptHookArgs) -> None:
    if args.exc_type is SystemExit or args.exc_value is None:
        return
    name = args.thread.name if args.thread else ""
    trace = (args.exc_type, args.exc_value, args.exc_traceback)
    logging.getLogger(__name__).critical("a thread died", exc_info=trace, extra={"died": name})
