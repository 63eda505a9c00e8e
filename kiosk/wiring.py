"""Builds each process from its configuration. Imports stand inside: a gate must not pay for Flask."""

import os
import threading
from pathlib import Path
from typing import Protocol

from kiosk import __version__
from kiosk.config import EdgeConfig, load_edge
from kiosk.core.errors import ConfigError
from kiosk.local.clock import SystemClock
from kiosk.local.files import OURS_ALONE
from kiosk.local.logs import setup_logging
from kiosk.local.process import stop_event


class Process(Protocol):
    """A process of ours: built, then run until it is told to stop."""

    def run(self, stop: threading.Event) -> None:
        """Serve until `stop`."""


def gate(config: EdgeConfig) -> Process:
    """Build the gate of a box."""
    from kiosk.gate.process import GateProcess

    return GateProcess(
        box=config.box,
        reader_settings=config.reader,
        gate_settings=config.gate,
        points=config.access_point,
        settings=config.controller,
        clock=SystemClock(),
        version=__version__,
    )


def sync(config: EdgeConfig) -> Process:
    """Build the line of a box to central."""
    from kiosk.sync.process import SyncProcess
    from kiosk.wire.mqtt import MqttLink

    if config.sync is None:
        raise ConfigError("the configuration has no [sync] table", hint="config/edge.toml shows one")
    return SyncProcess(config.box, config.sync, MqttLink, SystemClock(), __version__)


def web(config: EdgeConfig) -> Process:
    """Build the screens of a box."""
    from kiosk.web.process import WebProcess

    if config.web is None:
        raise ConfigError("the configuration has no [web] table", hint="config/edge.toml shows one")
    return WebProcess(
        config.box, config.web, config.journal_limits, SystemClock(), __version__, config.till, config.self_service,
        config.attendant, config.access_point,
    )  # fmt: skip


def serve(process: str, path: Path) -> None:
    """Run one process of a box until it is told to stop; raises KioskError where it cannot start."""
    os.umask(OURS_ALONE)
    setup_logging(process)
    config = load_edge(path)
    stop = stop_event()
    {"gate": gate, "sync": sync, "web": web}[process](config).run(stop)
