"""Entries of the rule book with a structure, filled in as rows by people who write no JSON."""

from collections.abc import Iterator
from datetime import date
from typing import Any, get_type_hints
from zoneinfo import ZoneInfo

import msgspec
import pytest
from flask import Flask
from flask.testing import FlaskClient
from msgspec import structs
from werkzeug.datastructures import MultiDict

from kiosk.central.club.books import Books
from kiosk.central.database import Database
from kiosk.club.roles import Role
from kiosk.club.rulebook import Entry, Rules, entries
from kiosk.club.tiers import Basis, Condition, Rung
from kiosk.office import words
from kiosk.office.actions import Draft
from kiosk.office.club_rulebook import AmendRule
from kiosk.office.field_rows import leaves
from kiosk.office.fields import Field
from kiosk.office.forms import Typed, fields_of, initial, read, typed
from tests.builders import FakeClock
from tests.office.accounts import make_staff, signed_in
from tests.office.typed_form import send

ZONE = ZoneInfo("Asia/Shanghai")
OTHERS = {"effective_on": "2026-12-01", "decided_by": "council", "why": "so"}
LADDER = "/do/propose_rule/tiers.ladder"


def fields_for(entry: Entry) -> tuple[tuple[Field, ...], Draft]:
    """Return the form for an entry as it begins."""
    family, _, name = entry.name.partition(".")
    types = {each.name: each.type for each in structs.fields(get_type_hints(Rules)[family])}
    draft = Draft(values={"value": entry.default}, types={"value": types[name]}, entries={"value": name})
    return fields_of(AmendRule, draft), draft


def sent(field: Field, said: Any, path: str) -> Iterator[tuple[str, str]]:
    """Yield what a browser sends of a field that nobody has touched."""
    if field.kind == "group":
        yield from ((f"{path}.given", "yes") for _ in range(1) if said["given"])
        for each in field.parts:
            yield from sent(each, said[each.name], f"{path}.{each.name}")
    elif field.kind == "rows":
        yield f"{path}.rows", str(len(said))
        for n, row in enumerate(said):
            yield from sent(field.parts[0], row["it"], f"{path}.{n}")
    elif field.kind == "many":
        yield from ((path, each) for each in said)
    elif field.kind != "bool" or said == "yes":
        yield path, said


def filled(rule: str, **typed_in: str | None) -> Typed:
    """Return what comes of the form for an entry with some of it typed anew; `__` stands for the point in a name."""
    fields, draft = fields_for(next(each for each in entries() if each.name == rule))
    form = MultiDict([*sent(fields[0], initial(fields, draft, {})["value"], "value"), *OTHERS.items()])
    for name, text in typed_in.items():
        form.poplist(name.replace("__", "."))
        if text is not None:
            form[name.replace("__", ".")] = text
    return read(AmendRule, fields, typed(form, fields), ZONE)


def value_of(rule: str, **typed_in: str | None) -> Any:
    found = filled(rule, **typed_in)
    assert isinstance(found.wish, AmendRule), found.faults
    return as_json(found.wish.value)


def as_json(value: Any) -> Any:
    """Return a value as the books keep it."""
    return msgspec.json.decode(msgspec.json.encode(value))


@pytest.mark.proves("S95")
def test_the_form_of_every_entry_gives_back_what_the_entry_is_and_none_asks_for_json() -> None:
    for each in entries():
        assert fields_for(each)[0][0].kind != "json", each.name
        assert value_of(each.name) == as_json(each.default), each.name


@pytest.mark.proves("S95")
def test_every_part_of_an_entry_and_what_may_be_chosen_in_it_has_words() -> None:
    fields = [(each.name, fields_for(each)[0][0]) for each in entries()]
    parts = [(name, part) for name, field in fields for part in (field, *leaves(field))]
    lacking = [f"{name}: {part.label}" for name, part in parts if part.label and part.label not in words.MEMBERS]
    lacking += [
        f"{name}: {part.enum}.{value}"
        for name, part in parts
        for value, text in part.choices
        if not text and f"{part.enum}.{value}" not in words.CHOICES
    ]
    assert lacking == []
    assert set(words.MEMBERS) == {part.label for _, part in parts if part.label}


def test_rows_are_added_removed_and_moved() -> None:
    days = [{"month": 1, "day": 1}, {"month": 12, "day": 1}]
    fresh = {"month": 6, "day": 15}
    add = {"value__2__month": "6", "value__2__day": "15"}
    assert value_of("completeness.confirm_on", **add) == [*days, fresh]
    assert value_of("completeness.confirm_on", **add, value__2__place="2") == [days[0], fresh, days[1]]
    assert value_of("completeness.confirm_on", value__0__place="2") == [days[1], days[0]]
    assert value_of("completeness.confirm_on", value__0__gone="yes") == [days[1]]
    assert value_of("completeness.confirm_on", value='[{"month": 3, "day": 2}]') == [{"month": 3, "day": 2}]


