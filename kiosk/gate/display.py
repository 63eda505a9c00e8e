"""What the gate tells the screens: decisions, passages, and how things stand. Memory only, never on disk."""

from collections.abc import Iterable
from typing import Any

import msgspec

from kiosk.core.clock import ClockReading, ClockState, format_utc
from kiosk.core.model import AccessPoint
from kiosk.core.records import GrantReason
from kiosk.gate.passage import Ended
from kiosk.gate.tap import Tap


def decision_message(tap: Tap, reading: ClockReading) -> dict[str, Any]:
    """Describe a tap to the display of its access point."""
    event, tier = tap.decision.event, tap.tier
    return {
        "kind": "decision",
        "seq": tap.record.seq if tap.record else 0,
        "operator": event.operator or "",
        "why": event.why or "",
        "access_point": tap.point.id,
        "reader": event.reader,
        "granted": tap.decision.granted,
        "reason": event.reason,
        "detail": tap.decision.detail,
        "greeting": tap.greeting,
        "tier": tier.id if tier else "",
        "tier_name": {"zh": tier.name, "en": tier.name_en} if tier else {},
        "notes": [msgspec.structs.asdict(each) for each in tap.sayings] if _may_say(tap, reading) else [],
        "at": format_utc(reading.now),
        "roster_age_s": reading.roster_age_s,
        "clock": reading.state.value,
    }


def passage_message(end: Ended) -> dict[str, Any]:
    """Say whether somebody went through."""
    return {"kind": "passage", "access_point": end.grant.point.id, "taken": end.taken}


def state_message(
    points: Iterable[AccessPoint], readers: dict[str, bool], reading: ClockReading, line: dict[str, str], **state: Any
) -> dict[str, Any]:
    """Say how the box stands. `line` is sync's word: online or not, since when."""
    online = line.get("online")
    return {
        "kind": "state",
        "access_points": [{"id": each.id, "reader": each.reader, "way_out": each.way_out} for each in points],
        "readers": dict(readers),
        "online": None if online is None else online == "yes",
        "since": line.get("since"),
        "roster_age_s": reading.roster_age_s,
        "clock": reading.state.value,
        **state,
    }


def _may_say(tap: Tap, reading: ClockReading) -> bool:
    """Say whether there is time for more than the decision: on the way in, by a clock that knows the day."""
    at_leisure = not tap.point.way_out and tap.decision.event.reason != GrantReason.EMERGENCY
    return tap.decision.granted and at_leisure and reading.state is ClockState.OK
