"""Amendments of the rule book: checked against the whole book, dated, kept for ever, and in force at the gates."""

import threading
from contextlib import closing
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from kiosk.central.club import coupons, points, rewards, rules, tiers
from kiosk.central.club.books import Books
from kiosk.central.club.refused import RuleRefused
from kiosk.central.club.rules import Wish
from kiosk.central.database import Database
from kiosk.club.benefits import Allowance, Right, RightKind
from kiosk.club.calendar import MemberDay
from kiosk.club.coupons import CouponKind, Target
from kiosk.club.earning import TierPercent
from kiosk.club.points import Source
from kiosk.club.rewards import Reward, RewardKind
from kiosk.club.tiers import Basis, Condition, Rung, TierRules
from kiosk.core.errors import InvalidInput
from kiosk.core.model import Period
from tests.central.builders import ManualClock
from tests.central.club.builders import MANAGER, noted
from tests.central.club.builders_points import TODAY, amend, do, put_club, put_welcomed, rights_with, run_job, tap

DAY_S = 86400
LADDER = TierRules().ladder
SHORT = (LADDER[0], LADDER[1], LADDER[3])


def wish(rule: str = "earning.registration_points", value: Any = 1200, **more: Any) -> Wish:
    """Return the wish for an amendment from today on."""
    who = {"decided_by": "council", "why": "agreed"}
    return Wish(**{"rule": rule, "value": value, "effective_on": TODAY} | who | more)


def ask(books: Books, *wishes: Wish) -> None:
    """Ask for amendments together."""
    books.change(MANAGER, lambda change: rules.amend(change, wishes))


@pytest.mark.proves("S95")
def test_an_amendment_holds_from_its_day_on_and_the_book_keeps_its_history(books: Books, clock: ManualClock) -> None:
    put_club(books)
    ask(books, wish())
    ask(books, wish(value=1500, effective_on=TODAY + timedelta(days=2), why="again"))
    early = put_welcomed(books)
    clock.pass_s(2 * DAY_S)
    late = put_welcomed(books, 2)
    with books.look() as look:
        assert [points.balance(look, each).available for each in (early, late)] == [1200, 1500]
        (view,) = (each for each in rules.rule_list(look, "earning") if each.name == "earning.registration_points")
    assert (view.default, view.value) == (1000, 1500)
    assert [(each.number, each.value, each.why) for each in view.amendments] == [
        (1, 1200, "agreed"),
        (2, 1500, "again"),
    ]
    trail = noted(books, action="rule.amend")
    assert [(row["actor"], row["before"]["value"], row["after"]["value"]) for row in trail] == [
        ("manager-1", 1000, 1200),
        ("manager-1", 1200, 1500),
    ]


def test_every_entry_of_the_book_can_be_read_and_what_was_amended_stands_with_its_own(books: Books) -> None:
    put_club(books)
    ask(books, wish())
    with books.look() as look:
        listed = rules.rule_list(look)
    assert {each.name.partition(".")[0] for each in listed} >= {"tiers", "points", "membership", "coupons"}
    assert [each.name for each in listed if each.amendments] == ["earning.registration_points"]
    assert all(each.meaning and each.source for each in listed)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (wish(effective_on=TODAY - timedelta(days=1)), "a day that is over"),
        (wish("earning.registration_point"), "no such rule"),
        (wish(value=-1), "does not take that"),
        (wish(value="many"), "does not take that"),
        (wish(why=" "), "without why"),
        (wish(decided_by=""), "without decided_by"),
    ],
)
def test_what_cannot_stand_in_the_book_is_refused_by_name(books: Books, asked: Wish, says: str) -> None:
    put_club(books)
    with pytest.raises(InvalidInput, match=says):
        ask(books, asked)
    with pytest.raises(InvalidInput, match="no amendment"):
        ask(books)
    with books.look() as look:
        assert rules.amendments(look) == []


TWICE = (*LADDER, Rung("gold", (Condition(Basis.LIFETIME_POINTS, 9000),)))
EASY = (*LADDER[:3], Rung("platinum", (Condition(Basis.LIFETIME_POINTS, 1500),)))
MEANER = Right("tea", RightKind.SERVICE, "silver", Allowance(2, Period.MONTH))
LESS = msgspec.structs.replace(MEANER, more=({"tier": "gold", "allowance": {"times": 1, "per": "month"}},))
FAR = Right("far", RightKind.FACILITY, "gold", areas=("moon",), sites=("mars",), schedule="never")
LONG = Right("a_right_with_a_long_name_indeed", RightKind.FACILITY, "gold", areas=("lounge",))
WORSE = (TierPercent("gold", 150), TierPercent("platinum", 120))


