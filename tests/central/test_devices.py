"""Registering devices, and the keys that central hands out."""

import base64
import stat
from pathlib import Path

import msgspec
import pytest

from kiosk.central.database import Database
from kiosk.central.devices import BrokerAddress, Registrar, list_devices
from kiosk.central.ingest import Ingest
from kiosk.central.keys import Keys, init_keys, load_keys
from kiosk.central.settings import CentralSettings
from kiosk.core.errors import ConfigError, InvalidInput
from kiosk.local.settings import load_settings
from kiosk.wire.signing import SigningKey
from tests.central.builders import ON_SQLITE, EdgeDevice, ManualClock, a_journal

Account = tuple[str, str, str]


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    """Central's keys."""
    return init_keys(tmp_path / "home")


@pytest.fixture
def accounts() -> list[Account]:
    """What the broker was told, in order."""
    return []


@pytest.fixture
def registrar(database: Database, keys: Keys, clock: ManualClock, accounts: list[Account]) -> Registrar:
    """Registers devices with a broker that writes down what it is told."""

    def provision(name: str, password: str, site: str) -> None:
        accounts.append((name, password, site))

    return Registrar(database, keys, BrokerAddress("mqtts://broker.example:8883", "PEM"), clock, provision)


@ON_SQLITE
def test_a_new_device_is_told_everything_once(
    registrar: Registrar, keys: Keys, accounts: list[Account], database: Database
) -> None:
    told = registrar.add_device("north-1", "demo")
    assert list(told) == [
        "device", "site", "broker", "ca", "username", "password", "key", "central_key", "hash_key",
    ]  # fmt: skip
    assert (told["device"], told["site"], told["username"]) == ("north-1", "demo", "north-1")
    assert (told["broker"], told["ca"]) == ("mqtts://broker.example:8883", "PEM")
    assert len(base64.b64decode(told["key"])) == 32
    assert told["central_key"] == keys.signing.public.to_text()
    assert base64.b64decode(told["hash_key"]) == keys.hash_key
    assert accounts == [("north-1", told["password"], "demo")]
    assert [(each.device, each.site, each.state) for each in list_devices(database)] == [("north-1", "demo", "never")]


@ON_SQLITE
def test_a_new_device_can_send_at_once(registrar: Registrar, database: Database, clock: ManualClock) -> None:
    told = registrar.add_device("north-1", "demo")
    device, journal = EdgeDevice("north-1", SigningKey.from_text(told["key"])), a_journal(3)
    ack = Ingest(database, clock).batch("north-1", device.batch(journal, 1, 3))
    assert ack is not None
    assert ack.status.value == "ok"


@pytest.mark.proves("S92")
def test_a_device_was_last_seen_with_its_newest_records_or_word(
    registrar: Registrar, database: Database, clock: ManualClock
) -> None:
    def seen() -> dict[str, str | None]:
        return {each.device: each.seen_at for each in list_devices(database)}

    told = registrar.add_device("north-1", "demo")
    registrar.add_device("south-1", "demo")
    device, journal = EdgeDevice("north-1", SigningKey.from_text(told["key"])), a_journal(3)
    ingest = Ingest(database, clock)
    ingest.state("north-1", device.birth(journal))
    assert seen() == {"north-1": "2026-11-22T08:31:07.412Z", "south-1": None}
    clock.pass_s(60)
    ingest.batch("north-1", device.batch(journal, 1, 3))
    assert seen() == {"north-1": "2026-11-22T08:32:07.412Z", "south-1": None}
    ingest.batch("north-1", device.batch(a_journal(1), 1, 1))
    clock.pass_s(60)
    ingest.state("north-1", device.birth(journal))
    assert seen()["north-1"] == "2026-11-22T08:33:07.412Z"


@pytest.mark.proves("S90")
def test_no_secret_of_a_device_rests_in_the_database(
    sqlite_database: Database, keys: Keys, clock: ManualClock, accounts: list[Account]
) -> None:
    broker = BrokerAddress("mqtt://b:1883")
    registrar = Registrar(sqlite_database, keys, broker, clock, lambda *account: accounts.append(account))
    told = registrar.add_device("north-1", "demo")
    path = Path(str(sqlite_database.url.database))
    content = b"".join(file.read_bytes() for file in path.parent.glob("central.db*"))
    assert told["key"].encode() not in content
    assert told["password"].encode() not in content


@ON_SQLITE
def test_a_name_is_given_once(registrar: Registrar) -> None:
    registrar.add_device("north-1", "demo")
    with pytest.raises(InvalidInput, match="registered already"):
        registrar.add_device("north-1", "demo")


@ON_SQLITE
@pytest.mark.parametrize(("name", "site"), [("North 1", "demo"), ("", "demo"), ("north-1", "a/b"), ("x" * 33, "demo")])
def test_a_name_that_cannot_stand_in_a_topic_is_refused(
    registrar: Registrar, accounts: list[Account], name: str, site: str
) -> None:
    with pytest.raises(ConfigError, match="not usable"):
        registrar.add_device(name, site)
    assert accounts == []


