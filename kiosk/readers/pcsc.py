"""Readers behind PC/SC: a loop of our own over SCardGetStatusChange, and each card asked in a thread of its own.

Two habits of pcsc-lite shape this file. A service that restarts invalidates every handle without a word, so any error
throws the context away. And SCardTransmit has no time limit: a card that never answers blocks its caller for ever, so
the caller is a thread that can be left behind.
"""

import queue
import threading
import time
from enum import Enum

from smartcard import scard

from kiosk.readers.driver import TICK_S, DeviceLost, Driver, MonotonicNs, Session
from kiosk.readers.reader import Cause, ReaderSettings

GET_UID = [0xFF, 0xCA, 0x00, 0x00, 0x00]
SW_OK = [0x90, 0x00]
APDU_TIMEOUT_S = 2.0
TRIES = 2
_PROTOCOLS = scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
_COUNTER_SHIFT = 16
_COUNTER_MASK = 0xFFFF
_NO_READER = frozenset(
    {scard.SCARD_E_UNKNOWN_READER, scard.SCARD_E_READER_UNAVAILABLE, scard.SCARD_E_NO_READERS_AVAILABLE}
)
_NO_READER_STATE = scard.SCARD_STATE_UNKNOWN | scard.SCARD_STATE_UNAVAILABLE | scard.SCARD_STATE_IGNORE


class Move(Enum):
    """What happened on a reader between two looks."""

    LEFT = "left"
    CAME = "came"
    MISSED = "missed"


def moves(before: int, state: int) -> tuple[Move, ...]:
    """Compare two states of a reader, as SCardGetStatusChange gives them.

    The upper half counts arrivals and departures, so that a quick swap shows, and a card that came and left unseen.
    """
    passed = ((state >> _COUNTER_SHIFT) - (before >> _COUNTER_SHIFT)) & _COUNTER_MASK
    was_there, is_there = bool(before & scard.SCARD_STATE_PRESENT), bool(state & scard.SCARD_STATE_PRESENT)
    if was_there == is_there and not passed:
        return ()
    left = (Move.LEFT,) if was_there else ()
    if is_there:
        return (*left, Move.CAME)
    return left or (Move.MISSED,)


class PcscReader(Driver):
    """Reads `pcsc:PART`, the first reader whose name contains this part.

    A card that does not answer within `apdu_timeout_s` is a failed read; one that blocks the reader as long again makes
    the reader lost until the call comes back: the card is taken away, or the service restarts. No other card is asked
    while one call hangs, so that at most one thread is left behind.
    """

    sees_removal = True

    def __init__(
        self,
        settings: ReaderSettings,
        part: str,
        apdu_timeout_s: float = APDU_TIMEOUT_S,
        monotonic_ns: MonotonicNs = time.monotonic_ns,
    ) -> None:
        super().__init__(settings, monotonic_ns)
        self._part = part
        self._apdu_timeout_s = apdu_timeout_s
        self._hanging: _Exchange | None = None

    def _read(self, session: Session) -> None:
        result, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
        _check(result, self._part)
        try:
            self._watch(context, _find(context, self._part), session)
        finally:
            scard.SCardReleaseContext(context)

    def _watch(self, context: int, reader: str, session: Session) -> None:
        state = self._state(context, reader, scard.SCARD_STATE_UNAWARE, 0)
        self._refuse_hanging()
        session.ready()
        if not state & scard.SCARD_STATE_PRESENT:
            session.gone()
        before = state & ~scard.SCARD_STATE_PRESENT
        while not session.halted:
            for move in moves(before, state):
                self._report(move, reader, session)
            before = state
            state = self._state(context, reader, before, round(TICK_S * 1000))
            self._refuse_hanging()

    def _report(self, move: Move, reader: str, session: Session) -> None:
        if move is Move.LEFT:
            session.gone()
        elif move is Move.CAME:
            self._ask(reader, session)
        else:
            session.failed()
            session.gone()

    def _ask(self, reader: str, session: Session) -> None:
        uid = None
        if self._hanging is None:
            exchange = _Exchange(reader, self._monotonic_ns())
            uid = exchange.wait(self._apdu_timeout_s, session)
            self._hanging = None if exchange.ended else exchange
        if uid:
            session.card(uid.hex())
        elif not session.halted:
            session.failed()

    def _refuse_hanging(self) -> None:
        """Raise DeviceLost while a call that never comes back holds the reader."""
        if self._hanging is None:
            return
        if self._hanging.ended:
            self._hanging = None
        elif self._monotonic_ns() - self._hanging.began_ns >= 2 * self._apdu_timeout_s * 1_000_000_000:
            raise DeviceLost(
                Cause.MUTE,
                f"PC/SC reader {self._part!r}: a card does not answer and holds the reader",
                hint="Take the card away; if it stays so, unplug the reader or restart pcscd",
            )

    def _state(self, context: int, reader: str, before: int, wait_ms: int) -> int:
        """Wait for a change from `before`, at most `wait_ms`, and return the reader's state without its change flag."""
        result, states = scard.SCardGetStatusChange(context, wait_ms, [(reader, before)])
        if result == scard.SCARD_E_TIMEOUT and before != scard.SCARD_STATE_UNAWARE:
            return before
        _check(result, self._part)
        state: int = states[0][1]
        if state & _NO_READER_STATE:
            _check(scard.SCARD_E_READER_UNAVAILABLE, self._part)
        return state & ~int(scard.SCARD_STATE_CHANGED)


