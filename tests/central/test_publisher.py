"""What the leader publishes: in order, signed, above what devices hold, and only while the clock may be signed with."""

from datetime import timedelta

import msgspec
import pytest
from sqlalchemy import update

from kiosk.central.clockguard import confirm_clock
from kiosk.central.database import read_setting, write_setting
from kiosk.central.denial import deny_now
from kiosk.central.heads import DELTAS_MAX
from kiosk.central.lease import DRIFT, TERM_S, Lease, LeaseLost
from kiosk.central.publisher import Publisher
from kiosk.central.roster import REPORTED, roster_state
from kiosk.central.settings import CentralSettings
from kiosk.central.snapshots import CHANGES_MAX
from kiosk.central.tables import device, roster_row
from kiosk.central.usage import used_number
from kiosk.core.clock import format_utc, parse_utc
from kiosk.core.roster import DeltaOp
from kiosk.store.roster import RosterWriter
from kiosk.wire.messages import DenyList, RosterDelta, RosterHead, Used
from kiosk.wire.parts import PartStore
from kiosk.wire.snapshot import assemble, missing_parts, verify_snapshot
from tests.central.builders import ON_SQLITE, EdgeDevice, ManualClock, register
from tests.central.roster_builders import (
    apply_ops,
    digest_of_bodies,
    make_area_row,
    make_credential_row,
    put_rows,
    put_used,
    stored_rows,
)


def heads(house, site="demo"):
    return [house.key.open(body, RosterHead) for body in house.broker.of("roster/head", site)]


def deltas(house, site="demo"):
    return [house.key.open(body, RosterDelta) for body in house.broker.of("roster/delta", site)]


def use_told(house, site="demo"):
    return [house.key.open(body, Used) for body in house.broker.of("used", site)]


def hear(house, offset, name="north-1"):
    with house.database.begin() as connection:
        row = {"state": "online", "seen_at": format_utc(house.clock.now())}
        row["clock_offset_ms"] = round(offset.total_seconds() * 1000)
        connection.execute(update(device).where(device.c.name == name).values(**row))


@ON_SQLITE
def test_nothing_is_published_before_there_is_a_roster(house):
    house.tick()
    assert house.broker.sent == []


@ON_SQLITE
def test_a_first_roster_is_published_as_a_head_that_points_to_its_snapshot(house):
    put_rows(house.database, make_credential_row(1), make_area_row())
    house.tick()
    (head,) = heads(house)
    assert head.revision == 1
    assert head.digest == digest_of_bodies(stored_rows(house.database).values())
    assert parse_utc(head.issued_at) == house.clock.now()
    assert head.snapshot.revision == 1
    assert [retain for topic, _, retain in house.broker.sent if topic.endswith("head")] == [True]


@ON_SQLITE
def test_the_snapshot_a_head_points_to_can_be_fetched_and_is_the_roster(house, tmp_path):
    put_rows(house.database, *(make_credential_row(number) for number in range(1, 2500)))
    house.tick()
    snapshot = heads(house)[-1].snapshot
    with PartStore(tmp_path / "device", 2**26) as store:
        while wanted := missing_parts(snapshot, store):
            for name in wanted:
                store.put(house.fetch(name))
        assemble(snapshot, store, tmp_path / "copy.db")
    verify_snapshot(tmp_path / "copy.db", heads(house)[-1].revision, heads(house)[-1].digest)


@pytest.mark.proves("S02")
def test_a_change_is_published_as_a_delta_and_then_the_head(house):
    put_rows(house.database, make_credential_row(1))
    house.tick()
    rows = stored_rows(house.database)
    house.broker.sent.clear()
    put_rows(house.database, make_credential_row(1, tier="silver"), make_credential_row(2))
    assert house.tick(1) <= 0.1
    assert [topic.rsplit("/", 1)[1] for topic, _, _ in house.broker.sent] == ["delta", "head"]
    (delta,), (head,) = deltas(house), heads(house)
    assert (delta.from_revision, delta.to_revision) == (1, 2)
    rows = apply_ops(rows, delta.ops)
    assert rows == stored_rows(house.database)
    assert delta.digest == head.digest == digest_of_bodies(rows.values())


