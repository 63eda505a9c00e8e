"""What tests say that they prove, by `@pytest.mark.proves("R01", "S04")`.

That is read from their sources with `ast`: nothing is imported and nothing is run. A path is from the root, such as
`tests/club/test_tiers.py`.
"""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.support.imports import dotted

_MARKER = "mark.proves"
_NOT_COUNTED = ("mark.skip", "mark.xfail")


class Claim(NamedTuple):
    """A test, as `tests/club/test_x.py::test_y`, says that it proves a row."""

    row: str
    test: str


class _Test(NamedTuple):
    """What pytest runs under a name, and what it is decorated with."""

    name: str
    line: int
    decorators: list[ast.expr]

    @property
    def markers(self) -> list[ast.Call]:
        """The `proves` markers it has."""
        return [each for each in self.decorators if isinstance(each, ast.Call) and _is_mark(each.func, _MARKER)]


def claims(path: str, source: str) -> Iterator[Claim]:
    """Yield what the tests of one file say that they prove, in the order of the file."""
    for test in _tests(path, ast.parse(source)):
        for marker in test.markers:
            yield from (Claim(row, f"{path}::{test.name}") for row in _rows(marker))


def misuses(path: str, source: str) -> Iterator[str]:
    """Find markers that say nothing: not on a test, not in plain strings, or on a test that is skipped or may fail."""
    tree = ast.parse(source)
    counted: set[int] = set()
    idle = any(_is_idle(node.value) for node in tree.body if isinstance(node, ast.Assign))
    for test in _tests(path, tree):
        counted |= {id(marker.func) for marker in test.markers if _rows(marker)}
        if test.markers and (idle or any(_is_idle(each) for each in test.decorators)):
            yield f"{path}:{test.line}: {test.name} is skipped or may fail, and proves nothing"
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and _is_mark(node, _MARKER) and id(node) not in counted:
            yield f"{path}:{node.lineno}: proves stands on a test and names rows in plain strings, or it says nothing"


def _tests(path: str, tree: ast.Module) -> Iterator[_Test]:
    """Yield what pytest runs of a file: functions, and cases of a state machine as `TestX = mark(X.TestCase)`."""
    if not Path(path).name.startswith("test_"):
        return
    for node in tree.body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() if node.name.startswith("test_"):
                yield _Test(node.name, node.lineno, node.decorator_list)
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=mark)) if name.startswith("Test"):
                yield _Test(name, node.lineno, [mark])


def _rows(marker: ast.Call) -> list[str]:
    """Return the rows a marker names; none where any of them is no plain string."""
    rows = [each.value for each in marker.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    return rows if len(rows) == len(marker.args) and not marker.keywords else []


def _is_idle(node: ast.AST) -> bool:
    return any(_is_mark(part, mark) for part in ast.walk(node) for mark in _NOT_COUNTED)


def _is_mark(node: ast.AST, mark: str) -> bool:
    found = dotted(node)
    return found == mark or found.endswith(f".{mark}")
