"""The one check after every fault: central's records are those of the journals, byte by byte, none lost, none twice."""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from kiosk.core.codec import GENESIS, canonical, chain, decode
from kiosk.core.errors import JournalUnavailable
from kiosk.store.reading import JournalReader, verify
from tests.support.central_home import CentralHome, StoredRow
from tests.support.wait import eventually

PAGE = 5000
PASSAGES = ("access.taken", "access.not_taken")
OF_A_COPY = ("copied_from", "of", "of_journal")
"""Fields in which a copied record differs from the one it was copied from, beside `seq`."""


class Fact(NamedTuple):
    """What a record tells, wherever a copy of it may stand: where it was first written, and its words."""

    journal: str
    seq: int
    words: bytes


class EdgeJournal(NamedTuple):
    """One journal file of a box; `bodies[n - 1]` is record n."""

    path: Path
    id: str
    bodies: list[bytes]

    def records(self) -> list[dict[str, Any]]:
        """Return the records as they read."""
        return [decode(body) for body in self.bodies]


def edge_journals(*folders: Path) -> list[EdgeJournal]:
    """Read every journal in the data folders of a box; the chain of each holds."""
    paths = [path for folder in folders for name in ("gate", "web") for path in sorted(folder.glob(f"{name}*.db"))]
    return [_read(path) for path in paths]


def assert_books_agree(
    central: CentralHome, data: Path, *lost: Path, parked: tuple[str, ...] = (), forced: bool = False
) -> list[EdgeJournal]:
    """Compare central with the journals of a box that was stopped; return these.

    `lost` are copies of data folders that this box had before, with records that central may hold. `parked` names
    everything that central may have set aside, and with `forced` somebody may have passed without a grant.
    """
    rows, journals = central.records(), edge_journals(data)
    assert [row[0] for row in rows] == list(range(1, len(rows) + 1))
    _assert_chained(rows)
    everywhere = [*journals, *edge_journals(*lost)]
    known = {(each.id, seq, body) for each in everywhere for seq, body in enumerate(each.bodies, 1)}
    assert [row[1:3] for row in rows if (row[1], row[2], row[4]) not in known] == [], "central invented records"
    assert_all_told(rows, journals)
    live = {path_journal(data / f"{name}.db") for name in ("gate", "web")}
    at_central = {(name, seq): body for _, name, seq, _, body in rows}
    for each in journals:
        if each.id in live:
            assert [at_central.get((each.id, seq)) for seq in range(1, len(each.bodies) + 1)] == each.bodies
        assert_passages_follow_grants(each, forced=forced)
    assert set(central.parked()) <= set(parked)
    return journals


def assert_all_told(rows: list[StoredRow], journals: list[EdgeJournal]) -> None:
    """Central holds each record of the journals, or where it has another record in that place a copy of it."""
    held = {(name, seq, body) for _, name, seq, _, body in rows}
    written = {(each.id, seq, body) for each in journals for seq, body in enumerate(each.bodies, 1)}
    if elsewhere := written - held:
        lacking = {fact_of(*each) for each in elsewhere} - {fact_of(*each) for each in held}
        assert sorted(lacking)[:5] == [], f"central lacks {len(lacking)} of {len(written)} facts"


def assert_passages_follow_grants(journal: EdgeJournal, *, forced: bool = False) -> None:
    """Every grant ended once, every end has its grant before it, and nobody passed a barrier that no grant opened."""
    grants: set[int] = set()
    ends: Counter[int] = Counter()
    for record in journal.records():
        if record["type"] == "access.granted":
            grants.add(record["seq"])
        elif record["type"] in PASSAGES and "of_journal" not in record["data"]:
            assert record["data"]["of"] in grants, record
            ends[record["data"]["of"]] += 1
        assert forced or record["type"] != "gate.forced", record
    assert {seq for seq, count in ends.items() if count > 1} == set()
    assert grants == set(ends)


def fact_of(journal: str, seq: int, body: bytes) -> Fact:
    """Return what a record tells; a copy tells what its original does."""
    record = decode(body)
    data = record["data"]
    origin = data.get("copied_from") or {"journal": journal, "seq": seq}
    words = {name: value for name, value in data.items() if name not in OF_A_COPY}
    return Fact(origin["journal"], origin["seq"], canonical([record["at"], record["type"], words]))


def records_of(journals: list[EdgeJournal], kind: str) -> Iterator[dict[str, Any]]:
    """Yield the records of one type, each fact once."""
    seen: set[Fact] = set()
    for each in journals:
        for record, body in zip(each.records(), each.bodies, strict=True):
            if record["type"] == kind and (fact := fact_of(each.id, record["seq"], body)) not in seen:
                seen.add(fact)
                yield record


def path_journal(path: Path) -> str | None:
    """Return which journal a file holds; None where there is no file."""
    if not path.exists():
        return None
    with closing(JournalReader(path)) as reader:
        return reader.mark().journal


def heads(data: Path) -> dict[str, int]:
    """Return the journals that a box writes to now, and how far they go; between two journals it waits for the next."""
    return eventually(lambda: _heads(data), 15)


def _heads(data: Path) -> dict[str, int]:
    found = {}
    for path in (data / "gate.db", data / "web.db"):
        if path.exists():
            try:
                with closing(JournalReader(path)) as reader:
                    mark = reader.mark()
            except JournalUnavailable:
                return {}
            found[mark.journal] = mark.head
    return found


def _read(path: Path) -> EdgeJournal:
    held, fault = verify(path)
    assert fault is None, f"{path.name}: {held} records hold, then {fault}"
    bodies: list[bytes] = []
    with closing(JournalReader(path)) as reader:
        name = reader.mark().journal
        while page := reader.read(len(bodies), PAGE, 1 << 30):
            bodies += [each.body for each in page]
    assert len(bodies) == held
    return EdgeJournal(path, name, bodies)


def _assert_chained(rows: list[StoredRow]) -> None:
    links: dict[str, tuple[int, bytes]] = {}
    for _, name, seq, link, body in rows:
        before, previous = links.get(name, (0, GENESIS))
        assert seq == before + 1, f"journal {name} at central goes from {before} to {seq}"
        assert chain(previous, body) == link
        links[name] = (seq, link)
