"""What a module may do, as checks over its path and source; the names they are held to are passed in.

A path is relative to `kiosk/`, such as `gate/controller.py`. A check returns sentences that begin with path and line.
"""

import ast
from collections.abc import Iterator, Mapping, Sequence, Set

from tests.support.imports import dotted, imports_of, module_name, nodes


def impurities(path: str, tree: ast.Module, modules: Set[str], calls: Set[str]) -> Iterator[str]:
    """Find what pure code may not touch: `modules` of the standard library, and `calls` by dotted name."""
    for name, line in imports_of(path, tree):
        if name.partition(".")[0] in modules:
            yield f"{path}:{line}: pure code may not import {name}"
    for node in nodes(tree):
        if isinstance(node, ast.Call) and dotted(node.func) in calls:
            yield f"{path}:{node.lineno}: pure code may not call {dotted(node.func)}()"


def happenings(path: str, tree: ast.Module, harmless: Set[str]) -> Iterator[str]:
    """Find what a module does when it is imported, but for declarations and calls of `harmless` names.

    Those are written in full (`re.compile`), or as `.name` for a method of anything. The module's own structs, named
    tuples, enums and errors are harmless as well.
    """
    yield from _happenings(tree.body, _Names(path, tree, harmless | value_classes({path: tree})))


def value_classes(modules: Mapping[str, ast.Module]) -> frozenset[str]:
    """Return the full names of the structs, named tuples, enums and errors: making one does nothing else."""
    bases = {
        f"{module_name(path)}.{node.name}": {names.full(base) for base in node.bases}
        for path, tree in modules.items()
        for names in [_Names(path, tree, frozenset())]
        for node in tree.body
        if isinstance(node, ast.ClassDef)
    }
    found = {"msgspec.Struct", "typing.NamedTuple", "enum.Enum", "enum.StrEnum", "enum.IntEnum", "Exception"}
    while more := {name for name, parents in bases.items() if parents & found} - found:
        found |= more
    return frozenset(found)


class _Names:
    """What the names of one module mean, and which calls are harmless."""

    def __init__(self, path: str, tree: ast.Module, harmless: Set[str]) -> None:
        self.path = path
        self._harmless = harmless
        own = {node.name: f"{module_name(path)}.{node.name}" for node in tree.body if isinstance(node, ast.ClassDef)}
        self._meaning = own | dict(_aliases(path, tree))

    def full(self, node: ast.AST) -> str:
        """Return a name in full: `Path` as `pathlib.Path`, an own class with its module."""
        first, dot, rest = dotted(node).partition(".")
        return self._meaning.get(first, first) + dot + rest

    def allows(self, call: ast.Call) -> bool:
        """Say whether a call only makes a value."""
        method = f".{call.func.attr}" if isinstance(call.func, ast.Attribute) else ""
        return self.full(call.func) in self._harmless or method in self._harmless


def _aliases(path: str, tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in tree.body:
        if isinstance(node, ast.Import):
            yield from ((alias.asname, alias.name) for alias in node.names if alias.asname)
        elif isinstance(node, ast.ImportFrom):
            full = imports_of(path, ast.Module([node], []))
            yield from ((alias.asname or alias.name, name) for alias, (name, _) in zip(node.names, full, strict=True))


def _happenings(body: Sequence[ast.stmt], names: _Names) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield from _calls([*node.decorator_list, *node.bases, *node.keywords], names)
            yield from _happenings(node.body, names)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _calls([*node.decorator_list, node.args], names)
        elif isinstance(node, ast.If) and names.full(node.test) == "typing.TYPE_CHECKING":
            yield from _happenings(node.body, names)
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.Expr):
            yield from _calls([node], names)
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "__name__ == '__main__'":
            continue
        elif not isinstance(node, ast.Import | ast.ImportFrom | ast.Pass):
            yield f"{names.path}:{node.lineno}: {type(node).__name__.lower()} at import"


def _calls(nodes: Sequence[ast.AST], names: _Names) -> Iterator[str]:
    for node in _outside_lambdas(nodes):
        if isinstance(node, ast.Call) and not names.allows(node):
            what = names.full(node.func) or (
                f".{node.func.attr}" if isinstance(node.func, ast.Attribute) else "something"
            )
            yield f"{names.path}:{node.lineno}: calls {what}() at import"


def _outside_lambdas(nodes: Sequence[ast.AST]) -> Iterator[ast.AST]:
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.Lambda):
            waiting.extend(ast.iter_child_nodes(node))


def lengths(path: str, source: str, tree: ast.Module, function_max: int, module_max: int) -> Iterator[str]:
    """Find functions and modules with too many lines."""
    if (count := source.count("\n")) > module_max:
        yield f"{path}:1: {count} lines, at most {module_max}"
    for node in nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
            count = node.end_lineno - node.lineno + 1
            if count > function_max:
                yield f"{path}:{node.lineno}: {node.name} has {count} lines, at most {function_max}"


def missing_docstrings(path: str, tree: ast.Module) -> Iterator[str]:
    """Find modules, public classes, functions and methods without a docstring, and code in an `__init__.py`."""
    if ast.get_docstring(tree) is None:
        yield f"{path}:1: module without docstring"
    if path.endswith("__init__.py"):
        extra = [node for node in tree.body[1:] if not _is_version(path, node)]
        yield from (f"{path}:{node.lineno}: an __init__.py is a docstring and no more" for node in extra)
    yield from _undocumented(path, tree.body, "")


def _undocumented(path: str, body: Sequence[ast.stmt], prefix: str) -> Iterator[str]:
    for node in body:
        if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) or node.name.startswith("_"):
            continue
        if ast.get_docstring(node) is None and "overload" not in map(dotted, node.decorator_list):
            yield f"{path}:{node.lineno}: {prefix}{node.name} without docstring"
        if isinstance(node, ast.ClassDef):
            yield from _undocumented(path, node.body, f"{node.name}.")


def bad_threads(path: str, tree: ast.Module) -> Iterator[str]:
    """Find threads that are no daemons or have no name, timers, and sleeps."""
    for node in nodes(tree):
        if not isinstance(node, ast.Call):
            continue
        name = dotted(node.func)
        given = {keyword.arg: keyword.value for keyword in node.keywords}
        if name in ("Thread", "threading.Thread"):
            daemon = given.get("daemon")
            if "name" not in given or not (isinstance(daemon, ast.Constant) and daemon.value is True):
                yield f"{path}:{node.lineno}: a thread needs a name and daemon=True"
        elif name in ("threading.Timer", "Timer"):
            yield f"{path}:{node.lineno}: a timer is a thread without a stop: wait on an event"
        elif name in ("time.sleep", "sleep"):
            yield f"{path}:{node.lineno}: wait on an event: a sleep cannot be stopped"


def _is_version(path: str, node: ast.stmt) -> bool:
    return path == "__init__.py" and isinstance(node, ast.Assign) and dotted(node.targets[0]) == "__version__"
