"""The roster as the gate reads it: one consistent revision per look, noticed within the same tap when sync switched."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import msgspec

from kiosk.core.board import Announcement
from kiosk.core.errors import JournalUnavailable, MessageRejected, RosterUnavailable
from kiosk.core.goods import Item
from kiosk.core.model import AnyRow, Credential, Policy
from kiosk.core.roster import decode_row, make_policy
from kiosk.core.spending import SpendLimits
from kiosk.core.tills import Funds
from kiosk.store.book import UsedNumbers
from kiosk.store.database import open_reader, retrying
from kiosk.store.roster import RosterState, open_snapshot, read_state

LOOKS_MAX = 8
SMALL_KINDS = ("area", "product", "schedule", "site", "tier")

# One statement is one consistent look at the overlay, its change mark included; a transaction around several is dear.
_LOOK = """
SELECT 0, body, NULL FROM row WHERE key = ?1
UNION ALL SELECT 1, until_revision, NULL FROM deny WHERE credential = ?2
UNION ALL SELECT 2, body, entitlement FROM used WHERE credential = ?2
UNION ALL SELECT 3, value, NULL FROM meta WHERE name = 'change'
"""
_FUNDS = "SELECT body FROM funds WHERE owner IN (?, '')"
_funds = msgspec.json.Decoder(Funds)
_used_numbers = msgspec.json.Decoder(UsedNumbers)
_item = msgspec.json.Decoder(Item)
_announcement = msgspec.json.Decoder(Announcement)

R = TypeVar("R")


class Found(msgspec.Struct, frozen=True):
    """What the roster knows of one credential."""

    credential: Credential | None = None
    denied: bool = False
    used: dict[str, UsedNumbers] = {}


class RosterReader:
    """Reads what sync writes. Before there is a first roster it is the empty one, revision 0."""

    def __init__(self, folder: Path, site: str, zone: str, roster_age_max_s: int) -> None:
        self.folder = folder
        self._site, self._zone, self._age_max_s = site, zone, roster_age_max_s
        self._overlay: sqlite3.Connection | None = None
        self._snapshot: sqlite3.Connection | None = None
        self._seen_change = ""
        self.state = RosterState()
        self.policy: Policy = make_policy(0, site, (), roster_age_max_s, zone)

    def refresh(self) -> None:
        """Take up `state` and `policy` as they stand now; raises RosterUnavailable."""
        with self._translated():
            overlay = self._open_overlay()
            if overlay is not None:
                row = retrying(lambda: overlay.execute("SELECT value FROM meta WHERE name = 'change'").fetchone())
                if row[0] != self._seen_change:
                    self._follow(overlay)

    def find(self, credential: str) -> Found:
        """Look a credential up in the revision that `state` and `policy` then tell of; raises RosterUnavailable."""
        with self._translated():
            overlay = self._open_overlay()
            if overlay is None:
                return Found()
            key = bytes.fromhex(credential)
            for _ in range(LOOKS_MAX):
                rows = retrying(lambda: overlay.execute(_LOOK, (key, credential)).fetchall())
                if rows[-1][1] == self._seen_change:
                    return self._found(rows, key)
                self._follow(overlay)
            raise RosterUnavailable(f"roster in {self.folder} changed at each of {LOOKS_MAX} looks")

    def funds(self, owner: str) -> tuple[Funds | None, SpendLimits | None]:
        """Return what central last told of an owner's money, and the limits; None what it did not tell.

        Raises RosterUnavailable.
        """
        with self._translated():
            overlay = self._open_overlay()
            if overlay is None:
                return None, None
            rows = retrying(lambda: overlay.execute(_FUNDS, (owner,)).fetchall())
            told = {each.owner: each for each in (_funds.decode(body) for (body,) in rows)}
            limits = told.get("")
            return told.get(owner), limits.limits if limits is not None else None

    def items(self) -> dict[str, Item]:
        """Return the price list by id; what cannot be read of it is left out. Raises RosterUnavailable."""
        return {each.id: each for each in self._rows("item", _item)}

    def announcements(self) -> list[Announcement]:
        """Return what the office has pinned up; what cannot be read of it is left out. Raises RosterUnavailable."""
        return self._rows("announcement", _announcement)

    def _rows(self, kind: str, decoder: msgspec.json.Decoder[R]) -> list[R]:
        """Return rows of a kind that no gate looks at."""
        self.refresh()
        with self._translated():
            overlay = self._open_overlay()
            bodies = retrying(lambda: _bodies((kind,), overlay, self._snapshot)) if overlay is not None else []
        found: list[R] = []
        for body in bodies:
            with suppress(msgspec.DecodeError):
                found.append(decoder.decode(body))
        return found

    def close(self) -> None:
        """Let go of the files; the next look opens them again."""
        for connection in (self._overlay, self._snapshot):
            if connection is not None:
                connection.close()
        self._overlay = self._snapshot = None
        self._seen_change = ""

    def _found(self, rows: list[tuple[int, bytes | int | str | None, str]], key: bytes) -> Found:
        body: object = None
        changed, denied = False, False
        used: dict[str, UsedNumbers] = {}
        for kind, value, entitlement in rows:
            if kind == 0:
                body, changed = value, True
            elif kind == 1 and isinstance(value, int):
                denied = self.state.revision < value
            elif kind == 2 and isinstance(value, bytes):
                used[entitlement] = _used_numbers.decode(value)
        if not changed and self._snapshot is not None:
            row = self._snapshot.execute("SELECT body FROM row WHERE key = ?", (key,)).fetchone()
            body = row[0] if row else None
        found = decode_row(body) if isinstance(body, bytes) else None
        return Found(found if isinstance(found, Credential) else None, denied, used)

    def _open_overlay(self) -> sqlite3.Connection | None:
        if self._overlay is None:
            path = self.folder / "overlay.db"
            overlay = open_reader(path) if path.exists() else None
            laid_out = "SELECT 1 FROM sqlite_master WHERE name = 'meta'"
            if overlay is not None and not overlay.execute(laid_out).fetchone():
                # Sync is laying the file out at this very moment.
                overlay.close()
                overlay = None
            self._overlay = overlay
        return self._overlay

    def _follow(self, overlay: sqlite3.Connection) -> None:
        retrying(lambda: overlay.execute("BEGIN"))
        try:
            state = read_state(overlay)
            if state.snapshot != self.state.snapshot or self._snapshot is None:
                if self._snapshot is not None:
                    self._snapshot.close()
                self._snapshot = open_snapshot(self.folder, state.snapshot)
            if state.revision != self.policy.revision or self._seen_change == "":
                rows = _small_rows(overlay, self._snapshot)
                self.policy = make_policy(state.revision, self._site, rows, self._age_max_s, self._zone)
            self.state = state
            self._seen_change = state.change
        finally:
            overlay.execute("COMMIT")

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError, JournalUnavailable, MessageRejected, msgspec.DecodeError) as error:
            self.close()
            raise RosterUnavailable(f"roster in {self.folder} cannot be read: {error}") from error


def _small_rows(overlay: sqlite3.Connection, snapshot: sqlite3.Connection | None) -> list[AnyRow]:
    return [decode_row(body) for body in _bodies(SMALL_KINDS, overlay, snapshot)]


def _bodies(kinds: Sequence[str], overlay: sqlite3.Connection, snapshot: sqlite3.Connection | None) -> list[bytes]:
    bodies: dict[bytes, bytes | None] = {}
    for source in (snapshot, overlay):
        for kind in kinds if source is not None else ():
            span = (f"{kind}:".encode(), f"{kind};".encode())
            sql = "SELECT key, body FROM row WHERE key >= ? AND key < ?"
            bodies.update(source.execute(sql, span).fetchall() if source is not None else ())
    return [body for body in bodies.values() if body is not None]
