"""Receipts without a gap in their numbers, one a payment, and the invoices that are asked for (R50, S61)."""

from datetime import date
from typing import Any

import msgspec
from sqlalchemy import insert, select, update

from kiosk.central.club.books import Change, Look
from kiosk.central.club.refused import RuleRefused
from kiosk.central.database import insert_missing
from kiosk.central.money import ledger
from kiosk.central.money.till_tables import invoice_request, receipt, receipt_series
from kiosk.central.rows import as_struct
from kiosk.club.ledger import AccountKind, Posting, PostingKind, Unit
from kiosk.club.receipts import InvoiceAnswer, InvoiceKind, PaidFor, invoice_for, receipt_number
from kiosk.core.clock import format_utc
from kiosk.core.errors import InvalidInput

NO_SITE = "club"
PAGE_MAX = 500

_K = AccountKind
_MONEY = frozenset(
    {_K.SOURCE_CASH, _K.SOURCE_BANK_CARD, _K.SOURCE_WECHAT, _K.SOURCE_ALIPAY, _K.SOURCE_TRANSFER}
)  # fmt: skip
_PREPAID = frozenset({_K.MEMBER_PRINCIPAL, _K.MEMBER_BONUS, _K.GIFT_CARD})
_PAID_FOR = {
    PostingKind.TOP_UP: PaidFor.TOP_UP,
    PostingKind.SALE: PaidFor.GOODS,
    PostingKind.OFFLINE_SALE: PaidFor.GOODS,
    PostingKind.PAYMENT: PaidFor.FEE,
    PostingKind.PREPAYMENT: PaidFor.FEE,
    PostingKind.GIFT_SALE: PaidFor.GIFT_CARD,
    PostingKind.DEPOSIT: PaidFor.DEPOSIT,
}


class Receipt(msgspec.Struct, frozen=True):
    """A receipt: what was paid with money and what from prepaid value, for which posting."""

    number: str
    site: str
    year: int
    count: int
    posting: str
    paid_for: PaidFor
    member: str | None
    money_minor: int
    prepaid_minor: int
    paid_on: date
    by: str
    at: str


class InvoiceRow(msgspec.Struct, frozen=True):
    """An invoice that was asked for; `invoice_no` is empty until the tax system made it."""

    receipt: str
    kind: InvoiceKind
    amount_minor: int
    note: str
    title: str
    tax_no: str
    send_to: str
    asked_by: str
    asked_at: str
    invoice_no: str
    issued_by: str
    issued_at: str | None


class InvoiceWish(msgspec.Struct, frozen=True):
    """Who the invoice is for: a business has a tax number, a person none."""

    title: str
    tax_no: str = ""
    send_to: str = ""


def issue(change: Change, posting_id: str, paid_for: PaidFor | None = None, member: str | None = None) -> Receipt:
    """Return the receipt of a payment that is posted, made now with the next number where there was none.

    Numbers of a site and year have no gap: whoever fails gives the number back. Raises InvalidInput for a posting by
    which nothing was paid, RuleRefused for one that was taken back.
    """
    if (known := receipt_for(change, posting_id)) is not None:
        return known
    found = ledger.find(change, posting_id)
    money_minor, prepaid_minor = _paid(found.posting) if found else (0, 0)
    if found is None or money_minor + prepaid_minor <= 0:
        raise InvalidInput(f"nothing was paid by {posting_id[:96]!r}")
    if ledger.reversal_id(change, posting_id) is not None:
        raise RuleRefused("taken_back", what=f"posting {posting_id}")
    said = found.posting
    kind = paid_for or _PAID_FOR.get(said.kind, PaidFor.SERVICE)
    site = said.site or NO_SITE
    count = _next(change, site, said.day.year)
    number = receipt_number(site, said.day, count, change.rules.receipts)
    whose = member or (str(said.memo["member"]) if "member" in said.memo else None)
    row = Receipt(
        number, site, said.day.year, count, posting_id, kind, whose, money_minor, prepaid_minor, said.day,
        change.actor.id, format_utc(change.now),
    )  # fmt: skip
    change.connection.execute(insert(receipt), msgspec.to_builtins(row))
    return row


def receipt_for(look: Look, posting_id: str) -> Receipt | None:
    """Return the receipt of a posting, None where there is none."""
    row = look.connection.execute(select(receipt).where(receipt.c.posting == posting_id)).mappings().one_or_none()
    return as_struct(row, Receipt) if row else None


def receipt_of(look: Look, number: str) -> Receipt:
    """Return a receipt; raises InvalidInput where there is none."""
    row = look.connection.execute(select(receipt).where(receipt.c.number == number)).mappings().one_or_none()
    if row is None:
        raise InvalidInput(f"there is no receipt {number[:64]!r}")
    return as_struct(row, Receipt)


