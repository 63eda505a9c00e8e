"""From a stored record to a line of the live page."""

from typing import Any

import pytest

from kiosk.core.records import FACTS, DenyReason, GrantReason
from kiosk.core.texts import Language, staff_text
from kiosk.office.rows import EntryRow, make_row, members_in
from kiosk.office.words import RECORD_TYPES
from tests.office.builders import JOURNAL, MEMBER, STORED_AT, make_decision, make_passage

NAMES = {MEMBER: ("M0001", "张伟")}


def row(record: dict[str, Any], seq: int = 17) -> EntryRow:
    stored = {"n": 5, "device": "north-1", "journal": JOURNAL, "stored_at": STORED_AT, "record": {"seq": seq, **record}}
    return make_row(stored, NAMES)


def test_a_grant_names_member_place_and_reason() -> None:
    line = row(make_decision())
    assert (line.n, line.key, line.kind, line.outcome) == (5, f"{JOURNAL}:17", "decision", "granted")
    assert (line.member_no, line.name, line.place, line.device) == ("M0001", "张伟", "entrance", "north-1")
    assert line.at == "2026-11-22T08:31:07.412Z"


@pytest.mark.parametrize("reason", [*DenyReason, *GrantReason])
def test_every_reason_has_its_text_and_colour(reason: DenyReason | GrantReason) -> None:
    granted = isinstance(reason, GrantReason)
    line = row(make_decision(granted=granted, reason=reason.value))
    assert line.text == {language.value: staff_text(reason, {}, language) for language in Language}
    assert (line.outcome == "denied") == (not granted)


@pytest.mark.proves("S28", "R39")
def test_a_line_shows_the_photo_of_a_member_who_has_one() -> None:
    record = {"n": 5, "device": "north-1", "journal": JOURNAL, "stored_at": STORED_AT}
    stored = record | {"record": {"seq": 17, **make_decision(granted=False, reason="antipassback_violation")}}
    assert make_row(stored, NAMES, {MEMBER}).photo == f"/people/{MEMBER}/photo"
    assert make_row(stored, NAMES, {"0" * 16}).photo == ""


def test_what_needs_a_look_is_amber() -> None:
    assert row(make_decision(reason="ok_soft_antipassback")).outcome == "attention"


def test_reasons_of_a_later_version_are_shown_with_their_code() -> None:
    refused, granted = row(make_decision(granted=False, reason="new")), row(make_decision(reason="ok_new"))
    assert (refused.outcome, refused.reason) == ("denied", "new")
    assert refused.text["en"] == staff_text(DenyReason.OTHER, {}, Language.EN)
    assert (granted.outcome, granted.reason) == ("granted", "ok_new")
    assert granted.text["en"] == staff_text(GrantReason.OK, {}, Language.EN)


def test_a_card_that_nobody_knows_has_no_name() -> None:
    record = make_decision(granted=False, reason="credential_not_found")
    del record["data"]["member"]
    assert (row(record).member_no, row(record).name) == ("", "")
    assert row(make_decision(member="0" * 16)).name == ""


def test_a_passage_belongs_to_its_grant() -> None:
    assert (row(make_passage(of=16)).of, row(make_passage(of=16)).taken) == (f"{JOURNAL}:16", True)
    assert row(make_passage(of=16, taken=False)).taken is False
    assert row(make_passage(of=16, of_journal="b2" * 16)).of == f"{'b2' * 16}:16"


def test_other_records_are_notices_with_their_place() -> None:
    line = row({"at": "", "type": "reader.lost", "data": {"reader": "front"}})
    assert (line.kind, line.text["en"], line.place, line.outcome) == ("notice", "Reader lost", "front", "")
    assert row({"at": "", "type": "process.started", "data": {"process": "gate"}}).place == "gate"


@pytest.mark.parametrize("record", [{"type": "kitchen.fire"}, {"type": "kitchen.fire", "data": [1]}, {"data": None}])
def test_what_is_not_understood_is_shown_all_the_same(record: dict[str, Any]) -> None:
    line = row(record)
    assert (line.kind, line.text["zh"]) == ("notice", record.get("type", ""))


def test_every_type_of_record_has_its_text() -> None:
    assert FACTS.keys() - {"access.granted", "access.denied"} <= RECORD_TYPES.keys()


def test_members_are_collected_once() -> None:
    stored = [{"record": make_decision()}, {"record": make_decision()}, {"record": {"data": {"member": 7}}}]
    assert members_in(stored) == {MEMBER}
