"""Lots of points: what is left of each earning, which is used first, and what is owed."""

from bisect import insort
from collections.abc import Iterator
from datetime import date

import msgspec

from kiosk.core.errors import InvalidInput


class Lot(msgspec.Struct, eq=False):
    """What is left of one earning, or of points of it that were given back. `id` is the earning's."""

    id: str
    left: int
    expires_on: date | None


class Root(msgspec.Struct, eq=False):
    """One earning: its points, whether they count for the lifetime, and what became of them by date or reversal.

    `place` is its place among the earnings, `made` how many lots it had so far; `lots` are those not seen empty.
    """

    points: int
    counts: bool
    place: int
    made: int = 0
    lots: list[Lot] = []
    expired: int = 0
    expired_taken_back: int = 0
    taken_back: int = 0


class Lots:
    """The state of a member's points while entries are applied in order; every method but the readers changes it.

    Always: all that was earned, adjusted upwards or given back = available + spent + expired + taken back.
    """

    def __init__(self) -> None:
        self.today = date.min
        self.lifetime = 0
        self.spent = 0
        self.expired = 0
        self.taken_back = 0
        self.owed = 0
        self.roots: dict[str, Root] = {}
        self.spendings: dict[str, list[tuple[Lot, int]]] = {}
        self._left = 0
        # Sorted by last day, earning and lot, which no two lots share. Lots that were emptied out of turn stay in it
        # until they come to the front.
        self._queue: list[tuple[date, int, int, Lot]] = []

    @property
    def available(self) -> int:
        """What can be used; below zero by what is owed."""
        return self._left - self.owed

    def usable(self) -> Iterator[Lot]:
        """Yield the lots with points in the order of use: first expiring first, then the oldest."""
        yield from (lot for *_, lot in self._queue if lot.left)

    def add(self, id: str, points: int, expires_on: date | None, *, counts: bool) -> None:
        """Take an earning in. What is owed is paid from it first."""
        if id in self.roots or points <= 0:
            raise InvalidInput(f"points entry {id} stands twice or adds nothing")
        self.lifetime += points if counts else 0
        self.roots[id] = Root(points, counts, len(self.roots))
        self._put(id, points - self._pay(points), expires_on)

    def spend(self, id: str, points: int) -> None:
        """Use points; raises InvalidInput where there are fewer."""
        if id in self.spendings or not 0 < points <= self.available:
            raise InvalidInput(f"points entry {id} uses {points} of {self.available}")
        self.spent += points
        self.spendings[id] = self._take(points)

    def forfeit(self, id: str, points: int) -> None:
        """Let at most so many points of an earning run out before their time; those that have run out stay out."""
        for lot in self._root(id).lots:
            part = min(lot.left, points)
            points -= part
            self._run_out(lot, part)

    def expire_until(self, day: date) -> None:
        """Let everything run out whose last day is before a day."""
        self.today = max(self.today, day)
        while (lot := self._first()) is not None and lot.expires_on is not None and lot.expires_on < day:
            self._run_out(lot, lot.left)

    def take_back(self, id: str, points: int) -> None:
        """Reverse an earning: what is left of it goes, what has run out is gone, what was spent is owed."""
        root = self._root(id)
        if not 0 < points <= root.points - root.taken_back:
            raise InvalidInput(f"{points} points of {id} cannot be taken back")
        root.taken_back += points
        self.taken_back += points
        self.lifetime -= points if root.counts else 0
        for lot in root.lots:
            part = min(lot.left, points)
            self._use(lot, part)
            points -= part
        gone = min(root.expired - root.expired_taken_back, points)
        root.expired_taken_back += gone
        self.expired -= gone
        points -= gone
        self.owed += points - sum(part for _, part in self._take(points))

    def give_back(self, id: str, points: int, expires_on: date | None) -> None:
        """Return points of a redemption to where they came from, usable until `expires_on` at least (None = theirs)."""
        taken = self.spendings.get(id, [])
        if not 0 < points <= sum(part for _, part in taken):
            raise InvalidInput(f"{points} points of {id} cannot be given back")
        self.spent -= points
        owed = self._pay(points)
        while points:
            lot, part = taken.pop()
            back = min(part, points)
            points -= back
            if back < part:
                taken.append((lot, part - back))
            paid = min(owed, back)
            owed -= paid
            self._put(lot.id, back - paid, _later(lot.expires_on, expires_on))

    def _root(self, id: str) -> Root:
        if id not in self.roots:
            raise InvalidInput(f"there is no earning {id!r} among the points entries")
        return self.roots[id]

    def _pay(self, points: int) -> int:
        paid = min(self.owed, points)
        self.owed -= paid
        return paid

    def _put(self, id: str, points: int, expires_on: date | None) -> None:
        """Add a lot of an earning; one that debts have used up is none."""
        root = self.roots[id]
        root.made += 1
        if points:
            lot = Lot(id, points, expires_on)
            root.lots = [*(each for each in root.lots if each.left), lot]
            insort(self._queue, (expires_on or date.max, root.place, root.made, lot))
            self._left += points

    def _first(self) -> Lot | None:
        """Return the lot that is used next, or None; drop the empty ones before it."""
        empty = 0
        while empty < len(self._queue) and not self._queue[empty][-1].left:
            empty += 1
        del self._queue[:empty]
        return self._queue[0][-1] if self._queue else None

    def _take(self, points: int) -> list[tuple[Lot, int]]:
        """Take up to so many points in the order of use."""
        taken = []
        while points and (lot := self._first()) is not None:
            part = min(lot.left, points)
            self._use(lot, part)
            points -= part
            taken.append((lot, part))
        return taken

    def _use(self, lot: Lot, points: int) -> None:
        lot.left -= points
        self._left -= points

    def _run_out(self, lot: Lot, points: int) -> None:
        self._use(lot, points)
        self.roots[lot.id].expired += points
        self.expired += points


def _later(own: date | None, granted: date | None) -> date | None:
    return own if own is None or granted is None else max(own, granted)
