"""Receipts in the office: found, printed, and the invoices that are asked for (R50, S61)."""

from typing import Annotated

import msgspec
from flask import render_template
from msgspec import Meta

from kiosk.central.club.books import Change, Look
from kiosk.central.money import receipts
from kiosk.central.money.receipts import InvoiceRow, InvoiceWish, Receipt
from kiosk.club.office_actions import OfficeAction
from kiosk.club.receipts import InvoiceAnswer, InvoiceKind
from kiosk.club.roles import Permission
from kiosk.office.actions import Action, Draft, Ids
from kiosk.office.amounts import shown
from kiosk.office.listing import ROWS, Listing, Tab, address_of, asked, word
from kiosk.office.page import Badge, Fact, Link, Page, Thing, show_thing
from kiosk.office.routes import LIMIT_DEFAULT, Limit, NoQuery, Route
from kiosk.office.saying import chosen, told
from kiosk.office.whom import people, staff_by_id

KIND, LIST = "receipt", "receipts"


class ReceiptQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which receipts."""

    after: Annotated[str, Meta(max_length=64, description="`next` of the page before: the highest first.")] = ""
    limit: Limit = LIMIT_DEFAULT


class ReceiptPage(msgspec.Struct, frozen=True):
    """Receipts, the highest number first; `next` is null on the last page."""

    items: tuple[Receipt, ...]
    next: str | None


class ReceiptView(msgspec.Struct, frozen=True):
    """A receipt, which invoice a person gets for it, and the one that was asked for."""

    receipt: Receipt
    brings: InvoiceAnswer
    invoice: InvoiceRow | None


class MakeReceipt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """For which payment: the id of its posting, as of a top-up or a sale."""

    posting: Annotated[str, Meta(min_length=1, max_length=96)]


class AskInvoice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who the invoice is for: a business names its tax number."""

    title: Annotated[str, Meta(min_length=1, max_length=200)]
    tax_no: Annotated[str, Meta(max_length=32)] = ""
    send_to: Annotated[str, Meta(max_length=200)] = ""


class NoteInvoice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The number that the tax system gave the invoice."""

    invoice_no: Annotated[str, Meta(min_length=1, max_length=64)]


def list_receipts(look: Look, query: ReceiptQuery, _ids: Ids) -> ReceiptPage:
    """Return a page of receipts."""
    limit = min(query.limit, 400)
    found = receipts.receipts(look, after=query.after, limit=limit + 1)
    return ReceiptPage(tuple(found[:limit]), found[limit - 1].number if len(found) > limit else None)


def show_receipt(look: Look, _query: NoQuery, ids: Ids) -> ReceiptView:
    """Return a receipt; raises InvalidInput where there is none."""
    found = receipts.receipt_of(look, ids["receipt"])
    answer = receipts.invoice_answer(look, found.number, business=False)
    return ReceiptView(found, answer, receipts.invoice_of(look, found.number))


def make_receipt(change: Change, wish: MakeReceipt, _ids: Ids) -> Receipt:
    """Make the receipt of a payment."""
    return receipts.issue(change, wish.posting)


def ask_invoice(change: Change, wish: AskInvoice, ids: Ids) -> InvoiceRow:
    """Ask for an invoice."""
    return receipts.ask_invoice(change, ids["receipt"], InvoiceWish(wish.title, wish.tax_no, wish.send_to))


def note_invoice(change: Change, wish: NoteInvoice, ids: Ids) -> InvoiceRow:
    """Write an invoice's number down."""
    return receipts.note_invoice(change, ids["receipt"], wish.invoice_no)


def _list_page(look: Look, _ids: Ids) -> Listing:
    after, waiting = asked("after"), asked("state") == "waiting"
    if waiting:
        found = [receipts.receipt_of(look, each.receipt) for each in receipts.invoices(look, waiting=True)]
    else:
        found = receipts.receipts(look, after=after, limit=ROWS + 1)
    who = people(look, [each.member for each in found if each.member])
    shown_now = found if waiting else found[:ROWS]
    rows = [
        (Link(each.number, f"/receipts/{each.number}"), each.paid_on, word(each.paid_for),
         shown(each.money_minor), shown(each.prepaid_minor), who.get(each.member or "", ""))
        for each in shown_now
    ]  # fmt: skip
    return Listing(
        LIST,
        "receipts",
        "receipts_hint",
        ("receipt", "receipt_paid_on", "receipt_paid_for", "receipt_money", "receipt_prepaid", "member"),
        rows,
        "no_receipts",
        "no_receipts_hint",
        tabs=[Tab("all", "?", not waiting), Tab("invoices_waiting", "?state=waiting", waiting)],
        first="?" if after else "",
        further=address_of(after=found[ROWS - 1].number) if not waiting and len(found) > ROWS else "",
        people=True,
    )


