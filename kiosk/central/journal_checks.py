"""Every stored journal read through again: each record is chained to the one before it, and none is missing (§5.12)."""

import msgspec
from sqlalchemy import Connection, select

from kiosk.central.database import Database
from kiosk.central.tables import journal, record
from kiosk.core.codec import GENESIS, chain

ROWS_PER_READ = 2000


class Break(msgspec.Struct, frozen=True):
    """The first place of a journal that does not fit: the record of this number is missing or another one."""

    journal: str
    seq: int


def check_journals(database: Database) -> tuple[Break, ...]:
    """Return where the journals that central holds are not what it acknowledged, the first place of each."""
    with database.read() as connection:
        query = select(journal.c.id, journal.c.seq, journal.c.hash).order_by(journal.c.id)
        held = connection.execute(query).all()
        found = (_first_break(connection, name, seq, bytes(end)) for name, seq, end in held)
        return tuple(each for each in found if each is not None)


def _first_break(connection: Connection, name: str, last: int, end: bytes) -> Break | None:
    query = select(record.c.seq, record.c.hash, record.c.body).where(record.c.journal == name).order_by(record.c.seq)
    wanted, before = 1, GENESIS
    with connection.execution_options(yield_per=ROWS_PER_READ).execute(query) as rows:
        for seq, resting, body in rows:
            after = chain(before, bytes(body))
            if seq != wanted or after != bytes(resting):
                return Break(name, wanted)
            wanted, before = seq + 1, after
    return None if (wanted - 1, before) == (last, end) else Break(name, wanted)
