"""Central's clock as an operator meets it: why nothing is signed is shown, and a word that the clock is right helps."""

import http.client
import json
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from sqlalchemy import update

from kiosk.central.clockguard import CONFIRMED_AT, SIGNED_AT, why_not
from kiosk.central.database import Database, read_setting, write_setting
from kiosk.central.tables import device
from kiosk.core.clock import format_utc
from kiosk.local.clock import SystemClock
from tests.faults.club import make_policy
from tests.support.central_home import CentralHome
from tests.support.command_line import kiosk
from tests.support.edge_home import Started
from tests.support.ports import free_ports
from tests.support.wait import eventually

DAY = timedelta(days=1)


class WatchedHome(CentralHome):
    """A central whose side port is known."""

    health_port = 0

    @property
    def config(self) -> Path:
        """Write central.toml with the side port and return its path."""
        path = super().config
        path.write_text(path.read_text().replace("health_port = 0", f"health_port = {self.health_port}"))
        return path


@pytest.fixture
def home(tmp_path: Path) -> CentralHome:
    """An installed central with one device that never came online."""
    made = WatchedHome(tmp_path / "central", broker_port=free_ports())
    made.create(make_policy())
    made.add_device("north-1")
    return made


@pytest.fixture
def database(home: CentralHome) -> Iterator[Database]:
    """Its database."""
    with closing(Database(home.url)) as opened:
        yield opened


def central(home: CentralHome, *words: str, typed: str = "") -> Result:
    """Run a command of central."""
    return kiosk("central", *words, "--config", str(home.config), typed=typed)


def now() -> datetime:
    """The time by the clock that the commands go by."""
    return SystemClock().now()


def signed(database: Database, ago: timedelta) -> None:
    """Let the last signature be so long ago."""
    with database.begin() as connection:
        write_setting(connection, SIGNED_AT, format_utc(now() - ago))


def heard(database: Database, offset: timedelta) -> None:
    """Let the device come online just now with a clock that is so far ahead."""
    row = {"state": "online", "seen_at": format_utc(now()), "clock_offset_ms": round(offset.total_seconds() * 1000)}
    with database.begin() as connection:
        connection.execute(update(device).values(**row))


def refusal(database: Database) -> str | None:
    """Why central must not sign."""
    with database.read() as connection:
        return why_not(connection, now(), DAY)


def confirmed_at(database: Database) -> str | None:
    """What the operator's word was written down as."""
    with database.read() as connection:
        return read_setting(connection, CONFIRMED_AT)


def test_an_operators_word_lets_central_sign_and_what_was_compared_is_shown(
    home: CentralHome, database: Database
) -> None:
    signed(database, 9 * DAY)
    done = central(home, "confirm-clock", typed="y\n")
    assert done.exit_code == 0
    assert "9 days behind this clock" in done.stderr
    assert "none came online within the last hour" in done.stderr
    assert "last confirmed  never" in done.stderr
    assert "refuses to sign: the clock differs from the last signature by 9 days" in done.stderr
    told = json.loads(done.stdout)
    assert told["confirmed_at"] == confirmed_at(database)
    assert "9 days" in told["was_refused"]
    assert refusal(database) is None


def test_yes_asks_nothing(home: CentralHome, database: Database) -> None:
    signed(database, -9 * DAY)
    done = central(home, "confirm-clock", "--yes")
    assert done.exit_code == 0
    assert "9 days ahead of this clock" in done.stderr
    assert "[y/N]" not in done.stderr
    assert refusal(database) is None


def test_the_devices_median_is_shown(home: CentralHome, database: Database) -> None:
    heard(database, timedelta(days=-30))
    done = central(home, "confirm-clock", "--yes")
    assert "1 heard within the last hour, their median is 30 days behind this clock" in done.stderr
    assert done.exit_code == 0
    assert refusal(database) is None


def test_a_no_changes_nothing(home: CentralHome, database: Database) -> None:
    signed(database, 9 * DAY)
    done = central(home, "confirm-clock", typed="n\n")
    assert done.exit_code == 1
    assert "nothing was changed" in done.stderr
    assert done.stdout == ""
    assert confirmed_at(database) is None


def test_where_nobody_can_answer_the_command_says_how_to(home: CentralHome, database: Database) -> None:
    signed(database, 9 * DAY)
    done = central(home, "confirm-clock")
    assert done.exit_code == 2
    assert "kiosk: nobody answered, and nothing was changed. Answer, or give --yes" in done.stderr
    assert confirmed_at(database) is None


def test_a_clock_that_may_be_signed_with_needs_no_word(home: CentralHome, database: Database) -> None:
    signed(database, timedelta(minutes=5))
    done = central(home, "confirm-clock", "--yes")
    assert done.exit_code == 0
    assert "there is nothing to confirm" in done.stderr
    assert confirmed_at(database) is None


def test_the_fleet_and_the_roster_are_shown_with_why_nothing_is_signed(home: CentralHome, database: Database) -> None:
    signed(database, timedelta(minutes=5))
    assert central(home, "devices").stderr == ""
    signed(database, 9 * DAY)
    for words in (["devices"], ["publish"]):
        done = central(home, *words)
        assert done.exit_code == 0
        assert done.stderr.startswith("rosters are not signed: the clock differs from the last signature by 9 days")
        assert "kiosk central confirm-clock" in done.stderr
        assert json.loads(done.stdout)


def test_a_running_central_says_why_it_refuses_to_sign_and_goes_on_after_the_word(
    home: WatchedHome, database: Database
) -> None:
    signed(database, 9 * DAY)
    home.health_port = free_ports()
    with home.start() as process:
        said = eventually(lambda: health(home, process).get("signing_refused"), 30)
        assert "last signature by 9 days" in said
        assert "kiosk_central_signing_refused 1.0" in fetch(home, "/metrics")
        assert central(home, "confirm-clock", "--yes").exit_code == 0
        eventually(lambda: health(home, process).get("signing_refused") == "", 30)
        assert "kiosk_central_signing_refused 0.0" in fetch(home, "/metrics")
        # No broker takes anything here, so no head is signed; the jobs of the night went by the same clock.
        eventually(lambda: health(home, process).get("nightly", {}).get("refused") == "", 60)


def health(home: WatchedHome, process: Started) -> dict[str, Any]:
    """The detail of a running central's health; empty as long as it does not listen."""
    assert process.process.poll() is None, process.log.read_text()
    try:
        return json.loads(fetch(home, "/healthz"))["detail"]
    except OSError:
        return {}


def fetch(home: WatchedHome, path: str) -> str:
    """Fetch a page of the side port, whatever its status."""
    connection = http.client.HTTPConnection("127.0.0.1", home.health_port, timeout=30)
    try:
        connection.request("GET", path)
        return connection.getresponse().read().decode()
    finally:
        connection.close()
