"""How often: what a credential has used of an entitlement, and whether its rule leaves another visit."""

from datetime import datetime, tzinfo

import msgspec

from kiosk.core.clock import is_to_come
from kiosk.core.model import Period, VisitRule


class Usage(msgspec.Struct, frozen=True, omit_defaults=True):
    """Visits counted so far. The counts per period belong to the period `last_ms` lies in.

    `last_ms` is the newest counted visit, UTC, milliseconds since 1970; 0 = none yet.
    """

    total: int = 0
    days: int = 0
    day: int = 0
    week: int = 0
    month: int = 0
    year: int = 0
    last_ms: int = 0


def count_visit(usage: Usage, at_ms: int, zone: tzinfo) -> Usage:
    """Return the usage after one more visit. `zone` is the venue's.

    A visit that arrives late adds to the periods it shares with the newest one; a late visit on another day counts
    that day as a new one. So once a clock that was ahead has dated a visit, those after it are late ones: until that
    date has come `day`, `week`, `month` and `year` limit nothing, `total` and `days` go on (docs/operations.md).
    """
    at = datetime.fromtimestamp(at_ms / 1000, zone)
    last = datetime.fromtimestamp(usage.last_ms / 1000, zone) if usage.last_ms else None
    late = at_ms < usage.last_ms
    same = {period: last is not None and _key(at, period) == _key(last, period) for period in Period}

    def renewed(count: int, period: Period) -> int:
        if same[period]:
            return count + 1
        return count if late else 1

    return Usage(
        total=usage.total + 1,
        days=usage.days + (0 if same[Period.DAY] else 1),
        day=renewed(usage.day, Period.DAY),
        week=renewed(usage.week, Period.WEEK),
        month=renewed(usage.month, Period.MONTH),
        year=renewed(usage.year, Period.YEAR),
        last_ms=max(at_ms, usage.last_ms),
    )


def used_up(rule: VisitRule, usage: Usage, now: datetime) -> dict[str, int | str] | None:
    """Return which limit leaves no further visit at local time `now`, or None."""
    last = datetime.fromtimestamp(usage.last_ms / 1000, now.tzinfo) if usage.last_ms else None
    if rule.ever is not None and usage.total >= rule.ever:
        return {"limit": rule.ever, "used": usage.total, "per": "ever"}
    if rule.per_period is not None:
        used = _in_period(usage, rule.period, last, now)
        if used >= rule.per_period:
            return {"limit": rule.per_period, "used": used, "per": rule.period.value}
    new_day = last is None or last.date() != now.date()
    if rule.days is not None and new_day and usage.days >= rule.days:
        return {"limit": rule.days, "used": usage.days, "per": "days"}
    return None


def visits_left(rule: VisitRule, usage: Usage, now: datetime) -> int | None:
    """Return how often more at local time `now`, or on how many more days where days are limited; None: no limit."""
    last = datetime.fromtimestamp(usage.last_ms / 1000, now.tzinfo) if usage.last_ms else None
    left = [rule.ever - usage.total] if rule.ever is not None else []
    left += [rule.days - usage.days] if rule.days is not None else []
    left += [rule.per_period - _in_period(usage, rule.period, last, now)] if rule.per_period is not None else []
    return max(min(left), 0) if left else None


def in_grace(rule: VisitRule, usage: Usage, now_ms: int) -> bool:
    """Say whether a return now uses no visit."""
    return bool(rule.grace_s and usage.last_ms) and 0 <= now_ms - usage.last_ms < rule.grace_s * 1000


def gap_left_s(rule: VisitRule, usage: Usage, now_ms: int) -> int:
    """Return how many seconds are missing to the smallest gap between visits; 0 when none are.

    A visit further ahead than clocks differ was dated by a wrong clock and keeps nobody out.
    """
    if not rule.gap_s or not usage.last_ms or is_to_come(usage.last_ms, now_ms):
        return 0
    return max(rule.gap_s - max(now_ms - usage.last_ms, 0) // 1000, 0)


def _in_period(usage: Usage, period: Period, last: datetime | None, now: datetime) -> int:
    """Return what was counted in the running period."""
    running = last is not None and _key(last, period) == _key(now, period)
    return int(getattr(usage, period.value)) if running else 0


def _key(moment: datetime, period: Period) -> tuple[int, ...]:
    if period is Period.DAY:
        return (moment.year, moment.month, moment.day)
    if period is Period.WEEK:
        return moment.isocalendar()[:2]
    return (moment.year, moment.month) if period is Period.MONTH else (moment.year,)
