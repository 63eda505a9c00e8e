"""Readers on a serial line that send one number a line, ended by CR, LF or ETX; STX before it is ignored."""

import contextlib
import termios
import time

import serial

from kiosk.readers.driver import TICK_S, DeviceLost, Driver, MonotonicNs, Session, cause_of
from kiosk.readers.lines import LineBuffer
from kiosk.readers.reader import Cause, ReaderSettings

STX = 0x02
ENDS = frozenset(b"\r\n\x03")
BAUD = 9600
_FAULTS = (OSError, termios.error)


class SerialReader(Driver):
    """Reads `serial:/dev/ttyUSB0?baud=9600`, 8N1. A path under /dev/serial/by-id outlives replugging."""

    def __init__(
        self, settings: ReaderSettings, path: str, baud: int = BAUD, monotonic_ns: MonotonicNs = time.monotonic_ns
    ) -> None:
        super().__init__(settings, monotonic_ns)
        self._path = path
        self._baud = baud

    def _read(self, session: Session) -> None:
        try:
            port = serial.Serial(self._path, self._baud, timeout=TICK_S, exclusive=True)
        except _FAULTS as error:
            raise self._lost(error) from error
        try:
            session.ready()
            self._follow(port, session)
        except _FAULTS as error:
            raise self._lost(error) from error
        finally:
            with contextlib.suppress(*_FAULTS):
                port.close()

    def _follow(self, port: serial.Serial, session: Session) -> None:
        line = LineBuffer(self._counts)
        while not session.halted:
            data = port.read(max(1, port.in_waiting))
            now_ns = self._monotonic_ns()
            line.tick(now_ns)
            for byte in data:
                if byte in ENDS:
                    number = line.end(now_ns)
                    if number is not None:
                        session.card(number)
                elif byte != STX:
                    line.add(chr(byte), now_ns)

    def _lost(self, error: BaseException) -> DeviceLost:
        cause = cause_of(error)
        hint = "Put the service into the group dialout" if cause is Cause.NO_PERMISSION else "Is it plugged in?"
        return DeviceLost(cause, f"serial reader {self._path}: {error}", hint=hint)
