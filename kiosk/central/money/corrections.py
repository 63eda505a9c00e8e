"""Pieces of a sale taken back: the money goes by the ways in which it came, in their ratio (L08)."""

from collections.abc import Iterator, Mapping

from sqlalchemy import update

from kiosk.central.club import points
from kiosk.central.club.books import Change
from kiosk.central.club.earners import purchase_named
from kiosk.central.club.refused import RuleRefused
from kiosk.central.club.spells import lock_member
from kiosk.central.money import annual_units, days, ledger, sale_book, stored_lots, times
from kiosk.central.money.giving_back import lots_back, spent_by
from kiosk.central.money.sale_book import LineRow, SaleRow, TenderRow, sale_of
from kiosk.central.money.sale_tables import sale, sale_line, sale_tender
from kiosk.central.money.sales import earns, posting_id
from kiosk.central.money.ways import paid_in
from kiosk.club.gift_cards import TenderKind
from kiosk.club.ledger import Account, AccountKind, Posting, PostingKind, lines_of
from kiosk.club.sales import SALE_LIFE, SaleAction, SaleLine, SaleReason, Tender, way_of
from kiosk.club.splitting import split

Pairs = list[tuple[Account, int]]


def correct_sale(change: Change, id: str, pieces: Mapping[str, int], why: str) -> SaleRow:
    """Take pieces of a sale back; the money goes back by the ways in which it came, in their ratio (L08).

    Raises RuleRefused for more than was sold and paid for, StepRefused for a voided sale.
    """
    row = sale_of(change, id, lock=True)
    head = row.head
    state = SALE_LIFE.after(head.state, SaleAction.CORRECT)
    if head.member is not None:
        lock_member(change, head.member)
    if any(each.kind is TenderKind.POINTS for each in row.tenders):
        raise RuleRefused(SaleReason.NOT_WITH_TENDER, {"tender": TenderKind.POINTS.value}, what=f"sale {id}")
    back_minor, lines = _back_of(row, pieces)
    parts = split(back_minor, [each.amount_minor - each.back_minor for each in row.tenders])
    number = head.corrections + 1
    pairs: Pairs = [(Account(AccountKind.REVENUE_SALES), -back_minor), *_times_back(head.member, lines)]
    for tender, part in zip(row.tenders, parts, strict=True):
        pairs += _tender_back(change, row, tender, part, number)
    _post(change, row, f"{posting_id(id)}/back{number}", pairs)
    _write_back(change, row, lines, parts)
    values = {"back_minor": head.back_minor + back_minor, "corrections": number}
    sale_book.step(change, head, state, why, **values)
    _earn_again(change, row, why, number, back_minor)
    annual_units.follow_undone(change, row, pieces)
    return sale_of(change, id)


def note_refund(change: Change, id: str, goods: str, back_minor: int, why: str) -> None:
    """Write down that visits of some goods that a sale brought were refunded, and count the purchase anew."""
    row = sale_of(change, id, lock=True)
    lines = [(each, each.quantity - each.back) for each in row.lines if each.times and each.times_of == goods]
    state = SALE_LIFE.after(row.head.state, SaleAction.CORRECT)
    parts = split(back_minor, [each.amount_minor - each.back_minor for each in row.tenders])
    _write_back(change, row, lines, parts)
    number, all_minor = row.head.corrections + 1, row.head.back_minor + back_minor
    sale_book.step(change, row.head, state, why, back_minor=all_minor, corrections=number)
    _earn_again(change, row, why, number, back_minor)


