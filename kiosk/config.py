"""The edge's configuration: one file for the processes of a box, every part typed by the package it is for."""

from pathlib import Path

import msgspec

from kiosk.core.errors import ConfigError
from kiosk.core.model import AccessPoint, Passback
from kiosk.gate.settings import ControllerSettings, GateSettings
from kiosk.local.box import BoxSettings
from kiosk.local.settings import load_settings
from kiosk.readers.reader import ReaderSettings
from kiosk.store.journal import JournalLimits
from kiosk.sync.settings import SyncSettings
from kiosk.web.settings import AttendantSettings, SelfServiceSettings, TillSettings, WebSettings


class EdgeConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`edge.toml`: the box, its readers, gates and access points, and what each process is told."""

    box: BoxSettings
    reader: tuple[ReaderSettings, ...] = ()
    gate: tuple[GateSettings, ...] = ()
    access_point: tuple[AccessPoint, ...] = ()
    controller: ControllerSettings = ControllerSettings()
    sync: SyncSettings | None = None
    web: WebSettings | None = None
    till: TillSettings | None = None
    self_service: SelfServiceSettings | None = None
    attendant: AttendantSettings | None = None

    @property
    def screen_readers(self) -> tuple[str, ...]:
        """Return the names of the readers that the web process runs."""
        tables = (self.till, self.self_service)
        return tuple(each.reader.name for each in tables if each is not None and each.reader is not None)

    @property
    def journal_limits(self) -> JournalLimits:
        """Return how much each journal of the box may hold unsent."""
        return JournalLimits(self.controller.journal_records_max, self.controller.journal_bytes_max)


def load_edge(path: Path) -> EdgeConfig:
    """Read and check `edge.toml`; raises ConfigError."""
    config = load_settings(path, EdgeConfig)
    config = msgspec.structs.replace(config, box=msgspec.structs.replace(config.box, folder=str(path.parent)))
    readers = [each.name for each in config.reader]
    named = [*readers, *config.screen_readers]
    gates = [each.id for each in config.gate]
    for names, what in ((named, "reader"), (gates, "gate"), ([p.id for p in config.access_point], "access_point")):
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise ConfigError(f"{path}: two [[{what}]] tables are called {min(twice)!r}", hint="Give each its own name")
    for point in config.access_point:
        _check_point(path, point, readers, gates)
    used = [point.reader for point in config.access_point]
    if len(set(used)) < len(used):
        raise ConfigError(f"{path}: one reader serves two access points", hint="A reader stands at one access point")
    return config


def _check_point(path: Path, point: AccessPoint, readers: list[str], gates: list[str]) -> None:
    if point.reader not in readers:
        raise ConfigError(
            f"{path}: access point {point.id!r} names the reader {point.reader!r}, which is not there",
            hint=f"Readers: {', '.join(readers) or 'none'}",
        )
    if point.gate not in gates:
        raise ConfigError(
            f"{path}: access point {point.id!r} names the gate {point.gate!r}, which is not there",
            hint=f"Gates: {', '.join(gates) or 'none'}",
        )
    if point.way_out and point.passback in (Passback.HARD, Passback.TIMED):
        raise ConfigError(
            f"{path}: access point {point.id!r} is a way out with passback {point.passback.value!r}",
            hint="The way out is never denied: use soft or off",
        )
