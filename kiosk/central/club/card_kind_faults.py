"""What the kinds of card in the rule book are at odds with: one another, and the cards that there are (S22, R33)."""

from collections.abc import Iterator

from sqlalchemy import select

from kiosk.central.club.books import Look
from kiosk.central.club.card_adoption import USUAL_KIND
from kiosk.central.club.card_tables import card, sold_at
from kiosk.club.card_checks import kind_faults
from kiosk.club.card_kinds import CardRules, UseClass
from kiosk.club.cards import CardState

_OVER = (CardState.REPLACED, CardState.RETURNED, CardState.CANCELLED, CardState.DESTROYED)
"""States of cards that nobody asks for the kind of any more."""


def card_kind_faults(look: Look, rules: CardRules) -> Iterator[str]:
    """Yield what the kinds may not be, and the kinds that cards or points of sale rest on and that are gone."""
    for fault in kind_faults(rules):
        yield f"kind of card {fault.code}: {fault.reason}"
    classes = {each.code: each.use_class for each in rules.kinds}
    for code, use_class in _in_use(look):
        if code not in classes:
            yield f"kind of card {code} is not in the book, and cards of it are in use"
        elif classes[code] is not use_class:
            yield f"kind of card {code} is {classes[code]}, and cards of it are in use as {use_class}"
    for code in sorted(look.connection.execute(select(sold_at.c.kind).distinct()).scalars()):
        if code not in classes:
            yield f"kind of card {code} is not in the book, and a point of sale should always have some"
    if USUAL_KIND not in classes:
        yield f"kind of card {USUAL_KIND} is not in the book, and cards that come with a list are of it"


def _in_use(look: Look) -> list[tuple[str, UseClass]]:
    """Return the kinds of cards that are not over, each with what its cards are for."""
    query = select(card.c.kind, card.c.use_class).distinct().where(card.c.state.not_in([each.value for each in _OVER]))
    rows = look.connection.execute(query.order_by(card.c.kind, card.c.use_class))
    return [(row.kind, UseClass(row.use_class)) for row in rows]
