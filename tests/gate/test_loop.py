"""The gate's whole loop: everything that comes through its inbox, what it writes down, and what it outlives."""

import queue
from typing import Any

import pytest

from kiosk.core.errors import InvalidInput, JournalUnavailable, NeighbourDown
from kiosk.core.identifiers import Assurance
from kiosk.core.records import FACTS
from kiosk.core.roster import DeltaOp, digest_hex, encode_row, row_digest
from kiosk.gate.actuator import Cleared, Occupied, Passed
from kiosk.gate.asking import Errand, handler
from kiosk.gate.emergency import EmergencyChange
from kiosk.gate.pending import PENDING_MAX
from kiosk.readers.reader import CardRead, ReaderDown, ReaderUp
from kiosk.store.journal import JournalLimits
from tests.builders import IDENTIFIER, make_credential, make_presence, make_rows
from tests.gate.loop_rig import LoopRig, command, told

OTHER, STRANGER = "04112233445566", "04FFFFFFFFFFFF"


@pytest.fixture
def rig(tmp_path):
    made = LoopRig(tmp_path, make_credential(OTHER))
    yield made
    made.close()


def make_small_rig(folder, records_max=20):
    return LoopRig(folder, limits=JournalLimits(records_max=records_max))


def make_read(identifier: str = IDENTIFIER, reader: str = "in") -> CardRead:
    return CardRead(reader, identifier, Assurance.UID)


def tap_errand(identifier: str = IDENTIFIER, reader: str = "in", **args: Any) -> Errand:
    return Errand("tap", {"identifier": identifier, "reader": reader, **args})


def fill(rig, share: float) -> None:
    """Let the journal grow to this share with people who are let in and turn round."""
    while rig.journal.full_share < share:
        rig.tap()
        rig.wait(60)


def test_a_run_begins_with_the_journal_the_process_and_the_roster(rig):
    rig.run()
    assert rig.types() == ["journal.opened", "process.started", "roster.applied"]
    assert rig.data_of("journal.opened")[0]["why"] == "new"
    assert rig.data_of("process.started") == [{"clock": "ok", "process": "gate", "version": "1.0"}]
    rig.again()
    rig.run()
    assert rig.types()[3:] == ["process.started", "roster.applied"]


def test_another_roster_is_written_down_when_it_is_taken_up(rig):
    card = make_credential(OTHER, state="lost")
    rows = [row for row in make_rows(make_credential(OTHER)) if row.id != card.id] + [card]
    digest = digest_hex(sum(row_digest(encode_row(row)) for row in rows))

    def change() -> None:
        writer = rig.roster_writer()
        writer.apply_delta(1, 2, [DeltaOp(put=card)], digest)
        writer.close()

    rig.run(rig.later(1), change, rig.later(1), rig.later(1))
    assert [each["revision"] for each in rig.data_of("roster.applied")] == [1, 2]
    assert rig.data_of("roster.applied")[1]["digest"] == digest


def test_a_tap_and_what_becomes_of_it_are_written_down(rig):
    rig.run(
        make_read(), rig.later(1), lambda: rig.turnstile.force(), Passed("main", rig.clock.monotonic_ns() + 10**9),
        make_read(STRANGER), make_read(OTHER, "out"), rig.later(60),
    )  # fmt: skip
    assert rig.types()[3:] == [
        "access.granted", "access.taken", "access.denied", "access.granted", "access.not_taken",
    ]  # fmt: skip
    assert rig.data_of("access.not_taken")[0]["outcome"] == "timeout"


def test_a_stop_ends_what_is_open(rig):
    rig.run(make_read())
    assert rig.data_of("access.not_taken")[0]["outcome"] == "unknown"


def test_a_reader_that_goes_blind_and_sees_again_is_written_down(rig):
    rig.run(ReaderDown("in", "absent"), ReaderUp("in", 1500))
    assert rig.data_of("reader.lost") == [{"clock": "ok", "reader": "in", "cause": "absent"}]
    assert rig.data_of("reader.back") == [{"clock": "ok", "reader": "in", "away_ms": 1500}]


