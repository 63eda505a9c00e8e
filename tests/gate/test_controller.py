"""One tap: gathered, decided, written down, and only then acted on."""

import os
import shutil
import subprocess

import pytest

from kiosk.core.case import Posture
from kiosk.core.clock import epoch_ms
from kiosk.core.errors import RetryLater
from kiosk.core.identifiers import Assurance
from kiosk.core.model import VisitRule
from kiosk.core.records import DenyReason
from kiosk.core.roster import DeltaOp, digest_hex, encode_row, row_digest
from kiosk.core.visits import Usage
from kiosk.gate.controller import Counts
from kiosk.gate.passage import Outcome
from kiosk.readers.reader import CardRead
from kiosk.store.book import UsedNumbers
from kiosk.store.journal import JournalLimits
from tests.builders import IDENTIFIER, make_area, make_credential, make_entitlement, make_product, make_rows
from tests.gate.rig import Rig


@pytest.fixture
def rig(tmp_path):
    made = Rig(tmp_path)
    yield made
    made.close()


def make_pack_rig(folder, visits):
    """A rig whose member holds a pack of so many visits."""
    product = make_product(id="pack", visits=VisitRule(ever=visits))
    card = make_credential(entitlements=(make_entitlement(id="e1", product="pack"),))
    return Rig(folder, product, card)


def test_a_good_card_is_granted_written_down_once_and_released_once(rig):
    tap = rig.tap()
    assert tap.decision.event.reason == "ok"
    assert rig.releases == 1
    assert rig.types() == ["access.granted"]
    rig.walk()
    assert rig.types() == ["access.granted", "access.taken"]
    assert rig.records()[1]["data"]["of"] == tap.record.seq


@pytest.mark.proves("S41")
def test_the_grant_is_on_the_disk_before_the_barrier_moves(rig):
    seen = []
    release = rig.turnstile.release
    rig.turnstile.release = lambda hold_s: (seen.append(rig.types()), release(hold_s))
    rig.tap()
    assert seen == [["access.granted"]]


def test_a_refused_card_is_written_down_and_nothing_moves(rig):
    assert rig.tap("04FFFFFFFFFFFF").decision.event.reason == "credential_not_found"
    assert rig.types() == ["access.denied"]
    assert rig.releases == 0


@pytest.mark.proves("S90")
def test_a_record_holds_no_card_number_and_no_name(rig):
    rig.tap()
    text = str(rig.records())
    assert "04A1B2C3D4E5F6" not in text
    assert rig.tap().greeting
    assert rig.tap().greeting not in str(rig.records())


@pytest.mark.proves("S35")
def test_visits_count_passages_not_grants(tmp_path):
    rig = make_pack_rig(tmp_path, visits=1)
    assert rig.tap().decision.granted
    rig.wait(60)
    assert rig.types() == ["access.granted", "access.not_taken"]
    assert rig.tap().decision.granted
    rig.walk()
    assert rig.tap().decision.event.reason == "no_visits_left"
    rig.close()


def test_a_grant_at_one_point_reserves_its_visit_at_another(tmp_path):
    rig = make_pack_rig(tmp_path, visits=1)
    rig.tap()
    standing = rig.controller.gather(CardRead("side", IDENTIFIER, Assurance.UID)).standing
    assert standing.usage["e1"].total == 1
    rig.close()


def test_gathering_a_case_records_nothing_and_ends_no_grant(rig):
    rig.tap()
    rig.controller.gather(CardRead("in", IDENTIFIER, Assurance.UID))
    assert rig.types() == ["access.granted"]


def test_a_grant_at_one_gate_takes_its_place_in_an_area_that_another_gate_leads_to(tmp_path):
    rig = Rig(tmp_path, make_area(capacity=1), make_credential("04112233445566"))
    assert rig.tap().decision.granted
    assert rig.tap("04112233445566", "side").decision.event.reason == "area_full"
    rig.walk()
    assert rig.tap("04112233445566", "side").decision.event.reason == "area_full"
    assert rig.tap(reader="out").decision.granted
    rig.walk()
    assert rig.tap("04112233445566", "side").decision.granted
    rig.close()


