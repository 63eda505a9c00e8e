"""Rights at the gates and at desks: the roster says what the rule book says, for each member by the tier held."""

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest
from sqlalchemy import select

from kiosk.central.club import benefits, desk_rights, points, tiers
from kiosk.central.club.books import Books, Change
from kiosk.central.club.refused import RuleRefused
from kiosk.central.members import entitlements_of, members_by, save_members
from kiosk.central.policy import AreaText
from kiosk.central.queries import tier_list
from kiosk.central.roster import roster_state
from kiosk.central.tables import roster_row
from kiosk.club.benefits import Allowance, Right, RightKind
from kiosk.club.calendar import MemberDay
from kiosk.club.points import Source
from kiosk.core.errors import InvalidInput
from kiosk.core.model import Period, Schedule
from kiosk.core.roster import decode_row
from tests.central.builders import ManualClock
from tests.central.club.builders_points import (
    TODAY,
    amend,
    do,
    make_policy_file,
    put_club,
    put_member,
    put_welcomed,
    rights_with,
    run_job,
    tap,
)

DAY_S = 86400
LOUNGE = Right("lounge", RightKind.FACILITY, "gold", areas=("lounge",))
SAUNA = Right("sauna", RightKind.FACILITY, "silver", Allowance(2, Period.MONTH), areas=("sauna",))


def make_gold(books: Books, member: str) -> None:
    """Let a member earn gold."""
    do(books, lambda change: points.earn_fixed(change, member, Source.REFERRAL, f"{member}.k", 1000))


def roster_keys(books: Books) -> set[str]:
    """Return the keys of the roster's small rows."""
    with books.look() as look:
        keys = [bytes(key) for key in look.connection.execute(select(roster_row.c.key)).scalars()]
    return {key.decode() for key in keys if b":" in key}


@pytest.mark.proves("S36", "R10", "R80")
def test_a_right_to_an_area_opens_it_from_its_tier_upwards_and_what_the_policy_gave_stays(both_books: Books) -> None:
    books = both_books
    put_club(books)
    silver, gold = put_welcomed(books), put_welcomed(books, 2)
    make_gold(books, gold)
    assert not tap(books, 2, "lounge").granted
    amend(books, benefits__rights=rights_with(LOUNGE))
    assert (tap(books, 1, "lounge").granted, tap(books, 2, "lounge").granted) == (False, True)
    assert (tap(books, 1, "club").granted, tap(books, 2, "club").granted) == (True, True)
    do(books, lambda change: tiers.buy(change, silver, "platinum", None))
    assert tap(books, 1, "lounge").granted
    assert not tap(books, 1, "club").granted, "the policy file has no tier platinum, so nothing of its own"
    with books.look() as look:
        rows = {row.id: row for row in tier_list(look.connection)}
    assert [(name, rows[name].rank) for name in ("ordinary", "silver", "gold", "platinum")] == [
        ("ordinary", 1),
        ("silver", 2),
        ("gold", 3),
        ("platinum", 4),
    ]
    assert (rows["silver"].name, rows["gold"].stale) == ("银卡", True)


@pytest.mark.proves("S35", "R81")
def test_a_counted_right_is_an_entitlement_of_the_member_and_stays_used_in_a_higher_tier(books: Books) -> None:
    put_club(books)
    member = put_welcomed(books)
    amend(books, benefits__rights=rights_with(SAUNA))
    assert not tap(books, 1, "sauna").granted
    assert run_job(benefits.run, books).done == 1
    let_in = tap(books, 1, "sauna")
    name = f"{member}.right.sauna"
    assert (let_in.granted, let_in.event.entitlement) == (True, name)
    make_gold(books, member)
    assert tap(books, 1, "sauna", used={name: 2}).event.reason == "no_visits_left"
    assert tap(books, 1, "sauna", used={name: 1}).granted


