"""`kiosk replay` gives the decision vectors' answers, in order, from a trace, and touches no configured journal."""

import csv
import json
from pathlib import Path

import pytest
from click.testing import Result

from kiosk.store.reading import verify
from tests.builders import make_exit, make_point, make_rows
from tests.gate.test_vectors_at_the_gate import make_home
from tests.support.command_line import kiosk
from tests.support.edge_home import EdgeHome
from tests.support.vectors import Vector, load_vectors

IN_REPLAY = [vector for vector in load_vectors() if "replay" in vector.by]
ALONE = [vector for vector in IN_REPLAY if vector.alone]
SHARING = [vector for vector in IN_REPLAY if not vector.alone]


def replay(home: EdgeHome, lines: list[tuple[str, str, str]], *more: str) -> Result:
    trace = home.folder / "trace.csv"
    with trace.open("w", newline="") as file:
        csv.writer(file).writerows([("at", "access_point", "identifier"), *lines])
    return kiosk("replay", str(trace), "--config", str(home.config), *more)


def reasons(done: Result) -> list[str]:
    assert done.exit_code == 0, done.stderr
    return [json.loads(line)["data"]["reason"] for line in done.stdout.splitlines()]


def check(folder: Path, vectors: list[Vector]) -> None:
    steps = [(vector.name, step) for vector in vectors for step in vector.steps]
    home = make_home(folder, vectors)
    got = reasons(replay(home, [(step.at, step.access_point, step.identifier) for _, step in steps]))
    wrong = [f"{name}: {step.at}: {said} instead of {step.expect}"
             for (name, step), said in zip(steps, got, strict=True) if said != step.expect]  # fmt: skip
    assert wrong == []


@pytest.mark.parametrize("club", sorted({vector.club for vector in SHARING}))
def test_vectors_that_share_a_box_agree_in_replay(tmp_path, club):
    check(tmp_path, [vector for vector in SHARING if vector.club == club])


@pytest.mark.parametrize("vector", ALONE, ids=lambda each: f"{each.family}-{each.name}"[:70])
def test_a_vector_with_a_box_of_its_own_agrees_in_replay(tmp_path, vector):
    check(tmp_path, [vector])


@pytest.fixture
def home(tmp_path):
    made = EdgeHome(tmp_path / "home", [make_point(reader="in"), make_exit(reader="out")])
    made.install(make_rows())
    return made


def test_a_replay_writes_to_a_journal_of_its_own_and_to_no_other(home, tmp_path):
    kept = tmp_path / "replayed.db"
    lines = [("2026-11-22T10:00:00Z", "entrance", "04A1B2C3D4E5F6"), ("2026-11-22T10:05:00Z", "exit", "04A1B2C3D4E5F6")]
    done = replay(home, lines, "--journal", str(kept))
    assert reasons(done) == ["ok", "ok_exit"]
    assert verify(kept)[1] is None
    assert not (home.data / "gate.db").exists()
    again = replay(home, lines, "--journal", str(kept))
    assert (again.exit_code, again.stdout) == (2, "")
    assert "exists already" in again.stderr


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (("yesterday", "entrance", "04A1B2C3D4E5F6"), "line 2: not an RFC 3339 time: 'yesterday'"),
        (("2026-11-22T10:00:00", "entrance", "04A1B2C3D4E5F6"), "line 2: time without a zone"),
        (("2026-11-22T10:00:00Z", "roof", "04A1B2C3D4E5F6"), "line 2: no access point 'roof'"),
    ],
)
def test_a_line_that_cannot_be_used_is_named_in_one_sentence(home, line, said):
    done = replay(home, [line])
    assert done.exit_code == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
