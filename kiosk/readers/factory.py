"""From a line of configuration to a reader. Drivers are imported here and only when asked for."""

import re
import time
from collections.abc import Callable
from difflib import get_close_matches
from urllib.parse import parse_qsl

from kiosk.core.errors import ConfigError
from kiosk.core.identifiers import NumberForm
from kiosk.readers.driver import MonotonicNs
from kiosk.readers.reader import Reader, ReaderSettings

DEBOUNCE_MAX_S = 60.0
UID_BYTES_MAX = 10
_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")


def open_reader(settings: ReaderSettings, monotonic_ns: MonotonicNs = time.monotonic_ns) -> Reader:
    """Make the reader that the settings name; its device is opened by `run`. Raises ConfigError."""
    scheme, colon, where = settings.device.partition(":")
    make = SCHEMES.get(scheme)
    if not colon or make is None:
        near = get_close_matches(scheme, SCHEMES, n=1)
        hint = f"Did you mean {near[0]}:?" if near else f"One of {', '.join(f'{name}:' for name in SCHEMES)}"
        raise ConfigError(f"reader {settings.name}: no such kind of device: {settings.device!r}", hint=hint)
    _check(settings, scheme)
    try:
        return make(settings, where, monotonic_ns)
    except ImportError as error:
        raise ConfigError(
            f"reader {settings.name}: {scheme}: needs what is not installed here ({error})",
            hint="Install the extra: pip install 'kiosk[readers]'",
        ) from error


def _check(settings: ReaderSettings, scheme: str) -> None:
    where = f"reader {settings.name}"
    if not _NAME.match(settings.name):
        raise ConfigError(f"not a reader's name: {settings.name!r}", hint="Up to 64 letters, digits, dots and dashes")
    if not 0 <= settings.debounce_s <= DEBOUNCE_MAX_S:
        raise ConfigError(f"{where}: debounce_s = {settings.debounce_s}", hint=f"Between 0 and {DEBOUNCE_MAX_S:g}")
    if not 1 <= settings.bytes <= UID_BYTES_MAX:
        raise ConfigError(f"{where}: bytes = {settings.bytes}", hint="The UID's size: 4, 7 or 10; 5 for 125 kHz cards")
    if scheme in UID_SCHEMES and settings.form is not NumberForm.HEX:
        raise ConfigError(
            f"{where}: {scheme}: gives the UID itself, not the form {settings.form.value!r}", hint='Set form = "hex"'
        )


def _pcsc(settings: ReaderSettings, where: str, monotonic_ns: MonotonicNs) -> Reader:
    from kiosk.readers.pcsc import PcscReader

    return PcscReader(settings, where, monotonic_ns=monotonic_ns)


def _nfc(settings: ReaderSettings, where: str, monotonic_ns: MonotonicNs) -> Reader:
    from kiosk.readers.nfc import NfcReader

    return NfcReader(settings, _required(settings, where, "nfc:tty:USB0:pn532"), monotonic_ns)


def _keyboard(settings: ReaderSettings, where: str, monotonic_ns: MonotonicNs) -> Reader:
    from kiosk.readers.keyboard import KeyboardReader

    return KeyboardReader(settings, _required(settings, where, "keyboard:/dev/input/by-id/…"), monotonic_ns)


def _serial(settings: ReaderSettings, where: str, monotonic_ns: MonotonicNs) -> Reader:
    from kiosk.readers.serial import BAUD, SerialReader

    example = "serial:/dev/ttyUSB0?baud=9600"
    path, _, query = where.partition("?")
    options = dict(parse_qsl(query, keep_blank_values=True))
    baud = options.pop("baud", str(BAUD))
    if options or not re.fullmatch(r"[1-9][0-9]{1,6}", baud):
        raise ConfigError(f"reader {settings.name}: not a serial device: {settings.device!r}", hint=f"As in {example}")
    return SerialReader(settings, _required(settings, path, example), int(baud), monotonic_ns)


def _mock(settings: ReaderSettings, where: str, monotonic_ns: MonotonicNs) -> Reader:
    from kiosk.readers.mock import MockReader

    if where not in ("", "debounce"):
        raise ConfigError(
            f"reader {settings.name}: not a mock: {settings.device!r}", hint='Write "mock:" or "mock:debounce"'
        )
    return MockReader(settings, debounce=where == "debounce", monotonic_ns=monotonic_ns)


def _required(settings: ReaderSettings, where: str, example: str) -> str:
    if not where:
        raise ConfigError(f"reader {settings.name}: {settings.device!r} names no device", hint=f"As in {example}")
    return where


SCHEMES: dict[str, Callable[[ReaderSettings, str, MonotonicNs], Reader]] = {
    "pcsc": _pcsc,
    "nfc": _nfc,
    "keyboard": _keyboard,
    "serial": _serial,
    "mock": _mock,
}
UID_SCHEMES = frozenset({"pcsc", "nfc"})