def test_each_kind_of_part_is_read() -> None:
    day = {"code": "festival", "weekdays": "6，7", "dates": "2026-12-24、2026-12-25", "gifts": "tea, mug"}
    [made] = value_of("calendar.member_days", **{f"value__0__{name}": text for name, text in day.items()})
    assert (made["weekdays"], made["dates"]) == ([6, 7], ["2026-12-24", "2026-12-25"])
    assert (made["gifts"], made["points_percent"], made["opens"]) == (["tea", "mug"], 200, "00:00")
    [fee] = value_of("fees.plans", value__0__code="a", value__0__cycle="year", value__0__amount_minor="1200.5")
    assert fee["amount_minor"] == 120_050
    assert value_of("closing.denominations_minor", value="100，50, 0.5") == [10_000, 5_000, 50]
    assert value_of("earning.consumption_min_minor", value="2.5") == 250
    more = {"value__0__more__0__tier": "gold"}
    assert value_of("benefits.rights", **more)[0]["more"] == [{"tier": "gold", "allowance": None}]
    more |= {"value__0__more__0__allowance__given": "yes", "value__0__more__0__allowance__times": "3"}
    assert value_of("benefits.rights", **more)[0]["more"][0]["allowance"] == {"times": 3, "per": None}


def test_a_fault_has_the_path_to_its_place() -> None:
    found = {
        ("tiers.ladder", "value.2.conditions.0.at_least", "-1"): "fault_least",
        ("tiers.ladder", "value.2.conditions.0.basis", "luck"): "fault_choice",
        ("tiers.ladder", "value.2.tier", ""): "fault_required",
        ("tiers.ladder", "value.4.gift", "mug"): "fault_required",
        ("completeness.confirm_on", "value.1.month", "13"): "fault_most",
        ("calendar.member_days", "value.0.dates", "2026-12-01, soon"): "fault_date",
        ("calendar.member_days", "value.0.weekdays", "8"): "fault_most",
        ("notices.fee_soon", "value", "7; x"): "fault_numbers",
        ("fees.plans", "value.0.amount_minor", "1.234"): "fault_money",
        ("prices.schemes", "value.0.stored_percent", "99"): "fault_row",
        ("tiers.ladder", "value", "{"): "fault_json",
        ("closing.denominations_minor", "value", "x"): "fault_money",
    }
    for (rule, path, text), fault in found.items():
        faults = filled(rule, **{path.replace(".", "__"): text}).faults
        known = {each: key for each, (key, _) in faults.items()}
        place = path.rpartition(".")[0] if fault == "fault_row" else path.replace("4.gift", "4.tier")
        assert known[place] == fault, (path, known)


@pytest.fixture
def clerk(app: Flask, database: Database) -> FlaskClient:
    """The browser of a clerk who may propose."""
    return signed_in(app, database, make_staff(database, Role.OPERATIONS, login="clerk"))


@pytest.mark.proves("S95", "R159")
def test_a_clerk_proposes_another_ladder_without_json_and_a_second_person_passes_it(
    app: Flask, database: Database, clerk: FlaskClient
) -> None:
    page = clerk.get(LADDER).text
    longer = send(clerk, LADDER, page, one_more="value").text
    assert longer.count('name="value.5.tier"') - page.count('name="value.5.tier"') == 1
    nested = send(clerk, LADDER, longer, one_more="value.4.conditions").text
    assert 'name="value.4.conditions.1.basis"' in nested

    jade = {"value__4__tier": "jade", "value__4__conditions__0__basis": "spend_minor", "why": "试行"}
    wrong = send(clerk, LADDER, nested, **jade, value__4__conditions__0__at_least="many")
    assert wrong.status_code == 422
    assert "第 5 行 · 条件（没有为入会即得） · 第 1 行 · 至少" in wrong.text
    assert wrong.text.count('aria-invalid="true"') == 1
    assert 'value="jade"' in wrong.text

    right = {"value__4__conditions__0__at_least": "50000", "value__2__conditions__0__at_least": "3000"}
    right |= {"value__4__place": "3"}
    done = send(clerk, LADDER, wrong.text, **right, effective_on="2026-12-01")
    assert done.status_code == 302, done.text
    path = done.location.partition("?")[0].replace("/rule-proposals/", "/do/pass_rule/")

    council = signed_in(app, database, make_staff(database, Role.GENERAL_MANAGER, login="second"))
    passed = send(council, path, council.get(path).text, decided_by="理事会", why="同意")
    assert passed.status_code == 302, passed.text
    with Books(database, FakeClock()).look() as look:
        before, after = (look.book.on(day).tiers.ladder for day in (date(2026, 11, 30), date(2026, 12, 1)))
    assert [each.tier for each in before] == ["ordinary", "silver", "gold", "platinum"]
    assert before[2].conditions[0].at_least == 2000
    assert [each.tier for each in after] == ["ordinary", "silver", "jade", "gold", "platinum"]
    assert after[2] == Rung("jade", (Condition(Basis.SPEND_MINOR, 50_000),))
    assert after[3].conditions[0].at_least == 3000
    assert after[4] == before[3]
