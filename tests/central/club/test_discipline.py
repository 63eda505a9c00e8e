"""Violations and orders at central: evidence that is there, who decides what, and what gates and member then have."""

from datetime import date
from typing import Any

import pytest

from kiosk.central.club import discipline, membership
from kiosk.central.club.books import Books
from kiosk.central.club.discipline import Breach
from kiosk.central.club.refused import RuleRefused
from kiosk.club.discipline import Body, Evidence, Measure, Misconduct, Order, OrderState
from kiosk.club.life import StepRefused
from kiosk.club.membership import MemberState
from kiosk.core.errors import InvalidInput
from tests.central.builders import START, ManualClock
from tests.central.club import builders_people as people
from tests.central.club.builders import noted, told
from tests.central.club.builders_activities import DAY, Boxes
from tests.central.club.builders_people import do, gate_says, see, set_day

TODAY = date(2026, 11, 22)


def proven(books: Books, clock: ManualClock, member: str) -> str:
    """Write down a violation that a box has recorded; returns its id."""
    boxes = Boxes(books, clock)
    seq = boxes.enter(boxes.at_demo, START)
    boxes.send()
    breach = Breach(member, Misconduct.VENUE_RULES, TODAY, (Evidence(boxes.at_demo.id, seq),))
    return str(do(books, discipline.record_violation, breach).id)


def make_order(member: str, *violations: str, **fields: Any) -> Order:
    """Make the order of a suspension from today until further notice, by the committee."""
    defaults = {"measure": Measure.SUSPENSION, "body": Body.COMMITTEE, "since": TODAY, "heard": True}
    return Order(**{"member": member, "violations": violations, **defaults, **fields})


@pytest.mark.proves("S08")
def test_a_violation_names_records_that_are_there(both_books: Books, clock: ManualClock) -> None:
    people.open_club(both_books)
    member = people.join(both_books)
    found = proven(both_books, clock, member)
    (kept,) = see(both_books, discipline.violations_of, member)
    assert (kept.id, len(kept.evidence)) == (found, 1)
    for wrong in (Evidence("ab" * 16, 1), Evidence(kept.evidence[0].journal, 99), Evidence("", 1 << 70)):
        with pytest.raises(InvalidInput, match="there is no record"):
            do(both_books, discipline.record_violation, Breach(member, Misconduct.LAW, TODAY, (wrong,)))
    with pytest.raises(InvalidInput, match="has not happened"):
        do(both_books, discipline.record_violation, Breach(member, Misconduct.LAW, TODAY + DAY))
    assert len(see(both_books, discipline.violations_of, member)) == 1


@pytest.mark.proves("S08", "S07")
def test_an_order_stops_rights_at_the_gates_when_it_is_decided_and_not_before(books: Books, clock: ManualClock) -> None:
    people.open_club(books)
    member = people.join(books)
    violation = proven(books, clock, member)
    order = do(books, discipline.propose, make_order(member, violation), why="shouted")
    assert gate_says(books, 1, TODAY) == "ok"
    decided = do(books, discipline.decide, order.id, why="meeting of the committee")
    assert (decided.state, decided.decided_on) == (OrderState.DECIDED, TODAY)
    assert gate_says(books, 1, TODAY) == "membership_suspended"
    assert [row["template"] for row in told(books, member=member)][-1] == "discipline_suspended"
    with pytest.raises(StepRefused):
        do(books, discipline.decide, order.id, why="again")
    do(books, discipline.lift, order.id, why="apology")
    assert gate_says(books, 1, TODAY) == "ok"
    assert [row["action"] for row in noted(books, thing_id=order.id)] == [
        "order.propose", "order.decide", "order.lift",
    ]  # fmt: skip


