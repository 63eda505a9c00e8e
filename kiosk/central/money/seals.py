"""The seal over the postings: a hash chain in their order, made each night, that an edit by hand breaks.

A seal covers at most 2,000 postings and goes on from the one before. What is pending is sealed as it was asked for.
"""

from datetime import date

import msgspec
from sqlalchemy import Connection, func, insert, select, text

from kiosk.central.club.books import Change, Look
from kiosk.central.database import Database
from kiosk.central.money.postings import read_many, written_at
from kiosk.central.money.proof_records import FOUND_MAX, Check, Proof, Wrong
from kiosk.central.money.tables import ledger_posting, ledger_seal
from kiosk.club.ledger import sealed_form, sums_of
from kiosk.core.clock import format_utc
from kiosk.core.codec import chain

POSTINGS_PER_SEAL = 2_000
LOCK_WAIT_MS = 1_000
"""For so long whoever posts may have to wait behind the night that waits for somebody else."""


class Seal(msgspec.Struct, frozen=True):
    """What one seal says: the postings up to number `last_n`, how many of them are new, and the chain's hash."""

    number: int
    day: str
    last_n: int
    postings: int
    hash: str
    at: str


_BEFORE_ALL = Seal(0, "", 0, 0, "00" * 32, "")


def settled_n(database: Database) -> int:
    """Return the number up to which every posting there will ever be is written; raises RetryLater.

    On PostgreSQL numbers are drawn before the commit, so this waits for those who are writing, and they for it.
    """

    def last(connection: Connection) -> int:
        if not database.is_sqlite:
            connection.execute(text(f"SET LOCAL lock_timeout = {LOCK_WAIT_MS}"))
            connection.execute(text("LOCK TABLE ledger_posting IN SHARE MODE"))
        return int(connection.execute(select(func.coalesce(func.max(ledger_posting.c.n), 0))).scalar_one())

    return database.run(last)


def seal_next(change: Change, day: date, until_n: int) -> tuple[Seal, list[Wrong]] | None:
    """Seal the next 2,000 postings up to a number, and name those that do not balance; None where none are left."""
    before = last_seal(change)
    query = select(ledger_posting.c.n).where(ledger_posting.c.n > before.last_n, ledger_posting.c.n <= until_n)
    numbers = change.connection.execute(query.order_by(ledger_posting.c.n).limit(POSTINGS_PER_SEAL)).scalars().all()
    if not numbers:
        return None
    hash_, found = _chained(change.connection, before, numbers[-1])
    seal = Seal(before.number + 1, day.isoformat(), numbers[-1], len(numbers), hash_, format_utc(change.now))
    change.connection.execute(insert(ledger_seal), msgspec.to_builtins(seal))
    return seal, found


def last_seal(look: Look, before: int | None = None) -> Seal:
    """Return the newest seal, or the newest before a number; where there is none, one of nothing."""
    query = select(ledger_seal).order_by(ledger_seal.c.number.desc()).limit(1)
    if before is not None:
        query = query.where(ledger_seal.c.number < before)
    row = look.connection.execute(query).first()
    return msgspec.convert(row, Seal, from_attributes=True) if row else _BEFORE_ALL


def seals_from(look: Look, number: int, limit: int) -> list[Seal]:
    """Return some seals in their order, from a number on."""
    query = select(ledger_seal).where(ledger_seal.c.number >= number).order_by(ledger_seal.c.number).limit(limit)
    return [msgspec.convert(row, Seal, from_attributes=True) for row in look.connection.execute(query)]


def broken(look: Look, number: int, limit: int) -> list[Wrong]:
    """Look some seals through again, from a number on: name those that do not fit, and postings without balance."""
    before = last_seal(look, number)
    found: list[Wrong] = []
    for seal in seals_from(look, number, limit):
        hash_, unbalanced = _chained(look.connection, before, seal.last_n)
        found += unbalanced
        if seal.number != before.number + 1 or hash_ != seal.hash:
            found.append(Wrong(Check.SEAL, f"{seal.number} of {seal.day}, after posting {before.last_n}"))
        before = seal
    return found


def named_by(proof: Proof | None) -> tuple[int, ...]:
    """Return the numbers of the seals that a proof has found broken."""
    found = proof.found if proof is not None else ()
    return tuple(int(each.where.partition(" ")[0]) for each in found if each.check is Check.SEAL)


def _chained(connection: Connection, before: Seal, last_n: int) -> tuple[str, list[Wrong]]:
    link, found = bytes.fromhex(before.hash), []
    booked = written_at(connection, before.last_n + 1, last_n)
    for each in read_many(connection, before.last_n + 1, last_n):
        at, pending = booked[each.n]
        link = chain(link, sealed_form(each.posting, each.n, at, pending=pending))
        sums = sums_of(each.posting.lines)
        if not sums or any(sums.values()):
            found.append(Wrong(Check.POSTING_BALANCE, each.posting.id, sum(sums.values())))
    return link.hex(), found[:FOUND_MAX]