def receipts(look: Look, *, member: str = "", after: str = "", limit: int = PAGE_MAX) -> list[Receipt]:
    """Return receipts, the newest number first, those below `after`; 500 at most."""
    query = select(receipt).order_by(receipt.c.number.desc()).limit(min(limit, PAGE_MAX))
    if member:
        query = query.where(receipt.c.member == member)
    if after:
        query = query.where(receipt.c.number < after)
    return [as_struct(row, Receipt) for row in look.connection.execute(query).mappings()]


def counts(look: Look, site: str, year: int) -> list[int]:
    """Return the numbers of a site's year, so that `gaps` can say that none is missing."""
    mine = (receipt.c.site == site, receipt.c.year == year)
    return list(look.connection.execute(select(receipt.c.count).where(*mine).order_by(receipt.c.count)).scalars())


def invoice_answer(look: Look, number: str, *, business: bool) -> InvoiceAnswer:
    """Return which invoice a receipt's payment brings today, with the note why (R50)."""
    paid = receipt_of(look, number)
    if ledger.reversal_id(look, paid.posting) is not None:
        return InvoiceAnswer(InvoiceKind.NONE, 0, "taken_back")
    return invoice_for(
        paid.paid_for, paid.money_minor, paid.prepaid_minor, paid.paid_on, look.today, look.rules.receipts,
        business=business,
    )  # fmt: skip


def ask_invoice(change: Change, number: str, wish: InvoiceWish) -> InvoiceRow:
    """Write down that an invoice is asked for; raises RuleRefused where the payment brings none."""
    answer = invoice_answer(change, number, business=bool(wish.tax_no))
    if answer.kind is InvoiceKind.NONE:
        raise RuleRefused("no_invoice", {"note": answer.note}, what=f"receipt {number}")
    if invoice_of(change, number) is not None:
        raise RuleRefused("asked_before", what=f"receipt {number}")
    row: dict[str, Any] = {"receipt": number, "kind": answer.kind.value, "amount_minor": answer.amount_minor}
    row |= {"note": answer.note, "title": wish.title, "tax_no": wish.tax_no, "send_to": wish.send_to}
    row |= {"asked_by": change.actor.id, "asked_at": format_utc(change.now), "invoice_no": "", "issued_by": ""}
    change.connection.execute(insert(invoice_request), row)
    change.note("invoice.ask", "receipt", number, after={"kind": answer.kind, "amount_minor": answer.amount_minor})
    return _invoice(change, number)


def note_invoice(change: Change, number: str, invoice_no: str) -> InvoiceRow:
    """Write down the number that the tax system gave an invoice; raises RuleRefused where it has one."""
    if _invoice(change, number).invoice_no:
        raise RuleRefused("issued_before", what=f"receipt {number}")
    values = {"invoice_no": invoice_no, "issued_by": change.actor.id, "issued_at": format_utc(change.now)}
    change.connection.execute(update(invoice_request).where(invoice_request.c.receipt == number).values(**values))
    change.note("invoice.issue", "receipt", number, after={"invoice_no": invoice_no})
    return _invoice(change, number)


def invoice_of(look: Look, number: str) -> InvoiceRow | None:
    """Return the invoice that was asked for a receipt, None where none was."""
    query = select(invoice_request).where(invoice_request.c.receipt == number)
    row = look.connection.execute(query).mappings().one_or_none()
    return as_struct(row, InvoiceRow) if row else None


def invoices(look: Look, *, waiting: bool = False, limit: int = PAGE_MAX) -> list[InvoiceRow]:
    """Return the invoices that were asked for, newest first, those that wait or all; 500 at most."""
    query = select(invoice_request).order_by(invoice_request.c.asked_at.desc()).limit(min(limit, PAGE_MAX))
    if waiting:
        query = query.where(invoice_request.c.invoice_no == "")
    return [as_struct(row, InvoiceRow) for row in look.connection.execute(query).mappings()]


def _invoice(look: Look, number: str) -> InvoiceRow:
    found = invoice_of(look, number)
    if found is None:
        raise InvalidInput(f"no invoice was asked for receipt {number[:64]!r}")
    return found


def _next(change: Change, site: str, year: int) -> int:
    table = receipt_series
    insert_missing(change.connection, table, {"site": site, "year": year, "last": 0})
    mine = (table.c.site == site, table.c.year == year)
    taken = update(table).where(*mine).values(last=table.c.last + 1).returning(table.c.last)
    return int(change.connection.execute(taken).scalar_one())


def _paid(posting: Posting) -> tuple[int, int]:
    """Return what a posting brought in as money, and what of it came from prepaid value."""
    lines = [line for line in posting.lines if line.account.unit is Unit.CNY]
    money_minor = -sum(line.amount for line in lines if line.account.kind in _MONEY)
    taken_minor = -sum(line.amount for line in lines if line.account.kind in _PREPAID and line.amount < 0)
    return money_minor, taken_minor
