"""New points entries: each is made from the member's entries so far, or refused with a named reason."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from enum import StrEnum

import msgspec

from kiosk.club.points import Kind, PointRules, PointsEntry, Source, balance_on, expiry_of, replay
from kiosk.club.refusal import Refusal


class PointsReason(StrEnum):
    """Why points are not booked."""

    NOT_ENOUGH = "not_enough"
    NOTHING_TO_BOOK = "nothing_to_book"
    NO_SUCH_ENTRY = "no_such_entry"
    ALREADY_REVERSED = "already_reversed"
    NO_EXPLANATION = "no_explanation"


Booked = PointsEntry | Refusal[PointsReason]


class Slip(msgspec.Struct, frozen=True):
    """What comes with every booking: the new entry's id, the local day, and why."""

    id: str
    on: date
    reason: str = ""


def book_earning(slip: Slip, points: int, source: Source, rules: PointRules) -> Booked:
    """Return the entry of an earning, with the last day of its points (R74, R75, R88)."""
    if points <= 0:
        return Refusal(PointsReason.NOTHING_TO_BOOK)
    return PointsEntry(slip.id, Kind.EARN, points, slip.on, source, expiry_of(slip.on, rules), reason=slip.reason)


def book_redemption(slip: Slip, points: int, entries: Sequence[PointsEntry]) -> Booked:
    """Return the entry that uses points, from the moment they are reserved (R91, L7); never more than there are."""
    if points <= 0:
        return Refusal(PointsReason.NOTHING_TO_BOOK)
    if (available := balance_on(entries, slip.on).available) < points:
        return Refusal(PointsReason.NOT_ENOUGH, {"needed": points, "available": available})
    return PointsEntry(slip.id, Kind.REDEEM, points, slip.on, reason=slip.reason)


def book_return(slip: Slip, redemption: str, entries: Sequence[PointsEntry], rules: PointRules) -> Booked:
    """Return the entry that gives a redemption back; what has run out meanwhile can be used some days longer."""
    spending = replay(entries, slip.on).spendings.get(redemption)
    if spending is None:
        return Refusal(PointsReason.NO_SUCH_ENTRY, {"entry": redemption})
    if (points := sum(part for _, part in spending)) == 0:
        return Refusal(PointsReason.ALREADY_REVERSED, {"entry": redemption})
    usable_until = slip.on + timedelta(days=rules.returned_days)
    return PointsEntry(
        slip.id, Kind.REVERSE, points, slip.on, expires_on=usable_until, of=redemption, reason=slip.reason
    )


def book_reversal(slip: Slip, earning: str, entries: Sequence[PointsEntry], points: int | None = None) -> Booked:
    """Return the entry that takes an earning back, all of it or `points`, also where it was spent.

    The one booking that lowers the lifetime counter, and the one that may take the balance below zero.
    """
    root = replay(entries, slip.on).roots.get(earning)
    if root is None:
        return Refusal(PointsReason.NO_SUCH_ENTRY, {"entry": earning})
    left = root.points - root.taken_back
    wanted = left if points is None else points
    if not 0 < wanted <= left:
        reason = PointsReason.NOTHING_TO_BOOK if wanted <= 0 < left else PointsReason.ALREADY_REVERSED
        return Refusal(reason, {"entry": earning, "left": left})
    return PointsEntry(slip.id, Kind.REVERSE, wanted, slip.on, of=earning, reason=slip.reason)


def book_adjustment(slip: Slip, points: int, entries: Sequence[PointsEntry], rules: PointRules) -> Booked:
    """Return the entry that corrects the balance by hand, explained, up or down but not below zero.

    It leaves the lifetime counter alone; points that were earned and not booked are an earning with `correction`.
    """
    if not slip.reason.strip():
        return Refusal(PointsReason.NO_EXPLANATION)
    if points == 0:
        return Refusal(PointsReason.NOTHING_TO_BOOK)
    if points < 0 and (available := balance_on(entries, slip.on).available) < -points:
        return Refusal(PointsReason.NOT_ENOUGH, {"needed": -points, "available": available})
    until = expiry_of(slip.on, rules) if points > 0 else None
    return PointsEntry(slip.id, Kind.ADJUST, points, slip.on, expires_on=until, reason=slip.reason)


def expiries_due(entries: Sequence[PointsEntry], day: date) -> Iterator[PointsEntry]:
    """Yield an entry for what has run out of each earning and is not booked; nothing when it is run again.

    The balance does not wait for them: they are there to be read.
    """
    booked: dict[str, int] = {}
    for each in entries:
        if each.kind is Kind.EXPIRE:
            booked[each.of] = booked.get(each.of, 0) + each.points
    for earning, root in replay(entries, day).roots.items():
        if (due := root.expired - booked.get(earning, 0)) > 0:
            yield PointsEntry(f"{earning}.expired.{day}", Kind.EXPIRE, due, day, of=earning)


def forfeiture(entries: Sequence[PointsEntry], day: date, reason: str) -> Iterator[PointsEntry]:
    """Yield the entries that let everything run out at once, as for a member who leaves."""
    entries = [*entries, *expiries_due(entries, day)]
    for earning, root in replay(entries, day).roots.items():
        if left := sum(lot.left for lot in root.lots):
            yield PointsEntry(f"{earning}.forfeited.{day}", Kind.EXPIRE, left, day, of=earning, reason=reason)
