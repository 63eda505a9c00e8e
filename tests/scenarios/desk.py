"""The club's desk as the office runs it: the same services over the same database, at the time of the story."""

from collections.abc import Callable
from datetime import date
from typing import Any

from kiosk.central.clockguard import confirm_clock
from kiosk.central.club import applications, batches, benefits, card_credentials, card_replacing, cards, membership
from kiosk.central.club import stock as stock_of_cards
from kiosk.central.club.application_book import Applicant, application_of, publish_version
from kiosk.central.club.batches import BatchWish
from kiosk.central.club.books import Actor, Books, Change
from kiosk.central.club.card_credentials import Blank
from kiosk.central.club.cards import Assignment
from kiosk.central.policy import ClubPolicy
from kiosk.club.applications import ReviewReason
from kiosk.club.card_batches import Quality
from kiosk.club.card_kinds import ReplaceReason
from kiosk.club.card_stock import PointKind, PointOfSale
from kiosk.club.joining import Consent
from kiosk.club.membership import MemberState
from kiosk.core.errors import InvalidInput
from kiosk.core.identifiers import credential_of
from tests.central.club.builders_people import VERSION

STAFF = Actor("desk-1")
POINT = "lobby"


class Desk:
    """What staff do; people are told apart by the numbers of members and cards that the services return."""

    def __init__(self, books: Books, hash_key: bytes) -> None:
        self.books = books
        self._hash_key = hash_key
        self._stock: dict[str, list[str]] = {}

    def do(self, work: Callable[..., Any], *args: Any, **more: Any) -> Any:
        """Run a service in a transaction of its own."""
        return self.books.change(STAFF, lambda change: work(change, *args, **more))

    def see(self, work: Callable[..., Any], *args: Any, **more: Any) -> Any:
        """Read with a service."""
        with self.books.look() as look:
            return work(look, *args, **more)

    def open_club(self, policy: ClubPolicy, **stock: int) -> None:
        """Load the club's policy, put what is to be agreed to into force, and have so many cards of each kind."""

        def work(change: Change) -> None:
            benefits.load_policy(change, policy)
            for each in (Consent.PURPOSE, Consent.CHARTER, Consent.REGULATIONS):
                publish_version(change, each, VERSION, change.today, decided_by="council")
            stock_of_cards.put_point(change, PointOfSale(POINT, PointKind.DESK, "demo"))
            for kind, quantity in stock.items():
                self._stock[kind] = _made(change, kind, quantity)

        self.do(work)

    def confirm_clock(self) -> None:
        """Say, as an operator does after central was off for long, that its clock is right."""
        with self.books.database.begin() as connection:
            confirm_clock(connection, self.books.clock.now())

    def submit(self, applicant: Applicant) -> str:
        """Take an application and look at it; returns its id."""
        application = str(self.do(applications.submit, applicant))
        self.do(applications.pre_register, application)
        self.do(applications.review, application)
        return application

    def turn_down(self, applicant: Applicant, reason: ReviewReason) -> list[str]:
        """Turn an applicant down; returns what spoke against the application."""
        application = self.submit(applicant)
        try:
            self.do(applications.approve, application)
        except InvalidInput:
            self.do(applications.reject, application, reason, why="reviewed at the desk")
            return [each.reason.value for each in self.see(application_of, application).open]
        raise AssertionError("somebody was approved who was to be refused")

    def admit(self, applicant: Applicant, paid_until: date) -> str:
        """Approve an applicant who pays the first fee; returns the member."""
        member = str(self.do(applications.approve, self.submit(applicant)).member)
        self.do(membership.record_paid, member, paid_until, why="first fee")
        return member

    def make_card(self, member: str, kind: str = "ordinary") -> str:
        """Take a card from stock, encode it and set it aside for a member; returns its number."""
        number = self._blank(kind)
        self.do(cards.assign, Assignment(number, member))
        return number

    def hand_over(self, number: str) -> None:
        """Hand a card over to the member it is for."""
        self.do(cards.hand_over, number, identity_checked=True)

    def replace_lost(self, old: str, kind: str = "ordinary") -> str:
        """Give a member another card in the place of a lost one; returns its number."""
        new = self._blank(kind)
        self.do(card_replacing.replace, old, new, ReplaceReason.LOST, why="lost on the way home")
        self.hand_over(new)
        return new

    def state(self, member: str) -> MemberState:
        """Return where a membership stands today."""
        found: MemberState = self.see(membership.standing, member).state
        return found

    def credential(self, number: str) -> str:
        """Return what gates know the card of a number by."""
        return credential_of(identifier(number), self._hash_key)

    def _blank(self, kind: str) -> str:
        number = self._stock[kind].pop(0)
        self.do(card_credentials.encode, number, Blank(identifier(number)), self._hash_key)
        return number


def identifier(number: str) -> str:
    """Return what readers read of the card of a number."""
    return f"04{int(number):010X}10"


def _made(change: Change, kind: str, quantity: int) -> list[str]:
    """Have cards made, checked and put in stock; returns their numbers."""
    batch = batches.order(change, BatchWish(kind, quantity))
    batches.made(change, batch.id)
    for quality in Quality:
        batches.found(change, batch.id, quality, good=True)
    batches.decide(change, batch.id)
    batches.put_in_stock(change, batch.id, POINT)
    return [batch.numbers.number(place) for place in range(batch.numbers.first, batch.numbers.last + 1)]
