"""Receipts: numbered without a gap by site and year; and which invoice a payment brings."""

from collections.abc import Iterator
from datetime import date

import pytest

from kiosk.central.club.books import Books
from kiosk.central.club.refused import RuleRefused
from kiosk.central.money import fee_payments, receipts, top_ups
from kiosk.central.money.receipts import InvoiceWish
from kiosk.central.money.top_ups import Place, TopUp
from kiosk.club.paying_back import PayWay
from kiosk.club.receipts import InvoiceKind, PaidFor, gaps
from kiosk.core.errors import InvalidInput
from tests.central.builders import ManualClock
from tests.central.money.builders_fees import TODAY, assert_books_hold, do, join, open_club, pay, see, set_day


@pytest.fixture
def member(books: Books) -> Iterator[str]:
    """A member by contract; the books hold afterwards."""
    open_club(books)
    yield join(books)
    assert_books_hold(books)


def test_numbers_have_no_gap_though_payments_fail(books: Books, clock: ManualClock, member: str) -> None:
    numbers = [pay(books, member, 100, f"p{n}").receipt for n in range(3)]
    with pytest.raises(RuleRefused):
        pay(books, member, 10**9, "p9")
    numbers.append(pay(books, member, 100, "p4").receipt)
    assert numbers == [f"demo-2026-{n:06}" for n in (1, 2, 3, 4)]
    assert gaps(see(books, receipts.counts, "demo", 2026)) == ()
    set_day(clock, date(2027, 1, 4))
    assert pay(books, member, 100, "p5").receipt == "demo-2027-000001"
    assert next(each.number for each in see(books, receipts.receipts, member=member)) == "demo-2027-000001"


def test_a_payment_has_one_receipt(books: Books, member: str) -> None:
    first = pay(books, member, 5_000)
    assert do(books, receipts.issue, "p1").number == first.receipt
    assert pay(books, member, 5_000).receipt == first.receipt
    with pytest.raises(InvalidInput):
        do(books, receipts.issue, "fee_charge:1")
    fee = see(books, receipts.receipt_of, first.receipt)
    assert (fee.paid_for, fee.money_minor, fee.prepaid_minor, fee.paid_on) == (PaidFor.FEE, 5_000, 0, TODAY)


def test_a_fee_brings_an_invoice_to_a_person_and_a_special_one_to_a_business(books: Books, member: str) -> None:
    number = pay(books, member, 5_000).receipt
    asked = do(books, receipts.ask_invoice, number, InvoiceWish("林晓"))
    assert (asked.kind, asked.amount_minor) == (InvoiceKind.ORDINARY, 5_000)
    with pytest.raises(RuleRefused, match="asked_before"):
        do(books, receipts.ask_invoice, number, InvoiceWish("林晓"))
    assert see(books, receipts.invoice_answer, number, business=True).kind is InvoiceKind.SPECIAL
    assert len(see(books, receipts.invoices, waiting=True)) == 1
    assert do(books, receipts.note_invoice, number, "26442000000012345678").invoice_no.endswith("5678")
    assert see(books, receipts.invoices, waiting=True) == []
    with pytest.raises(RuleRefused, match="issued_before"):
        do(books, receipts.note_invoice, number, "2")


def test_stored_value_is_invoiced_when_it_is_bought_and_not_again(books: Books, member: str) -> None:
    do(books, top_ups.book, TopUp("t1", member, 50_000, PayWay.WECHAT, Place("demo", "desk")))
    top_up = do(books, receipts.issue, "t1", None, member)
    answer = see(books, receipts.invoice_answer, top_up.number, business=True)
    assert (answer.kind, answer.note) == (InvoiceKind.ORDINARY_UNTAXED, "prepaid_no_tax")
    number = pay(books, member, 20_000, way=None).receipt
    found = see(books, receipts.receipt_of, number)
    assert (found.money_minor, found.prepaid_minor) == (0, 20_000)
    with pytest.raises(RuleRefused) as refused:
        do(books, receipts.ask_invoice, number, InvoiceWish("林晓"))
    assert refused.value.detail["note"] == "prepaid_is_invoiced"


def test_what_was_taken_back_or_is_long_past_brings_none(books: Books, clock: ManualClock, member: str) -> None:
    first, second = pay(books, member, 5_000).receipt, pay(books, member, 5_000, "p2").receipt
    do(books, fee_payments.take_back, "p1", new_id="b1", why="mistake")
    assert see(books, receipts.invoice_answer, first, business=False).note == "taken_back"
    set_day(clock, date(2027, 11, 23))
    assert see(books, receipts.invoice_answer, second, business=False).note == "too_late"
