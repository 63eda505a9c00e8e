"""What the gates say beside a grant: noted at night on few rows, with nothing personal in them, and said offline."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from sqlalchemy import insert, select, update

from kiosk.central.club import files, greeting, membership
from kiosk.central.club.books import Books
from kiosk.central.club.people_tables import member_file
from kiosk.central.members import MemberRecord, cards_by, save_cards, save_members
from kiosk.central.roster import roster_state
from kiosk.central.tables import roster_row, visit
from kiosk.core.clock import epoch_ms
from kiosk.core.identifiers import credential_of
from kiosk.core.model import Credential, Note
from kiosk.core.roster import decode_row
from kiosk.gate.tap import said_on
from tests.central.builders import ManualClock
from tests.central.club import builders_people as people
from tests.central.club.builders_people import do
from tests.central.club.builders_points import run_job
from tests.central.roster_builders import HASH_KEY

TODAY = date(2026, 11, 22)
DAY = timedelta(days=1)
ZONE = ZoneInfo("Asia/Shanghai")


def join(books: Books, number: int = 1, **fields: Any) -> str:
    """Make a valid member who came by an application, with card `number` in the hand."""
    return people.join(books, number, **{"name": "王小明"} | fields)


def card_id(number: int = 1) -> str:
    """Return the credential of card `number`."""
    return credential_of(f"04{number:012X}", HASH_KEY)


def row(books: Books, number: int = 1) -> Credential:
    """Return the roster row of card `number` as the gates hold it."""
    with books.look() as look:
        key = bytes.fromhex(card_id(number))
        body = look.connection.execute(select(roster_row.c.body).where(roster_row.c.key == key)).scalar_one()
    found = decode_row(bytes(body))
    assert isinstance(found, Credential)
    return found


def codes(books: Books, number: int = 1) -> list[str]:
    """Return the codes of a card's notes."""
    return [each.code for each in row(books, number).notes]


def revision(books: Books) -> int:
    """Return the roster's revision."""
    with books.look() as look:
        return roster_state(look.connection).revision


