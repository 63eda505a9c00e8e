"""Rests after failures."""

from kiosk.core.backoff import back_off_s


def test_a_rest_doubles_with_each_failure_up_to_the_longest_however_many_there_are():
    assert [back_off_s((0.5, 3.0), failures) for failures in (0, 1, 2, 3, 4)] == [0.5, 1.0, 2.0, 3.0, 3.0]
    assert back_off_s((0.5, 30.0), 10**6) == 30.0
