"""A member's stored value as lots per order: what the ledger has as two balances, kept apart by what was paid for it.

The lots sum to what is on the accounts, less what refunds have reserved: a reserved lot is out until it comes back.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import insert, select, update

from kiosk.central.club.books import Change, Look
from kiosk.central.money import statements
from kiosk.central.money.sale_tables import stored_lot
from kiosk.club.ledger import Account, AccountKind
from kiosk.club.paying_back import PaidBy, PayWay
from kiosk.club.stored_value import Origin, StoredLot, Take, Wallet
from kiosk.core.errors import InvalidInput

OVERDRAFT = ":stored"
"""Behind a member's id: the account of what stored value is overdrawn by. Charges are owed on the member's own."""


class KeptLot(msgspec.Struct, frozen=True):
    """A lot with the way in which it was paid and how much of that went back."""

    lot: StoredLot
    way: str
    paid_back_minor: int


def principal_of(member: str) -> Account:
    """Return the account of what a member paid in."""
    return Account(AccountKind.MEMBER_PRINCIPAL, member)


def bonus_of(member: str) -> Account:
    """Return the account of what a member was given on top."""
    return Account(AccountKind.MEMBER_BONUS, member)


def overdraft_of(member: str) -> Account:
    """Return the account of what a member's stored value is overdrawn by."""
    return Account(AccountKind.MEMBER_DEBT, member + OVERDRAFT)


def lots_of(look: Look, member: str) -> list[KeptLot]:
    """Return a member's lots, the oldest first, those that are used up included."""
    query = select(stored_lot).where(stored_lot.c.member == member)
    rows = look.connection.execute(query.order_by(stored_lot.c.opened_on, stored_lot.c.n)).mappings()
    return [_kept(row) for row in rows]


def wallet_of(look: Look, member: str) -> Wallet:
    """Return a member's lots that have something left, and what is owed. For a change lock the member first."""
    lots = tuple(each.lot for each in lots_of(look, member) if each.lot.left_minor)
    return Wallet(lots, -statements.balance(look, overdraft_of(member)))


def free_wallet(look: Look, member: str) -> Wallet:
    """Return the wallet without what is held of the accounts, as for a site: the newest lots are the held ones."""
    wallet = wallet_of(look, member)
    principal_minor = wallet.principal_minor - statements.available(look, principal_of(member))
    bonus_minor = wallet.bonus_minor - statements.available(look, bonus_of(member))
    lots = []
    for lot in reversed(wallet.lots):
        less = min(lot.principal_left_minor, max(principal_minor, 0))
        less_bonus = min(lot.bonus_left_minor, max(bonus_minor, 0))
        principal_minor, bonus_minor = principal_minor - less, bonus_minor - less_bonus
        lots.append(_moved(lot, -less, -less_bonus))
    return Wallet(tuple(reversed(lots)), wallet.debt_minor)


def free_minor(look: Look, member: str) -> int:
    """Return what a member can spend now."""
    return statements.available(look, principal_of(member)) + statements.available(look, bonus_of(member))


def open_lot(change: Change, member: str, lot: StoredLot, way: PayWay | None) -> None:
    """Write a new lot down."""
    row: dict[str, Any] = msgspec.to_builtins(lot) | {"member": member, "way": way.value if way else ""}
    change.connection.execute(insert(stored_lot), row | {"paid_back_minor": 0})


def move(change: Change, takes: Iterable[Take], sign: int) -> None:
    """Take from the lots, or with sign +1 give back to them; raises InvalidInput where a lot would hold too little."""
    table = stored_lot
    for each in takes:
        principal, bonus = sign * each.principal_minor, sign * each.bonus_minor
        left = {
            "principal_left_minor": table.c.principal_left_minor + principal,
            "bonus_left_minor": table.c.bonus_left_minor + bonus,
        }
        enough = (table.c.principal_left_minor + principal >= 0, table.c.bonus_left_minor + bonus >= 0)
        moved = change.connection.execute(update(table).where(table.c.order == each.order, *enough).values(**left))
        if not moved.rowcount:
            raise InvalidInput(f"order {each.order!r} does not hold that much")


def payments_of(look: Look, member: str) -> list[PaidBy]:
    """Return the payments of a member's top-ups with what has not gone back on them."""
    paid = [each for each in lots_of(look, member) if each.way]
    return [
        PaidBy(each.lot.order, PayWay(each.way), each.lot.opened_on, each.lot.paid_minor - each.paid_back_minor)
        for each in paid
    ]


def note_paid_back(change: Change, order: str, amount_minor: int) -> None:
    """Write down that so much of a payment went back, below zero that it did not."""
    values = {"paid_back_minor": stored_lot.c.paid_back_minor + amount_minor}
    change.connection.execute(update(stored_lot).where(stored_lot.c.order == order).values(**values))


def _moved(lot: StoredLot, principal_minor: int, bonus_minor: int) -> StoredLot:
    return msgspec.structs.replace(
        lot,
        principal_left_minor=lot.principal_left_minor + principal_minor,
        bonus_left_minor=lot.bonus_left_minor + bonus_minor,
    )


def _kept(row: Any) -> KeptLot:
    lot = StoredLot(
        row["order"],
        date.fromisoformat(row["opened_on"]),
        Origin(row["origin"]),
        row["paid_minor"],
        row["bonus_minor"],
        row["principal_left_minor"],
        row["bonus_left_minor"],
    )
    return KeptLot(lot, row["way"], row["paid_back_minor"])
