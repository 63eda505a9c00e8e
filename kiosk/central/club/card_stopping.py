"""Stopping the card that a case is about, whether it is in the book already or came with a list (S28, S08)."""

from kiosk.central.club import cards
from kiosk.central.club.books import Change
from kiosk.central.club.card_adoption import adopt
from kiosk.central.club.refused import RuleRefused
from kiosk.club.card_kinds import UseClass
from kiosk.club.cards import CardState

NO_CARD_TO_STOP = "no_card_to_stop"
"""Why a card is not stopped. Wire format."""

_SHUT = frozenset(
    {CardState.SUSPENDED, CardState.LOST, CardState.REPLACED, CardState.RETURNED}
    | {CardState.CANCELLED, CardState.DESTROYED}
)


def stop_card(change: Change, credential: str | None, why: str) -> None:
    """Shut a card at every gate until somebody restores it; one that is shut already stays as it is.

    Raises RuleRefused where there is none, or nobody carries it.
    """
    if credential is None:
        raise RuleRefused(NO_CARD_TO_STOP)
    kept = adopt(change, credential)
    if kept.use_class is not UseClass.GIFT and kept.card.state is CardState.HANDED_OVER:
        cards.suspend(change, kept.card.number, why=why)
    elif kept.card.state not in _SHUT:
        raise RuleRefused(NO_CARD_TO_STOP, {"state": kept.card.state.value})
