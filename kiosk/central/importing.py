"""Member lists into the club's books: checked whole first, then written in one transaction with one roster revision."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Connection, select

from kiosk.central.database import Database
from kiosk.central.import_rows import HEADERS, ImportRow, Problem, Understanding, read_row
from kiosk.central.import_writing import ImportWriter
from kiosk.central.keys import Keys
from kiosk.central.members import cards_by, members_by, refresh
from kiosk.central.roster import in_steps, roster_state
from kiosk.central.sheets import read_sheet
from kiosk.central.tables import roster_row
from kiosk.core.clock import Clock
from kiosk.core.identifiers import NumberFormat, credential_of
from kiosk.core.model import Product, Site, Tier
from kiosk.core.roster import decode_row

PROBLEMS_MAX = 1000
ROWS_PER_STEP = 500
AS_READ = NumberFormat()
"""Card numbers in hex, in the order they come over the air."""

_packer = msgspec.msgpack.Encoder()
_unpacker = msgspec.msgpack.Decoder(ImportRow)

Progress = Callable[[str, int], None]
"""Called now and then with "checked" or "written" and how many rows are."""


class ImportReport(msgspec.Struct, frozen=True):
    """What became of a list: every row is added, changed, unchanged or refused.

    `problems` holds the first 1,000 in the order of lines; `problem_count` counts all. `revision` is the roster's.
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


def import_members(
    database: Database,
    keys: Keys,
    path: Path,
    *,
    clock: Clock,
    partial: bool = False,
    written: NumberFormat = AS_READ,
    progress: Progress | None = None,
) -> ImportReport:
    """Take a CSV or XLSX list (`docs/import.md`): all of it, or with `partial` the rows that have no problem.

    Raises InvalidInput for a file that cannot be read as a table, RetryLater where the database is taken.
    """
    now = clock.now()
    with TemporaryFile() as spool:
        survey = _look_through(database, keys, path, written, now, spool, progress)
        if survey.refused and not partial:
            with database.read() as connection:
                return _report(survey, Counter(), roster_state(connection).revision)

        def write(connection: Connection) -> ImportReport:
            writer = ImportWriter(connection, keys.hash_key, survey.against.today, survey.card_lines, survey.hosts)
            for step in in_steps(survey.taken(_unspool(spool)), ROWS_PER_STEP):
                writer.write(step)
                _tell(progress, "written", sum(writer.counts.values()))
            return _report(survey, writer.counts, refresh(connection, writer.members, writer.gift_cards, at=now))

        return database.run(write)


def _look_through(
    database: Database,
    keys: Keys,
    path: Path,
    written: NumberFormat,
    now: datetime,
    spool: IO[bytes],
    progress: Progress | None,
) -> "_Survey":
    """Read the list once, outside any write transaction; what could be read goes to the spool."""
    with database.read() as connection:
        survey = _Survey(_understanding(connection, written, now), keys.hash_key)
    for step in in_steps(read_sheet(path, HEADERS), ROWS_PER_STEP):
        rows = [read_row(row, survey.against) for row in step]
        with database.read() as connection:
            survey.look(connection, rows)
        _spool(spool, [row for row, _ in rows if row is not None])
        _tell(progress, "checked", survey.rows)
    with database.read() as connection:
        survey.finish(connection)
    return survey


