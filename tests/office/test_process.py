"""The office process from start to stop."""

import threading
from collections.abc import Callable
from contextlib import closing, suppress
from http.client import HTTPConnection
from pathlib import Path

import msgspec

from kiosk.central.database import Database
from kiosk.office.process import OfficeProcess
from kiosk.office.settings import OfficeSettings
from tests.builders import FakeClock
from tests.office.builders import SECRET
from tests.support.wait import eventually


def status_of(port: int, path: str) -> int:
    with closing(HTTPConnection("127.0.0.1", port, timeout=30)) as connection, suppress(ConnectionRefusedError):
        connection.request("GET", path)
        return connection.getresponse().status
    return 0


def test_the_process_serves_pages_and_says_how_it_is(
    settings: OfficeSettings, database: Database, free_ports: Callable[[int], int]
) -> None:
    port = free_ports(2)
    fields = msgspec.structs.replace(settings, port=port, health_port=port + 1)
    process = OfficeProcess(fields, database, FakeClock(), SECRET)
    stop = threading.Event()
    thread = threading.Thread(target=process.run, args=(stop,), name="office", daemon=True)
    thread.start()
    eventually(lambda: status_of(port + 1, "/healthz") == 200)
    eventually(lambda: status_of(port, "/sign-in") == 200)
    stop.set()
    thread.join(60)
    assert not thread.is_alive()
    assert status_of(port, "/sign-in") == 0


def test_without_a_database_the_process_says_that_it_cannot_do_its_job(
    settings: OfficeSettings, tmp_path: Path, free_ports: Callable[[int], int]
) -> None:
    port = free_ports(2)
    fields = msgspec.structs.replace(settings, port=port, health_port=port + 1)
    with closing(Database(f"sqlite:///{tmp_path / 'nothing-in-it.db'}")) as empty:
        stop = threading.Event()
        process = OfficeProcess(fields, empty, FakeClock(), SECRET)
        thread = threading.Thread(target=process.run, args=(stop,), name="office", daemon=True)
        thread.start()
        eventually(lambda: status_of(port + 1, "/healthz") == 503)
        stop.set()
        thread.join(60)
    assert not thread.is_alive()
