"""What comes of one presentation of a card."""

import msgspec

from kiosk.core.decision import Decision
from kiosk.core.model import AccessPoint, Tier
from kiosk.store.journal import Appended


class Tap(msgspec.Struct, frozen=True):
    """What came of one tap. `record` is None where the journal only counted it or could take nothing."""

    decision: Decision
    point: AccessPoint
    record: Appended | None
    at_ms: int
    greeting: str = ""
    tier: Tier | None = None
