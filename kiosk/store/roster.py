"""The roster on the box: an immutable snapshot file and a small overlay of what changed since.

Sync alone writes, gate and web read. The overlay's one transaction is the switch: whoever reads it sees one revision.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import msgspec

from kiosk.core.clock import Anchor, format_utc, parse_utc
from kiosk.core.errors import JournalUnavailable, MessageRejected, RosterUnavailable
from kiosk.core.model import AnyRow, Credential, Policy
from kiosk.core.roster import (
    DIGEST_MODULUS,
    DeltaOp,
    decode_row,
    digest_hex,
    encode_row,
    make_policy,
    row_digest,
    row_key,
)
from kiosk.store.book import UsedNumbers
from kiosk.store.database import open_reader, open_writer, retrying, writing

OVERLAY_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS row (key BLOB PRIMARY KEY, body BLOB) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS used (credential TEXT, entitlement TEXT, body BLOB NOT NULL,
    PRIMARY KEY (credential, entitlement)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS deny (credential TEXT PRIMARY KEY, until_revision INTEGER NOT NULL) WITHOUT ROWID;
"""
SMALL_KINDS = ("area", "product", "schedule", "site", "tier")


class RosterState(msgspec.Struct, frozen=True):
    """What the overlay says of itself; revision 0 with the empty digest before the first snapshot."""

    revision: int = 0
    digest: str = "0" * 64
    snapshot: str = ""
    serial: int = 0
    used_version: int = 0
    deny_version: int = 0
    central_key: str = ""
    anchor: Anchor | None = None