def test_who_goes_through_without_a_grant_is_written_down(rig):
    rig.run(Passed("side", rig.clock.monotonic_ns()))
    assert rig.data_of("gate.forced") == [{"clock": "ok", "gate": "side"}]


def test_a_passage_that_stays_occupied_is_written_down_once(rig):
    rig.run(Occupied("main", rig.clock.monotonic_ns()), rig.later(11), rig.later(60), Cleared("main", 0), rig.later(60))
    assert rig.data_of("gate.held_open") == [{"clock": "ok", "gate": "main", "held_ms": 11_000}]


def test_a_clock_that_jumps_is_written_down(rig):
    def jump() -> None:
        rig.clock.wall = rig.clock.wall.replace(hour=9)

    rig.run(jump, make_read(STRANGER))
    (stepped,) = rig.data_of("clock.stepped")
    assert stepped["step_ms"] == 3_600_000
    assert rig.types()[-1] == "clock.stepped"


def test_an_emergency_is_written_down_when_it_begins_and_when_it_ends(rig):
    now_ns = rig.clock.monotonic_ns()
    rig.run(EmergencyChange(True, "input", now_ns), make_read(STRANGER), EmergencyChange(False, "command", now_ns))
    assert rig.data_of("emergency.opened") == [{"clock": "ok", "source": "input"}]
    assert rig.data_of("emergency.cleared") == [{"clock": "ok", "source": "command"}]
    assert rig.data_of("access.granted")[0]["reason"] == "emergency"


def test_an_emergency_by_command_is_triggered_and_told_later(rig):
    errand = command("emergency")
    rig.run(errand)
    assert told(errand) == {"active": True}
    assert rig.emergency.active
    assert rig.data_of("emergency.opened") == []


def test_in_lockdown_nobody_gets_in_and_everybody_out_until_it_is_lifted(rig):
    rig.run(command("lockdown", name="c-1"), make_read(), make_read(STRANGER, "out"),
            command("lockdown", name="c-2", active=False), make_read(OTHER))  # fmt: skip
    assert rig.data_of("lockdown.changed") == [
        {"clock": "ok", "active": True, "command": "c-1"}, {"clock": "ok", "active": False, "command": "c-2"},
    ]  # fmt: skip
    assert [each["reason"] for each in rig.data_of("access.denied")] == ["lockdown"]
    assert [each["reason"] for each in rig.data_of("access.granted")] == ["ok_exit", "ok"]


def test_refusals_of_a_full_journal_are_counted_and_reported_when_it_has_room(tmp_path):
    rig = make_small_rig(tmp_path)
    fill(rig, 1)
    rig.run(*[make_read() for _ in range(5)])
    assert rig.controller.counts.denials_unrecorded == 0
    rig.ack(20)
    rig.run(rig.later(1), make_read())
    assert [each["count"] for each in rig.data_of("records.discarded") if each["type"] == "access.denied"] == [5]
    assert rig.data_of("access.granted")[-1]["reason"] == "ok"
    rig.close()


def test_a_gate_writes_every_type_of_record_but_a_desks(tmp_path):
    rig = make_small_rig(tmp_path, 60)
    now_ns = rig.clock.monotonic_ns()

    def jump() -> None:
        rig.clock.wall = rig.clock.wall.replace(hour=9)

    rig.run(
        make_read(), Passed("main", now_ns), make_read(OTHER), Passed("main", now_ns), ReaderDown("in", "absent"),
        ReaderUp("in", 1), Occupied("main", now_ns), rig.later(20), EmergencyChange(True, "input", now_ns),
        EmergencyChange(False, "input", now_ns), command("lockdown"), command("lockdown", active=False), jump,
        make_read(),
    )  # fmt: skip
    fill(rig, 0.9)
    rig.run(make_read(STRANGER), lambda: rig.ack(40), rig.later(1), make_read(STRANGER))
    assert set(rig.types()) == set(FACTS) - {"activity.signed_in", "sale.made", "sale.voided", "topup.taken"}
    rig.close()


