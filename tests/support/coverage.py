"""Which rows of the requirements are done: docs/requirements.toml, held to what the tests prove, as a page.

`python -m tests.support.coverage` writes docs/coverage.md, or says what is claimed wrongly and writes nothing.
"""

import sys
import tomllib
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import msgspec

from tests.support.proofs import Claim, claims, misuses

ROOT = Path(__file__).parents[2]
ROWS_FILE = ROOT / "docs" / "requirements.toml"
PAGE_FILE = ROOT / "docs" / "coverage.md"

NUMBERING = (*(f"S{number:02d}" for number in range(1, 102)), *(f"R{number:02d}" for number in range(1, 163)))
SYSTEM_GROUPS = {
    "A": "Members: who they are, joining, leaving",
    "B": "Cards",
    "C": "Tiers, rights and access",
    "D": "Entries, purchases and money on the card",
    "E": "Fees and money at central",
    "F": "Care for members, from what the streams tell",
    "G": "Data, security, risk and devices",
    "H": "Organisation and governance",
}
RULE_GROUPS = {
    "2.1": "Joining",
    "2.2": "Cards",
    "2.3": "Standing, fees, arrears",
    "2.4": "Leaving, suspension, discipline",
    "2.5": "Tiers, points, rights",
    "2.6": "Money on the card, discounts",
    "2.7": "Classes, care, analysis",
    "2.8": "Complaints, risk, devices, governance",
    "2.9": "Further conditions",
}
Sentence = Annotated[str, msgspec.Meta(max_length=160, pattern=r"^[^|\n]*\Z")]


class Weight(StrEnum):
    """How much of a row the product owes: all, a small part, data for it, or nothing."""

    CORE = "core"
    CORE_LITE = "core-lite"
    ADJACENT = "adjacent"
    OUT = "out"


class State(StrEnum):
    """How far a row is."""

    DONE = "done"
    PART = "part"
    LATER = "later"
    OUT = "out"


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"weight": "class"}):
    """One row of the requirements. A rule is `of` a system and has that one's class; `modules` are below kiosk/."""

    title: Annotated[str, msgspec.Meta(min_length=1, max_length=80, pattern=r"^[^|\n]+\Z")]
    group: str
    state: State
    weight: Weight | None = None
    of: str = ""
    why: Sentence = ""
    modules: tuple[str, ...] = ()


def read_rows(text: str) -> dict[str, Row]:
    """Return the rows by their number; raises ValueError for a row that stands there twice or makes no sense."""
    return {number: _read_row(number, table) for number, table in tomllib.loads(text).items()}


def _read_row(number: str, table: object) -> Row:
    try:
        return msgspec.convert(table, Row)
    except msgspec.ValidationError as error:
        raise ValueError(f"{number}: {error}") from error


def complaints(rows: Mapping[str, Row], proofs: Sequence[Claim], modules: Container[str]) -> Iterator[str]:
    """Yield everything that the rows claim wrongly; `modules` are those that exist, by their path below kiosk/."""
    yield from (f"{number}: is missing" for number in NUMBERING if number not in rows)
    yield from (f"{number}: there is no such row" for number in rows if number not in NUMBERING)
    yield from (f"{proof.test}: there is no row {proof.row}" for proof in proofs if proof.row not in rows)
    proven = {proof.row: proof.test for proof in reversed(proofs)}
    for number, row in rows.items():
        yield from (f"{number}: {fault}" for fault in _faults(number, row, rows))
        yield from (f"{number}: there is no module kiosk/{path}" for path in row.modules if path not in modules)
        if row.state in (State.DONE, State.PART):
            if number not in proven:
                yield f"{number}: is said to be {row.state}, and no test names it"
            if not row.modules:
                yield f"{number}: is said to be {row.state}, and names no module"
        elif number in proven:
            yield f"{number}: is said to be {row.state}, and {proven[number]} names it"


def _faults(number: str, row: Row, rows: Mapping[str, Row]) -> Iterator[str]:
    """Yield what does not fit together within one row."""
    rule = number.startswith("R")
    if row.group not in (RULE_GROUPS if rule else SYSTEM_GROUPS):
        yield f"there is no group {row.group!r}"
    if not row.why and row.state is not State.DONE:
        yield f"a row that is {row.state} says why"
    if (row.weight is None) != bool(row.of) or (rule and row.weight not in (None, Weight.OUT)):
        yield "a system needs a class, a rule the system it is of or the class out"
    elif row.of and not (rule and row.of.startswith("S") and row.of in rows):
        yield f"it cannot be of {row.of!r}"
    elif (weight := class_of(row, rows)) is Weight.OUT and row.state is not State.OUT:
        yield f"its class is out, so its state cannot be {row.state}"
    elif weight in (Weight.CORE, Weight.CORE_LITE) and row.state is State.OUT:
        yield f"its class is {weight}, so it cannot be left out"


