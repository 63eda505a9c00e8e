"""Who answers what: every subject that a kiosk or till asks about, with its limits, and once for the id of a wish.

What a rule refuses is an answer with its reason. What was asked too often, or under an id that was used for something
else, is declined.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import msgspec

from kiosk.central.care.help_calls import call_for_help
from kiosk.central.club.books import AnsweredOtherwise, Books, Change, Look
from kiosk.central.club.readings import note_reading
from kiosk.central.club.refused import RuleRefused
from kiosk.central.money.ledger import PostedOtherwise
from kiosk.central.pay.ways import offered
from kiosk.central.requests import Answer, Declined
from kiosk.central.self_service import faces, joining, orders, papers, quotes, voices, wishes
from kiosk.central.self_service.holders import actor_of
from kiosk.central.self_service.view import READ, view_of
from kiosk.core.bell import HelpAsked
from kiosk.core.codec import canonical
from kiosk.core.errors import InvalidInput
from kiosk.core.papers import HandInAsked, Paper, PaperAsked
from kiosk.core.self_service import (
    ApplyAsked,
    ConfirmAsked,
    Done,
    FeedbackAsked,
    MemberView,
    OrderAsked,
    OrderNamed,
    OrderTold,
    PhotoAsked,
    PhotoTold,
    QuoteAsked,
    RedeemAsked,
    SignInAsked,
    SpendAsked,
    Subject,
    ViewAsked,
)
from kiosk.local.rates import RateLimiter

VIEWS_A_MINUTE = 30
WISHES_A_MINUTE = 30
PHOTOS_A_MINUTE = 60
"""So many of each a device may ask for in a minute; one more is declined as `too_often`, and counted."""

APPLICATIONS_AN_HOUR = 20
"""So many people may apply at one device in an hour: more than that are no people."""

TOO_OFTEN = "too_often"
ASKED_OTHERWISE = "asked_otherwise"
NOT_POSSIBLE = "not_possible"
"""The reason where a wish names what there is not."""

A = TypeVar("A", bound=msgspec.Struct)
R = TypeVar("R", bound=msgspec.Struct)
W = TypeVar("W", FeedbackAsked, SignInAsked, RedeemAsked, ConfirmAsked, ApplyAsked)


class SelfService:
    """Answers devices out of the books; for the one thread that answers requests. The limits are this process's own.

    `order_changed` hears of each order that was opened or given up, when that is written.
    """

    def __init__(self, books: Books, order_changed: Callable[[], None]) -> None:
        self._books, self._order_changed = books, order_changed
        self._views = RateLimiter(books.clock, VIEWS_A_MINUTE, 60)
        self._photos = RateLimiter(books.clock, PHOTOS_A_MINUTE, 60)
        self._wishes = RateLimiter(books.clock, WISHES_A_MINUTE, 60)
        self._applications = RateLimiter(books.clock, APPLICATIONS_AN_HOUR, 3600)

    def answers(self) -> dict[str, Answer]:
        """Return the answer to each subject."""
        found: dict[Subject, Answer] = {
            Subject.VIEW: self._view,
            Subject.OPEN_ORDER: self._open_order,
            Subject.LOOK_AT_ORDER: self._look_at_order,
            Subject.CANCEL_ORDER: self._cancel_order,
            Subject.FEEDBACK: partial(self._wish, FeedbackAsked, voices.leave, self._wishes),
            Subject.SIGN_IN: partial(self._wish, SignInAsked, wishes.sign_in, self._wishes),
            Subject.REDEEM: partial(self._wish, RedeemAsked, wishes.redeem, self._wishes),
            Subject.CONFIRM: partial(self._wish, ConfirmAsked, wishes.confirm, self._wishes),
            Subject.APPLY: partial(self._wish, ApplyAsked, joining.submit_application, self._applications),
            Subject.PAPER: self._paper,
            Subject.HAND_IN: self._hand_in,
            Subject.HELP: self._help,
            Subject.PHOTO: self._photo,
            Subject.QUOTE: partial(self._look, QuoteAsked, quotes.quote),
            Subject.SPEND: partial(self._look, SpendAsked, quotes.may_spend),
        }
        return {subject.value: answer for subject, answer in found.items()}

    def _view(self, device: str, _site: str, args: dict[str, Any]) -> MemberView:
        """Tell a member's view, and note that the device read it, before it leaves (S90, R149)."""
        asked = _read(args, ViewAsked)
        _count(self._views, device)
        with self._books.look() as look:
            member, view = view_of(look, asked, offered(look))
        if member:
            self._books.change(actor_of(device), lambda change: note_reading(change, member, READ))
        return view

    def _photo(self, device: str, _site: str, args: dict[str, Any]) -> PhotoTold:
        """Show a face to staff at a gate, and note that the device read it, before it leaves (S90, R149)."""
        asked = _read(args, PhotoAsked)
        _count(self._photos, device)
        with self._books.look() as look:
            member, photo = faces.face_of(look, asked)
        if member:
            self._books.change(actor_of(device), lambda change: note_reading(change, member, faces.READ))
        return photo

    def _open_order(self, device: str, _site: str, args: dict[str, Any]) -> OrderTold:
        asked = _read(args, OrderAsked)
        _count(self._wishes, device)
        return self._change_order(device, lambda change: orders.open_order(change, asked, device))

    def _look_at_order(self, device: str, _site: str, args: dict[str, Any]) -> OrderTold:
        asked = _read(args, OrderNamed)
        with self._books.look() as look:
            return orders.look_at_order(look, asked, device)

    def _cancel_order(self, device: str, _site: str, args: dict[str, Any]) -> OrderTold:
        asked = _read(args, OrderNamed)
        return self._change_order(device, lambda change: orders.cancel_order(change, asked, device))

    def _paper(self, device: str, site: str, args: dict[str, Any]) -> Paper:
        asked = _read(args, PaperAsked)
        _count(self._wishes, device)
        with self._books.look() as look:
            try:
                return papers.look_at_paper(look, asked, site)
            except RuleRefused as error:
                return Paper(asked.paper, why_not=str(error.reason))

    def _hand_in(self, device: str, site: str, args: dict[str, Any]) -> Done:
        """Take what was chosen; its id is kept nowhere, as what is kept under one would say who chose what."""
        asked = _read(args, HandInAsked)
        _count(self._wishes, device)
        return _told(
            asked.id,
            lambda: self._books.change(actor_of(device), lambda change: papers.hand_in(change, asked, site)),
        )

    def _help(self, device: str, site: str, args: dict[str, Any]) -> Done:
        asked = _read(args, HelpAsked)
        _count(self._wishes, device)
        self._books.change(actor_of(device), lambda change: call_for_help(change, device, site, asked.id))
        return Done(asked.id, True)

    def _look(
        self, kind: type[A], work: Callable[[Look, A, str], R], _device: str, site: str, args: dict[str, Any]
    ) -> R:
        asked = _read(args, kind)
        with self._books.look() as look:
            return work(look, asked, site)

    def _wish(
        self,
        kind: type[W],
        work: Callable[[Change, W, str], Done],
        limit: RateLimiter,
        device: str,
        site: str,
        args: dict[str, Any],
    ) -> Done:
        """Do what is wished once for its id and device; the same again gets the first answer."""
        asked = _read(args, kind)
        _count(limit, device)
        key, said = f"device:{device}:{asked.id}", canonical([kind.__name__, asked])
        try:
            return _told(
                asked.id,
                lambda: self._books.change_once(
                    actor_of(device), key, said, Done, lambda change: work(change, asked, site)
                ),
            )
        except (AnsweredOtherwise, PostedOtherwise) as error:
            raise Declined(ASKED_OTHERWISE) from error

    def _change_order(self, device: str, work: Callable[[Change], OrderTold]) -> OrderTold:
        try:
            told = self._books.change(actor_of(device), work)
        except (InvalidInput, PostedOtherwise) as error:
            # What a rule refuses is told as an order: left is another order under that id.
            raise Declined(ASKED_OTHERWISE) from error
        self._order_changed()
        return told


def _told(id: str, work: Callable[[], Done]) -> Done:
    """Return how a wish ended: what a rule refuses is an answer with its reason."""
    try:
        return work()
    except RuleRefused as error:
        return Done(id, False, str(error.reason))
    except InvalidInput:
        return Done(id, False, NOT_POSSIBLE)


def _read(args: dict[str, Any], kind: type[A]) -> A:
    return msgspec.convert(args, kind)


def _count(limiter: RateLimiter, device: str) -> None:
    """Count what a device asks for; raises Declined for one that asks too often."""
    if limiter.take(device):
        raise Declined(TOO_OFTEN)