def _back_of(row: SaleRow, pieces: Mapping[str, int]) -> tuple[int, list[tuple[LineRow, int]]]:
    """Return what pieces come to, to the fen whatever the number of steps, and the lines with how many go back."""
    by_item = {each.item: each for each in row.lines}
    total, found = 0, []
    for item, count in pieces.items():
        line = by_item.get(item)
        sold = line.quantity - line.entitled if line else 0
        if line is None or count < 1 or line.back + count > sold:
            left = sold - line.back if line else 0
            raise RuleRefused(SaleReason.MORE_THAN_SOLD, {"item": item, "left": left}, what=f"sale {row.head.id}")
        total += line.net_minor * (line.back + count) // sold - line.net_minor * line.back // sold
        found.append((line, count))
    if not found:
        raise RuleRefused(SaleReason.NOTHING_SOLD, what=f"sale {row.head.id}")
    return total, found


def _times_back(member: str | None, lines: list[tuple[LineRow, int]]) -> Pairs:
    gone = [
        SaleLine(line.item, count, 0, 0, times=line.times // line.quantity * count, times_of=line.times_of)
        for line, count in lines
    ]
    return [(account, -amount) for account, amount in times.lines_for(member, gone, ())] if member else []


def _tender_back(change: Change, row: SaleRow, tender: TenderRow, part_minor: int, number: int) -> Pairs:
    if not part_minor:
        return []
    way = way_of(Tender(tender.kind, part_minor, tender.of))
    if way is not None:
        return paid_in(way, -part_minor, row.head.till)
    if tender.kind is TenderKind.GIFT_CARD:
        return [(Account(AccountKind.GIFT_CARD, tender.of), part_minor)]
    return list(_stored_back(change, row, part_minor, number))


def _stored_back(change: Change, row: SaleRow, part_minor: int, number: int) -> Iterator[tuple[Account, int]]:
    """Give part of a sale back to the orders it took from; what the club lost by it comes first: nobody paid that."""
    head = row.head
    if head.member is None:
        yield Account(AccountKind.LOSS), part_minor
        return
    spent = spent_by(row)
    lost_minor = min(part_minor, head.loss_minor)
    change.connection.execute(update(sale).where(sale.c.n == head.n).values(loss_minor=head.loss_minor - lost_minor))
    takes, undone_minor, rest_minor = lots_back(
        change, row, spent, part_minor - lost_minor, f"{posting_id(head.id)}/back{number}/rest", post_rest=False
    )
    yield Account(AccountKind.LOSS), lost_minor
    yield stored_lots.overdraft_of(head.member), undone_minor
    yield stored_lots.principal_of(head.member), sum(each.principal_minor for each in takes) + rest_minor
    yield stored_lots.bonus_of(head.member), sum(each.bonus_minor for each in takes)


def _write_back(change: Change, row: SaleRow, lines: list[tuple[LineRow, int]], parts: tuple[int, ...]) -> None:
    for line, count in lines:
        mine = (sale_line.c.sale == row.head.n, sale_line.c.item == line.item)
        change.connection.execute(update(sale_line).where(*mine).values(back=line.back + count))
    for tender, part in zip(row.tenders, parts, strict=True):
        mine = (sale_tender.c.sale == row.head.n, sale_tender.c.place == tender.place)
        change.connection.execute(update(sale_tender).where(*mine).values(back_minor=tender.back_minor + part))


def _post(change: Change, row: SaleRow, id: str, pairs: Pairs) -> None:
    lines = lines_of(pairs)
    head = row.head
    if lines:
        place = days.place(change, head.site, change.now)
        posting = Posting(
            id, PostingKind.CORRECTION, lines, place.day, change.now, change.actor.id, head.site, head.till,
            of=posting_id(head.id), late=place.late,
        )  # fmt: skip
        ledger.post(change, posting)


def _earn_again(change: Change, row: SaleRow, why: str, number: int, back_minor: int) -> None:
    """Count the purchase anew with what is left of it."""
    head = row.head
    last = f"{head.id}/{number - 1}" if number > 1 else head.id
    if head.member is None or purchase_named(change, last) is None:
        return
    points.undo_sale(change, last, why)
    left_minor = head.total_minor - head.back_minor - back_minor
    if left_minor:
        again = f"{head.id}/{number}"
        points.earn_for_sale(change, head.member, again, left_minor, head.at, card_earns=earns(change, head.card))
