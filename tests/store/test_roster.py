"""The roster on the box: what is not signed for never becomes it, and a reader always sees one revision."""

from datetime import timedelta

import pytest

from kiosk.core.errors import MessageRejected
from kiosk.core.roster import DeltaOp, digest_hex, encode_row, row_digest, row_key
from kiosk.core.visits import Usage
from kiosk.store.book import UsedNumbers
from kiosk.store.roster import RosterWriter
from kiosk.store.roster_reader import RosterReader
from kiosk.wire.snapshot import build_snapshot
from tests.builders import CREDENTIAL, NOW, make_area, make_credential, make_rows


def digest(rows):
    return digest_hex(sum(row_digest(encode_row(row)) for row in rows))


def put_snapshot(writer, rows, revision):
    name = f"snapshot-{revision}.db"
    built = build_snapshot(writer.folder / name, sorted((row_key(row), encode_row(row)) for row in rows), revision)
    writer.switch_snapshot(name, revision, built)


@pytest.fixture
def roster(tmp_path):
    writer = RosterWriter(tmp_path / "roster")
    reader = RosterReader(tmp_path / "roster", "demo", "Asia/Shanghai", 14 * 86400)
    yield writer, reader
    reader.close()
    writer.close()


def test_before_the_first_roster_nobody_is_known_and_nothing_fails(tmp_path):
    reader = RosterReader(tmp_path / "none", "demo", "Asia/Shanghai", 60)
    assert reader.find(CREDENTIAL).credential is None
    assert reader.policy.revision == 0
    assert reader.policy.site.zone == "Asia/Shanghai"


def test_a_snapshot_is_seen_by_the_next_look(roster):
    writer, reader = roster
    assert reader.find(CREDENTIAL).credential is None
    rows = make_rows()
    put_snapshot(writer, rows, 3)
    assert reader.find(CREDENTIAL).credential == make_credential()
    assert reader.policy.revision == 3
    assert reader.state.digest == digest(rows)


def test_a_delta_changes_adds_and_drops_rows_over_the_snapshot(roster):
    writer, reader = roster
    rows = make_rows()
    put_snapshot(writer, rows, 1)
    changed, added = make_credential(tier="gold"), make_area(id="sauna")
    other = [row for row in rows if row.id != CREDENTIAL] + [changed, added]
    writer.apply_delta(1, 2, [DeltaOp(put=changed), DeltaOp(put=added)], digest(other))
    assert reader.find(CREDENTIAL).credential == changed
    assert "sauna" in reader.policy.areas
    gone = [row for row in other if row.id not in (CREDENTIAL, "sauna")]
    drops = [DeltaOp(drop=row_key(changed).hex()), DeltaOp(drop=row_key(added).hex())]
    writer.apply_delta(2, 5, drops, digest(gone))
    assert reader.find(CREDENTIAL).credential is None
    assert "sauna" not in reader.policy.areas
    assert reader.policy.revision == 5


def test_a_delta_whose_digest_differs_changes_nothing(roster):
    writer, reader = roster
    put_snapshot(writer, make_rows(), 1)
    before = writer.state
    with pytest.raises(MessageRejected, match="digest differs"):
        writer.apply_delta(1, 2, [DeltaOp(put=make_credential(tier="gold"))], "00" * 32)
    assert writer.state == before
    assert reader.find(CREDENTIAL).credential == make_credential()


@pytest.mark.parametrize(("start", "end"), [(0, 2), (2, 3), (1, 1), (1, 0)])
def test_a_delta_that_does_not_fit_is_refused(roster, start, end):
    writer, _ = roster
    rows = make_rows()
    put_snapshot(writer, rows, 1)
    with pytest.raises(MessageRejected, match="does not fit"):
        writer.apply_delta(start, end, [], digest(rows))


