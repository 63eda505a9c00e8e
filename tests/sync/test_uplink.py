"""One journal's way up: the cursor follows central's signed word alone, and nothing is lost or twice."""

import shutil

import pytest

from kiosk.core.clock import ClockState
from kiosk.core.codec import GENESIS, decode
from kiosk.core.errors import JournalUnavailable
from kiosk.core.records import LockdownChanged
from kiosk.store.reading import verify
from kiosk.sync.uplink import REFUSED_NS, Next
from kiosk.wire.batches import BATCH_BYTES_MAX, BATCH_RECORDS_MAX, read_envelope
from kiosk.wire.messages import Ack, AckStatus
from kiosk.wire.signing import SigningKey
from tests.sync.builders import Box, ModelCentral, content, first_of


@pytest.fixture
def central():
    return ModelCentral()


@pytest.fixture
def box(tmp_path, central):
    box = Box(tmp_path / "data", central)
    yield box
    box.close()


def link_at(box, seq):
    return box.reader.hash_at(seq)


def exchange(box, central):
    payload = box.send()
    assert payload is not None
    return box.take(central.batch(payload, box.key.public))


def test_a_backlog_drains_in_order_and_byte_for_byte(box, central):
    box.bulk(1000)
    box.drain(central)
    assert central.bodies(box.journal.id) == box.bodies()
    assert box.uplink.acked == 1001
    assert box.uplink.due_ns() is None


def test_handing_a_batch_to_the_broker_moves_nothing(box, central):
    box.append(3)
    payload = box.send()
    assert central.batch(payload, box.key.public)
    assert box.uplink.acked == 0
    assert box.cursors.get(box.journal.id).seq == 0


def test_the_cursor_outlives_a_restart(box, central):
    box.append(3)
    exchange(box, central)
    assert box.send() is None
    box.restart()
    assert box.uplink.acked == 4


def test_while_a_backlog_drains_the_cursor_is_written_down_five_times_a_second(box, central):
    box.bulk(2000)
    kept = {0}
    for _ in range(5):
        exchange(box, central)
        kept.add(box.cursors.get(box.journal.id).seq)
        box.clock.advance(0.02)
    assert len(kept) == 2
    box.clock.advance(0.2)
    exchange(box, central)
    kept.add(box.cursors.get(box.journal.id).seq)
    assert len(kept) == 3


def test_a_cursor_that_cannot_be_written_down_is_tried_again_and_holds_nothing_up(box, central):
    box.append(3)
    answer = central.batch(box.send(), box.key.public)
    box.cursors._connection.execute("PRAGMA query_only=ON")
    box.take(answer)
    with pytest.raises(Exception, match="readonly"):
        box.send()
    box.append(2)
    box.cursors._connection.execute("PRAGMA query_only=OFF")
    exchange(box, central)
    box.send()
    assert box.cursors.get(box.journal.id).seq == box.uplink.acked == 6


def test_what_was_prepared_for_one_cursor_is_not_sent_for_another(box, central):
    box.bulk(1500)
    box.send()
    box.take(central.ack(box.journal.id, 3, link_at(box, 3)))
    assert first_of(box.send()) == 4
    box.drain(central)
    assert central.bodies(box.journal.id) == box.bodies()


def test_only_one_batch_is_in_flight(box):
    box.bulk(1000)
    assert box.send() is not None
    assert box.send() is None


def test_the_next_batch_is_ready_in_the_moment_of_the_ack(box, central):
    box.bulk(1000)
    first = box.send()
    assert box.take(central.batch(first, box.key.public)) is Next.SEND
    assert first_of(box.send()) == box.uplink.acked + 1


