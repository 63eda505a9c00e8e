"""From a wish to a form and back, for every kind of field."""

from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta
from werkzeug.datastructures import MultiDict

from kiosk.office.actions import Draft
from kiosk.office.fields import Field
from kiosk.office.forms import fields_of, initial, read, typed

ZONE = ZoneInfo("Asia/Shanghai")


class Colour(StrEnum):
    """A choice."""

    RED = "red"
    BLUE = "blue"


class Wish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One field of each kind."""

    name: Annotated[str, Meta(min_length=2, max_length=5)]
    count: Annotated[int, Meta(ge=1, le=9)]
    day: date
    colour: Colour
    why: str
    at: datetime | None = None
    until: date | None = None
    flag: bool = False
    maybe: bool | None = None
    colours: tuple[Colour, ...] = ()
    shape: dict[str, int] = {}
    most: int | None = None
    note: Annotated[str | None, Meta(description="A note.")] = None


FULL = {"name": "abc", "count": "3", "day": "2026-12-01", "colour": "red", "why": "so"}


def fields(draft: Draft | None = None) -> tuple[Field, ...]:
    return fields_of(Wish, draft or Draft())


def sent(**more: Any) -> Any:
    form = MultiDict({**FULL, **more})
    return read(Wish, fields(), typed(form, fields()), ZONE)


def test_each_type_has_its_kind_of_field() -> None:
    assert {each.name: each.kind for each in fields()} == {
        "name": "text", "count": "number", "day": "date", "colour": "choice", "why": "area", "at": "moment",
        "until": "date", "flag": "bool", "maybe": "choice", "colours": "many", "shape": "json", "most": "number",
        "note": "text",
    }  # fmt: skip
    assert [each.name for each in fields() if each.required] == ["name", "count", "day", "colour", "why"]


def test_what_was_typed_becomes_the_wish() -> None:
    assert sent().wish == Wish("abc", 3, date(2026, 12, 1), Colour.RED, "so")
    more = sent(at="2026-12-01T09:30", until="2026-12-31", flag="yes", maybe="no", shape='{"a": 1}', most="0", note="n")
    assert more.wish == Wish(
        "abc", 3, date(2026, 12, 1), Colour.RED, "so", datetime(2026, 12, 1, 1, 30, tzinfo=UTC), date(2026, 12, 31),
        True, False, (), {"a": 1}, 0, "n",
    )  # fmt: skip
    assert sent(colours=["red", "blue"]).wish.colours == (Colour.RED, Colour.BLUE)


def test_each_fault_has_its_words() -> None:
    found = {
        ("name", ""): "fault_required",
        ("name", "a"): "fault_short",
        ("name", "abcdef"): "fault_long",
        ("count", "0"): "fault_least",
        ("count", "10"): "fault_most",
        ("count", "x"): "fault_number",
        ("count", "1.5"): "fault_number",
        ("count", "9" * 5000): "fault_long",
        ("most", "-" + "9" * 5000): "fault_long",
        ("day", "2026-02-30"): "fault_date",
        ("day", "0001-01-01"): "fault_day",
        ("day", "2200-01-01"): "fault_day",
        ("at", "9999-12-31T23:00"): "fault_day",
        ("colour", "green"): "fault_choice",
        ("at", "noon"): "fault_date",
        ("maybe", "perhaps"): "fault_choice",
        ("colours", "green"): "fault_choice",
        ("shape", "{"): "fault_json",
        ("shape", '{"a": "b"}'): "fault_json",
        ("shape", "[" * 5000): "fault_json",
        ("shape", "9" * 5000): "fault_json",
        ("why", "  "): "fault_required",
    }
    for (name, text), fault in found.items():
        answer = sent(**{name: text})
        assert answer.wish is None
        assert {field: key for field, (key, _) in answer.faults.items()} == {name: fault}, text[:20]


def test_a_form_begins_with_the_address_the_draft_and_the_defaults() -> None:
    draft = Draft(values={"name": "abc", "flag": True, "colours": (Colour.RED,), "shape": {"a": 1}, "maybe": False})
    held = initial(fields(), draft, {"count": "7"})
    assert (held["name"], held["count"], held["flag"], held["maybe"]) == ("abc", "7", "yes", "no")
    assert (held["colours"], held["until"]) == (["red"], "")
    assert '"a": 1' in held["shape"]


def test_a_draft_gives_a_field_a_type_that_may_be_nothing() -> None:
    draft = Draft(types={"why": Annotated[int, Meta(ge=1)] | None})
    field = next(each for each in fields(draft) if each.name == "why")
    assert (field.kind, field.required, field.least) == ("number", False, 1)
    said = typed(MultiDict({**FULL, "why": ""}), fields(draft))
    wish = read(Wish, fields(draft), said, ZONE).wish
    assert isinstance(wish, Wish)
    assert wish.why is None
    said = typed(MultiDict({**FULL, "why": "0"}), fields(draft))
    assert read(Wish, fields(draft), said, ZONE).faults == {"why": ("fault_least", {"n": 1})}


def test_a_draft_turns_a_text_into_a_choice_of_what_there_is() -> None:
    draft = Draft(choices={"name": (("gold", "金卡"), ("true", "是"))})
    field = fields(draft)[0]
    assert (field.kind, field.choices[0]) == ("choice", ("gold", "金卡"))
    said = typed(MultiDict({**FULL, "name": "gold"}), fields(draft))
    assert read(Wish, fields(draft), said, ZONE).wish == Wish("gold", 3, date(2026, 12, 1), Colour.RED, "so")
    said = typed(MultiDict({**FULL, "name": "lead"}), fields(draft))
    assert read(Wish, fields(draft), said, ZONE).faults == {"name": ("fault_choice", {})}


Paper = Annotated[str, Meta(max_length=8, description="Its number.")]


class Listed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Several texts."""

    papers: Annotated[
        tuple[Annotated[str, Meta(max_length=8, description="Its number.")], ...], Meta(max_length=2)
    ] = ()


def test_several_texts_are_typed_one_a_line() -> None:
    [field] = fields_of(Listed, Draft())
    assert field.kind == "lines"
    assert initial([field], Draft(values={"papers": ("A-1", "A-2")}), {}) == {"papers": "A-1\nA-2"}
    assert read(Listed, [field], {"papers": " A-1 \r\n\n A-2"}, ZONE).wish == Listed(("A-1", "A-2"))
    assert read(Listed, [field], {"papers": ""}, ZONE).wish == Listed()
    assert set(read(Listed, [field], {"papers": "A\nB\nC"}, ZONE).faults) == {"papers"}
