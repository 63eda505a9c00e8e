"""What central holds of each journal: up to where, whose it is, and the records that follow."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, select, update

from kiosk.central.database import insert_missing, read_setting, write_setting
from kiosk.central.tables import device, journal, record, setting
from kiosk.core.codec import GENESIS
from kiosk.wire.batches import CheckedRecord

REPLACEMENTS_MAX = 16


class JournalState(msgspec.Struct, frozen=True):
    """Everything of a journal up to `seq`, chain hash `hash`, is stored; `device` may go on with it."""

    journal: str
    device: str
    seq: int
    hash: bytes
    head: int


def journal_state(connection: Connection, name: str, *, lock: bool = False) -> JournalState | None:
    """Return where central stands in a journal, or None. `lock` keeps other writers from it until the commit."""
    columns = (journal.c.id, journal.c.device, journal.c.seq, journal.c.hash, journal.c.head)
    query = select(*columns).where(journal.c.id == name)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return JournalState(*row) if row else None


def open_journal(connection: Connection, name: str, owner: str, at: str) -> JournalState:
    """Make room for a journal, or find that somebody else just did, and lock it."""
    row = {"id": name, "device": owner, "seq": 0, "hash": GENESIS, "head": 0, "first_at": at}
    insert_missing(connection, journal, row)
    state = journal_state(connection, name, lock=True)
    return state or JournalState(name, owner, 0, GENESIS, 0)


def give_journal(connection: Connection, name: str, owner: str) -> None:
    """Let another device go on with a journal; the one before it may not any more."""
    connection.execute(update(journal).where(journal.c.id == name).values(device=owner))


def note_head(connection: Connection, name: str, head: int) -> None:
    """Remember how far a device says its journal goes."""
    connection.execute(update(journal).where(journal.c.id == name).values(head=head))


def may_continue(connection: Connection, owner: str, name: str) -> bool:
    """Say whether a device replaces another, directly or through others, 16 at most."""
    for _ in range(REPLACEMENTS_MAX):
        successor = connection.execute(select(device.c.replaced_by).where(device.c.name == owner)).scalar_one_or_none()
        if successor is None:
            return False
        if successor == name:
            return True
        owner = successor
    return False


def hashes_between(connection: Connection, name: str, first: int, last: int) -> dict[int, bytes]:
    """Return the chain hashes of stored positions, h(0) included."""
    query = select(record.c.seq, record.c.hash).where(record.c.journal == name, record.c.seq.between(first, last))
    hashes = {seq: digest for seq, digest in connection.execute(query)}
    return {0: GENESIS} | hashes if first <= 0 else hashes


def store_records(connection: Connection, state: JournalState, records: Sequence[CheckedRecord], at: str) -> None:
    """Append verified records, which follow `state`, to a locked journal."""
    n = lock_counter(connection, "records")
    rows = [(n + i, state.journal, each.seq, at, each.hash, each.body) for i, each in enumerate(records, 1)]
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    # Ready SQL on the driver: Core's statement costs three times as much per row (docs/performance.md).
    connection.exec_driver_sql(f"INSERT INTO record VALUES ({', '.join([mark] * 6)})", rows)  # noqa: S608  # no values
    last = records[-1]
    values = {"seq": last.seq, "hash": last.hash, "head": max(state.head, last.seq)}
    connection.execute(update(journal).where(journal.c.id == state.journal).values(**values))
    write_setting(connection, "records", str(n + len(rows)))


def lock_counter(connection: Connection, name: str) -> int:
    """Return a counter that only this transaction can move until it ends.

    Whoever raises a counter under this lock makes its numbers visible in their own order: the next number is given out
    only after the commit of the one before. So a reader who has seen n knows that nothing below n is still to come.
    """
    value = read_setting(connection, name, lock=True)
    if value is None:
        insert_missing(connection, setting, {"name": name, "value": "0"})
        value = read_setting(connection, name, lock=True)
    return int(value or 0)
