"""In whatever order records come, the same suspicions stand in the end (S28)."""

from collections.abc import Sequence
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kiosk.central.club import cases, misuse
from kiosk.central.club.books import Books
from tests.central.builders import START, ManualClock
from tests.central.club import builders_people as people
from tests.central.club.builders_activities import MINUTE, Boxes, card
from tests.central.club.builders_people import see

Moves = Sequence[tuple[int, bool, bool]]
"""Minutes after the start, whether at the island, and whether out."""

MOVES = st.lists(
    st.tuples(st.integers(0, 300), st.booleans(), st.booleans()), min_size=2, max_size=6, unique_by=lambda each: each[0]
)


class Cards:
    """Cards that nobody has used yet, over the books of one club."""

    def __init__(self, books: Books) -> None:
        people.open_club(books)
        self.books = books
        self.boxes = Boxes(books, ManualClock(START + timedelta(days=1)))
        self.number = 0

    def standing_after(self, moves: Moves, order: Sequence[int]) -> set[tuple[str, str, str]]:
        """Return the suspicions that stand when a fresh card's moves came one by one in an order."""
        self.number += 1
        journals = []
        for minutes, island, out in moves:
            journal = self.boxes.new_journal(island=island)
            (self.boxes.leave if out else self.boxes.enter)(journal, START + minutes * MINUTE, self.number)
            journals.append(journal)
        for place in order:
            self.boxes.send(journals[place])
        mine = [each for each in see(self.books, cases.case_page) if each.credential == card(self.number)]
        rows = [row for case in mine for row in see(self.books, misuse.alerts_of, case.id)]
        return {(row["misuse"], row["last_at"], row["places"]) for row in rows if row["explained_at"] is None}


def test_a_second_site_that_is_heard_of_first_is_a_suspicion_once_the_first_is_known(books: Books) -> None:
    moves = [(0, False, False), (60, True, False)]
    assert Cards(books).standing_after(moves, [1, 0]) == {
        ("two_places", "2026-11-22T09:31:07.412Z", '["demo/club","island/club"]')
    }


def test_the_order_in_which_records_come_changes_no_suspicion(books: Books) -> None:
    cards = Cards(books)

    @settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(moves=MOVES, data=st.data())
    def holds(moves: Moves, data: st.DataObject) -> None:
        in_time = sorted(range(len(moves)), key=lambda place: moves[place][0])
        order = data.draw(st.permutations(range(len(moves))))
        assert cards.standing_after(moves, order) == cards.standing_after(moves, in_time)

    holds()
