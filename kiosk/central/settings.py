"""What central is told before it starts: a TOML file, every key of which `config/central.toml` explains."""

from pathlib import Path

import msgspec

from kiosk.core.errors import ConfigError
from kiosk.local.settings import check_zone

SECRET_BYTES_MAX = 1024
DEFAULT_ZONE = "Asia/Shanghai"


class BrokerSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The `[broker]` table: how central reaches it, and in `address` how devices do, where that differs."""

    host: str = "127.0.0.1"
    port: int = 1883
    username: str = "central"
    password_file: str = ""
    ca_file: str = ""
    address: str = ""


class CentralSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Central's configuration. Relative paths start at the configuration file's folder.

    `zone` is the IANA time zone of a site until its roster row names one. `shared_subscription` deals the uplink out
    among several central processes, where the broker can do that. `clock_apart_max_s` is how far central's clock may
    be from its last signature and from the devices' median before it refuses to sign (CONTRACT §3). `seals_file` keeps
    the ledger's seals outside the database: `seals.log` in the home unless one is named.
    """

    home: str = "."
    database: str = ""
    broker: BrokerSettings = BrokerSettings()
    shared_subscription: bool = False
    zone: str = DEFAULT_ZONE
    health_host: str = "127.0.0.1"
    health_port: int = 9464
    clock_apart_max_s: int = 86400
    seals_file: str = ""
    folder: str = ""

    def __post_init__(self) -> None:
        check_zone(self.zone)

    @property
    def home_path(self) -> Path:
        """Return the folder of the keys and, by default, of the database and backups."""
        return self.path(self.home)

    @property
    def seals_path(self) -> Path:
        """Return the file that keeps the ledger's seals outside the database."""
        return self.path(self.seals_file) if self.seals_file else self.home_path / "seals.log"

    @property
    def database_url(self) -> str:
        """Return the URL of the database: `central.db` in the home folder unless one is named."""
        return self.database or f"sqlite:///{(self.home_path / 'central.db').resolve()}"

    @property
    def broker_url(self) -> str:
        """Return the address to tell devices, `mqtt://host:port` or with TLS `mqtts://host:port`."""
        if self.broker.address:
            return self.broker.address
        host = f"[{self.broker.host}]" if ":" in self.broker.host else self.broker.host
        return f"{'mqtts' if self.broker.ca_file else 'mqtt'}://{host}:{self.broker.port}"

    def path(self, name: str) -> Path:
        """Return a path that the configuration names."""
        return Path(self.folder, name)

    def broker_password(self) -> str:
        """Read central's own password; empty where no file is named. Raises ConfigError."""
        return _read_text(self.path(self.broker.password_file)).strip() if self.broker.password_file else ""

    def broker_ca(self) -> str:
        """Read the certificate that devices check the broker by, PEM; empty where no file is named."""
        return _read_text(self.path(self.broker.ca_file)) if self.broker.ca_file else ""


def _read_text(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            return file.read(SECRET_BYTES_MAX * 64)
    except (OSError, UnicodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}", hint="Check its name and permissions") from error
