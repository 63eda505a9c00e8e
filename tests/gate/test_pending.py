"""Facts that the journal cannot take when they happen."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from kiosk.core.clock import ClockState
from kiosk.core.errors import JournalUnavailable
from kiosk.core.records import GateForced
from kiosk.gate.pending import PENDING_MAX, Pending
from tests.builders import NOW


class Book:
    """A journal that takes facts, or does not."""

    def __init__(self) -> None:
        self.shut = False
        self.written: list[tuple[Any, ...]] = []

    def append(self, *fact: Any) -> None:
        """Take a fact with its time and derived rows."""
        if self.shut:
            raise JournalUnavailable("the disk is full")
        self.written.append(fact)

    def gates(self) -> list[str]:
        """Return which gates the facts tell of, in order."""
        return [fact.gate for fact, _at, _derived in self.written]


def make_fact(gate: str) -> GateForced:
    return GateForced(clock=ClockState.OK, gate=gate)


def make_pending(facts: Sequence[str] = ()) -> tuple[Book, Pending]:
    """Make a shut book and these facts waiting for it, a second apart."""
    book = Book()
    book.shut = True
    pending = Pending(book.append)
    for number, gate in enumerate(facts):
        pending.write(make_fact(gate), NOW + timedelta(seconds=number))
    return book, pending


def test_a_fact_is_written_at_once_with_its_time_and_its_rows():
    book = Book()
    pending = Pending(book.append)
    rows = [("DELETE FROM presence", ())]
    pending.write(make_fact("main"), NOW, rows)
    assert book.written == [(make_fact("main"), NOW, rows)]
    assert not pending


def test_what_waited_is_written_in_its_order_with_the_time_it_happened():
    book, pending = make_pending(["a", "b"])
    assert len(pending) == 2
    book.shut = False
    pending.write(make_fact("c"), NOW + timedelta(hours=1))
    assert book.gates() == ["a", "b", "c"]
    assert [at - NOW for _fact, at, _derived in book.written] == [
        timedelta(0), timedelta(seconds=1), timedelta(hours=1),
    ]  # fmt: skip
    assert not pending


def test_a_journal_that_takes_nothing_is_asked_once_a_try():
    book, pending = make_pending(["a", "b"])
    asked = []

    def refuse(*fact: Any) -> None:
        asked.append(fact)
        raise JournalUnavailable("the disk is full")

    pending._append = refuse
    assert pending.again() == "the disk is full"
    assert len(asked) == 1
    pending._append = book.append
    book.shut = False
    assert pending.again() == ""
    assert book.gates() == ["a", "b"]


def test_one_too_many_loses_the_oldest_and_is_counted():
    book, pending = make_pending([str(number) for number in range(PENDING_MAX + 3)])
    assert (len(pending), pending.dropped) == (PENDING_MAX, 3)
    book.shut = False
    pending.again()
    assert book.gates() == [str(number) for number in range(3, PENDING_MAX + 3)]
    assert pending.dropped == 3


def test_the_log_says_once_of_each_fact_that_it_waits(caplog):
    _book, pending = make_pending(["a"])
    pending.again()
    pending.again()
    assert [record.message for record in caplog.records] == ["fact waits to be recorded"]
