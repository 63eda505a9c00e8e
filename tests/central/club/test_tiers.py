"""Tiers in the books: up at once, down by a rule only, and the member's row and the gates always with them."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import delete, update

from kiosk.central.club import gifts, points, rewards, tiers, welcome
from kiosk.central.club.books import Books, Change
from kiosk.central.club.gifts import Became, GiftState
from kiosk.central.club.points_tables import tier_holding
from kiosk.central.club.tiers import Listed
from kiosk.central.members import members_by
from kiosk.club.benefits import Right, RightKind
from kiosk.club.points import Source as Earned
from kiosk.club.rewards import Reward, RewardKind
from kiosk.club.tier_moves import Move, Source
from kiosk.club.tiers import Basis, Condition, Fall, Rung, TierRules
from kiosk.core.errors import InvalidInput
from tests.central.builders import ManualClock
from tests.central.club.builders import told
from tests.central.club.builders_points import (
    TODAY,
    amend,
    do,
    put_club,
    put_member,
    put_visits,
    put_welcomed,
    rights_with,
    run_job,
    tap,
)

DAY_S = 86400
LADDER = TierRules().ladder


def tier(books: Books, member: str) -> str:
    """Return the tier on the member's row, which is what the gates are told."""
    with books.look() as look:
        return members_by(look.connection, "id", [member])[0].tier


def earn(books: Books, member: str, number: int, key: str = "k") -> None:
    """Book so many points for a member."""
    do(books, lambda change: points.earn_fixed(change, member, Earned.REFERRAL, f"{member}.{key}", number))


@pytest.mark.proves("R72", "R73", "R74", "S33")
def test_who_joins_is_silver_on_the_members_row_and_on_the_card(books: Books) -> None:
    put_club(books)
    member = put_welcomed(books)
    assert tier(books, member) == "silver"
    assert tap(books, 1, "club").event.tier == "silver"
    with books.look() as look:
        assert [(move.tier_from, move.tier_to) for move in tiers.moves_of(look, member)] == [("", "silver")]


def test_members_who_come_with_a_list_keep_the_tiers_it_names_and_rise_from_there(books: Books) -> None:
    put_club(books)
    amend(books, benefits__rights=rights_with(Right("lounge", RightKind.FACILITY, "gold", areas=("lounge",))))
    member, other = put_member(books), put_member(books, 2)
    listed = [Listed(member, "gold", date(2020, 1, 1)), Listed(other, "silver", date(2020, 1, 1))]
    assert [do(books, lambda change: tiers.join_listed(change, listed)) for _ in range(2)] == [2, 0]
    run_job(tiers.run, books)
    assert (tier(books, member), tier(books, other)) == ("gold", "silver")
    assert tap(books, 1, "lounge").granted
    with books.look() as look:
        assert [(move.tier_to, move.source) for move in tiers.moves_of(look, member)] == [("gold", Source.GIVEN)]
    earn(books, member, 5000)
    assert tier(books, member) == "platinum"
    third = Listed(put_member(books, 3), "bronze", TODAY)
    with pytest.raises(InvalidInput, match="no such tier"):
        do(books, lambda change: tiers.join_listed(change, [third]))


@pytest.mark.proves("R76", "R77", "R87", "S34")
def test_a_member_rises_with_the_very_booking_that_reaches_the_number(books: Books) -> None:
    put_club(books)
    member = put_welcomed(books)
    earn(books, member, 999)
    assert tier(books, member) == "silver"
    earn(books, member, 1, "last")
    assert tier(books, member) == "gold"
    earn(books, member, 3000, "more")
    assert tier(books, member) == "platinum"
    assert [row["data"]["tier"] for row in told(books, template="tier_up")] == ["gold", "platinum"]
    assert {row["language"] for row in told(books, template="upgrade_gift")} == {"en"}
    named = [(row["data"]["tier"], row["data"]["tier_name"]) for row in told(books, template="upgrade_gift")]
    assert named == [("gold", "gold"), ("platinum", "platinum")]
    with books.look() as look:
        due = [(each.code, each.became, each.state) for each in gifts.gifts_due(look)]
    gold, platinum = ("upgrade_gold", Became.DESK, GiftState.DUE), ("upgrade_platinum", Became.DESK, GiftState.DUE)
    assert {gold, platinum} <= set(due)


@pytest.mark.proves("R78")
def test_spending_and_reversing_points_never_lowers_a_tier(books: Books) -> None:
    put_club(books)
    member = put_welcomed(books)
    earn(books, member, 1000)
    do(books, lambda change: rewards.save_reward(change, Reward("towel", RewardKind.GIFT, 2000)))
    do(books, lambda change: rewards.reserve(change, member, "towel", "r1"))
    run_job(tiers.run, books)
    assert tier(books, member) == "gold"
    with books.look() as look:
        assert points.balance(look, member).available == 0


