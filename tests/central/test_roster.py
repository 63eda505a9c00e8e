"""Revisions, digests and deltas: from any revision the deltas lead to exactly the rows of the table."""

import shutil
import threading
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import select, update

from kiosk.central.database import Database, write_setting
from kiosk.central.heads import delta_of
from kiosk.central.roster import (
    OPS_BYTES_MAX,
    REPORTED,
    REVISION,
    Change,
    change,
    changes_after,
    digest_of,
    forget_changes,
    last_gap,
    rise_above,
    roster_state,
    rows_of,
)
from kiosk.central.snapshots import Snapshots
from kiosk.central.tables import roster_change, roster_row
from kiosk.core.codec import decode, parse
from kiosk.core.errors import InvalidInput
from kiosk.core.model import Credential, CredentialState, Entitlement
from kiosk.core.roster import digest_hex, row_key
from kiosk.wire.parts import PartStore
from kiosk.wire.signing import SigningKey
from kiosk.wire.snapshot import assemble, verify_snapshot
from tests.central.builders import ON_SQLITE, START
from tests.central.roster_builders import (
    apply_ops,
    digest_of_bodies,
    encoded,
    make_area_row,
    make_credential_row,
    put_policy,
    put_rows,
    stored_rows,
)


def state_of(database):
    with database.read() as connection:
        return roster_state(connection)


def changes_since(database, revision, limit=1000):
    with database.read() as connection:
        return changes_after(connection, revision, limit)


@ON_SQLITE
def test_before_anything_the_roster_is_revision_0_with_the_digest_of_nothing(database):
    state = state_of(database)
    assert (state.revision, state.digest) == (0, "0" * 64)
    assert changes_since(database, 0) == []


@ON_SQLITE
def test_a_change_gives_the_next_revision_and_the_digest_of_all_rows(database):
    first, second = make_credential_row(1), make_area_row()
    assert put_rows(database, first) == 1
    assert put_rows(database, second) == 2
    assert stored_rows(database) == encoded(first, second)
    assert state_of(database).digest == digest_of_bodies(encoded(first, second).values())


@ON_SQLITE
def test_rows_that_say_the_same_make_no_revision(database):
    put_rows(database, make_credential_row(1), make_area_row())
    before = state_of(database)
    assert put_rows(database, make_area_row(), make_credential_row(1)) == 1
    assert put_rows(database, drop=[row_key(make_credential_row(2))]) == 1
    assert put_rows(database) == 1
    assert state_of(database) == before


@ON_SQLITE
def test_a_row_that_changes_and_changes_back_in_one_go_makes_no_revision(database):
    put_rows(database, make_credential_row(1))
    fillers = [make_credential_row(1, tier="silver"), *(make_credential_row(1) for _ in range(600))]
    assert put_rows(database, *fillers) == 1


@ON_SQLITE
def test_one_change_of_many_rows_is_one_revision(database):
    assert put_rows(database, *(make_credential_row(n) for n in range(1, 1201))) == 1
    assert len(stored_rows(database)) == 1200
    assert state_of(database).digest == digest_of_bodies(stored_rows(database).values())


@ON_SQLITE
def test_the_same_row_twice_in_a_change_counts_once_the_last_one(database):
    last = make_credential_row(1, tier="silver")
    put_rows(database, make_credential_row(1), last)
    assert stored_rows(database) == encoded(last)
    assert state_of(database).digest == digest_of_bodies(encoded(last).values())


@ON_SQLITE
def test_a_dropped_row_leaves_the_digest(database):
    put_rows(database, make_credential_row(1), make_credential_row(2))
    put_rows(database, drop=[row_key(make_credential_row(1))])
    assert state_of(database).digest == digest_of_bodies(encoded(make_credential_row(2)).values())
    put_rows(database, drop=[row_key(make_credential_row(2))])
    assert state_of(database).digest == digest_hex(0)


def test_a_change_belongs_to_the_callers_transaction(database):
    with pytest.raises(InvalidInput), database.begin() as connection:
        undo(connection)
    assert state_of(database).revision == 0
    assert stored_rows(database) == {}


def undo(connection):
    """Change the roster and think better of it."""
    assert change(connection, [make_credential_row(1)], at=START) == 1
    raise InvalidInput("changed my mind")


def test_what_led_to_a_revision_is_a_delta_that_fits_a_message(database):
    put_rows(database, make_credential_row(1), make_area_row())
    put_rows(database, make_credential_row(2), drop=[row_key(make_area_row())])
    rows = {}
    for each in changes_since(database, 0):
        delta = delta_of("demo", each)
        parse(each.ops)
        rows = apply_ops(rows, delta.ops)
        assert digest_of_bodies(rows.values()) == delta.digest
        assert len(SigningKey.generate().seal(delta)) <= 64 * 1024
    assert rows == stored_rows(database)


