"""Member lists into a new central, each import in a process of its own; `python -m kiosk.bench.imports` is that one."""

import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

import msgspec

from kiosk.bench.figures import Result, Row
from kiosk.bench.lists import ListFile, write_list
from kiosk.bench.watching import TimedDatabase, memory_mb
from kiosk.central.database import Database
from kiosk.central.importing import import_members
from kiosk.central.keys import FOLDER, init_keys, load_keys
from kiosk.central.personal_keys import load_seals
from kiosk.central.policy import AreaText, ClubPolicy, ProductText, SiteText, TierText, apply_policy
from kiosk.central.schema import migrate
from kiosk.core.errors import CannotStart
from kiosk.local.clock import SystemClock

FORMS = {"CSV in UTF-8": "utf-8", "CSV in GBK": "gbk", "XLSX": ""}
LIMIT_S = 1800
POLICY = ClubPolicy(
    sites={"bench": SiteText(zone="Asia/Shanghai")},
    areas={"club": AreaText()},
    tiers={"gold": TierText(rank=1)},
    products={"gym": ProductText(areas=("club",))},
)


class Import(msgspec.Struct, frozen=True):
    """What one import did: `held_s` is how long others could not write, `named` the line and column of each problem."""

    seconds: float
    held_s: float
    before_mb: float
    peak_mb: float
    told: int
    rows: int
    added: int
    refused: int
    problem_count: int
    named: list[tuple[int, str]]


def run(members: int) -> Result:
    """Import each kind of list twice: as a whole, which is refused, and then the rows that are good."""
    table, raw = [], {}
    for form, encoding in FORMS.items():
        with tempfile.TemporaryDirectory(prefix="kiosk-bench-") as folder:
            rows, figures = _try_form(Path(folder), form, members, encoding)
        table += rows
        raw[form] = figures
    return Result("import", table, {"members": members, "lists": raw})


def _try_form(home: Path, form: str, members: int, encoding: str) -> tuple[list[Row], dict[str, object]]:
    listed = write_list(home / "list", members, encoding)
    _found(home)
    refused = _start(home, listed)
    untouched = _counts(home) == (0, 0)
    taken = _start(home, listed, "--partial")
    good = listed.rows - len(listed.bad)
    named = [_named(each, listed) for each in (refused, taken)]
    rows = [
        Row(f"{form}, {members:,} rows: bad lines named", f"{min(named):,}", f"{len(listed.bad):,} bad lines",
            "each, by its column", min(named) == len(listed.bad)),
        Row(f"{form}: refused as a whole", _speed(refused), f"{_memory(refused)}, write lock {refused.held_s:.1f} s",
            "nothing taken", untouched and refused.added == 0),
        Row(f"{form}: the good rows taken", _speed(taken), f"{_memory(taken)}, write lock {taken.held_s:.1f} s",
            "these and no others", taken.added == good and _counts(home) == (good, good)),
    ]  # fmt: skip
    figures = {
        "refused": _figures(refused),
        "taken": _figures(taken),
        "bad_lines": len(listed.bad),
        "named": min(named),
    }
    return rows, figures


def _named(done: Import, listed: ListFile) -> int:
    """Return how many bad lines were named with their column; 0 where a good one was."""
    if {line for line, _ in done.named} - listed.bad.keys() or done.refused != len(listed.bad):
        return 0
    return len({line for line, column in done.named if listed.bad[line][1] == column})


def _speed(done: Import) -> str:
    return f"{done.seconds:.1f} s, {done.rows / done.seconds:,.0f} rows/s"


def _memory(done: Import) -> str:
    return f"peak {done.peak_mb:.0f} MB ({done.before_mb:.0f} before)"


def _figures(done: Import) -> dict[str, object]:
    return {name: value for name, value in msgspec.structs.asdict(done).items() if name != "named"}


def _found(home: Path) -> None:
    """Make a central with the club's rules and nobody in it."""
    url = f"sqlite:///{home / 'central.db'}"
    migrate(url)
    init_keys(home)
    with closing(Database(url)) as database, database.begin() as connection:
        apply_policy(connection, POLICY, at=SystemClock().now())


def _counts(home: Path) -> tuple[int, int]:
    """Return how many members and cards the books hold."""
    with closing(sqlite3.connect(home / "central.db")) as books:
        counts = [books.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("member", "credential")]  # noqa: S608  # our names
    return counts[0], counts[1]


def _start(home: Path, listed: ListFile, *options: str) -> Import:
    command = [sys.executable, "-m", "kiosk.bench.imports", str(home), str(listed.path), *options]
    done = subprocess.run(command, capture_output=True, check=False, timeout=LIMIT_S)
    if done.returncode:
        raise CannotStart("the import ended by itself", hint=done.stderr.decode(errors="replace")[-2000:])
    return msgspec.json.decode(done.stdout, type=Import)


def import_one(home: Path, path: Path, *, partial: bool) -> Import:
    """Import a list into the central in `home` and return the figures of this process."""
    told: list[int] = []
    url, seals = f"sqlite:///{home / 'central.db'}", load_seals(home / FOLDER)
    with closing(TimedDatabase(url, seals)) as database:
        keys, clock, before_mb = load_keys(home), SystemClock(), memory_mb("VmRSS")
        started = time.monotonic()
        report = import_members(
            database, keys, path, clock=clock, partial=partial, progress=lambda _, count: told.append(count)
        )
        seconds = time.monotonic() - started
        return Import(
            seconds=seconds,
            held_s=database.held_s,
            before_mb=before_mb,
            peak_mb=memory_mb("VmHWM"),
            told=len(told),
            rows=report.rows,
            added=report.added,
            refused=report.refused,
            problem_count=report.problem_count,
            named=[(problem.line, problem.column) for problem in report.problems],
        )


if __name__ == "__main__":
    figures = import_one(Path(sys.argv[1]), Path(sys.argv[2]), partial="--partial" in sys.argv)
    sys.stdout.buffer.write(msgspec.json.encode(figures))
