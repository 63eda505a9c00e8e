"""Builds each process from its configuration. Imports stand inside: a gate must not pay for Flask."""

import logging
import queue
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kiosk import __version__
from kiosk.local.clock import SystemClock

if TYPE_CHECKING:
    from kiosk.config import EdgeConfig
    from kiosk.core.clock import Clock
    from kiosk.gate.process import GateProcess

_log = logging.getLogger(__name__)


def gate(config: "EdgeConfig", clock: "Clock | None" = None) -> "GateProcess":
    """Build the gate of a box."""
    from kiosk.gate.process import GateProcess

    return GateProcess(
        box=config.box,
        reader_settings=config.reader,
        gate_settings=config.gate,
        points=config.access_point,
        settings=config.controller,
        clock=clock or SystemClock(),
        version=__version__,
    )