class _Exchange:
    """One question to one card, in a thread of its own."""

    def __init__(self, reader: str, began_ns: int) -> None:
        self.began_ns = began_ns
        self._given_up = False
        self._answer: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, args=(reader,), name="pcsc-card", daemon=True)
        self._thread.start()

    @property
    def ended(self) -> bool:
        """Say whether the call came back."""
        return not self._thread.is_alive()

    def wait(self, timeout_s: float, session: Session) -> bytes | None:
        """Return the UID in air order; None where the card gave none, in time or at all."""
        deadline = time.monotonic() + timeout_s
        while not session.halted:
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                break
            try:
                uid = self._answer.get(timeout=min(left_s, TICK_S))
            except queue.Empty:
                continue
            self._thread.join()
            return uid
        self._given_up = True
        return None

    def _run(self, reader: str) -> None:
        result, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
        uid = None
        if result == scard.SCARD_S_SUCCESS:
            for _ in range(TRIES):
                uid = _get_uid(context, reader)
                if uid or self._given_up:
                    break
            scard.SCardReleaseContext(context)
        self._answer.put(uid)


def _get_uid(context: int, reader: str) -> bytes | None:
    """Ask the card that lies on the reader for its UID; None for any failure."""
    result, card, protocol = scard.SCardConnect(context, reader, scard.SCARD_SHARE_SHARED, _PROTOCOLS)
    if result != scard.SCARD_S_SUCCESS:
        return None
    frame = scard.SCARD_PCI_T1 if protocol == scard.SCARD_PROTOCOL_T1 else scard.SCARD_PCI_T0
    result, answer = scard.SCardTransmit(card, frame, GET_UID)
    scard.SCardDisconnect(card, scard.SCARD_LEAVE_CARD)
    # A card pulled in mid-command is success with nothing in it.
    if result != scard.SCARD_S_SUCCESS or answer[-2:] != SW_OK:
        return None
    return bytes(answer[:-2])


def _find(context: int, part: str) -> str:
    """Return the name of the first reader that contains `part`; raises DeviceLost."""
    try:
        result, names = scard.SCardListReaders(context, [])
    except SystemError as error:  # pyscard's answer when the service ends during this very call
        raise DeviceLost(Cause.SERVICE_DOWN, "PC/SC service went away", hint="Is pcscd running?") from error
    _check(result, part)
    for name in sorted(names):
        if part.casefold() in name.casefold():
            return str(name)
    raise DeviceLost(
        Cause.ABSENT, f"no PC/SC reader with {part!r} in its name", hint=f"Connected: {', '.join(names) or 'none'}"
    )


def _check(result: int, part: str) -> None:
    """Raise DeviceLost for any result but success."""
    if result == scard.SCARD_S_SUCCESS:
        return
    what = f"PC/SC reader {part!r}: {scard.SCardGetErrorMessage(result)}"
    if result in _NO_READER:
        raise DeviceLost(Cause.ABSENT, what, hint="Is it plugged in?")
    if result == scard.SCARD_W_SECURITY_VIOLATION:
        raise DeviceLost(Cause.NO_PERMISSION, what, hint="Allow the service org.debian.pcsc-lite.access_pcsc in polkit")
    raise DeviceLost(Cause.SERVICE_DOWN, what, hint="Is pcscd running?")
