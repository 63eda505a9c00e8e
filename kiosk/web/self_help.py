"""The button that asks for help: it tells the office which kiosk, or says that nobody can be told (S72, R137)."""

import secrets
import threading

from kiosk.core.bell import HelpAsked
from kiosk.core.self_service import Done, Subject
from kiosk.web.self_asking import NoAnswer
from kiosk.web.self_desk import Desk

APART_NS = 60_000_000_000
"""Who presses again so soon is told that the office knows; it is."""

CALLED, OFFLINE, UNHEARD = "help_called", "help_offline", "help_unheard"
"""How a call ends, as keys of the words."""


class HelpBell:
    """One kiosk's bell. For several threads; a call that was not heard keeps its id and is the same when it is."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._lock = threading.Lock()
        self._heard_ns: int | None = None
        self._call = ""

    def ring(self) -> str:
        """Call, once a minute at most, and return how that ended."""
        with self._lock:
            now_ns = self._desk.clock.monotonic_ns()
            if self._heard_ns is not None and now_ns - self._heard_ns < APART_NS:
                return CALLED
            if not self._desk.line().online:
                return OFFLINE
            self._call = self._call or secrets.token_hex(16)
            if isinstance(self._desk.central(Subject.HELP, HelpAsked(self._call), Done), NoAnswer):
                return UNHEARD
            self._heard_ns, self._call = now_ns, ""
            return CALLED
