"""The nightly proof: books that hold are proved, and whatever is changed by hand is found and named."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import update

from kiosk.central.club.books import Books, Change, Look
from kiosk.central.club.jobs import IDLE_S, NightlyJobs, job_progress
from kiosk.central.club.refused import RuleRefused
from kiosk.central.money import checks, days, holds, proof, proof_records, seals
from kiosk.central.money.ledger import hold, post, reverse, settle, void
from kiosk.central.money.proof_records import Check
from kiosk.central.money.sale_tables import stored_lot
from kiosk.central.money.stored_lots import principal_of
from kiosk.core.errors import RetryLater
from tests.central.builders import START, ManualClock
from tests.central.club.builders import held_lease
from tests.central.money.builders import (
    DESK,
    PRINCIPAL,
    TODAY,
    by_hand,
    cash_top_up,
    do,
    found,
    in_minutes,
    put,
    sale,
)
from tests.central.money.builders_sales import open_counter, top_up

LATER = in_minutes(START, 15)
CARD = PRINCIPAL.id


def put_books(books: Books) -> None:
    """Write some of everything down, at a site."""
    put(books, *(cash_top_up(f"t{n}", 1000, site="demo") for n in range(3)), sale("s1", 300, site="demo"))
    do(books, lambda change: reverse(change, "s1", new_id="r1", by="boss", why="wrong"))
    for n, end in enumerate([None, settle, void]):
        do(books, lambda change, n=n: hold(change, sale(f"h{n}", 100, site="demo"), LATER))
        if end is settle:
            do(books, lambda change, n=n: settle(change, f"h{n}", by="gate"))
        if end is void:
            do(books, lambda change, n=n: void(change, f"h{n}", by="gate", why="x"))


def night(books: Books) -> proof_records.Proof:
    """Run the proof to its end and return its record."""
    step = proof.run(books, TODAY, "")
    while not step.finished:
        step = proof.run(books, TODAY, step.place)
    with books.look() as look:
        last = proof_records.last_proof(look)
    assert last is not None
    assert step.error == last.words()
    return last


def test_books_that_hold_are_proved_and_recorded(books: Books) -> None:
    assert night(books).holds
    put_books(books)
    proved = night(books)
    assert (proved.holds, proved.postings, proved.day) == (True, 9, "2026-11-22")
    with books.look() as look:
        assert [(each.number, each.last_n, each.postings) for each in seals.seals_from(look, 1, 9)] == [(1, 9, 9)]
        assert len(proof_records.proofs(look)) == 2
    assert night(books).holds


BY_HAND = {
    "UPDATE ledger_balance SET balance = balance + 1": {(Check.CACHED_BALANCE, CARD), (Check.LIABILITY, None)},
    "UPDATE ledger_balance SET held = held + 1 WHERE kind = 'member_principal'": {(Check.HELD, CARD)},
    "DELETE FROM ledger_balance WHERE kind = 'member_principal'": {(Check.CACHED_BALANCE, CARD), (Check.HELD, CARD)},
    "UPDATE ledger_hold SET state = 'voided' WHERE state = 'pending'": {(Check.HELD, CARD)},
    "UPDATE ledger_hold SET state = 'posted' WHERE state = 'pending'": {(Check.SETTLEMENT, "h0"), (Check.HELD, CARD)},
    "UPDATE ledger_hold SET state = 'expired' WHERE state = 'posted'": {(Check.SETTLEMENT, "h1/settled")},
    "UPDATE ledger_line SET amount = amount + 5 WHERE posting = 1 AND kind = 'till'": {
        (Check.TRIAL_BALANCE, "CNY"), (Check.POSTING_BALANCE, "t0"), (Check.CACHED_BALANCE, "CNY/till/till-1"),
    },
    "DELETE FROM ledger_line WHERE posting = 2": {(Check.POSTING_BALANCE, "t1"), (Check.CACHED_BALANCE, CARD)},
    "UPDATE ledger_line SET amount = 2 * amount WHERE posting = 4": {
        (Check.CACHED_BALANCE, CARD), (Check.REVERSAL, "r1"),
    },
    "UPDATE ledger_posting SET \"of\" = 'gone' WHERE kind = 'reversal'": {(Check.REVERSAL, "r1")},
    "UPDATE ledger_posting SET \"of\" = 'h0' WHERE kind = 'reversal'": {(Check.REVERSAL, "r1")},
    "UPDATE ledger_line SET kind = 'deposit' WHERE posting = 1 AND kind = 'member_principal'": {
        (Check.LIABILITY, "deposit"), (Check.LIABILITY, "member_principal"),
    },
}  # fmt: skip


@pytest.mark.parametrize("statement", BY_HAND)
def test_what_is_changed_by_hand_is_found_and_named(books: Books, statement: str) -> None:
    put_books(books)
    assert found(books) == set()
    by_hand(books, statement)
    there = found(books)
    for check, where in BY_HAND[statement]:
        assert any(each == check and where in (None, place) for each, place in there), there


def test_the_same_is_found_on_postgresql(both_books: Books) -> None:
    put_books(both_books)
    by_hand(both_books, *list(BY_HAND)[:2], *list(BY_HAND)[6:10])
    assert {check for check, _ in found(both_books)} >= {
        Check.CACHED_BALANCE, Check.LIABILITY, Check.HELD, Check.TRIAL_BALANCE, Check.POSTING_BALANCE, Check.REVERSAL,
    }  # fmt: skip


@pytest.mark.parametrize(("left", "off_by"), [(699, -1), (700, 0), (1000, 0), (1001, 1)])
def test_lots_that_are_not_what_a_member_has_are_found(books: Books, left: int, off_by: int) -> None:
    member = open_counter(books)[0]
    top_up(books, member, 1000)
    do(books, lambda change: hold(change, sale("h1", 300, member), LATER))
    with books.database.begin() as connection:
        connection.execute(update(stored_lot).values(principal_left_minor=left))
    with books.look() as look:
        wrong = [(each.check, each.where, each.off_by) for each in proof.prove(look).found]
    assert wrong == ([(Check.STORED_LOT, principal_of(member).id, off_by)] if off_by else [])


def test_an_account_below_its_floor_is_found(books: Books) -> None:
    put_books(books)
    by_hand(
        books,
        "PRAGMA ignore_check_constraints = ON",
        "UPDATE ledger_balance SET balance = -1 WHERE kind = 'member_principal'",
    )
    assert (Check.FLOOR, CARD) in found(books)


SEALED = [
    "UPDATE ledger_posting SET memo = '{\"sale\":\"other\"}' WHERE id = 's1'",
    "UPDATE ledger_posting SET \"by\" = 'nobody' WHERE id = 't1'",
    "UPDATE ledger_posting SET \"day\" = '2026-11-21' WHERE id = 't1'",
    "UPDATE ledger_line SET amount = amount * 2 WHERE posting = 2",
    "UPDATE ledger_hold_line SET amount = amount * 2",
    "DELETE FROM ledger_hold_line WHERE posting = 6; DELETE FROM ledger_hold WHERE posting = 6",
    "UPDATE ledger_seal SET hash = 'ab'",
]


@pytest.mark.parametrize("statement", SEALED)
def test_what_was_sealed_and_is_changed_by_hand_is_found_the_next_night(books: Books, statement: str) -> None:
    put_books(books)
    assert night(books).holds
    put(books, cash_top_up("t9", 10, site="demo"))
    assert night(books).holds
    by_hand(books, *statement.split("; "))
    broken = [each.where for each in night(books).found if each.check is Check.SEAL]
    assert broken[0].startswith("1 of 2026-11-22")


def test_a_posting_that_was_put_between_others_is_found(books: Books) -> None:
    put_books(books)
    assert night(books).holds
    by_hand(
        books,
        "PRAGMA defer_foreign_keys = ON",
        "UPDATE ledger_posting SET n = 999 WHERE id = 't1'",
        "UPDATE ledger_line SET posting = 999 WHERE posting = 2",
    )
    assert any(each.check is Check.SEAL for each in night(books).found)


def test_a_failed_proof_blocks_the_next_day_close_and_says_where(books: Books) -> None:
    put_books(books)
    by_hand(books, "UPDATE ledger_balance SET balance = balance + 1")
    assert not night(books).holds
    with pytest.raises(RuleRefused) as caught:
        do(books, lambda change: days.close(change, "demo", TODAY, by="boss"))
    assert caught.value.reason == "proof_failed"
    assert caught.value.detail["where"] in (CARD, "CNY/till/till-1")
    by_hand(books, "UPDATE ledger_balance SET balance = balance - 1")
    with pytest.raises(RuleRefused):
        do(books, lambda change: days.close(change, "demo", TODAY, by="boss"))
    assert do(books, proof.prove_now).holds
    assert do(books, lambda change: days.close(change, "demo", TODAY, by="boss")).day == TODAY


def test_the_night_runs_the_proof_after_what_ran_out(books: Books, clock: ManualClock) -> None:
    put_books(books)
    clock.set_wall(START + timedelta(hours=12))
    jobs = (*holds.hold_jobs(), *proof.proof_jobs())
    runner = NightlyJobs(books, held_lease(books), jobs, hour=3, clock_apart_max=timedelta(days=400))
    for _ in range(20):
        if runner.tick(clock.now()) >= IDLE_S:
            break
    assert runner.health()["failing"] == {}
    with books.look() as look:
        assert {each.name: each.error for each in job_progress(look)} == {"ledger_holds": "", "ledger_proof": ""}
        assert proof_records.last_proof(look) is not None
        assert look.connection.exec_driver_sql("SELECT state FROM ledger_hold ORDER BY posting").scalars().all() == [
            "expired", "posted", "voided",
        ]  # fmt: skip


def test_seals_are_of_some_postings_each_and_older_ones_come_in_turn(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seals, "POSTINGS_PER_SEAL", 2)
    monkeypatch.setattr(proof, "SEALS_AGAIN", 1)
    put_books(books)
    assert night(books).holds
    with books.look() as look:
        assert [(each.last_n, each.postings) for each in seals.seals_from(look, 1, 9)] == [
            (2, 2), (4, 2), (6, 2), (8, 2), (9, 1),
        ]  # fmt: skip
    by_hand(
        books,
        "CREATE TABLE kept AS SELECT memo FROM ledger_posting WHERE n = 5",
        "UPDATE ledger_posting SET memo = '{}', late = 1 WHERE n = 5",
    )
    nights = []
    for later in range(proof.TURN_NIGHTS):
        step = proof.run(books, TODAY + timedelta(days=later), "")
        while not step.finished:
            step = proof.run(books, TODAY + timedelta(days=later), step.place)
        nights.append(step.error)
    found = [bool(each) for each in nights]
    assert True in found
    assert all(found[found.index(True) :]), "what is wrong is told every night until it is right"
    assert nights[-1].startswith("seal 3 of 2026-11-22")
    by_hand(books, "UPDATE ledger_posting SET memo = (SELECT memo FROM kept), late = 0 WHERE n = 5")
    assert night(books).holds


def test_postings_that_only_balance_together_are_named_every_night_until_they_are_right(books: Books) -> None:
    put_books(books)
    by_hand(
        books,
        "UPDATE ledger_line SET amount = amount + 5 WHERE posting = 1 AND kind = 'cash_entry'",
        "UPDATE ledger_line SET amount = amount - 5 WHERE posting = 2 AND kind = 'cash_entry'",
    )
    for _ in range(3):
        assert {(each.check, each.where, each.off_by) for each in night(books).found} == {
            (Check.POSTING_BALANCE, "t0", 5), (Check.POSTING_BALANCE, "t1", -5),
        }  # fmt: skip


def test_a_posting_without_balance_is_told_though_its_seal_is_not_looked_at(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seals, "POSTINGS_PER_SEAL", 1)
    monkeypatch.setattr(proof, "SEALS_AGAIN", 1)
    put_books(books)
    by_hand(books, "DELETE FROM ledger_line WHERE posting = 4", "UPDATE ledger_balance SET balance = balance + 300")
    assert (Check.POSTING_BALANCE, "s1") in {(each.check, each.where) for each in night(books).found}
    assert (Check.POSTING_BALANCE, "s1") in {(each.check, each.where) for each in night(books).found}


def test_a_seal_that_was_taken_out_is_missed(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seals, "POSTINGS_PER_SEAL", 2)
    put_books(books)
    assert night(books).holds
    by_hand(books, "DELETE FROM ledger_seal WHERE number = 2")
    with books.look() as look:
        assert [each.where for each in seals.broken(look, 3, 1)] == ["3 of 2026-11-22, after posting 2"]


def test_a_seal_made_anew_over_what_was_changed_does_not_fit_the_next(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seals, "POSTINGS_PER_SEAL", 2)
    put_books(books)
    assert night(books).holds
    by_hand(
        books,
        "UPDATE ledger_posting SET late = 1 WHERE n = 3",
        "CREATE TABLE kept AS SELECT * FROM ledger_seal WHERE number > 2",
        "DELETE FROM ledger_seal WHERE number > 1",
    )
    do(books, lambda change: seals.seal_next(change, TODAY, 4))
    by_hand(books, "INSERT INTO ledger_seal SELECT * FROM kept")
    with books.look() as look:
        assert [each.where for each in seals.broken(look, 1, 9)] == ["3 of 2026-11-22, after posting 4"]


def test_tills_go_on_while_the_books_are_proved(both_books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    def sells(_: Look) -> Iterator[proof_records.Wrong]:
        put(both_books, cash_top_up("meanwhile", 100, site="demo"))
        yield from ()

    put_books(both_books)
    monkeypatch.setattr(checks, "ALL", (sells, *checks.ALL))
    assert night(both_books).holds
    assert found(both_books) == set()


def test_the_night_waits_for_a_long_change_only_shortly(both_books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    if both_books.database.is_sqlite:
        return  # nothing is waited for: there is one writer
    monkeypatch.setattr(seals, "LOCK_WAIT_MS", 20)
    with both_books.database.begin() as connection:
        post(Change(connection, START, DESK), cash_top_up("long", 100))
        with pytest.raises(RetryLater, match="lock timeout"):
            proof.run(both_books, TODAY, "")


def test_a_change_may_post_while_the_night_seals(both_books: Books) -> None:
    put(both_books, cash_top_up("t1", 1000))
    step = proof.run(both_books, TODAY, "")
    put(both_books, cash_top_up("t2", 1000))
    while not step.finished:
        step = proof.run(both_books, TODAY, step.place)
    with both_books.look() as look:
        assert seals.last_seal(look).postings == 1
    assert both_books.change(DESK, lambda change: post(change, sale("s1", 1500))).n == 3
