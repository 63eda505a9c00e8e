"""Tills: opened with a float, emptied into the safe, counted; what is over or short is booked (S63, D3).

A large count, or one that does not fit, stands only when a second person has witnessed it.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import insert, select, update

from kiosk.central.club.books import Change, Look
from kiosk.central.club.refused import RuleRefused
from kiosk.central.money import days, ledger
from kiosk.central.money.till_book import (
    Count,
    Session,
    Till,
    TillView,
    last_count,
    needs_witness,
    newest_posting,
    open_session,
    safe_of,
    till_account,
    tills,
    view_of,
)
from kiosk.central.money.till_tables import till, till_count, till_drop, till_session
from kiosk.central.rows import as_struct
from kiosk.club.day_close import Pieces, counted
from kiosk.club.ledger import Account, AccountKind, Posting, PostingKind, lines_of
from kiosk.core.clock import format_utc
from kiosk.core.codec import canonical
from kiosk.core.errors import InvalidInput


def save_till(change: Change, id: str, site: str, name: str, *, closed: bool = False) -> Till:
    """Write a till down, or what changed of it; one with cash in it is not closed. Raises RuleRefused."""
    known = next((each for each in tills(change) if each.id == id), None)
    if closed and ledger.balance(change, till_account(id)):
        raise RuleRefused("till_not_empty", {"till": id}, what=f"till {id}", hint="Empty it into the safe first")
    row = {"site": site, "name": name, "closed": closed}
    if known is None:
        change.connection.execute(insert(till), {"id": id} | row)
    else:
        change.connection.execute(update(till).where(till.c.id == id).values(**row))
    saved = Till(id, site, name, closed)
    change.note("till.save", "till", id, before=known, after=saved)
    return saved


def open_till(change: Change, id: str, float_minor: int) -> Session:
    """Begin a till's session with a float out of the safe: what the till holds already is part of it.

    What the safe lacks comes as cash of the club from outside. Raises RuleRefused where a session is open.
    """
    one = _locked(change, id)
    if one.closed or open_session(change, id) is not None:
        raise RuleRefused("till_is_open" if not one.closed else "till_is_closed", what=f"till {id}")
    place = days.place(change, one.site, change.now)
    there_minor = ledger.balance(change, till_account(id))
    after_n = newest_posting(change)
    row = {"till": id, "site": one.site, "day": place.day.isoformat(), "float_minor": float_minor, "after_n": after_n}
    row |= {"opened_by": change.actor.id, "opened_at": format_utc(change.now)}
    n = change.connection.execute(insert(till_session).returning(till_session.c.n), row).scalar_one()
    _move(change, one, f"till_float:{n}", float_minor - there_minor)
    after = update(till_session).where(till_session.c.n == n).values(after_n=newest_posting(change))
    change.connection.execute(after)
    change.note("till.open", "till", id, after={"float_minor": float_minor})
    return _session(change, n)


def drop(change: Change, till_id: str, id: str, amount_minor: int, witness: str) -> TillView:
    """Take cash out of a till into the safe, once for its id; raises NotEnough for more than is there."""
    one = _locked(change, till_id)
    session = _open(change, till_id)
    if amount_minor <= 0 or change.actor.id == witness:
        raise RuleRefused("same_person" if amount_minor > 0 else "no_amount", what=f"till {till_id}")
    _move(change, one, f"till_drop:{id}", -amount_minor)
    row = {"id": id, "session": session.n, "amount_minor": amount_minor, "by": change.actor.id, "witness": witness}
    change.connection.execute(insert(till_drop), row | {"at": format_utc(change.now)})
    change.note("till.drop", "till", till_id, after={"amount_minor": amount_minor, "witness": witness})
    return view_of(change, till_id)


def count_till(change: Change, till_id: str, pieces: Sequence[Pieces], *, why: str = "") -> Count:
    """Write down what was counted; where no second person is needed it stands, and the session is over.

    Counted again it is the later one that counts. Raises InvalidInput for a denomination there is not.
    """
    _locked(change, till_id)
    session = _open(change, till_id)
    row: dict[str, Any] = {"session": session.n, "pieces": canonical(list(pieces)).decode()}
    row |= {"counted_minor": counted(pieces, change.rules.closing), "last_n": newest_posting(change)}
    row |= {"expected_minor": ledger.balance(change, till_account(till_id)), "counted_by": change.actor.id}
    row |= {"counted_at": format_utc(change.now), "witnessed_by": "", "why": why}
    change.connection.execute(insert(till_count), row)
    found = _last(change, session.n)
    change.note("till.count", "till", till_id, after={"counted_minor": found.counted_minor,
                "expected_minor": found.expected_minor}, why=why)  # fmt: skip
    if not needs_witness(change, found):
        _stand(change, session, found)
    return found


def witness_count(change: Change, till_id: str) -> Count:
    """Witness the last count as a second person, so that it stands; raises RuleRefused for who counted.

    Cash that came in meanwhile asks for another count.
    """
    one = _locked(change, till_id)
    session = _open(change, till_id)
    found = last_count(change, session.n)
    if found is None or not needs_witness(change, found):
        raise RuleRefused("nothing_to_witness", what=f"till {till_id}")
    if found.counted_by == change.actor.id:
        raise RuleRefused("same_person", what=f"till {till_id}")
    if ledger.balance(change, till_account(one.id)) != found.expected_minor:
        raise RuleRefused("counted_too_early", what=f"till {till_id}", hint="Count it again")
    mine = update(till_count).where(till_count.c.n == found.n)
    change.connection.execute(mine.values(witnessed_by=change.actor.id))
    change.note("till.witness", "till", till_id, after={"counted_minor": found.counted_minor})
    _stand(change, session, found)
    return _last(change, session.n)


def bank(change: Change, site: str, id: str, amount_minor: int) -> int:
    """Bring cash from a site's safe to the bank and return what is left; raises NotEnough (S63)."""
    if amount_minor <= 0:
        raise RuleRefused("no_amount", what=f"safe of {site}")
    pairs = [
        (safe_of(site), -amount_minor),
        (Account(AccountKind.CASH_ENTRY), amount_minor),
        (Account(AccountKind.BANK), amount_minor),
        (Account(AccountKind.BANK_ENTRY), -amount_minor),
    ]
    _post(change, site, "", f"to_bank:{id}", PostingKind.TILL_MOVE, pairs)
    change.note("safe.bank", "safe", site, after={"amount_minor": amount_minor})
    return ledger.balance(change, safe_of(site))