class RosterWriter:
    """Sync's side: applies what was verified, one transaction each."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._connection = open_writer(folder / "overlay.db")
        with writing(self._connection):
            for statement in OVERLAY_SCHEMA.split(";"):
                self._connection.execute(statement)
        self.state = _read_state(self._connection)

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
        self.state = _read_state(self._connection)
        return True

    def apply_delta(self, from_revision: int, to_revision: int, ops: Sequence[DeltaOp], digest: str) -> None:
        """Apply a verified delta to the revision it starts from; raises MessageRejected and changes nothing.

        The digest after it must be the one that was signed.
        """
        if from_revision != self.state.revision or to_revision <= from_revision:
            raise MessageRejected(f"delta {from_revision}→{to_revision} does not fit revision {self.state.revision}")
        snapshot = _open_snapshot(self.folder, self.state.snapshot)
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
        self.state = _read_state(self._connection)

    def switch_snapshot(self, name: str, revision: int, digest: str) -> None:
        """Make a verified snapshot file of this folder the roster; raises MessageRejected for an older revision."""
        if revision < self.state.revision:
            raise MessageRejected(f"snapshot revision {revision} is older than {self.state.revision}")
        with writing(self._connection):
            self._connection.execute("DELETE FROM row")
            self._set(snapshot=name, revision=str(revision), digest=digest)
            self._follow_head(revision)
        self.state = _read_state(self._connection)

    def put_used(self, version: int, rows: Mapping[tuple[str, str], UsedNumbers]) -> None:
        """Take the use that other gates have seen, up to a version."""
        with writing(self._connection):
            self._connection.executemany(
                "INSERT OR REPLACE INTO used VALUES (?, ?, ?)",
                [(*key, msgspec.json.encode(entry)) for key, entry in rows.items()],
            )
            self._set(used_version=str(version))
        self.state = _read_state(self._connection)

    def put_deny(self, version: int, entries: Mapping[str, int]) -> bool:
        """Take a newer deny list whole; returns False for one that is not newer."""
        if version <= self.state.deny_version:
            return False
        with writing(self._connection):
            self._connection.execute("DELETE FROM deny")
            self._connection.executemany("INSERT INTO deny VALUES (?, ?)", list(entries.items()))
            self._set(deny_version=str(version))
        self.state = _read_state(self._connection)
        return True

    def put_central_key(self, text: str) -> None:
        """Keep the key that central announced as its next one."""
        with writing(self._connection):
            self._set(central_key=text)
        self.state = _read_state(self._connection)

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
        key = row_key(op.put) if op.put is not None else bytes.fromhex(op.drop or "")
        old = _body(self._connection, snapshot, key)
        body = encode_row(op.put) if op.put is not None else None
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
        self._connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", list(values.items()))


class Found(msgspec.Struct, frozen=True):
    """What the roster knows of one credential."""

    credential: Credential | None
    denied: bool
    used: dict[str, UsedNumbers]


class RosterReader:
    """The gate's side: one consistent revision per look, noticed within the same tap when sync switched."""

    def __init__(self, folder: Path, site: str, zone: str, roster_age_max_s: int) -> None:
        self.folder = folder
        self._site, self._zone, self._age_max_s = site, zone, roster_age_max_s
        self._overlay: sqlite3.Connection | None = None
        self._snapshot: sqlite3.Connection | None = None
        self._seen_change = -1
        self.state = RosterState()
        self.policy: Policy = make_policy(0, site, (), roster_age_max_s, zone)

    @contextmanager
    def look(self) -> Iterator["RosterReader"]:
        """Hold one revision still while a case is gathered; raises RosterUnavailable.

        Before sync has written the first roster this is the empty one, revision 0.
        """
        try:
            overlay = self._open_overlay()
            if overlay is None:
                yield self
                return
            retrying(lambda: overlay.execute("BEGIN"))
            try:
                self._refresh(overlay)
                yield self
            finally:
                overlay.execute("COMMIT")
        except (sqlite3.Error, OSError, MessageRejected) as error:
            self.close()
            raise RosterUnavailable(f"roster in {self.folder} cannot be read: {error}") from error

    def find(self, credential: str) -> Found:
        """Look a credential up; inside `look` only."""
        if self._overlay is None:
            return Found(None, denied=False, used={})
        body = _body(self._overlay, self._snapshot, bytes.fromhex(credential))
        row = decode_row(body) if body is not None else None
        denied = self._overlay.execute("SELECT until_revision FROM deny WHERE credential = ?", (credential,)).fetchone()
        used = self._overlay.execute(
            "SELECT entitlement, body FROM used WHERE credential = ?", (credential,)
        ).fetchall()
        return Found(
            credential=row if isinstance(row, Credential) else None,
            denied=denied is not None and self.state.revision < denied[0],
            used={name: _used_numbers.decode(body) for name, body in used},
        )

    def close(self) -> None:
        """Let go of the files; the next look opens them again."""
        for connection in (self._overlay, self._snapshot):
            if connection is not None:
                connection.close()
        self._overlay = self._snapshot = None
        self._seen_change = -1

    def _open_overlay(self) -> sqlite3.Connection | None:
        path = self.folder / "overlay.db"
        if self._overlay is None and path.exists():
            self._overlay = open_reader(path)
        return self._overlay

    def _refresh(self, overlay: sqlite3.Connection) -> None:
        change = overlay.execute("PRAGMA data_version").fetchone()[0]
        if change == self._seen_change:
            return
        state = _read_state(overlay)
        if state.snapshot != self.state.snapshot or self._snapshot is None:
            if self._snapshot is not None:
                self._snapshot.close()
            self._snapshot = _open_snapshot(self.folder, state.snapshot)
        if state.revision != self.policy.revision or self._seen_change == -1:
            rows = _small_rows(overlay, self._snapshot)
            self.policy = make_policy(state.revision, self._site, rows, self._age_max_s, self._zone)
        self.state = state
        self._seen_change = change


_used_numbers = msgspec.json.Decoder(UsedNumbers)


def _open_snapshot(folder: Path, name: str) -> sqlite3.Connection | None:
    return open_reader(folder / name, immutable=True) if name else None


def _body(overlay: sqlite3.Connection, snapshot: sqlite3.Connection | None, key: bytes) -> bytes | None:
    row = overlay.execute("SELECT body FROM row WHERE key = ?", (key,)).fetchone()
    if row is None and snapshot is not None:
        row = snapshot.execute("SELECT body FROM row WHERE key = ?", (key,)).fetchone()
    return row[0] if row else None


def _small_rows(overlay: sqlite3.Connection, snapshot: sqlite3.Connection | None) -> list[AnyRow]:
    bodies: dict[bytes, bytes | None] = {}
    for source in (snapshot, overlay):
        for kind in SMALL_KINDS if source is not None else ():
            span = (f"{kind}:".encode(), f"{kind};".encode())
            bodies.update(source.execute("SELECT key, body FROM row WHERE key >= ? AND key < ?", span).fetchall())  # type: ignore[union-attr]
    return [decode_row(body) for body in bodies.values() if body is not None]


def _read_state(connection: sqlite3.Connection) -> RosterState:
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
    )