@ON_SQLITE
def test_without_an_account_there_is_no_device(database: Database, keys: Keys, clock: ManualClock) -> None:
    def provision(name: str, password: str, site: str) -> None:
        raise ConfigError("the password file cannot be written")

    registrar = Registrar(database, keys, BrokerAddress("mqtt://b:1883"), clock, provision)
    with pytest.raises(ConfigError, match="password file"):
        registrar.add_device("north-1", "demo")
    assert list_devices(database) == []


def test_a_replacement_goes_on_with_the_journals(registrar: Registrar, database: Database, clock: ManualClock) -> None:
    old = EdgeDevice("old-1", SigningKey.from_text(registrar.add_device("old-1", "demo")["key"]))
    journal, ingest = a_journal(6), Ingest(database, clock)
    ingest.batch("old-1", old.batch(journal, 1, 3))
    told = registrar.add_device("new-1", "demo", replaces="old-1")
    new = EdgeDevice("new-1", SigningKey.from_text(told["key"]))
    ack = ingest.batch("new-1", new.batch(journal, 4, 6))
    assert ack is not None
    assert (ack.status.value, ack.seq) == ("ok", 6)
    assert {each.device: each.replaced_by for each in list_devices(database)} == {"new-1": None, "old-1": "new-1"}


@ON_SQLITE
def test_a_device_that_is_there_can_be_named_a_replacement_and_gets_new_secrets(
    registrar: Registrar, database: Database, clock: ManualClock, accounts: list[Account]
) -> None:
    registrar.add_device("old-1", "demo")
    before = registrar.add_device("new-1", "demo")
    after = registrar.add_device("new-1", "demo", replaces="old-1")
    assert after["key"] != before["key"]
    assert accounts[-1] == ("new-1", after["password"], "demo")
    journal, ingest = a_journal(1), Ingest(database, clock)
    device = EdgeDevice("new-1", SigningKey.from_text(before["key"]))
    ack = ingest.batch("new-1", device.batch(journal, 1, 1))
    assert ack is not None
    assert ack.status.value == "bad"


@ON_SQLITE
def test_what_cannot_be_replaced_is_named(registrar: Registrar) -> None:
    registrar.add_device("old-1", "demo")
    registrar.add_device("new-1", "demo", replaces="old-1")
    with pytest.raises(InvalidInput, match="west-9 is not registered"):
        registrar.add_device("new-2", "demo", replaces="west-9")
    with pytest.raises(InvalidInput, match="was replaced by new-1"):
        registrar.add_device("new-2", "demo", replaces="old-1")
    with pytest.raises(InvalidInput, match="itself replaced"):
        registrar.add_device("old-1", "demo", replaces="new-1")
    with pytest.raises(InvalidInput, match="itself replaced"):
        registrar.add_device("new-1", "demo", replaces="new-1")


def test_keys_are_made_once_and_closed_to_others(tmp_path: Path) -> None:
    first, again = init_keys(tmp_path), init_keys(tmp_path)
    assert (first.signing.to_text(), first.hash_key) == (again.signing.to_text(), again.hash_key)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "keys").iterdir()}
    assert modes == {"central.key": 0o600, "hash.key": 0o600, "personal.keys": 0o600}
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700


def test_keys_that_others_may_read_are_refused(tmp_path: Path) -> None:
    init_keys(tmp_path)
    (tmp_path / "keys" / "hash.key").chmod(0o640)
    with pytest.raises(ConfigError, match="read by others"):
        load_keys(tmp_path)


def test_missing_and_damaged_keys_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"central\.key cannot be read"):
        load_keys(tmp_path)
    init_keys(tmp_path)
    (tmp_path / "keys" / "hash.key").write_text("c2hvcnQ=\n")
    with pytest.raises(ConfigError, match="5 bytes"):
        load_keys(tmp_path)


def test_settings_name_files_from_the_folder_they_are_in(tmp_path: Path) -> None:
    (tmp_path / "pw").write_text("secret\n")
    broker = ("[broker]", 'host = "::1"', "port = 8883", 'password_file = "pw"', 'ca_file = "ca"')
    (tmp_path / "central.toml").write_text("\n".join(broker))
    (tmp_path / "ca").write_text("PEM")
    settings = msgspec.structs.replace(load_settings(tmp_path / "central.toml", CentralSettings), folder=str(tmp_path))
    assert settings.database_url == f"sqlite:///{tmp_path / 'central.db'}"
    assert (settings.broker_password(), settings.broker_ca()) == ("secret", "PEM")
    assert settings.broker_url == "mqtts://[::1]:8883"


def test_without_a_broker_table_it_is_the_one_of_this_machine(tmp_path: Path) -> None:
    settings = CentralSettings(folder=str(tmp_path))
    assert settings.home_path == tmp_path
    assert (settings.broker_url, settings.broker_password()) == ("mqtt://127.0.0.1:1883", "")


def test_an_unknown_key_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "central.toml").write_text('databse = "sqlite:///x.db"\n')
    with pytest.raises(ConfigError, match="databse"):
        load_settings(tmp_path / "central.toml", CentralSettings)
