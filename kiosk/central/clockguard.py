"""Whether central's clock may be signed with: a wrong time in a signed head would move every gate's floor."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from statistics import median

DEVICES_MIN = 1


def may_sign(
    now: datetime,
    last_signed_at: datetime | None,
    device_offsets_ms: Sequence[int],
    apart_max: timedelta,
    confirmed_at: datetime | None = None,
) -> str | None:
    """Return why a head must not be signed now, or None (CONTRACT §3, docs/decisions/0005).

    `device_offsets_ms` are the clocks of devices heard of lately, minus central's. The devices' median decides where
    there is one; without it the last signature does. `confirmed_at` is when an operator said that the clock is right.
    """
    if confirmed_at is not None and abs(now - confirmed_at) <= apart_max:
        return None
    if len(device_offsets_ms) >= DEVICES_MIN:
        apart = timedelta(milliseconds=median(device_offsets_ms))
        if abs(apart) > apart_max:
            return f"the devices' clocks differ by {apart.total_seconds() / 3600:.0f} h"
        return None
    if last_signed_at is not None and abs(now - last_signed_at) > apart_max:
        return (
            f"the last signature was {(now - last_signed_at).total_seconds() / 3600:.0f} h ago and no device was heard"
        )
    return None
