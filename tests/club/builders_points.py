"""Histories of points bookings, for properties."""

from datetime import date, timedelta

from hypothesis import strategies as st

from kiosk.club import bookings
from kiosk.club.bookings import Slip
from kiosk.club.points import PointRules, PointsEntry, Source

FIRST_DAY = date(2026, 11, 22)

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["earn", "earn", "use", "use", "return", "reverse", "adjust", "expire"]),
        st.integers(1, 120),
        st.integers(0, 25),
        st.integers(0, 30),
    ),
    max_size=25,
)


def book_history(steps: list[tuple[str, int, int, int]], *, reversals: bool = True) -> list[PointsEntry]:
    """Book a history through the bookings alone; what they refuse does not happen."""
    entries: list[PointsEntry] = []
    rules = PointRules(valid_months=1, returned_days=5)
    day = FIRST_DAY
    for number, (what, amount, wait, pick) in enumerate(steps):
        day += timedelta(days=wait)
        slip, target = Slip(f"n{number}", day, "test"), f"n{pick % max(number, 1)}"
        booked: object = None
        match what:
            case "earn":
                booked = bookings.book_earning(slip, amount, Source.CONSUMPTION, rules)
            case "use":
                booked = bookings.book_redemption(slip, amount, entries)
            case "return":
                booked = bookings.book_return(slip, target, entries, rules)
            case "reverse" if reversals:
                booked = bookings.book_reversal(slip, target, entries)
            case "adjust":
                booked = bookings.book_adjustment(slip, amount - 60, entries, rules)
            case "expire":
                entries.extend(bookings.expiries_due(entries, day))
        if isinstance(booked, PointsEntry):
            entries.append(booked)
    return entries
