"""What a member gets back: a versioned formula over stored inputs, with every step of it as codes and numbers.

Never more than was paid and never less than nothing (field notes R3). `paying_back` says by which way.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.club.refund_rules import BonusBasis, RefundRules, VisitPrice
from kiosk.club.rule_packs import Caps, FigureKind
from kiosk.club.splitting import share_of
from kiosk.club.stored_value import Wallet

FORMULA = "2026-1"
"""The version of the formula: stored with each refund, and raised by whoever changes what comes out of one."""


class StepCode(StrEnum):
    """A step of the formula. Wire format."""

    PAID = "paid"
    COOLING_OFF = "cooling_off"
    SAME_SERVICE_BEFORE = "same_service_before"
    REMAINING_DAYS = "remaining_days"
    REMAINING_VISITS = "remaining_visits"
    USED_AT_LIST = "used_at_list"
    BONUS_RATIO = "bonus_ratio"
    PRINCIPAL_LEFT = "principal_left"
    DEBT = "debt"
    DEDUCTION = "deduction"
    REFUND = "refund"


class RefundOf(StrEnum):
    """What is paid back. Wire format."""

    STORED_VALUE = "stored_value"
    TIME = "time"
    VISITS = "visits"


class RefundStep(msgspec.Struct, frozen=True):
    """One printed step: a code and its numbers."""

    code: StepCode
    numbers: Mapping[str, int]


class TimeCard(msgspec.Struct, frozen=True):
    """A card for as many visits as one likes from `first` to `last`; days it was on hold are in `last` already."""

    paid_minor: Annotated[int, Meta(ge=0)]
    paid_on: date
    first: date
    last: date
    same_service_before: bool = False


class VisitCard(msgspec.Struct, frozen=True):
    """A card for a number of visits; `list_minor` is one visit without it."""

    paid_minor: Annotated[int, Meta(ge=0)]
    paid_on: date
    visits: Annotated[int, Meta(ge=1)]
    used: Annotated[int, Meta(ge=0)]
    list_minor: Annotated[int, Meta(ge=0)] = 0
    same_service_before: bool = False


class CardPart(msgspec.Struct, frozen=True):
    """A card that a refund closes: the number of its charge or the id of its sale, and what went into the formula.

    `goods` is what its visits are of.
    """

    of: str
    amount_minor: int
    time: TimeCard | None = None
    visits: VisitCard | None = None
    goods: str = ""


class StoredValue(msgspec.Struct, frozen=True):
    """All of a member's stored value, which is closed. Each order has its own cooling-off time."""

    wallet: Wallet
    same_service_before: bool = False


class Refund(msgspec.Struct, frozen=True):
    """What comes back, and how that came about.

    For stored value the amount is taken from the principal and, where the ratio says so, from the bonus; what is left
    of the two is forfeited. `second` = a second person has to sign.
    """

    formula: str
    amount_minor: int
    steps: tuple[RefundStep, ...]
    inputs: TimeCard | VisitCard | StoredValue
    second: bool
    from_principal_minor: int = 0
    from_bonus_minor: int = 0
    forfeited_minor: int = 0


def refund_of(what: TimeCard | VisitCard | StoredValue, today: date, caps: Caps, rules: RefundRules) -> Refund:
    """Return what comes back of a time card, a visit card or stored value (R3)."""
    days = max(rules.cooling_off_days, caps.value(FigureKind.COOLING_OFF_DAYS) or 0)
    late_before = today - timedelta(days=days)
    match what:
        case TimeCard():
            part = _of_time(what, today)
        case VisitCard():
            part = _of_visits(what, _visit_price(what, late_before, rules))
        case StoredValue():
            part = _of_value(what.wallet, rules.bonus_basis, date.max if what.same_service_before else late_before)
    if not isinstance(what, StoredValue) and (what.same_service_before or what.paid_on < late_before):
        part = msgspec.structs.replace(part, late_minor=part.amount_minor)
    code = StepCode.SAME_SERVICE_BEFORE if what.same_service_before else StepCode.COOLING_OFF
    steps = [*part.steps, RefundStep(code, {"days": days, "minor": part.amount_minor - part.late_minor})]
    kept_minor = share_of(part.late_minor, rules.deduction_percent, 100)
    if kept_minor:
        steps.append(RefundStep(StepCode.DEDUCTION, {"percent": rules.deduction_percent, "minor": kept_minor}))
    amount_minor = part.amount_minor - kept_minor
    steps.append(RefundStep(StepCode.REFUND, {"minor": amount_minor}))
    found = Refund(FORMULA, amount_minor, tuple(steps), what, amount_minor > rules.second_above_minor)
    return _by_account(found, what.wallet) if isinstance(what, StoredValue) else found