def test_a_member_who_joins_or_falls_has_the_rights_of_the_tier_at_once(books: Books) -> None:
    put_club(books)
    amend(books, benefits__rights=rights_with(SAUNA))
    member = put_welcomed(books)
    assert tap(books, 1, "sauna").granted
    do(books, lambda change: tiers.change_job(change, member, "left"))
    assert not tap(books, 1, "sauna").granted
    with books.look() as look:
        assert entitlements_of(look.connection, [member]) == []


@pytest.mark.proves("S95", "R93")
def test_rights_that_are_to_change_on_a_later_day_change_on_that_day(books: Books, clock: ManualClock) -> None:
    put_club(books)
    put_welcomed(books)
    amend(books, TODAY + timedelta(days=3), benefits__rights=rights_with(SAUNA))
    assert run_job(benefits.run, books).error == ""
    assert not tap(books, 1, "sauna").granted
    clock.pass_s(3 * DAY_S)
    run_job(benefits.run, books)
    assert tap(books, 1, "sauna").granted
    amend(books, TODAY + timedelta(days=3), benefits__rights=rights_with())
    run_job(benefits.run, books)
    assert not tap(books, 1, "sauna").granted
    assert "product:right.sauna" not in roster_keys(books)


def test_the_job_writes_nothing_where_nothing_changed_and_only_what_differs_else(books: Books) -> None:
    put_club(books)
    amend(books, benefits__rights=rights_with(SAUNA))
    for number in (1, 2):
        put_welcomed(books, number)
    run_job(benefits.run, books)
    with books.look() as look:
        before = roster_state(look.connection)
    run_job(benefits.run, books)
    with books.look() as look:
        assert roster_state(look.connection) == before


@pytest.mark.proves("S51")
def test_a_member_day_opens_its_area_to_every_tier_on_its_days_only(books: Books) -> None:
    put_club(books)
    put_welcomed(books)
    monday = MemberDay("monday", weekdays=(1,), areas=("lounge",), opens="18:00", closes="22:00")
    amend(books, calendar__member_days=(monday,))
    at = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)
    assert tap(books, 1, "lounge", at).granted
    assert tap(books, 1, "lounge", at - timedelta(hours=1)).event.reason == "not_permitted_at_this_time"
    assert tap(books, 1, "lounge", at + timedelta(days=1)).event.reason == "not_permitted_at_this_time"


def test_member_days_ahead_follow_the_rules_that_will_hold_on_them(books: Books, clock: ManualClock) -> None:
    put_club(books)
    put_welcomed(books)
    day = MemberDay("day", weekdays=(1,), areas=("lounge",))
    amend(books, calendar__member_days=(day,))
    amend(books, date(2026, 12, 1), calendar__member_days=(MemberDay("day", weekdays=(2,), areas=("lounge",)),))

    def days() -> list[date]:
        with books.look() as look:
            query = select(roster_row.c.body).where(roster_row.c.key == b"schedule:day.day")
            row = decode_row(bytes(look.connection.execute(query).scalar_one()))
        assert isinstance(row, Schedule)
        return [each.day for each in row.special_days]

    assert days()[:3] == [date(2026, 11, 23), date(2026, 11, 30), date(2026, 12, 1)]
    assert days()[-1] == TODAY + timedelta(days=58)
    clock.pass_s(9 * DAY_S)
    run_job(benefits.run, books)
    assert days()[0] == date(2026, 11, 30), "yesterday's window may reach into today"
    assert days()[-1] > TODAY + timedelta(days=63)


def test_a_tier_that_is_not_on_the_ladder_stays_as_the_policy_has_it(books: Books) -> None:
    put_club(books)
    put_member(books, tier="bronze")
    with books.look() as look:
        before = {row.id for row in tier_list(look.connection)}
    amend(books, benefits__rights=rights_with(LOUNGE))
    with books.look() as look:
        assert {row.id for row in tier_list(look.connection)} == before | {"ordinary", "platinum"}


