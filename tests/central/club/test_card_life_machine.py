"""Whatever the desk does with cards in any order: none opens a gate that must not, and no number comes twice (R19)."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import func, select

from kiosk.central.club import batches, card_credentials, card_replacing, cards, gift_cards, gift_way_back, membership
from kiosk.central.club.batches import BatchWish
from kiosk.central.club.books import Books, Change
from kiosk.central.club.card_book import card_of
from kiosk.central.club.card_credentials import Blank
from kiosk.central.club.cards import Assignment
from kiosk.central.tables import member as member_table
from kiosk.club.card_batches import Quality
from kiosk.club.card_kinds import ReplaceReason
from kiosk.core.errors import InvalidInput
from tests.central.builders import ManualClock
from tests.central.club.builders_cards import (
    HASH_KEY,
    TODAY,
    credential,
    denied_now,
    do,
    gate_answers,
    put_club,
    put_stock,
    put_waiting,
    uid,
)

DAY_S = 86400
KINDS = ("ordinary", "month", "gift")
PLACES = st.integers(0, 5)
WHO = st.integers(0, 2)
WAITING, VALID, ENDED = "waiting", "valid", "ended"


class Desk(RuleBasedStateMachine):
    """Three members and six cards, with an account of its own of which card may open the entrance."""

    books: Books
    clock: ManualClock
    every_number: set[str]

    def __init__(self) -> None:
        super().__init__()
        with self.books.look() as look:
            first = look.connection.execute(select(func.count()).select_from(member_table)).scalar_one() + 1
        self.members = [put_waiting(self.books, first + each) for each in range(3)]
        self.standing = dict.fromkeys(self.members, WAITING)
        self.numbers: list[str] = []
        self.out: dict[str, str] = {}
        self.stopped: set[str] = set()
        self.terms: dict[str, date | None] = {}
        do(self.books, self._make)

    def _make(self, change: Change) -> None:
        """Make two cards of each kind, encoded and in stock."""
        for kind in KINDS:
            batch = batches.order(change, BatchWish(kind, 2))
            batches.made(change, batch.id)
            for quality in Quality:
                batches.found(change, batch.id, quality, good=True)
            batches.decide(change, batch.id)
            batches.put_in_stock(change, batch.id, "desk")
            for number in (batch.numbers.number(place) for place in (batch.numbers.first, batch.numbers.last)):
                assert number not in self.every_number
                self.every_number.add(number)
                self.numbers.append(number)
                card_credentials.encode(change, number, Blank(uid(number)), HASH_KEY)

    def attempt(self, work: Callable[[Change], Any]) -> bool:
        """Try a change; say whether it was taken. What is refused changes nothing."""
        try:
            do(self.books, work)
        except InvalidInput:
            return False
        return True

    @rule(place=PLACES, who=WHO)
    def sets_aside(self, place: int, who: int) -> None:
        """A card is set aside for a member."""
        self.attempt(lambda change: cards.assign(change, Assignment(self.numbers[place], self.members[who])))

    @rule(place=PLACES, who=WHO)
    def issues(self, place: int, who: int) -> None:
        """A card is set aside and handed over in one go."""
        self.sets_aside(place, who)
        self.hands_over(place)

    @rule(place=PLACES)
    def hands_over(self, place: int) -> None:
        """A card is handed over, which makes a membership that waits for it valid."""
        number = self.numbers[place]
        if self.attempt(lambda change: cards.hand_over(change, number, identity_checked=True)):
            with self.books.look() as look:
                card = card_of(look, number).card
            self.terms[number] = card.valid_until
            if number not in self.stopped:
                self.out[number] = str(card.member)
            if self.standing[str(card.member)] == WAITING:
                self.standing[str(card.member)] = VALID

    @rule(
        place=PLACES,
        step=st.sampled_from(
            [cards.report_lost, cards.report_found, cards.suspend, cards.take_back, cards.cancel, cards.destroy]
        ),
    )
    def shuts(self, place: int, step: Any) -> None:
        """A card is lost, found, suspended, taken back, made void or destroyed: none of these opens it."""
        if self.attempt(lambda change: step(change, self.numbers[place], why="a test")):
            self.out.pop(self.numbers[place], None)
            if step is cards.suspend:
                self.stopped.add(self.numbers[place])

    @rule(place=PLACES)
    def is_lost_found_and_restored(self, place: int) -> None:
        """A lost card is found and let through again."""
        number = self.numbers[place]
        with self.books.look() as look:
            holder = str(card_of(look, number).card.member)

        def all_three(change: Change) -> None:
            cards.report_lost(change, number)
            cards.report_found(change, number)
            cards.restore(change, number, why="a test")

        if self.attempt(all_three):
            self.out[number] = holder
            self.stopped.discard(number)

    @rule(place=PLACES)
    def restores(self, place: int) -> None:
        """A suspended card is let through again."""
        number = self.numbers[place]
        if self.attempt(lambda change: cards.restore(change, number, why="a test")):
            self.stopped.discard(number)
            with self.books.look() as look:
                self.out[number] = str(card_of(look, number).card.member)

    @rule(old=PLACES, new=PLACES)
    def replaces(self, old: int, new: int) -> None:
        """A card comes in the place of another, which is denied at every gate with that commit."""
        numbers = self.numbers[old], self.numbers[new]
        if old != new and self.attempt(lambda change: card_replacing.replace(change, *numbers, ReplaceReason.LOST)):
            self.out.pop(numbers[0], None)
            assert credential(numbers[0]) in denied_now(self.books)
            if numbers[0] in self.stopped:
                self.stopped.add(numbers[1])

    @rule(old=PLACES, new=PLACES)
    def is_stopped_and_replaced(self, old: int, new: int) -> None:
        """A card that is shut comes back as another one, which is as shut as it was."""
        self.shuts(old, cards.suspend)
        self.shuts(old, cards.report_lost)
        self.replaces(old, new)
        self.hands_over(new)

    @rule(place=PLACES)
    def unassigns(self, place: int) -> None:
        """A card that nobody fetched goes back into stock."""
        self.attempt(lambda change: cards.unassign(change, self.numbers[place], why="a test"))

    @rule(place=PLACES)
    def renews(self, place: int) -> None:
        """A card gets another term."""
        number = self.numbers[place]
        if self.attempt(lambda change: cards.renew(change, number)):
            with self.books.look() as look:
                self.terms[number] = card_of(look, number).card.valid_until

    @rule(place=st.integers(4, 5), is_spent=st.booleans())
    def sells_a_gift_card(self, place: int, is_spent: bool) -> None:
        """A gift card is sold, perhaps spent and taken in."""
        number = self.numbers[place]
        self.attempt(lambda change: gift_cards.sell(change, number, 100))
        if is_spent:
            self.attempt(lambda change: gift_cards.note_balance(change, number, 0))
            self.attempt(lambda change: gift_way_back.take_in(change, number, "shop"))

    @rule(who=WHO)
    def ends(self, who: int) -> None:
        """A membership is cancelled."""
        member = self.members[who]
        if self.attempt(lambda change: membership.cancel(change, member, why="a test")):
            self.standing[member] = ENDED

    @rule(who=WHO)
    def comes_back(self, who: int) -> None:
        """Somebody joins again, and waits for a card again."""
        member = self.members[who]
        if self.attempt(lambda change: membership.admit(change, member, None, owes_fees=False, rejoins=True)):
            self.standing[member] = WAITING

    @rule(who=WHO, place=PLACES)
    def comes_back_with_the_old_card(self, who: int, place: int) -> None:
        """Somebody joins again at once, and a card is shut and let through again meanwhile."""
        self.ends(who)
        self.comes_back(who)
        self.is_lost_found_and_restored(place)

    @rule(days=st.sampled_from([1, 40]))
    def waits(self, days: int) -> None:
        """Days pass."""
        self.clock.pass_s(days * DAY_S)

    @invariant()
    def the_entrance_opens_for_the_right_cards_only(self) -> None:
        """Each card opens exactly if it is out, its member is valid, and its term is not over."""
        today = self.clock.now().date()
        given = gate_answers(self.books, [credential(number) for number in self.numbers])
        for number in self.numbers:
            holder, term = self.out.get(number), self.terms.get(number)
            expected = holder is not None and self.standing[holder] == VALID and (term is None or term >= today)
            assert given[credential(number)] is expected, (number, holder, term, self.standing)


@pytest.mark.proves("R07", "R19", "R29", "R45", "S20", "S21", "S27")
def test_no_card_opens_a_gate_that_must_not_and_no_number_comes_twice(books: Books, clock: ManualClock) -> None:
    put_club(books)
    taken = put_stock(books, quantity=1)
    assert clock.now().date() == TODAY
    fields = {"books": books, "clock": clock, "every_number": set(taken)}
    run_state_machine_as_test(
        type("DeskOfThisTest", (Desk,), fields),
        settings=settings(
            max_examples=12,
            stateful_step_count=15,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )
