"""Numbers that arrive letter by letter: collected up to the sign that ends them, within a limit and a time."""

from collections import Counter

LENGTH_MAX = 64
UNFINISHED_AFTER_S = 0.5


class LineBuffer:
    """Collects the letters of one number.

    A number whose next letter is half a second late is dropped and counted as `partial`; one over 64 letters is
    dropped up to its end and counted as `overlong`.
    """

    def __init__(self, counts: Counter[str]) -> None:
        self._counts = counts
        self._text = ""
        self._last_ns = 0
        self._overlong = False

    def add(self, letter: str, now_ns: int) -> None:
        """Take one letter."""
        self.tick(now_ns)
        self._last_ns = now_ns
        if self._overlong:
            return
        self._text += letter
        if len(self._text) > LENGTH_MAX:
            self._counts["overlong"] += 1
            self._text = ""
            self._overlong = True

    def end(self, now_ns: int) -> str | None:
        """Take the sign that ends a number, and return the number; None where there is none."""
        self.tick(now_ns)
        text = self._text.strip()
        self._text = ""
        self._overlong = False
        return text or None

    def tick(self, now_ns: int) -> None:
        """Let time pass."""
        if now_ns - self._last_ns > UNFINISHED_AFTER_S * 1_000_000_000:
            self._overlong = False
            self.drop()

    def drop(self) -> None:
        """Give up an unfinished number."""
        if self._text:
            self._counts["partial"] += 1
            self._text = ""