@pytest.mark.proves("R80", "R81")
def test_one_car_wash_comes_with_gold_and_is_used_once_at_the_desk(books: Books) -> None:
    put_club(books)
    member = put_welcomed(books)
    with pytest.raises(RuleRefused, match="not_in_this_tier"):
        do(books, lambda change: desk_rights.use_right(change, member, "car_wash", "u0"))
    make_gold(books, member)
    for _ in range(2):
        view = do(books, lambda change: desk_rights.use_right(change, member, "car_wash", "u1"))
    assert (view.used.total, view.used_up) == (1, {"limit": 1, "used": 1, "per": "ever"})
    with pytest.raises(RuleRefused, match="used_up"):
        do(books, lambda change: desk_rights.use_right(change, member, "car_wash", "u2"))
    do(books, lambda change: desk_rights.undo_use(change, "u1", "wrong member"))
    do(books, lambda change: desk_rights.use_right(change, member, "car_wash", "u3"))
    with books.look() as look:
        used = {each.code: each.used.total for each in desk_rights.rights_with_use(look, member)}
    assert (used["car_wash"], used["oil_service"]) == (1, 0)


def test_a_right_per_month_is_there_again_in_the_next_month_and_only_for_valid_members(
    books: Books, clock: ManualClock
) -> None:
    put_club(books)
    tea = Right("tea", RightKind.SERVICE, "silver", Allowance(1, Period.MONTH))
    amend(books, benefits__rights=rights_with(tea, LOUNGE))
    member = put_welcomed(books)
    do(books, lambda change: desk_rights.use_right(change, member, "tea", "u1"))
    with pytest.raises(RuleRefused, match="used_up"):
        do(books, lambda change: desk_rights.use_right(change, member, "tea", "u2"))
    clock.pass_s(9 * DAY_S)
    do(books, lambda change: desk_rights.use_right(change, member, "tea", "u3"))
    make_gold(books, member)
    with pytest.raises(InvalidInput, match="opens gates"):
        do(books, lambda change: desk_rights.use_right(change, member, "lounge", "u4"))

    def leave(change: Change) -> None:
        person = members_by(change.connection, "id", [member])[0]
        save_members(change.connection, [msgspec.structs.replace(person, member_until=TODAY)])

    do(books, leave)
    with pytest.raises(RuleRefused, match="not_a_valid_member"):
        do(books, lambda change: desk_rights.use_right(change, member, "tea", "u5"))


def test_a_policy_file_that_is_loaded_again_takes_nothing_of_the_rule_book_away(books: Books) -> None:
    put_club(books)
    day = MemberDay("sunday", weekdays=(7,), areas=("sauna",))
    amend(books, benefits__rights=rights_with(LOUNGE, SAUNA), calendar__member_days=(day,))
    member = put_welcomed(books)
    do(books, lambda change: tiers.buy(change, member, "platinum", None))
    keys, before = roster_keys(books), tap(books, 1, "lounge").granted
    with books.look() as look:
        revision = roster_state(look.connection).revision
    policy = make_policy_file()
    do(books, lambda change: benefits.load_policy(change, policy))
    assert (roster_keys(books), tap(books, 1, "lounge").granted) == (keys, before)
    with books.look() as look:
        rows = {row.id: row for row in tier_list(look.connection)}
        assert roster_state(look.connection).revision > revision
    assert "right.lounge" in rows["platinum"].products
    assert rows["gold"].stale
    without = msgspec.structs.replace(policy, areas=policy.areas | {"attic": AreaText()})
    do(books, lambda change: benefits.load_policy(change, without))
    assert roster_keys(books) == keys | {"area:attic"}
    do(books, lambda change: benefits.load_policy(change, policy))
    assert roster_keys(books) == keys


@pytest.mark.proves("R79", "R94")
def test_the_rights_of_each_tier_are_there_to_be_read(books: Books) -> None:
    with books.look() as look:
        counts = [len(benefits.rights_of(look, tier)) for tier in ("ordinary", "silver", "gold", "platinum")]
    assert counts == [10, 12, 15, 18]
