"""Journal records: names on the wire are pinned, every type round-trips, and nothing personal fits in."""

from typing import Any, get_args

import msgspec
import pytest

from kiosk.core.clock import ClockState
from kiosk.core.codec import RECORD_BYTES_MAX, canonical, parse
from kiosk.core.records import ESSENTIAL, FACTS, Access, Fact, Record, RosterMark, SoldLine
from tests.builders import make_denied, make_granted

ACCESS = "access_point clock copied_from credential entitlement member operator reader reason roster tier why"
SALE = (
    "clock copied_from credential leased lines member offline operator points sale_id tender till total_minor"
    " unleased_minor used"
)
PASSAGE = "area_from area_to assumed clock copied_from of of_journal outcome"
WIRE = {
    "access.granted": ACCESS,
    "access.denied": ACCESS,
    "access.taken": PASSAGE,
    "access.not_taken": PASSAGE,
    "activity.signed_in": "activity clock copied_from credential for_member member operator reader",
    "sale.made": SALE,
    "sale.voided": f"{SALE} void_id",
    "topup.taken": "amount_minor clock copied_from credential method operator till topup_id",
    "journal.opened": "clock copied_from hash previous seq why",
    "reader.lost": "cause clock copied_from reader",
    "reader.back": "away_ms cause clock copied_from reader",
    "gate.forced": "clock copied_from gate",
    "gate.held_open": "clock copied_from gate held_ms",
    "emergency.opened": "clock copied_from operator source",
    "emergency.cleared": "clock copied_from operator source",
    "lockdown.changed": "active clock command copied_from",
    "clock.stepped": "before clock copied_from step_ms",
    "roster.applied": "clock copied_from digest revision",
    "process.started": "clock copied_from process version",
    "records.discarded": "clock copied_from count from to type",
}
"""Every field of every type by its name on the wire. A line here may grow; nothing in it may be renamed."""

SOLD = {"clock", "sale_id", "till", "lines", "total_minor", "tender", "offline"}
NEEDED = {
    "access.granted": {"clock", "access_point", "reader", "reason", "roster"},
    "access.denied": {"clock", "access_point", "reader", "reason", "roster"},
    "access.taken": {"clock", "of", "area_from", "area_to"},
    "access.not_taken": {"clock", "of", "area_from", "area_to"},
    "gate.held_open": {"clock", "gate", "held_ms"},
    "records.discarded": {"clock", "type", "count", "from", "to"},
    "journal.opened": {"clock", "why"},
    "activity.signed_in": {"clock", "activity", "reader", "credential"},
    "sale.made": SOLD,
    "sale.voided": SOLD | {"void_id"},
    "topup.taken": {"clock", "topup_id", "credential", "amount_minor", "method", "till"},
}
EXAMPLES: dict[Any, Any] = {
    str: "x" * 32,
    int: 17,
    bool: True,
    ClockState: ClockState.BEHIND,
    RosterMark: RosterMark(3, 60),
    SoldLine: (SoldLine("towel", 2, 600),),
    dict[str, int]: {"lease-1": 600},
}


def _fields(fact: type[Fact]) -> dict[str, Any]:
    return {field.encode_name: field for field in msgspec.structs.fields(fact)}


def _example(field: Any) -> Any:
    if field.name == "copied_from":
        return {"journal": "a" * 32, "seq": 9}
    kinds = [kind for kind in (get_args(field.type) or (field.type,)) if kind is not type(None)]
    return EXAMPLES[kinds[0]]


def _full(fact: type[Fact]) -> Fact:
    return fact(**{field.name: _example(field) for field in msgspec.structs.fields(fact)})


def test_the_types_are_the_pinned_ones_each_under_its_own_name() -> None:
    assert FACTS.keys() == WIRE.keys()
    assert all(fact.type == name for name, fact in FACTS.items())


@pytest.mark.parametrize("name", WIRE)
def test_the_names_on_the_wire_are_pinned(name: str) -> None:
    assert sorted(_fields(FACTS[name])) == WIRE[name].split()


@pytest.mark.parametrize("name", NEEDED)
def test_what_a_record_must_have_is_pinned(name: str) -> None:
    assert {wire for wire, field in _fields(FACTS[name]).items() if field.required} == NEEDED[name]


@pytest.mark.parametrize("name", WIRE)
def test_every_type_is_canonical_and_comes_back_the_same(name: str) -> None:
    fact = _full(FACTS[name])
    record = Record(seq=1, at="2026-11-22T08:31:07.412Z", type=name, data=fact)
    body = canonical(record)
    content = parse(body)
    assert set(content) == {"seq", "at", "type", "data"}
    assert set(content["data"]) == set(WIRE[name].split())
    assert msgspec.convert(content["data"], FACTS[name]) == fact
    assert len(body) < RECORD_BYTES_MAX


@pytest.mark.parametrize("name", WIRE)
def test_what_is_not_there_is_left_out(name: str) -> None:
    needed = {field.name: _example(field) for field in msgspec.structs.fields(FACTS[name]) if field.required}
    written = parse(canonical(FACTS[name](**needed)))
    assert set(written) == {wire for wire, field in _fields(FACTS[name]).items() if field.required}


@pytest.mark.proves("S41")
def test_a_grant_on_the_wire() -> None:
    assert canonical(Record(seq=17, at="2026-11-22T08:31:07.412Z", type="access.granted", data=make_granted())) == (
        b'{"at":"2026-11-22T08:31:07.412Z","data":{"access_point":"entrance","clock":"ok",'
        b'"credential":"45935ab5ad870a22a304392db3d4c91b","entitlement":"e1","member":"m1","reader":"door",'
        b'"reason":"ok","roster":{"age_s":0,"revision":1},"tier":"silver"},"seq":17,"type":"access.granted"}'
    )


def test_a_reason_that_is_not_known_here_is_still_read() -> None:
    content = parse(canonical(make_denied())) | {"reason": "struck_by_lightning"}
    assert msgspec.convert(content, FACTS["access.denied"]).reason == "struck_by_lightning"


def test_a_field_that_is_not_known_here_does_not_stop_a_reader() -> None:
    content = parse(canonical(make_denied())) | {"mood": "good"}
    assert isinstance(msgspec.convert(content, FACTS["access.denied"]), Access)


@pytest.mark.proves("S90")
def test_no_record_holds_a_name_or_a_card_number() -> None:
    personal = {"name", "greeting", "identifier", "card", "phone", "text", "note"}
    assert not any(personal & set(fields.split()) for fields in WIRE.values())


def test_grants_passages_money_and_the_first_record_keep_the_reserve() -> None:
    assert {"access.granted", "access.taken", "access.not_taken", "journal.opened"} | {
        "sale.made",
        "sale.voided",
        "topup.taken",
    } == ESSENTIAL
