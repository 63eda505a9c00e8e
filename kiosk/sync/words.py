"""What sync's threads say to its one loop."""

from typing import Any

from kiosk.wire.link import Inside
from kiosk.wire.messages import Snapshot


class Poke(Inside, frozen=True):
    """A neighbour's journal may have grown, or be another."""


class Fetched(Inside, frozen=True):
    """A snapshot file was built and verified; without a name it could not be used."""

    name: str
    snapshot: Snapshot


class Asked(Inside, frozen=True):
    """A neighbour asks central about a subject; `name` finds who waits for the answer."""

    name: str
    subject: str
    args: dict[str, Any]


class LeftOff(Inside, frozen=True):
    """Nobody waits any more for the answer to what was asked under a name."""

    name: str
