"""A central process for tests that kill it: with a broker it serves until then, else it takes the batches of a folder.

    python -m tests.central.central_process '{"url":…, "home":…, …}'

Without a broker it prints the seq of each ack, and kills itself in the `at`th commit, before or after it took effect.
"""

import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from kiosk.central.consumer import Central
from kiosk.central.database import Database
from kiosk.central.ingest import Ingest
from kiosk.central.keys import load_keys
from kiosk.central.settings import BrokerSettings, CentralSettings
from kiosk.local.clock import SystemClock
from kiosk.wire.mqtt import MqttLink


class Silent:
    """Answers no request."""

    def handle(self, device: str, payload: bytes) -> list[tuple[str, bytes]]:
        """Return no answer."""
        return []


def serve(plan: dict[str, Any]) -> None:
    """Share the uplink with others until killed."""
    home = Path(plan["home"])
    (home / "password").write_text(plan["password"])
    broker = BrokerSettings(port=plan["port"], password_file="password")
    settings = CentralSettings(broker=broker, shared_subscription=True, folder=str(home))
    stop = threading.Event()
    Central(Database(plan["url"]), MqttLink, load_keys(home), settings, SystemClock(), stop).run(Silent(), [])


def take(plan: dict[str, Any]) -> None:
    """Take every batch of a folder in order, and die at the moment that was asked for."""
    commits = 0
    commit = Connection.commit

    def deadly(connection: Connection) -> None:
        nonlocal commits
        commits += 1
        if commits == plan["at"] and plan["moment"] == "before_commit":
            os.kill(os.getpid(), signal.SIGKILL)
        commit(connection)
        if commits == plan["at"]:
            os.kill(os.getpid(), signal.SIGKILL)

    Connection.commit = deadly  # type: ignore[method-assign]  # the moment cannot be hit from outside
    ingest = Ingest(Database(plan["url"]), SystemClock())
    for path in sorted(Path(plan["batches"]).iterdir(), key=lambda each: int(each.name)):
        ack = ingest.batch(plan["device"], path.read_bytes())
        sys.stdout.write(f"{ack.seq if ack else 'none'}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    told = json.loads(sys.argv[1])
    (serve if told["port"] else take)(told)
