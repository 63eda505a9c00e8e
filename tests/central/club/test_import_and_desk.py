"""A list that comes again after the desk had to do with its cards: the club's own book is not overruled."""

from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import delete

from kiosk.central.club import card_replacing, cards, membership, tiers
from kiosk.central.club.books import Books
from kiosk.central.club.card_adoption import adopt
from kiosk.central.club.points_tables import tier_holding, tier_move
from kiosk.central.importing import ImportReport, import_members
from kiosk.central.keys import Keys
from kiosk.central.members import MemberRecord, members_by
from kiosk.club.card_kinds import ReplaceReason
from kiosk.club.membership import StopReason
from kiosk.core.identifiers import credential_of
from kiosk.wire.signing import SigningKey
from tests.central.club.builders_cards import (
    HASH_KEY,
    credential,
    do,
    encode,
    gate_answers,
    hand_over,
    put_club,
    put_stock,
)
from tests.central.roster_builders import write_csv

KEYS = Keys(SigningKey.generate(), HASH_KEY)
LISTED = "04A1B2C3D4E5F6"
OTHER = "04FFFFFFFFFFFF"


def load(books: Books, folder: Path, identifier: str = LISTED, tier: str = "silver") -> ImportReport:
    path = write_csv(folder / "list.csv", "member_no name identifier tier", ["M1", "王小明", identifier, tier])
    return import_members(books.database, KEYS, path, clock=books.clock)


def put_replaced(books: Books, folder: Path) -> tuple[str, str]:
    """Have a listed card lost and replaced at the desk; returns both credentials."""
    put_club(books)
    assert load(books, folder).added == 1
    old = credential_of(LISTED, HASH_KEY)
    number, new = do(books, lambda change: adopt(change, old)).card.number, put_stock(books, quantity=1)[0]
    do(books, lambda change: cards.report_lost(change, number))
    encode(books, new)
    do(books, lambda change: card_replacing.replace(change, number, new, ReplaceReason.LOST))
    hand_over(books, new)
    return old, credential(new)


def test_a_list_does_not_open_a_card_again_that_the_desk_replaced(both_books: Books, tmp_path: Path) -> None:
    old, new = put_replaced(both_books, tmp_path)
    report = load(both_books, tmp_path, tier="gold")
    assert (report.changed, report.cards_revoked) == (1, 0)
    assert gate_answers(both_books, [old, new]) == {old: False, new: True}
    assert load(both_books, tmp_path, tier="gold").unchanged == 1


def test_a_list_gives_no_second_card_to_who_holds_one_of_the_clubs(books: Books, tmp_path: Path) -> None:
    _, new = put_replaced(books, tmp_path)
    report = load(books, tmp_path, OTHER)
    assert [(each.line, each.column, each.reason) for each in report.problems] == [
        (2, "identifier", "is a second card")
    ]
    assert gate_answers(books, [new]) == {new: True}


def test_a_list_says_of_cards_that_the_desk_never_saw_what_it_always_said(books: Books, tmp_path: Path) -> None:
    put_club(books)
    load(books, tmp_path)
    assert load(books, tmp_path, OTHER).cards_revoked == 1
    ids = [credential_of(each, HASH_KEY) for each in (LISTED, OTHER)]
    assert gate_answers(books, ids) == dict(zip(ids, (False, True), strict=True))


def load_rows(books: Books, folder: Path, *rows: dict[str, str]) -> ImportReport:
    """Load rows about member M1 with the card LISTED, unless they say otherwise."""
    usual = {"member_no": "M1", "name": "王小明", "identifier": LISTED}
    header = list(dict.fromkeys(name for row in rows for name in usual | row))
    lines = [[(usual | row).get(name, "") for name in header] for row in rows]
    path = write_csv(folder / "list.csv", " ".join(header), *lines)
    return import_members(books.database, KEYS, path, clock=books.clock)


def person(books: Books, member_no: str = "M1") -> MemberRecord:
    """What the books say of a member."""
    with books.look() as look:
        return members_by(look.connection, "member_no", [member_no])[0]


def remarks(report: ImportReport) -> list[tuple[int, str]]:
    """Line and column of each remark."""
    assert report.remark_count == len(report.remarks)
    return [(each.line, each.column) for each in report.remarks]


def moves(books: Books) -> list[Any]:
    """The tiers that M1 came to, newest first."""
    member = person(books).id
    with books.look() as look:
        return [(each.tier_to, each.source.value) for each in tiers.moves_of(look, member)]