def test_an_older_snapshot_is_refused(roster):
    writer, reader = roster
    put_snapshot(writer, make_rows(), 4)
    with pytest.raises(MessageRejected, match="older"):
        writer.switch_snapshot("snapshot-3.db", 3, "00" * 32)
    assert reader.find(CREDENTIAL).credential is not None
    assert reader.policy.revision == 4


def test_a_new_snapshot_forgets_what_the_overlay_said(roster):
    writer, reader = roster
    rows = make_rows()
    put_snapshot(writer, rows, 1)
    changed = make_credential(tier="gold")
    writer.apply_delta(1, 2, [DeltaOp(put=changed)], digest([r for r in rows if r.id != CREDENTIAL] + [changed]))
    put_snapshot(writer, rows, 3)
    assert reader.find(CREDENTIAL).credential == make_credential()
    writer.tidy()
    assert [path.name for path in writer.folder.glob("snapshot-*")] == ["snapshot-3.db"]


def test_of_two_heads_the_later_signature_counts_whatever_its_clock_says(roster):
    writer, reader = roster
    put_snapshot(writer, make_rows(), 2)
    assert writer.accept_head(2, 7, NOW, 10, "boot")
    assert not writer.accept_head(2, 7, NOW + timedelta(days=1), 11, "boot")
    assert not writer.accept_head(2, 6, NOW + timedelta(days=1), 11, "boot")
    assert not writer.accept_head(1, 9, NOW + timedelta(days=1), 11, "boot")
    assert writer.accept_head(2, 8, NOW - timedelta(days=300), 12, "boot")
    reader.refresh()
    assert reader.state.anchor.issued_at == NOW - timedelta(days=300)


def test_a_head_we_have_no_roster_for_tells_the_time_but_does_not_make_the_roster_fresh(roster):
    writer, reader = roster
    put_snapshot(writer, make_rows(), 2)
    writer.accept_head(2, 1, NOW, 10, "boot")
    writer.accept_head(3, 2, NOW + timedelta(days=3), 20, "boot")
    reader.refresh()
    assert reader.state.anchor.issued_at == NOW + timedelta(days=3)
    assert reader.state.anchor.roster_at == NOW


def test_the_roster_is_as_fresh_as_the_head_it_catches_up_with(roster):
    writer, reader = roster
    rows = make_rows()
    put_snapshot(writer, rows, 2)
    writer.accept_head(3, 2, NOW + timedelta(days=3), 20, "boot")
    writer.apply_delta(2, 3, [], digest(rows))
    reader.refresh()
    assert reader.state.anchor.roster_at == NOW + timedelta(days=3)


def test_the_deny_list_holds_until_the_roster_has_caught_up(roster):
    writer, reader = roster
    rows = make_rows()
    put_snapshot(writer, rows, 1)
    assert writer.put_deny(4, {CREDENTIAL: 2})
    assert reader.find(CREDENTIAL).denied
    assert not writer.put_deny(3, {})
    assert reader.find(CREDENTIAL).denied
    writer.apply_delta(1, 2, [], digest(rows))
    assert not reader.find(CREDENTIAL).denied


def test_use_seen_elsewhere_is_kept_beside_the_roster(roster):
    writer, reader = roster
    numbers = UsedNumbers(Usage(total=3, days=2, day=1, last_ms=5), "club", 5, {"ab" * 16: 40})
    writer.put_used(9, {(CREDENTIAL, "e1"): numbers})
    assert reader.find(CREDENTIAL).used == {"e1": numbers}
    assert writer.state.used_version == 9


def test_everything_is_there_again_after_a_restart(tmp_path):
    writer = RosterWriter(tmp_path / "roster")
    put_snapshot(writer, make_rows(), 7)
    writer.accept_head(7, 3, NOW, 99, "boot")
    before = writer.state
    writer.close()
    again = RosterWriter(tmp_path / "roster")
    assert again.state.revision == 7
    assert again.state.anchor == before.anchor
    assert not again.accept_head(7, 3, NOW, 100, "boot")
    again.close()