def come(books: Books, day: date, number: int = 1, hour: int = 18, doors: int = 1) -> None:
    """Write down that card `number` went through so many doors on a day."""

    def work(change: Any) -> None:
        for door in range(doors):
            at_ms = epoch_ms(datetime(day.year, day.month, day.day, hour, door, tzinfo=ZONE))
            values = {"n": number * 10**6 + at_ms % 10**12 // 1000, "site": "demo", "credential": card_id(number)}
            change.connection.execute(insert(visit).values(**values, entitlement="e1", at_ms=at_ms))

    do(books, work)


def night(books: Books, clock: ManualClock, day: date) -> None:
    """Run the job of a day to its end, at four in the morning."""
    people.set_day(clock, day, hour=4)
    assert run_job(greeting.run, books).error == ""


@pytest.mark.proves("R113", "S40")
def test_the_name_goes_to_the_gates_for_the_third_visit_and_not_before(both_books: Books, clock: ManualClock) -> None:
    people.open_club(both_books)
    join(both_books)
    night(both_books, clock, TODAY + DAY)
    assert (row(both_books).greeting, codes(both_books)) == ("", ["unnamed", "welcome_new"])
    come(both_books, TODAY + DAY, doors=3)
    night(both_books, clock, TODAY + 2 * DAY)
    assert (row(both_books).greeting, codes(both_books)) == ("", ["unnamed"])
    # Half past midnight in Shanghai is still the day before in UTC: a second day all the same.
    come(both_books, TODAY + 2 * DAY, hour=0)
    night(both_books, clock, TODAY + 3 * DAY)
    assert (row(both_books).greeting, codes(both_books)) == ("王**", [])


@pytest.mark.proves("S40")
def test_who_wants_privacy_stays_without_a_name_at_the_gates(books: Books, clock: ManualClock) -> None:
    people.open_club(books)
    member = join(books)
    for days in range(5):
        come(books, TODAY + days * DAY)
    night(books, clock, TODAY + 5 * DAY)
    assert row(books).greeting == "王**"
    do(books, lambda change: change.connection.execute(update(member_file).values(private=True)))
    night(books, clock, TODAY + 6 * DAY)
    assert (row(books).greeting, codes(books)) == ("", ["unnamed"])
    do(books, files.change_file, member, {"name": "欧阳小明"})
    assert (row(books).greeting, codes(books)) == ("", ["unnamed"])


@pytest.mark.proves("S40", "S76")
def test_a_birthday_reaches_the_gates_ahead_as_a_code_and_goes_once_it_was_said(
    books: Books, clock: ManualClock
) -> None:
    people.open_club(books)
    join(books, born=date(1990, 12, 1))
    for days in range(3):
        come(books, TODAY - days * DAY)
    night(books, clock, TODAY + DAY)
    (noted,) = row(books).notes
    assert noted == Note("birthday", date(2026, 12, 1), date(2026, 12, 7))
    # The line is down from here on: by the row alone the wish is said on its days.
    assert [each.code for each in said_on(row(books).notes, date(2026, 11, 30))] == []
    assert [each.code for each in said_on(row(books).notes, date(2026, 12, 1))] == ["birthday"]
    come(books, date(2026, 12, 2))
    night(books, clock, date(2026, 12, 3))
    assert row(books).notes == ()


def test_who_wants_no_wishes_gets_none(books: Books, clock: ManualClock) -> None:
    people.open_club(books)
    join(books, born=date(1990, 12, 1))
    do(books, lambda change: change.connection.execute(update(member_file).values(preferences='{"wishes": false}')))
    night(books, clock, TODAY + DAY)
    assert "birthday" not in codes(books)


@pytest.mark.proves("S57", "S58")
def test_an_end_is_counted_down_at_the_gate_and_a_fee_is_a_matter_for_the_kiosk(
    books: Books, clock: ManualClock
) -> None:
    people.open_club(books)
    member = join(books, paid_until=TODAY + 20 * DAY)
    for days in range(3):
        come(books, TODAY - days * DAY)
    night(books, clock, TODAY + DAY)
    assert row(books).notes == (Note("see_kiosk", TODAY + 6 * DAY),)
    do(books, membership.record_paid, member, TODAY + 400 * DAY, why="renewed")
    do(books, _card_ends, TODAY + 40 * DAY)
    night(books, clock, TODAY + 2 * DAY)
    assert row(books).notes == (Note("expires_soon", TODAY + 10 * DAY, TODAY + 40 * DAY, on=TODAY + 40 * DAY),)
    (said,) = said_on(row(books).notes, TODAY + 38 * DAY)
    assert (said.code, said.days) == ("expires_soon", 2)


def _card_ends(change: Any, day: date) -> None:
    cards = cards_by(change.connection, "id", [card_id()])
    save_cards(change.connection, [msgspec.structs.replace(each, valid_until=day) for each in cards])
    change.touch(cards[0].member)


def test_a_night_on_which_nothing_changes_writes_no_row(books: Books, clock: ManualClock) -> None:
    people.open_club(books)
    for number in (1, 2, 3):
        join(books, number, born=date(1990, 11, 25 + number))
    night(books, clock, TODAY + DAY)
    before = revision(books)
    night(books, clock, TODAY + DAY)
    night(books, clock, TODAY + 3 * DAY)
    assert revision(books) == before
    come(books, TODAY + 3 * DAY, number=2)
    night(books, clock, TODAY + 4 * DAY)
    assert revision(books) == before + 1
    assert [codes(books, number) for number in (1, 2, 3)] == [
        ["unnamed", "welcome_new", "birthday"],
        ["unnamed", "birthday"],
        ["unnamed", "welcome_new", "birthday"],
    ]


def test_notes_stay_when_something_else_of_the_row_changes(books: Books, clock: ManualClock) -> None:
    people.open_club(books)
    member = join(books)
    night(books, clock, TODAY + DAY)
    noted = row(books).notes
    assert noted
    do(books, membership.record_paid, member, TODAY + 500 * DAY, why="early")
    assert row(books).notes == noted


def test_who_came_with_a_list_is_known_by_name_and_not_welcomed_as_new(books: Books, clock: ManualClock) -> None:
    people.open_club(books)

    def listed(change: Any) -> None:
        save_members(change.connection, [MemberRecord("a" * 16, "M9", "王小明")])
        save_cards(change.connection, [people.card_of(9, "a" * 16)])
        change.touch("a" * 16)

    do(books, listed)
    night(books, clock, TODAY + DAY)
    assert (row(books, 9).greeting, row(books, 9).notes) == ("王**", ())


def test_a_card_that_goes_to_another_member_takes_no_notes_along(books: Books, clock: ManualClock) -> None:
    people.open_club(books)
    join(books)
    other = people.make_person(books, 2)
    night(books, clock, TODAY + DAY)
    assert row(books).notes

    def hand_on(change: Any) -> None:
        save_cards(change.connection, [people.card_of(1, other)])
        change.touch(other)

    do(books, hand_on)
    assert (row(books).member, row(books).notes) == (other, ())
