"""NFC modules driven by nfcpy itself (PN532 on a serial line or USB): for boards that no PC/SC driver serves.

The field is searched for one technology, ISO 14443 type A, each time anew: all that identifies a card is in the
answer to selection, and nfcpy's own `connect` would read the card's memory first and hide the module's faults.
"""

import contextlib
import logging
import termios
import time

import nfc.clf
from nfc.clf.pn53x import Chipset

from kiosk.core.identifiers import RANDOM_UID_FIRST
from kiosk.readers.driver import DeviceLost, Driver, MonotonicNs, Session, cause_of
from kiosk.readers.reader import ReaderSettings

PAUSE_S = 0.05
GONE_AFTER_MISSES = 3
_FAULTS = (
    OSError,
    termios.error,
    nfc.clf.Error,
    Chipset.Error,
    # nfcpy takes a module's answers apart unchecked: a torn frame ends in any of these.
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    AssertionError,
)


class NfcReader(Driver):
    """Reads `nfc:PATH`, a path in nfcpy's words such as `tty:USB0:pn532` or `usb:054c:06c3`."""

    sees_removal = True

    def __init__(self, settings: ReaderSettings, path: str, monotonic_ns: MonotonicNs = time.monotonic_ns) -> None:
        super().__init__(settings, monotonic_ns)
        self._path = path
        # nfcpy writes each try to find a module into the log, and at its debug level every card number.
        logging.getLogger("nfc").setLevel(logging.CRITICAL)

    def _read(self, session: Session) -> None:
        try:
            frontend = nfc.clf.ContactlessFrontend(self._path)
        except _FAULTS as error:
            raise self._lost(error) from error
        try:
            session.ready()
            self._follow(frontend, session)
        except _FAULTS as error:
            raise self._lost(error) from error
        finally:
            with contextlib.suppress(*_FAULTS):
                frontend.close()

    def _follow(self, frontend: nfc.clf.ContactlessFrontend, session: Session) -> None:
        there: bytes | None = None
        misses = GONE_AFTER_MISSES - 1
        while not session.halted:
            target = frontend.sense(nfc.clf.RemoteTarget("106A"), iterations=1)
            if target is None:
                misses += 1
                if misses == GONE_AFTER_MISSES:
                    session.gone()
                    there = None
            else:
                misses = 0
                uid = bytes(target.sdd_res or b"")
                if there is None or not _same_card(uid, there):
                    there = uid
                    session.card(uid.hex())
            session.wait(PAUSE_S)

    def _lost(self, error: BaseException) -> DeviceLost:
        return DeviceLost(
            cause_of(error),
            f"NFC module {self._path}: {error or type(error).__name__}",
            hint="Is it plugged in, and does nothing else hold it (pcscd, the kernel's pn533 module)?",
        )


def _same_card(uid: bytes, before: bytes) -> bool:
    """Say whether a card is the one of the last search: a random number is a new one each time the field returns."""
    return uid == before or (_is_random(uid) and _is_random(before))


def _is_random(uid: bytes) -> bool:
    return len(uid) == 4 and uid[0] == RANDOM_UID_FIRST
