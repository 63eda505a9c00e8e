"""Reminders of a fee: by which channel, with what result, and what comes of those in vain."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from sqlalchemy import update

from kiosk.central.club import membership
from kiosk.central.club.books import Books
from kiosk.central.club.reaching import FAILED
from kiosk.central.club.tables import notice
from kiosk.central.money import dunning, fee_payments
from kiosk.club.dunning import DunningAct, DunningChannel, Outcome
from kiosk.club.membership import MemberState
from kiosk.core.errors import InvalidInput
from tests.central.builders import ManualClock
from tests.central.club import builders_people as people
from tests.central.club.builders import told
from tests.central.club.builders_people import gate_says
from tests.central.money.builders_fees import (
    DAY,
    TODAY,
    assert_books_hold,
    do,
    join,
    open_club,
    pass_nights,
    pay,
    see,
    set_day,
    set_rule,
    today,
)

DUE = date(2027, 11, 22)
SMS, PHONE, EMAIL = DunningChannel.SMS, DunningChannel.PHONE, DunningChannel.EMAIL


@pytest.fixture
def member(books: Books, clock: ManualClock) -> Iterator[str]:
    """A member whose second year is due today and not paid; the books hold afterwards."""
    open_club(books)
    made = join(books)
    pay(books, made, 120_000)
    people.hand_over(books, made)
    set_day(clock, DUE - DAY)
    pass_nights(books, clock)
    yield made
    assert_books_hold(books)


def log(books: Books, member: str) -> list[tuple[date, DunningChannel, Outcome]]:
    return [(each.on, each.channel, each.outcome) for each in see(books, dunning.log_of, member)]


def test_reminders_go_by_each_channel_in_turn_and_are_told_once(books: Books, clock: ManualClock, member: str) -> None:
    assert log(books, member) == []
    pass_nights(books, clock, 15)
    days = [DUE + DAY, DUE + 8 * DAY, DUE + 15 * DAY]
    assert log(books, member) == [(days[0], SMS, Outcome.SENT), (days[1], EMAIL, Outcome.SENT),
                                  (days[2], SMS, Outcome.SENT)]  # fmt: skip
    sent = told(books, template="fee_overdue", member=member)
    assert [each["channel"] for each in sent] == ["sms", "email", "sms"]
    do(books, dunning.take_step, member)
    assert len(told(books, template="fee_overdue", member=member)) == 3


def test_three_in_vain_stop_service_then_end_the_contract(books: Books, clock: ManualClock, member: str) -> None:
    pass_nights(books, clock, 21)
    assert see(books, membership.standing, member).state is MemberState.ARREARS
    pass_nights(books, clock)
    assert see(books, membership.standing, member).state is MemberState.SUSPENDED
    assert gate_says(books, 1, today(clock)) in ("membership_suspended", "fee_overdue")
    pass_nights(books, clock, 59)
    assert see(books, membership.standing, member).state is MemberState.SUSPENDED
    pass_nights(books, clock)
    assert see(books, membership.standing, member).state is MemberState.CANCELLED
    assert gate_says(books, 1, today(clock)) == "membership_ended"


def test_a_payment_restores_service_at_once(books: Books, clock: ManualClock, member: str) -> None:
    pass_nights(books, clock, 22)
    assert gate_says(books, 1, today(clock)) != "ok"
    pay(books, member, 120_000, "p2")
    assert see(books, membership.standing, member).state is MemberState.VALID
    assert gate_says(books, 1, today(clock)) == "ok"
    pass_nights(books, clock, 5)
    assert len(log(books, member)) == 3


def test_a_deferral_restores_service_with_the_next_night(books: Books, clock: ManualClock, member: str) -> None:
    pass_nights(books, clock, 22)
    until = today(clock) + 20 * DAY
    do(books, fee_payments.defer, member, until, why="illness")
    pass_nights(books, clock)
    assert gate_says(books, 1, today(clock)) == "ok"
    assert gate_says(books, 1, until + DAY) == "fee_overdue"


def test_what_failed_technically_is_no_reminder_and_the_next_channel_is_tried(
    books: Books, clock: ManualClock, member: str
) -> None:
    pass_nights(books, clock)
    with books.database.begin() as connection:
        connection.execute(update(notice).where(notice.c.template == "fee_overdue").values(state=FAILED))
    pass_nights(books, clock)
    assert [each[1:] for each in log(books, member)] == [(SMS, Outcome.FAILED), (EMAIL, Outcome.SENT)]


def test_a_call_is_a_task_and_staff_say_what_came_of_it(books: Books, clock: ManualClock, member: str) -> None:
    classes = [{"code": "all", "age_days_min": 1, "channels": ["phone"], "every_days": 3}]
    set_rule(books, "dunning.classes", classes)
    pass_nights(books, clock)
    [row] = see(books, dunning.log_of, member)
    [call] = told(books, template="fee_overdue", member=member)
    assert (row.channel, call["channel"], row.amount_minor, row.kind) == (PHONE, "call", 120_000, "all")
    do(books, dunning.note_result, row.n, Outcome.PROMISED, "will pay on Friday")
    [row] = see(books, dunning.log_of, member)
    assert (row.outcome, row.note, row.by) == (Outcome.PROMISED, "will pay on Friday", "desk-1")
    with pytest.raises(InvalidInput):
        do(books, dunning.note_result, row.n, Outcome.SENT, "")


def test_arrears_are_classed_by_age_and_amount(books: Books, clock: ManualClock, member: str) -> None:
    set_rule(books, "dunning.fruitless_max", 50)
    kinds = []
    for day in (1, 29, 30, 90):
        set_day(clock, DUE + timedelta(days=day))
        [found] = see(books, dunning.in_arrears)
        assert found.arrears is not None
        kinds.append((found.arrears.age_days, found.arrears.kind))
    assert kinds == [(1, "fresh"), (29, "fresh"), (30, "late"), (90, "long")]
    assert found.member == member
    set_rule(books, "dunning.amount_min_minor", 200_000)
    assert do(books, dunning.take_step, member).step.act is DunningAct.NOTHING


def test_who_owes_nothing_is_left_alone(books: Books, clock: ManualClock, member: str) -> None:
    pay(books, member, 120_000, "p2")
    pass_nights(books, clock, 30)
    assert log(books, member) == []
    assert see(books, dunning.in_arrears) == []
    assert today(clock) > TODAY
