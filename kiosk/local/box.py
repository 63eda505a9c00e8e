"""What every process of one box knows: who it is and where its files are."""

import base64
import binascii
from pathlib import Path
from typing import Annotated

import msgspec

from kiosk.core.errors import ConfigError
from kiosk.local.settings import check_zone

Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9-]{1,32}\Z")]
"""What may stand in a topic (CONTRACT §3)."""


class BoxSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The `[box]` table. Relative paths start at the configuration file's folder.

    `zone` is the IANA time zone until a roster names the site's; `roster_age_max_s` is how old a roster may get.
    """

    device: Name
    site: Name
    data_dir: str
    hash_key_file: str
    zone: str = "Asia/Shanghai"
    roster_age_max_s: Annotated[int, msgspec.Meta(gt=0)] = 14 * 86400
    folder: str = ""

    def __post_init__(self) -> None:
        check_zone(self.zone)

    @property
    def data(self) -> Path:
        """Return the data folder."""
        return self.path(self.data_dir)

    @property
    def roster(self) -> Path:
        """Return the folder of the roster files."""
        return self.data / "roster"

    def path(self, name: str) -> Path:
        """Return a path that the configuration names."""
        return Path(self.folder, name)

    def socket(self, process: str) -> Path:
        """Return the talk socket of a process of this box."""
        return self.data / f"{process}.sock"

    def hash_key(self) -> bytes:
        """Read the key card numbers are hashed with; raises ConfigError."""
        path = self.path(self.hash_key_file)
        try:
            return base64.b64decode(path.read_text().strip(), validate=True)
        except (OSError, binascii.Error, ValueError) as error:
            raise ConfigError(
                f"hash key {path} cannot be read: {error}", hint="Put the hash_key that add-device printed there"
            ) from error
