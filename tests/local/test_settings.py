"""Settings: typed, and every mistake named in one sentence."""

import json
from datetime import date
from enum import StrEnum
from pathlib import Path

import msgspec
import pytest

from kiosk.core.errors import ConfigError
from kiosk.local.box import BoxSettings
from kiosk.local.settings import SETTINGS_BYTES_MAX, is_loopback, load_settings


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"


class Lamp(msgspec.Struct, frozen=True, tag_field="driver", tag="lamp"):
    pin: int = 1


class Motor(msgspec.Struct, frozen=True, tag_field="driver", tag="motor"):
    turns: int = 1


class Controller(msgspec.Struct, frozen=True):
    reader: str = "mock"
    hold_s: float = 1.5
    colour: Colour = Colour.RED


class Settings(msgspec.Struct, frozen=True):
    controller: Controller = Controller()
    points: tuple[Controller, ...] = ()
    by_name: dict[str, Controller] = {}
    maybe: Controller | None = None
    drive: Lamp | Motor = Lamp()
    many: list[Lamp | Motor] = []
    pair: tuple[Controller, Lamp] | None = None
    folder: Path = Path()
    day: date | None = None
    renamed: int = msgspec.field(default=0, name="as-written")


class Positive(msgspec.Struct, frozen=True):
    size: int

    def __post_init__(self) -> None:
        if self.size <= 0:
            raise ConfigError(f"size {self.size} is not usable", hint="Use 1 or more")


def make_file(folder: Path, text: str) -> Path:
    path = folder / "edge.toml"
    path.write_text(text)
    return path


def complaint(folder: Path, text: str, kind: type = Settings) -> str:
    with pytest.raises(ConfigError) as caught:
        load_settings(make_file(folder, text), kind)
    assert str(caught.value).startswith(f"{folder}/edge.toml: ")
    assert "\n" not in str(caught.value)
    return str(caught.value).removeprefix(f"{folder}/edge.toml: ")


def test_every_kind_of_value_arrives_typed(tmp_path: Path) -> None:
    text = """
    folder = "/var/lib"
    day = 2026-11-22
    as-written = 3
    [controller]
    hold_s = 2
    colour = "green"
    [[points]]
    reader = "pcsc:0"
    [by_name.main]
    reader = "nfc"
    [drive]
    driver = "motor"
    turns = 5
    [[many]]
    driver = "lamp"
    """
    loaded = load_settings(make_file(tmp_path, text), Settings)
    assert loaded == Settings(
        controller=Controller(hold_s=2.0, colour=Colour.GREEN),
        points=(Controller(reader="pcsc:0"),),
        by_name={"main": Controller(reader="nfc")},
        drive=Motor(turns=5),
        many=[Lamp()],
        folder=Path("/var/lib"),
        day=date(2026, 11, 22),
        renamed=3,
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[controller]\nraeder = "x"', 'unknown key "raeder" in [controller]. Did you mean "reader"?'),
        ("[[points]]\n[[points]]\nhold = 1", 'unknown key "hold" in [[points]] number 2. Did you mean "hold_s"?'),
        ("[by_name.main]\ncolor = 1", 'unknown key "color" in [by_name.main]. Did you mean "colour"?'),
        ("[maybe]\ncolor = 1", 'unknown key "color" in [maybe]. Did you mean "colour"?'),
        ('[drive]\ndriver = "motor"\nturn = 1', 'unknown key "turn" in [drive]. Did you mean "turns"?'),
        ('[[many]]\ndriver = "lamp"\npins = 1', 'unknown key "pins" in [[many]] number 1. Did you mean "pin"?'),
        ('[[pair]]\n[[pair]]\ndriver = "lamp"\nturns = 1', 'unknown key "turns" in [[pair]] number 2. Known here: '),
        ("renamed = 1", 'unknown key "renamed" in the top level'),
        ("zz = 1", 'unknown key "zz" in the top level. Known here: as-written, by_name, controller'),
        ('controller = "x"', '"controller": expected object, got str'),
        ("[controller]\nhold_s = true", '"controller.hold_s": expected float, got bool'),
        ('[controller]\nhold_s = "2"', '"controller.hold_s": expected float, got str'),
        ('[controller]\ncolour = "blue"', "\"controller.colour\": invalid enum value 'blue'"),
        ('[drive]\ndriver = "lift"', "\"drive.driver\": invalid value 'lift'"),
        ("= 1", "not TOML ("),
    ],
)
def test_each_mistake_is_named(tmp_path: Path, text: str, expected: str) -> None:
    assert complaint(tmp_path, text).startswith(expected)


def test_a_missing_key_is_named(tmp_path: Path) -> None:
    assert complaint(tmp_path, "", Positive) == "object missing required field size"


def test_a_structs_own_complaint_gets_the_file_in_front(tmp_path: Path) -> None:
    assert complaint(tmp_path, "size = 0", Positive) == "size 0 is not usable. Use 1 or more"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.toml: no such file"):
        load_settings(tmp_path / "nowhere.toml", Settings)


def test_a_folder_is_no_settings_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_settings(tmp_path, Settings)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "edge.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="not TOML"):
        load_settings(path, Settings)


def test_a_huge_file_is_refused(tmp_path: Path) -> None:
    assert complaint(tmp_path, "#" * (SETTINGS_BYTES_MAX + 1)) == f"larger than {SETTINGS_BYTES_MAX} bytes"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.9.10", "::1"])
def test_this_machine_is_known_by_its_own_addresses(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["", "127.evil.example", "localhost.example", "::10", "::1.example", "10.0.0.1", "127."]
)
def test_a_foreign_host_is_not_taken_for_this_machine_because_its_name_begins_so(host: str) -> None:
    assert not is_loopback(host)


BOX = {"device": "north-1", "site": "north", "data_dir": "data", "hash_key_file": "hash.key"}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("zone", "Asia/Nowhere"), ("zone", "Asia"), ("zone", ""), ("zone", "/etc/passwd"), ("zone", "x" * 300),
        ("device", "North 1"), ("device", ""), ("device", "x" * 33), ("device", "north-1\n"), ("site", "a/b"),
        ("roster_age_max_s", 0), ("roster_age_max_s", -1),
    ],
)  # fmt: skip
def test_a_box_that_could_not_work_is_refused_where_it_is_written(tmp_path: Path, key: str, value: object) -> None:
    path = tmp_path / "box.toml"
    for table, wrong in ((BOX, False), (BOX | {key: value}, True)):
        path.write_text("".join(f"{name} = {json.dumps(item)}\n" for name, item in table.items()))
        if wrong:
            with pytest.raises(ConfigError, match=key) as caught:
                load_settings(path, BoxSettings)
            assert str(path) in caught.value.message
        else:
            assert load_settings(path, BoxSettings).zone == "Asia/Shanghai"