class _Survey:
    """The first look at a list: what is wrong with each row, and with rows beside each other and beside the books."""

    def __init__(self, against: Understanding, hash_key: bytes) -> None:
        self.against = against
        self.rows = 0
        self.refused: set[int] = set()
        self.problems: list[Problem] = []
        self.problem_count = 0
        self.card_lines: dict[str, int] = {}
        self.hosts: set[str] = set()
        self._hash_key = hash_key
        self._member_cards: dict[str, tuple[int, str]] = {}
        self._contested: list[tuple[int, str, str]] = []
        self._guests: list[tuple[int, str]] = []

    def look(self, connection: Connection, rows: Sequence[tuple[ImportRow | None, list[Problem]]]) -> None:
        """Take the next rows into account."""
        cards: dict[str, ImportRow] = {}
        for row, problems in rows:
            self.rows += 1
            for problem in problems:
                self._refuse(problem)
            if row is not None:
                card = credential_of(row.identifier, self._hash_key)
                if self._is_single(row, card):
                    cards[card] = row
        held = [card for card in cards_by(connection, "id", cards) if card.member is not None]
        owners = {
            each.id: each.member_no for each in members_by(connection, "id", [card.member or "" for card in held])
        }
        for each in held:
            owner, mine = owners[each.member or ""], cards[each.id]
            if owner != mine.member_no:
                self._contested.append((mine.line, each.id, owner))

    def finish(self, connection: Connection) -> None:
        """Judge what can only be judged at the end: cards that change hands, and hosts of guests."""
        for line, card, owner in self._contested:
            # Two rows may put right two cards that were mixed up; otherwise a number stays with its first member.
            if self._member_cards.get(owner, (0, card))[1] == card:
                self._refuse(
                    Problem(line, "identifier", f"is the card of member {owner}", "Numbers are never handed on")
                )
        self.hosts = {host for _, host in self._guests}
        known: set[str] = set()
        for step in in_steps(self.hosts, ROWS_PER_STEP):
            known.update(each.member_no for each in members_by(connection, "member_no", step))
        while any([self._refuse_guest(line, host, known) for line, host in self._guests]):
            pass  # a guest that was just refused may be the host of another
        self.problems.sort(key=lambda problem: problem.line)

    def _refuse_guest(self, line: int, host: str, known: Collection[str]) -> bool:
        host_line = self._member_cards.get(host, (0, ""))[0]
        if line in self.refused or host in known or (host_line and host_line not in self.refused):
            return False
        why = (
            f"names member {host}, whose row {host_line} is refused"
            if host_line
            else f"names member {host}, who is not known"
        )
        self._refuse(Problem(line, "guest_of", why, "Give the host a row of its own"))
        return True

    def taken(self, rows: Iterable[ImportRow]) -> Iterator[ImportRow]:
        """Yield the rows that are not refused."""
        return (row for row in rows if row.line not in self.refused)

    def _is_single(self, row: ImportRow, card: str) -> bool:
        """Say whether neither member nor card stood in an earlier row."""
        line, _ = self._member_cards.get(row.member_no, (0, "")) if row.member_no else (0, "")
        if line:
            self._refuse(Problem(row.line, "member_no", f"stands in line {line} too", "One row a member"))
        other = self.card_lines.get(card, 0)
        if other:
            self._refuse(Problem(row.line, "identifier", f"is the card of line {other} too", "A card has one member"))
        if line or other:
            return False
        self.card_lines[card] = row.line
        if row.member_no:
            self._member_cards[row.member_no] = (row.line, card)
        if row.guest_of:
            self._guests.append((row.line, row.guest_of))
        return True

    def _refuse(self, problem: Problem) -> None:
        self.refused.add(problem.line)
        self.problem_count += 1
        if len(self.problems) < PROBLEMS_MAX:
            self.problems.append(problem)


def _spool(file: IO[bytes], rows: Sequence[ImportRow]) -> None:
    for row in rows:
        body = _packer.encode(row)
        file.write(len(body).to_bytes(4, "big") + body)


def _unspool(file: IO[bytes]) -> Iterator[ImportRow]:
    file.seek(0)
    while size := file.read(4):
        yield _unpacker.decode(file.read(int.from_bytes(size, "big")))


def _understanding(connection: Connection, written: NumberFormat, now: datetime) -> Understanding:
    rows = []
    for kind in (b"product", b"site", b"tier"):
        query = select(roster_row.c.body).where(roster_row.c.key >= kind + b":", roster_row.c.key < kind + b";")
        rows += [decode_row(bytes(body)) for body in connection.execute(query).scalars()]
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


def _report(survey: _Survey, counts: Counter[str], revision: int) -> ImportReport:
    return ImportReport(
        rows=survey.rows,
        added=counts["added"],
        changed=counts["changed"],
        unchanged=counts["unchanged"],
        refused=len(survey.refused),
        cards_revoked=counts["cards_revoked"],
        problem_count=survey.problem_count,
        problems=tuple(survey.problems),
        revision=revision,
    )
