"""Limits how often one account looks for people by phone, number or name: the books are no directory (S90).

A card that lies on a desk's reader is in somebody's hand, so it counts apart, as often as hands can lay one down. A
number that is no card's counts as a search: numbers of cards could be guessed.
"""

import logging

from flask import request

from kiosk.central.club.books import Books
from kiosk.local.rates import RateLimiter
from kiosk.office.security import Caller
from kiosk.office.whom import cards_read

CARDS_A_MINUTE = 60

_log = logging.getLogger(__name__)


class LookUps:
    """Counts the searches of each account and each key: so many within a minute, then the next one waits."""

    def __init__(self, books: Books, a_minute: int) -> None:
        self._books = books
        self._searches = RateLimiter(books.clock, a_minute)
        self._cards = RateLimiter(books.clock, CARDS_A_MINUTE)

    def take(self, caller: Caller) -> int:
        """Count this request where it searches; returns after how many seconds it may, 0 for now."""
        text = request.args.get("q", "").strip()
        if not text:
            return 0
        wait_s = (self._cards if self._is_card(text) else self._searches).take(caller.staff.id)
        if wait_s:
            _log.warning("look-ups limited", extra={"staff": caller.staff.id, "via": caller.via, "wait_s": wait_s})
        return wait_s

    def _is_card(self, text: str) -> bool:
        with self._books.look() as look:
            return bool(cards_read(look, text))
