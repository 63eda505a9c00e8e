"""Signs that a card is used by others: found in any order of the records, twice the same, with evidence."""

from datetime import date, datetime, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.club.discipline import Evidence
from kiosk.club.misuse import Alert, Misuse, alerts, photo_alert
from kiosk.club.misuse_rules import MisuseRules, StaffReport, Tap, Travel, look_back, minutes_between
from tests.club.builders_cards import NOON, make_tap

RULES = MisuseRules()
SINCE, UNTIL = NOON - timedelta(days=1), NOON + timedelta(days=60)


def find(*taps: Tap, rules: MisuseRules = RULES) -> dict[Misuse, Alert]:
    """Return what is found, by what it is, of findings that come once each."""
    found = alerts("CARD", taps, SINCE, UNTIL, rules)
    by_kind = {each.misuse: each for each in found}
    assert len(by_kind) == len(found)
    return by_kind


def out(seq: int, minute: float, **fields: str) -> Tap:
    """Make a way out."""
    return make_tap(seq, minute, way_out=True, **fields)


@pytest.mark.proves("S28", "R39")
def test_two_sites_nearer_in_time_than_the_way_between_them() -> None:
    rules = MisuseRules(clock_tolerance_s=0)
    near = find(make_tap(1, 0), out(2, 1), make_tap(3, 29, site="south"), rules=rules)
    assert set(near) == {Misuse.TOO_FAST}
    assert near[Misuse.TOO_FAST].evidence == (Evidence("j1", 1), Evidence("j1", 2), Evidence("j1", 3))
    assert near[Misuse.TOO_FAST].places == ("north/club", "south/club")
    assert near[Misuse.TOO_FAST].key == "too_fast.CARD.2026-06-15"
    assert find(out(1, 0), make_tap(2, 30, site="south"), rules=rules) == {}
    assert set(find(out(1, 0), make_tap(2, 29.9, site="south"), rules=rules)) == {Misuse.TOO_FAST}


@pytest.mark.proves("S28")
def test_clocks_of_two_boxes_may_differ_by_the_stated_seconds() -> None:
    assert find(out(1, 0), make_tap(2, 28, site="south")) == {}
    assert set(find(out(1, 0), make_tap(2, 27.9, site="south"))) == {Misuse.TOO_FAST}


@pytest.mark.proves("S28")
def test_the_least_time_is_that_of_the_areas_else_of_the_sites_else_the_general_one() -> None:
    travels = (
        Travel("north/pool", "south/club", 5),
        Travel("south", "north", 50),
        Travel("north/pool", "north/gym", 3),
    )
    rules = MisuseRules(travels=travels)
    pool, gym = make_tap(1, 0, area="pool"), make_tap(2, 0, area="gym")
    south, east = make_tap(3, 0, site="south"), make_tap(4, 0, site="east")
    assert [minutes_between(pool, each, rules) for each in (south, gym, east)] == [5, 3, 30]
    assert minutes_between(gym, south, rules) == minutes_between(south, gym, rules) == 50
    assert minutes_between(gym, make_tap(5, 0), rules) == 0
    at_once = MisuseRules(travels=travels, clock_tolerance_s=0)
    assert set(find(out(1, 0, area="pool"), make_tap(2, 2, area="gym"), rules=at_once)) == {Misuse.TOO_FAST}
    assert set(find(out(1, 0), make_tap(2, 49, site="south"), rules=at_once)) == {Misuse.TOO_FAST}


@pytest.mark.proves("S28", "R39")
def test_a_card_inside_one_site_does_not_come_in_at_another() -> None:
    found = find(make_tap(1, 0), make_tap(2, 179, site="south"))
    assert set(found) == {Misuse.TWO_PLACES}
    assert found[Misuse.TWO_PLACES].evidence == (Evidence("j1", 1), Evidence("j1", 2))
    assert found[Misuse.TWO_PLACES].key == "two_places.CARD.2026-06-15"
    assert find(make_tap(1, 0), out(2, 60), make_tap(3, 179, site="south")) == {}
    assert find(make_tap(1, 0), make_tap(2, 180, site="south")) == {}
    assert find(make_tap(1, 0), out(2, 100, site="south")) == {}
    no_way_out = MisuseRules(sites_without_way_out=("north",))
    assert find(make_tap(1, 0), make_tap(2, 179, site="south"), rules=no_way_out) == {}


