"""When: weekly windows and special days, in the venue's local time."""

from datetime import date, datetime, timedelta

from kiosk.core.model import Schedule, Window


def is_open(schedule: Schedule, local: datetime) -> bool:
    """Say whether a schedule is open at a local time. A window belongs to the day it opens on."""
    minute = local.hour * 60 + local.minute
    today = local.date()
    for window in windows_on(schedule, today):
        opens, closes = _minutes(window)
        if opens <= minute and (minute < closes or closes <= opens):
            return True
    for window in windows_on(schedule, today - timedelta(days=1)):
        opens, closes = _minutes(window)
        if closes <= opens and minute < closes:
            return True
    return False


def windows_on(schedule: Schedule, day: date) -> tuple[Window, ...]:
    """Return the windows that open on a local day; a special day replaces the week's."""
    for special in schedule.special_days:
        if special.day == day:
            return special.windows
    return tuple(window for window in schedule.windows if str(day.isoweekday()) in window.days)


def next_opening(schedule: Schedule, local: datetime, days_max: int = 14) -> str | None:
    """Return the next opening as `2026-11-22 08:00`, local, within `days_max` days; None where there is none."""
    now = local.strftime("%Y-%m-%d %H:%M")
    for offset in range(days_max + 1):
        day = local.date() + timedelta(days=offset)
        for opens in sorted(window.opens for window in windows_on(schedule, day)):
            if (moment := f"{day.isoformat()} {opens}") > now:
                return moment
    return None


def _minutes(window: Window) -> tuple[int, int]:
    opens, closes = (int(text[:2]) * 60 + int(text[3:5]) for text in (window.opens, window.closes))
    return opens, closes
