"""Facts and journals for tests of the store."""

from pathlib import Path
from typing import Any

from kiosk.core.clock import ClockState
from kiosk.core.records import AccessDenied, AccessGranted, AccessNotTaken, AccessTaken, RosterMark
from kiosk.store.journal import Journal, JournalLimits, first_fact
from tests.builders import CREDENTIAL, NOW


def make_journal(folder: Path, name: str = "gate.db", limits: JournalLimits | None = None) -> Journal:
    """Open a journal whose first record is written."""
    journal = Journal(folder / name, limits)
    if journal.is_new:
        journal.append(first_fact(ClockState.OK), NOW)
    return journal


def make_granted(**fields: Any) -> AccessGranted:
    """Make a grant at the entrance."""
    return AccessGranted(**_access(fields) | {"reason": "ok"} | fields)


def make_denied(**fields: Any) -> AccessDenied:
    """Make a denial at the entrance."""
    return AccessDenied(**_access(fields) | {"reason": "credential_expired", "entitlement": None} | fields)


def make_taken(of: int) -> AccessTaken:
    """Make the passage of a grant."""
    return AccessTaken(clock=ClockState.OK, of=of, area_from="outside", area_to="club")


def make_not_taken(of: int) -> AccessNotTaken:
    """Make the end of a grant nobody used."""
    return AccessNotTaken(clock=ClockState.OK, of=of, area_from="outside", area_to="club", outcome="timeout")


def _access(_fields: dict[str, Any]) -> dict[str, Any]:
    return {
        "clock": ClockState.OK, "access_point": "entrance", "reader": "entrance", "roster": RosterMark(1, 0),
        "credential": CREDENTIAL, "member": "m1", "tier": "gold", "entitlement": "e1",
    }  # fmt: skip
