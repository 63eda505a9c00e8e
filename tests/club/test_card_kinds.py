"""Kinds of card: terms by calendar months, renewal, and who may hold one."""

from datetime import date, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.club.card_kinds import (
    CardKind,
    CardRules,
    Holder,
    KindReason,
    KindRefusal,
    Medium,
    Obtained,
    UseClass,
    Validity,
    against_holder,
    against_way,
    kind_of,
    renewed,
    validity,
)
from kiosk.core.errors import InvalidInput
from tests.club.builders_cards import CARD_RULES, TODAY, make_kind

DAY = timedelta(days=1)


@pytest.mark.proves("S22", "R21", "R22", "R23")
@pytest.mark.parametrize(
    ("code", "until"),
    [
        ("annual", date(2027, 6, 14)),
        ("year", date(2027, 6, 14)),
        ("month", date(2026, 7, 14)),
        ("quarter", date(2026, 9, 14)),
        ("lifetime", None),
        ("ordinary", None),
        ("premium", None),
    ],
)
def test_each_kind_lasts_as_long_as_its_name_says(code: str, until: date | None) -> None:
    assert validity(make_kind(code), TODAY) == Validity(TODAY, until)


@pytest.mark.proves("S22")
def test_the_kinds_that_the_seeds_name_are_there() -> None:
    codes = {each.code for each in CARD_RULES.kinds}
    assert codes == {
        "ordinary", "premium", "annual", "lifetime", "points", "month", "quarter", "year", "gift", "special",
    }  # fmt: skip
    assert {each.use_class for each in CARD_RULES.kinds} == set(UseClass)


@pytest.mark.proves("R25")
def test_an_ordinary_card_has_points_value_and_benefits() -> None:
    kind = make_kind("ordinary")
    assert kind.earns_points
    assert kind.holds_value
    assert kind.benefits
    assert kind.opens_gates


@pytest.mark.proves("R26", "R27", "R28", "R30", "S29")
def test_a_gift_card_has_no_member_no_points_no_benefits_and_an_end() -> None:
    kind = make_kind("gift")
    assert not kind.has_member
    assert not kind.earns_points
    assert not kind.benefits
    assert not kind.opens_gates
    assert kind.holds_value
    assert validity(kind, TODAY).valid_until == date(2029, 6, 14)


@pytest.mark.proves("S23")
def test_a_term_ends_with_the_month_where_that_has_no_such_day() -> None:
    month = make_kind("month")
    assert validity(month, date(2027, 1, 31)).valid_until == date(2027, 2, 28)
    assert validity(month, date(2027, 1, 29)).valid_until == date(2027, 2, 28)
    assert validity(month, date(2027, 1, 28)).valid_until == date(2027, 2, 27)
    assert validity(make_kind("annual"), date(2028, 2, 29)).valid_until == date(2029, 2, 28)


@pytest.mark.proves("S57", "R21")
def test_a_renewal_goes_on_where_the_card_ends_or_from_today_once_it_is_over() -> None:
    kind = make_kind("annual")
    assert renewed(kind, TODAY + DAY, TODAY) == Validity(date(2026, 6, 17), date(2027, 6, 16))
    assert renewed(kind, TODAY, TODAY) == Validity(date(2026, 6, 16), date(2027, 6, 15))
    assert renewed(kind, TODAY - DAY, TODAY) == Validity(TODAY, date(2027, 6, 14))
    assert renewed(kind, TODAY - 100 * DAY, TODAY) == Validity(TODAY, date(2027, 6, 14))


@pytest.mark.proves("R22", "S57")
def test_what_never_ends_or_was_not_made_to_be_renewed_is_not() -> None:
    refused = KindRefusal(KindReason.NOT_RENEWABLE, {"kind": "lifetime"})
    assert renewed(make_kind("lifetime"), None, TODAY) == refused
    assert isinstance(renewed(make_kind("gift"), TODAY, TODAY), KindRefusal)


@pytest.mark.proves("S57", "S23")
@settings(max_examples=200)
@given(st.dates(date(2020, 1, 1), date(2060, 1, 1)), st.sampled_from(["month", "quarter", "annual"]), st.integers(1, 9))
def test_renewed_terms_join_without_a_gap_and_none_is_cut_short(first: date, code: str, times: int) -> None:
    kind = make_kind(code)
    term = validity(kind, first)
    shortest = {"month": 28, "quarter": 89, "annual": 365}[code]
    for _ in range(times):
        assert term.valid_until is not None
        assert (term.valid_until - term.valid_from).days + 1 >= shortest
        following = renewed(kind, term.valid_until, first)
        assert isinstance(following, Validity)
        assert following.valid_from == term.valid_until + DAY
        term = following


@pytest.mark.proves("S32", "R37", "R38")
def test_a_dealer_holds_no_ordinary_card_unless_the_club_says_so() -> None:
    refusal = against_holder(make_kind("ordinary"), Holder.DEALER)
    assert refusal == KindRefusal(KindReason.HOLDER_NOT_ALLOWED, {"kind": "ordinary", "holder": "dealer"})
    assert against_holder(make_kind("ordinary"), Holder.MEMBER) is None
    assert against_holder(make_kind("special"), Holder.DEALER) is None
    assert against_holder(make_kind("gift"), Holder.MEMBER) is not None
    lenient = msgspec.structs.replace(make_kind("ordinary"), holders=(Holder.MEMBER, Holder.DEALER))
    assert against_holder(lenient, Holder.DEALER) is None


@pytest.mark.proves("R24")
def test_a_points_card_is_had_for_points_or_granted() -> None:
    kind = make_kind("points")
    assert against_way(kind, Obtained.POINTS) is None
    assert against_way(kind, Obtained.GRANT) is None
    refusal = against_way(make_kind("annual"), Obtained.POINTS)
    assert refusal is not None
    assert refusal.reason is KindReason.NOT_OBTAINED_SO


@pytest.mark.proves("S25")
def test_a_kind_says_which_media_carry_its_number() -> None:
    assert make_kind().media == (Medium.CHIP, Medium.MAGNETIC_STRIPE)


def test_a_kind_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(InvalidInput, match="no such kind of card: 'gold'") as caught:
        kind_of("gold", CARD_RULES)
    assert "annual" in caught.value.hint


def test_kinds_read_from_a_rule_book_refuse_a_word_that_is_not_theirs() -> None:
    kinds = [{"code": "week", "term_months": 1}]
    assert msgspec.convert({"kinds": kinds}, CardRules).kinds == (CardKind("week", term_months=1),)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"kinds": [{"code": "week", "weeks": 1}]}, CardRules)
