"""A journal full of taps, written at once: what a gate has when the line was down for days."""

from datetime import timedelta
from pathlib import Path

from kiosk.bench import rosters
from kiosk.core.clock import Clock, ClockState, format_utc
from kiosk.core.codec import GENESIS, canonical, chain
from kiosk.core.identifiers import credential_of
from kiosk.core.records import AccessGranted, AccessTaken, JournalOpened, Record, RosterMark
from kiosk.store.database import open_writer, writing
from kiosk.store.layout import create_tables

MEMBERS = 2000


def bodies(count: int, clock: Clock) -> list[bytes]:
    """Return so many records as canonical bytes: grants of about 300 bytes and their passages, in turn."""
    start = clock.now() - timedelta(seconds=count)
    at = format_utc(start)
    credentials = [credential_of(rosters.identifier(number), rosters.HASH_KEY) for number in range(MEMBERS)]
    made = [canonical(Record(1, at, JournalOpened.type, JournalOpened(clock=ClockState.OK, why="new")))]
    for seq in range(2, count + 1):
        fact: AccessGranted | AccessTaken
        at = format_utc(start + timedelta(seconds=seq))
        if seq % 2 == 0:
            fact = AccessGranted(
                clock=ClockState.OK, access_point="entrance", reader="entrance", reason="ok", roster=RosterMark(1, 30),
                credential=credentials[seq % MEMBERS], member=f"{seq % MEMBERS:016x}", tier="gold", entitlement="e1",
            )  # fmt: skip
        else:
            fact = AccessTaken(clock=ClockState.OK, of=seq - 1, area_from="outside", area_to="club")
        made.append(canonical(Record(seq, at, fact.type, fact)))
    return made


def chained(records: list[bytes]) -> list[tuple[int, bytes, bytes]]:
    """Return seq, body and chain hash of each record."""
    link, rows = GENESIS, []
    for seq, body in enumerate(records, 1):
        link = chain(link, body)
        rows.append((seq, body, link))
    return rows


def write_journal(path: Path, rows: list[tuple[int, bytes, bytes]]) -> str:
    """Write a journal file with these records and return its id."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = open_writer(path)
    with writing(connection):
        journal = create_tables(connection)
        connection.executemany("INSERT INTO record VALUES (?, ?, ?)", rows)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    connection.close()
    return journal
