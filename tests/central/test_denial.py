"""The deny list: newer by every entry, never back, and never too long for a message."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from kiosk.central.denial import ENTRIES_MAX, deny_list, deny_now, renew
from kiosk.central.tables import device
from kiosk.core.errors import InvalidInput
from kiosk.wire.messages import DenyEntry
from kiosk.wire.signing import SigningKey
from tests.central.builders import ON_SQLITE, START, EdgeDevice, register


def deny(database, number=1, until=7, at=START):
    with database.begin() as connection:
        return deny_now(connection, f"{number:032x}", until, at=at)


def listed(database, site="demo"):
    with database.read() as connection:
        return deny_list(connection, site)


def reach(database, name, revision):
    with database.begin() as connection:
        connection.execute(update(device).where(device.c.name == name).values(roster_revision=revision))


def fill(database, until=2**53 - 1):
    with database.begin() as connection:
        for number in range(ENTRIES_MAX):
            deny_now(connection, f"{number:032x}", until, at=START)


@ON_SQLITE
def test_before_an_entry_there_is_version_0(database):
    assert (listed(database).version, listed(database).entries) == (0, ())


@ON_SQLITE
@pytest.mark.proves("S20")
def test_every_entry_makes_the_list_newer(database):
    first = deny(database, 1, until=5)
    second = deny(database, 2, until=6)
    assert second > first
    assert listed(database).version == second
    assert listed(database).entries == (DenyEntry(f"{1:032x}", 5), DenyEntry(f"{2:032x}", 6))


def test_an_entry_is_never_shortened(database):
    deny(database, 1, until=9)
    deny(database, 1, until=5)
    assert listed(database).entries == (DenyEntry(f"{1:032x}", 9),)
    deny(database, 1, until=12)
    assert listed(database).entries == (DenyEntry(f"{1:032x}", 12),)


@ON_SQLITE
def test_a_central_from_a_backup_goes_on_above_the_versions_it_published_before(database):
    """What was published after the backup is not in the database any more; the clock has gone on."""
    published = [deny(database, number, at=START + timedelta(seconds=number)) for number in range(1, 20)]
    with database.begin() as connection:
        renewed = renew(connection, at=START + timedelta(hours=1))
    assert renewed > max(published) + 100


@ON_SQLITE
def test_versions_go_on_when_the_clock_goes_back(database):
    first = deny(database, 1)
    assert deny(database, 2, at=START - timedelta(days=4000)) == first + 1


def test_a_full_list_fits_a_message(sqlite_database):
    fill(sqlite_database)
    assert len(SigningKey.generate().seal(listed(sqlite_database, site="s" * 32))) <= 64 * 1024


def test_at_the_limit_what_every_device_has_reached_makes_room(sqlite_database):
    register(sqlite_database, EdgeDevice("fast"), EdgeDevice("slow"), EdgeDevice("never-heard"))
    register(sqlite_database, EdgeDevice("gone"), replaced_by="fast")
    fill(sqlite_database, until=10)
    reach(sqlite_database, "gone", 1)
    reach(sqlite_database, "fast", 20)
    reach(sqlite_database, "slow", 9)
    with pytest.raises(InvalidInput, match="deny list is full: 750 credentials, and a device holds roster revision 9"):
        deny(sqlite_database, 5000, until=21)
    assert len(listed(sqlite_database).entries) == ENTRIES_MAX
    deny(sqlite_database, 3, until=30)
    reach(sqlite_database, "slow", 10)
    deny(sqlite_database, 5000, until=21)
    assert listed(sqlite_database).entries == (DenyEntry(f"{3:032x}", 30), DenyEntry(f"{5000:032x}", 21))
