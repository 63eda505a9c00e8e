"""A PostgreSQL server of one's own: not run as root, in a folder of its own, on a Unix socket only."""

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

import psycopg

from tests.support.needs import needs

ACCOUNTS = ("postgres", "nobody")
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "60",
    "autovacuum": "off",
    "log_min_messages": "warning",
}
"""`fsync` matters to machines that lose power, not to servers that are killed; the tests kill servers."""
_EMPTY = """
DO $$
DECLARE name text; filled bool;
BEGIN
    PERFORM set_config('session_replication_role', 'replica', true);
    FOR name IN SELECT quote_ident(tablename) FROM pg_tables
                WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
        EXECUTE 'SELECT EXISTS (SELECT FROM ' || name || ')' INTO filled;
        IF filled THEN EXECUTE 'DELETE FROM ' || name; END IF;
    END LOOP;
    PERFORM setval(quote_ident(sequencename)::regclass, start_value, false)
        FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL;
END $$
"""
"""As a replica does it: neither foreign keys nor triggers have a say. Numbers are given out from the first again."""


class PrivatePostgresql:
    """A cluster in a new folder; `stop` removes it. Skips the test, in CI fails it, where PostgreSQL is missing."""

    def __init__(self) -> None:
        self._bin = needs("initdb", "postgresql").resolve().parent
        needs(str(self._bin / "postgres"), "postgresql")
        # Not under pytest's folder: that one is closed to the account the server runs as.
        self.folder = Path(tempfile.mkdtemp(prefix="kiosk-pg-"))
        self._data = self.folder / "data"
        self._account = _account()
        self._ctl = str(self._bin / "pg_ctl")
        self._made = 0
        if self._account is not None:
            os.chown(self.folder, self._account.pw_uid, self._account.pw_gid)
        initdb = [str(self._bin / "initdb"), "-D", str(self._data), "-U", "kiosk", "-A", "trust", "-E", "UTF8"]
        self._run([*initdb, "--locale=C", "--no-sync"])

    def start(self) -> None:
        """Start the server and wait until it answers. It is no child of ours: several tests may share it."""
        options = " ".join(f"-c {name}={value or chr(39) * 2}" for name, value in SETTINGS.items())
        log = str(self.folder / "log")
        self._run([self._ctl, "-D", str(self._data), "-w", "-l", log, "-o", f"-k {self.folder} {options}", "start"])

    def kill(self) -> None:
        """End the server as a crash would: nothing is written down, it recovers when it starts again."""
        if (self._data / "postmaster.pid").exists():
            self._run([self._ctl, "-D", str(self._data), "-w", "-m", "immediate", "stop"])

    def stop(self) -> None:
        """End the server and remove its folder."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def create(self, template: str = "template0") -> str:
        """Make a new database and return its name."""
        self._made += 1
        name = f"kiosk_{self._made}"
        with self._connect() as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def empty(self, name: str) -> None:
        """Take every row of central's tables away, whoever is still connected; much faster than a new database."""
        with self._connect() as connection:
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        with self._connect(name) as connection:
            connection.execute(_EMPTY)

    def drop(self, name: str) -> None:
        """Remove a database, whoever is still connected."""
        with self._connect() as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def url(self, name: str) -> str:
        """Return a database's URL."""
        return f"postgresql://kiosk@/{name}?host={self.folder}"

    def _connect(self, name: str = "postgres") -> "psycopg.Connection[tuple[object, ...]]":
        return psycopg.connect(host=str(self.folder), user="kiosk", dbname=name, autocommit=True)

    def _run(self, command: list[str]) -> None:
        done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=120, **self._as())
        if done.returncode:
            raise AssertionError(f"{command[0]}: {done.stderr.decode(errors='replace')}")

    def _as(self) -> dict[str, object]:
        if self._account is None:
            return {"cwd": self.folder}
        return {"cwd": self.folder, "user": self._account.pw_uid, "group": self._account.pw_gid, "extra_groups": []}


def _account() -> pwd.struct_passwd | None:
    """Return whom the server runs as when we are root, which it refuses to be."""
    if os.getuid() != 0:
        return None
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    return next(known[name] for name in ACCOUNTS if name in known)