@pytest.mark.parametrize("share", [0.9, 1])
def test_lockdown_and_emergency_outlive_a_restart_that_a_full_journal_meets(tmp_path, share):
    rig = make_small_rig(tmp_path)
    fill(rig, share)
    rig.run(command("lockdown"), EmergencyChange(True, "command", 0))
    rig.again()
    assert (rig.controller.posture.lockdown, rig.controller.posture.emergency) == (True, True)
    assert rig.emergency.active
    rig.run(EmergencyChange(False, "command", 0), command("lockdown", active=False))
    rig.again()
    assert (rig.controller.posture.lockdown, rig.controller.posture.emergency) == (False, False)
    assert not rig.emergency.active
    rig.close()


def test_a_lockdown_that_waits_to_be_written_is_not_lifted_before_it(rig):
    append = rig.journal.append

    def refuse(*_fact: Any) -> None:
        raise JournalUnavailable("the disk is full")

    rig.journal.append = refuse
    lift = command("lockdown", active=False)
    rig.run(command("lockdown"), lift)
    assert isinstance(told(lift), JournalUnavailable)
    assert rig.controller.posture.lockdown
    rig.journal.append = append
    rig.run(command("lockdown", active=False))
    assert not rig.controller.posture.lockdown
    assert [each["active"] for each in rig.data_of("lockdown.changed")] == [True, False]


def test_what_waits_longer_than_it_can_is_counted(rig):
    def refuse(*_fact: Any) -> None:
        raise JournalUnavailable("the disk is full")

    rig.run()
    rig.journal.append = refuse
    rig.run(*[ReaderUp("in", number) for number in range(PENDING_MAX)])
    assert rig.upkeep.notes.dropped == 1
    assert len(rig.upkeep.notes) == PENDING_MAX


def test_a_tap_by_a_neighbour_is_answered_by_its_own_read(rig):
    errand = tap_errand()
    rig.run(errand, make_read())
    answer = told(errand)
    assert (answer["granted"], answer["reason"]) == (True, "ok")
    assert answer["record"] == rig.records()[3]


def test_a_read_that_never_comes_shifts_no_answer_and_no_operators_release(rig):
    lost, later = tap_errand(IDENTIFIER, operator="desk-1"), tap_errand(OTHER)
    rig.run(lost, later, make_read(OTHER))
    assert told(lost) is None
    assert told(later)["record"]["data"]["credential"] == make_credential(OTHER).id
    assert [each.get("operator") for each in rig.data_of("access.granted")] == [None]


def test_a_stranger_at_a_mock_reader_gets_nobodys_answer(rig):
    asked = tap_errand(operator="desk-1")
    rig.run(asked, make_read(STRANGER), make_read())
    assert told(asked)["granted"]
    assert "operator" not in rig.data_of("access.denied")[0]


def test_the_release_of_an_asker_who_gave_up_goes_to_nobody(rig):
    gone = tap_errand(operator="desk-1")

    def give_up() -> None:
        gone.given_up = True

    rig.run(gone, give_up, make_read())
    assert told(gone) is None
    assert "operator" not in rig.data_of("access.granted")[0]


def test_what_its_asker_was_told_had_failed_is_not_done(rig):
    errand = command("release", access_point="entrance", operator="desk-1")
    with pytest.raises(NeighbourDown):
        errand.wait(timeout_s=0.01)
    rig.run(errand)
    assert rig.releases == 0
    assert rig.data_of("access.granted") == []


def test_a_handler_has_the_loop_do_what_it_was_asked_and_gives_up_on_a_full_inbox():
    inbox: queue.Queue[Any] = queue.Queue(1)
    inbox.put("unread")
    with pytest.raises(NeighbourDown, match="overrun"):
        handler("status", inbox)({})


def test_a_card_can_be_tapped_at_a_mock_reader_that_reads_only(rig):
    nowhere, blind, here = tap_errand(reader="attic"), tap_errand(reader="in"), tap_errand(reader="out")
    rig.readers["in"].up = False
    rig.run(nowhere, blind, here, make_read(reader="out"))
    assert isinstance(told(nowhere), InvalidInput)
    assert isinstance(told(blind), NeighbourDown)
    assert told(here)["reason"] == "ok_exit"


