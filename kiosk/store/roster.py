"""The roster on the box: an immutable snapshot file and a small overlay of what changed since.

Sync alone writes, gate and web read. The overlay's one transaction is the switch: whoever reads it sees one revision.
"""

import secrets
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from kiosk.core.clock import Anchor, format_utc, parse_utc
from kiosk.core.codec import canonical
from kiosk.core.errors import JournalUnavailable, MessageRejected
from kiosk.core.roster import DIGEST_MODULUS, DeltaOp, body_key, digest_hex, row_digest
from kiosk.core.tills import Funds
from kiosk.store.book import UsedNumbers
from kiosk.store.database import open_reader, open_writer, writing

OVERLAY_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS row (key BLOB PRIMARY KEY, body BLOB) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS used (credential TEXT, entitlement TEXT, body BLOB NOT NULL,
    PRIMARY KEY (credential, entitlement)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS funds (owner TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS deny (credential TEXT PRIMARY KEY, until_revision INTEGER NOT NULL) WITHOUT ROWID;
"""


class RosterState(msgspec.Struct, frozen=True):
    """What the overlay says of itself; revision 0 with the empty digest before the first snapshot.

    `change` is another word after every write.
    """

    revision: int = 0
    digest: str = "0" * 64
    snapshot: str = ""
    serial: int = 0
    used_version: int = 0
    deny_version: int = 0
    central_key: str = ""
    anchor: Anchor | None = None
    change: str = ""


class RosterWriter:
    """Sync's side: applies what was verified, one transaction each."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._connection = open_writer(folder / "overlay.db")
        with writing(self._connection):
            knows_funds = "SELECT 1 FROM sqlite_master WHERE name = 'funds'"
            told_all = self._connection.execute(knows_funds).fetchone() is not None
            for statement in OVERLAY_SCHEMA.split(";"):
                self._connection.execute(statement)
            # What an earlier version was told of money it did not keep: then everything has to be told again.
            self._set(**({} if told_all else {"used_version": "0"}))
        self.state = read_state(self._connection)

    def accept_head(self, revision: int, serial: int, issued_at: datetime, accepted_ns: int, boot_id: str) -> bool:
        """Take a verified head as the newest word on time; returns False for one that is not later than the last.

        The roster is fresh as of this head only when it names the revision that is held.
        """
        held = self._number("head_revision"), self.state.serial
        if (revision, serial) <= held:
            return False
        with writing(self._connection):
            self._set(head_revision=str(revision), serial=str(serial), issued_at=format_utc(issued_at))
            self._set(accepted_ns=str(accepted_ns), boot_id=boot_id)
            if revision == self.state.revision:
                self._set(roster_at=format_utc(issued_at))
        self.state = read_state(self._connection)
        return True

    def is_newest_head(self, revision: int, serial: int) -> bool:
        """Say whether a verified head is the very one accepted last, as a broker sends it again after a restart."""
        return (revision, serial) == (self._number("head_revision"), self.state.serial)

    def apply_delta(self, from_revision: int, to_revision: int, ops: Sequence[DeltaOp], digest: str) -> None:
        """Apply a verified delta to the revision it starts from; raises MessageRejected and changes nothing.

        The digest after it must be the one that was signed. Rows are kept as they were sent.
        """
        if from_revision != self.state.revision or to_revision <= from_revision:
            raise MessageRejected(f"delta {from_revision}→{to_revision} does not fit revision {self.state.revision}")
        snapshot = open_snapshot(self.folder, self.state.snapshot)
        try:
            with writing(self._connection):
                total = int(self.state.digest, 16)
                for op in ops:
                    total += self._apply(op, snapshot)
                if digest_hex(total) != digest:
                    raise MessageRejected(f"roster digest differs after delta {from_revision}→{to_revision}")
                self._set(revision=str(to_revision), digest=digest)
                self._follow_head(to_revision)
        finally:
            if snapshot is not None:
                snapshot.close()
        self.state = read_state(self._connection)

    def switch_snapshot(self, name: str, revision: int, digest: str) -> None:
        """Make a verified snapshot file of this folder the roster; raises MessageRejected for an older revision."""
        if revision < self.state.revision:
            raise MessageRejected(f"snapshot revision {revision} is older than {self.state.revision}")
        with writing(self._connection):
            self._connection.execute("DELETE FROM row")
            self._set(snapshot=name, revision=str(revision), digest=digest)
            self._follow_head(revision)
        self.state = read_state(self._connection)

    def put_used(self, version: int, rows: Mapping[tuple[str, str], UsedNumbers], funds: Iterable[Funds] = ()) -> None:
        """Take the use that other gates have seen, and what there is to spend, up to a version."""
        with writing(self._connection):
            told = [(each.owner, msgspec.json.encode(each)) for each in funds]
            self._connection.executemany("INSERT OR REPLACE INTO funds VALUES (?, ?)", told)
            self._connection.executemany(
                "INSERT OR REPLACE INTO used VALUES (?, ?, ?)",
                [(*key, msgspec.json.encode(entry)) for key, entry in rows.items()],
            )
            self._set(used_version=str(version))
        self.state = read_state(self._connection)

    def put_deny(self, version: int, entries: Mapping[str, int]) -> bool:
        """Take a newer deny list whole; returns False for one that is not newer."""
        if version <= self.state.deny_version:
            return False
        with writing(self._connection):
            self._connection.execute("DELETE FROM deny")
            self._connection.executemany("INSERT INTO deny VALUES (?, ?)", list(entries.items()))
            self._set(deny_version=str(version))
        self.state = read_state(self._connection)
        return True

    def put_central_key(self, text: str) -> None:
        """Keep which keys of central's count, as sync's trust writes them."""
        with writing(self._connection):
            self._set(central_key=text)
        self.state = read_state(self._connection)

    def tidy(self) -> None:
        """Fold the log in and delete snapshot files nobody needs."""
        self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        for path in self.folder.glob("snapshot-*.db"):
            if path.name != self.state.snapshot:
                path.unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of the files."""
        self._connection.close()

    def _apply(self, op: DeltaOp, snapshot: sqlite3.Connection | None) -> int:
        """Apply one op and return what it adds to the digest."""
        body = canonical(op.put) if op.put is not None else None
        key = body_key(body) if body is not None else bytes.fromhex(op.drop or "")
        old = row_body(self._connection, snapshot, key)
        self._connection.execute("INSERT OR REPLACE INTO row VALUES (?, ?)", (key, body))
        change = (row_digest(body) if body is not None else 0) - (row_digest(old) if old is not None else 0)
        return change % DIGEST_MODULUS

    def _follow_head(self, revision: int) -> None:
        if revision == self._number("head_revision"):
            issued_at = self._connection.execute("SELECT value FROM meta WHERE name = 'issued_at'").fetchone()
            self._set(roster_at=issued_at[0])

    def _number(self, name: str) -> int:
        row = self._connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return int(row[0]) if row else 0

    def _set(self, **values: str) -> None:
        """Write meta rows, and a change mark by which readers know that something is new."""
        values["change"] = secrets.token_hex(8)
        self._connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", list(values.items()))


def open_snapshot(folder: Path, name: str) -> sqlite3.Connection | None:
    """Open a snapshot file of a roster folder; None for no name."""
    return open_reader(folder / name, immutable=True) if name else None


def row_body(overlay: sqlite3.Connection, snapshot: sqlite3.Connection | None, key: bytes) -> bytes | None:
    """Return a row as the overlay has it, else as the snapshot has it; None where neither does."""
    row = overlay.execute("SELECT body FROM row WHERE key = ?", (key,)).fetchone()
    if row is None and snapshot is not None:
        row = snapshot.execute("SELECT body FROM row WHERE key = ?", (key,)).fetchone()
    return row[0] if row else None


def read_state(connection: sqlite3.Connection) -> RosterState:
    """Return what an overlay says of itself."""
    try:
        meta = dict(connection.execute("SELECT name, value FROM meta").fetchall())
    except sqlite3.OperationalError as error:
        raise JournalUnavailable(f"the roster overlay has no tables: {error}") from error
    anchor = None
    if "issued_at" in meta:
        roster_at = parse_utc(meta["roster_at"]) if "roster_at" in meta else datetime.fromtimestamp(0).astimezone()
        anchor = Anchor(parse_utc(meta["issued_at"]), int(meta["accepted_ns"]), meta["boot_id"], roster_at)
    return RosterState(
        revision=int(meta.get("revision", 0)),
        digest=meta.get("digest", "0" * 64),
        snapshot=meta.get("snapshot", ""),
        serial=int(meta.get("serial", 0)),
        used_version=int(meta.get("used_version", 0)),
        deny_version=int(meta.get("deny_version", 0)),
        central_key=meta.get("central_key", ""),
        anchor=anchor,
        change=meta["change"],
    )
