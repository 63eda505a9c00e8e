"""Pieces bought ahead, as ten towels or ten lessons: sold as times of some goods and used up first (S14, S51)."""

from collections.abc import Iterable, Iterator

from sqlalchemy import select

from kiosk.central.club.books import Look
from kiosk.central.money.tables import ledger_balance
from kiosk.club.ledger import Account, AccountKind, Unit, account_of
from kiosk.club.prices import Entitled
from kiosk.club.sales import SaleLine

BETWEEN = ":"
Pairs = list[tuple[Account, int]]


def times_account(member: str, goods: str) -> Account:
    """Return the account of a member's times of some goods."""
    return Account(AccountKind.MEMBER_VISITS, f"{member}{BETWEEN}{goods}", Unit.VISITS)


def entitled(look: Look, member: str) -> Iterator[Entitled]:
    """Yield what a member has bought ahead and not used, by goods; what is held is not among it."""
    prefix = times_account(member, "").id
    table = ledger_balance
    query = select(table.c.account, table.c.balance - table.c.held).where(
        table.c.account.startswith(prefix, autoescape=True)
    )
    for account, left in look.connection.execute(query.order_by(table.c.account)):
        goods = account_of(account).owner.removeprefix(member + BETWEEN)
        if left > 0:
            yield Entitled(goods, goods, int(left))


def lines_for(member: str, bought: Iterable[SaleLine], used: Iterable[tuple[str, int]]) -> Pairs:
    """Return what a sale adds to and takes from a member's times."""
    pairs: Pairs = []
    for line in bought:
        if line.times:
            sold = Account(AccountKind.VISITS_SOLD, "", Unit.VISITS)
            pairs += [(times_account(member, line.times_of), line.times), (sold, -line.times)]
    for goods, count in used:
        gone = Account(AccountKind.VISITS_USED, "", Unit.VISITS)
        pairs += [(times_account(member, goods), -count), (gone, count)]
    return pairs
