"""Who may write and read which topics (CONTRACT §3), for every broker that asks us or is configured by us."""

from typing import NamedTuple

from kiosk.wire import topics

CENTRAL = "central"
"""Central's name at the broker. No device may have it."""


class Rights(NamedTuple):
    """Topic filters somebody may publish to and receive from."""

    write: tuple[str, ...]
    read: tuple[str, ...]


def device_rights(device: str, site: str) -> Rights:
    """Return a device's rights: its own state and uplink, its own downlink and its site."""
    return Rights(
        write=(topics.state(device), topics.up(device, "#")),
        read=(topics.dn(device, "#"), topics.site(site, "#")),
    )


def central_rights() -> Rights:
    """Return central's rights: everything of ours."""
    return Rights(write=(f"{topics.ROOT}/#",), read=(f"{topics.ROOT}/#",))


def mosquitto_lines(device: str, site: str) -> str:
    """Return what a device adds to mosquitto's acl_file; the rest of its rights stands there as patterns."""
    return f"\nuser {device}\ntopic read {topics.site(site, '#')}\n"


def matches(topic_filter: str, topic: str) -> bool:
    """Say whether a topic fits a filter with `+` and `#` (MQTT 3.1.1 §4.7). `$share/…` is not understood here."""
    if topic.startswith("$") and topic_filter[:1] in ("+", "#"):
        return False
    wanted, levels = topic_filter.split("/"), topic.split("/")
    for index, level in enumerate(wanted):
        if level == "#":
            return index == len(wanted) - 1
        if index >= len(levels) or level not in ("+", levels[index]):
            return False
    return len(wanted) == len(levels)


def covers(allowed: str, wanted: str) -> bool:
    """Say whether every topic that fits the filter `wanted` also fits the filter `allowed`."""
    if wanted.startswith("$") and allowed[:1] in ("+", "#"):
        return False
    outer, inner = allowed.split("/"), wanted.split("/")
    for index, level in enumerate(outer):
        if level == "#":
            return True
        if index >= len(inner) or inner[index] == "#" or (level != "+" and level != inner[index]):
            return False
    return len(outer) == len(inner)