def test_a_batch_keeps_to_both_limits_and_uses_them(box):
    box.bulk(600)
    sizes = []
    for _ in range(2):
        payload = box.send()
        data = read_envelope(payload).data
        last = data.first + len(data.records) - 1
        sizes.append((len(data.records), len(payload)))
        box.uplink.on_ack(ack_of(box, last), box.session, box.clock.monotonic_ns())
    assert all(count <= BATCH_RECORDS_MAX and size <= BATCH_BYTES_MAX for count, size in sizes)
    assert max(size for _, size in sizes) > BATCH_BYTES_MAX - 2048


def test_small_records_stop_at_256(box):
    for _ in range(300):
        box.journal.append(make_short(), box.clock.now())
    box.uplink.refresh()
    assert len(read_envelope(box.send()).data.records) == BATCH_RECORDS_MAX


def test_large_records_stop_at_64_kib(box):
    box.append(20, reason="x" * 7000)
    payload = box.send()
    assert len(payload) <= BATCH_BYTES_MAX
    assert len(read_envelope(payload).data.records) == 9


def test_a_batch_goes_again_after_2_s_then_4_s_up_to_60_s_with_jitter(box):
    box.append()
    waits = []
    payload = box.send()
    for _ in range(8):
        step = 0.0
        while (again := box.send()) is None:
            box.clock.advance(0.05)
            step += 0.05
            assert step < 90, "never sent again"
        assert again == payload
        waits.append(step)
    for wait, least in zip(waits, (2, 4, 8, 16, 32, 60, 60, 60), strict=True):
        assert least - 0.01 <= wait <= least * 1.25 + 0.1
    assert len({round(wait / least, 2) for wait, least in zip(waits, (2, 4, 8, 16, 32, 60, 60, 60), strict=True)}) > 3


def test_the_wait_begins_anew_with_each_batch_and_each_connection(box, central):
    box.bulk(500)
    for advance in (0, 3, 6, 11):
        box.clock.advance(advance)
        payload = box.send()
    box.take(central.batch(payload, box.key.public))
    box.send()
    box.clock.advance(2.6)
    assert box.send() is not None
    assert box.send() is None
    box.uplink.connected()
    assert box.send() is not None


def test_a_batch_the_link_would_not_take_is_not_sent_and_waits_a_moment(box):
    box.append()
    payload = box.send(taken=False)
    now_ns = box.clock.monotonic_ns()
    assert box.send() is None
    assert box.uplink.due_ns() == now_ns + REFUSED_NS
    for _ in range(10):
        box.clock.advance(0.06)
        assert box.send(taken=False) == payload
    box.clock.advance(0.06)
    assert box.send() == payload
    assert 1.9e9 < box.uplink.due_ns() - box.clock.monotonic_ns() < 2.6e9


def test_a_forged_ack_is_not_believed(box, central):
    box.append(3)
    forger = ModelCentral()
    assert box.take(forger.ack(box.journal.id, 4, link_at(box, 4))) is None
    assert box.take(b'{"journal":"x"}') is None
    assert box.rejected == 2
    assert box.uplink.acked == 0


def test_an_ack_of_another_session_lowers_nothing(box, central):
    box.append(3)
    box.drain(central)
    answer = central.ack(box.journal.id, 2, link_at(box, 2), session="another")
    assert box.take(answer) is Next.NOTHING
    assert box.take(central.ack(box.journal.id, 2, link_at(box, 2))) is Next.NOTHING
    assert box.uplink.acked == 4


def test_an_old_ack_for_what_is_not_held_is_nothing(box, central):
    box.append(3)
    box.drain(central)
    assert box.take(central.ack(box.journal.id, 2, bytes(range(32)))) is Next.NOTHING
    assert box.uplink.parting is None


def test_the_answer_to_our_birth_lowers_the_cursor_and_everything_goes_again(box, central):
    box.append(3)
    exchange(box, central)
    backup = central.copy()
    box.append(5)
    exchange(box, central)
    assert box.uplink.acked == 9
    central.journals = backup
    (answer,) = central.birth(box.birth(), box.key.public)
    assert box.take(answer) is Next.SEND
    assert box.uplink.acked == 4
    box.drain(central)
    assert central.bodies(box.journal.id) == box.bodies()


