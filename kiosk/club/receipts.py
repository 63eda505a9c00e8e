"""Receipts and invoices: numbers without gaps, and which document a payment brings (R50, S61)."""

from datetime import date
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.core.errors import InvalidInput


class PaidFor(StrEnum):
    """What was paid for. Wire format."""

    FEE = "fee"
    GOODS = "goods"
    SERVICE = "service"
    TOP_UP = "top_up"
    GIFT_CARD = "gift_card"
    DEPOSIT = "deposit"


class InvoiceKind(StrEnum):
    """Which invoice can be asked for. Wire format."""

    ORDINARY = "ordinary"
    SPECIAL = "special"
    ORDINARY_UNTAXED = "ordinary_untaxed"
    NONE = "none"


class InvoiceRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which invoice a payment brings when it was paid with money, and when from prepaid value; `note` is its code."""

    paid_for: PaidFor
    with_money: InvoiceKind
    from_prepaid: InvoiceKind = InvoiceKind.NONE
    note: str = ""


class ReceiptRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How receipts are numbered and what is invoiced."""

    digits: Annotated[
        int,
        Meta(ge=4, le=12, description="Digits of a receipt's number in its year.", extra={"source": "S61; no seed"}),
    ] = 6
    invoices: Annotated[
        tuple[InvoiceRule, ...],
        Meta(
            description="Which invoice a payment brings. Prepaid value is invoiced when it is bought, without tax and "
            "as an ordinary invoice only, and not again when it is spent.",
            extra={"source": "R50, S61, seeds 000:122; 国家税务总局公告2016年第53号"},
        ),
    ] = (
        InvoiceRule(PaidFor.FEE, InvoiceKind.SPECIAL),
        InvoiceRule(PaidFor.GOODS, InvoiceKind.SPECIAL),
        InvoiceRule(PaidFor.SERVICE, InvoiceKind.SPECIAL),
        InvoiceRule(PaidFor.TOP_UP, InvoiceKind.ORDINARY_UNTAXED, note="prepaid_no_tax"),
        InvoiceRule(PaidFor.GIFT_CARD, InvoiceKind.ORDINARY_UNTAXED, note="prepaid_no_tax"),
        InvoiceRule(PaidFor.DEPOSIT, InvoiceKind.NONE, note="deposit_is_returned"),
    )
    invoice_days: Annotated[
        int,
        Meta(
            ge=1,
            description="Days after a payment in which its invoice can be asked for.",
            extra={"source": "R50; no seed"},
        ),
    ] = 365


class InvoiceAnswer(msgspec.Struct, frozen=True):
    """Which invoice can be asked for, up to which amount, and a code that says why."""

    kind: InvoiceKind
    amount_minor: int
    note: str = ""


def receipt_number(site: str, day: date, count: int, rules: ReceiptRules) -> str:
    """Return the number of the `count`-th receipt of a site in a year, from 1; raises InvalidInput past the last."""
    if not 1 <= count < 10**rules.digits:
        raise InvalidInput(f"receipt {count} of {site} in {day.year} has no number with {rules.digits} digits")
    return f"{site}-{day.year}-{count:0{rules.digits}d}"


def gaps(counts: list[int]) -> tuple[int, ...]:
    """Return the numbers missing among those of a year: a series without gaps has none."""
    return tuple(sorted(set(range(1, max(counts, default=0) + 1)) - set(counts)))


def invoice_for(
    paid_for: PaidFor,
    money_minor: int,
    prepaid_minor: int,
    paid_on: date,
    today: date,
    rules: ReceiptRules,
    *,
    business: bool = False,
) -> InvoiceAnswer:
    """Return what can be invoiced of a payment, of which a part may come from prepaid value (R50, S61).

    A special invoice is for a business; a person gets an ordinary one.
    """
    if (today - paid_on).days > rules.invoice_days:
        return InvoiceAnswer(InvoiceKind.NONE, 0, "too_late")
    rule = next((each for each in rules.invoices if each.paid_for is paid_for), None)
    if rule is None:
        return InvoiceAnswer(InvoiceKind.NONE, 0, "no_rule")
    money_minor = money_minor if rule.with_money is not InvoiceKind.NONE else 0
    amount_minor = money_minor + (prepaid_minor if rule.from_prepaid is not InvoiceKind.NONE else 0)
    if amount_minor == 0:
        return InvoiceAnswer(InvoiceKind.NONE, 0, rule.note or "prepaid_is_invoiced")
    kind = rule.with_money if money_minor else rule.from_prepaid
    if kind is InvoiceKind.SPECIAL and not business:
        kind = InvoiceKind.ORDINARY
    return InvoiceAnswer(kind, amount_minor, rule.note)
