"""What edges are told of money: as much as may be spent where central cannot be asked, and never the balance itself.

To a device that the rule book names that is what is held for it, which nobody else can spend (`leases.py`). Everything
that moves leaves the account's id (`funds_due.py`); the leader's duty makes new rows of that. What edges have sold is
folded in with its effect on the books, in one transaction: an edge counts nothing twice and leaves out nothing.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, select

from kiosk.central.club.books import Actor, Change, Look
from kiosk.central.club.card_book import card_by_credential, cards_numbered
from kiosk.central.database import Database, upsert_many
from kiosk.central.journals import lock_counter
from kiosk.central.lease import Lease
from kiosk.central.meters import Counts
from kiosk.central.money import leases, stored_lots
from kiosk.central.money.edge_tables import funds, funds_due
from kiosk.central.money.statements import available, balance
from kiosk.central.usage import VERSION, next_version
from kiosk.club.exposure import limits_of
from kiosk.club.ledger import Account, AccountKind, account_of
from kiosk.core.tills import Funds

ACTOR = Actor("job:funds", "job")
DUE_AT_ONCE = 500
FOLDED_MAX = 256
IDLE_S, LIMITS_EVERY_S = 0.3, 60.0
GIFT_CARD_DIGITS = 32
"""A gift card is known by its hash, which is longer than a member's id."""

_row = msgspec.json.Decoder(Funds)

Folds = Mapping[str, Mapping[str, int]]
"""By owner and journal, the last record that is in the books."""


def refresh(look: Look, owners: Iterable[str], folds: Folds | None = None) -> int:
    """Write what edges are to be told of some owners, where it is something new; return how many rows that are.

    No other transaction writes such rows until this one ends.
    """
    names = sorted({*owners, *(folds or {})})
    if not names:
        return 0
    # Under this lock, before a balance is read: who comes later has seen what is seen here.
    lock_counter(look.connection, VERSION)
    query = select(funds.c.owner, funds.c.body).where(funds.c.owner.in_(names))
    held = {owner: bytes(body) for owner, body in look.connection.execute(query)}
    fresh = {}
    leased = leases.leases_of(look, names)
    for name in names:
        before = _row.decode(held[name]) if name in held else Funds(name)
        folded = _folded(before.folded, (folds or {}).get(name, {}))
        told_minor = min(max(_there(look, name), 0), look.rules.exposure.card_minor)
        limits = limits_of(look.rules.exposure) if not name else None
        after = Funds(name, told_minor, folded, limits, leases.told_of(leased.get(name, {}).values()))
        if after != before:
            # Not canonical: the journals stay in the order in which they sold last.
            fresh[name] = msgspec.json.encode(after)
    if fresh:
        version = next_version(look.connection, look.now)
        rows: list[dict[str, Any]] = [{"owner": name, "body": body, "version": version} for name, body in fresh.items()]
        upsert_many(look.connection, funds, rows)
    return len(fresh)


def can_spend(look: Look, owner: str, amount_minor: int) -> bool:
    """Say whether an owner has so much to spend now, whatever edges are told."""
    return _there(look, owner) >= amount_minor


def owner_of(look: Look, account: Account) -> str | None:
    """Return by what name edges know whose money is on an account; None where nobody could show a card for it."""
    if account.kind is not AccountKind.GIFT_CARD:
        return account.owner
    found = cards_numbered(look, [account.owner])
    return found[0].credential if found else None


class FundsKeeper:
    """A duty: tells the edges anew what they may spend wherever something has moved, 500 movements at a time."""

    def __init__(self, database: Database, lease: Lease) -> None:
        self.counts = Counts()
        self._database, self._lease = database, lease
        self._limits_at: datetime | None = None

    def tick(self, now: datetime) -> float:
        """Write the next rows and say when to look again; raises RetryLater, LeaseLost among them."""
        limits_due = self._limits_at is None or abs((now - self._limits_at).total_seconds()) >= LIMITS_EVERY_S
        with self._database.read() as connection:
            moved = connection.execute(select(funds_due.c.n).limit(1)).first() is not None
        if not moved and not limits_due:
            return IDLE_S
        done = self._database.run(lambda connection: self._step(connection, now))
        self._limits_at = now
        return 0.0 if done == DUE_AT_ONCE else IDLE_S

    def connected(self) -> None:
        """Nothing of this rests at the broker."""

    def _step(self, connection: Connection, now: datetime) -> int:
        self._lease.guard(connection)
        change = Change(connection, now, ACTOR)
        due = connection.execute(select(funds_due).order_by(funds_due.c.n).limit(DUE_AT_ONCE)).all()
        found = {owner_of(change, account_of(account)) for account in {each.account for each in due}}
        owners = {each for each in found if each}
        if _names_others(change):
            leases.look_again(change)
        leases.keep(change, {each for each in owners if len(each) != GIFT_CARD_DIGITS})
        self.counts.note("funds", refresh(change, {"", *owners}))
        if due:
            connection.execute(delete(funds_due).where(funds_due.c.n.in_([each.n for each in due])))
        change.finish()
        return len(due)


def _names_others(look: Look) -> bool:
    """Say whether the rule book now names other devices to hold money for than edges were told."""
    body = look.connection.execute(select(funds.c.body).where(funds.c.owner == "")).scalar_one_or_none()
    limits = _row.decode(bytes(body)).limits if body is not None else None
    return look.rules.exposure.lease_devices != (limits.lease_devices if limits is not None else ())


def _there(look: Look, owner: str) -> int:
    if not owner:
        return 0
    if len(owner) == GIFT_CARD_DIGITS:
        kept = card_by_credential(look, owner)
        return available(look, Account(AccountKind.GIFT_CARD, kept.card.number)) if kept is not None else 0
    return stored_lots.free_minor(look, owner) + balance(look, stored_lots.overdraft_of(owner))


def _folded(before: Mapping[str, int], more: Mapping[str, int]) -> dict[str, int]:
    """Return the fold points with new ones behind them; past 256 journals those that sold longest ago are left out."""
    after = dict(before)
    for name, seq in more.items():
        after[name] = max(after.pop(name, 0), seq)
    return dict(list(after.items())[-FOLDED_MAX:])
