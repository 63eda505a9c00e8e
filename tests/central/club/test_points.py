"""The points book: what is booked once, what a balance says, and what runs out."""

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from kiosk.central.club import earners, point_entries, points, tiers
from kiosk.central.club.books import Books, Change
from kiosk.central.club.points_tables import points_entry
from kiosk.central.club.refused import RuleRefused
from kiosk.central.members import CardRecord, members_by, save_cards, save_members
from kiosk.central.tables import member as member_table
from kiosk.club.earning import Award, EarnReason
from kiosk.club.points import Kind, Source, balance_on
from kiosk.club.refusal import Refusal
from kiosk.core.errors import InvalidInput
from tests.central.builders import START, ManualClock
from tests.central.club.builders import noted
from tests.central.club.builders_points import TODAY, amend, card_id, do, put_club, put_member, put_welcomed, run_job

DAY_S = 86400


def balance(books: Books, member: str) -> int:
    """Return what a member can use."""
    with books.look() as look:
        return points.balance(look, member).available


def buy(books: Books, member: str, sale: str, amount_minor: int = 5000, **more: object) -> object:
    """Book a purchase of 50 yuan now."""
    return do(books, lambda change: points.earn_for_sale(change, member, sale, amount_minor, change.now, **more))


@pytest.mark.proves("R74")
def test_registration_brings_1000_points_once_in_a_life(books: Books) -> None:
    put_club(books)
    member = put_member(books)
    for _ in range(2):
        earned = do(books, lambda change: points.earn_for_registration(change, member))
    assert earned == Refusal(EarnReason.ALREADY_HAD)
    assert balance(books, member) == 1000


@pytest.mark.proves("R75", "R88", "S47")
def test_a_purchase_brings_five_points_and_the_same_sale_again_nothing(books: Books) -> None:
    put_club(books)
    member = put_welcomed(books)
    assert buy(books, member, "s1") == Award(Source.CONSUMPTION, 5, 5)
    assert buy(books, member, "s1") == Refusal(EarnReason.ALREADY_HAD)
    assert balance(books, member) == 1005
    assert [row["after"]["points"] for row in noted(books, action="points.book")] == [1000, 5]


def test_the_sixth_purchase_of_a_day_earns_nothing_and_counts_as_spent(books: Books, clock: ManualClock) -> None:
    put_club(books)
    member = put_welcomed(books)
    earned = [buy(books, member, f"s{number}") for number in range(6)]
    assert earned[5] == Refusal(EarnReason.DAY_LIMIT, {"limit": 5})
    with books.look() as look:
        assert earners.bought_by(look, member, look.today).spend_minor == 6 * 5000
    clock.pass_s(DAY_S)
    assert isinstance(buy(books, member, "s7"), Award)


@pytest.mark.proves("R89", "S76")
def test_a_gold_members_birthday_counts_the_higher_multiplier(books: Books) -> None:
    put_club(books)
    member = put_welcomed(books, born=date(1990, TODAY.month, TODAY.day))
    plain = put_welcomed(books, 2)
    for each in (member, plain):
        do(books, lambda change, each=each: tiers.buy(change, each, "gold", None))
    assert buy(books, plain, "a").points == 6
    assert buy(books, member, "b").points == 10


@pytest.mark.proves("S51")
def test_on_a_member_day_points_are_doubled_by_the_rules_of_the_sales_own_day(books: Books, clock: ManualClock) -> None:
    put_club(books)
    member = put_welcomed(books)
    amend(books, calendar__member_days=[{"code": "club_day", "dates": [TODAY.isoformat()]}])
    at = clock.now()
    clock.pass_s(2 * DAY_S)
    late = do(books, lambda change: points.earn_for_sale(change, member, "late", 5000, at))
    assert (late.points, buy(books, member, "now").points) == (10, 5)


def test_a_sale_that_comes_late_is_booked_behind_what_was_booked_before(books: Books, clock: ManualClock) -> None:
    put_club(books)
    member = put_welcomed(books)
    early = clock.now()
    clock.pass_s(3 * DAY_S)
    buy(books, member, "now")
    do(books, lambda change: points.earn_for_sale(change, member, "late", 5000, early))
    with books.look() as look:
        days = [entry.on for entry in point_entries.entries_of(look, member)]
    assert days == [TODAY, TODAY + timedelta(days=3), TODAY + timedelta(days=3)]
    assert balance(books, member) == 1010