class _Part(msgspec.Struct, frozen=True):
    """What is left of something, and how much of that was paid for too long ago to change one's mind."""

    steps: tuple[RefundStep, ...]
    amount_minor: int
    late_minor: int = 0


def _visit_price(card: VisitCard, late_before: date, rules: RefundRules) -> VisitPrice:
    """Return what a used visit is reckoned at: in the cooling-off time never at list price."""
    cooling = card.paid_on >= late_before and not card.same_service_before
    return VisitPrice.PAID if cooling else rules.visit_price


def _of_time(card: TimeCard, today: date) -> _Part:
    """Return the part of the days after today: the day of asking counts as used, all of them before the first."""
    whole = (card.last - card.first).days + 1
    remaining = min(max((card.last - max(today, card.first - timedelta(days=1))).days, 0), whole)
    amount_minor = share_of(card.paid_minor, remaining, whole)
    numbers = {"days": remaining, "of": whole, "minor": amount_minor}
    paid = RefundStep(StepCode.PAID, {"minor": card.paid_minor})
    return _Part((paid, RefundStep(StepCode.REMAINING_DAYS, numbers)), amount_minor)


def _of_visits(card: VisitCard, price: VisitPrice) -> _Part:
    """Return the part of the visits left, or what list prices leave of the prepayment: never below nothing."""
    paid = RefundStep(StepCode.PAID, {"minor": card.paid_minor})
    if price is VisitPrice.LIST:
        used_minor = min(card.used * card.list_minor, card.paid_minor)
        numbers = {"visits": card.used, "list_minor": card.list_minor, "minor": used_minor}
        return _Part((paid, RefundStep(StepCode.USED_AT_LIST, numbers)), card.paid_minor - used_minor)
    remaining = max(card.visits - card.used, 0)
    amount_minor = share_of(card.paid_minor, remaining, card.visits)
    numbers = {"visits": remaining, "of": card.visits, "minor": amount_minor}
    return _Part((paid, RefundStep(StepCode.REMAINING_VISITS, numbers)), amount_minor)


def _of_value(wallet: Wallet, basis: BonusBasis, late_before: date) -> _Part:
    """Return what was paid for of the value left, order by order, less what the member owes."""
    steps: list[RefundStep] = []
    amount_minor = late_minor = 0
    for lot in wallet.lots:
        by_ratio = share_of(lot.left_minor, lot.paid_minor, lot.paid_minor + lot.bonus_minor)
        amounts = {BonusBasis.RATIO: by_ratio, BonusBasis.LOTS: lot.principal_left_minor}
        lot_minor = amounts.get(basis, max(by_ratio, lot.principal_left_minor))
        numbers = {"paid_minor": lot.paid_minor, "bonus_minor": lot.bonus_minor, "left_minor": lot.left_minor}
        code = StepCode.BONUS_RATIO if lot_minor == by_ratio else StepCode.PRINCIPAL_LEFT
        steps.append(RefundStep(code, {**numbers, "minor": lot_minor}))
        amount_minor += lot_minor
        late_minor += lot_minor if lot.opened_on < late_before else 0
    if wallet.debt_minor:
        steps.append(RefundStep(StepCode.DEBT, {"minor": wallet.debt_minor}))
    amount_minor = max(amount_minor - wallet.debt_minor, 0)
    return _Part(tuple(steps), amount_minor, min(late_minor, amount_minor))


def _by_account(found: Refund, wallet: Wallet) -> Refund:
    """Return a refund of stored value with what it takes from the two accounts, the rest of which is forfeited."""
    settled_minor = min(wallet.debt_minor, wallet.principal_minor + wallet.bonus_minor)
    out_minor = found.amount_minor + settled_minor
    from_principal_minor = min(out_minor, wallet.principal_minor)
    return msgspec.structs.replace(
        found,
        from_principal_minor=from_principal_minor,
        from_bonus_minor=out_minor - from_principal_minor,
        forfeited_minor=wallet.principal_minor + wallet.bonus_minor - out_minor,
    )