def test_the_answer_to_our_birth_raises_the_cursor_where_our_own_note_of_it_is_lost(box, central):
    box.append(3)
    box.drain(central)
    box.close()
    (box.folder / "sync.db").unlink()
    box.open()
    (answer,) = central.birth(box.birth(), box.key.public)
    box.take(answer)
    assert box.uplink.acked == 4


def test_a_gap_asks_for_a_birth_and_only_its_answer_lowers_the_cursor(box, central):
    box.append(3)
    box.drain(central)
    box.append()
    central.journals.clear()
    assert exchange(box, central) is Next.BIRTH
    assert box.uplink.acked == 4
    box.take(central.birth(box.birth(), box.key.public)[0])
    assert box.uplink.acked == 0
    assert first_of(box.send()) == 1


def test_a_gap_where_nothing_was_lost_changes_nothing(box, central):
    box.append(3)
    box.drain(central)
    box.append()
    box.take(central.ack(box.journal.id, 4, link_at(box, 4), AckStatus.GAP))
    box.take(central.birth(box.birth(), box.key.public)[0])
    assert box.uplink.acked == 4
    assert box.uplink.parting is None


def test_an_ack_into_a_batch_moves_to_there(box, central):
    box.append(5)
    box.send()
    assert box.take(central.ack(box.journal.id, 3, link_at(box, 3))) is Next.SEND
    assert box.uplink.acked == 3
    assert first_of(box.send()) == 4


def test_a_fork_parts_behind_what_both_hold(box, central):
    box.append(3)
    exchange(box, central)
    box.append(3)
    box.send()
    central.journals[box.journal.id] += [(b"{}", bytes(range(32)))] * 2
    answer = central.ack(box.journal.id, 4, link_at(box, 4), AckStatus.FORK)
    assert box.take(answer) is Next.PART
    assert box.uplink.due_ns() is None
    assert box.send() is None
    parting = box.part()
    assert (parting.common, parting.seq, parting.why) == (4, 4, "fork")
    box.drain(central)
    assert [decode(each)["data"].get("copied_from", {}).get("seq") for each in central.bodies(box.journal.id)] == [
        None, 5, 6, 7,
    ]  # fmt: skip


def altered(payload):
    return payload.replace(b"credential_expired", b"credential_revoked", 1)


def test_the_first_bad_sends_again_and_after_the_second_the_journal_is_left_instead_of_sent_once_more(box, central):
    box.append(3)
    assert box.take(central.batch(altered(box.send()), box.key.public)) is Next.SEND
    again = box.send()
    assert again is not None
    assert box.take(central.batch(altered(again), box.key.public)) is Next.NOTHING
    box.clock.advance(1.9)
    assert box.send() is None
    assert box.uplink.parting is None
    box.clock.advance(0.7)
    assert box.send() is None
    assert box.uplink.parting.why == "bad"
    assert box.uplink.parting.common == 0


def test_altered_copies_of_a_batch_that_arrives_do_not_make_a_box_leave_its_journal(box, central):
    box.append(3)
    ours = box.send()
    first, second, third = (central.batch(altered(ours), box.key.public) for _ in range(3))
    taken = central.batch(ours, box.key.public)
    assert box.take(first) is Next.SEND
    assert box.take(second) is Next.NOTHING
    assert box.send() == ours
    assert box.take(third) is Next.NOTHING
    assert box.take(taken) is Next.SEND
    box.clock.advance(120)
    box.append()
    exchange(box, central)
    assert (box.uplink.parting, box.uplink.acked) == (None, 5)


def test_a_bad_when_nothing_is_on_its_way_is_not_ours(box, central):
    box.append(3)
    ours = box.send()
    box.take(central.batch(ours, box.key.public))
    for _ in range(5):
        assert box.take(central.batch(altered(ours), box.key.public)) is Next.NOTHING
        box.clock.advance(10)
        assert box.send() is None
    assert box.uplink.parting is None


