"""Whether central's clock may be signed with: a wrong time in a signed head would move every gate's floor.

`docs/decisions/0005-when-central-may-sign.md` walks through the cases.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from statistics import median

import msgspec
from sqlalchemy import Connection, select

from kiosk.central.database import read_setting, write_setting
from kiosk.central.tables import device
from kiosk.core.clock import BUILT, format_utc, parse_utc

HEARD_WITHIN = timedelta(hours=1)
"""How fresh a device's word on time must be. Below the allowed difference, so that no word outlives a jump of ours."""

SIGNED_AT, CONFIRMED_AT = "signed_at", "clock_confirmed_at"
"""Names in `setting`: when a head was last signed, and when an operator said that the clock is right."""


def may_sign(
    now: datetime,
    last_signed_at: datetime | None,
    device_offsets: Sequence[timedelta],
    *,
    apart_max: timedelta,
    confirmed_at: datetime | None = None,
) -> str | None:
    """Return why nothing with a time in it must be signed now, or None (CONTRACT §3).

    `device_offsets` are the clocks of devices heard just now, minus ours. An operator's word stands for a day, and from
    then on as long as the signatures that followed it have no gap.
    """
    if _is_confirmed(now, last_signed_at, confirmed_at, apart_max):
        return None
    if device_offsets:
        apart = timedelta(seconds=median(offset.total_seconds() for offset in device_offsets))
        if abs(apart) > apart_max:
            return f"the clock differs from the devices' median by {_words(apart)} ({len(device_offsets)} heard)"
        return None
    if last_signed_at is None:
        return "the clock was never set" if now < BUILT else None
    if abs(now - last_signed_at) > apart_max:
        return f"the clock differs from the last signature by {_words(now - last_signed_at)}, and no device was heard"
    return None


class ClockView(msgspec.Struct, frozen=True):
    """What the database holds against a clock; `offsets` are the devices' clocks minus it."""

    signed_at: datetime | None
    confirmed_at: datetime | None
    offsets: tuple[timedelta, ...]

    @property
    def median(self) -> timedelta | None:
        """Return the median of the devices' clocks minus ours; None where none was heard."""
        return timedelta(seconds=median(each.total_seconds() for each in self.offsets)) if self.offsets else None


def clock_view(connection: Connection, now: datetime) -> ClockView:
    """Read what a clock that shows `now` is held against."""
    signed, confirmed = read_setting(connection, SIGNED_AT), read_setting(connection, CONFIRMED_AT)
    return ClockView(
        signed_at=parse_utc(signed) if signed else None,
        confirmed_at=parse_utc(confirmed) if confirmed else None,
        offsets=tuple(device_offsets(connection, now)),
    )


def why_not(connection: Connection, now: datetime, apart_max: timedelta) -> str | None:
    """Return why central must not sign now, or None, from what the database says."""
    view = clock_view(connection, now)
    return may_sign(now, view.signed_at, view.offsets, apart_max=apart_max, confirmed_at=view.confirmed_at)


def device_offsets(connection: Connection, now: datetime) -> list[timedelta]:
    """Return the clocks of the devices that came online within the last hour, minus ours.

    A device whose own clock was never set has no say.
    """
    columns = (device.c.seen_at, device.c.clock_offset_ms)
    heard = (device.c.state == "online", device.c.seen_at.is_not(None), device.c.clock_offset_ms.is_not(None))
    offsets = [
        timedelta(milliseconds=offset_ms)
        for seen_at, offset_ms in connection.execute(select(*columns).where(*heard))
        if abs(now - parse_utc(seen_at)) <= HEARD_WITHIN
    ]
    return [offset for offset in offsets if _is_set(now, offset)]


def confirm_clock(connection: Connection, now: datetime) -> None:
    """Write down an operator's word that a clock which shows `now` is right."""
    write_setting(connection, CONFIRMED_AT, format_utc(now))


def _is_confirmed(
    now: datetime, last_signed_at: datetime | None, confirmed_at: datetime | None, apart_max: timedelta
) -> bool:
    if confirmed_at is None:
        return False
    if abs(now - confirmed_at) <= apart_max:
        return True
    return last_signed_at is not None and confirmed_at < last_signed_at and abs(now - last_signed_at) <= apart_max


def _is_set(now: datetime, offset: timedelta) -> bool:
    try:
        return now + offset >= BUILT
    except OverflowError:
        return False


def _words(apart: timedelta) -> str:
    hours = round(abs(apart).total_seconds() / 3600)
    return f"{hours} hours" if hours < 72 else f"{round(hours / 24)} days"
