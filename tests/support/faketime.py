"""The wall clock of processes, which a test sets by libfaketime."""

from pathlib import Path

from tests.support.needs import needs

AT_ONCE, SOON = {"FAKETIME_NO_CACHE": "1"}, {"FAKETIME_CACHE_DURATION": "1"}


class TimeFile:
    """A file that says what time it is; processes with `env` go by it. The monotonic clock goes on as it does.

    Processes see what is written `at_once`, for which they read the file whenever they look at the clock, or within a
    second. The library's "fix" of timed waits on the monotonic clock is off: where that clock is left alone it ends
    them at once, and a thread that waits for the interpreter asks again and again, at four times the gate's own cost.
    """

    def __init__(self, path: Path, *, at_once: bool) -> None:
        library = needs("/usr/lib/*/faketime/libfaketime.so.1", "faketime")
        self._path = path
        self.env = {
            "LD_PRELOAD": str(library), "FAKETIME_TIMESTAMP_FILE": str(path), **(AT_ONCE if at_once else SOON),
            "DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_FORCE_MONOTONIC_FIX": "0",
            "NO_FAKE_STAT": "1",
        }  # fmt: skip

    def write(self, said: str) -> None:
        """Say a time, as libfaketime reads it."""
        fresh = self._path.with_suffix(".new")
        fresh.write_text(said + "\n")
        fresh.replace(self._path)