def test_an_operator_releases_without_a_card_and_an_unknown_place_or_command_is_refused(rig):
    release = command("release", access_point="entrance", operator="desk-1")
    wrong = [command("release", access_point="attic"), command("dance"), Errand("part", {"journal": 1})]
    rig.run(release, *wrong)
    assert told(release) == {"seq": 4}
    assert rig.releases == 1
    assert [type(told(each)) for each in wrong] == [InvalidInput] * 3


def test_after_a_parting_the_gate_goes_on_in_the_new_journal(rig):
    before = rig.journal.id
    part = Errand("part", {"journal": before, "common": 1, "seq": 3, "hash": "00" * 32, "why": "fork"})
    status = Errand("status", {})
    rig.run(make_read(), part, ReaderDown("in", "absent"), status)
    fresh = rig.controller.journal
    assert told(part) == {"journal": fresh.id}
    assert fresh.id != before
    assert rig.types()[0] == "journal.opened"
    assert rig.types()[-1] == "reader.lost"
    assert "access.not_taken" in rig.types()
    rig.run(Errand("part", {"journal": before, "common": 1, "seq": 3, "hash": "00" * 32, "why": "fork"}))
    assert rig.controller.journal.id == fresh.id


def test_unreadable_files_of_sync_stop_nobody_from_leaving_and_take_no_word_of_an_ack_back(tmp_path):
    rig = make_small_rig(tmp_path)
    fill(rig, 0.8)
    rig.ack(rig.journal.head)
    rig.run()
    assert rig.journal.unsent <= 3

    def spoil() -> None:
        rig.cursors.close()
        rig.controller.roster.close()
        for name in ("sync.db", "roster/overlay.db"):
            for file in rig.data.glob(f"{name}*"):
                file.unlink()
            (rig.data / name).write_bytes(b"not a database at all" * 500)

    rig.run(spoil, rig.later(1), make_read(), make_read(reader="out"), rig.later(1))
    assert [each["reason"] for each in rig.data_of("access.denied")] == ["journal_unavailable"]
    assert rig.data_of("access.granted")[-1]["reason"] == "ok_exit"
    assert rig.journal.unsent < 10
    rig.close()


def test_a_gate_starts_and_lets_out_while_syncs_files_cannot_be_read(rig):
    for name in ("sync.db", "roster/overlay.db"):
        for file in rig.data.glob(f"{name}*"):
            file.unlink()
        (rig.data / name).mkdir()
    rig.run(make_read(), make_read(reader="out"), rig.later(1))
    assert rig.data_of("access.granted")[-1]["reason"] == "ok_exit"


def test_a_full_journal_is_folded_when_only_its_derived_rows_changed(tmp_path):
    rig = make_small_rig(tmp_path)
    fill(rig, 1)
    rig.run(rig.later(6), rig.later(6))
    assert not rig.journal.dirty
    head = rig.journal.head
    rig.run(command("lockdown"), lambda: None)
    assert rig.journal.head == head
    assert rig.journal.dirty
    rig.run(rig.later(6), rig.later(6))
    assert not rig.journal.dirty
    rig.close()


def test_confirmed_records_make_room_when_the_file_nears_its_limit(tmp_path):
    rig = LoopRig(tmp_path, limits=JournalLimits(bytes_max=300_000))
    while not rig.journal.is_crowded:
        for _ in range(64):
            rig.tap(STRANGER)
    rig.ack(rig.journal.head)
    rig.run(*[rig.later(1) for _ in range(4)])
    assert not rig.journal.is_crowded
    assert rig.tap().decision.granted
    rig.close()


def test_presences_that_decide_nothing_any_more_are_forgotten(rig):
    old = make_presence(seconds_ago=rig.entrance.presence_s + 60).at_ms
    rows = [("x", old), ("y", make_presence(seconds_ago=60).at_ms)]
    rig.journal.update([("INSERT INTO presence VALUES (?, 'club', ?, 'j', 1)", row) for row in rows])
    rig.run(lambda: None)
    assert rig.journal.query("SELECT credential FROM presence") == [("y",)]