@pytest.mark.proves("S28", "R39")
def test_a_card_that_comes_in_again_and_again_without_going_out_may_be_lent() -> None:
    def visits(count: int, gap: float = 9) -> list[Tap]:
        pairs = [(make_tap(2 * n, 1440 * n), make_tap(2 * n + 1, 1440 * n + gap)) for n in range(count)]
        return [tap for pair in pairs for tap in pair]

    assert find(*visits(2)) == {}
    found = find(*visits(3))
    assert set(found) == {Misuse.LENT}
    assert found[Misuse.LENT].evidence == tuple(Evidence("j1", seq) for seq in range(6))
    assert found[Misuse.LENT].key == "lent.CARD.2026-06-17"
    assert find(*visits(3, gap=10)) == {}
    assert find(*visits(3), rules=MisuseRules(sites_without_way_out=("north",))) == {}
    refused = [make_tap(each.seq, (each.at - NOON) / timedelta(minutes=1), passed=each.seq % 2 == 0)
               for each in visits(3)]  # fmt: skip
    assert set(find(*refused)) == {Misuse.LENT}


@pytest.mark.proves("S28")
def test_going_out_or_to_another_area_in_between_explains_coming_in_again() -> None:
    rules = MisuseRules(again_times=1)
    assert set(find(make_tap(1, 0), make_tap(3, 5), rules=rules)) == {Misuse.LENT}
    assert find(make_tap(1, 0), out(2, 4), make_tap(3, 5), rules=rules) == {}
    assert find(make_tap(1, 0), make_tap(2, 4, area="pool"), make_tap(3, 5), rules=rules) == {}


@pytest.mark.proves("S28")
def test_repeats_count_within_the_stated_days_only() -> None:
    rules = MisuseRules(again_times=2)
    day = 24 * 60

    def pair(seq: int, minute: float) -> list[Tap]:
        return [make_tap(seq, minute), make_tap(seq + 1, minute + 5)]

    assert set(find(*pair(1, 0), *pair(3, 30 * day - 1), rules=rules)) == {Misuse.LENT}
    assert find(*pair(1, 0), *pair(3, 30 * day), rules=rules) == {}


@pytest.mark.proves("S28")
def test_a_photo_that_does_not_fit_is_an_alert_with_the_tap_as_evidence() -> None:
    alert = photo_alert("CARD", StaffReport("j1", 9, NOON, "north", "s1"))
    assert (alert.key, alert.misuse) == ("photo_mismatch.j1.9", Misuse.PHOTO_MISMATCH)
    assert alert.evidence == (Evidence("j1", 9),)
    assert alert.places == ("north",)


_taps = st.lists(
    st.builds(
        make_tap,
        st.integers(1, 10_000),
        st.integers(0, 150) | st.integers(0, 3 * 1440),
        journal=st.sampled_from(["j1", "j2"]),
        site=st.sampled_from(["north", "south"]),
        area=st.sampled_from(["club", "pool"]),
        way_out=st.booleans(),
        passed=st.sampled_from([True, True, False]),
    ),
    max_size=14,
    unique_by=lambda tap: (tap.journal, tap.seq),
)
EAGER = MisuseRules(again_times=2, again_minutes=120, travel_minutes=90, again_window_days=2)


@pytest.mark.proves("S28")
@settings(max_examples=80)
@given(_taps, st.randoms(use_true_random=False))
def test_order_and_repetition_of_the_records_change_nothing(taps: list[Tap], random: Random) -> None:
    plain = alerts("CARD", taps, SINCE, UNTIL, EAGER)
    mixed = [*taps, *taps[::2]]
    random.shuffle(mixed)
    assert alerts("CARD", mixed, SINCE, UNTIL, EAGER) == plain


@pytest.mark.proves("S28")
@settings(max_examples=80)
@given(_taps, st.integers(0, 14))
def test_a_late_record_never_hides_that_a_card_was_too_fast(taps: list[Tap], late: int) -> None:
    def fast(some: list[Tap]) -> set[tuple[str, Evidence]]:
        found = alerts("CARD", some, SINCE, UNTIL, EAGER)
        return {(each.key, record) for each in found if each.misuse is Misuse.TOO_FAST for record in each.evidence}

    assert fast(taps[:late]) <= fast(taps)


@pytest.mark.proves("S28")
@settings(max_examples=80)
@given(_taps, st.integers(0, 3 * 1440))
def test_two_windows_that_touch_find_what_one_window_finds(taps: list[Tap], minute: int) -> None:
    cut = NOON + timedelta(minutes=minute)

    def keys(since: datetime, until: datetime) -> set[str]:
        seen = [each for each in taps if each.at >= since - look_back(EAGER)]
        return {each.key for each in alerts("CARD", seen, since, until, EAGER)}

    assert keys(SINCE, cut) | keys(cut, UNTIL) == keys(SINCE, UNTIL)


def test_an_alert_of_another_day_has_another_key() -> None:
    taps = [make_tap(1, 0), make_tap(2, 60, site="south"), make_tap(3, 1440), make_tap(4, 1500, site="south")]
    found = alerts("CARD", taps, SINCE, UNTIL, RULES)
    assert [each.key for each in found] == ["two_places.CARD.2026-06-15", "two_places.CARD.2026-06-16"]
    assert [each.first_at.date() for each in found] == [date(2026, 6, 15), date(2026, 6, 16)]
