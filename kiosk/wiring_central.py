"""Builds central and the office from central.toml."""

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import msgspec

from kiosk.central.clockguard import why_not
from kiosk.central.club.books import Books
from kiosk.central.club.jobs import NightlyJobs
from kiosk.central.club.notice_settings import NoticeSettings
from kiosk.central.club.outbox import Outbox
from kiosk.central.consumer import Central
from kiosk.central.database import Database
from kiosk.central.devices import BrokerAddress, Provision, Registrar
from kiosk.central.ingest import Ingest
from kiosk.central.keys import FOLDER, Keys, load_keys
from kiosk.central.lease import Lease
from kiosk.central.meters import refusing
from kiosk.central.money.funds import FundsKeeper
from kiosk.central.parked import Parked
from kiosk.central.pay.cashier import Cashier
from kiosk.central.pay.making import make_providers
from kiosk.central.pay.settings import PaySettings
from kiosk.central.personal_keys import load_seals
from kiosk.central.projection import Projection
from kiosk.central.publisher import Publisher
from kiosk.central.requests import Requests
from kiosk.central.rotating import seal_all
from kiosk.central.schema import check_schema
from kiosk.central.self_service.answers import SelfService
from kiosk.central.settings import CentralSettings
from kiosk.central.snapshots import Snapshots
from kiosk.core.clock import Clock
from kiosk.core.errors import ConfigError
from kiosk.local.clock import SystemClock
from kiosk.local.files import OURS_ALONE
from kiosk.local.health import Health, HealthServer
from kiosk.local.logs import setup_logging
from kiosk.local.process import notify_ready, stop_event
from kiosk.local.settings import load_settings
from kiosk.office.settings import OfficeSettings
from kiosk.wire.mqtt import MqttLink
from kiosk.wiring_club import EFFECTS, make_nightly, make_outbox, make_watch

_log = logging.getLogger(__name__)


class ProvisionSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The `[provision]` table: where `add-device` puts a device's broker account; neither: by hand."""

    mosquitto_passwords: str = ""
    mosquitto_acl: str = ""
    mosquitto_pid_file: str = ""
    demo_accounts: str = ""


class CentralConfig(CentralSettings, frozen=True, forbid_unknown_fields=True):
    """`central.toml`: central's own keys, and the tables of the office and of provisioning."""

    office: OfficeSettings | None = None
    notices: NoticeSettings = NoticeSettings()
    nightly_hour: Annotated[int, msgspec.Meta(ge=0, le=23)] = 3
    provision: ProvisionSettings = ProvisionSettings()
    pay: PaySettings = PaySettings()


def load_central(path: Path) -> CentralConfig:
    """Read central.toml; raises ConfigError."""
    return msgspec.structs.replace(load_settings(path, CentralConfig), folder=str(path.parent))


@contextmanager
def open_central(config: CentralConfig) -> Iterator[tuple[Database, Keys]]:
    """Open the database and the keys of an installed central; raises ConfigError."""
    # A database that is not there says more than the keys that then are not there either.
    with closing(Database(config.database_url)) as unsealed:
        check_schema(unsealed)
    with closing(Database(config.database_url, load_seals(config.home_path / FOLDER))) as database:
        yield database, load_keys(config.home_path)


def seal_what_rests_in_clear(config: CentralConfig, progress: Callable[[str, int], None]) -> int:
    """Seal what an older version of this software wrote, and return how many rows; raises KioskError."""
    seals = load_seals(config.home_path / FOLDER)
    with closing(Database(config.database_url, seals)) as database:
        return seal_all(database, seals, progress)


