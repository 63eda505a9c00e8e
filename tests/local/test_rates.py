"""How often something may happen, and who has to wait."""

from kiosk.local.rates import KEYS_MAX, RateLimiter
from tests.builders import FakeClock


def test_ten_failures_a_minute_are_enough_and_a_success_makes_up_for_them() -> None:
    clock = FakeClock()
    limiter = RateLimiter(clock)
    for _ in range(10):
        assert limiter.wait_s("a") == 0
        limiter.count("a")
        clock.advance(1)
    assert (limiter.wait_s("a"), limiter.wait_s("b")) == (50, 0)
    clock.advance(50)
    assert limiter.wait_s("a") == 0
    limiter.count("a")
    assert limiter.wait_s("a") == 1
    limiter.forget("a")
    assert limiter.wait_s("a") == 0


def test_what_is_one_too_many_is_not_counted_and_the_next_may_come_when_the_first_is_a_window_ago() -> None:
    clock = FakeClock()
    limiter = RateLimiter(clock, most=2, window_s=60)
    taken = []
    for _ in range(5):
        taken.append(limiter.take("a"))
        clock.advance(10)
    assert taken == [0, 0, 40, 30, 20]
    assert limiter.take("b") == 0
    clock.advance(10)
    assert [limiter.take("a"), limiter.take("a")] == [0, 10]


def test_the_number_of_remembered_keys_has_a_limit() -> None:
    limiter = RateLimiter(FakeClock(), most=1)
    for number in range(KEYS_MAX + 1):
        limiter.count(str(number))
    assert limiter.wait_s("0") == 0
    assert limiter.wait_s("1") > 0
