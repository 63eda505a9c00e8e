"""The commands of central that texts tell people to run are there."""

import re
from pathlib import Path

import click

from kiosk.cli_central import central

ROOT = Path(__file__).parents[2]
NAMED = re.compile(r"kiosk central ([a-z][a-z-]+)(?: ([a-z][a-z-]+))?")
SPEAKING = {".md", ".toml", ".yaml", ".service", ".conf", ".py", ".html"}


def test_every_command_of_central_that_a_text_names_is_there() -> None:
    texts = [path for folder in ("config", "docs", "kiosk") for path in (ROOT / folder).rglob("*")] + [
        ROOT / "README.md"
    ]
    named = {
        (path.name, *words)
        for path in texts
        if path.suffix in SPEAKING
        for words in NAMED.findall(path.read_text(encoding="utf-8"))
    }
    assert len(named) > 15
    assert not [each for each in sorted(named) if not is_there(*each[1:])]


def is_there(name: str, sub: str) -> bool:
    """Say whether a command is there; of a group, its own too, where a word follows."""
    context = click.Context(central)
    command = central.get_command(context, name)
    if isinstance(command, click.Group):
        return not sub or command.get_command(context, sub) is not None
    return command is not None
