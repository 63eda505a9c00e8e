"""Balances of guarded accounts: each changes by a write that itself refuses to go below what is held.

A transaction takes its accounts in their order, so that two of them do not wait for one another.
"""

from collections.abc import Iterable, Mapping
from functools import cache

from sqlalchemy import BigInteger, Connection, Executable, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite

from kiosk.central.club.refused import RuleRefused
from kiosk.central.money.funds_due import note_moved
from kiosk.central.money.tables import ledger_balance
from kiosk.club.ledger import Account, LedgerReason, Line


class NotEnough(RuleRefused):
    """An account would fall below its floor, or below what is held of it."""

    def __init__(self, account: str, needed: int, there: int) -> None:
        self.account, self.needed, self.there = account, needed, there
        super().__init__(LedgerReason.NOT_ENOUGH, {"account": account, "needed": needed, "there": there}, what="ledger")


def move(connection: Connection, lines: Iterable[Line], released: Mapping[Account, int]) -> dict[str, int]:
    """Add lines to the guarded accounts among theirs, give back what was held, and return the new balances by id.

    Raises NotEnough; what was written before it is for the caller to undo.
    """
    amounts = {line.account: line.amount for line in lines if line.account.is_guarded}
    after = {}
    for account in sorted(amounts.keys() | released.keys(), key=lambda each: each.id):
        amount, back = amounts.get(account, 0), released.get(account, 0)
        after[account.id] = (
            _add(connection, account, amount) if amount > 0 and not back else _take(connection, account, amount, back)
        )
    note_moved(connection, amounts.keys() | released.keys())
    return after


def hold(connection: Connection, needed: Mapping[Account, int]) -> None:
    """Keep amounts of accounts from being used; raises NotEnough."""
    table = ledger_balance
    for account in sorted(needed, key=lambda each: each.id):
        amount = needed[account]
        enough = (table.c.account == account.id, table.c.balance - table.c.held >= amount)
        if not connection.execute(update(table).where(*enough).values(held=table.c.held + amount)).rowcount:
            raise _too_little(connection, account, amount)
    note_moved(connection, needed)


def balance_and_held(connection: Connection, account: Account) -> tuple[int, int]:
    """Return what is on a guarded account and what is held of it."""
    query = select(ledger_balance.c.balance, ledger_balance.c.held).where(ledger_balance.c.account == account.id)
    row = connection.execute(query).one_or_none()
    return (row.balance, row.held) if row else (0, 0)


def _add(connection: Connection, account: Account, amount: int) -> int:
    row = {"account": account.id, "kind": account.kind.value, "balance": amount, "held": 0}
    return int(connection.execute(_adding(connection.dialect.name), row).scalar_one())


def _take(connection: Connection, account: Account, amount: int, back: int) -> int:
    values = {"of": account.id, "amount": amount, "back": back}
    left = connection.execute(_taking(), values).scalar_one_or_none()
    if left is None:
        raise _too_little(connection, account, -amount)
    return int(left)


@cache
def _adding(dialect: str) -> Executable:
    """Return the statement that adds to an account, with its row when there is none; made once, as it is run often."""
    statement = (sqlite if dialect == "sqlite" else postgresql).insert(ledger_balance)
    both = ledger_balance.c.balance + statement.excluded.balance
    statement = statement.on_conflict_do_update(index_elements=["account"], set_={"balance": both})
    adding: Executable = statement.returning(ledger_balance.c.balance)
    return adding


@cache
def _taking() -> Executable:
    """Return the statement that takes from an account what is there and not held."""
    table, amount, back = ledger_balance, bindparam("amount", type_=BigInteger), bindparam("back", type_=BigInteger)
    enough = (table.c.account == bindparam("of"), table.c.balance + amount >= table.c.held - back)
    values = {"balance": table.c.balance + amount, "held": table.c.held - back}
    return update(table).where(*enough).values(**values).returning(table.c.balance)


def _too_little(connection: Connection, account: Account, needed: int) -> NotEnough:
    balance, held = balance_and_held(connection, account)
    return NotEnough(account.id, needed, balance - held)
