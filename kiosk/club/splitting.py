"""Exact division of amounts: what is split adds up again to the last fen."""

from collections.abc import Sequence

from kiosk.core.errors import InvalidInput


def share_of(amount: int, part: int, whole: int) -> int:
    """Return `amount` × `part` ÷ `whole`, half a unit rounded up; 0 where the whole is 0. None is below zero."""
    return (2 * amount * part + whole) // (2 * whole) if whole else 0


def at_least(amount: int, part: int, whole: int) -> int:
    """Return `amount` × `part` ÷ `whole`, rounded up; 0 where the whole is 0."""
    return -(-amount * part // whole) if whole else 0


def split(amount: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Return an amount in shares by weight: the largest remainders get the units left over, the first of equal ones.

    The shares sum to the amount exactly; none is above its weight where the amount is not above the sum of them.
    Raises InvalidInput where there is an amount and nothing to split it by.
    """
    whole = sum(weights)
    if whole == 0:
        if amount:
            raise InvalidInput(f"there is nothing to split {amount} by")
        return (0,) * len(weights)
    shares = [amount * weight // whole for weight in weights]
    behind = sorted(range(len(weights)), key=lambda at: (-(amount * weights[at] % whole), at))
    for at in behind[: amount - sum(shares)]:
        shares[at] += 1
    return tuple(shares)
