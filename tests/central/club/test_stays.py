"""Stays and visits from other sites, out of records as gates send them."""

from datetime import timedelta

import pytest

from kiosk.central.club import files
from kiosk.central.club.books import Books
from kiosk.central.club.notices import NoticeFilter, notice_page
from kiosk.central.club.stays import stays
from kiosk.club.stays import Stay
from tests.central.builders import START, ManualClock
from tests.central.club import builders_people as people
from tests.central.club.builders import told
from tests.central.club.builders_activities import DAY, MINUTE, Boxes
from tests.central.club.builders_people import do, see


@pytest.fixture
def boxes(books: Books) -> Boxes:
    """Two gates' boxes and what follows from their records, a day after they write."""
    people.open_club(books)
    return Boxes(books, ManualClock(START))


@pytest.mark.proves("S41")
def test_what_a_member_did_with_two_cards_is_one_row_of_stays(books: Books, boxes: Boxes) -> None:
    member = people.join(books, 1)
    people.hand_over(books, member, 2)
    boxes.enter(boxes.at_demo, START, 1)
    boxes.leave(boxes.at_demo, START + 90 * MINUTE, 1)
    boxes.enter(boxes.at_demo, START + 300 * MINUTE, 2)
    boxes.send(boxes.at_demo)
    found = see(books, stays, member, START - DAY)
    assert [(each.area, each.length) for each in found] == [("club", timedelta(minutes=90)), ("club", None)]
    later = see(books, stays, member, START + 100 * MINUTE)
    assert later == found[1:]
    assert isinstance(found[0], Stay)


@pytest.mark.proves("S15")
def test_the_desk_hears_once_a_day_of_a_member_from_another_site(books: Books, boxes: Boxes) -> None:
    member = people.join(books, 1)
    do(books, files.change_file, member, {"home_site": "demo"}, why="asked")
    boxes.enter(boxes.at_demo, START)
    boxes.leave(boxes.at_demo, START + MINUTE)
    boxes.send()
    assert told(books, template="member_visits") == []
    boxes.leave(boxes.at_island, START + 60 * MINUTE)
    boxes.send()
    assert told(books, template="member_visits") == []
    for minutes in (61, 75):
        boxes.enter(boxes.at_island, START + minutes * MINUTE)
        boxes.send()
    [notice] = told(books, template="member_visits")
    assert (notice["member"], notice["channel"]) == (member, "office")
    assert notice["data"] == {"site": "island", "home_site": "demo"}
    assert len(see(books, notice_page, NoticeFilter(template="member_visits"))) == 1


def test_a_passage_of_another_day_is_no_news_for_the_desk(books: Books, boxes: Boxes) -> None:
    member = people.join(books, 1)
    do(books, files.change_file, member, {"home_site": "demo"}, why="asked")
    boxes.enter(boxes.at_island, START - DAY)
    boxes.send(boxes.at_island)
    assert told(books, template="member_visits") == []
    boxes.enter(boxes.at_island, START + MINUTE)
    boxes.send(boxes.at_island)
    assert len(told(books, template="member_visits")) == 1
