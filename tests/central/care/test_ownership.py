"""Changes of owner in the books, and leavers."""

import pytest

from kiosk.central.care.owner_facts import owner_of
from kiosk.central.care.ownership import (
    agree,
    agree_store,
    ask_change,
    carry_out,
    change_of,
    check_leaving,
    file_change,
    hand_over_all,
    refuse_change,
)
from kiosk.central.club.books import Actor, Books
from kiosk.central.club.refused import RuleRefused
from kiosk.club.life import StepRefused
from kiosk.club.ownership import ChangeState
from kiosk.club.roles import Role
from tests.central.builders import ManualClock
from tests.central.care.builders import DAY, TODAY, do, put_people
from tests.central.club.builders import MANAGER
from tests.central.club.builders_people import set_day
from tests.central.club.builders_staff import make_account

STORE = Actor("store-1")


def _put(books: Books, count: int = 1) -> tuple[str, str, list[str]]:
    """Write two of the staff down and members of the first."""
    li, wang = (make_account(books, name, Role.DESK).id for name in ("li.wei", "wang.fang"))
    return li, wang, put_people(books, count, owner_staff=li)


@pytest.mark.proves("S71", "R130")
def test_an_owner_changes_by_a_paper_two_managers_and_a_filing(books: Books, clock: ManualClock) -> None:
    li, wang, (member,) = _put(books)
    with pytest.raises(RuleRefused, match="no_paper"):
        do(books, lambda change: ask_change(change, member, wang, ""))
    asked = do(books, lambda change: ask_change(change, member, wang, "letter-1")).id
    with pytest.raises(RuleRefused, match="own_request"):
        do(books, lambda change: agree_store(change, asked))
    with pytest.raises(StepRefused):
        books.change(MANAGER, lambda change: agree(change, asked))
    books.change(STORE, lambda change: agree_store(change, asked))
    with pytest.raises(RuleRefused, match="has_agreed_already"):
        books.change(STORE, lambda change: agree(change, asked))
    with pytest.raises(StepRefused):
        do(books, lambda change: carry_out(change, asked))
    books.change(MANAGER, lambda change: agree(change, asked))
    with books.look() as look:
        assert owner_of(look, member) == li
    set_day(clock, TODAY + DAY)
    do(books, lambda change: carry_out(change, asked))
    done = do(books, lambda change: file_change(change, asked))
    assert (done.change.state, done.change.agreed_by) == (ChangeState.FILED, (STORE.id, MANAGER.id))
    with books.look() as look:
        assert owner_of(look, member) == wang


def test_a_refused_change_leaves_the_member_where_it_was(books: Books) -> None:
    li, wang, (member,) = _put(books)
    asked = do(books, lambda change: ask_change(change, member, wang, "letter-1")).id
    books.change(STORE, lambda change: refuse_change(change, asked, why="the member asked not to"))
    with books.look() as look:
        assert change_of(look, asked).change.state is ChangeState.REFUSED
        assert owner_of(look, member) == li


@pytest.mark.proves("S71", "R131")
def test_a_leaver_hands_over_every_member_first(books: Books) -> None:
    li, wang, people = _put(books, 201)
    with pytest.raises(RuleRefused, match="members_not_handed_over"), books.look() as look:
        check_leaving(look, li)
    with pytest.raises(RuleRefused, match="own_request"):
        books.change(Actor(li), lambda change: hand_over_all(change, li, wang))
    assert books.change(MANAGER, lambda change: hand_over_all(change, li, wang)) == 1
    assert books.change(MANAGER, lambda change: hand_over_all(change, li, wang)) == 0
    with books.look() as look:
        check_leaving(look, li)
        assert {owner_of(look, each) for each in people} == {wang}


def test_nobody_is_given_to_somebody_who_is_not_on_the_staff(books: Books) -> None:
    _, _, (member,) = _put(books)
    with pytest.raises(RuleRefused, match="not_on_staff"):
        do(books, lambda change: ask_change(change, member, "gone", "letter-1"))
