"""Member lists into the club's books: checked whole first, then written in one transaction with one roster revision."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Connection, select

from kiosk.central.database import Database
from kiosk.central.import_rows import HEADERS, ImportRow, Problem, Understanding, read_row
from kiosk.central.import_writing import ImportWriter
from kiosk.central.keys import Keys
from kiosk.central.members import cards_by, members_by, refresh
from kiosk.central.roster import in_steps, roster_state
from kiosk.central.sheets import fingerprint, read_sheet
from kiosk.central.tables import roster_row
from kiosk.core.clock import Clock
from kiosk.core.errors import InvalidInput
from kiosk.core.identifiers import NumberFormat, credential_of
from kiosk.core.model import Product, Site, Tier
from kiosk.core.roster import decode_row

PROBLEMS_MAX = 1000
ROWS_PER_STEP = 500

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
    written: NumberFormat = NumberFormat(),  # noqa: B008  # immutable
    progress: Progress | None = None,
) -> ImportReport:
    """Take a CSV or XLSX list (`docs/import.md`): all of it, or with `partial` the rows that have no problem.

    Raises InvalidInput for a file that cannot be read as a table, RetryLater where the database is taken.
    """
    before, now = fingerprint(path), clock.now()
    with database.read() as connection:
        survey = _Survey(connection, keys.hash_key, _understanding(connection, written, now))
        for step in in_steps(read_sheet(path, HEADERS), ROWS_PER_STEP):
            survey.look(connection, [read_row(row, survey.against) for row in step])
            _tell(progress, "checked", survey.rows)
        survey.finish(connection)
        state = roster_state(connection)
    if survey.refused and not partial:
        return _report(survey, Counter(), state.revision)

    def write(connection: Connection) -> ImportReport:
        writer = ImportWriter(connection, keys.hash_key, survey.against.today, survey.card_lines, survey.host_numbers)
        rows = (read_row(row, survey.against)[0] for row in read_sheet(path, HEADERS))
        for step in in_steps(survey.taken(rows), ROWS_PER_STEP):
            writer.write(step)
            _tell(progress, "written", sum(writer.counts.values()))
        if fingerprint(path) != before:
            raise InvalidInput(f"{path} was written to during the import", hint="Run it again")
        revision = refresh(connection, writer.members, writer.gift_cards, at=now)
        return _report(survey, writer.counts, revision)

    return database.run(write)


class _Survey:
    """The first look at a list: what is wrong with each row, and with rows beside each other and beside the books."""

    def __init__(self, connection: Connection, hash_key: bytes, against: Understanding) -> None:
        self.against = against
        self.rows = 0
        self.refused: set[int] = set()
        self.problems: list[Problem] = []
        self.problem_count = 0
        self.card_lines: dict[str, int] = {}
        self.host_numbers: set[str] = set()
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
        numbers = {
            each.id: each.member_no for each in members_by(connection, "id", {card.member or "" for card in held})
        }
        for card_held in held:
            row = cards[card_held.id]
            owner = numbers[card_held.member or ""]
            if owner != row.member_no:
                self._contested.append((row.line, card_held.id, owner))

    def finish(self, connection: Connection) -> None:
        """Judge what could only be judged at the end: cards that change hands, and hosts of guests."""
        for line, card, owner in self._contested:
            # Two rows may put right two cards that were mixed up; otherwise a number stays with its first member.
            if self._member_cards.get(owner, (0, card))[1] == card:
                self._refuse(
                    Problem(line, "identifier", f"is the card of member {owner}", "Numbers are never handed on")
                )
        hosts = {host for _, host in self._guests}
        known = {
            each.member_no
            for step in in_steps(hosts, ROWS_PER_STEP)
            for each in members_by(connection, "member_no", step)
        }
        again = True
        while again:
            again = False
            for line, host in self._guests:
                in_file = self._member_cards.get(host)
                if line not in self.refused and host not in known and (in_file is None or in_file[0] in self.refused):
                    reason = f"names member {host}, who is not in the books" + (
                        ", nor taken from this list" if in_file else ""
                    )
                    self._refuse(Problem(line, "guest_of", reason))
                    again = True
        self.host_numbers = hosts
        self.problems.sort(key=lambda problem: problem.line)

    def taken(self, rows: Iterable[ImportRow | None]) -> Iterator[ImportRow]:
        """Yield the rows that are not refused."""
        return (row for row in rows if row is not None and row.line not in self.refused)

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


def _understanding(connection: Connection, written: NumberFormat, now: datetime) -> Understanding:
    rows = []
    for kind in (b"product", b"site", b"tier"):
        query = select(roster_row.c.body).where(roster_row.c.key >= kind + b":", roster_row.c.key < kind + b";")
        rows += [decode_row(bytes(body)) for body in connection.execute(query).scalars()]
    zones = [ZoneInfo(row.zone) for row in rows if isinstance(row, Site)] or [now.tzinfo]
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
