"""The business day: it ends at an hour of the night, not at midnight."""

from datetime import date, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta


class DayRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When one business day ends and the next begins."""

    cutoff_hour: Annotated[
        int,
        Meta(
            ge=0,
            le=12,
            description="The local hour at which the next business day begins: what a night brings counts for the "
            "evening before.",
            extra={"source": "S63, day close; no seed says when"},
        ),
    ] = 4


def business_day(at: datetime, zone: ZoneInfo, rules: DayRules) -> date:
    """Return the business day of a moment at a site (D1)."""
    local = at.astimezone(zone)
    return local.date() - timedelta(days=local.hour < rules.cutoff_hour)
