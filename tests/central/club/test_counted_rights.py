"""Rights that a tier has so many times: from the rule book to the gate without a line, and back into central."""

from datetime import datetime, timedelta

import msgspec
import pytest
from sqlalchemy import insert, select

from kiosk.central.club import desk_rights
from kiosk.central.club.books import Books, Change
from kiosk.central.club.card_book import Kept
from kiosk.central.club.card_tables import card, card_hand_over, card_replacement
from kiosk.central.club.card_use import take_over_use
from kiosk.central.ingest import Ingest
from kiosk.central.members import CardRecord, save_cards
from kiosk.central.projection import Projection
from kiosk.central.tables import used
from kiosk.club.benefits import Allowance, Right, RightKind
from kiosk.club.card_kinds import UseClass
from kiosk.club.cards import Card
from kiosk.core.clock import epoch_ms, format_utc
from kiosk.core.model import Period
from kiosk.core.visits import Usage, count_visit
from tests.central.builders import START, EdgeDevice, EdgeJournal, ManualClock, register
from tests.central.club.builders import held_lease
from tests.central.club.builders_points import (
    amend,
    card_id,
    do,
    put_club,
    put_welcomed,
    rights_with,
    tap,
)

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


class Gate:
    """A gate into the sauna that counts by itself, with the line down, and a central that hears of it later."""

    def __init__(self, books: Books) -> None:
        self.books, self.journal, self.device = books, EdgeJournal(), EdgeDevice()
        register(books.database, self.device)
        self.counts: dict[str, Usage] = {}

    def tap(self, at: datetime, number: int = 1) -> str:
        """Decide on a card by what this gate has counted; who is let in walks through and is counted."""
        with self.books.look() as look:
            zone = look.zone
        decision = tap(self.books, number, "sauna", at, usage=self.counts)
        if decision.granted:
            name = str(decision.event.entitlement)
            self.counts[name] = count_visit(self.counts.get(name, Usage()), epoch_ms(at), zone)
            self.journal.passage(at, away_s=0, area_to="sauna", entitlement=name, credential=card_id(number))
        return str(decision.event.reason)

    def line_is_back(self, clock: ManualClock) -> None:
        """Send all records, and let central count."""
        ingest = Ingest(self.books.database, clock)
        ack = ingest.batch(self.device.name, self.device.batch(self.journal, 1, self.journal.head))
        assert ack is not None
        projection = Projection(self.books.database, held_lease(self.books), clock, "Asia/Shanghai")
        while projection.tick(clock.now()) == 0.0:
            pass

    def central_counts(self, number: int = 1) -> dict[str, Usage]:
        """What central tells the gates of a card, by entitlement."""
        mine = (used.c.credential == card_id(number), used.c.entitlement != "")
        with self.books.look() as look:
            rows = look.connection.execute(select(used.c.entitlement, used.c.counts).where(*mine)).all()
        return {name: msgspec.json.decode(counts, type=Usage) for name, counts in rows}


def put_right(books: Books, allowance: Allowance) -> str:
    """Make a new silver member who has the sauna so often."""
    put_club(books)
    sauna = Right("sauna", RightKind.FACILITY, "silver", allowance, areas=("sauna",))
    amend(books, benefits__rights=rights_with(sauna))
    return put_welcomed(books)


@pytest.mark.proves("S35", "S36", "R80")
@pytest.mark.parametrize(
    ("allowance", "after", "answers"),
    [
        (Allowance(3), DAY, ["ok", "ok", "ok", "no_visits_left", "no_visits_left"]),
        (Allowance(2, Period.DAY), 8 * HOUR, ["ok", "ok", "ok", "no_visits_left", "ok", "ok"]),
        (Allowance(1, Period.WEEK), 4 * DAY, ["ok", "ok", "ok", "no_visits_left"]),
        (Allowance(1, Period.MONTH), 6 * DAY, ["ok", "no_visits_left", "ok", "no_visits_left"]),
    ],
    ids=["three in all", "two a day", "one a week", "one a month"],
)
def test_a_counted_right_is_decided_without_a_line_and_central_counts_the_same(
    books: Books, clock: ManualClock, allowance: Allowance, after: timedelta, answers: list[str]
) -> None:
    member = put_right(books, allowance)
    gate = Gate(books)
    assert [gate.tap(START + turn * after) for turn in range(len(answers))] == answers
    clock.pass_s(int((len(answers) * after).total_seconds()))
    gate.line_is_back(clock)
    assert gate.central_counts() == gate.counts
    with books.look() as look:
        shown = {each.code: each for each in desk_rights.rights_with_use(look, member)}["sauna"]
    assert (shown.at_gates, shown.used.total) == (True, answers.count("ok"))