def test_a_sale_from_a_clock_that_is_ahead_counts_for_today(books: Books) -> None:
    put_club(books)
    member = put_welcomed(books)
    ahead = START + timedelta(days=900)
    do(books, lambda change: points.earn_for_sale(change, member, "ahead", 5000, ahead))
    assert balance(books, member) == 1005


@pytest.mark.proves("R45")
@pytest.mark.parametrize("fields", [{"member_until": date(2026, 11, 21)}, {"suspended_from": TODAY}])
def test_who_is_no_valid_member_earns_nothing(books: Books, fields: dict[str, date]) -> None:
    put_club(books)
    member = put_welcomed(books)

    def stop(change: Change) -> None:
        person = members_by(change.connection, "id", [member])[0]
        values = {name: getattr(person, name) for name in person.__struct_fields__} | fields
        save_members(change.connection, [type(person)(**values)])

    do(books, stop)
    assert buy(books, member, "s1") == Refusal(EarnReason.NOT_A_VALID_MEMBER)
    assert buy(books, member, "s2", card_earns=False) == Refusal(EarnReason.CARD_EARNS_NONE)


def test_an_undone_sale_takes_its_points_back_also_where_they_were_spent(books: Books) -> None:
    put_club(books)
    member = put_welcomed(books)
    buy(books, member, "s1")
    do(books, lambda change: points.spend(change, member, 1005, "r1"))
    for _ in range(2):
        do(books, lambda change: points.undo_sale(change, "s1", "returned"))
    with books.look() as look:
        now = points.balance(look, member)
        assert (now.available, now.lifetime, now.owed) == (-5, 1000, 5)
        assert earners.bought_by(look, member, look.today).spend_minor == 0


@pytest.mark.proves("R88")
def test_taking_part_in_an_activity_brings_points_once(books: Books) -> None:
    put_club(books)
    member = put_welcomed(books)

    def attend(change: Change) -> object:
        return points.earn_for_activity(change, member, "a1.m1", 40, change.now)

    assert do(books, attend) == Award(Source.EVENT, 40, 40)
    assert do(books, attend) == Refusal(EarnReason.ALREADY_HAD)


def test_staff_correct_a_balance_with_a_reason_and_not_below_zero(books: Books) -> None:
    put_club(books)
    member = put_welcomed(books)
    do(books, lambda change: points.adjust(change, member, -400, "counted twice", "key-1"))
    do(books, lambda change: points.adjust(change, member, -400, "counted twice", "key-1"))
    assert balance(books, member) == 600
    assert noted(books, action="points.book")[-1]["why"] == "counted twice"
    with pytest.raises(RuleRefused) as caught:
        do(books, lambda change: points.adjust(change, member, -601, "again"))
    assert (caught.value.reason, caught.value.detail) == ("not_enough", {"needed": 601, "available": 600})
    with pytest.raises(RuleRefused, match="no_explanation"):
        do(books, lambda change: points.adjust(change, member, 5, " "))


@pytest.mark.proves("S48")
def test_points_of_a_redemption_leave_once_and_come_back_once(both_books: Books) -> None:
    put_club(both_books)
    member = put_welcomed(both_books)
    for _ in range(2):
        do(both_books, lambda change: points.spend(change, member, 700, "r1"))
    with pytest.raises(InvalidInput, match="something else"):
        do(both_books, lambda change: points.spend(change, member, 1, "r1"))
    with pytest.raises(RuleRefused, match="not_enough"):
        do(both_books, lambda change: points.spend(change, member, 301, "r2"))
    do(both_books, lambda change: points.give_back(change, "r1"))
    with pytest.raises(RuleRefused, match="already_reversed"):
        do(both_books, lambda change: points.give_back(change, "r1"))
    assert balance(both_books, member) == 1000
    with pytest.raises(InvalidInput, match="no points were used"):
        do(both_books, lambda change: points.give_back(change, "r9"))