def class_of(row: Row, rows: Mapping[str, Row]) -> Weight:
    """Return a row's own class, or that of the system the rule is of; out where that one is not there."""
    if row.weight is not None:
        return row.weight
    parent = rows.get(row.of)
    return parent.weight if parent and parent.weight else Weight.OUT


def page(rows: Mapping[str, Row], proofs: Sequence[Claim]) -> str:
    """Return docs/coverage.md: counts by class and state, then a table a group."""
    tests = {number: sorted({proof.test for proof in proofs if proof.row == number}) for number in rows}
    parts = [
        "# What of the requirements is done\n",
        "Made by `make docs` from `docs/requirements.toml` and the `proves` markers of the tests, not by hand.\n"
        "A row that is *done* or *part* is named by the tests beside it. Modules are below `kiosk/`. A rule (R) has\n"
        "the class of the system (S) that stands behind it.\n",
    ]
    for letter, what, groups in (("S", "Systems", SYSTEM_GROUPS), ("R", "Rules", RULE_GROUPS)):
        part = {number: row for number, row in rows.items() if number.startswith(letter)}
        parts.append(f"## {what}\n\n{_counts(part, rows)}")
        for group, heading in groups.items():
            parts.append(f"### {group} {heading}\n\n{_table(group, part, rows, tests)}")
    return "\n".join(parts)


def _counts(part: Mapping[str, Row], rows: Mapping[str, Row]) -> str:
    lines = [f"| class | {' | '.join(State)} | all |", f"|---|{'---:|' * (len(State) + 1)}"]
    for title, weights in (*((weight.value, {weight}) for weight in Weight), ("all", set(Weight))):
        states = [row.state for row in part.values() if class_of(row, rows) in weights]
        lines.append(f"| {title} | {' | '.join(str(states.count(state)) for state in State)} | {len(states)} |")
    return "\n".join(lines) + "\n"


def _table(group: str, part: Mapping[str, Row], rows: Mapping[str, Row], tests: Mapping[str, Sequence[str]]) -> str:
    lines = ["| row | what | class | state | modules | tests |", "|---|---|---|---|---|---|"]
    for number in sorted(part, key=lambda each: int(each[1:])):
        row = part[number]
        if row.group == group:
            what = f"{row.title} ({row.of})" if row.of else row.title
            state = f"**{row.state}**: {row.why}" if row.why else f"**{row.state}**"
            modules, named = (_cell(each) for each in (row.modules, tests[number]))
            lines.append(f"| {number} | {what} | {class_of(row, rows)} | {state} | {modules} | {named} |")
    return "\n".join(lines) + "\n"


def _cell(names: Iterable[str]) -> str:
    return "<br>".join(f"`{name}`" for name in names) or "–"


def sources() -> dict[str, str]:
    """Return the source of every file below tests/ by its path from the root, such as `tests/club/test_x.py`."""
    paths = sorted((ROOT / "tests").rglob("*.py"))
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in paths}


def modules() -> set[str]:
    """Return the path of every module below kiosk/."""
    return {path.relative_to(ROOT / "kiosk").as_posix() for path in (ROOT / "kiosk").rglob("*.py")}


def wrong_and_page(rows_file: Path = ROWS_FILE) -> tuple[list[str], str]:
    """Return everything that is claimed wrongly in this repository, and the page as it should be."""
    rows = read_rows(rows_file.read_text(encoding="utf-8"))
    files = sources()
    proofs = [claim for path, source in files.items() for claim in claims(path, source)]
    wrong = [misuse for path, source in files.items() for misuse in misuses(path, source)]
    return [*wrong, *complaints(rows, proofs, modules())], page(rows, proofs)


def main(rows_file: Path = ROWS_FILE, page_file: Path = PAGE_FILE) -> int:
    """Write the page; where something is claimed wrongly, say what, leave the page alone and return 1."""
    wrong, text = wrong_and_page(rows_file)
    if wrong:
        sys.stderr.write("\n".join([*wrong, f"{page_file.name} is left as it was."]) + "\n")
        return 1
    page_file.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