def serve_central(path: Path) -> None:
    """Run one central process until it is told to stop."""
    os.umask(OURS_ALONE)
    setup_logging("central")
    config, clock, stop = load_central(path), SystemClock(), stop_event()
    with open_central(config) as (database, keys):
        central = Central(database, MqttLink, keys, config, clock, stop)
        snapshots = Snapshots(database, config.home_path / "snapshots")
        publisher = Publisher(database, central.lease, central.publish, keys, config, clock, snapshots)
        projection = Projection(database, central.lease, clock, config.zone, central.busy, effects=EFFECTS)
        outbox = make_outbox(config.notices, config.path, database, central.lease, clock)
        apart = timedelta(seconds=config.clock_apart_max_s)
        nightly = make_nightly(database, central.lease, clock, config.nightly_hour, apart, config.seals_path)
        watch = make_watch(database, central.lease, clock, central.busy)
        funds = FundsKeeper(database, central.lease)
        cashier = Cashier(Books(database, clock), central.lease, make_providers(config.pay, config.path))
        refusing.set_function(lambda: bool(refusal_of(central, publisher)))
        health = HealthServer(
            config.health_host, config.health_port, lambda: health_of(central, publisher, outbox, nightly, cashier)
        )
        health.start()
        notify_ready()
        try:
            asked = Requests(database, keys, snapshots, SelfService(Books(database, clock), cashier.wake).answers())
            central.run(asked, (publisher, projection, funds, watch, outbox, nightly, cashier))
        finally:
            cashier.close()
            outbox.close()
            health.close()


def refusal_of(central: Central, publisher: Publisher) -> str:
    """Return why this process refuses to sign rosters, empty where it signs them or another one leads."""
    return publisher.refusal if central.lease.held() else ""


def health_of(central: Central, publisher: Publisher, outbox: Outbox, nightly: NightlyJobs, cashier: Cashier) -> Health:
    """Return central's health. What rests or is refused is shown in it; records come in all the same."""
    health = central.health()
    shown = {
        "signing_refused": refusal_of(central, publisher),
        "notices_resting": outbox.health(),
        "nightly": nightly.health(),
        "providers_resting": cashier.health(),
    }
    return Health(health.ok, {**health.detail, **shown})


def signing_refusal(config: CentralConfig, database: Database, now: datetime) -> str:
    """Return why a leader whose clock shows `now` refuses to sign rosters; empty where it signs them."""
    with database.read() as connection:
        return why_not(connection, now, timedelta(seconds=config.clock_apart_max_s)) or ""


def serve_office(path: Path) -> None:
    """Run the office until it is told to stop."""
    # Here and not above: central itself must not pay for Flask.
    from kiosk.office.process import OfficeProcess

    os.umask(OURS_ALONE)
    setup_logging("office")
    config, stop = load_central(path), stop_event()
    if config.office is None:
        raise ConfigError(f"{path} has no [office] table", hint="config/central.toml shows one")
    office = config.office
    if office.token_file is not None:
        office = msgspec.structs.replace(office, token_file=config.path(str(office.token_file)))
    with open_central(config) as (database, keys):
        providers = make_providers(config.pay, config.path)
        OfficeProcess(office, database, SystemClock(), keys.hash_key, providers).run(stop)


def registrar(
    config: CentralConfig, database: Database, keys: Keys, clock: Clock, warn: Callable[[str], None] | None = None
) -> Registrar:
    """Return what registers devices, with their broker accounts; `warn` hears of what is left to do, else the log."""
    address = BrokerAddress(config.broker_url, config.broker_ca())
    return Registrar(database, keys, address, clock, _provision(config, warn or _log_warning), config.zone)


def parked_items(config: CentralConfig, database: Database, clock: Clock) -> Parked:
    """Return what is parked, ready to be tried again."""
    projection = Projection(database, Lease(database, clock), clock, config.zone, effects=EFFECTS)
    return Parked(database, clock, Ingest(database, clock), projection)


def _provision(config: CentralConfig, warn: Callable[[str], None]) -> Provision:
    settings = config.provision
    if settings.demo_accounts:
        from kiosk.demo.accounts import add_account

        accounts = config.path(settings.demo_accounts)
        return lambda user, password, site: add_account(accounts, user, password, "device", site)
    if settings.mosquitto_passwords:
        from kiosk import mosquitto

        files = mosquitto.MosquittoFiles(
            config.path(settings.mosquitto_passwords),
            config.path(settings.mosquitto_acl) if settings.mosquitto_acl else None,
            config.path(settings.mosquitto_pid_file) if settings.mosquitto_pid_file else None,
        )
        return lambda user, password, site: mosquitto.add_account(files, user, password, site, warn)
    return lambda _user, _password, _site: None


def _log_warning(text: str) -> None:
    _log.warning("broker account", extra={"cause": text})
