"""Whatever is wrong with a configuration, a file or the words of a command is one sentence and exit 2."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest

from kiosk.core.clock import ClockState
from kiosk.core.model import AccessPoint
from kiosk.store.journal import Journal, JournalLimits, first_fact
from tests.builders import NOW, make_denied
from tests.support.edge_home import ROOT, EdgeHome
from tests.support.nursery import Nursery

COMMAND_MAX_S = 60
CENTRAL = 'home = "central"\n'
Spoil = Callable[[Path], None]


class Said(NamedTuple):
    """How a command ended, and what it said."""

    returncode: int
    stdout: str
    stderr: str


def written_out(folder: Path, words: str) -> list[str]:
    """Return a command's words; `EDGE` and `CENTRAL` stand for the configurations, `FOLDER` for their place."""
    named = {"EDGE": f"--config={folder}/edge.toml", "CENTRAL": f"--config={folder}/central.toml"}
    return [named.get(word, word.replace("FOLDER", str(folder))) for word in words.split()]


def start_kiosk(words: list[str]) -> Said:
    """Run a command as it is installed."""
    done = subprocess.run(
        [sys.executable, "-m", "kiosk", *words], capture_output=True, text=True, cwd=ROOT, check=False,
        timeout=COMMAND_MAX_S, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    return Said(done.returncode, done.stdout, done.stderr)


def rear_kiosk(nursery: Nursery, folder: Path, words: list[str]) -> Said:
    """Run a command that begins with its modules imported."""
    out, errors = folder.with_suffix(".out"), folder.with_suffix(".errors")
    out.unlink(missing_ok=True)
    errors.unlink(missing_ok=True)
    code = nursery.begin(["kiosk", *words], errors, out=out).process.wait(COMMAND_MAX_S)
    return Said(code, out.read_text(), errors.read_text())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A box and a central that would work, but for their keys."""
    box = EdgeHome(tmp_path / "home", [AccessPoint("entrance", "in", "gate", "outside", "club")])
    box.sync = {"host": "localhost", "device_key_file": "hash.key", "central_key_file": "hash.key", "health_port": 0}
    box.web = {"port": 0, "health_port": 0}
    assert box.config.exists()
    (box.folder / "central.toml").write_text(CENTRAL)
    (box.folder / "trace.csv").write_text("at,access_point,identifier\n")
    return box.folder


def in_edge(before: str, after: str) -> Spoil:
    """Change the text of edge.toml."""

    def spoil(folder: Path) -> None:
        text = (folder / "edge.toml").read_text()
        assert before in text
        (folder / "edge.toml").write_text(text.replace(before, after))

    return spoil


def in_central(*lines: str) -> Spoil:
    """Write central.toml anew."""
    return lambda folder: (folder / "central.toml").write_text("\n".join(lines) + "\n") and None


def a_file(name: str) -> Spoil:
    """Put a file where a folder should be."""

    def spoil(folder: Path) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("a file")

    return spoil


def a_folder(name: str) -> Spoil:
    """Put a folder where a file should be."""
    return lambda folder: (folder / name).mkdir(parents=True)


def nothing(_folder: Path) -> None:
    """Leave everything as it is."""


ZONE = in_edge('"Asia/Shanghai"', '"Asia/Nowhere"')
BELOW_A_FILE = in_edge('data_dir = "data"', 'data_dir = "hash.key/data"')

REFUSED: list[tuple[str, Spoil, str]] = [
    *((f"{process} EDGE", BELOW_A_FILE, "cannot be made") for process in ("gate", "sync", "web")),
    *((f"{process} EDGE", ZONE, "Asia/Nowhere") for process in ("gate", "sync", "web", "doctor", "journal show")),
    *((f"{process} EDGE", in_edge("[box]", "[bax]"), "bax") for process in ("gate", "doctor", "tap X")),
    *((f"{process} EDGE", in_edge("[box]", "[box"), "not TOML") for process in ("gate", "replay FOLDER/trace.csv")),
    ("gate EDGE", in_edge('site = "demo"', 'site = "De/mo"'), "site"),
    ("gate EDGE", in_edge("roster_age_max_s = 1209600", "roster_age_max_s = 0"), "roster_age_max_s"),
    ("gate EDGE", a_folder("data/gate.db"), "gate.db"),
    ("gate EDGE", a_folder("data/gate.db.lock"), "gate.db"),
    ("gate EDGE", lambda folder: (folder / "hash.key").unlink(), "hash key"),
    ("web EDGE", a_folder("data/web.db.lock"), "web.db"),
    ("web EDGE", in_edge("[web]", "[[web]]"), "web"),
    ("sync EDGE", a_file("data/roster"), "roster"),
    ("sync EDGE", a_folder("data/sync.db.lock"), "sync.db"),
    ("sync EDGE", a_folder("data/roster/overlay.db"), "overlay.db"),
    ("sync EDGE", lambda folder: (folder / "hash.key").write_text("no key") and None, "base64"),
    ("sync EDGE", in_edge("[sync]", '[sync]\ncert_file = "hash.key"'), "ca_file"),
    ("gate --config=FOLDER/nowhere.toml", nothing, "no such file"),
    ("gate --config=FOLDER", nothing, "cannot be read"),
    ("gate", nothing, "no configuration"),
    ("tap X EDGE", nothing, "gate"),
    ("journal show EDGE", nothing, "no journal"),
    ("journal show --file=FOLDER/hash.key", nothing, "cannot be"),
    ("journal verify --file=FOLDER/hash.key", nothing, "cannot be"),
    ("replay FOLDER/trace.csv --journal=/nonexist/x.db EDGE", nothing, "/nonexist/x.db"),
    ("replay FOLDER/trace.csv --journal=FOLDER/hash.key EDGE", nothing, "exists"),
    ("replay FOLDER/nowhere.csv EDGE", nothing, "nowhere.csv"),
    ("replay FOLDER/hash.key EDGE", nothing, "hash.key"),
    ("demo --home=FOLDER/hash.key", nothing, "cannot be made"),
    ("demo --home=FOLDER", lambda folder: (folder / "edge.toml").rename(folder / "other.toml") and None, "not empty"),
    ("central init CENTRAL", in_central('home = "hash.key/central"'), "cannot be made"),
    ("central init CENTRAL", in_central('zone = "Asia/Nowhere"'), "Asia/Nowhere"),
    ("central init CENTRAL", in_central('database = "postgresql://127.0.0.1:1/kiosk"'), "127.0.0.1"),
    ("central init CENTRAL", in_central('database = "nonsense"'), "database"),
    ("central init CENTRAL", in_central('database = "oracle://x"'), "database"),
    ("central init CENTRAL", a_folder("central/central.db"), "central.db"),
    ("central CENTRAL", nothing, "central.db"),
    ("central records CENTRAL", nothing, "central.db"),
    ("central add-device north-1 --site=demo CENTRAL", a_folder("central"), "kiosk central init"),
    ("central devices CENTRAL", in_central('database = "nonsense"'), "database"),
    ("office CENTRAL", nothing, "[office]"),
    ("central restore FOLDER/hash.key CENTRAL", nothing, "hash.key"),
    (f"central records --after={10**30} CENTRAL", nothing, "--after"),
    (f"journal show --after={10**30} EDGE", nothing, "--after"),
    (f"central parked show {10**30} CENTRAL", nothing, "NUMBER"),
    ("demo --members=-1", nothing, "--members"),
    ("sync EDGE", in_edge("[sync]", "[sync]\nport = 99999"), "port"),
    ("", nothing, "which command"),
    ("central parked", nothing, "which command"),
    ("nonsense", nothing, "nonsense"),
    ("gate --nonsense", nothing, "--nonsense"),
    ("demo --port=x", nothing, "--port"),
]


FIRST = {row[0].partition(" ")[0]: number for number, row in reversed([*enumerate(REFUSED)])}
"""Which refusal is the first of each command: that one is started as it is installed."""


@pytest.mark.parametrize("number", range(len(REFUSED)), ids=[f"{n}-{row[0]}" for n, row in enumerate(REFUSED)])
def test_what_is_wrong_is_said_in_one_sentence_and_exits_2(folder: Path, nursery: Nursery, number: int) -> None:
    words, spoil, named = REFUSED[number]
    spoil(folder)
    wish = written_out(folder, words)
    done = start_kiosk(wish) if number in FIRST.values() else rear_kiosk(nursery, folder, wish)
    said = [line for line in done.stderr.splitlines() if line.startswith("kiosk: ")]
    assert (done.returncode, done.stdout, len(said)) == (2, "", 1), done.stderr
    assert named in said[0]
    assert "Traceback" not in done.stderr
    assert all(line.startswith(("kiosk: ", "20", "Setting up")) for line in done.stderr.splitlines()), done.stderr


@pytest.mark.parametrize("spoil", [BELOW_A_FILE, a_file("data"), nothing], ids=["below a file", "a file", "missing"])
def test_doctor_says_of_a_data_folder_that_cannot_be_what_is_wrong_and_exits_1(
    folder: Path, nursery: Nursery, spoil: Spoil
) -> None:
    spoil(folder)
    done = rear_kiosk(nursery, folder, written_out(folder, "doctor EDGE"))
    assert (done.returncode, done.stderr) == (1, "")
    assert [line for line in done.stdout.splitlines() if line.startswith("fail  disk")]


def test_show_prints_what_is_left_of_a_journal_that_was_pruned(folder: Path, nursery: Nursery) -> None:
    (folder / "data").mkdir()
    with closing(Journal(folder / "data" / "gate.db", JournalLimits())) as journal:
        journal.append(first_fact(ClockState.OK), NOW)
        for number in range(9):
            journal.append(make_denied(credential=f"{number:032x}"), NOW)
        journal.connection.execute("DELETE FROM record WHERE seq <= 4 OR seq = 7")
    for words, wanted in (("", [5, 6, 8, 9, 10]), ("--after 5", [6, 8, 9, 10]), ("--after 2", [5, 6, 8, 9, 10])):
        done = rear_kiosk(nursery, folder, written_out(folder, f"journal show {words} EDGE"))
        assert (done.returncode, done.stderr) == (0, "")
        assert [json.loads(line)["record"]["seq"] for line in done.stdout.splitlines()] == wanted


def test_a_reader_that_goes_away_is_no_traceback() -> None:
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "kiosk", "--help"]
    done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, cwd=ROOT, check=False, timeout=60)
    os.close(write)
    assert done.stderr == b""