def _stand(change: Change, session: Session, found: Count) -> None:
    """Let a count stand: what is over or short is booked, and the session is over."""
    over_minor = found.over_short_minor
    if over_minor:
        pairs = [
            (till_account(session.till), over_minor),
            (Account(AccountKind.CASH_ENTRY), -over_minor),
            (Account(AccountKind.OVER_SHORT), over_minor),
            (Account(AccountKind.SOURCE_CASH), -over_minor),
        ]
        _post(change, session.site, session.till, f"till_count:{found.n}", PostingKind.TILL_COUNT, pairs)
    over = update(till_session).where(till_session.c.n == session.n)
    change.connection.execute(over.values(closed_at=format_utc(change.now)))


def _move(change: Change, one: Till, id: str, amount_minor: int) -> None:
    """Move cash between the safe and a till; what the safe lacks of a float comes from outside."""
    if not amount_minor:
        return
    from_safe = min(amount_minor, ledger.available(change, safe_of(one.site))) if amount_minor > 0 else amount_minor
    pairs = [(till_account(one.id), amount_minor), (safe_of(one.site), -from_safe)]
    pairs.append((Account(AccountKind.CASH_ENTRY), from_safe - amount_minor))
    _post(change, one.site, one.id, id, PostingKind.TILL_MOVE, pairs)


def _post(
    change: Change, site: str, till_id: str, id: str, kind: PostingKind, pairs: list[tuple[Account, int]]
) -> None:
    place = days.place(change, site, change.now)
    posting = Posting(
        id, kind, lines_of(pairs), place.day, change.now, change.actor.id, site, till_id, late=place.late
    )  # fmt: skip
    ledger.post(change, posting)


def _locked(change: Change, id: str) -> Till:
    query = select(till).where(till.c.id == id).with_for_update()
    row = change.connection.execute(query).mappings().one_or_none()
    if row is None:
        raise InvalidInput(f"there is no till {id[:32]!r}")
    return as_struct(row, Till)


def _open(look: Look, till_id: str) -> Session:
    found = open_session(look, till_id)
    if found is None:
        raise RuleRefused("till_not_open", what=f"till {till_id}", hint="Open it with its float first")
    return found


def _last(look: Look, session: int) -> Count:
    found = last_count(look, session)
    if found is None:
        raise InvalidInput(f"session {session} was not counted")
    return found


def _session(look: Look, n: int) -> Session:
    row = look.connection.execute(select(till_session).where(till_session.c.n == n)).mappings().one()
    return as_struct(row, Session)
