"""Exact division: shares sum up, and none is out of proportion."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.club.splitting import at_least, share_of, split
from kiosk.core.errors import InvalidInput

WEIGHTS = st.lists(st.integers(0, 10**9), min_size=1, max_size=8).filter(any)


@given(amount=st.integers(0, 10**10), weights=WEIGHTS)
def test_shares_sum_to_the_amount_and_are_less_than_a_unit_from_exact(amount: int, weights: list[int]) -> None:
    shares = split(amount, weights)
    assert sum(shares) == amount
    exact = [Fraction(amount * weight, sum(weights)) for weight in weights]
    assert all(abs(share - wanted) < 1 for share, wanted in zip(shares, exact, strict=True))
    if amount <= sum(weights):
        assert all(share <= weight for share, weight in zip(shares, weights, strict=True))


def test_the_largest_remainder_gets_the_unit_left_over_and_the_first_of_equal_ones() -> None:
    assert split(10, [1, 1, 1]) == (4, 3, 3)
    assert split(100, [20, 31, 50]) == (20, 31, 49)
    assert split(0, [0, 0]) == (0, 0)


def test_an_amount_without_anything_to_split_it_by_is_refused() -> None:
    with pytest.raises(InvalidInput, match="nothing to split 5 by"):
        split(5, [0, 0])


def test_half_a_unit_goes_up_and_a_floor_always_does() -> None:
    assert [share_of(n, 1, 2) for n in (1, 2, 3)] == [1, 1, 2]
    assert [share_of(n, 1, 3) for n in (1, 2)] == [0, 1]
    assert [at_least(n, 50, 100) for n in (1, 2, 3)] == [1, 1, 2]
    assert (share_of(5, 0, 0), at_least(5, 0, 0)) == (0, 0)
