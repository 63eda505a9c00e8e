"""Births and last wills: what each device last said of itself, and the acks that answer a birth."""

import logging
from datetime import datetime

from sqlalchemy import Connection, update

from kiosk.central.database import read_setting, write_setting
from kiosk.central.journals import JournalState, journal_state, lock_counter, may_continue, note_head
from kiosk.central.roster import REPORTED, REVISION
from kiosk.central.tables import device
from kiosk.core.clock import epoch_ms, format_utc, parse_utc
from kiosk.core.codec import GENESIS
from kiosk.core.errors import InvalidInput, MessageRejected
from kiosk.wire.messages import Ack, AckStatus, Birth, JournalHead, Offline
from kiosk.wire.signing import VerifyKey, read_object, to_message

JOURNALS_MAX = 64
NUMBER_MAX = 2**31 - 1
LEAP_MAX = 1_000_000
"""So far above every known revision a birth may raise the roster: one device must not use up the numbers of all."""

_log = logging.getLogger(__name__)


def is_birth(payload: bytes) -> bool:
    """Tell a birth from a last will; raises MessageRejected where it is neither."""
    word = read_object(payload).get("state")
    if word not in ("online", "offline"):
        raise MessageRejected("a state that is neither online nor offline")
    return bool(word == "online")


def open_birth(payload: bytes, key: VerifyKey) -> Birth:
    """Verify a birth and its limits; raises MessageRejected."""
    birth = key.open(payload, Birth)
    if len(birth.journals) > JOURNALS_MAX or not 0 < len(birth.session) <= 64 or not 0 <= birth.roster <= NUMBER_MAX:
        raise MessageRejected(f"a birth with {len(birth.journals)} journals, roster {birth.roster}")
    if any(not 0 <= each.head < 2**53 or len(each.journal) > 32 for each in birth.journals):
        raise MessageRejected("a birth with a journal that cannot be")
    if not birth.session.isascii() or not birth.session.isprintable():
        raise MessageRejected("a birth with an unprintable session")
    return birth


def take_birth(connection: Connection, name: str, birth: Birth, now: datetime, *, retained: bool) -> list[Ack]:
    """Write down a verified birth and return an ack for each of its journals.

    A retained one may be old: it says nothing about the device's clock, nor that the device was heard just now.
    """
    acks = [_answer(connection, name, birth.session, head, format_utc(now)) for head in birth.journals]
    heard = {} if retained else {"seen_at": format_utc(now), "clock_offset_ms": _clock_offset(birth, now)}
    version = birth.version[:32].encode("ascii", "backslashreplace").decode()[:32].replace("\0", "")
    row = {"state": "online", "session": birth.session, "version": version, "roster_revision": birth.roster}
    connection.execute(update(device).where(device.c.name == name).values(**row, **heard))
    _note_revision(connection, name, birth.roster)
    return acks


def take_offline(connection: Connection, name: str, payload: bytes, now: datetime, *, retained: bool) -> bool:
    """Note that a device went offline, if the words are of its last session; raises MessageRejected."""
    session = to_message(read_object(payload), Offline).session
    heard = {} if retained else {"seen_at": format_utc(now)}
    last = (device.c.name == name, device.c.session == session.replace("\0", "")[:64])
    return connection.execute(update(device).where(*last).values(state="offline", **heard)).rowcount == 1


def _note_revision(connection: Connection, name: str, revision: int) -> None:
    """Remember the highest revision that any birth told.

    A central that came back from a backup signs only revisions above every one it ever published (CONTRACT §3).
    """
    told, newest = lock_counter(connection, REPORTED), int(read_setting(connection, REVISION) or 0)
    if revision > max(told, newest) + LEAP_MAX:
        extra = {"device": name, "revision": revision, "told": told, "newest": newest}
        _log.error("device tells of a roster revision that cannot be", extra=extra)
    elif revision > told:
        write_setting(connection, REPORTED, str(revision))


def _answer(connection: Connection, name: str, session: str, head: JournalHead, time: str) -> Ack:
    state = journal_state(connection, head.journal, lock=True)
    if state is None:
        return _ack(JournalState(head.journal, name, 0, GENESIS, 0), AckStatus.OK, session, time)
    if state.device != name and not may_continue(connection, state.device, name):
        return _ack(state, AckStatus.BAD, session, time)
    if head.head < state.seq:
        _log.error(
            "device holds less than is stored",
            extra={"device": name, "journal": state.journal, "head": head.head, "stored": state.seq},
        )
    note_head(connection, state.journal, head.head)
    return _ack(state, AckStatus.OK, session, time)


def _ack(state: JournalState, status: AckStatus, session: str, time: str) -> Ack:
    return Ack(journal=state.journal, seq=state.seq, hash=state.hash.hex(), status=status, time=time, session=session)


def _clock_offset(birth: Birth, now: datetime) -> int | None:
    try:
        return epoch_ms(parse_utc(birth.time)) - epoch_ms(now)
    except InvalidInput:
        return None
