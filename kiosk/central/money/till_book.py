"""Tills as they are stored: their sessions and counts, and what the ledger says is in them."""

from datetime import date

import msgspec
from sqlalchemy import func, select

from kiosk.central.club.books import Look
from kiosk.central.money import ledger
from kiosk.central.money.tables import ledger_line, ledger_posting
from kiosk.central.money.till_tables import till, till_count, till_session
from kiosk.central.rows import as_struct
from kiosk.club.day_close import Pieces, TillDay, should_drop
from kiosk.club.ledger import Account, AccountKind, PostingKind
from kiosk.core.errors import InvalidInput

SAFE = "safe:"
SESSIONS_SHOWN = 30

_MOVES = (PostingKind.TILL_MOVE.value, PostingKind.TILL_COUNT.value)


class Till(msgspec.Struct, frozen=True):
    """A drawer at a site; a closed one is used no more."""

    id: str
    site: str
    name: str
    closed: bool = False


class Session(msgspec.Struct, frozen=True):
    """A till from its float to its count."""

    n: int
    till: str
    site: str
    day: date
    float_minor: int
    after_n: int
    opened_by: str
    opened_at: str
    closed_at: str | None


class Count(msgspec.Struct, frozen=True):
    """What was counted against what the ledger says; it stands when `witnessed_by` is named where it must be."""

    n: int
    session: int
    pieces: tuple[Pieces, ...]
    counted_minor: int
    expected_minor: int
    last_n: int
    counted_by: str
    counted_at: str
    witnessed_by: str
    why: str

    @property
    def over_short_minor(self) -> int:
        """What is there too much, below zero too little."""
        return self.counted_minor - self.expected_minor


class TillView(msgspec.Struct, frozen=True):
    """A till as it is now: what should be in it, whether that is too much, and its open session with the last count."""

    till: Till
    cash_minor: int
    too_much: bool
    session: Session | None
    count: Count | None
    waits_for_witness: bool


def till_account(id: str) -> Account:
    """Return the account of the cash in a till."""
    return Account(AccountKind.TILL, id)


def safe_of(site: str) -> Account:
    """Return the account of the cash in a site's safe."""
    return till_account(SAFE + site)


def tills(look: Look) -> list[Till]:
    """Return all tills by site."""
    rows = look.connection.execute(select(till).order_by(till.c.site, till.c.id)).mappings()
    return [as_struct(row, Till) for row in rows]


def till_of(look: Look, id: str) -> Till:
    """Return a till; raises InvalidInput where there is none."""
    found = next((each for each in tills(look) if each.id == id), None)
    if found is None:
        raise InvalidInput(f"there is no till {id[:32]!r}")
    return found


def view_of(look: Look, id: str) -> TillView:
    """Return how a till stands now; raises InvalidInput where there is none."""
    one, session = till_of(look, id), open_session(look, id)
    cash_minor = ledger.balance(look, till_account(id))
    count = last_count(look, session.n) if session else None
    waits = count is not None and not count.witnessed_by and needs_witness(look, count)
    return TillView(one, cash_minor, should_drop(cash_minor, look.rules.closing), session, count, waits)


def needs_witness(look: Look, found: Count) -> bool:
    """Say whether a count stands only with a second person."""
    rules = look.rules.closing
    large = max(found.counted_minor, found.expected_minor) > rules.two_above_minor
    return large or abs(found.over_short_minor) > rules.two_over_short_minor


def open_session(look: Look, till_id: str) -> Session | None:
    """Return a till's open session, None where it is not in use."""
    query = select(till_session).where(till_session.c.till == till_id, till_session.c.closed_at.is_(None))
    row = look.connection.execute(query).mappings().one_or_none()
    return as_struct(row, Session) if row else None


def sessions_on(look: Look, site: str, day: date) -> list[Session]:
    """Return a site's sessions of a business day, and those begun before that are still open."""
    mine = (till_session.c.site == site, till_session.c.day <= day.isoformat())
    now = (till_session.c.day == day.isoformat()) | till_session.c.closed_at.is_(None)
    rows = look.connection.execute(select(till_session).where(*mine, now).order_by(till_session.c.n)).mappings()
    return [as_struct(row, Session) for row in rows]


def sessions_of(look: Look, till_id: str, limit: int = SESSIONS_SHOWN) -> list[Session]:
    """Return a till's sessions that are over, the latest first."""
    query = select(till_session).where(till_session.c.till == till_id, till_session.c.closed_at.is_not(None))
    rows = look.connection.execute(query.order_by(till_session.c.n.desc()).limit(limit)).mappings()
    return [as_struct(row, Session) for row in rows]


def last_count(look: Look, session: int) -> Count | None:
    """Return the last count of a session, None before the first."""
    query = select(till_count).where(till_count.c.session == session).order_by(till_count.c.n.desc()).limit(1)
    row = look.connection.execute(query).mappings().one_or_none()
    if row is None:
        return None
    return as_struct(dict(row) | {"pieces": msgspec.json.decode(row["pieces"])}, Count)


def till_day(look: Look, session: Session) -> TillDay:
    """Return a session as the close of the day takes it; one that is open is not counted."""
    count = last_count(look, session.n)
    stands = count if session.closed_at is not None else None
    coming, going, moved = _cash(look, session, count.last_n if stands and count else None)
    return TillDay(
        session.till,
        session.float_minor,
        coming,
        going,
        moved,
        stands.pieces if stands else None,
        stands.counted_by if stands else "",
        stands.witnessed_by if stands else "",
    )


def uncounted(look: Look, site: str, day: date) -> list[str]:
    """Return tills that took cash at a site by a day with no session that counts it."""
    lines, head = ledger_line, ledger_posting
    last = select(till_session.c.till, func.max(till_count.c.last_n).label("n"))
    last = last.join(till_count, till_count.c.session == till_session.c.n)
    last = last.where(till_session.c.closed_at.is_not(None)).group_by(till_session.c.till)
    known = {row.till: row.n for row in look.connection.execute(last)}
    query = select(lines.c.account, func.max(lines.c.posting).label("n")).join(head, head.c.n == lines.c.posting)
    query = query.where(lines.c.kind == AccountKind.TILL.value, head.c.site == site, head.c.day <= day.isoformat())
    query = query.where(head.c.kind.not_in(_MOVES)).group_by(lines.c.account)
    prefix = till_account("").id
    taken = {row.account.removeprefix(prefix): row.n for row in look.connection.execute(query)}
    return sorted(
        id for id, n in taken.items() if n > known.get(id, 0) and open_session(look, id) is None
    )  # fmt: skip


def newest_posting(look: Look) -> int:
    """Return the number of the newest posting, 0 before the first."""
    return int(look.connection.execute(select(func.coalesce(func.max(ledger_posting.c.n), 0))).scalar_one())


def _cash(look: Look, session: Session, until: int | None) -> tuple[int, int, int]:
    """Return what came into a session's till, what went out, and what was moved away, as sums above zero."""
    lines, head = ledger_line, ledger_posting
    query = select(head.c.kind, lines.c.amount).join(head, head.c.n == lines.c.posting)
    query = query.where(lines.c.account == till_account(session.till).id, lines.c.posting > session.after_n)
    if until is not None:
        query = query.where(lines.c.posting <= until)
    coming = going = moved = 0
    for kind, amount in look.connection.execute(query):
        if kind in _MOVES:
            moved -= amount
        elif amount > 0:
            coming += amount
        else:
            going -= amount
    return coming, going, moved
