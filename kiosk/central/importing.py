"""Member lists into the club's books: checked whole first, then written in one transaction with one roster revision."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Self
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Connection

from kiosk.central.club.books import Actor, Change
from kiosk.central.club.tiers import join_listed
from kiosk.central.database import Database
from kiosk.central.denial import deny_ahead
from kiosk.central.import_club import listed
from kiosk.central.import_rows import HEADERS, ImportRow, Problem, Understanding, read_row
from kiosk.central.import_survey import Survey
from kiosk.central.import_writing import ImportWriter
from kiosk.central.keys import Keys
from kiosk.central.members import refresh
from kiosk.central.roster import in_steps, roster_state, rows_of
from kiosk.central.sheets import read_sheet
from kiosk.core.clock import Clock
from kiosk.core.identifiers import NumberFormat
from kiosk.core.model import Product, Site, Tier

ROWS_PER_STEP = 500
WIDE_CACHE_KIB = 64 * 1024
USUAL_CACHE_KIB = 2000
AS_READ = NumberFormat()
"""Card numbers in hex, in the order they come over the air."""

ACTOR = Actor("import", "list")

ROWS_OF = ("added", "changed", "unchanged")
"""The counts that add up to the rows."""

Progress = Callable[[str, int], None]
"""Called now and then with "checked", "compared" or "written" and how many rows are."""


class ImportReport(msgspec.Struct, frozen=True):
    """What became of a list, or in a preview would: every row is added, changed, unchanged or refused.

    `problems` holds 10,000 at most, in the order of lines; `problem_count` counts all. `revision` is the roster's.
    `remarks` are the first 1,000 of what rows say and the club's own books keep otherwise: those rows are taken.
    """

    rows: int
    added: int
    changed: int
    unchanged: int
    refused: int
    cards_revoked: int
    problem_count: int
    problems: tuple[Problem, ...]
    revision: int
    remark_count: int = 0
    remarks: tuple[Problem, ...] = ()


def import_members(
    database: Database,
    keys: Keys,
    path: Path,
    *,
    clock: Clock,
    partial: bool = False,
    preview: bool = False,
    written: NumberFormat = AS_READ,
    progress: Progress | None = None,
) -> ImportReport:
    """Take a CSV or XLSX list (`docs/import.md`): all of it, or with `partial` the rows that have no problem.

    With `preview` nothing is written, and the report counts what would become of the rows that have no problem.
    The list is read, checked and compared before the write transaction, which then sees only the rows that say
    something new. Raises InvalidInput for a file that is no table, RetryLater where the database is taken.
    """
    now = clock.now()
    with database.read() as connection:
        against = _understanding(connection, written, now)
    survey = Survey(against, keys.hash_key)
    with _Spool() as readable, _Spool() as differing:
        _look_through(database, path, survey, readable, progress)
        if survey.refused and not (partial or preview):
            return _report(survey, Counter(), 0, _revision(database))

        def writer() -> ImportWriter:
            return ImportWriter(keys.hash_key, against.today, survey.card_lines, survey.hosts)

        compared = writer()
        _compare(database, compared, survey, readable, differing, progress)
        if preview:
            return _report(survey, compared.counts, 0, _revision(database), compared.remarks)

        def write(connection: Connection) -> ImportReport:
            books = writer()
            # Never finished: what the tiers touch is refreshed with the rest, in one roster revision.
            club = Change(connection, now, ACTOR)
            ladder = frozenset(rung.tier for rung in club.rules.tiers.ladder)
            with _wide_cache(connection):
                for step in in_steps(differing.rows(), ROWS_PER_STEP):
                    join_listed(club, listed(books.write(connection, step), ladder, club.today))
                    _tell(progress, "written", sum(books.counts[word] for word in ROWS_OF))
                revision = refresh(connection, books.members, books.gift_cards, at=now)
                deny_ahead(connection, books.closed, revision, at=now)
            counts = books.counts | {"remarks": compared.counts["remarks"]}
            return _report(survey, counts, compared.counts["unchanged"], revision, compared.remarks)

        return database.run(write)


def _look_through(
    database: Database, path: Path, survey: Survey, readable: "_Spool", progress: Progress | None
) -> None:
    for step in in_steps(read_sheet(path, HEADERS), ROWS_PER_STEP):
        rows = [read_row(row, survey.against) for row in step]
        with database.read() as connection:
            survey.look(connection, rows)
        readable.add([row for row, _ in rows if row is not None])
        _tell(progress, "checked", survey.rows)
    with database.read() as connection:
        survey.finish(connection)


def _compare(
    database: Database,
    books: ImportWriter,
    survey: Survey,
    readable: "_Spool",
    differing: "_Spool",
    progress: Progress | None,
) -> None:
    for step in in_steps(survey.taken(readable.rows()), ROWS_PER_STEP):
        with database.read() as connection:
            differing.add(books.differing(connection, step))
        _tell(progress, "compared", sum(books.counts[word] for word in ROWS_OF))


def _revision(database: Database) -> int:
    with database.read() as connection:
        return roster_state(connection).revision


class _Spool:
    """Rows in a file without a name, so that a list is never in memory as a whole."""

    def __init__(self) -> None:
        self._file: IO[bytes] = TemporaryFile()  # noqa: SIM115  # closed by __exit__
        self._packer = msgspec.msgpack.Encoder()
        self._unpacker = msgspec.msgpack.Decoder(ImportRow)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, rows: Iterable[ImportRow]) -> None:
        for row in rows:
            body = self._packer.encode(row)
            self._file.write(len(body).to_bytes(4, "big") + body)

    def rows(self) -> Iterator[ImportRow]:
        self._file.seek(0)
        while size := self._file.read(4):
            yield self._unpacker.decode(self._file.read(int.from_bytes(size, "big")))


@contextmanager
def _wide_cache(connection: Connection) -> Iterator[None]:
    """Give SQLite room for the random places that a long list writes to."""
    if connection.dialect.name != "sqlite":
        yield
        return
    connection.exec_driver_sql(f"PRAGMA cache_size = -{WIDE_CACHE_KIB}")
    try:
        yield
    finally:
        connection.exec_driver_sql(f"PRAGMA cache_size = -{USUAL_CACHE_KIB}")


def _understanding(connection: Connection, written: NumberFormat, now: datetime) -> Understanding:
    rows = rows_of(connection, "product", "site", "tier")
    zones = [ZoneInfo(row.zone) for row in rows if isinstance(row, Site)] or [ZoneInfo("UTC")]
    return Understanding(
        tiers={row.id for row in rows if isinstance(row, Tier)},
        products={row.id for row in rows if isinstance(row, Product)},
        written=written,
        today=min(now.astimezone(zone).date() for zone in zones),
    )


def _tell(progress: Progress | None, word: str, count: int) -> None:
    if progress is not None:
        progress(word, count)


def _report(
    survey: Survey, counts: Mapping[str, int], unchanged: int, revision: int, remarks: Iterable[Problem] = ()
) -> ImportReport:
    return ImportReport(
        rows=survey.rows,
        added=counts.get("added", 0),
        changed=counts.get("changed", 0),
        unchanged=unchanged + counts.get("unchanged", 0),
        refused=len(survey.refused),
        cards_revoked=counts.get("cards_revoked", 0),
        problem_count=survey.problem_count,
        problems=tuple(survey.problems),
        revision=revision,
        remark_count=counts.get("remarks", 0),
        remarks=tuple(remarks),
    )
