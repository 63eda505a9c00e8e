"""The first look at a member list: what is wrong with its rows, beside each other and beside the books."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from sqlalchemy import Connection, select

from kiosk.central.club.card_tables import card as card_table
from kiosk.central.import_rows import ImportRow, Problem, Understanding
from kiosk.central.members import cards_by, members_by
from kiosk.central.roster import in_steps
from kiosk.central.tables import member
from kiosk.club.card_kinds import UseClass
from kiosk.club.cards import HELD
from kiosk.core.identifiers import credential_of

PROBLEMS_MAX = 10_000
NUMBERS_PER_STEP = 500


class Survey:
    """Takes note of rows as they come, and judges the whole at the end.

    `problems` holds the first 10,000 that were found, `problem_count` counts all, `refused` are the lines they stand
    in. `card_lines` and `hosts` are the cards that the list names and the member numbers that its guests name.
    """

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
        self._refuse_second_cards(connection, cards)
        for each in held:
            owner, mine = owners[each.member or ""], cards[each.id]
            if owner != mine.member_no:
                self._contested.append((mine.line, each.id, owner))

    def _refuse_second_cards(self, connection: Connection, cards: Mapping[str, ImportRow]) -> None:
        """Refuse a card that the club's book does not have for a member who holds one that it has (R19)."""
        people = [row.member_no for row in cards.values() if row.member_no]
        ours = (member.c.member_no.in_(people), card_table.c.use_class == UseClass.ORDINARY.value)
        states = card_table.c.state.in_([state.value for state in HELD])
        query = select(member.c.member_no).join(card_table, card_table.c.member == member.c.id).where(*ours, states)
        holders = set(connection.execute(query).scalars())
        known = select(card_table.c.credential).where(card_table.c.credential.in_(list(cards)))
        in_book = set(connection.execute(known).scalars())
        for card, row in cards.items():
            if row.member_no in holders and card not in in_book:
                self._refuse(
                    Problem(row.line, "identifier", "is a second card", "The desk gave this member another one")
                )

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
        for step in in_steps(self.hosts, NUMBERS_PER_STEP):
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
