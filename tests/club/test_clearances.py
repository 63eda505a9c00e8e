"""A clearance holds until its last day, for areas that ask for one, and the gates learn days and no reasons."""

from datetime import date, timedelta

import pytest

from kiosk.club.clearances import ClearanceReason, ClearanceRules, against_clearing, is_cleared, notes
from kiosk.core.model import Note
from kiosk.gate.tap import said_of_area, said_on

TODAY = date(2026, 11, 22)
DAY = timedelta(days=1)
RULES = ClearanceRules(areas=("pool", "gym"))


@pytest.mark.parametrize(
    ("area", "until", "reason"),
    [
        ("pool", TODAY, None),
        ("pool", TODAY - DAY, ClearanceReason.OVER),
        ("pool", date(2027, 11, 22), None),
        ("pool", date(2027, 11, 23), ClearanceReason.TOO_LONG),
        ("lounge", TODAY, ClearanceReason.NOT_NEEDED),
    ],
)
def test_a_clearance_is_for_an_area_that_asks_and_for_a_year_at_most(
    area: str, until: date, reason: ClearanceReason | None
) -> None:
    refusal = against_clearing(area, until, TODAY, RULES)
    assert (refusal.reason if refusal else None) == reason


def test_a_clearance_holds_on_its_last_day_and_not_behind_it() -> None:
    assert [is_cleared(TODAY, TODAY + days * DAY) for days in (0, 1)] == [True, False]
    assert not is_cleared(None, TODAY)


@pytest.mark.proves("S81")
def test_the_gate_warns_in_the_area_alone_and_from_the_day_behind_the_last_one() -> None:
    known = notes({"pool": TODAY, "lounge": TODAY}, RULES)
    assert known == (Note("not_cleared.gym"), Note("not_cleared.pool", TODAY + DAY))
    warned = {(area, days): bool(said_of_area(known, area, TODAY + days * DAY)) for area in ("pool", "gym", "lounge")
              for days in (0, 1)}  # fmt: skip
    assert [key for key, said in warned.items() if said] == [("pool", 1), ("gym", 0), ("gym", 1)]
    assert said_on(known, TODAY + DAY) == ()


def test_a_club_that_names_no_area_tells_the_gates_nothing() -> None:
    assert notes({"pool": TODAY}, ClearanceRules()) == ()