@ON_SQLITE
def test_several_changes_between_two_looks_are_published_in_order_under_one_head(house):
    put_rows(house.database, make_credential_row(1))
    house.tick()
    house.broker.sent.clear()
    for number in range(2, 6):
        put_rows(house.database, make_credential_row(number))
    house.tick(1)
    assert [(each.from_revision, each.to_revision) for each in deltas(house)] == [(1, 2), (2, 3), (3, 4), (4, 5)]
    assert [head.revision for head in heads(house)] == [5]


def test_a_storm_of_changes_is_published_in_bounded_steps(small_house):
    put_rows(small_house.database, make_credential_row(1))
    small_house.tick()
    for number in range(2, 102):
        put_rows(small_house.database, make_credential_row(number))
    small_house.tick(6)
    chain = [(each.from_revision, each.to_revision) for each in deltas(small_house)]
    assert chain == [(number, number + 1) for number in range(1, 101)]
    assert [head.revision for head in heads(small_house)] == [1, 33, 65, 97, 101]


def test_a_real_device_follows_by_deltas_alone(small_house, tmp_path):
    put_rows(small_house.database, make_credential_row(1), make_area_row())
    for number in range(2, 40):
        drop = [bytes.fromhex(make_credential_row(number - 1).id)] if number % 3 == 0 else []
        put_rows(
            small_house.database,
            make_credential_row(number, greeting="欧阳*"),
            make_area_row(capacity=number),
            drop=drop,
        )
    writer = RosterWriter(tmp_path / "device")
    for delta in small_house.deltas_from(0):
        ops = msgspec.convert(list(delta.ops), list[DeltaOp])
        writer.apply_delta(delta.from_revision, delta.to_revision, ops, delta.digest)
    with small_house.database.read() as connection:
        assert (writer.state.revision, writer.state.digest) == (39, roster_state(connection).digest)
    writer.close()


@ON_SQLITE
def test_a_head_is_signed_again_every_five_minutes_with_a_higher_serial(house):
    put_rows(house.database, make_credential_row(1))
    house.tick()
    house.clock.pass_s(299)
    house.tick()
    assert len(heads(house)) == 1
    house.clock.pass_s(2)
    house.tick()
    first, second = heads(house)
    assert second.revision == first.revision
    assert second.serial > first.serial
    assert parse_utc(second.issued_at) == house.clock.now()
    assert deltas(house) == []


@ON_SQLITE
@pytest.mark.proves("S15", "S93")
def test_every_site_gets_its_own_heads(house):
    register(house.database, EdgeDevice("south-1"), site="south")
    put_rows(house.database, make_credential_row(1))
    house.tick()
    put_rows(house.database, make_credential_row(2))
    house.tick()
    for site in ("demo", "south"):
        assert [head.site for head in heads(house, site)] == [site] * 2
        assert [delta.site for delta in deltas(house, site)] == [site]


@ON_SQLITE
def test_a_site_that_is_new_gets_the_head_at_once(house):
    put_rows(house.database, make_credential_row(1))
    house.tick()
    register(house.database, EdgeDevice("south-1"), site="south")
    house.tick(1)
    assert [head.revision for head in heads(house, "south")] == [1]


@ON_SQLITE
def test_everything_retained_is_published_again_at_each_connect(house):
    put_rows(house.database, make_credential_row(1))
    with house.database.begin() as connection:
        deny_now(connection, f"{1:032x}", 9, at=house.clock.now())
    put_used(house.database, 4, [0])
    house.tick()
    house.broker.sent.clear()
    house.tick()
    assert house.broker.sent == []
    house.publisher.connected()
    house.tick()
    assert len(heads(house)) == 1
    assert [house.key.open(body, DenyList).entries[0].until_revision for body in house.broker.of("roster/deny")] == [9]
    assert [(each.version, each.previous, each.rows) for each in use_told(house)] == [
        (used_number(4), used_number(4), ())
    ]


@ON_SQLITE
def test_what_the_broker_does_not_take_is_kept_in_order_until_it_does(house):
    put_rows(house.database, make_credential_row(1))
    house.tick()
    house.broker.is_taking = False
    put_rows(house.database, make_credential_row(2))
    house.tick()
    put_rows(house.database, make_credential_row(3))
    house.tick()
    house.broker.is_taking = True
    house.tick()
    assert [(each.from_revision, each.to_revision) for each in deltas(house)] == [(1, 2), (2, 3)]
    assert [head.revision for head in heads(house)] == [1, 2, 3]