def _page(look: Look, ids: Ids) -> str:
    view = show_receipt(look, NoQuery(), ids)
    one, invoice = view.receipt, view.invoice
    facts = [
        Fact("receipt_paid_on", one.paid_on),
        Fact("receipt_paid_for", word(one.paid_for)),
        Fact("member", people(look, [one.member]).get(one.member, "") if one.member else None),
        Fact("receipt_posting", one.posting),
        Fact("audit_who", staff_by_id(look).get(one.by, one.by)),
        Fact("receipt_print", Link(told("show"), f"/receipts/{one.number}/print")),
        Fact("invoice_brings", word(view.brings.kind)),
        Fact("invoice_note", chosen("invoice_note", view.brings.note) if view.brings.note else None),
    ]
    if invoice is not None:
        state = told("invoice_issued") if invoice.invoice_no else told("invoice_asked")
        facts += [
            Fact("invoice", Badge(state, "ok" if invoice.invoice_no else "attention")),
            Fact("invoice_title", f"{invoice.title} {invoice.tax_no}".strip()),
            Fact("invoice_no", invoice.invoice_no),
        ]
    thing = Thing(
        KIND,
        one.number,
        one.number,
        {"receipt": one.number},
        facts,
        view=view,
        up="/receipts",
        up_label="receipts",
        first=(
            Fact("receipt_money", shown(one.money_minor)),
            Fact("receipt_prepaid", shown(one.prepaid_minor)),
        ),
    )
    return show_thing(look, thing)


def _print(look: Look, ids: Ids) -> str:
    """Show a receipt on a page that is printed; what prepaid value paid brings no invoice, and it says so."""
    view = show_receipt(look, NoQuery(), ids)
    one = view.receipt
    name = str(people(look, [one.member])[one.member].text) if one.member else ""
    lines = [
        ("receipt_paid_on", one.paid_on.isoformat()),
        ("receipt_paid_for", chosen("PaidFor", one.paid_for)),
        ("member", name),
        ("receipt_money", shown(one.money_minor)),
        ("receipt_prepaid", shown(one.prepaid_minor)),
        ("receipt_total", shown(one.money_minor + one.prepaid_minor)),
    ]
    note = chosen("invoice_note", view.brings.note) if view.brings.note else ""
    return render_template("receipt.html", receipt=one, lines=lines, note=note)


def _draft(look: Look, ids: Ids) -> Draft:
    return Draft(receipts.receipt_of(look, ids["receipt"]).number)


def _may_ask(view: ReceiptView) -> bool:
    return view.invoice is None and view.brings.kind is not InvoiceKind.NONE


def _waits(view: ReceiptView) -> bool:
    return view.invoice is not None and not view.invoice.invoice_no


_P, _O, _THEN = Permission, OfficeAction, "/receipts/{receipt}"

ACTIONS = (
    Action(
        "make_receipt", "/receipts", _P.MONEY_TAKE, MakeReceipt, Receipt, make_receipt,
        "Make the receipt of a payment", about=LIST, then="/receipts/{number}", act=_O.TAKE_MONEY,
    ),
    Action(
        "ask_invoice", "/receipts/{receipt}/invoice", _P.MONEY_TAKE, AskInvoice, InvoiceRow, ask_invoice,
        "Ask for an invoice", about=KIND, then=_THEN, possible=_may_ask, act=_O.TAKE_MONEY,
        drafts=_draft,
    ),
    Action(
        "note_invoice", "/receipts/{receipt}/invoice/number", _P.MONEY_DECIDE, NoteInvoice, InvoiceRow, note_invoice,
        "Write down the number of an invoice", about=KIND, then=_THEN, possible=_waits,
        act=_O.DECIDE_MONEY, drafts=_draft,
    ),
)  # fmt: skip

ROUTES = (
    Route("/receipts", "list_receipts", "Receipts, the highest number first", ReceiptQuery, ReceiptPage,
          _P.FEES_READ, run=list_receipts),
    Route("/receipts/{receipt}", "show_receipt", "One receipt", NoQuery, ReceiptView, _P.FEES_READ, run=show_receipt),
)  # fmt: skip

PAGES = (
    Page("/receipts", "receipts", _P.FEES_READ, _list_page, "nav_money", "receipts", about=LIST),
    Page("/receipts/{receipt}", "receipt", _P.FEES_READ, _page, "nav_money", under="receipts", about=KIND),
    Page("/receipts/{receipt}/print", "receipt_print", _P.FEES_READ, _print, under="receipts"),
)
