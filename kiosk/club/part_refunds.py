"""A part of a refund: which parts of the orders it closes, so that nobody wins by asking in pieces (L06)."""

import msgspec

from kiosk.club.refunds import Refund, RefundStep, StepCode
from kiosk.club.splitting import at_least, split
from kiosk.club.stored_value import StoredLot, Take, Wallet


class RefundPart(msgspec.Struct, frozen=True):
    """What is refunded now of all that may be: the parts of the orders that are closed by it."""

    whole: Refund
    amount_minor: int
    takes: tuple[Take, ...]
    debt_minor: int
    forfeited_minor: int
    steps: tuple[RefundStep, ...]


def part_of(whole: Refund, wallet: Wallet, asked_minor: int) -> RefundPart:
    """Return the part of a refund that an amount is: each order closes so far, rounded up, that nothing is won by it.

    A debt is paid by whatever is refunded first, in full where it can be.
    """
    debt_minor = min(wallet.debt_minor, wallet.principal_minor + wallet.bonus_minor)
    steps = whole.steps
    if asked_minor == whole.amount_minor:
        takes = tuple(Take(lot.order, lot.principal_left_minor, lot.bonus_left_minor) for lot in wallet.lots)
    else:
        lefts = [lot.left_minor for lot in wallet.lots]
        closed = at_least(sum(lefts) - debt_minor, asked_minor, whole.amount_minor) + debt_minor
        takes = tuple(_of_lot(lot, part) for lot, part in zip(wallet.lots, split(closed, lefts), strict=True) if part)
        steps = (*steps, RefundStep(StepCode.REFUND, {"minor": asked_minor}))
    all_minor = sum(each.principal_minor + each.bonus_minor for each in takes)
    return RefundPart(whole, asked_minor, takes, debt_minor, all_minor - asked_minor - debt_minor, steps)


def _of_lot(lot: StoredLot, part_minor: int) -> Take:
    """Return the part of a lot that is closed, principal and bonus in the ratio of what is left of them."""
    principal_minor, bonus_minor = split(part_minor, [lot.principal_left_minor, lot.bonus_left_minor])
    return Take(lot.order, principal_minor, bonus_minor)
