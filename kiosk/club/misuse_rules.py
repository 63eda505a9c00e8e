"""What is looked at to find misuse of a card, and from when on it is looked into."""

from datetime import datetime, timedelta
from typing import Annotated

import msgspec
from msgspec import Meta


class Travel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The least time in minutes between two places, either way; a place is a site, or `site/area`."""

    one: str
    other: str
    minutes: Annotated[int, Meta(ge=0)]


class MisuseRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From when on the use of a card is looked into. All numbers are the product's: the seeds only forbid lending."""

    travel_minutes: Annotated[
        int,
        Meta(
            ge=0,
            description="Least minutes between taps at two sites that `travels` does not name.",
            extra={"source": "S28, R39, seeds 000:263; no seed for the number"},
        ),
    ] = 30
    travels: Annotated[
        tuple[Travel, ...],
        Meta(
            description="Least minutes between two sites, or two areas, that differ from the others.",
            extra={"source": "S28, R39, seeds 000:263"},
        ),
    ] = ()
    clock_tolerance_s: Annotated[
        int,
        Meta(
            ge=0,
            description="Seconds by which the clocks of two boxes may differ: taken off before a time is too short.",
            extra={"source": "S23, S28; no seed for the number"},
        ),
    ] = 120
    inside_minutes: Annotated[
        int,
        Meta(
            ge=0,
            description="Minutes for which a way in without a way out is taken as being there; then the way out may "
            "just have been missed.",
            extra={"source": "S28, R39; no seed for the number"},
        ),
    ] = 180
    sites_without_way_out: Annotated[
        tuple[str, ...],
        Meta(
            description="Sites where nobody taps to leave: being inside and coming in again tell nothing there.",
            extra={"source": "S28, R39"},
        ),
    ] = ()
    again_minutes: Annotated[
        int,
        Meta(
            ge=0,
            description="Minutes within which a way in again to the same area, without a way out, may be a lent card.",
            extra={"source": "S28, R39, seeds 000:263; no seed for the number"},
        ),
    ] = 10
    again_times: Annotated[
        int,
        Meta(
            ge=1,
            description="How often that happens before it is looked into: once may be an honest mistake.",
            extra={"source": "S28, R39; no seed for the number"},
        ),
    ] = 3
    again_window_days: Annotated[
        int,
        Meta(ge=1, le=366, description="Days in which it is counted.", extra={"source": "S28, R39; no seed"}),
    ] = 30


class Tap(msgspec.Struct, frozen=True):
    """One tap of a card and where it stands recorded (UTC).

    It is a passage that was taken or, not `passed`, a repeated way in that the anti-passback refused. Other refusals
    and passages not taken say nothing about who holds the card.
    """

    journal: str
    seq: int
    at: datetime
    site: str
    area: str
    way_out: bool = False
    passed: bool = True


class StaffReport(msgspec.Struct, frozen=True):
    """What staff saw at a tap: somebody who is not the one in the photo (S28)."""

    journal: str
    seq: int
    at: datetime
    site: str
    by: str


def look_back(rules: MisuseRules) -> timedelta:
    """Return how long before a window the taps begin that `alerts` has to be given for it."""
    minutes = max(longest_travel_minutes(rules), rules.inside_minutes, rules.again_minutes)
    return timedelta(days=rules.again_window_days, minutes=minutes)


def longest_travel_minutes(rules: MisuseRules) -> int:
    """Return the longest of the least times between any two places."""
    return max(rules.travel_minutes, *(each.minutes for each in rules.travels), 0)


def minutes_between(one: Tap, other: Tap, rules: MisuseRules) -> int:
    """Return the least minutes between two taps: what is said of the areas, else of the sites, else in general."""
    for places in ({place_of(one), place_of(other)}, {one.site, other.site}):
        for each in rules.travels:
            if {each.one, each.other} == places:
                return each.minutes
    return 0 if one.site == other.site else rules.travel_minutes


def place_of(tap: Tap) -> str:
    """Return a tap's place as rules write it."""
    return f"{tap.site}/{tap.area}"
