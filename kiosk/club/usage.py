"""How facilities are used: a heat map of facility, hour and age band, and what it suggests to change (S38).

Only counts are kept, never who came: the map can be shown to anybody who plans hours and staff.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.club.calendar import full_years

UNKNOWN = "unknown"
"""The band of those whose birthday is not known."""


class AgeBand(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Ages in full years from `first` up to the next band."""

    code: str
    first: Annotated[int, Meta(ge=0)]


class UsageRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The bands of the map, and from when on it suggests something. All numbers are the product's."""

    bands: Annotated[
        tuple[AgeBand, ...],
        Meta(
            description="The age bands, the youngest first. The seeds say `a certain class of ages`, no numbers.",
            extra={"source": "S38, seeds 002:10"},
            min_length=1,
        ),
    ] = (
        AgeBand("0-17", 0),
        AgeBand("18-29", 18),
        AgeBand("30-44", 30),
        AgeBand("45-59", 45),
        AgeBand("60+", 60),
    )
    busy_percent: Annotated[
        int,
        Meta(
            ge=101,
            description="Per cent of a facility's mean open hour from which an hour is busy.",
            extra={"source": "S38, seeds 002:10; no seed for the number"},
        ),
    ] = 200
    idle_percent: Annotated[
        int,
        Meta(
            ge=0,
            le=99,
            description="Per cent of the mean below which an hour at the edge of the day is idle.",
            extra={"source": "S38, seeds 002:10; no seed for the number"},
        ),
    ] = 10
    least_visits: Annotated[
        int,
        Meta(
            ge=1,
            description="Passages of a facility in the time looked at, below which nothing is suggested.",
            extra={"source": "S38; no seed for the number"},
        ),
    ] = 100
    band_percent: Annotated[
        int,
        Meta(
            ge=1,
            le=100,
            description="Per cent of an hour's passages from which one age band stands for it.",
            extra={"source": "S38, seeds 002:10; no seed for the number"},
        ),
    ] = 50
    refused_least: Annotated[
        int,
        Meta(
            ge=1,
            description="Taps refused outside the hours, in one hour of the day, from which to open then is suggested.",
            extra={"source": "S38; no seed for the number"},
        ),
    ] = 20


class Cell(msgspec.Struct, frozen=True, order=True):
    """One field of the map: a facility's area, a local hour of the day 0–23, an age band."""

    area: str
    hour: int
    band: str


class Suggestion(StrEnum):
    """What the map suggests (S38, seeds 002:10). Wire format."""

    MORE_STAFF = "more_staff"
    OPEN_LATER = "open_later"
    CLOSE_EARLIER = "close_earlier"
    OPEN_EARLIER = "open_earlier"
    CLOSE_LATER = "close_later"


class Proposal(msgspec.Struct, frozen=True):
    """A suggestion for an hour of a facility: passages then, the mean hour's in hundredths, and the band it is for."""

    suggestion: Suggestion
    area: str
    hour: int
    passages: int
    mean_hundredths: int
    band: str = ""


class Hours(msgspec.Struct, frozen=True):
    """The hours of the day a facility is open: from `first` to `last`, both included."""

    first: int
    last: int


def band_of(born: date | None, on: date, rules: UsageRules) -> str:
    """Return the age band of somebody on a day."""
    if born is None:
        return UNKNOWN
    age = full_years(born, on)
    return next((each.code for each in reversed(rules.bands) if age >= each.first), UNKNOWN)


def by_hour(cells: Mapping[Cell, int], area: str) -> Mapping[int, int]:
    """Return a facility's passages by hour, whatever the age."""
    found: Counter[int] = Counter()
    for cell, count in cells.items():
        if cell.area == area:
            found[cell.hour] += count
    return found


def proposals(
    cells: Mapping[Cell, int],
    hours: Mapping[str, Hours],
    rules: UsageRules,
    refused: Mapping[tuple[str, int], int] | None = None,
) -> tuple[Proposal, ...]:
    """Return what the map suggests for facilities whose hours are known, by area and hour (S38, seeds 002:10).

    `refused` are taps that were refused because it was not open, by area and hour.
    """
    found = [each for area in sorted(hours) for each in _of_area(cells, area, hours[area], rules, refused or {})]
    return tuple(found)


def _of_area(
    cells: Mapping[Cell, int],
    area: str,
    hours: Hours,
    rules: UsageRules,
    refused: Mapping[tuple[str, int], int],
) -> Iterator[Proposal]:
    counts = by_hour(cells, area)
    spread = range(hours.first, hours.last + 1)
    total = sum(counts.get(hour, 0) for hour in spread)
    mean = total * 100 // max(len(spread), 1)
    outside = (Suggestion.OPEN_EARLIER, hours.first - 1), (Suggestion.CLOSE_LATER, hours.last + 1)
    for suggestion, hour in outside:
        turned_away = refused.get((area, hour), 0)
        if turned_away >= rules.refused_least:
            yield Proposal(suggestion, area, hour, turned_away, mean)
    if total < rules.least_visits:
        return
    for hour in spread:
        if counts.get(hour, 0) * 10_000 >= mean * rules.busy_percent:
            band = _band_for(cells, area, hour, rules)
            yield Proposal(Suggestion.MORE_STAFF, area, hour, counts.get(hour, 0), mean, band)
    for suggestion, edge in (Suggestion.OPEN_LATER, spread), (Suggestion.CLOSE_EARLIER, spread[::-1]):
        for hour in edge:
            if counts.get(hour, 0) * 10_000 >= mean * rules.idle_percent:
                break
            yield Proposal(suggestion, area, hour, counts.get(hour, 0), mean)


def _band_for(cells: Mapping[Cell, int], area: str, hour: int, rules: UsageRules) -> str:
    here = {cell.band: count for cell, count in cells.items() if (cell.area, cell.hour) == (area, hour)}
    band = max(sorted(here), key=lambda each: here[each])
    return band if here[band] * 100 >= sum(here.values()) * rules.band_percent else ""
