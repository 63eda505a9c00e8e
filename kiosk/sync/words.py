"""What sync's threads say to its one loop."""

from kiosk.wire.link import Inside
from kiosk.wire.messages import Snapshot


class Poke(Inside, frozen=True):
    """A neighbour's journal may have grown."""


class Fetched(Inside, frozen=True):
    """A snapshot file was built and verified."""

    name: str
    snapshot: Snapshot
