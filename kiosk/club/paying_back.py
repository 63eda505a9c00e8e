"""By which way a refund goes: the way the money came first, else to a bank account in the same name (R2)."""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum

import msgspec

from kiosk.club.refund_rules import RefundRules
from kiosk.club.refusal import Refusal
from kiosk.club.rule_packs import Caps, FigureKind


class PayWay(StrEnum):
    """How money comes and goes (R49). Wire format."""

    CASH = "cash"
    BANK_CARD = "bank_card"
    WECHAT = "wechat"
    ALIPAY = "alipay"
    TRANSFER = "transfer"


class PaidBy(msgspec.Struct, frozen=True):
    """A payment that a refund can go back on: its way, and what of it has not gone back yet."""

    payment: str
    way: PayWay
    on: date
    left_minor: int


class PayOut(msgspec.Struct, frozen=True):
    """One part of a refund: by which way, and back on which payment ("" = to the account in the same name)."""

    way: PayWay
    amount_minor: int
    payment: str = ""


class PayBackReason(StrEnum):
    """Why a refund is not paid. Wire format."""

    NO_AMOUNT = "no_amount"
    SECOND_PERSON = "second_person"
    SAME_PERSON = "same_person"
    MORE_THAN_RESERVED = "more_than_reserved"
    NOT_PAID_IN_MONEY = "not_paid_in_money"
    REFUND_OPEN = "refund_open"
    WHOLE_ONLY = "whole_only"
    WITH_PROVIDER = "with_provider"


class PayBackRefusal(Refusal[PayBackReason], frozen=True):
    """Why a refund is not paid."""


def ways_back(
    amount_minor: int, payments: Sequence[PaidBy], today: date, caps: Caps, rules: RefundRules, *,
    at_desk: bool = True, cash_before_minor: int = 0,
) -> tuple[PayOut, ...]:  # fmt: skip
    """Return the parts of a refund; they sum to it exactly.

    The latest payments go back first, as far as their provider still takes it; a transfer always does. What is left, or
    was paid in cash, is paid in cash at a desk when that is little enough in all, `cash_before_minor` of the same day
    included, lest a limit be escaped in pieces; else to the account in the same name.
    """
    outs: list[PayOut] = []
    for payment in sorted(payments, key=lambda each: (each.on, each.payment), reverse=True):
        open_yet = payment.way is PayWay.TRANSFER or (today - payment.on).days <= rules.provider_days
        part_minor = min(payment.left_minor, amount_minor)
        if payment.way is not PayWay.CASH and open_yet and part_minor > 0:
            outs.append(PayOut(payment.way, part_minor, payment.payment))
            amount_minor -= part_minor
    if amount_minor:
        cash = at_desk and cash_before_minor + amount_minor <= cash_limit(caps, rules)
        outs.append(PayOut(PayWay.CASH if cash else PayWay.TRANSFER, amount_minor))
    return tuple(outs)


def cash_limit(caps: Caps, rules: RefundRules) -> int:
    """Return how much of a member's refunds of a day may be paid in cash: the club's limit or a pack's, the lower."""
    limit = caps.value(FigureKind.CASH_REFUND_MINOR)
    return rules.cash_max_minor if limit is None else min(limit, rules.cash_max_minor)


def against_paying(
    amount_minor: int, reserved_minor: int, asked_by: str, signed_by: str, rules: RefundRules, beside_minor: int = 0
) -> PayBackRefusal | None:
    """Return why a refund is not paid out, or None: only what was reserved, and above a limit by two people (R4).

    `beside_minor` are the member's other refunds that count with it.
    """
    if amount_minor <= 0:
        return PayBackRefusal(PayBackReason.NO_AMOUNT)
    if amount_minor > reserved_minor:
        return PayBackRefusal(PayBackReason.MORE_THAN_RESERVED, {"reserved": reserved_minor})
    if needs_second(amount_minor, beside_minor, rules):
        if not signed_by:
            return PayBackRefusal(PayBackReason.SECOND_PERSON, {"above": rules.second_above_minor})
        if signed_by == asked_by:
            return PayBackRefusal(PayBackReason.SAME_PERSON)
    return None


def needs_second(amount_minor: int, beside_minor: int, rules: RefundRules) -> bool:
    """Say whether a refund needs another to sign than who asked for it, by all that counts with it."""
    return amount_minor + beside_minor > rules.second_above_minor