def test_a_delta_just_under_the_limit_fits_the_message_with_the_longest_numbers_and_names(sqlite_database):
    (body,) = encoded(make_credential_row(1)).values()
    fitting = (OPS_BYTES_MAX - 2) // (len(body) + len(b'{"put":},'))
    with sqlite_database.begin() as connection:
        write_setting(connection, REVISION, str(2**53 - 3))
    put_rows(sqlite_database, *(make_credential_row(number) for number in range(1, fitting + 1)))
    with sqlite_database.read() as connection:
        revision, digest, ops = connection.execute(
            select(roster_change.c.revision, roster_change.c.digest, roster_change.c.ops)
        ).one()
    assert len(ops) > OPS_BYTES_MAX - len(body)
    delta = delta_of("s" * 32, Change(revision - 1, revision, digest, ops))
    assert len(SigningKey.generate().seal(delta)) <= 64 * 1024


@ON_SQLITE
def test_a_change_too_large_for_a_delta_has_none_and_says_so(database):
    put_rows(database, *(make_credential_row(n) for n in range(1, 1001)))
    (only,) = changes_since(database, 0)
    assert only.ops is None
    put_rows(database, make_area_row())
    assert [each.ops is None for each in changes_since(database, 0)] == [True, False]
    with database.read() as connection:
        assert last_gap(connection) == 1


@ON_SQLITE
def test_a_row_above_its_limit_is_refused_by_name(database):
    huge = make_credential_row(1, entitlements=tuple(Entitlement(id=f"e{n}", product="p" * 32) for n in range(400)))
    with pytest.raises(InvalidInput, match="limit is 16384"):
        put_rows(database, huge)
    assert state_of(database).revision == 0


@ON_SQLITE
def test_the_way_from_an_unknown_or_forgotten_revision_is_not_known(database):
    for number in range(1, 6):
        put_rows(database, make_credential_row(number))
    assert [each.revision for each in changes_since(database, 3)] == [4, 5]
    assert changes_since(database, 99) == []
    assert [each.revision for each in changes_since(database, 0, limit=2)] == [1, 2]
    with database.begin() as connection:
        forget_changes(connection, 3)
    assert changes_since(database, 2) == []
    assert changes_since(database, 0) == []
    assert [(each.from_revision, each.revision) for each in changes_since(database, 3)] == [(3, 4), (4, 5)]
    with database.read() as connection:
        assert digest_of(connection, 2) is None
        assert digest_of(connection, 5) == state_of(database).digest


def test_after_a_restore_the_next_change_is_above_every_reported_revision_and_no_delta(database):
    put_rows(database, make_credential_row(1))
    with database.begin() as connection:
        write_setting(connection, REPORTED, "60")
    assert put_rows(database, make_credential_row(2)) == 61
    assert changes_since(database, 1)[0].ops is None
    assert put_rows(database, make_credential_row(3)) == 62
    assert changes_since(database, 61)[0].ops is not None


@ON_SQLITE
def test_after_a_restore_the_same_rows_rise_above_every_reported_revision(database):
    put_rows(database, make_credential_row(1))
    before = state_of(database)
    with database.begin() as connection:
        assert rise_above(connection, 60, at=START) == 61
        assert rise_above(connection, 60, at=START) == 61
        assert rise_above(connection, 7, at=START) == 61
    assert state_of(database).digest == before.digest
    assert [(each.from_revision, each.revision, each.ops) for each in changes_since(database, 1)] == [(1, 61, None)]