def test_centrals_word_on_where_a_card_is_counts_before_the_own_passage_it_contains(rig):
    rig.tap()
    rig.walk()
    assert rig.tap().decision.event.reason == "ok_soft_antipassback"
    rig.wait(60)
    left = UsedNumbers(Usage(total=1), "outside", epoch_ms(rig.clock.now()), {rig.journal.id: 2})
    writer = rig.roster_writer()
    writer.put_used(1, {(make_credential().id, "e1"): left})
    assert rig.tap().decision.event.reason == "ok"
    rig.walk()
    assert rig.tap().decision.event.reason == "ok_soft_antipassback"
    writer.close()


def test_visits_that_centrals_numbers_contain_are_forgotten_with_the_next_grant(rig):
    rig.tap()
    rig.walk()
    assert len(rig.journal.query("SELECT * FROM visit")) == 1
    writer = rig.roster_writer()
    writer.put_used(1, {(make_credential().id, "e1"): UsedNumbers(Usage(total=1), None, 0, {rig.journal.id: 2})})
    rig.tap()
    assert rig.journal.query("SELECT * FROM visit") == []
    writer.close()


def test_an_entry_in_an_emergency_that_left_no_record_is_not_counted_as_an_exit(tmp_path):
    rig = Rig(tmp_path, limits=JournalLimits(records_max=1))
    rig.tap()
    rig.controller.posture = Posture(emergency=True)
    assert rig.tap().decision.event.reason == "emergency"
    assert rig.controller.counts == Counts(entries_unrecorded=1)
    rig.close()


def test_a_release_that_could_not_be_recorded_opens_and_counts_a_way_out_only(tmp_path):
    rig = Rig(tmp_path, limits=JournalLimits(records_max=1))
    rig.tap()
    releases = rig.releases
    assert rig.controller.release(rig.entrance, "desk-1").record is None
    assert (rig.releases, rig.controller.counts) == (releases, Counts())
    assert rig.controller.release(rig.exit, "desk-1").record is None
    assert (rig.releases, rig.controller.counts) == (releases + 1, Counts(exits_unrecorded=1))
    rig.close()


def test_who_taps_again_before_going_through_starts_over(tmp_path):
    rig = make_pack_rig(tmp_path, visits=1)
    rig.tap()
    assert rig.tap().decision.granted
    rig.walk()
    assert rig.types() == ["access.granted", "access.not_taken", "access.granted", "access.taken"]
    assert rig.records()[1]["data"]["outcome"] == "superseded"
    rig.close()


def test_presence_and_visits_survive_a_restart(tmp_path):
    rig = make_pack_rig(tmp_path, visits=2)
    rig.tap()
    rig.walk()
    rig.close()
    rig.open()
    again = rig.tap()
    assert again.decision.event.reason == "ok_soft_antipassback"
    rig.walk()
    rig.close()
    rig.open()
    assert rig.tap().decision.event.reason == "no_visits_left"
    rig.close()


def test_grants_left_open_at_a_restart_end_as_unknown_and_cost_nothing(tmp_path):
    rig = make_pack_rig(tmp_path, visits=1)
    rig.tap()
    rig.journal.close()
    rig.open()
    rig.passing.end_all(Outcome.UNKNOWN)
    assert rig.records()[-1]["data"]["outcome"] == "unknown"
    assert rig.tap().decision.granted
    rig.close()


def test_without_a_sensor_a_release_counts_as_taken_and_says_that_it_is_assumed(tmp_path):
    rig = Rig(tmp_path, sensor=False)
    rig.tap()
    assert rig.types() == ["access.granted", "access.taken"]
    assert rig.records()[1]["data"]["assumed"] is True
    rig.close()


def test_a_barrier_that_does_not_obey_uses_no_visit(tmp_path):
    rig = make_pack_rig(tmp_path, visits=1)

    def stuck(_hold_s):
        raise RetryLater("the relay does not answer")

    rig.turnstile.release = stuck
    rig.tap()
    rig.wait(60)
    assert [record["data"].get("outcome") for record in rig.records()] == [None, "fault"]
    rig.close()


def test_somebody_who_goes_through_without_a_grant_is_written_down(rig):
    rig.walk()
    assert rig.types() == ["gate.forced"]


def test_a_card_that_cannot_be_read_is_refused_with_its_reason_at_a_way_in_and_out(rig):
    assert rig.fault(DenyReason.READ_FAILED).decision.event.reason == "read_failed"
    assert rig.fault(DenyReason.READ_FAILED, "out").decision.event.reason == "read_failed"
    assert rig.releases == 0


