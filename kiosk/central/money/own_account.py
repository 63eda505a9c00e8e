"""What the ledger has of one member, for the member: every line on the own accounts (S90, §5)."""

from typing import Any

from sqlalchemy import select

from kiosk.central.club.books import Look
from kiosk.central.money.tables import ledger_line, ledger_posting
from kiosk.club.ledger import Account, AccountKind, Unit

ROWS_MAX = 20_000

_KINDS = (
    (AccountKind.MEMBER_PRINCIPAL, Unit.CNY),
    (AccountKind.MEMBER_BONUS, Unit.CNY),
    (AccountKind.MEMBER_DEBT, Unit.CNY),
    (AccountKind.MEMBER_POINTS, Unit.POINTS),
    (AccountKind.MEMBER_VISITS, Unit.VISITS),
)


def own_account(look: Look, member_id: str) -> list[dict[str, Any]]:
    """Return the lines on a member's accounts in their order, 20,000 at most: day, kind, account, amount."""
    accounts = [Account(kind, member_id, unit).id for kind, unit in _KINDS]
    query = (
        select(*(ledger_posting.c[name] for name in ("n", "day", "kind")), ledger_line.c.account, ledger_line.c.amount)
        .join(ledger_posting, ledger_posting.c.n == ledger_line.c.posting)
        .where(ledger_line.c.account.in_(accounts))
        .order_by(ledger_posting.c.n)
        .limit(ROWS_MAX)
    )
    return [dict(row) for row in look.connection.execute(query).mappings()]
