"""docs/coverage.md says what is so: nothing is claimed that no test proves, and no test proves what is not there."""

import io
from contextlib import redirect_stderr
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from tests.support import coverage
from tests.support.coverage import Row, State, Weight
from tests.support.proofs import Claim, claims, misuses

WHY = "Comes later."
TEST = "tests/club/test_tiers.py"
MODULES = {"club/tiers.py", "core/model.py"}


def make_row(state: State = State.LATER, weight: Weight | None = Weight.CORE, of: str = "", **fields: object) -> Row:
    """Return a row that is in order; a rule where `of` a system."""
    plain = {
        "title": "A ladder",
        "group": "2.1" if of else "A",
        "state": state,
        "weight": None if of else weight,
        "of": of,
        "why": "" if state is State.DONE else WHY,
        "modules": ("club/tiers.py",) if state in (State.DONE, State.PART) else (),
    }
    return msgspec.structs.replace(Row("", "", state), **(plain | fields))


def make_rows(**changed: Row | None) -> dict[str, Row]:
    """Return all rows of the numbering, each of them later, but for those `changed`; None leaves a row away."""
    rows: dict[str, Row | None] = {number: make_row() for number in coverage.NUMBERING if number.startswith("S")}
    rows |= {number: make_row(of="S01") for number in coverage.NUMBERING if number.startswith("R")}
    return {number: row for number, row in (rows | changed).items() if row is not None}


def complaints(*proofs: Claim, **changed: Row | None) -> list[str]:
    """Return what is wrong with planted rows and claims."""
    return list(coverage.complaints(make_rows(**changed), proofs, MODULES))


class Made(NamedTuple):
    """What `make docs` did for this repository: its exit code, what it complained of, and the page it wrote."""

    code: int
    wrong: str
    page: str


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The page of this repository, made once: every source of the tests is parsed for it."""
    page, wrong = tmp_path_factory.mktemp("docs") / "coverage.md", io.StringIO()
    with redirect_stderr(wrong):
        code = coverage.main(page_file=page)
    return Made(code, wrong.getvalue(), page.read_text(encoding="utf-8") if page.exists() else "")


def test_the_rows_the_tests_and_the_page_of_this_repository_agree(made: Made) -> None:
    assert made.wrong.splitlines() == []
    assert coverage.PAGE_FILE.read_text(encoding="utf-8") == made.page, "run make docs"


def test_rows_in_order_are_not_complained_of() -> None:
    proofs = (Claim("S01", TEST), Claim("R02", TEST))
    out = make_row(State.OUT, Weight.OUT)
    assert complaints(*proofs, S01=make_row(State.DONE), R02=make_row(State.PART, of="S01"), S96=out) == []


def test_the_numbering_is_that_of_the_requirements() -> None:
    assert len(coverage.NUMBERING) == 101 + 162
    assert {"S01", "S09", "S101", "R01", "R99", "R162"} <= set(coverage.NUMBERING)


def test_a_missing_row_is_found() -> None:
    assert complaints(S101=None) == ["S101: is missing"]
    assert complaints(R01=None) == ["R01: is missing"]


def test_a_row_beyond_the_numbering_is_found() -> None:
    assert complaints(S102=make_row()) == ["S102: there is no such row"]
    assert complaints(R1=make_row(of="S01")) == ["R1: there is no such row"]


def test_a_row_that_stands_there_twice_is_found() -> None:
    text = '[S01]\ntitle = "x"\ngroup = "A"\nclass = "core"\nstate = "later"\n'
    assert coverage.read_rows(text).keys() == {"S01"}
    with pytest.raises(ValueError, match=r"S01.* twice"):
        coverage.read_rows(text + text)


@pytest.mark.parametrize("state", [State.DONE, State.PART])
def test_a_row_claimed_without_a_test_is_found(state: State) -> None:
    assert complaints(S02=make_row(state)) == [f"S02: is said to be {state}, and no test names it"]


@pytest.mark.parametrize("state", [State.DONE, State.PART])
def test_a_row_claimed_without_a_module_is_found(state: State) -> None:
    row = make_row(state, modules=())
    assert complaints(Claim("S02", TEST), S02=row) == [f"S02: is said to be {state}, and names no module"]


def test_a_row_that_a_test_proves_is_not_later() -> None:
    assert complaints(Claim("R03", f"{TEST}::test_x")) == [f"R03: is said to be later, and {TEST}::test_x names it"]


def test_a_test_that_names_a_row_that_is_not_there_is_found() -> None:
    assert complaints(Claim("R163", f"{TEST}::test_x")) == [f"{TEST}::test_x: there is no row R163"]


def test_a_module_that_is_not_there_is_found() -> None:
    row = make_row(State.DONE, modules=("core/model.py", "club/teirs.py"))
    assert complaints(Claim("S02", TEST), S02=row) == ["S02: there is no module kiosk/club/teirs.py"]


@pytest.mark.parametrize(
    ("number", "row", "expected"),
    [
        ("S02", make_row(group="2.1"), "there is no group '2.1'"),
        ("R02", make_row(of="S01", group="A"), "there is no group 'A'"),
        ("R02", make_row(of="R01"), "it cannot be of 'R01'"),
        ("R02", make_row(of="S102"), "it cannot be of 'S102'"),
        ("R02", make_row(group="2.1"), "a system needs a class, a rule the system it is of or the class out"),
        ("S02", make_row(weight=None), "a system needs a class, a rule the system it is of or the class out"),
        ("S02", make_row(weight=Weight.OUT), "its class is out, so its state cannot be later"),
        ("S02", make_row(State.OUT), "its class is core, so it cannot be left out"),
        ("R02", make_row(State.OUT, of="S01"), "its class is core, so it cannot be left out"),
        ("S02", make_row(why=""), "a row that is later says why"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_row_that_makes_no_sense_is_found(number: str, row: Row, expected: str) -> None:
    assert complaints(**{number: row}) == [f"{number}: {expected}"]


def test_a_row_that_is_done_may_say_where_it_ends() -> None:
    row = make_row(State.DONE, why="The kiosk's screen for it comes later.")
    assert complaints(Claim("S02", TEST), S02=row) == []
    assert "**done**: The kiosk's screen for it comes later." in coverage.page({"S02": row}, [])


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (f'title = "{"x" * 81}"', "length <= 80"),
        ('title = "a | b"', "regex"),
        ('state = "finished"', "Invalid enum value 'finished'"),
        ('because = "x"', "unknown field `because`"),
    ],
)
def test_a_line_that_cannot_be_used_is_named_with_its_row(line: str, expected: str) -> None:
    plain = {"title": 'title = "x"', "state": 'state = "later"', "group": 'group = "A"'}
    text = "\n".join((plain | {line.split()[0]: line}).values())
    with pytest.raises(ValueError, match=f"^S07: .*{expected}"):
        coverage.read_rows(f"[S07]\n{text}\n")


PROVEN = """
import pytest

