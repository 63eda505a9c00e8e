"""`config/edge.toml` is what an installer starts from: it loads, names every key, and tells the true defaults."""

import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kiosk.config import EdgeConfig, load_edge
from kiosk.core.model import AccessPoint
from kiosk.gate.settings import ControllerSettings, GateSettings
from kiosk.local.box import BoxSettings
from kiosk.readers.reader import ReaderSettings
from kiosk.sync.settings import SyncSettings
from kiosk.web.settings import AttendantSettings, SelfServiceSettings, TillSettings, WebSettings

EXAMPLE = Path(__file__).parents[2] / "config" / "edge.toml"
TABLES: dict[str, type[msgspec.Struct]] = {
    "box": BoxSettings,
    "reader": ReaderSettings,
    "gate": GateSettings,
    "access_point": AccessPoint,
    "controller": ControllerSettings,
    "sync": SyncSettings,
    "web": WebSettings,
    "till": TillSettings,
    "self_service": SelfServiceSettings,
    "attendant": AttendantSettings,
}
KEY = re.compile(r"(?P<off>#?)(?P<key>[a-z_]+) = (?P<value>.+)")
UNSET = (None, msgspec.NODEFAULT)


def lines_of(table: str) -> dict[str, tuple[bool, str]]:
    """Return each key that a table shows: whether it is off, and the rest of its line."""
    found: dict[str, tuple[bool, str]] = {}
    inside = ""
    for line in EXAMPLE.read_text().splitlines():
        if line.startswith(("[", "#[")):
            inside = line.strip("#[]").partition("]")[0]
            found |= {inside.partition(".")[2]: (False, "")} if inside.startswith(f"{table}.") else {}
        elif inside == table and (match := KEY.match(line)):
            found.setdefault(match["key"], (bool(match["off"]), match["value"]))
    return found


def test_the_example_loads() -> None:
    config = load_edge(EXAMPLE)
    assert [gate.id for gate in config.gate] == ["main"]
    assert [point.id for point in config.access_point] == ["entrance", "exit"]


def test_there_is_a_table_for_every_part_of_the_configuration() -> None:
    assert set(EdgeConfig.__struct_fields__) == set(TABLES)


@pytest.mark.parametrize("table", TABLES)
def test_every_key_is_shown_and_no_other(table: str) -> None:
    assert set(lines_of(table)) == set(TABLES[table].__struct_fields__)


@pytest.mark.parametrize("table", TABLES)
def test_a_key_that_is_off_shows_its_default(table: str) -> None:
    for field in msgspec.structs.fields(TABLES[table]):
        off, rest = lines_of(table)[field.name]
        if not off:
            continue
        shown: Any = tomllib.loads(f"value = {rest}")["value"]
        value = msgspec.convert(shown, field.type, dec_hook=lambda kind, raw: kind(raw))
        assert field.default in UNSET or value == field.default, f"{table}.{field.name}"


def test_every_key_says_what_it_is_for_where_it_first_stands() -> None:
    silent, seen, before = [], set[str](), ""
    for line in EXAMPLE.read_text().splitlines():
        if match := KEY.match(line):
            if match["key"] not in seen and " # " not in line and not before.startswith("# "):
                silent.append(line)
            seen.add(match["key"])
        before = line
    assert silent == []
