"""Who counts as brought, from which day, and the rewards by number."""

from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.club import referrals
from kiosk.club.referrals import Claim, Referral, ReferralReason, ReferralReward, ReferralRules, ReferralStep, Success

TODAY = date(2026, 11, 22)
RULES = ReferralRules()
NONE: frozenset[str] = frozenset()


def make_referrals(count: int, **changes: object) -> list[Referral]:
    """Return members brought by m0 and active since the start of the month."""
    return [
        msgspec.structs.replace(Referral(f"n{number}", "m0", date(2026, 11, 1)), **changes) for number in range(count)
    ]


def make_claim(**changes: object) -> Claim:
    """Return a claim that nothing speaks against."""
    return msgspec.structs.replace(Claim("n1", "m0"), **changes)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, None),
        ({"referred_by": "n1"}, ReferralReason.SELF),
        ({"referrer_valid": False}, ReferralReason.NOT_A_VALID_MEMBER),
        ({"already_by": "m3"}, ReferralReason.ALREADY_BROUGHT),
        ({"was_member": True}, ReferralReason.EARLIER_MEMBER),
        ({"referrers": ("m3", "n1")}, ReferralReason.ONE_ANOTHER),
        ({"referrers": ("m3",)}, None),
        ({"days_since_joining": 30}, None),
        ({"days_since_joining": 31}, ReferralReason.JOINED_LONG_AGO),
    ],
)
@pytest.mark.proves("S78")
def test_a_new_person_is_brought_by_one_valid_member(changes: dict[str, object], reason: ReferralReason | None) -> None:
    refusal = referrals.why_not_referred(make_claim(**changes), RULES)
    assert (refusal.reason if refusal else None) is reason


@pytest.mark.proves("S78")
def test_a_referral_succeeds_with_validity_or_with_the_first_entry_by_rule() -> None:
    entry = ReferralRules(success=Success.FIRST_ENTRY)
    waiting = Referral("n1", "m0")
    active = msgspec.structs.replace(waiting, activated_on=date(2026, 11, 5))
    inside = msgspec.structs.replace(active, first_entry_on=date(2026, 11, 9))
    assert [referrals.succeeded_on(each, RULES) for each in (waiting, active, inside)] == [
        None,
        date(2026, 11, 5),
        date(2026, 11, 5),
    ]
    assert [referrals.succeeded_on(each, entry) for each in (waiting, active, inside)] == [
        None,
        None,
        date(2026, 11, 9),
    ]
    as_guest = msgspec.structs.replace(active, first_entry_on=date(2026, 11, 1))
    assert referrals.succeeded_on(as_guest, entry) == date(2026, 11, 5)


@pytest.mark.proves("R90", "S78")
def test_points_for_each_a_gift_for_three_and_a_tier_for_ten() -> None:
    due = referrals.rewards_due(make_referrals(10), NONE, TODAY, RULES)
    assert sum(each.points for each in due) == 1000
    assert [(each.number, each.gift, each.tier) for each in due if not each.points] == [
        (3, "referral_gift", ""),
        (10, "", "gold"),
    ]
    assert not any(each.gift for each in referrals.rewards_due(make_referrals(2), NONE, TODAY, RULES))
    assert not any(each.tier for each in referrals.rewards_due(make_referrals(9), NONE, TODAY, RULES))


@pytest.mark.proves("R90")
def test_a_step_may_ask_for_what_the_new_members_contribute() -> None:
    rules = ReferralRules(steps=(ReferralStep(2, gift="hamper", spend_min_minor=100_000),))
    assert referrals.rewards_due(make_referrals(2, spend_minor=49_999), NONE, TODAY, rules) == ()
    assert referrals.rewards_due(make_referrals(2, spend_minor=50_000), NONE, TODAY, rules) == (
        ReferralReward("gift.2.2", 2, 0, "hamper", ""),
    )


def test_referrals_of_the_future_and_over_the_years_limit_do_not_count() -> None:
    rules = ReferralRules(per_year_max=2)
    many = [*make_referrals(3), Referral("old", "m0", date(2025, 12, 31)), Referral("new", "m0", date(2026, 11, 23))]
    assert [each.referred for each in referrals.counted(many, TODAY, rules)] == ["old", "n0", "n1"]


@given(st.permutations(range(12)), st.integers(1, 12))
@pytest.mark.proves("S78")
def test_rewards_are_given_once_in_whatever_order_referrals_come(order: list[int], batch: int) -> None:
    everyone = make_referrals(12)
    given_keys: set[str] = set()
    points = 0
    for end in range(0, 13, batch):
        known = [everyone[number] for number in order[:end]]
        due = referrals.rewards_due(known, frozenset(given_keys), TODAY, RULES)
        assert given_keys.isdisjoint(each.key for each in due)
        given_keys.update(each.key for each in due)
        points += sum(each.points for each in due)
    assert points == 12 // batch * batch * 100


@pytest.mark.proves("S78")
def test_the_rewards_are_published_in_order() -> None:
    assert [step.number for step in referrals.published(RULES)] == [1, 3, 10]
