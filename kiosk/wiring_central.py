"""Builds central and the office from central.toml."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from kiosk.central.consumer import Central
from kiosk.central.database import Database
from kiosk.central.devices import BrokerAddress, Provision, Registrar
from kiosk.central.ingest import Ingest
from kiosk.central.keys import Keys, load_keys
from kiosk.central.lease import Lease
from kiosk.central.parked import Parked
from kiosk.central.projection import Projection
from kiosk.central.publisher import Publisher
from kiosk.central.requests import Requests
from kiosk.central.schema import check_schema
from kiosk.central.settings import CentralSettings
from kiosk.central.snapshots import Snapshots
from kiosk.core.clock import Clock
from kiosk.core.errors import ConfigError
from kiosk.local.clock import SystemClock
from kiosk.local.health import HealthServer
from kiosk.local.logs import setup_logging
from kiosk.local.process import notify_ready, stop_event
from kiosk.local.settings import load_settings
from kiosk.office.settings import OfficeSettings
from kiosk.wire.access import mosquitto_lines
from kiosk.wire.mqtt import MqttLink


class ProvisionSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The `[provision]` table: where `add-device` puts a device's broker account; neither: by hand."""

    mosquitto_passwords: str = ""
    mosquitto_acl: str = ""
    mosquitto_pid_file: str = ""
    demo_accounts: str = ""


class CentralConfig(CentralSettings, frozen=True, forbid_unknown_fields=True):
    """`central.toml`: central's own keys, and the tables of the office and of provisioning."""

    office: OfficeSettings | None = None
    provision: ProvisionSettings = ProvisionSettings()


def load_central(path: Path) -> CentralConfig:
    """Read central.toml; raises ConfigError."""
    return msgspec.structs.replace(load_settings(path, CentralConfig), folder=str(path.parent))


@contextmanager
def open_central(config: CentralConfig) -> Iterator[tuple[Database, Keys]]:
    """Open the database and the keys of an installed central; raises ConfigError."""
    database = Database(config.database_url)
    try:
        check_schema(database)
        yield database, load_keys(config.home_path)
    finally:
        database.close()


def serve_central(path: Path) -> None:
    """Run one central process until it is told to stop."""
    setup_logging("central")
    config, clock, stop = load_central(path), SystemClock(), stop_event()
    with open_central(config) as (database, keys):
        central = Central(database, MqttLink, keys, config, clock, stop)
        snapshots = Snapshots(database, config.home_path / "snapshots")
        publisher = Publisher(database, central.publish, keys, config, clock, snapshots)
        projection = Projection(database, central.lease, clock, config.zone, central.busy)
        health = HealthServer(config.health_host, config.health_port, central.health)
        health.start()
        notify_ready()
        try:
            central.run(Requests(database, keys, snapshots), (publisher, projection))
        finally:
            health.close()


def serve_office(path: Path) -> None:
    """Run the office until it is told to stop."""
    # Here and not above: central itself must not pay for Flask.
    from kiosk.office.process import OfficeProcess

    setup_logging("office")
    config, stop = load_central(path), stop_event()
    if config.office is None:
        raise ConfigError(f"{path} has no [office] table", hint="config/central.toml shows one")
    office = msgspec.structs.replace(config.office, token_file=config.path(str(config.office.token_file)))
    with open_central(config) as (database, _keys):
        OfficeProcess(office, database, SystemClock()).run(stop)


def registrar(config: CentralConfig, database: Database, keys: Keys, clock: Clock) -> Registrar:
    """Return what registers devices, with their broker accounts."""
    address = BrokerAddress(config.broker_url, config.broker_ca())
    return Registrar(database, keys, address, clock, _provision(config))


def parked_items(config: CentralConfig, database: Database, clock: Clock) -> Parked:
    """Return what is parked, ready to be tried again."""
    projection = Projection(database, Lease(database, clock), clock, config.zone)
    return Parked(database, clock, Ingest(database, clock), projection)


def _provision(config: CentralConfig) -> Provision:
    settings = config.provision
    if settings.demo_accounts:
        from kiosk.demo.accounts import add_account

        accounts = config.path(settings.demo_accounts)
        return lambda user, password, site: add_account(accounts, user, password, "device", site)
    if settings.mosquitto_passwords:
        return lambda user, password, site: _mosquitto_account(config, user, password, site)
    return lambda _user, _password, _site: None


def _mosquitto_account(config: CentralConfig, user: str, password: str, site: str) -> None:
    program = shutil.which("mosquitto_passwd")
    if program is None:
        raise ConfigError("mosquitto_passwd is not installed here", hint="Install mosquitto, or provision by hand")
    passwords = config.path(config.provision.mosquitto_passwords)
    passwords.touch(mode=0o600)
    # The password goes through standard input: an argument could be read by every account of the machine.
    typed = f"{password}\n{password}\n"
    done = subprocess.run([program, str(passwords), user], input=typed, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ConfigError(f"mosquitto_passwd failed: {done.stderr.strip()}", hint=f"Check {passwords}")
    if config.provision.mosquitto_acl:
        _mosquitto_rights(config.path(config.provision.mosquitto_acl), user, site)
    if config.provision.mosquitto_pid_file:
        pid = int(config.path(config.provision.mosquitto_pid_file).read_text())
        os.kill(pid, signal.SIGHUP)


def _mosquitto_rights(acl: Path, user: str, site: str) -> None:
    """Let a device read its site; its own topics are the file's patterns. What stood there for it before goes."""
    lines = mosquitto_lines(user, site)
    kept = acl.read_text() if acl.exists() else ""
    if lines not in kept:
        acl.write_text(kept.rstrip("\n") + "\n\n" + lines)
