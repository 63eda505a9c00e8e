"""The notice board: what the office pins up is a row of the roster, changed and taken down like one."""

from datetime import timedelta

import msgspec
import pytest

from kiosk.central.club.board import BOARD_MAX, KEPT, announcement_of, board, pin_up, take_down
from kiosk.central.club.books import Books
from kiosk.central.roster import bodies_of, roster_state
from kiosk.core.board import Announcement
from kiosk.core.errors import InvalidInput
from tests.central.builders import ManualClock
from tests.central.club.builders import noted
from tests.central.club.builders_people import open_club, set_day
from tests.central.money.builders_fees import DESK, TODAY

DAY = timedelta(days=1)
SAID = Announcement("", "周一闭馆", "Closed on Mondays", valid_until=TODAY)


def put(books: Books, said: Announcement = SAID) -> Announcement:
    """Pin something up."""
    return books.change(DESK, lambda change: pin_up(change, said))


def told(books: Books) -> list[Announcement]:
    """Return what the boxes are told."""
    with books.look() as look:
        return [msgspec.json.decode(body, type=Announcement) for body in bodies_of(look.connection, "announcement")]


@pytest.mark.proves("S75")
def test_what_is_pinned_up_changed_and_taken_down_reaches_the_boxes_as_one_row(books: Books) -> None:
    open_club(books)
    made = put(books)
    with books.look() as look:
        revision = roster_state(look.connection).revision
    assert told(books) == [made]
    changed = put(books, msgspec.structs.replace(made, en="Closed all Monday", sites=("demo",)))
    assert (changed.id, told(books)) == (made.id, [changed])
    put(books, changed)
    with books.look() as look:
        assert roster_state(look.connection).revision == revision + 1
        assert (board(look), announcement_of(look, made.id)) == ([changed], changed)
    books.change(DESK, lambda change: take_down(change, made.id))
    assert told(books) == []
    assert [row["action"].split(".")[1] for row in noted(books, thing="announcement")] == [
        "pin_up", "pin_up", "pin_up", "take_down",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "spoilt",
    [{"zh": " "}, {"en": ""}, {"valid_from": TODAY + DAY}, {"sites": ("nowhere",)}, {"id": "0" * 16}],
)
def test_what_nobody_could_ever_read_is_not_pinned_up(books: Books, spoilt: dict[str, object]) -> None:
    open_club(books)
    with pytest.raises(InvalidInput):
        put(books, msgspec.structs.replace(SAID, **spoilt))
    with pytest.raises(InvalidInput):
        books.change(DESK, lambda change: take_down(change, "0" * 16))
    assert told(books) == []


def test_the_board_has_a_limit_and_clears_away_what_is_long_over(books: Books, clock: ManualClock) -> None:
    open_club(books)
    for n in range(BOARD_MAX):
        put(books, msgspec.structs.replace(SAID, order=n))
    with pytest.raises(InvalidInput, match=f"{BOARD_MAX} announcements are up"):
        put(books)
    set_day(clock, TODAY + KEPT)
    with pytest.raises(InvalidInput):
        put(books)
    set_day(clock, TODAY + KEPT + DAY)
    fresh = put(books, msgspec.structs.replace(SAID, valid_until=None))
    assert told(books) == [fresh]
