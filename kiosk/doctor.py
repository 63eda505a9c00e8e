"""Looks at everything a box needs and says, a line each, whether it is there and what to do."""

import os
import shutil
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Literal

import msgspec

from kiosk.config import EdgeConfig
from kiosk.core.clock import BUILT, read_clock
from kiosk.core.errors import KioskError, NeighbourDown
from kiosk.local.clock import SystemClock
from kiosk.local.settings import is_loopback
from kiosk.local.talk import ask
from kiosk.store.cursors import CursorReader
from kiosk.store.roster import RosterState
from kiosk.store.roster_reader import RosterReader

DISK_FREE_MIN = 512 * 1024**2
CERTIFICATE_LEFT_MIN = timedelta(days=30)
CONNECT_S = 3.0

Grade = Literal["ok", "warn", "fail"]


class Finding(msgspec.Struct, frozen=True):
    """One thing looked at."""

    grade: Grade
    what: str
    said: str
    hint: str = ""


def examine(config: EdgeConfig) -> Iterator[Finding]:
    """Yield a finding for each thing a box needs."""
    yield Finding("ok", "configuration", f"device {config.box.device}, site {config.box.site}, {config.box.data}")
    looks: tuple[Callable[[EdgeConfig], Iterator[Finding]], ...] = (
        _hash_key, _gate, _screens, _clock, _disk, _roster, _line, _broker, _certificates,
    )  # fmt: skip
    for look in looks:
        try:
            yield from look(config)
        except KioskError as error:
            yield Finding("fail", look.__name__.strip("_"), error.message, error.hint)


def _hash_key(config: EdgeConfig) -> Iterator[Finding]:
    size = len(config.box.hash_key())
    if size < 32:
        yield Finding("fail", "hash key", f"{size} bytes", "Put the hash_key that add-device printed there")
    else:
        yield Finding("ok", "hash key", "readable")


def _gate(config: EdgeConfig) -> Iterator[Finding]:
    try:
        status = ask(config.box.socket("gate"), "status", timeout_s=CONNECT_S)
    except NeighbourDown as error:
        yield Finding("warn", "gate", error.message, error.hint)
        return
    yield from _readers(status["readers"])
    yield Finding("ok" if status["journal_ok"] else "fail", "journal", f"{status['unsent']} records unsent")


def _screens(config: EdgeConfig) -> Iterator[Finding]:
    """Look at the readers of a kiosk and a till; a box without them needs no screens."""
    if not config.screen_readers:
        return
    try:
        status = ask(config.box.socket("web"), "status", timeout_s=CONNECT_S)
    except NeighbourDown as error:
        yield Finding("warn", "screens", error.message, error.hint)
        return
    yield from _readers(status["readers"])


def _readers(seeing: Mapping[str, bool]) -> Iterator[Finding]:
    for name, up in seeing.items():
        yield Finding(
            "ok" if up else "fail", f"reader {name}", "reads" if up else "is blind", "" if up else "Look at its cable"
        )


def _clock(config: EdgeConfig) -> Iterator[Finding]:
    clock = SystemClock()
    reading = read_clock(clock, _roster_state(config).anchor, config.box.roster_age_max_s)
    hint = "Set the clock, or start time synchronisation"
    if clock.now() < BUILT:
        yield Finding("fail", "clock", "is not set", hint)
    elif reading.state != "ok":
        yield Finding("fail", "clock", f"is {reading.state.value} against central's signed time", hint)
    else:
        yield Finding("ok", "clock", f"{datetime.now(UTC):%Y-%m-%d %H:%M:%SZ}")


def _disk(config: EdgeConfig) -> Iterator[Finding]:
    data = config.box.data
    if not data.is_dir():
        yield Finding("fail", "disk", f"{data} is no folder", "Start the gate once, or check data_dir")
        return
    free = shutil.disk_usage(data).free
    said = f"{free // 1024**2} MiB free in {data}"
    if not os.access(data, os.W_OK):
        yield Finding("fail", "disk", f"{data} cannot be written", "Give it to the account kiosk runs as")
    elif free < DISK_FREE_MIN:
        yield Finding("fail", "disk", said, "Free some space: a full disk refuses every card")
    else:
        yield Finding("ok", "disk", said)


def _roster(config: EdgeConfig) -> Iterator[Finding]:
    state = _roster_state(config)
    if state.revision == 0:
        yield Finding("fail", "roster", "none yet", "Start `kiosk sync` and see that the device is registered")
        return
    age_s = read_clock(SystemClock(), state.anchor, config.box.roster_age_max_s).roster_age_s
    grade: Grade = "ok" if age_s < 3600 else "warn" if age_s < config.box.roster_age_max_s else "fail"
    hint = "" if grade == "ok" else "See why no newer word came from central"
    yield Finding(grade, "roster", f"revision {state.revision}, {age_s} s old", hint)


def _roster_state(config: EdgeConfig) -> RosterState:
    box = config.box
    with closing(RosterReader(box.roster, box.site, box.zone, box.roster_age_max_s)) as roster:
        roster.refresh()
        return roster.state


def _line(config: EdgeConfig) -> Iterator[Finding]:
    with closing(CursorReader(config.box.data / "sync.db")) as reader:
        line = reader.status()
    if line.get("online") == "yes":
        yield Finding("ok", "line", f"to central is up since {line.get('since', '')}")
    else:
        since = f" since {line['since']}" if "since" in line else ""
        yield Finding("warn", "line", f"to central is down{since}", "Entry goes on; facts wait in the journal")


def _broker(config: EdgeConfig) -> Iterator[Finding]:
    settings = config.sync
    if settings is None:
        yield Finding("warn", "broker", "no [sync] table", "This box keeps its facts to itself")
        return
    where = f"{settings.host}:{settings.port}"
    if not settings.ca_file and not is_loopback(settings.host):
        yield Finding("fail", "broker", f"{where} without TLS", "Set ca_file: off loopback TLS is required")
    try:
        socket.create_connection((settings.host, settings.port), CONNECT_S).close()
    except (OSError, UnicodeError) as error:  # UnicodeError: no name at all
        why = getattr(error, "strerror", None) or error
        yield Finding("fail", "broker", f"{where} does not answer ({why})", "Check address and line")
    else:
        yield Finding("ok", "broker", f"{where} answers")


def _certificates(config: EdgeConfig) -> Iterator[Finding]:
    settings = config.sync
    for name in (settings.ca_file, settings.cert_file) if settings else ():
        if not name:
            continue
        path = config.box.path(name)
        try:
            until = _not_after(str(path))
        except (OSError, ssl.SSLError, ValueError) as error:
            yield Finding("fail", "certificate", f"{path} cannot be read: {error}", "Install it again")
            continue
        left = until - datetime.now(UTC)
        grade: Grade = "fail" if left < timedelta(0) else "warn" if left < CERTIFICATE_LEFT_MIN else "ok"
        yield Finding(
            grade, "certificate", f"{path.name} valid until {until:%Y-%m-%d}", "Renew it" if grade != "ok" else ""
        )


def _not_after(path: str) -> datetime:
    from cryptography.x509 import load_pem_x509_certificate

    with open(path, "rb") as file:
        return load_pem_x509_certificate(file.read()).not_valid_after_utc
