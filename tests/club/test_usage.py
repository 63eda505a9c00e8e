"""The heat map of facilities, and what it suggests."""

from datetime import date
from zoneinfo import ZoneInfo

from kiosk.club.usage import UNKNOWN, Cell, Hours, Suggestion, UsageRules, band_of, proposals

RULES = UsageRules()
ZONE = ZoneInfo("Asia/Shanghai")
DAY = date(2026, 11, 22)


def _found(cells: dict[Cell, int], **refused: int) -> set[tuple[Suggestion, int]]:
    turned_away = {("pool", int(hour[1:])): count for hour, count in refused.items()}
    return {(each.suggestion, each.hour) for each in proposals(cells, {"pool": Hours(8, 19)}, RULES, turned_away)}


def make_cells(per_hour: dict[int, int], band: str = "30-44") -> dict[Cell, int]:
    """Make a map of the pool with so many passages by hour."""
    return {Cell("pool", hour, band): count for hour, count in per_hour.items()}


def test_ages_fall_into_bands_at_their_birthdays() -> None:
    assert band_of(date(2008, 11, 22), DAY, RULES) == "18-29"
    assert band_of(date(2008, 11, 23), DAY, RULES) == "0-17"
    assert band_of(date(1966, 11, 22), DAY, RULES) == "60+"
    assert band_of(None, DAY, RULES) == UNKNOWN


def test_an_hour_of_twice_the_mean_asks_for_more_staff_and_names_its_ages() -> None:
    even = make_cells(dict.fromkeys(range(8, 20), 10))
    assert _found(even) == set()
    busy = {**even, Cell("pool", 18, "60+"): 22}
    (found,) = proposals(busy, {"pool": Hours(8, 19)}, RULES)
    assert (found.suggestion, found.hour, found.passages, found.band) == (Suggestion.MORE_STAFF, 18, 32, "60+")


def test_idle_hours_at_the_edge_of_the_day_may_be_shut_and_those_in_the_middle_not() -> None:
    hours = dict.fromkeys(range(8, 20), 20) | {8: 0, 9: 0, 13: 0, 19: 1}
    found = _found(make_cells(hours))
    assert found == {(Suggestion.OPEN_LATER, 8), (Suggestion.OPEN_LATER, 9), (Suggestion.CLOSE_EARLIER, 19)}


def test_many_turned_away_before_or_after_the_hours_suggest_to_open_then() -> None:
    even = make_cells(dict.fromkeys(range(8, 20), 10))
    assert _found(even, h7=20) == {(Suggestion.OPEN_EARLIER, 7)}
    assert _found(even, h20=20) == {(Suggestion.CLOSE_LATER, 20)}
    assert _found(even, h7=19, h21=90) == set()


def test_few_passages_suggest_nothing() -> None:
    assert _found(make_cells({8: 99})) == set()
    assert _found(make_cells({8: 100})) != set()
