"""What a sale took of stored value, given back to the orders it came from, when the sale is undone."""

from sqlalchemy import update

from kiosk.central.club.books import Change
from kiosk.central.money import ledger, stored_lots
from kiosk.central.money.sale_book import SaleRow
from kiosk.central.money.sale_tables import sale, sale_take
from kiosk.club.ledger import Posting, PostingKind, lines_of
from kiosk.club.stored_value import Origin, Spent, StoredLot, Take, Wallet, give_back


def lots_back(
    change: Change, row: SaleRow, spent: Spent, amount_minor: int, rest_order: str, *, post_rest: bool = True
) -> tuple[list[Take], int, int]:
    """Give an amount back to the lots; return by order what they got, the debt undone, and the debt paid meanwhile."""
    member = row.head.member or ""
    lots = tuple(each.lot for each in stored_lots.lots_of(change, member))
    # The reversal of a whole sale has undone its debt already: what was paid since stands on the account as money.
    debt_now = -ledger.balance(change, stored_lots.overdraft_of(member)) + (spent.debt_minor if post_rest else 0)
    before = Wallet(lots, max(debt_now, 0))
    given = give_back(before, spent, amount_minor)
    takes = [
        Take(
            new.order, new.principal_left_minor - old.principal_left_minor, new.bonus_left_minor - old.bonus_left_minor
        )
        for old, new in zip(before.lots, given.wallet.lots, strict=True)
        if new != old
    ]
    stored_lots.move(change, takes, +1)
    _note_given(change, row.head.n, takes)
    if given.rest_minor:
        _rest_lot(change, member, rest_order, given.rest_minor, post_rest)
    undone_minor = before.debt_minor - given.wallet.debt_minor
    change.connection.execute(
        update(sale)
        .where(sale.c.n == row.head.n)
        .values(debt_minor=sale.c.debt_minor - undone_minor - given.rest_minor)
    )
    return takes, undone_minor, given.rest_minor


def _rest_lot(change: Change, member: str, order: str, rest_minor: int, post: bool) -> None:
    """Open a lot for what a top-up has paid of a debt that is undone now."""
    lot = StoredLot(order, change.today, Origin.REFUND_IN, rest_minor, 0, rest_minor, 0)
    stored_lots.open_lot(change, member, lot, None)
    if post:
        pairs = [(stored_lots.overdraft_of(member), -rest_minor), (stored_lots.principal_of(member), rest_minor)]
        who = change.actor.id
        ledger.post(change, Posting(order, PostingKind.TRANSFER, lines_of(pairs), change.today, change.now, who))


def _note_given(change: Change, n: int, takes: list[Take]) -> None:
    for each in takes:
        left = {
            "principal_minor": sale_take.c.principal_minor - each.principal_minor,
            "bonus_minor": sale_take.c.bonus_minor - each.bonus_minor,
        }
        mine = (sale_take.c.sale == n, sale_take.c.order == each.order)
        change.connection.execute(update(sale_take).where(*mine).values(**left))


def spent_by(row: SaleRow) -> Spent:
    """Return what a sale took of stored value, what went back taken off."""
    return Spent(Wallet(), row.takes, row.head.debt_minor)


def taken_minor(spent: Spent) -> int:
    """Return what that comes to."""
    return spent.principal_minor + spent.bonus_minor + spent.debt_minor