def test_lifting_one_order_leaves_the_other_suspension(books: Books, clock: ManualClock) -> None:
    people.open_club(books)
    member = people.join(books)
    violation = proven(books, clock, member)
    orders = [
        do(books, discipline.propose, make_order(member, violation, until=until), why="x")
        for until in (TODAY + 3 * DAY, TODAY + 9 * DAY)
    ]
    for order in orders:
        do(books, discipline.decide, order.id, why="meeting")
    do(books, discipline.lift, orders[1].id, why="too hard")
    assert gate_says(books, 1, TODAY + 3 * DAY) == "membership_suspended"
    assert gate_says(books, 1, TODAY + 4 * DAY) == "ok"
    assert see(books, membership.standing, member).state is MemberState.SUSPENDED


@pytest.mark.proves("R63", "R70")
def test_only_the_council_cancels_for_serious_misconduct_and_only_with_evidence(
    books: Books, clock: ManualClock
) -> None:
    people.open_club(books)
    member = people.join(books)
    hearsay = do(books, discipline.record_violation, Breach(member, Misconduct.SERIOUS, TODAY)).id
    cancellation = {"measure": Measure.CANCELLATION, "since": TODAY}
    with pytest.raises(RuleRefused, match="body_may_not") as refused:
        do(books, discipline.propose, make_order(member, hearsay, body=Body.BOARD, **cancellation), why="x")
    assert refused.value.detail["reasons"] == "body_may_not no_evidence"
    proof = do(
        books, discipline.record_violation, Breach(member, Misconduct.SERIOUS, TODAY, papers=("judgement-1",))
    ).id
    wish = make_order(member, proof, body=Body.COUNCIL, **cancellation)
    order = do(books, discipline.propose, wish, why="judgement")
    do(books, discipline.decide, order.id, why="vote of the council")
    assert gate_says(books, 1, TODAY) == "membership_ended"
    assert see(books, membership.standing, member).state is MemberState.CANCELLED
    assert [row["template"] for row in told(books, member=member)][-1] == "discipline_cancelled"
    with pytest.raises(RuleRefused, match="cancellation_stands"):
        do(books, discipline.lift, order.id, why="mercy")


def test_an_order_that_waited_is_decided_from_another_day_on(books: Books, clock: ManualClock) -> None:
    people.open_club(books)
    member = people.join(books)
    violation = proven(books, clock, member)
    order = do(books, discipline.propose, make_order(member, violation, until=TODAY + DAY), why="x")
    set_day(clock, TODAY + 5 * DAY)
    with pytest.raises(RuleRefused, match="in_the_past"):
        do(books, discipline.decide, order.id, why="meeting")
    later = {"since": TODAY + 6 * DAY, "until": TODAY + 7 * DAY}
    do(books, discipline.decide, order.id, why="meeting", **later)
    answers = [gate_says(books, 1, TODAY + n * DAY) for n in (5, 6, 7, 8)]
    assert answers == ["ok", "membership_suspended", "membership_suspended", "ok"]
    assert see(books, discipline.order_of, order.id).order.since == later["since"]


def test_a_warning_tells_the_member_alone_and_a_dropped_order_does_nothing(books: Books, clock: ManualClock) -> None:
    people.open_club(books)
    member, other = people.join(books, 1), people.join(books, 2)
    violation = proven(books, clock, member)
    with pytest.raises(RuleRefused, match="other_member"):
        do(books, discipline.propose, make_order(other, violation), why="mixed up")
    warning = do(books, discipline.propose, make_order(member, violation, measure=Measure.WARNING), why="x")
    do(books, discipline.decide, warning.id, why="meeting")
    dropped = do(books, discipline.propose, make_order(member, violation), why="x")
    do(books, discipline.drop, dropped.id, why="not needed")
    with pytest.raises(StepRefused):
        do(books, discipline.decide, dropped.id, why="after all")
    assert gate_says(books, 1, TODAY) == "ok"
    rows = [row for row in told(books) if row["template"].startswith("discipline")]
    assert [(row["template"], row["member"]) for row in rows] == [("discipline_warned", member)]
    assert [each.state for each in see(books, discipline.orders_of, member)].count(OrderState.DROPPED) == 1
    assert see(books, membership.facts_of, member).suspensions == ()