@pytest.mark.proves("R85")
@pytest.mark.parametrize(
    ("rule", "value", "says"),
    [
        ("tiers.ladder", TWICE, "tier gold stands on the ladder 2 times"),
        ("tiers.ladder", EASY, "platinum asks for no more"),
        ("tiers.job_change_tier", "diamond", "job_change_tier diamond is not on the ladder"),
        ("tiers.ladder", SHORT, "tier gold is not on the ladder, and a referral reward names it"),
        ("benefits.rights", rights_with(LESS), "gold has less of tea than silver"),
        ("benefits.rights", rights_with(Right("x", RightKind.GIFTS, "diamond")), "no such tier: 'diamond'"),
        ("benefits.rights", rights_with(MEANER, MEANER), "right tea is named twice"),
        ("benefits.rights", rights_with(FAR), "names the area moon"),
        ("benefits.rights", rights_with(FAR), "names the site mars"),
        ("benefits.rights", rights_with(FAR), "names the schedule never"),
        ("benefits.rights", rights_with(LONG), "has a code of more than"),
        ("earning.tier_percents", WORSE, "platinum has less of points_percent than gold"),
        ("earning.tier_percents", (TierPercent("gold", 150),), "platinum has less of points_percent than gold"),
        ("calendar.member_days", (MemberDay("day", areas=("moon",)),), "names the area moon"),
    ],
)
def test_what_would_not_hold_together_is_refused_and_said_beforehand(
    books: Books, rule: str, value: Any, says: str
) -> None:
    put_club(books)
    asked = wish(rule, msgspec.to_builtins(value))
    with books.look() as look:
        assert any(says in fault for fault in rules.preview(look, [asked]))
    with pytest.raises(RuleRefused, match="book_would_not_hold_together"):
        ask(books, asked)


@pytest.mark.proves("S33", "S95")
def test_a_ladder_without_a_tier_that_something_rests_on_is_refused(books: Books, clock: ManualClock) -> None:
    put_club(books)
    amend(books, referrals__steps=())
    without = [
        wish("tiers.ladder", msgspec.to_builtins(SHORT)),
        wish("benefits.rights", []),
        wish("earning.tier_percents", []),
    ]

    def faults() -> tuple[str, ...]:
        with books.look() as look:
            return rules.preview(look, without)

    assert faults() == ()
    do(books, lambda change: coupons.save_kind(change, CouponKind("tea", target=Target(tier="gold"))))
    do(books, lambda change: rewards.save_reward(change, Reward("towel", RewardKind.GIFT, 1, tier="gold")))
    assert faults() == ("tier gold is not on the ladder, and coupon tea names it",)
    do(books, lambda change: coupons.save_kind(change, CouponKind("tea"), offered=False))
    assert faults() == ("tier gold is not on the ladder, and reward towel names it",)
    do(
        books,
        lambda change: rewards.save_reward(change, Reward("towel", RewardKind.GIFT, 1, tier="gold"), offered=False),
    )
    member = put_welcomed(books)
    do(books, lambda change: points.earn_fixed(change, member, Source.REFERRAL, "x", 1000))
    assert faults() == ("tier gold is not on the ladder, and a member who holds it names it",)
    with pytest.raises(RuleRefused, match="a member who holds it"):
        ask(books, *without)


def test_a_ladder_and_what_names_its_tiers_change_together_on_one_day(books: Books, clock: ManualClock) -> None:
    put_club(books)
    day = TODAY + timedelta(days=1)
    ladder = [{"tier": "ordinary"}, {"tier": "silver"}, {"tier": "pearl", "conditions": []}]
    rights = [{"code": "lounge", "kind": "facility", "tier": "pearl", "areas": ["lounge"]}]
    together = [
        wish("tiers.ladder", ladder, effective_on=day),
        wish("benefits.rights", rights, effective_on=day),
        wish("earning.tier_percents", [], effective_on=day),
        wish("referrals.steps", [], effective_on=day),
    ]
    with pytest.raises(RuleRefused):
        ask(books, together[0])
    ask(books, *together)
    member = put_welcomed(books)
    assert not tap(books, 1, "lounge").granted
    clock.pass_s(DAY_S)
    for job in (rules.benefits.run, tiers.run):
        assert run_job(job, books).error == ""
    assert tap(books, 1, "lounge").granted
    with books.look() as look:
        assert tiers.outlook(look, member).holding.tier == "pearl"
    # What comes later is held against the book as it will then be.
    with pytest.raises(RuleRefused, match="tier gold is not on the ladder"):
        ask(books, wish("referrals.steps", [{"number": 1, "tier": "gold"}], effective_on=day))


def test_an_amendment_of_today_is_held_against_those_that_come_later(books: Books) -> None:
    put_club(books)
    amend(books, referrals__steps=())
    later = TODAY + timedelta(days=9)
    ask(
        books,
        wish("tiers.ladder", msgspec.to_builtins(SHORT), effective_on=later),
        wish("benefits.rights", [], effective_on=later),
        wish("earning.tier_percents", [], effective_on=later),
    )
    with pytest.raises(RuleRefused, match="a referral reward names it"):
        ask(books, wish("referrals.steps", [{"number": 1, "tier": "gold"}]))


def test_two_who_amend_at_once_get_different_numbers(database: Database, clock: ManualClock) -> None:
    put_club(Books(database, clock))
    start = threading.Barrier(3)

    def want(value: int) -> None:
        with closing(Database(database.url.render_as_string(hide_password=False))) as own:
            start.wait(60)
            ask(Books(own, clock), wish(value=value))

    threads = [threading.Thread(target=want, args=(n,), name=f"amend-{n}", daemon=True) for n in (1, 2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    with Books(database, clock).look() as look:
        assert [each.number for each in rules.amendments(look)] == [1, 2, 3]