@pytest.mark.parametrize("place", [2, 6])
def test_a_bad_from_elsewhere_than_where_our_batch_begins_asks_central_by_a_birth(box, central, place):
    box.append(3)
    box.drain(central)
    box.append(2)
    for _ in range(3):
        box.clock.advance(70)
        assert box.send() is not None
        ack = central.ack(box.journal.id, place, link_at(box, place), AckStatus.BAD)
        assert box.take(ack) is Next.BIRTH
    assert (box.uplink.parting, box.uplink.acked) == (None, 4)


def test_a_bad_in_answer_to_our_birth_parts_at_once(box, central):
    box.append(3)
    ack = central.ack(box.journal.id, 2, link_at(box, 2), AckStatus.BAD, session=box.session)
    assert box.take(ack) is Next.PART
    assert (box.uplink.parting.common, box.uplink.parting.why) == (2, "bad")


def test_a_doubt_from_before_the_line_was_cut_has_to_come_up_again(box, central):
    box.append(3)
    for _ in range(2):
        box.take(central.batch(altered(box.send()), box.key.public))
    box.uplink.connected()
    assert box.send() is not None
    assert box.uplink.parting is None
    box.take(central.ack(box.journal.id, 0, GENESIS, AckStatus.BAD))
    box.clock.advance(3)
    assert box.send() is None
    assert box.uplink.parting.why == "bad"


def test_one_bad_that_comes_twice_is_one(box, central):
    box.append(3)
    answer = central.batch(altered(box.send()), box.key.public)
    assert box.take(answer) is Next.SEND
    again = box.send()
    assert box.take(answer) is Next.NOTHING
    box.clock.advance(3)
    assert box.send() == again
    box.take(central.batch(again, box.key.public))
    assert box.uplink.acked == 4


def test_a_bad_long_ago_is_forgotten_when_an_ack_moves(box, central):
    box.append(3)
    for _ in range(3):
        assert box.take(central.batch(altered(box.send()), box.key.public)) is Next.SEND
        exchange(box, central)
        box.append(3)


@pytest.mark.parametrize("status", [AckStatus.OK, AckStatus.GAP, AckStatus.BAD])
def test_an_ack_that_names_what_we_do_not_hold_parts_from_the_cursor(box, central, status):
    box.append(3)
    box.drain(central)
    box.append(2)
    assert box.take(central.ack(box.journal.id, 9, bytes(range(32)), status)) is Next.PART
    parting = box.uplink.parting
    why = "bad" if status is AckStatus.BAD else "not_held"
    assert (parting.common, parting.seq, parting.hash, parting.why) == (4, 9, bytes(range(32)).hex(), why)


def test_what_comes_while_a_journal_is_left_changes_nothing(box, central):
    box.append(3)
    box.take(central.ack(box.journal.id, 9, bytes(range(32))))
    before = box.uplink.parting
    assert box.take(central.ack(box.journal.id, 2, link_at(box, 2))) is Next.PART
    assert box.uplink.parting == before
    assert box.uplink.acked == 0


def test_a_restored_disk_image_goes_on_in_a_new_journal_and_nothing_is_lost(box, central, tmp_path):
    box.append(3)
    box.drain(central)
    box.append(2)
    image = box.image(tmp_path / "image")
    box.append(4)
    box.drain(central)
    old = box.journal.id
    box.restore(image)
    box.append(3)
    box.drain(central)
    assert box.journal.id != old
    at_central = {content(*each) for each in central.records()}
    assert {content(*each) for each in box.held()} <= at_central