def test_a_random_uid_gets_out_but_not_in(rig):
    fault = DenyReason.IDENTIFIER_NOT_TRUSTED
    assert rig.fault(fault, identifier="08A1B2C3").decision.event.reason == "identifier_not_trusted"
    assert rig.fault(fault, "out", "08A1B2C3").decision.event.reason == "ok_exit"
    assert rig.releases == 1


def test_an_operators_word_lets_a_revoked_card_in_and_is_written_down(tmp_path):
    rig = Rig(tmp_path, make_credential(state="revoked"))
    assert rig.tap().decision.event.reason == "credential_revoked"
    rig.tap(operator="desk-1")
    assert rig.records()[-1]["data"] | {"credential": "", "member": ""} == rig.records()[-1]["data"] | {
        "credential": "", "member": "", "reason": "ok_forced", "operator": "desk-1",
    }  # fmt: skip
    rig.close()


def test_an_operator_can_release_without_a_card_and_that_is_written_down_first(rig):
    tap = rig.controller.release(rig.entrance, "desk-1")
    assert tap.record is not None
    assert rig.releases == 1
    assert rig.records()[0]["data"]["reason"] == "ok_forced"
    assert "credential" not in rig.records()[0]["data"]


def test_a_full_journal_refuses_entry_and_opens_the_way_out(tmp_path):
    rig = Rig(tmp_path, limits=JournalLimits(records_max=20))
    while rig.journal.unsent < 20:
        rig.tap()
        rig.wait(60)
    assert rig.tap().decision.event.reason == "journal_unavailable"
    releases = rig.releases
    out = rig.tap(reader="out")
    assert (out.decision.event.reason, out.record) == ("ok_exit", None)
    assert rig.releases == releases + 1
    assert rig.controller.counts == Counts(exits_unrecorded=1)
    assert rig.journal.discarded_count == 1
    rig.walk()
    assert "gate.forced" not in rig.types()
    rig.journal.set_acked(20)
    assert rig.tap().decision.granted
    report = rig.records()[-2]
    assert report["type"] == "records.discarded"
    assert (report["data"]["type"], report["data"]["count"]) == ("access.denied", 1)
    rig.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="a full disk needs root to mount one")
def test_a_full_disk_refuses_entry_visibly_opens_the_way_out_and_recovers(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)], check=True)
    try:
        rig = Rig(disk / "home")
        rig.tap()
        rig.walk()
        (disk / "filler").write_bytes(b"x" * (shutil.disk_usage(disk).free - 8192))
        reasons = [rig.tap().decision.event.reason for _ in range(60)]
        assert reasons[-1] == "journal_unavailable"
        releases = rig.releases
        assert rig.tap(reader="out").decision.event.reason == "ok_exit"
        assert rig.releases == releases + 1
        (disk / "filler").unlink()
        rig.passing.pending.again()
        assert rig.tap().decision.granted
        rig.close()
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_roster_that_cannot_be_read_refuses_entry_and_opens_the_way_out(rig):
    rig.tap()
    rig.walk()
    rig.controller.roster.close()
    (rig.data / "roster" / "overlay.db").write_bytes(b"not a database at all" * 500)
    for leftover in (rig.data / "roster").glob("overlay.db-*"):
        leftover.unlink()
    assert rig.tap().decision.event.reason == "journal_unavailable"
    assert rig.tap(reader="out").decision.event.reason == "ok_exit"


def test_the_next_tap_after_a_roster_change_sees_it(rig):
    assert rig.tap().decision.granted
    rig.walk()
    changed = make_credential(state="lost")
    rows = [row for row in make_rows() if row.id != changed.id] + [changed]
    writer = rig.roster_writer()
    digest = digest_hex(sum(row_digest(encode_row(row)) for row in rows))
    writer.apply_delta(1, 2, [DeltaOp(put=changed)], digest)
    tap = rig.tap()
    assert tap.decision.event.reason == "credential_revoked"
    assert tap.decision.event.roster.revision == 2
    writer.close()


@pytest.mark.proves("S20")
def test_the_deny_list_refuses_before_the_roster_says_so(rig):
    writer = rig.roster_writer()
    writer.put_deny(1, {make_credential().id: 2})
    assert rig.tap().decision.event.reason == "credential_revoked"
    writer.close()
