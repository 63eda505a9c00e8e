"""One tap counts once: the pure rule, with the time passed in."""

from hypothesis import given
from hypothesis import strategies as st

from kiosk.readers.debounce import REMEMBERED_MAX, Debounce

CARD, OTHER = "04A1B2C3D4E5F6", "04112233445566"
SECOND = 1_000_000_000
WINDOW_S = 1.5
WINDOW_NS = 1_500_000_000


def make_debounce(*, sees_removal: bool = False) -> Debounce:
    return Debounce(WINDOW_S, sees_removal=sees_removal)


def test_the_window_ends_exactly_where_it_says() -> None:
    assert make_debounce().tap(CARD, 0)
    for later_ns, counts in ((WINDOW_NS - 1, False), (WINDOW_NS, True)):
        debounce = make_debounce()
        debounce.tap(CARD, 0)
        assert debounce.tap(CARD, later_ns) is counts


def test_another_card_in_between_counts_and_does_not_reopen_the_first() -> None:
    debounce = make_debounce()
    assert debounce.tap(CARD, 0)
    assert debounce.tap(OTHER, SECOND // 2)
    assert not debounce.tap(CARD, SECOND)


def test_a_reader_that_repeats_a_card_lying_there_counts_it_once() -> None:
    debounce = make_debounce()
    counted = [debounce.tap(CARD, at * SECOND) for at in range(60)]
    assert counted == [True] + [False] * 59


def test_a_field_that_flickers_is_one_tap() -> None:
    debounce = make_debounce(sees_removal=True)
    counted = []
    for at in range(0, 10 * SECOND, SECOND // 4):
        counted.append(debounce.tap(CARD, at))
        debounce.gone(at + SECOND // 8)
    assert sum(counted) == 1


def test_a_card_that_was_never_taken_away_is_one_tap_whatever_the_time() -> None:
    debounce = make_debounce(sees_removal=True)
    assert debounce.tap(CARD, 0)
    assert not debounce.tap(CARD, 3600 * SECOND)


def test_removal_counts_from_the_moment_the_card_left() -> None:
    debounce = make_debounce(sees_removal=True)
    debounce.tap(CARD, 0)
    debounce.gone(100 * SECOND)
    assert not debounce.tap(CARD, 101 * SECOND)
    debounce.gone(102 * SECOND)
    assert debounce.tap(CARD, 102 * SECOND + WINDOW_NS)


def test_a_card_pushed_away_by_another_has_left() -> None:
    debounce = make_debounce(sees_removal=True)
    debounce.tap(CARD, 0)
    assert debounce.tap(OTHER, 10 * SECOND)
    assert not debounce.tap(CARD, 11 * SECOND)
    assert debounce.tap(OTHER, 20 * SECOND)
    assert debounce.tap(CARD, 30 * SECOND)


def test_a_failed_read_right_after_a_good_one_is_the_same_tap() -> None:
    debounce = make_debounce(sees_removal=True)
    debounce.tap(CARD, 0)
    debounce.gone(SECOND)
    assert not debounce.failure(2 * SECOND)
    assert debounce.failure(2 * SECOND + WINDOW_NS)


def test_a_good_read_right_after_a_failed_one_counts() -> None:
    debounce = make_debounce(sees_removal=True)
    assert debounce.failure(0)
    assert not debounce.failure(SECOND)
    assert debounce.tap(CARD, SECOND)


def test_no_window_lets_every_tap_count_but_never_a_card_that_lies_there() -> None:
    debounce = Debounce(0, sees_removal=True)
    assert debounce.tap(CARD, 0)
    assert not debounce.tap(CARD, 0)
    debounce.gone(0)
    assert debounce.tap(CARD, 0)
    assert debounce.failure(0)


def test_what_is_remembered_is_limited_and_the_oldest_goes_first() -> None:
    debounce = make_debounce()
    for number in range(REMEMBERED_MAX + 1):
        debounce.tap(f"{number:08X}", 0)
    assert not debounce.tap(f"{REMEMBERED_MAX:08X}", 1)
    assert debounce.tap(f"{0:08X}", 1)
    assert len(debounce._seen) == REMEMBERED_MAX


@given(st.lists(st.tuples(st.sampled_from("ABC"), st.integers(0, 4 * SECOND)), max_size=60), st.booleans())
def test_a_card_never_counts_twice_within_the_window(steps: list[tuple[str, int]], sees_removal: bool) -> None:
    debounce = make_debounce(sees_removal=sees_removal)
    counted: dict[str, int] = {}
    now_ns = 0
    for card, wait_ns in steps:
        now_ns += wait_ns
        if debounce.tap(card, now_ns):
            assert now_ns - counted.get(card, -WINDOW_NS) >= WINDOW_NS
            counted[card] = now_ns
        if sees_removal and wait_ns % 2:
            debounce.gone(now_ns)