def test_a_journal_put_back_alone_parts_at_its_beginning(box, central, tmp_path):
    box.append(3)
    box.close()
    kept = tmp_path / "gate.db"
    shutil.copy(box.folder / "gate.db", kept)
    box.open()
    box.append(4)
    box.drain(central)
    box.close()
    for path in box.folder.glob("gate.db*"):
        path.unlink()
    shutil.copy(kept, box.folder / "gate.db")
    box.open()
    box.drain(central)
    assert {content(*each) for each in box.held()} <= {content(*each) for each in central.records()}


def test_a_central_that_lost_what_we_have_pruned_gets_what_is_left_in_a_new_journal(box, central):
    box.append(5)
    box.drain(central)
    box.journal.set_acked(6)
    box.clock.advance(60)
    box.append(2)
    assert box.journal.prune(box.clock.now()) == 6
    old = box.journal.id
    central.journals.clear()
    box.drain(central)
    assert box.journal.id != old
    assert [decode(each)["data"].get("copied_from", {}).get("seq") for each in central.bodies(box.journal.id)] == [
        None, 7, 8,
    ]  # fmt: skip
    assert verify(box.folder / "gate.db") == (3, None)


def test_a_central_that_stands_before_our_oldest_record_gets_what_is_left_in_a_new_journal(box, central):
    box.append(2)
    box.drain(central)
    backup = central.copy()
    box.append(5)
    box.drain(central)
    box.journal.set_acked(8)
    box.clock.advance(60)
    box.append(2)
    assert box.journal.prune(box.clock.now()) == 8
    central.journals = backup
    box.drain(central)
    copied = [decode(each)["data"].get("copied_from", {}).get("seq") for each in central.bodies(box.journal.id)]
    assert copied == [None, 9, 10]


def test_a_pause_is_kept_and_never_longer_than_a_minute(box, central):
    box.bulk(500)
    central.pause_ms = 5_000
    exchange(box, central)
    box.clock.advance(4.9)
    assert box.send() is None
    box.clock.advance(0.2)
    central.pause_ms = 10**9
    exchange(box, central)
    box.clock.advance(59)
    assert box.send() is None
    box.clock.advance(1.1)
    assert box.send() is not None


def test_a_journal_that_went_away_waits_quietly_until_it_is_back(box, central):
    box.append(3)
    payload = box.send()
    box.journal.close()
    box.reader.close()
    away = box.folder / "away.db"
    (box.folder / "gate.db").rename(away)
    with pytest.raises(JournalUnavailable):
        box.take(central.batch(payload, box.key.public))
    assert box.uplink.due_ns() is None
    assert box.uplink.announce() is None
    assert not box.uplink.refresh()
    away.rename(box.folder / "gate.db")
    assert box.uplink.refresh()
    box.drain(central)
    assert box.uplink.acked == 4


def test_another_file_of_the_same_name_is_not_sent_as_the_journal_that_was_there(box, central, tmp_path):
    box.append(3)
    other = Box(tmp_path / "other", central)
    other.append(5)
    other.close()
    box.journal.close()
    box.reader.close()
    (box.folder / "gate.db").unlink()
    shutil.copy(tmp_path / "other" / "gate.db", box.folder / "gate.db")
    assert box.uplink.refresh()
    assert read_envelope(box.send()).data.journal == other.journal.id


def test_a_birth_tells_head_cursor_and_hash(box, central):
    box.append(3)
    box.drain(central)
    box.append()
    head = box.uplink.announce()
    assert (head.journal, head.head, head.acked) == (box.journal.id, 5, 4)
    assert head.hash == box.journal.head_hash.hex()


def test_batches_are_signed_by_the_device_alone(box, central):
    box.append()
    assert central.batch(box.send(), SigningKey.generate().public)
    assert central.parked == 1
    assert central.journals == {}


def ack_of(box, seq):
    link = box.reader.hash_at(seq) or GENESIS
    return Ack(journal=box.journal.id, seq=seq, hash=link.hex(), status=AckStatus.OK, time="2026-11-22T09:00:00.000Z")


def make_short():
    return LockdownChanged(clock=ClockState.OK, active=True)
