"""What an operator, central or the emergency input may have the gate do beside taps."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from kiosk.core.clock import format_utc
from kiosk.core.errors import InvalidInput, JournalUnavailable
from kiosk.core.model import AccessPoint
from kiosk.core.records import EmergencyCleared, EmergencyOpened, Fact, LockdownChanged
from kiosk.core.releases import ReleaseWhy
from kiosk.gate.controller import GateController
from kiosk.gate.emergency import COMMAND, DRILL, INPUT, Emergency, EmergencyChange
from kiosk.gate.passage import Outcome
from kiosk.gate.tap import Tap
from kiosk.gate.upkeep import Upkeep
from kiosk.local.process import notify_watchdog
from kiosk.store.journal import Journal, JournalLimits, Statement
from kiosk.store.rotation import Parting, rotate

LOCKDOWN, EMERGENCY = "posture.lockdown", "posture.emergency"

_log = logging.getLogger(__name__)


class Commands:
    """Carries out errands in the loop. Lockdown and emergency outlive a restart: they rest beside the journal."""

    def __init__(
        self,
        controller: GateController,
        upkeep: Upkeep,
        points: Mapping[str, AccessPoint],
        emergency: Emergency,
        limits: JournalLimits,
        status: Callable[[], dict[str, Any]],
        standing: Mapping[str, str],
        released: Callable[[Tap], None] = lambda _tap: None,
    ) -> None:
        """Take what errands are about; `released` is told of somebody who was let through by hand."""
        self._controller = controller
        self._upkeep = upkeep
        self._points = points
        self._emergency = emergency
        self._limits = limits
        self._status = status
        self._released = released
        self._by: str | None = None
        # The posture the last run left goes on.
        self._follow(lockdown=bool(standing[LOCKDOWN]), emergency=bool(standing[EMERGENCY]))

    def run(self, op: str, args: dict[str, Any]) -> dict[str, Any]:
        """Do one errand; raises KioskError."""
        if op == "status":
            return self._status()
        if op == "part":
            return self._part(args)
        what, arguments = str(args.get("op", "")), args.get("args") or {}
        active = bool(arguments.get("active", True))
        if what == "lockdown":
            return self._lockdown(active, str(args.get("id", "")) or None)
        if what == "emergency":
            self._by = str(arguments.get("operator", "")) or None
            source = DRILL if arguments.get("drill") is True else COMMAND
            self._emergency.trigger(source) if active else self._emergency.clear()
            return {"active": active}
        if what == "release":
            return self._release(arguments)
        if what == "reload":
            self._controller.roster.close()
            return {}
        raise InvalidInput(f"unknown command {what!r}", hint="One of release, lockdown, emergency, reload")

    def emergency_changed(self, change: EmergencyChange) -> None:
        """Write down that all gates were opened, or may shut again. They already have."""
        state = self._controller.reading().state
        by = self._by if change.source != INPUT else None
        kind = EmergencyOpened if change.active else EmergencyCleared
        fact: Fact = kind(clock=state, source=change.source, operator=by)
        self._follow(emergency=change.active)
        self._upkeep.note(fact, [_posture(EMERGENCY, change.source if change.active else "")])

    def _lockdown(self, active: bool, command: str | None) -> dict[str, Any]:
        fact = LockdownChanged(clock=self._controller.reading().state, active=active, command=command)
        # Entry shuts at once even where the journal takes nothing; it reopens only once that is written.
        if active:
            self._follow(lockdown=True)
            self._upkeep.note(fact, [_posture(LOCKDOWN, "yes")])
        else:
            # Behind a lockdown that waits to be written it would be undone by it.
            cause = self._upkeep.notes.again()
            if cause:
                raise JournalUnavailable(cause, hint="Check the disk, then reopen again")
            self._controller.journal.append(fact, self._controller.reading().now, [_posture(LOCKDOWN, "")])
            self._follow(lockdown=False)
        return {"active": active}

    def _release(self, arguments: dict[str, Any]) -> dict[str, Any]:
        point = self._points.get(str(arguments.get("access_point", "")))
        if point is None:
            raise InvalidInput("no such access point", hint=f"One of {', '.join(self._points)}")
        why = str(arguments.get("why", "")) or None
        if why is not None and why not in tuple(ReleaseWhy):
            raise InvalidInput(f"no reason for a release: {why[:32]!r}", hint=f"One of {', '.join(ReleaseWhy)}")
        tap = self._controller.release(point, str(arguments.get("operator", "")) or "unknown", why)
        if tap.record is None and not point.way_out:
            raise JournalUnavailable("nothing was released: the journal takes no record")
        self._released(tap)
        return {"seq": tap.record.seq if tap.record else None}

    def _part(self, args: dict[str, Any]) -> dict[str, Any]:
        """Leave the journal that central holds otherwise and go on in a new one (CONTRACT §3)."""
        try:
            parting = msgspec.convert(args, Parting)
        except msgspec.ValidationError as error:
            raise InvalidInput(f"not a parting: {error}") from error
        journal = self._controller.journal
        if parting.journal != journal.id:
            return {"journal": journal.id}
        self._controller.passing.end_all(Outcome.UNKNOWN)
        if self._controller.passing.pending:
            raise JournalUnavailable("passages of the old journal wait to be recorded", hint="Check the disk")
        reading = self._controller.reading()
        _log.warning("journal parted", extra={"journal": journal.id, "why": parting.why, "common": parting.common})
        fresh = rotate(journal, parting, reading.state, format_utc(reading.now), self._limits, notify_watchdog)
        self._controller.use_journal(fresh)
        self._upkeep.published()
        return {"journal": fresh.id}

    def _follow(self, *, lockdown: bool | None = None, emergency: bool | None = None) -> None:
        posture = self._controller.posture
        self._controller.posture = msgspec.structs.replace(
            posture,
            lockdown=posture.lockdown if lockdown is None else lockdown,
            emergency=posture.emergency if emergency is None else emergency,
        )
        self._controller.passing.emergency = self._controller.posture.emergency


def stored_posture(journal: Journal) -> dict[str, str]:
    """Return what the last run left standing; empty text where nothing does, or the journal cannot be read."""
    rows: dict[str, str] = {}
    try:
        rows = dict(journal.query("SELECT name, value FROM meta"))
    except JournalUnavailable as error:
        _log.error("posture cannot be read", extra={"cause": error.message})
    return {name: str(rows.get(name, "")) for name in (LOCKDOWN, EMERGENCY)}


def _posture(name: str, value: str) -> Statement:
    return ("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))
