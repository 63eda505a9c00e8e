"""The roster on the box: what is not signed for never becomes it, and a reader always sees one revision."""

from datetime import timedelta

import pytest

from kiosk.core.codec import canonical, decode
from kiosk.core.errors import MessageRejected, RosterUnavailable
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


@pytest.mark.proves("S20")
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


def of_a_later_central(row, **more):
    """Return a row as it would be sent, with fields nobody here knows."""
    return decode(encode_row(row)) | {"locker": {"bank": "B", "number": 7}} | more


def test_fields_of_a_later_central_count_for_the_digest_and_the_known_ones_decide(roster):
    writer, reader = roster
    area, card = make_area(id="sauna"), make_credential(tier="gold")
    rest = [row for row in make_rows() if row.id not in (area.id, card.id)]
    changed = [of_a_later_central(area), of_a_later_central(card)]
    put_snapshot(writer, make_rows(), 1)
    for revision in (2, 3):
        after = digest([*rest, *changed])
        writer.apply_delta(revision - 1, revision, [DeltaOp(put=row) for row in changed], after)
        assert reader.find(CREDENTIAL).credential == card
        assert reader.policy.areas["sauna"] == area
        assert reader.state.digest == after
        changed = [row | {"shelf": revision} for row in changed]
    stored = writer._connection.execute("SELECT body FROM row WHERE key = ?", (row_key(card),)).fetchone()
    assert stored == (canonical(of_a_later_central(card, shelf=2)),)


def test_a_delta_over_a_snapshot_row_with_fields_of_a_later_central_takes_all_of_it_out_of_the_digest(roster):
    writer, reader = roster
    card, rest = make_credential(), [row for row in make_rows() if row.id != CREDENTIAL]
    bodies = {row_key(card): canonical(of_a_later_central(card))} | {row_key(row): encode_row(row) for row in rest}
    built = build_snapshot(writer.folder / "snapshot-1.db", sorted(bodies.items()), 1)
    writer.switch_snapshot("snapshot-1.db", 1, built)
    assert reader.find(CREDENTIAL).credential == card
    gold = make_credential(tier="gold")
    writer.apply_delta(1, 2, [DeltaOp(put=of_a_later_central(gold))], digest([*rest, of_a_later_central(gold)]))
    assert reader.find(CREDENTIAL).credential == gold
    writer.apply_delta(2, 3, [DeltaOp(drop=CREDENTIAL)], digest(rest))
    assert reader.find(CREDENTIAL).credential is None


def test_rows_of_a_kind_nobody_here_knows_are_kept_and_do_no_harm(roster):
    writer, reader = roster
    rows, locker = make_rows(), {"kind": "locker", "id": "7", "bank": "B"}
    put_snapshot(writer, rows, 1)
    writer.apply_delta(1, 2, [DeltaOp(put=locker)], digest([*rows, locker]))
    reader.refresh()
    assert (reader.policy.revision, reader.find(CREDENTIAL).credential) == (2, make_credential())
    writer.apply_delta(2, 3, [DeltaOp(drop=b"locker:7".hex())], digest(rows))
    assert writer.state.digest == digest(rows)


@pytest.mark.parametrize(
    "row",
    [
        {"kind": "spaceship"}, {"id": "x"}, {"id": 7, "kind": "locker"}, {"id": "x", "kind": "tier"}, 5, "x", [],
        {"id": "no hex", "kind": "credential"}, {"id": "x", "kind": "site", "zone": "Mars/Olympus"},
        {"id": CREDENTIAL, "kind": "credential", "state": "asleep"},
    ],
)  # fmt: skip
def test_a_delta_with_a_row_that_a_tap_could_not_be_judged_by_changes_nothing(roster, row):
    writer, _ = roster
    rows = make_rows()
    put_snapshot(writer, rows, 1)
    before = writer.state
    with pytest.raises(MessageRejected, match="not understood"):
        writer.apply_delta(1, 2, [DeltaOp(put=row)], digest([*rows, row]))
    assert writer.state == before


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


@pytest.mark.proves("S20")
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


def test_a_snapshot_that_is_not_there_is_told_as_a_roster_that_cannot_be_read(roster):
    writer, reader = roster
    put_snapshot(writer, make_rows(), 1)
    path = writer.folder / "snapshot-1.db"
    path.rename(writer.folder / "elsewhere")
    for look in (reader.refresh, lambda: reader.find(CREDENTIAL)):
        with pytest.raises(RosterUnavailable, match="snapshot-1"):
            look()
    (writer.folder / "elsewhere").rename(path)
    assert reader.find(CREDENTIAL).credential == make_credential()


def change_at_look(reader, numbers, change):
    """Have the roster changed when `find` begins one of its looks, counted from 1."""
    seen = []

    def trace(statement):
        if statement.lstrip().startswith("SELECT 0, body"):
            seen.append(statement)
            if len(seen) in numbers:
                change(len(seen))

    reader.find(CREDENTIAL)
    reader._overlay.set_trace_callback(trace)


def test_a_roster_that_changes_between_two_looks_is_followed_once_more(roster):
    writer, reader = roster
    put_snapshot(writer, make_rows(), 1)
    gold = [make_credential(tier="gold") if row.id == CREDENTIAL else row for row in make_rows()]
    changes = {1: lambda: writer.put_deny(1, {"00": 1}), 2: lambda: put_snapshot(writer, gold, 2)}
    change_at_look(reader, changes, lambda number: changes[number]())
    assert reader.find(CREDENTIAL).credential == make_credential(tier="gold")
    assert (reader.policy.revision, reader.state.revision) == (2, 2)


def test_a_roster_that_changes_at_every_look_is_given_up(roster):
    writer, reader = roster
    put_snapshot(writer, make_rows(), 1)
    change_at_look(reader, range(1, 100), lambda number: writer.put_deny(number, {"00": 1}))
    with pytest.raises(RosterUnavailable, match="changed at each"):
        reader.find(CREDENTIAL)