def test_two_writers_at_once_give_two_revisions_with_the_right_digest(database):
    barrier = threading.Barrier(2)

    def write(numbers):
        barrier.wait()
        for number in numbers:
            put_rows(database, make_credential_row(number))

    threads = [threading.Thread(target=write, args=(range(start, start + 20),)) for start in (1, 101)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert state_of(database).revision == 40
    assert state_of(database).digest == digest_of_bodies(stored_rows(database).values())
    rows = {}
    for each in changes_since(database, 0):
        rows = apply_ops(rows, decode(each.ops))
    assert rows == stored_rows(database)


class RosterMachine(RuleBasedStateMachine):
    """Any course of changes, forgetting and restores: every way to the newest revision ends at the table's rows."""

    template: Path
    folder: Path

    @initialize()
    def begin(self):
        RosterMachine.count = getattr(RosterMachine, "count", 0) + 1
        self.home = self.folder / str(RosterMachine.count)
        self.home.mkdir()
        shutil.copy(self.template, self.home / "central.db")
        self.database = Database(f"sqlite:///{self.home / 'central.db'}")
        self.snapshots = Snapshots(self.database, self.home / "snapshots")
        self.model: dict[bytes, bytes] = {}
        self.seen: dict[int, dict[bytes, bytes]] = {0: {}}
        self.taken = []

    numbers = st.integers(1, 12)
    credentials = st.builds(
        make_credential_row,
        numbers,
        tier=st.sampled_from(["gold", "silver"]),
        greeting=st.sampled_from(["", "王**", "é\u0001😀"]),
        state=st.sampled_from(list(CredentialState)),
        entitlements=st.lists(
            st.builds(Entitlement, id=st.sampled_from(["a", "b"]), product=st.just("gym")), max_size=2
        ).map(tuple),
    )
    areas = st.builds(make_area_row, st.sampled_from(["club", "pool"]), capacity=st.none() | st.integers(1, 3))

    @rule(rows=st.lists(credentials | areas, max_size=6), dropped=st.lists(numbers, max_size=3))
    def change(self, rows, dropped):
        keys = [row_key(make_credential_row(number)) for number in dropped]
        revision = put_rows(self.database, *rows, drop=keys)
        for row in rows:
            self.model |= encoded(row)
        for key in keys:
            self.model.pop(key, None)
        self._note(revision)

    @rule(first=st.integers(100, 200))
    def change_much(self, first):
        rows = [make_credential_row(number, greeting=str(first)) for number in range(first, first + 400)]
        revision = put_rows(self.database, *rows)
        self.model |= encoded(*rows)
        self._note(revision)

    @rule(further=st.integers(1, 5))
    def restore(self, further):
        newest = state_of(self.database).revision
        with self.database.begin() as connection:
            write_setting(connection, REPORTED, str(newest + further))
            revision = rise_above(connection, newest + further, at=START)
        assert revision > newest + further
        self._note(revision)

    @rule()
    def snapshot(self):
        if self.model:
            self.taken.append(self.snapshots.build())

    @invariant()
    def the_table_is_the_model(self):
        if hasattr(self, "database"):
            assert stored_rows(self.database) == self.model
            assert state_of(self.database).digest == digest_of_bodies(self.model.values())

    @invariant()
    def from_any_revision_deltas_give_the_rows_and_digest_of_each_that_follows(self):
        if not hasattr(self, "database"):
            return
        newest = state_of(self.database).revision
        for start, rows in self.seen.items():
            for each in changes_since(self.database, start):
                if each.ops is None:
                    break
                rows = apply_ops(rows, decode(each.ops))
                assert rows == self.seen[each.revision]
                assert digest_of_bodies(rows.values()) == each.digest
            else:
                if changes_since(self.database, start):
                    assert rows == self.seen[newest]

    @invariant()
    def a_snapshot_and_what_followed_it_give_the_table(self):
        if not getattr(self, "taken", None):
            return
        snapshot = self.taken[-1]
        with PartStore(self.home / "device", 2**26) as store:
            for name in snapshot.parts:
                store.put(self.snapshots.get(name))
            index = b"".join(store.get(name) for name in snapshot.parts)
            for start in range(0, len(index), 32):
                store.put(self.snapshots.get(index[start : start + 32].hex()))
            assemble(snapshot, store, self.home / "copy.db")
        verify_snapshot(self.home / "copy.db", snapshot.revision, snapshot.digest)
        assert digest_of_bodies(self.seen[snapshot.revision].values()) == snapshot.digest
        (self.home / "device").unlink()

    def _note(self, revision):
        known = self.seen.get(revision)
        assert known is None or known == self.model
        self.seen[revision] = dict(self.model)

    def teardown(self):
        if hasattr(self, "database"):
            self.snapshots.close()
            self.database.close()
            shutil.rmtree(self.home)


def test_any_course_of_changes_can_be_followed_from_any_revision(migrated_file, tmp_path):
    RosterMachine.template, RosterMachine.folder = migrated_file, tmp_path
    run_state_machine_as_test(RosterMachine, settings=settings(max_examples=12, stateful_step_count=15, deadline=None))


def test_a_card_whose_hash_looks_like_a_key_is_none_of_the_clubs_rows(sqlite_database: Database) -> None:
    card = Credential(id=b"area:abcdefghijk".hex())
    revision = put_rows(sqlite_database, card, make_area_row())
    with sqlite_database.read() as connection:
        assert rows_of(connection, "site", "area") == [make_area_row()]
    assert put_policy(sqlite_database) > revision
    assert row_key(card) in stored_rows(sqlite_database)


def test_a_row_that_cannot_be_read_is_left_out(sqlite_database: Database) -> None:
    put_rows(sqlite_database, make_area_row("club"), make_area_row("pool"))
    with sqlite_database.begin() as connection:
        connection.execute(update(roster_row).where(roster_row.c.key == b"area:club").values(body=b"{"))
        assert rows_of(connection, "area") == [make_area_row("pool")]