@pytest.mark.proves("S35", "R80")
def test_a_card_in_the_place_of_another_has_used_what_that_one_used(books: Books, clock: ManualClock) -> None:
    member = put_right(books, Allowance(2))
    gate = Gate(books)
    assert [gate.tap(START + turn * HOUR) for turn in range(3)] == ["ok", "ok", "no_visits_left"]
    clock.pass_s(86400)
    gate.line_is_back(clock)
    name = f"{member}.right.sauna"
    do(books, lambda change: save_cards(change.connection, [CardRecord(card_id(2), "0400", member)]))
    do(books, lambda change: change.touch(member))
    assert gate.central_counts(2) == {}
    old, new = (Kept(Card(f"{n}", "annual"), UseClass.ORDINARY, credential=card_id(n)) for n in (1, 2))
    do(books, lambda change: take_over_use(change, old, new))
    assert gate.central_counts(2) == {name: gate.counts[name]}
    assert tap(books, 2, "sauna", START + DAY, usage=gate.central_counts(2)).event.reason == "no_visits_left"
    with books.look() as look:
        shown = {each.code: each for each in desk_rights.rights_with_use(look, member)}["sauna"]
    assert (shown.used.total, shown.used_up) == (2, {"limit": 2, "used": 2, "per": "ever"})


@pytest.mark.proves("S35", "R80")
def test_a_visit_on_a_lost_card_that_is_told_late_counts_on_the_card_in_its_place(
    both_books: Books, clock: ManualClock
) -> None:
    books = both_books
    member = put_right(books, Allowance(3))
    gate = Gate(books)
    assert gate.tap(START) == "ok"
    gate.line_is_back(clock)
    assert gate.tap(START + HOUR) == "ok"
    do(books, lambda change: save_cards(change.connection, [CardRecord(card_id(2), "0400", member)]))
    put_replacement(books, member)
    old, new = (Kept(Card(f"{n}", "annual"), UseClass.ORDINARY, credential=card_id(n)) for n in (1, 2))
    do(books, lambda change: take_over_use(change, old, new))
    name = f"{member}.right.sauna"
    assert gate.central_counts(2)[name].total == 1
    clock.pass_s(86400)
    gate.line_is_back(clock)
    assert gate.central_counts(2) == gate.counts
    assert gate.central_counts()[name].total == 1
    answers = [tap(books, 2, "sauna", START + DAY, usage=gate.central_counts(2)).event.reason]
    gate.counts = gate.central_counts(2)
    assert [*answers, gate.tap(START + DAY, 2), gate.tap(START + DAY + HOUR, 2)] == ["ok", "ok", "no_visits_left"]


def put_replacement(books: Books, member: str) -> None:
    """Write down that card 2 is in the member's hand in the place of card 1."""

    def work(change: Change) -> None:
        run, at = change.connection.execute, format_utc(change.now)
        shared = {"kind": "annual", "use_class": "ordinary", "member": member}
        for number, state in ((1, "replaced"), (2, "handed_over")):
            run(insert(card).values(number=f"{number}", state=state, credential=card_id(number), **shared))
        run(insert(card_hand_over).values(number="2", by="desk", point="desk", at=at, identity_checked=True))
        run(insert(card_replacement).values(new="2", old="1", reason="lost", charged=True, at=at))
        change.touch(member)

    do(books, work)
