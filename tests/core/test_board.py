"""What a kiosk shows of the notice board: what is for its site and its day, in order, as much as there is room for."""

from datetime import date, timedelta

from kiosk.core.board import SHOWN_MAX, Announcement, is_over, shown
from kiosk.core.roster import body_key, encode_row

TODAY = date(2026, 11, 22)
DAY = timedelta(days=1)


def test_an_announcement_is_shown_at_its_sites_on_its_days_both_included() -> None:
    on = Announcement("on", "今天", "Today", valid_from=TODAY, valid_until=TODAY)
    north = Announcement("north", "北馆", "North", sites=("north",))
    for day, seen in ((TODAY - DAY, []), (TODAY, [on]), (TODAY + DAY, [])):
        assert shown([on, north], "demo", day) == seen
    assert shown([on, north], "north", TODAY + DAY) == [north]
    assert (is_over(on, TODAY), is_over(on, TODAY + DAY), is_over(north, TODAY)) == (False, True, False)


def test_the_smallest_order_comes_first_and_no_more_than_there_is_room_for() -> None:
    many = [Announcement(f"a{n}", f"公告{n}", order=10 - n) for n in range(SHOWN_MAX + 2)]
    assert [each.id for each in shown(many, "demo", TODAY)] == ["a4", "a3", "a2"]


def test_a_box_that_does_not_know_announcements_keeps_the_roster_they_come_with() -> None:
    assert body_key(encode_row(Announcement("a1", "公告"))) == b"announcement:a1"