@pytest.mark.proves("S07", "S11")
def test_a_list_takes_no_date_back_that_the_club_decided(books: Books, tmp_path: Path) -> None:
    put_club(books)
    first = load_rows(books, tmp_path, {"paid_until": "2026-12-31"})
    assert (first.added, remarks(first)) == (1, [])
    member = person(books).id
    again = load_rows(books, tmp_path, {"paid_until": "2027-01-31"})
    assert (again.changed, person(books).paid_until) == (1, date(2027, 1, 31))
    do(books, lambda change: membership.record_paid(change, member, date(2027, 12, 31), why="receipt"))
    do(books, lambda change: membership.suspend(change, member, StopReason.DISCIPLINE, why="case 3"))
    before = person(books)
    assert before.suspended_from is not None
    late = load_rows(books, tmp_path, {"paid_until": "2027-01-31", "status": "ended", "name": "王大明"})
    assert remarks(late) == [(2, "status"), (2, "paid_until")]
    assert (late.changed, late.refused, late.problem_count) == (1, 0, 0)
    assert before.paid_until == date(2027, 12, 31)
    assert person(books) == msgspec.structs.replace(before, name="王大明")
    quiet = load_rows(books, tmp_path, {"name": "王大明"})
    assert (quiet.unchanged, remarks(quiet)) == (1, [])


def test_a_list_gives_tiers_of_the_ladder_and_may_put_its_own_right(books: Books, tmp_path: Path) -> None:
    put_club(books)
    load_rows(books, tmp_path, {"tier": "silver", "valid_from": "2024-03-01", "product": "gym"})
    assert moves(books) == [("silver", "given")]
    with books.look() as look:
        assert tiers.outlook(look, person(books).id).holding.tier == "silver"
    report = load_rows(books, tmp_path, {"tier": "gold"})
    assert (report.changed, remarks(report), person(books).tier) == (1, [], "gold")
    assert moves(books) == [("gold", "given"), ("silver", "given")]
    assert load_rows(books, tmp_path, {"tier": "gold"}).unchanged == 1
    assert load_rows(books, tmp_path, {}).unchanged == 1
    assert person(books).tier == "gold"


@pytest.mark.proves("R78")
def test_a_list_lowers_no_tier_that_came_by_the_clubs_rules(books: Books, tmp_path: Path) -> None:
    put_club(books)
    load_rows(books, tmp_path, {"tier": "silver"})
    do(books, lambda change: tiers.give(change, person(books).id, "gold", "referrals"))
    report = load_rows(books, tmp_path, {"tier": "silver"})
    assert (remarks(report), report.unchanged, person(books).tier) == ([(2, "tier")], 1, "gold")
    assert moves(books) == [("gold", "given"), ("silver", "given")]


def test_guests_and_tiers_off_the_ladder_get_no_holding(books: Books, tmp_path: Path) -> None:
    put_club(books)
    load_rows(
        books,
        tmp_path,
        {"tier": "silver"},
        {"member_no": "G1", "identifier": OTHER, "tier": "silver", "guest_of": "M1"},
    )
    with books.look() as look:
        guest = person(books, "G1").id
        assert tiers.moves_of(look, guest) == []
    assert person(books, "G1").tier == "silver"


def test_a_member_whose_tier_came_before_the_ladder_gets_the_holding_with_the_next_list(
    books: Books, tmp_path: Path
) -> None:
    put_club(books)
    load_rows(books, tmp_path, {"tier": "silver", "valid_from": "2024-03-01", "product": "gym"})
    with books.database.begin() as connection:
        for table in (tier_holding, tier_move):
            connection.execute(delete(table))
    assert moves(books) == []
    report = load_rows(books, tmp_path, {"tier": "silver", "valid_from": "2024-03-01", "product": "gym"})
    assert (report.changed, moves(books)) == (1, [("silver", "given")])
    again = load_rows(books, tmp_path, {"tier": "silver", "valid_from": "2024-03-01", "product": "gym"})
    assert (again.unchanged, again.changed) == (1, 0)


@pytest.mark.proves("S07")
def test_rights_that_a_list_stopped_are_no_order_and_given_back_at_the_desk(books: Books, tmp_path: Path) -> None:
    put_club(books)
    load_rows(books, tmp_path, {"suspended_from": "2026-11-01"})
    member = person(books).id
    with books.look() as look:
        assert membership.standing(look, member).reason.value == "data"
    do(books, lambda change: membership.restore(change, member, StopReason.DATA, why="papers are there"))
    with books.look() as look:
        assert membership.standing(look, member).state.value == "valid"
