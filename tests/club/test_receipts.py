"""Receipts and invoices: numbers, gaps, and which document a payment brings."""

from datetime import timedelta

import pytest

from kiosk.club.receipts import InvoiceAnswer, InvoiceKind, PaidFor, ReceiptRules, gaps, invoice_for, receipt_number
from kiosk.core.errors import InvalidInput
from tests.club.builders_money import TODAY

RULES = ReceiptRules()


def test_a_receipt_is_numbered_by_site_and_year() -> None:
    assert receipt_number("demo", TODAY, 1, RULES) == "demo-2026-000001"
    assert receipt_number("demo", TODAY, 999_999, RULES) == "demo-2026-999999"


@pytest.mark.parametrize("count", [0, 1_000_000])
def test_a_number_outside_the_series_is_refused(count: int) -> None:
    with pytest.raises(InvalidInput, match="has no number"):
        receipt_number("demo", TODAY, count, RULES)


def test_a_gap_in_the_series_is_found() -> None:
    assert gaps([1, 2, 5, 4]) == (3,)
    assert gaps([]) == ()


@pytest.mark.parametrize(
    ("paid_for", "business", "answer"),
    [
        (PaidFor.FEE, True, InvoiceAnswer(InvoiceKind.SPECIAL, 700)),
        (PaidFor.FEE, False, InvoiceAnswer(InvoiceKind.ORDINARY, 700)),
        (PaidFor.TOP_UP, True, InvoiceAnswer(InvoiceKind.ORDINARY_UNTAXED, 700, "prepaid_no_tax")),
        (PaidFor.DEPOSIT, True, InvoiceAnswer(InvoiceKind.NONE, 0, "deposit_is_returned")),
    ],
)
def test_each_payment_brings_its_invoice(paid_for: PaidFor, business: bool, answer: InvoiceAnswer) -> None:
    assert invoice_for(paid_for, 700, 0, TODAY, TODAY, RULES, business=business) == answer


def test_what_is_paid_from_prepaid_value_is_not_invoiced_again() -> None:
    assert invoice_for(PaidFor.GOODS, 0, 700, TODAY, TODAY, RULES).note == "prepaid_is_invoiced"
    assert invoice_for(PaidFor.GOODS, 300, 700, TODAY, TODAY, RULES).amount_minor == 300


@pytest.mark.parametrize(("days", "amount"), [(365, 700), (366, 0)])
def test_an_invoice_is_asked_for_in_time(days: int, amount: int) -> None:
    assert invoice_for(PaidFor.FEE, 700, 0, TODAY, TODAY + timedelta(days=days), RULES).amount_minor == amount
