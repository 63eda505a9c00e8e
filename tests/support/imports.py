"""Who imports whom, read from the source; the tables it is held to are passed in.

A path is relative to `kiosk/`, such as `gate/controller.py`. A check returns sentences that begin with path and line.
"""

import ast
import sys
from collections.abc import Container, Iterator, Mapping, Sequence, Set
from functools import cache
from typing import NamedTuple

ROOT = "kiosk"
TOP = "top"
IMPORTERS = ("importlib.import_module", "import_module", "__import__")


class Import(NamedTuple):
    """One imported name, `kiosk.core.errors` or `flask.Flask`, and the line it stands on."""

    name: str
    line: int


def module_name(path: str) -> str:
    """Return the dotted name of a path: `core/clock.py` is `kiosk.core.clock`."""
    parts = [ROOT, *path.removesuffix(".py").split("/")]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def nodes(tree: ast.Module) -> tuple[ast.AST, ...]:
    """Return everything in a tree; to walk takes most of a check's time, and there are many checks."""
    return tuple(ast.walk(tree))


@cache
def imports_of(path: str, tree: ast.Module) -> tuple[Import, ...]:
    """Return every import, those inside functions and `importlib.import_module("…")` too."""
    return tuple(_imports_of(path, tree))


def _imports_of(path: str, tree: ast.Module) -> Iterator[Import]:
    package = module_name(path).split(".")
    if not path.endswith("__init__.py"):
        package = package[:-1]
    for node in nodes(tree):
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            source = ".".join([*base, *([node.module] if node.module else [])])
            yield from (Import(f"{source}.{alias.name}", node.lineno) for alias in node.names)
        elif isinstance(node, ast.Call) and dotted(node.func) in IMPORTERS:
            named = node.args[0] if node.args else None
            known = isinstance(named, ast.Constant) and isinstance(named.value, str)
            yield Import(str(named.value) if known and isinstance(named, ast.Constant) else "?", node.lineno)


def forbidden_packages(path: str, tree: ast.Module, allowed: Mapping[str, Set[str]]) -> Iterator[str]:
    """Hold imports of own packages to the table `package → packages it may import`.

    The modules directly below `kiosk/` are one package here, `top`; only it may import by names made at run time.
    """
    own = package_of(module_name(path), allowed) if "/" in path else TOP
    if own == TOP and "/" in path:
        yield f"{path}:1: {path.partition('/')[0]} is not in the import table"
        return
    for name, line in imports_of(path, tree):
        if name == "?" and own != TOP:
            yield f"{path}:{line}: imports a module by a name that cannot be read here"
        if name.partition(".")[0] != ROOT or name == f"{ROOT}.__version__":
            continue
        other = package_of(name, allowed)
        if other not in (own, *allowed[own]):
            yield f"{path}:{line}: {own} may not import {name.removeprefix(f'{ROOT}.') if other == TOP else other}"


def forbidden_libraries(path: str, tree: ast.Module, places: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Hold third-party imports to the table `library → places`.

    A place is a file, a folder that ends in `/`, or `top` for the files directly below `kiosk/`.
    """
    for name, line in imports_of(path, tree):
        library = name.partition(".")[0]
        if library == ROOT or library in sys.stdlib_module_names or name == "?":
            continue
        if library not in places:
            yield f"{path}:{line}: {library} is not in the table of libraries"
        elif not any(_is_at(path, place) for place in places[library]):
            yield f"{path}:{line}: {library} belongs in {' and '.join(places[library])}"


def _is_at(path: str, place: str) -> bool:
    if place == TOP:
        return "/" not in path
    return path == place or (place.endswith("/") and path.startswith(place))


def cycles(modules: Mapping[str, ast.Module]) -> list[list[str]]:
    """Return each group of modules (by path) that import one another in a circle, inside functions too."""
    names = {module_name(path): path for path in modules}
    edges = {
        path: {
            names[target]
            for name, _ in imports_of(path, tree)
            if (target := _target(name, names)) and names[target] != path
        }
        for path, tree in modules.items()
    }
    return sorted(sorted(group) for group in _circles(edges))


def _circles(edges: Mapping[str, Set[str]]) -> set[frozenset[str]]:
    """Return the sets of nodes that reach one another."""
    reach = {node: _reached(node, edges) for node in edges}
    return {
        frozenset({node, *(other for other in reach[node] if node in reach[other])})
        for node in edges
        if node in reach[node]
    }


def _reached(start: str, edges: Mapping[str, Set[str]]) -> set[str]:
    seen: set[str] = set()
    waiting = list(edges[start])
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            waiting.extend(edges[node])
    return seen


def _target(name: str, names: Mapping[str, str]) -> str | None:
    """Return the own module an import lands in: the name itself, or what it is a name of."""
    if name in names:
        return name
    parent = name.rpartition(".")[0]
    return parent if parent in names and parent != ROOT else None


def dotted(node: ast.AST) -> str:
    """Return `a.b.c` for a name or attribute chain, "" for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        base = dotted(node.value)
        return f"{base}.{node.attr}" if base else ""
    return ""


def package_of(name: str, packages: Container[str]) -> str:
    """Return `core` for `kiosk.core.clock`, and `top` for what is in none of the packages."""
    parts = name.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in packages else TOP