@pytest.mark.proves("S47")
def test_points_run_out_by_their_date_and_the_job_writes_it_down_once(books: Books, clock: ManualClock) -> None:
    put_club(books)
    amend(books, points__valid_months=1)
    member = put_welcomed(books)
    with books.look() as look:
        assert points.ends_ahead(look, [member], 28) == {}
    clock.pass_s(29 * DAY_S)
    assert (balance(books, member), run_job(points.run, books).total) == (1000, 0)
    with books.look() as look:
        assert points.ends_ahead(look, [member], 0)[member].next_expiry.points == 1000
    clock.pass_s(DAY_S)
    assert balance(books, member) == 0
    assert [run_job(points.run, books).total for _ in range(2)] == [1, 1]
    with books.look() as look:
        kinds = [entry.kind for entry in point_entries.entries_of(look, member)]
        assert kinds == [Kind.EARN, Kind.EXPIRE]
        assert points.balance(look, member).lifetime == 1000


def test_a_leavers_points_are_forfeited(books: Books) -> None:
    put_club(books)
    member = put_welcomed(books)
    assert do(books, lambda change: points.forfeit_all(change, member, "left")) == 1000
    assert balance(books, member) == 0
    assert do(books, lambda change: points.forfeit_all(change, member, "left")) == 0
    with books.look() as look:
        assert points.balance(look, member).lifetime == 1000


def test_points_that_come_back_to_a_leaver_are_forfeited_again_on_the_same_day(books: Books) -> None:
    put_club(books)
    member = put_welcomed(books)
    do(books, lambda change: points.spend(change, member, 700, "r1"))
    assert do(books, lambda change: points.forfeit_all(change, member, "left")) == 300
    do(books, lambda change: points.give_back(change, "r1"))
    assert do(books, lambda change: points.forfeit_all(change, member, "left")) == 700
    assert balance(books, member) == 0


def test_history_goes_back_from_the_newest_booking_in_pages(books: Books) -> None:
    put_club(books)
    member = put_welcomed(books)
    for number in range(3):
        buy(books, member, f"s{number}")
    with books.look() as look:
        first = point_entries.history(look, member, limit=2)
        rest = point_entries.history(look, member, before=first[-1].n)
    assert [each.source_id for each in (*first, *rest)] == ["s2", "s1", "s0", member]


ACTIONS = st.lists(st.tuples(st.sampled_from("ebrgaux"), st.integers(0, 4), st.integers(0, 20)), max_size=14)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=ACTIONS)
def test_the_book_and_its_counters_agree_whatever_is_done(
    books: Books, clock: ManualClock, steps: list[tuple[str, int, int]]
) -> None:
    put_club(books)
    with books.look() as look:
        number = look.connection.execute(select(func.count()).select_from(member_table)).scalar_one() + 1
    member = put_welcomed(books, number)
    for step, pick, wait in steps:
        clock.pass_s(wait * DAY_S)
        name = f"{number}.{pick}"

        def act(change: Change, step: str = step, pick: int = pick, name: str = name) -> None:
            entries = point_entries.entries_of(change, member)
            match step:
                case "e" | "b":
                    points.earn_for_sale(change, member, name, 5000 * (pick + 1), change.now)
                case "u":
                    points.undo_sale(change, name, "undone")
                case "r":
                    points.spend(change, member, 100 * (pick + 1), name)
                case "g":
                    points.give_back(change, name)
                case "a":
                    points.adjust(change, member, 150 * (pick - 2), "test")
                case _:
                    points.reverse_earning(change, entries[pick % len(entries)].id, "test", pick + 1)

        try:
            do(books, act)
        except InvalidInput:
            continue
    with books.look() as look:
        entries = point_entries.entries_of(look, member)
        now = points.balance(look, member)
        assert now == balance_on(entries, look.today)
        assert point_entries.lifetimes(look, [member])[member] == now.lifetime
        assert now.available >= 0 or now.owed > 0
        pairs = select(func.count()).select_from(points_entry).group_by(points_entry.c.source, points_entry.c.source_id)
        assert set(look.connection.execute(pairs).scalars()) == {1}


@pytest.mark.proves("R45")
def test_who_has_only_a_card_that_ran_out_is_no_valid_member_until_it_is_renewed(books: Books) -> None:
    put_club(books)
    member = put_welcomed(books)
    for until in (TODAY, TODAY + timedelta(days=1)):
        row = CardRecord(card_id(1), "0401", member, valid_until=until)
        do(books, lambda change, row=row: save_cards(change.connection, [row]))
        with books.look() as look:
            valid = [earners.is_valid(look, member, TODAY + timedelta(days=n)) for n in (0, 1, 2)]
        assert valid == [True, until > TODAY, False]