def test_a_reversed_earning_lowers_only_at_the_review_and_if_the_rules_say_so(books: Books, clock: ManualClock) -> None:
    put_club(books)
    amend(books, tiers__fall=Fall.TO_EARNED)
    member = put_welcomed(books)
    earn(books, member, 1000)
    with books.look() as look:
        entry = points.point_entries.booked_for(look, Earned.REFERRAL, f"{member}.k")
    do(books, lambda change: points.reverse_earning(change, entry[1].id, "given in error"))
    run_job(tiers.run, books)
    assert tier(books, member) == "gold"
    clock.pass_s(366 * DAY_S)
    run_job(tiers.run, books)
    assert tier(books, member) == "silver"
    (down,) = (row["data"] for row in told(books, template="tier_down"))
    assert down == {"tier": "silver", "before": "gold", "tier_name": "银卡"}
    earn(books, member, 1000, "anew")
    with books.look() as look:
        assert [each.code for each in gifts.gifts_of(look, member)].count("upgrade_gold") == 1


@pytest.mark.proves("R152")
def test_a_bought_tier_ends_with_what_was_paid_for(books: Books, clock: ManualClock) -> None:
    put_club(books)
    member = put_welcomed(books)
    last = TODAY + timedelta(days=10)
    assert do(books, lambda change: tiers.buy(change, member, "platinum", last)) is Move.RISEN
    clock.pass_s(10 * DAY_S)
    run_job(tiers.run, books)
    assert tier(books, member) == "platinum"
    clock.pass_s(DAY_S)
    run_job(tiers.run, books)
    assert tier(books, member) == "silver"
    with pytest.raises(InvalidInput, match="no such tier"):
        do(books, lambda change: tiers.buy(change, member, "diamond", None))


@pytest.mark.proves("R82", "R83")
def test_what_was_spent_carries_a_member_up(books: Books) -> None:
    put_club(books)
    rich = Rung("gold", (Condition(Basis.SPEND_MINOR, 100_000),))
    amend(books, tiers__ladder=(*LADDER[:2], rich, LADDER[3]))
    member = put_welcomed(books)
    do(books, lambda change: points.earn_for_sale(change, member, "s1", 99_999, change.now))
    run_job(tiers.run, books)
    assert tier(books, member) == "silver"
    # Too small to earn points, and what was spent counts all the same.
    refused = do(books, lambda change: points.earn_for_sale(change, member, "s2", 1, change.now))
    assert (refused.reason, tier(books, member)) == ("below_minimum", "gold")


@pytest.mark.proves("R84")
def test_days_of_coming_in_last_month_carry_a_member_up_however_many_doors(books: Books, clock: ManualClock) -> None:
    put_club(books)
    often = Rung("gold", (Condition(Basis.VISITS_IN_MONTH, 3),))
    amend(books, tiers__ladder=(*LADDER[:2], often, LADDER[3]))
    member, lazy = put_welcomed(books), put_welcomed(books, 2)
    # 30 November ends in Shanghai at 16:00 UTC.
    days = [datetime(2026, 11, day, 3, tzinfo=UTC) for day in (1, 7)]
    put_visits(books, 1, *days, datetime(2026, 11, 30, 15, 59, tzinfo=UTC))
    put_visits(books, 2, *days, days[1] + timedelta(hours=2), datetime(2026, 11, 30, 16, 0, tzinfo=UTC))
    run_job(tiers.run, books)
    assert tier(books, member) == "silver"
    clock.pass_s(15 * DAY_S)
    run_job(tiers.run, books)
    assert (tier(books, member), tier(books, lazy)) == ("gold", "silver")


@pytest.mark.proves("R82")
def test_a_year_of_membership_carries_a_member_up(books: Books, clock: ManualClock) -> None:
    put_club(books)
    loyal = Rung("gold", (Condition(Basis.TENURE_MONTHS, 12),))
    amend(books, tiers__ladder=(*LADDER[:2], loyal, LADDER[3]))
    member = put_welcomed(books)
    clock.pass_s(364 * DAY_S)
    run_job(tiers.run, books)
    assert tier(books, member) == "silver"
    clock.pass_s(DAY_S)
    assert run_job(tiers.run, books).error == ""
    assert tier(books, member) == "gold"


