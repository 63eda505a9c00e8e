"""One tap counts once, however often a reader sees it. Pure: the time is passed in."""

REMEMBERED_MAX = 64
_FAILURE = ""


class Debounce:
    """Tells a new tap from a card that flickers in the field or is still lying there.

    A card that was last seen less than `window_s` ago is the same tap; each card has its own time, so that another
    card in between counts. Where the reader sees removal, a card that was not taken away is never a new tap.
    Remembers 64 cards; beyond that the one not seen longest is forgotten, and would count again.
    """

    def __init__(self, window_s: float, *, sees_removal: bool) -> None:
        self._window_ns = round(window_s * 1_000_000_000)
        self._sees_removal = sees_removal
        self._seen: dict[str, int] = {}
        self._resting: str | None = None

    def tap(self, identifier: str, now_ns: int) -> bool:
        """Say whether this sight of a card is a tap that counts."""
        last_ns = self._seen.get(identifier)
        resting = identifier == self._resting
        if self._sees_removal:
            self.gone(now_ns)
            self._resting = identifier
        self._remember(identifier, now_ns)
        return not resting and (last_ns is None or now_ns - last_ns >= self._window_ns)

    def failure(self, now_ns: int) -> bool:
        """Say whether a failed read is a tap that counts: not when any card was seen within the window.

        A card that leaves slowly is often seen once more, too weak to be read.
        """
        fresh = all(now_ns - seen_ns >= self._window_ns for seen_ns in self._seen.values())
        self._remember(_FAILURE, now_ns)
        return fresh

    def gone(self, now_ns: int) -> None:
        """Note that the reader is empty."""
        if self._resting is not None:
            self._remember(self._resting, now_ns)
            self._resting = None

    def _remember(self, identifier: str, now_ns: int) -> None:
        self._seen.pop(identifier, None)
        self._seen[identifier] = now_ns
        if len(self._seen) > REMEMBERED_MAX:
            del self._seen[next(iter(self._seen))]
