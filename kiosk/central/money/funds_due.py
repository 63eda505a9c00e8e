"""Word that something has moved on an account of which edges are told; `funds.py` makes new rows of it."""

from collections.abc import Iterable

from sqlalchemy import Connection, insert

from kiosk.central.money.edge_tables import funds_due
from kiosk.club.ledger import Account, AccountKind

_TOLD_OF = frozenset({AccountKind.MEMBER_PRINCIPAL, AccountKind.MEMBER_BONUS, AccountKind.GIFT_CARD})


def note_moved(connection: Connection, accounts: Iterable[Account]) -> None:
    """Leave word that what can be used of some accounts has changed."""
    rows = [{"account": each.id} for each in accounts if each.kind in _TOLD_OF]
    if rows:
        connection.execute(insert(funds_due), rows)
