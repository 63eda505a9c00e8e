"""The pages about the club that are written from its code: the rule book's entries, and the lives as drawings."""

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import kiosk.club
from kiosk.club.life import Life
from kiosk.club.rulebook import Entry, entries
from kiosk.core.codec import canonical

DOCS = Path(__file__).parents[2] / "docs"
VALUE_CHARACTERS_MAX = 100

RULE_BOOK_HEAD = """# The rule book

Every number and choice of the club's regulations, with its source (`R` and `S` are rows of `coverage.md`) and the value
that holds until an amendment says otherwise. `docs/decisions/0006` says why where the regulations disagree or are
silent. An amendment names an entry, a value, and the day from which it holds, today or later; days before keep what
held then. This page is written by `make docs`.
"""

LIVES_HEAD = """# Lives

The states of everything that has a life of its own, and what leads from one to the next: drawn from the tables that the
code itself goes by. This page is written by `make docs`.
"""


def rule_book_page() -> str:
    """Return docs/rule-book.md."""
    families: dict[str, list[Entry]] = {}
    for entry in entries():
        families.setdefault(entry.name.partition(".")[0], []).append(entry)
    return RULE_BOOK_HEAD + "".join(_family(name, each) for name, each in families.items())


def lives_page() -> str:
    """Return docs/lives.md."""
    drawn = (f"\n## {life.name.capitalize()}\n\n```mermaid\n{life.drawing()}```\n" for life in lives())
    return LIVES_HEAD + "".join(drawn)


def lives() -> Iterator[Life]:
    """Yield every life of the club once, by the name of its module."""
    told: set[str] = set()
    for module in pkgutil.iter_modules(kiosk.club.__path__):
        for value in vars(importlib.import_module(f"kiosk.club.{module.name}")).values():
            if isinstance(value, Life) and value.name not in told:
                told.add(value.name)
                yield value


def _family(name: str, each: list[Entry]) -> str:
    rows = "".join(
        f"| `{entry.name.partition('.')[2]}` | {entry.meaning} | {_value(entry)} | {entry.source} |\n" for entry in each
    )
    return f"\n## {name}\n\n| entry | meaning | default | source |\n|---|---|---|---|\n{rows}"


def _value(entry: Entry) -> str:
    text = canonical(entry.default).decode()
    return f"`{text}`" if len(text) <= VALUE_CHARACTERS_MAX else f"`{text[:VALUE_CHARACTERS_MAX]}…`"


def main() -> None:
    """Write both pages."""
    (DOCS / "rule-book.md").write_text(rule_book_page(), encoding="utf-8")
    (DOCS / "lives.md").write_text(lives_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
