"""Central's nightly jobs over a club of any size with a year of records, and the office's pages after them.

Each part is a process of its own, so that its memory is its own: `python -m kiosk.bench.jobs` is one.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec

from kiosk.bench.figures import Result, Row
from kiosk.bench.nights import HOUR, Night, NightClock, run_night
from kiosk.bench.watching import TimedDatabase
from kiosk.bench.year_money import fill_money
from kiosk.bench.year_people import fill_people, people
from kiosk.bench.year_rows import local
from kiosk.bench.year_taps import fill_taps
from kiosk.central.club.books import Books
from kiosk.central.database import Database
from kiosk.central.keys import FOLDER, init_keys, load_keys
from kiosk.central.money.ledger import prove
from kiosk.central.personal_keys import load_seals
from kiosk.central.schema import migrate
from kiosk.core.errors import CannotStart

NIGHT = date(2026, 11, 2)
"""The first night. The year before it is on record."""

DAYS_OFF = 3
LIMIT_S = 600
LOCK_LIMIT_S = 1.0
PAGE_LIMIT_S = 5.0
PART_LIMIT_S = 3 * 3600
SHOWN = 8


class Filled(msgspec.Struct, frozen=True):
    """What was written before the first night."""

    members: int
    records: int
    postings: int
    seconds: float


def run(members: int, records: int, url: str) -> Result:
    """Fill a database, run one night and the one after three days off, and open the pages of the office."""
    with tempfile.TemporaryDirectory(prefix="kiosk-bench-") as folder:
        home = Path(folder)
        url = url or f"sqlite:///{home / 'central.db'}"
        migrate(url)
        init_keys(home)
        filled = msgspec.json.decode(_part(home, url, "fill", str(members), str(records)), type=Filled)
        nights = {
            what: msgspec.json.decode(_part(home, url, "night", str(days)), type=Night)
            for what, days in (("first night", 0), (f"after {DAYS_OFF} days off", DAYS_OFF + 1))
        }
        pages = msgspec.json.decode(_part(home, url, "pages", str(DAYS_OFF + 1)), type=dict[str, float])
    raw = {"filled": msgspec.to_builtins(filled), "nights": msgspec.to_builtins(nights), "pages": pages}
    return Result("jobs", [*_night_rows(filled, nights), *_page_rows(pages)], raw)


def _night_rows(filled: Filled, nights: dict[str, Night]) -> Iterator[Row]:
    size = f"{filled.members:,} members, {filled.records:,} records, {filled.postings:,} postings"
    for what, night in nights.items():
        beside = f"{night.processor_s:.1f} s of a processor, {sum(night.steps.values()):,} steps; {size}"
        yield Row(f"{what}: {len(night.jobs)} jobs", f"{night.seconds:.1f} s", beside, f"≤ {LIMIT_S} s",
                  night.seconds <= LIMIT_S and not night.errors)  # fmt: skip
        for name in sorted(night.jobs, key=lambda each: -night.jobs[each])[:SHOWN]:
            yield Row(f"  {name}", f"{night.jobs[name]:.1f} s", f"{night.steps[name]:,} steps")
        slowest = max(night.longest_s, key=lambda each: night.longest_s[each])
        longest_s = night.longest_s[slowest]
        yield Row(f"{what}: longest transaction that writes", f"{longest_s:.2f} s", slowest, f"≤ {LOCK_LIMIT_S:.0f} s",
                  longest_s <= LOCK_LIMIT_S)  # fmt: skip
        yield Row(f"{what}: edges told of money, then notices", f"{night.funds_s:.1f} s, {night.notices_s:.1f} s",
                  f"{night.notices:,} notices")  # fmt: skip
        yield Row(f"{what}: memory of the process, peak", f"{night.peak_mb:.0f} MB")
        for name, error in night.errors.items():
            yield Row(f"  {name}: error", error, met=False)


def _page_rows(pages: dict[str, float]) -> Iterator[Row]:
    slowest = sorted(pages, key=lambda each: -pages[each])[:SHOWN]
    for name in slowest:
        yield Row(f"page {name}", f"{pages[name]:.2f} s", f"slowest of {len(pages)}" if name == slowest[0] else "",
                  f"≤ {PAGE_LIMIT_S:.0f} s", pages[name] <= PAGE_LIMIT_S)  # fmt: skip


def _part(home: Path, url: str, *arguments: str) -> bytes:
    command = [sys.executable, "-m", "kiosk.bench.jobs", str(home), url, *arguments]
    done = subprocess.run(command, capture_output=True, check=False, timeout=PART_LIMIT_S)
    if done.returncode:
        raise CannotStart(f"the part {arguments[0]} ended by itself", hint=done.stderr.decode(errors="replace")[-2000:])
    return done.stdout


def fill(home: Path, url: str, members: int, records: int) -> Filled:
    """Write a club and its year into an empty database; raises CannotStart where it is not empty, or does not hold."""
    started = time.monotonic()
    with closing(Database(url, load_seals(home / FOLDER))) as database:
        books = Books(database, NightClock(local(NIGHT, HOUR) - timedelta(hours=1)))
        with books.look() as look:
            if look.connection.exec_driver_sql("SELECT count(*) FROM member").scalar_one():
                raise CannotStart(f"database {database.url.database} has members", hint="Give the benchmark its own")
        mine = people(members, NIGHT, load_keys(home).hash_key)
        fill_people(books, mine, NIGHT)
        sales = fill_money(database, mine, NIGHT)
        stored = fill_taps(database, mine, records, NIGHT, sales)
        with database.begin() as connection:
            _go_on_counting(connection)
        with books.look() as look:
            proof = prove(look)
        if not proof.holds:
            raise CannotStart(f"the ledger does not hold: {proof.words()}")
    return Filled(members, stored, proof.postings, time.monotonic() - started)


def _go_on_counting(connection: Any) -> None:
    """Let PostgreSQL's counters go on behind the numbers given out here, and count rows as it does by itself."""
    if connection.dialect.name == "sqlite":
        return
    run = connection.exec_driver_sql
    counted = "FROM information_schema.columns WHERE position('nextval(' in column_default) = 1"
    for table, column in run(f"SELECT table_name, column_name {counted}").fetchall():
        newest = f'(SELECT coalesce(max("{column}"), 1) FROM "{table}")'  # noqa: S608  # our names
        run(f"SELECT setval(pg_get_serial_sequence('{table}', '{column}'), {newest})")
    run("ANALYZE")


def night(home: Path, url: str, days: int) -> Night:
    """Run the jobs of the night so many days after the first one."""
    with closing(TimedDatabase(url, load_seals(home / FOLDER))) as database:
        return run_night(database, local(NIGHT + timedelta(days=days), HOUR))


def pages(home: Path, url: str, days: int) -> dict[str, float]:
    """Open each page of the office that needs no id, as somebody who may see all, and return what each took."""
    # Here and not above: the jobs' process must not pay for Flask.
    from kiosk.bench.pages import open_pages

    with closing(Database(url, load_seals(home / FOLDER))) as database:
        clock = NightClock(local(NIGHT + timedelta(days=days), HOUR + 6))
        return open_pages(home, database, clock, load_keys(home).hash_key)


def _do(home: Path, url: str, what: str, *numbers: int) -> Filled | Night | dict[str, float]:
    if what == "fill":
        return fill(home, url, *numbers)
    return night(home, url, *numbers) if what == "night" else pages(home, url, *numbers)


if __name__ == "__main__":
    _, _home, _url, _what, *_numbers = sys.argv
    sys.stdout.buffer.write(msgspec.json.encode(_do(Path(_home), _url, _what, *map(int, _numbers))))
