"""What the sync process is told."""

from typing import Annotated

import msgspec


class SyncSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The broker, the keys, and how patient and how gentle to the disk sync is. File names as in `[box]`.

    `poll_s` is how often journals are looked at when no neighbour says that one has grown. `disk_bytes_per_s` limits
    how fast a roster snapshot is fetched and written: the gate's journal shares the disk.
    """

    host: str
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)] = 8883
    username: str = ""
    password_file: str = ""
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""
    device_key_file: str
    central_key_file: str
    resend_first_s: Annotated[float, msgspec.Meta(ge=0.1)] = 2.0
    resend_max_s: Annotated[float, msgspec.Meta(ge=0.1)] = 60.0
    poll_s: Annotated[float, msgspec.Meta(ge=0.05)] = 1.0
    disk_bytes_per_s: Annotated[int, msgspec.Meta(ge=64 * 1024)] = 8 * 1024**2
    health_host: str = "127.0.0.1"
    health_port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 9102
