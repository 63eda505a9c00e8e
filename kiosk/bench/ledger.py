"""Postings to the ledger beside bare inserts of the same rows, in rounds that take turns, medians of all rounds."""

import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import date, datetime
from pathlib import Path
from typing import Any

from kiosk.bench.figures import Result, Row
from kiosk.central.club.books import Actor, Books
from kiosk.central.database import Database
from kiosk.central.money.days import day_of
from kiosk.central.money.ledger import post, prove
from kiosk.central.schema import migrate
from kiosk.club.ledger import Account, AccountKind, Posting, PostingKind, lines_of
from kiosk.core.errors import CannotStart
from kiosk.local.clock import SystemClock

MEMBERS = 1000
TOGETHER = 100
SITE = "bench"
TABLES = {"ledger_posting": "n", "ledger_line": "posting"}
"""What a posting writes rows of, and by which column they are found again; its balances are not inserts."""


def run(postings: int, rounds: int, url: str) -> Result:
    """Measure postings a second on SQLite and, where a URL is given, in an empty database on PostgreSQL."""
    with tempfile.TemporaryDirectory(prefix="kiosk-bench-") as folder:
        places = {"SQLite": f"sqlite:///{Path(folder) / 'central.db'}"} | ({"PostgreSQL": url} if url else {})
        rates = {name: _measure(each, postings, rounds) for name, each in places.items()}
    table = []
    for name, medians in rates.items():
        for way, what in (("alone", "each its own transaction"), ("together", f"{TOGETHER} a transaction")):
            mine, bare = medians[way], medians[f"bare_{way}"]
            beside = f"{bare:,.0f}/s bare inserts of their rows, x{mine / bare:.2f}"
            table.append(Row(f"{name}: postings, {what}", f"{mine:,.0f}/s", beside))
        table.append(Row(f"{name}: the books afterwards", "proved", "", "the proof holds", met=True))
    return Result("ledger", table, {"postings": postings, "rounds": rounds, "per_s": rates})


def top_up(id: str, number: int, day: date, at: datetime) -> Posting:
    """Make a top-up in cash of one of a thousand members, at one of ten tills: four lines."""
    drawer = Account(AccountKind.TILL, f"till-{number % 10}")
    mine = Account(AccountKind.MEMBER_PRINCIPAL, f"{number % MEMBERS:016x}")
    counter = (Account(AccountKind.SOURCE_CASH), -2000), (Account(AccountKind.CASH_ENTRY), -2000)
    return Posting(id, PostingKind.TOP_UP, lines_of([(mine, 2000), (drawer, 2000), *counter]), day, at, "bench", SITE)


def _measure(url: str, postings: int, rounds: int) -> dict[str, float]:
    migrate(url)
    with closing(Database(url)) as database:
        books = Books(database, SystemClock())
        with database.begin() as connection:
            if connection.exec_driver_sql("SELECT count(*) FROM ledger_posting").scalar_one():
                raise CannotStart(f"database {database.url.database} has postings", hint="Give the benchmark its own")
            for table in TABLES:
                connection.exec_driver_sql(f"CREATE TABLE bare_{table} AS SELECT * FROM {table}")  # noqa: S608  # our names
        rates: dict[str, list[float]] = {"alone": [], "bare_alone": [], "together": [], "bare_together": []}
        for number in range(rounds):
            for name, size in (("alone", 1), ("together", TOGETHER)):
                rates[name].append(_post(books, f"{name}-{number}", postings, size))
                rates[f"bare_{name}"].append(_insert(database, postings, size))
        with books.look() as look:
            if not (proof := prove(look)).holds:
                raise CannotStart(f"the ledger does not hold: {proof.words()}")
    return {name: statistics.median(each) for name, each in rates.items()}


def _post(books: Books, prefix: str, postings: int, size: int) -> float:
    at = books.clock.now()
    with books.look() as look:
        day = day_of(look, SITE, at)
    made = [top_up(f"{prefix}-{number}", number, day, at) for number in range(postings)]

    def write(some: Sequence[Posting]) -> None:
        books.change(Actor("bench"), lambda change: [post(change, each) for each in some])

    return _timed(made, size, write)


def _insert(database: Database, postings: int, size: int) -> float:
    """Insert the rows of the newest postings once more, into tables without a key."""
    found: list[dict[str, list[tuple[Any, ...]]]] = []
    with database.read() as connection:
        last = connection.exec_driver_sql("SELECT max(n) FROM ledger_posting").scalar_one()
        for n in range(last - postings + 1, last + 1):
            rows = {
                table: [tuple(row) for row in connection.exec_driver_sql(f"SELECT * FROM {table} WHERE {key} = {n}")]  # noqa: S608  # our names
                for table, key in TABLES.items()
            }
            found.append(rows)
    mark = "?" if database.is_sqlite else "%s"

    def write(some: Sequence[dict[str, list[tuple[Any, ...]]]]) -> None:
        with database.begin() as connection:
            for table in TABLES:
                rows = [row for each in some for row in each[table]]
                marks = ", ".join([mark] * len(rows[0]))
                connection.exec_driver_sql(f"INSERT INTO bare_{table} VALUES ({marks})", rows)  # noqa: S608  # our names

    return _timed(found, size, write)


def _timed(things: Sequence[Any], size: int, write: Callable[[Sequence[Any]], None]) -> float:
    started = time.monotonic()
    for first in range(0, len(things), size):
        write(things[first : first + size])
    return len(things) / (time.monotonic() - started)