@ON_SQLITE
def test_a_change_too_large_for_a_delta_is_announced_only_with_the_snapshot_that_leads_to_it(house):
    put_rows(house.database, make_credential_row(1))
    house.tick()
    put_rows(house.database, *(make_credential_row(number) for number in range(2, 800)))
    put_rows(house.database, make_area_row())
    house.broker.sent.clear()
    house.tick()
    assert heads(house)[-1].revision == 3
    for head in heads(house):
        assert head.snapshot.revision >= 2 or head.revision == 1
    assert heads(house)[-1].snapshot.revision == 3


def test_while_a_needed_snapshot_cannot_be_built_the_last_head_is_signed_on(small_house, tmp_path):
    house = small_house
    put_rows(house.database, make_credential_row(1))
    house.tick()
    put_rows(house.database, *(make_credential_row(number) for number in range(2, 800)))
    blocked = tmp_path / "snapshots"
    blocked.rename(tmp_path / "away")
    house.tick()
    house.clock.pass_s(301)
    house.tick()
    assert [head.revision for head in heads(house)] == [1, 1]
    assert house.publisher.counts["snapshot_failures"] >= 1
    (tmp_path / "away").rename(blocked)
    house.clock.pass_s(11)
    house.tick()
    assert heads(house)[-1].revision == 2


def test_a_head_never_names_a_change_behind_one_that_only_a_snapshot_leads_to(small_house, tmp_path):
    house = small_house
    put_rows(house.database, make_credential_row(1))
    house.tick()
    put_rows(house.database, *(make_credential_row(number) for number in range(2, 800)))
    for number in range(DELTAS_MAX):
        put_rows(house.database, make_area_row(capacity=number + 1))
    (tmp_path / "snapshots").rename(tmp_path / "away")
    house.clock.pass_s(301)
    house.tick()
    assert [head.revision for head in heads(house)] == [1, 1]
    assert deltas(house) == []


@ON_SQLITE
def test_a_leader_that_was_asleep_says_nothing_after_the_next_one(house):
    register(house.database, EdgeDevice("south-1"), site="south")
    put_rows(house.database, make_credential_row(1))
    with house.database.begin() as connection:
        deny_now(connection, f"{1:032x}", 9, at=house.clock.now())
    clock = ManualClock(boot="boot-2")
    other = Lease(house.database, clock)
    next_one = Publisher(
        house.database, other, house.broker.publish, house.keys, CentralSettings(), clock, house.snapshots
    )
    is_asleep = [True]

    def publish(topic, payload, retain):
        if is_asleep.pop():
            # While the first message is under way its process sleeps, another one leads, and the roster moves on.
            assert not other.try_hold()
            clock.pass_s(TERM_S * DRIFT + 1)
            assert other.try_hold()
            put_rows(house.database, make_credential_row(2))
            with house.database.begin() as connection:
                deny_now(connection, f"{2:032x}", 9, at=clock.now())
            for _ in range(3):
                next_one.tick(clock.now())
                house.settle()
            house.clock.pass_s(TERM_S + 1)
        is_asleep.append(False)
        return house.broker.publish(topic, payload, retain)

    sleeper = house.make_publisher(publish)
    assert house.lease.try_hold()
    with pytest.raises(LeaseLost):
        sleeper.tick(house.clock.now())
    assert [head.revision for head in heads(house, "south")] == [2]
    (told,) = [house.key.open(body, DenyList) for body in house.broker.of("roster/deny", "south")]
    assert len(told.entries) == 2


def test_a_leader_whose_lease_another_holds_signs_and_raises_nothing(house):
    put_rows(house.database, make_credential_row(1))
    house.snapshots.build()
    assert house.lease.try_hold()
    clock = ManualClock(boot="boot-2")
    other = Lease(house.database, clock)
    assert not other.try_hold()
    clock.pass_s(TERM_S * DRIFT + 1)
    assert other.try_hold()
    assert house.lease.held()
    for reported in ("0", "60"):
        with house.database.begin() as connection:
            write_setting(connection, REPORTED, reported)
        with pytest.raises(LeaseLost):
            house.publisher.tick(house.clock.now())
    with house.database.read() as connection:
        assert (read_setting(connection, "head_serial"), roster_state(connection).revision) == (None, 1)
    assert house.broker.sent == []


