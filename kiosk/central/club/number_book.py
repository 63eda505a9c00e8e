"""Card numbers that were ever given out: the next ones under one lock, and none of them twice (S21, R19)."""

from collections.abc import Container

from sqlalchemy import func, select

from kiosk.central.club.books import Change, Look
from kiosk.central.club.card_tables import card
from kiosk.central.club.refused import RuleRefused
from kiosk.central.database import write_setting
from kiosk.central.journals import lock_counter
from kiosk.club.card_numbers import NumberRange, NumberReason, against_number

CARD_NUMBER = "card_number"
"""Name in `setting` of the last number that the club allocated."""

RANGES_TRIED_MAX = 1000


class _EveryNumber(Container[str]):
    """Every number there ever was, asked one at a time."""

    def __init__(self, look: Look) -> None:
        self._look = look

    def __contains__(self, number: object) -> bool:
        query = select(card.c.number).where(card.c.number == number)
        return self._look.connection.execute(query).first() is not None


def lock_numbers(change: Change) -> int:
    """Return the last number that was allocated, and keep every other change from taking numbers until this ends."""
    return lock_counter(change.connection, CARD_NUMBER)


def taken_of(look: Look, span: NumberRange) -> frozenset[str]:
    """Return the numbers of a range that a card has, or had; none of a range that does not fit its digits."""
    if not span.fits():
        return frozenset()
    between = card.c.number.between(span.number(span.first), span.number(span.last))
    query = select(card.c.number).where(between, func.length(card.c.number) == span.digits)
    return frozenset(number for number in look.connection.execute(query).scalars() if number in span)


def allocate(change: Change, count: int) -> NumberRange:
    """Return the next `count` numbers in a row that no card ever had; raises RuleRefused when they are used up."""
    last = lock_numbers(change)
    digits = change.rules.cards.number_digits
    for _ in range(RANGES_TRIED_MAX):
        span = NumberRange(last + 1, last + count, digits)
        if not span.fits():
            break
        taken = taken_of(change, span)
        if not taken:
            write_setting(change.connection, CARD_NUMBER, str(span.last))
            return span
        last = max(int(number) for number in taken)
    raise RuleRefused(NumberReason.USED_UP, {"wanted": count}, what="card numbers", hint="Amend cards.number_digits")


def number_for(change: Change, identifier: str) -> str:
    """Return the number of a card from outside: what is read off it, or the next one where that cannot be one."""
    lock_numbers(change)
    if against_number(identifier, _EveryNumber(change)) is None:
        return identifier
    span = allocate(change, 1)
    return span.number(span.first)
