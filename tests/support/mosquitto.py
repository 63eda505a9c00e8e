"""A private mosquitto for tests: the shipped configuration and ACL on a free port of loopback."""

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path

from kiosk.wire.access import CENTRAL, mosquitto_lines
from tests.support.certificates import Authority
from tests.support.needs import needs
from tests.support.ports import free_ports
from tests.support.wait import eventually

SHIPPED = Path(__file__).parents[2] / "config" / "mosquitto"
REPLACED = re.compile(
    r"(listener|password_file|acl_file|cafile|certfile|keyfile|tls_version|persistence|log_dest)\b.*", re.ASCII
)


class Mosquitto:
    """One broker with names and passwords. The user `central` may do everything, any other is a device.

    Devices belong to the site `demo` unless `sites` says otherwise. With `tls`, `ca_file` is what clients trust;
    with `certificates`, clients show one of `authority.issue(name)` instead of a password. A clean stop keeps what
    is retained, as far as `restart(wipe=False)` is concerned; a kill loses it.
    """

    def __init__(
        self,
        tmp_path: Path,
        users: Mapping[str, str],
        *,
        sites: Mapping[str, str] | None = None,
        tls: bool = False,
        certificates: bool = False,
    ) -> None:
        self._program = needs("mosquitto", "mosquitto")
        self._folder = tmp_path / "mosquitto"
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_ports(1)
        self._folder.mkdir()
        self._data.mkdir()
        self.authority = Authority(self._folder) if tls or certificates else None
        self.ca_file = str(self.authority.ca_file) if self.authority else ""
        self._write_passwords(users)
        self._write_acl({name: (sites or {}).get(name, "demo") for name in users if name != CENTRAL})
        self._write_config(certificates)

    @property
    def log(self) -> str:
        """What it has written so far."""
        return (self._folder / "log").read_text(errors="replace")

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def start(self) -> "Mosquitto":
        """Start it and wait until it listens."""
        with (self._folder / "log").open("ab") as log:
            command = [str(self._program), "-c", str(self._folder / "mosquitto.conf")]
            self._process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        eventually(self._listens, timeout_s=30)
        return self

    def kill(self) -> None:
        """End it with SIGKILL."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(30)
            self._process = None

    def stop(self) -> None:
        """End it cleanly; it keeps what is retained."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill()
            self._process = None

    def restart(self, wipe: bool = True) -> None:
        """Kill it, forget its state and start it again; without `wipe` stop and start it with its state."""
        if wipe:
            self.kill()
            shutil.rmtree(self._data)
            self._data.mkdir()
        else:
            self.stop()
        self.start()

    def __enter__(self) -> "Mosquitto":
        """Start it."""
        return self.start()

    def __exit__(self, *_: object) -> None:
        """Stop it."""
        self.stop()

    def _listens(self) -> bool:
        if self._process is not None and self._process.poll() is not None:
            raise AssertionError(f"mosquitto ended: {self.log}")
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True

    def _write_passwords(self, users: Mapping[str, str]) -> None:
        path = self._folder / "passwords"
        path.write_text("".join(f"{name}:{password}\n" for name, password in users.items()))
        path.chmod(0o600)
        if users:
            subprocess.run([str(needs("mosquitto_passwd", "mosquitto")), "-U", str(path)], check=True)

    def _write_acl(self, sites: Mapping[str, str]) -> None:
        lines = "".join(mosquitto_lines(device, site) for device, site in sites.items())
        path = self._folder / "acl"
        path.write_text((SHIPPED / "acl").read_text() + lines)
        path.chmod(0o600)

    def _write_config(self, certificates: bool) -> None:
        shipped = (SHIPPED / "mosquitto.conf").read_text().splitlines()
        lines = [line for line in shipped if not REPLACED.fullmatch(line)]
        lines += [f"listener {self.port} 127.0.0.1", f"acl_file {self._folder}/acl", "log_dest stderr"]
        if self.authority:
            cert_file, key_file = self.authority.issue("localhost")
            lines += [f"cafile {self.ca_file}", f"certfile {cert_file}", f"keyfile {key_file}"]
        if certificates:
            lines += ["require_certificate true", "use_identity_as_username true"]
        else:
            lines += [f"password_file {self._folder}/passwords"]
        lines += ["persistence true", f"persistence_location {self._data}/"]
        if os.geteuid() == 0:
            lines += ["user root"]
        (self._folder / "mosquitto.conf").write_text("\n".join(lines) + "\n")