def test_a_snapshot_is_renewed_when_many_changes_followed_it_and_the_one_before_is_kept(small_house):
    house = small_house
    put_rows(house.database, make_credential_row(1))
    house.tick()
    first = heads(house)[-1].snapshot
    for number in range(CHANGES_MAX + 1):
        put_rows(house.database, make_credential_row(2, greeting=str(number)))
    house.tick(CHANGES_MAX // 32 + 4)
    second = heads(house)[-1].snapshot
    assert second.revision > first.revision + CHANGES_MAX - 1
    assert heads(house)[-1].revision == CHANGES_MAX + 2
    assert all(house.fetch(name) for name in (*first.parts, *second.parts))
    assert house.deltas_from(first.revision)[-1].to_revision == CHANGES_MAX + 2


def test_a_third_snapshot_pushes_the_first_out_with_what_followed_it(small_house):
    house = small_house
    gone = None
    for number in range(3):
        put_rows(house.database, *(make_credential_row(each, greeting=str(number)) for each in range(1, 800)))
        house.tick()
        gone = gone or heads(house)[-1].snapshot
    (answer,) = house.ask("roster.parts", parts=[gone.parts[0]])
    assert (answer.ok, answer.body["code"]) == (False, "not_here")
    assert len(list((house.folder / "snapshots").iterdir())) == 2
    (answer,) = house.ask("roster.deltas", **{"from": 0})
    assert answer.kind == "roster.snapshot"


def test_a_snapshot_whose_parts_are_gone_is_built_again(small_house):
    house = small_house
    put_rows(house.database, make_credential_row(1))
    house.tick()
    house.close()
    for file in (house.folder / "snapshots").iterdir():
        file.unlink()
    house.start()
    house.tick()
    assert house.fetch(heads(house)[-1].snapshot.parts[0])


def test_rows_that_do_not_add_up_are_never_published(small_house):
    house = small_house
    put_rows(house.database, make_credential_row(1))
    with house.database.begin() as connection:
        connection.execute(update(roster_row).values(body=b"{}"))
    house.tick()
    assert heads(house) == []
    assert house.publisher.counts["snapshot_failures"] == 1


@ON_SQLITE
def test_a_central_that_starts_anew_goes_on_with_a_higher_serial_and_no_deltas_twice(house):
    put_rows(house.database, make_credential_row(1))
    put_rows(house.database, make_credential_row(2))
    house.tick()
    house.close()
    house.start()
    house.tick()
    first, second = heads(house)
    assert (second.revision, second.digest) == (first.revision, first.digest)
    assert second.serial > first.serial
    assert second.snapshot == first.snapshot
    assert deltas(house) == []


def test_after_a_restore_nothing_is_signed_below_what_a_birth_reported(house):
    for number in range(1, 4):
        put_rows(house.database, make_credential_row(number))
    with house.database.begin() as connection:
        write_setting(connection, REPORTED, "60")
    (refused,) = house.ask("roster.deltas", **{"from": 1})
    assert (refused.ok, refused.body["code"]) == (False, "not_ready")
    house.tick()
    assert [head.revision for head in heads(house)] == [61]
    assert heads(house)[0].snapshot.revision == 61
    put_rows(house.database, make_credential_row(9))
    house.tick()
    assert [(each.from_revision, each.to_revision) for each in deltas(house)] == [(61, 62)]
    (answer,) = house.ask("roster.deltas", **{"from": 2})
    assert answer.kind == "roster.snapshot"


@ON_SQLITE
def test_a_birth_that_reports_more_later_raises_the_roster_again(house):
    put_rows(house.database, make_credential_row(1))
    house.tick()
    with house.database.begin() as connection:
        write_setting(connection, REPORTED, "5")
    house.tick()
    assert [head.revision for head in heads(house)] == [1, 6]
    assert deltas(house) == []


@ON_SQLITE
def test_after_a_restore_serial_and_deny_version_are_above_all_that_was_published(house):
    put_rows(house.database, make_credential_row(1))
    with house.database.begin() as connection:
        before = deny_now(connection, f"{1:032x}", 9, at=house.clock.now())
        for name in ("head_serial", "deny_version"):
            write_setting(connection, name, "3")
        write_setting(connection, REPORTED, "7")
    house.clock.pass_s(60)
    house.tick()
    (deny,) = [house.key.open(body, DenyList) for body in house.broker.of("roster/deny")][-1:]
    assert deny.version > before
    assert heads(house)[-1].serial >= int(house.clock.now().timestamp())


@ON_SQLITE
def test_a_clock_that_jumped_signs_no_head_and_no_delta_until_it_is_put_right(house):
    put_rows(house.database, make_credential_row(1))
    house.tick()
    right = house.clock.now()
    house.broker.sent.clear()
    for jump in (timedelta(days=800), timedelta(days=-800)):
        house.clock.set_wall(right + jump)
        put_rows(house.database, make_credential_row(2, greeting=str(jump.days)))
        house.publisher.connected()
        house.tick()
        assert "last signature" in house.publisher.refusal
    assert (heads(house), deltas(house)) == ([], [])
    house.clock.set_wall(right + timedelta(minutes=1))
    house.tick()
    assert house.publisher.refusal == ""
    assert [head.revision for head in heads(house)] == [3]
    assert parse_utc(heads(house)[0].issued_at) == house.clock.now()


@ON_SQLITE
def test_a_central_that_was_off_for_a_week_signs_when_a_device_was_heard(house):
    put_rows(house.database, make_credential_row(1))
    house.tick()
    house.close()
    house.start()
    house.clock.pass_s(7 * 86400)
    house.tick()
    assert len(heads(house)) == 1
    hear(house, timedelta(seconds=-2))
    house.tick()
    assert len(heads(house)) == 2


@ON_SQLITE
def test_an_operator_may_vouch_for_the_clock(house):
    put_rows(house.database, make_credential_row(1))
    hear(house, timedelta(days=40))
    house.tick()
    assert heads(house) == []
    with house.database.begin() as connection:
        confirm_clock(connection, house.clock.now())
    house.tick()
    assert len(heads(house)) == 1


@ON_SQLITE
def test_a_wrong_clock_does_not_hold_back_the_deny_list_or_use(house):
    put_rows(house.database, make_credential_row(1))
    house.tick()
    house.clock.set_wall(house.clock.now() + timedelta(days=800))
    with house.database.begin() as connection:
        deny_now(connection, f"{1:032x}", 9, at=house.clock.now())
    put_used(house.database, 1, [0])
    house.tick()
    assert len(house.broker.of("roster/deny")) == 1
    assert [row.used for page in use_told(house) for row in page.rows] == [0]


@ON_SQLITE
def test_use_is_published_behind_what_was_told_before(house):
    put_rows(house.database, make_credential_row(1))
    put_used(house.database, 3, [0, 1])
    house.tick()
    put_used(house.database, 4, [10])
    put_used(house.database, 5, [11, 12])
    house.tick()
    _, news = use_told(house)
    assert (news.previous, news.version) == (used_number(3), used_number(5))
    assert [(row.credential, row.used, row.area, row.folded) for row in news.rows] == [
        (f"{number:032x}", number, "club", {"0" * 32: 1000}) for number in (10, 11, 12)
    ]


@ON_SQLITE
def test_each_site_hears_of_its_own_use_only(house):
    register(house.database, EdgeDevice("south-1"), site="south")
    house.tick()
    put_used(house.database, 1, [0], site="south")
    house.tick()
    assert use_told(house, "demo") == []
    assert len(use_told(house, "south")[0].rows) == 1


def test_much_use_at_once_is_published_in_pages_that_fit_and_follow_each_other(small_house):
    house = small_house
    house.tick()
    put_used(house.database, 1, range(700), journals=6)
    house.tick()
    pages = use_told(house)
    assert all(len(body) <= 64 * 1024 for body in house.broker.of("used"))
    assert len(pages) > 3
    held, rows = 0, 0
    for page in pages:
        assert page.previous == held < page.version
        held, rows = page.version, rows + len(page.rows)
    assert (held, rows) == (used_number(1), 700)