@pytest.mark.proves("R68", "R69")
def test_a_change_of_job_lowers_at_once_and_holds_until_it_is_lifted(books: Books) -> None:
    put_club(books)
    member = put_welcomed(books)
    earn(books, member, 1000)
    assert do(books, lambda change: tiers.change_job(change, member, "left the post")) is Move.FALLEN
    earn(books, member, 3000, "more")
    assert tier(books, member) == "ordinary"
    do(books, lambda change: tiers.lift_ceiling(change, member, "reviewed anew"))
    assert tier(books, member) == "platinum"


@pytest.mark.proves("S34", "R86")
def test_members_read_what_the_next_tier_asks_for_and_how_far_they_are(books: Books) -> None:
    put_club(books)
    member = put_welcomed(books)
    with books.look() as look:
        outlook = tiers.outlook(look, member)
        ladder = tiers.published(look)
    assert outlook.holding.source is Source.JOINED
    assert [(each.basis, each.needed, each.missing) for each in outlook.missing.missing] == [
        (Basis.LIFETIME_POINTS, 2000, 1000),
        (Basis.BOUGHT, 1, 1),
    ]
    assert [each.tier for each in ladder] == ["ordinary", "silver", "gold", "platinum"]


def test_the_job_passes_over_whose_books_do_not_fit_and_tells(books: Books) -> None:
    put_club(books)
    members = [put_welcomed(books, number) for number in (1, 2, 3)]
    amend(books, tiers__ladder=(*LADDER[:2], Rung("gold", (Condition(Basis.LIFETIME_POINTS, 1000),)), LADDER[3]))

    def spoil(change: Change) -> None:
        mine = tier_holding.c.member == members[1]
        change.connection.execute(update(tier_holding).where(mine).values(ceiling="diamond"))

    do(books, spoil)
    step = run_job(tiers.run, books)
    assert [tier(books, member) for member in members] == ["gold", "silver", "gold"]
    assert (step.done, step.total) == (3, 3)
    assert members[1] in step.error


def test_more_members_than_fit_a_step_are_all_reviewed_and_a_killed_run_goes_on(books: Books) -> None:
    put_club(books)
    members = [put_welcomed(books, number) for number in range(1, 4)]

    def many(change: Change) -> None:
        change.connection.execute(delete(tier_holding).where(tier_holding.c.member.in_(members)))

    do(books, many)
    for member in members:
        do(books, lambda change, member=member: tiers.join(change, member, date(2025, 1, 1)))
    amend(books, tiers__ladder=(*LADDER[:2], Rung("gold", (Condition(Basis.TENURE_MONTHS, 12),)), LADDER[3]))
    step = tiers.run(books, TODAY, "")
    assert step == tiers.run(books, TODAY, "")
    assert {tier(books, member) for member in members} == {"gold"}
    assert tiers.run(books, TODAY - timedelta(days=1), "").total == 0


def test_a_tier_that_left_the_ladder_meanwhile_becomes_what_is_earned(books: Books) -> None:
    put_club(books)
    member = put_welcomed(books)

    def rename(change: Change) -> None:
        change.connection.execute(update(tier_holding).values(tier="diamond"))

    do(books, rename)
    assert run_job(tiers.run, books).error == ""
    with books.look() as look:
        held = tiers.outlook(look, member).holding
    assert (held.tier, held.source, tier(books, member)) == ("silver", Source.REVIEWED, "silver")


@pytest.mark.proves("S33", "S34", "S35", "S36", "S47", "S48", "R10", "R78")
def test_a_member_joins_earns_rises_is_let_into_the_lounge_redeems_and_keeps_the_tier(both_books: Books) -> None:
    books = both_books
    put_club(books)
    amend(books, benefits__rights=rights_with(Right("lounge", RightKind.FACILITY, "gold", areas=("lounge",))))
    member = put_member(books)
    assert not tap(books, 1, "club").granted
    do(books, lambda change: welcome.welcome(change, member, change.today))
    assert tap(books, 1, "club").granted
    refused = tap(books, 1, "lounge")
    assert (refused.granted, refused.event.reason) == (False, "not_permitted_here")
    earn(books, member, 1000)
    let_in = tap(books, 1, "lounge")
    assert (let_in.granted, let_in.event.reason, let_in.event.entitlement) == (True, "ok", "tier.right.lounge")
    do(books, lambda change: rewards.save_reward(change, Reward("towel", RewardKind.GIFT, 1500)))
    do(books, lambda change: rewards.reserve(change, member, "towel", "r1"))
    do(books, lambda change: rewards.hand_over(change, "r1"))
    run_job(tiers.run, books)
    assert tap(books, 1, "lounge").granted
    with books.look() as look:
        now = points.balance(look, member)
    assert (tier(books, member), now.available, now.lifetime) == ("gold", 500, 2000)
