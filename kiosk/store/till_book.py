"""What follows from a till's journal: its sales and top-ups by their ids, and what was spent that central may not know.

Rows change in the commit of their fact. A sale is known by (journal, seq), so that central's figures can say which of
our own they contain; the rows stay for a while behind that, for a central that came back from a backup knows less.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from kiosk.core.records import SaleFact, TopUpTaken
from kiosk.core.spending import OfflineSpend
from kiosk.store.journal import Journal, Statement
from kiosk.store.layout import TILL_SCHEMA

FORGOTTEN_AT_ONCE = 500

_COLUMNS = "SELECT id, journal, seq, at_ms, asked, fact, owner, void_id FROM till "
_leased = msgspec.json.Decoder(dict[str, int])


class Taken(msgspec.Struct, frozen=True):
    """A sale or top-up that was recorded: a digest of what was asked, the fact's data; when, UTC milliseconds."""

    id: str
    journal: str
    seq: int
    at_ms: int
    asked: bytes
    fact: bytes
    owner: str
    void_id: str


def lay_out(journal: Journal) -> None:
    """Make room for a till's rows where there is none; raises JournalUnavailable."""
    journal.update([(statement, ()) for statement in TILL_SCHEMA.split(";")])


def find(journal: Journal, id: str) -> Taken | None:
    """Return what was recorded under an id; raises JournalUnavailable."""
    rows = journal.query(_COLUMNS + "WHERE id = ?", (id,))
    return Taken(*rows[0]) if rows else None


def on_sale(fact: SaleFact, owner: str, at_ms: int, asked: bytes, data: bytes) -> list[Statement]:
    """Keep a sale, and what it took of its owner's money."""
    leased = msgspec.json.encode(fact.leased or {}).decode()
    return [_keep(fact.sale_id, at_ms, asked, data, owner, fact.unleased_minor, leased)]


def on_top_up(fact: TopUpTaken, at_ms: int, asked: bytes, data: bytes) -> list[Statement]:
    """Keep a top-up."""
    return [_keep(fact.topup_id, at_ms, asked, data, "", 0, "{}")]


def on_void(sale_id: str, void_id: str) -> list[Statement]:
    """Mark a sale as voided: it has spent nothing."""
    return [("UPDATE till SET void_id = ? WHERE id = ?", (void_id, sale_id))]


def spends(journal: Journal, owner: str, folded: Mapping[str, int]) -> list[OfflineSpend]:
    """Return what was spent here of an owner's money behind central's fold points, in order; voided sales left out."""
    sql = "SELECT journal, seq, unleased_minor, leased FROM till WHERE owner = ? AND void_id = '' ORDER BY at_ms, seq"
    return [
        OfflineSpend(seq, owner, unleased_minor, tuple(sorted(_leased.decode(leased).items())))
        for name, seq, unleased_minor, leased in journal.query(sql, (owner,))
        if seq > folded.get(name, 0)
    ]


def forget(before_ms: int, journal: str, acked: int) -> list[Statement]:
    """Forget what is older than a time and confirmed by central, a few at a call; of an earlier journal all was."""
    sql = "DELETE FROM till WHERE id IN (SELECT id FROM till WHERE at_ms < ? AND (journal <> ? OR seq <= ?) LIMIT ?)"
    return [(sql, (before_ms, journal, acked, FORGOTTEN_AT_ONCE))]


def _keep(id: str, at_ms: int, asked: bytes, data: bytes, owner: str, unleased_minor: int, leased: str) -> Statement:
    row: tuple[Any, ...] = (id, ":journal", ":seq", at_ms, asked, data, owner, unleased_minor, leased, "")
    return ("INSERT INTO till VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
