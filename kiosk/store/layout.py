"""How a journal's file is laid out: the records, the rows derived from them, and the id the journal is born with."""

import secrets
import sqlite3

SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE record (seq INTEGER PRIMARY KEY, body BLOB NOT NULL, hash BLOB NOT NULL);
CREATE TABLE discarded (type TEXT PRIMARY KEY, count INTEGER NOT NULL, first_at TEXT NOT NULL, last_at TEXT NOT NULL)
    WITHOUT ROWID;
CREATE TABLE open_grant (seq INTEGER PRIMARY KEY, access_point TEXT NOT NULL, gate TEXT NOT NULL, credential TEXT,
    entitlement TEXT, area_from TEXT NOT NULL, area_to TEXT NOT NULL, at_ms INTEGER NOT NULL);
CREATE TABLE visit (journal TEXT NOT NULL, seq INTEGER NOT NULL, credential TEXT NOT NULL, entitlement TEXT NOT NULL,
    at_ms INTEGER NOT NULL, PRIMARY KEY (journal, seq)) WITHOUT ROWID;
CREATE INDEX visit_by_credential ON visit (credential);
CREATE TABLE presence (credential TEXT PRIMARY KEY, area TEXT NOT NULL, at_ms INTEGER NOT NULL, journal TEXT NOT NULL,
    seq INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX presence_by_area ON presence (area);
"""

TILL_SCHEMA = """
CREATE TABLE IF NOT EXISTS till (id TEXT PRIMARY KEY, journal TEXT NOT NULL, seq INTEGER NOT NULL,
    at_ms INTEGER NOT NULL, asked BLOB NOT NULL, fact BLOB NOT NULL, owner TEXT NOT NULL,
    unleased_minor INTEGER NOT NULL, leased TEXT NOT NULL, void_id TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS till_by_owner ON till (owner)
"""
"""What follows from sales and top-ups, in a journal that a till writes."""


def create_tables(connection: sqlite3.Connection) -> str:
    """Lay out a new journal file and return the id the journal is born with, 128 random bits in hex."""
    journal = secrets.token_hex(16)
    for statement in SCHEMA.split(";"):
        connection.execute(statement)
    connection.execute("INSERT INTO meta VALUES ('journal', ?)", (journal,))
    return journal


def add_till(connection: sqlite3.Connection) -> None:
    """Lay out what a till derives from its journal, where it is not there."""
    for statement in TILL_SCHEMA.split(";"):
        connection.execute(statement)


def has_till(connection: sqlite3.Connection) -> bool:
    """Say whether a till has written a journal."""
    return bool(connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'till'").fetchone()[0])


def has_tables(connection: sqlite3.Connection) -> bool:
    """Say whether a file has been laid out."""
    return bool(connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'record'").fetchone()[0])
