"""What sync's threads say to its one loop."""

from kiosk.wire.link import Inside
from kiosk.wire.messages import Snapshot


class Poke(Inside, frozen=True):
    """A neighbour's journal may have grown, or be another."""


class Fetched(Inside, frozen=True):
    """A snapshot file was built and verified; without a name it could not be used."""

    name: str
    snapshot: Snapshot