@pytest.mark.proves("R01", "S04")
@pytest.mark.parametrize("x", [1])
def test_first(x): pass

@pytest.mark.proves("S05")
@pytest.mark.proves("S06")
async def test_second(): pass

def test_third(): pass
"""


def test_claims_are_read_from_the_source_in_the_order_of_the_file() -> None:
    first, second = f"{TEST}::test_first", f"{TEST}::test_second"
    named = [Claim("R01", first), Claim("S04", first), Claim("S05", second), Claim("S06", second)]
    assert list(claims(TEST, PROVEN)) == named
    assert list(misuses(TEST, PROVEN)) == []


def test_a_state_machine_is_a_test_as_well() -> None:
    source = 'TestDesk = pytest.mark.proves("R19", "S21")(Desk.TestCase)\n'
    assert list(claims(TEST, source)) == [Claim("R19", f"{TEST}::TestDesk"), Claim("S21", f"{TEST}::TestDesk")]
    assert list(misuses(TEST, source)) == []
    assert list(misuses(TEST, source.replace("TestDesk", "machine"))) != []


def test_a_marker_is_read_without_running_anything() -> None:
    source = 'raise SystemExit\nfrom pytest import mark\n@mark.proves("R01")\ndef test_x(): pass'
    assert list(claims(TEST, source)) == [Claim("R01", f"{TEST}::test_x")]


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ('@pytest.mark.proves("R01")\ndef check(): pass', 1),
        ('@pytest.mark.proves("R01")\nclass Helper: pass', 1),
        ('def test_x():\n    @pytest.mark.proves("R01")\n    def test_y(): pass', 2),
        ("@pytest.mark.proves\ndef test_x(): pass", 1),
        ("@pytest.mark.proves()\ndef test_x(): pass", 1),
        ('ROW = "R01"\n@pytest.mark.proves(ROW)\ndef test_x(): pass', 2),
        ('ROW = "R02"\n@pytest.mark.proves("R01", ROW)\ndef test_x(): pass', 2),
        ('@pytest.mark.proves(*["R01"])\ndef test_x(): pass', 1),
        ('@pytest.mark.proves("R01", row="R02")\ndef test_x(): pass', 1),
        ('pytestmark = pytest.mark.proves("R01")\ndef test_x(): pass', 1),
        ('@pytest.mark.parametrize("x", [pytest.param(1, marks=pytest.mark.proves("R01"))])\ndef test_x(x): pass', 1),
    ],
)
def test_a_marker_that_says_nothing_is_found_and_does_not_count(source: str, line: int) -> None:
    fault = f"{TEST}:{line}: proves stands on a test and names rows in plain strings, or it says nothing"
    assert list(misuses(TEST, source)) == [fault]
    assert list(claims(TEST, source)) == []


def test_a_marker_in_a_file_that_pytest_does_not_run_is_found() -> None:
    path = "tests/club/builders.py"
    assert list(claims(path, PROVEN)) == []
    assert [fault.split(":")[1] for fault in misuses(path, PROVEN)] == ["4", "8", "9"]


@pytest.mark.parametrize(
    "source",
    [
        '@pytest.mark.proves("R01")\n@pytest.mark.skip(reason="x")\ndef test_x(): pass',
        '@pytest.mark.xfail\n@pytest.mark.proves("R01")\ndef test_x(): pass',
        'pytestmark = [pytest.mark.pcsc, pytest.mark.skip]\n@pytest.mark.proves("R01")\ndef test_x(): pass',
    ],
)
def test_a_test_that_is_skipped_or_may_fail_proves_nothing(source: str) -> None:
    (fault,) = misuses(TEST, source)
    assert fault.endswith("test_x is skipped or may fail, and proves nothing")


def test_a_page_counts_by_class_and_state_and_shows_each_row_with_its_tests() -> None:
    rows = {
        "S01": make_row(State.DONE),
        "S02": make_row(State.OUT, Weight.OUT),
        "S10": make_row(weight=Weight.ADJACENT),
        "R01": make_row(State.PART, of="S10"),
    }
    proofs = [Claim("R01", f"{TEST}::test_b"), Claim("R01", f"{TEST}::test_a"), Claim("S01", f"{TEST}::test_b")]
    lines = coverage.page(rows, proofs).splitlines()
    assert "| core | 1 | 0 | 0 | 0 | 1 |" in lines
    assert "| adjacent | 0 | 0 | 1 | 0 | 1 |" in lines
    assert "| adjacent | 0 | 1 | 0 | 0 | 1 |" in lines
    assert "| all | 1 | 0 | 1 | 1 | 3 |" in lines
    assert f"| S01 | A ladder | core | **done** | `club/tiers.py` | `{TEST}::test_b` |" in lines
    assert "| S10 | A ladder | adjacent | **later**: Comes later. | – | – |" in lines
    tests = f"`{TEST}::test_a`<br>`{TEST}::test_b`"
    assert f"| R01 | A ladder (S10) | adjacent | **part**: Comes later. | `club/tiers.py` | {tests} |" in lines
    shown = [line[2:5] for line in lines if line.startswith(("| S", "| R"))]
    assert shown == ["S01", "S02", "S10", "R01"]


def test_a_page_that_was_not_made_anew_differs() -> None:
    rows = make_rows(S01=make_row(State.PART))
    before = coverage.page(rows, [Claim("S01", f"{TEST}::test_a")])
    assert coverage.page(rows, [Claim("S01", f"{TEST}::test_renamed")]) != before
    assert coverage.page(rows | {"S01": make_row(State.DONE)}, [Claim("S01", f"{TEST}::test_a")]) != before


def test_wrong_claims_leave_the_page_as_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, page = tmp_path / "requirements.toml", tmp_path / "coverage.md"
    rows.write_text("")
    page.write_text("as it was")
    # A repository without sources, which takes no time to read: what is wrong here is wrong in the rows.
    monkeypatch.setattr(coverage, "ROOT", tmp_path)
    assert coverage.main(rows, page) == 1
    assert page.read_text() == "as it was"
    assert "S01: is missing" in capsys.readouterr().err


def test_the_page_is_written_where_all_is_well(made: Made) -> None:
    assert made.code == 0
    assert made.page.startswith("# What of the requirements is done")
