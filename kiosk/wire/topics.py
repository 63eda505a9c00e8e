"""Every topic name (CONTRACT §3)."""

import re

from kiosk.core.errors import ConfigError

ROOT = "kiosk/v1"
UPLINK_FILTERS = (f"{ROOT}/d/+/up/#",)
STATE_FILTER = f"{ROOT}/d/+/state"
SHARED_GROUP = "central"

_NAME = re.compile(r"[a-z0-9-]{1,32}\Z")


def check_name(name: str, what: str) -> str:
    """Return a device or site name; raises ConfigError when it cannot stand in a topic."""
    if not _NAME.match(name):
        raise ConfigError(f"{what} name {name!r} is not usable", hint="Use 1 to 32 of a-z, 0-9 and -")
    return name


def state(device: str) -> str:
    """Birth and will of a device, retained."""
    return f"{ROOT}/d/{device}/state"


def up(device: str, leaf: str) -> str:
    """Device to central: `journal`, `req` or `cmdres`."""
    return f"{ROOT}/d/{device}/up/{leaf}"


def dn(device: str, leaf: str) -> str:
    """Central to device: `ack`, `res` or `cmd`."""
    return f"{ROOT}/d/{device}/dn/{leaf}"


def site(name: str, leaf: str) -> str:
    """Central to every device of a site: `roster/head`, `roster/delta`, `roster/deny` or `used`."""
    return f"{ROOT}/s/{name}/{leaf}"


def shared(topic_filter: str) -> str:
    """The same filter, its messages dealt out among several central processes."""
    return f"$share/{SHARED_GROUP}/{topic_filter}"


def device_of(topic: str) -> tuple[str, str] | None:
    """Split a device topic into device and leaf such as `up/journal` or `state`; None for other topics."""
    parts = topic.split("/", 4)
    if len(parts) < 4 or "/".join(parts[:2]) != ROOT or parts[2] != "d":
        return None
    return parts[3], parts[4] if len(parts) == 5 else ""
