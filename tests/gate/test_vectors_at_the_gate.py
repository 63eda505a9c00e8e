"""Every decision vector gives the same answer at a real gate process, under a moved clock, as in `decide()`."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kiosk.core.clock import Anchor, epoch_ms, parse_utc
from kiosk.core.identifiers import credential_of
from kiosk.core.model import AnyRow
from kiosk.core.visits import Usage, count_visit
from kiosk.local.clock import SystemClock
from kiosk.store.book import UsedNumbers
from kiosk.store.roster import RosterWriter
from tests.support.edge_home import EdgeHome, Started
from tests.support.faketime import TimeFile
from tests.support.nursery import a_nursery, begin
from tests.support.vectors import Step, Vector, load_vectors
from tests.support.wait import eventually

pytestmark = pytest.mark.faketime

AT_GATE = [vector for vector in load_vectors() if "gate" in vector.by]
ALONE = [vector for vector in AT_GATE if vector.alone or any(not step.taken for step in vector.steps)]
SHARING = [vector for vector in AT_GATE if vector not in ALONE]


class MovedClock:
    """A clock for processes that a test sets; the monotonic one goes on."""

    def __init__(self, file: Path) -> None:
        self._file = TimeFile(file, at_once=True)
        self.env = self._file.env | {"TZ": "UTC"}

    def set(self, at: datetime) -> None:
        """Make it this time."""
        self._file.write(at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f"))


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MovedClock]:
    """The clock of all gates here, which begin with their modules imported under it."""
    moved = MovedClock(tmp_path_factory.mktemp("clock") / "time")
    moved.set(datetime(2026, 11, 22, tzinfo=UTC))
    with a_nursery(moved.env):
        yield moved


def make_home(folder: Path, vectors: list[Vector]) -> EdgeHome:
    first = vectors[0]
    home = EdgeHome(
        folder, first.points, site=first.club, hash_key=first.hash_key, zone="UTC",
        roster_age_max_s=first.roster_age_max_s,
    )  # fmt: skip
    rows: dict[tuple[str, str], AnyRow] = {
        (type(row).__name__, row.id): row for vector in vectors for row in vector.rows
    }
    home.install(rows.values(), _anchor(first))
    writer = RosterWriter(home.data / "roster")
    writer.put_used(1, {key: used for vector in vectors for key, used in _uploads(vector)})
    writer.close()
    return home


def _anchor(vector: Vector) -> Anchor | None:
    if vector.head is None:
        return None
    clock = SystemClock()
    boot = "another boot" if vector.head.reboot else clock.boot_id()
    return Anchor(parse_utc(vector.head.issued_at), clock.monotonic_ns() - vector.head.elapsed_s * 10**9, boot)


def _uploads(vector: Vector) -> Iterator[tuple[tuple[str, str], UsedNumbers]]:
    """Fold what other gates saw, as central does: once by (journal, seq), in the order of their times."""
    once = {(upload.journal, upload.seq): upload for upload in vector.uploads}
    zone = vector.policy().zone
    found: dict[tuple[str, str], UsedNumbers] = {}
    for upload in sorted(once.values(), key=lambda each: parse_utc(each.at)):
        credential, at = credential_of(upload.identifier, vector.hash_key), epoch_ms(parse_utc(upload.at))
        before = found.get((credential, upload.entitlement), UsedNumbers(Usage(), None, 0, {}))
        counts = count_visit(before.counts, at, zone) if upload.entitlement else Usage()
        found[(credential, upload.entitlement)] = UsedNumbers(counts, upload.area, at, {})
    yield from found.items()


def gate_of(home: EdgeHome, clock: MovedClock) -> Started:
    return begin(["kiosk", "gate", "--config", str(home.config)], home.folder / "gate.log", clock.env)


def answers(home: EdgeHome, clock: MovedClock, steps: Iterable[Step], reader_of: dict[str, str]) -> list[str]:
    """Carry steps through the running gate; returns what differs from what is expected."""
    wrong: list[str] = []
    for step in steps:
        clock.set(parse_utc(step.at))
        if step.command:
            home.ask("command", {"id": "x", "op": step.command, "args": {"active": step.active}})
            eventually(lambda step=step: home.ask("status")[step.command] is step.active)
            continue
        record = home.tap(step.identifier, reader_of[step.access_point], step.release)
        data = record["record"]["data"]
        got = {"reason": record["reason"], "entitlement": data.get("entitlement", ""), "clock": data["clock"]}
        want = {"reason": step.expect}
        want |= {"entitlement": step.uses} if step.uses is not None else {}
        want |= {"clock": step.clock.value} if step.clock is not None else {}
        if any(got[key] != value for key, value in want.items()):
            wrong.append(f"{step.at} {step.identifier} at {step.access_point}: {got} instead of {want}")
    return wrong


def readers(vector: Vector) -> dict[str, str]:
    return {point.id: point.reader for point in vector.points}


@pytest.mark.proves("R39", "R45", "R46", "S07", "S14", "S15", "S23", "S28", "S29", "S35", "S36", "S39")
@pytest.mark.parametrize("club", sorted({vector.club for vector in SHARING}))
def test_vectors_that_share_a_box_agree_at_the_gate(tmp_path, clock, club):
    vectors = [vector for vector in SHARING if vector.club == club]
    home = make_home(tmp_path / "home", vectors)
    clock.set(datetime(2026, 11, 22, tzinfo=UTC))
    wrong: list[str] = []
    with gate_of(home, clock):
        for vector in vectors:
            wrong += [
                f"{vector.family}: {vector.name}: {each}"
                for each in answers(home, clock, vector.steps, readers(vector))
            ]
    assert wrong == []


@pytest.mark.parametrize("vector", ALONE, ids=lambda each: f"{each.family}-{each.name}"[:70])
def test_a_vector_with_a_box_of_its_own_agrees_at_the_gate(tmp_path, clock, vector):
    home = make_home(tmp_path / "home", [vector])
    clock.set(parse_utc(vector.steps[0].at))
    wrong: list[str] = []
    for taken, steps in _runs(vector):
        home.gate = {"mock_sensor": not taken}
        with gate_of(home, clock):
            wrong += answers(home, clock, steps, readers(vector))
    assert wrong == []


def _runs(vector: Vector) -> list[tuple[bool, list[Step]]]:
    """Split steps where it changes whether somebody goes through: the gate then runs with or without a sensor."""
    runs: list[tuple[bool, list[Step]]] = []
    for step in vector.steps:
        if not runs or runs[-1][0] is not step.taken:
            runs.append((step.taken, []))
        runs[-1][1].append(step)
    return runs


def test_there_are_hundreds_of_vectors_at_the_gate():
    assert len(AT_GATE) >= 400
