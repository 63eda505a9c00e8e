"""The nightly proof that the books hold, with the seal over what was posted since; a failure blocks the day close.

Each check is one pass over the rows and names where they do not agree.
"""

import logging
from collections.abc import Sequence
from datetime import date
from functools import partial
from pathlib import Path

import msgspec
from sqlalchemy import func, select

from kiosk.central.club.books import Actor, Books, Change, Look
from kiosk.central.club.jobs import Job, Step
from kiosk.central.money import anchor, checks, proof_records, seals
from kiosk.central.money.proof_records import FOUND_MAX, Check, Proof, Wrong
from kiosk.central.money.tables import ledger_posting

JOB = "ledger_proof"
SEALS_PER_STEP = 1
SEALS_AGAIN = 40
"""The newest seals, which are looked through every night."""

TURN_NIGHTS = 28
"""Every older seal is looked through once in so many nights."""

ACTOR = Actor(f"job:{JOB}", "job")

_log = logging.getLogger(__name__)


class _Place(msgspec.Struct, frozen=True):
    """How far a night's proof is: the last posting to seal, the newest seal, the next to look through, and finds.

    `again` are the seals that the last proof has found broken: what is wrong is told every night until it is right.
    """

    until_n: int
    sealed: int = 0
    seal: int = 0
    found: tuple[Wrong, ...] = ()
    again: tuple[int, ...] = ()


def prove(look: Look) -> Proof:
    """Prove the books of this moment, but for the seals: trial balance, balances, holds, liabilities, reversals."""
    count = look.connection.execute(select(func.count()).select_from(ledger_posting)).scalar_one()
    return Proof(int(count), tuple(wrong for check in checks.ALL for wrong in check(look)))


def prove_now(change: Change) -> Proof:
    """Prove the books with their newest seals and those found broken, and write the proof down, as after a repair."""
    newest = seals.last_seal(change).number
    found = seals.broken(change, max(newest - SEALS_AGAIN, 1), SEALS_AGAIN + 1)
    for number in seals.named_by(proof_records.last_proof(change)):
        found += seals.broken(change, number, 1)
    proof = prove(change)
    return proof_records.record(change, proof.postings, _kept(found, proof.found), change.today)


def run(books: Books, day: date, place: str, outside: Path | None = None) -> Step:
    """Seal what is new, look seals through again, and prove the books, as a nightly job in steps.

    The newest seal goes into the file `outside` too.
    """
    if not place:
        with books.look() as look:
            again = seals.named_by(proof_records.last_proof(look))
        return _step(_Place(seals.settled_n(books.database), again=again), total=1)
    at = msgspec.json.decode(place, type=_Place)
    if not at.seal:
        return books.change(ACTOR, lambda change: _seal(change, day, at))
    with books.look() as look:
        newest = seals.last_seal(look).number
        if at.seal <= newest:
            found = seals.broken(look, at.seal, SEALS_PER_STEP)
            after = _after(at.seal, newest, day, at.again)
            at = msgspec.structs.replace(at, sealed=newest, seal=after, found=_kept(at.found, found))
            return _step(at, total=newest + 1)
        if outside is not None:
            anchor.note(outside, seals.last_seal(look))
        # In a transaction that only reads: on SQLite one that writes would keep every till waiting meanwhile.
        proof = prove(look)
    return books.change(ACTOR, lambda change: _finish(change, day, proof, at.found))


def proof_jobs(outside: Path | None = None) -> tuple[Job, ...]:
    """Return the job of the proof, which comes last in a night, with the file for seals outside the database."""
    return (Job(JOB, partial(run, outside=outside)),)


def _seal(change: Change, day: date, at: _Place) -> Step:
    sealed = seals.seal_next(change, day, at.until_n)
    newest = seals.last_seal(change).number
    seal, found = (at.seal, sealed[1]) if sealed else (_after(0, newest, day, at.again), ())
    at = msgspec.structs.replace(at, sealed=newest, seal=seal, found=_kept(at.found, found))
    return _step(at, total=newest + 1, done=newest)


def _after(seal: int, newest: int, day: date, again: Sequence[int]) -> int:
    """Return the next seal to look through on a night."""
    for number in range(seal + 1, newest + 1):
        is_due = number % TURN_NIGHTS == day.toordinal() % TURN_NIGHTS
        if is_due or number > newest - SEALS_AGAIN or number in again:
            return number
    return newest + 1


def _kept(known: Sequence[Wrong], found: Sequence[Wrong]) -> tuple[Wrong, ...]:
    """Return both, each once, the first 20 of each check."""
    kept: dict[Check, dict[Wrong, None]] = {}
    for each in (*known, *found):
        of_check = kept.setdefault(each.check, {})
        if len(of_check) < FOUND_MAX:
            of_check[each] = None
    return tuple(each for of_check in kept.values() for each in of_check)


def _finish(change: Change, day: date, proof: Proof, found: Sequence[Wrong]) -> Step:
    proof = proof_records.record(change, proof.postings, _kept(found, proof.found), day)
    if not proof.holds:
        _log.error("the ledger does not hold", extra={"day": day.isoformat(), "found": len(proof.found)})
    return Step(1, 1, "", finished=True, error=proof.words())


def _step(at: _Place, *, total: int, done: int = 0) -> Step:
    return Step(done or at.seal, total, msgspec.json.encode(at).decode(), finished=False)
