"""What a proof of the books found, and the record of every one."""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum

import msgspec
from sqlalchemy import insert, select

from kiosk.central.club.books import Change, Look
from kiosk.central.money.tables import ledger_proof
from kiosk.core.clock import format_utc
from kiosk.core.codec import canonical

PAGE_MAX = 500
FOUND_MAX = 20
"""So many of what one check finds are named."""


class Check(StrEnum):
    """What is proved. Wire format."""

    TRIAL_BALANCE = "trial_balance"
    POSTING_BALANCE = "posting_balance"
    CACHED_BALANCE = "cached_balance"
    HELD = "held"
    FLOOR = "floor"
    LIABILITY = "liability"
    REVERSAL = "reversal"
    SETTLEMENT = "settlement"
    GIFT_CARD = "gift_card"
    STORED_LOT = "stored_lot"
    FEE_DEBT = "fee_debt"
    POINTS = "points"
    SEAL = "seal"


class Wrong(msgspec.Struct, frozen=True):
    """Where the books do not hold, by how much: `where` is a unit, account, posting, member or seal.

    `sums` are the two amounts that should be one, where both help whoever looks.
    """

    check: Check
    where: str
    off_by: int = 0
    sums: tuple[int, ...] = ()


class Proof(msgspec.Struct, frozen=True):
    """A proof of the books: how many postings there were, and what was found, the first 20 of each check."""

    postings: int
    found: tuple[Wrong, ...] = ()
    day: str = ""
    at: str = ""

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not self.found

    def words(self) -> str:
        """Say for staff what is wrong and where."""
        return "; ".join(_words(each) for each in self.found)


def _words(wrong: Wrong) -> str:
    sums = f" ({' against '.join(str(each) for each in wrong.sums)})" if wrong.sums else ""
    return f"{wrong.check} {wrong.where} off by {wrong.off_by}{sums}"


def record(change: Change, postings: int, found: Sequence[Wrong], day: date) -> Proof:
    """Write a proof down."""
    proof = Proof(postings, tuple(found), day.isoformat(), format_utc(change.now))
    row = {"day": proof.day, "at": proof.at, "holds": proof.holds, "postings": postings}
    change.connection.execute(insert(ledger_proof), row | {"found": canonical(proof.found).decode()})
    return proof


def last_proof(look: Look) -> Proof | None:
    """Return the newest proof; None before the first."""
    return next(iter(proofs(look, 1)), None)


def proofs(look: Look, limit: int = PAGE_MAX) -> list[Proof]:
    """Return the proofs, newest first; 500 at most."""
    table = ledger_proof
    query = select(table.c.postings, table.c.found, table.c.day, table.c.at).order_by(table.c.n.desc())
    rows = look.connection.execute(query.limit(min(limit, PAGE_MAX)))
    kind = tuple[Wrong, ...]
    return [Proof(count, msgspec.json.decode(found, type=kind), day, at) for count, found, day, at in rows]
