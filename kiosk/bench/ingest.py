"""Central's ingest alone: verified batches into SQLite, beside the same rows put in bare."""

import tempfile
import time
from pathlib import Path

from kiosk.bench import backlog
from kiosk.bench.club import DEVICE
from kiosk.bench.figures import Result, Row
from kiosk.bench.rosters import SITE
from kiosk.bench.uplink import BATCH, GOAL_PER_S, bare_inserts
from kiosk.central.database import Database
from kiosk.central.devices import BrokerAddress, Registrar
from kiosk.central.ingest import Ingest
from kiosk.central.keys import init_keys
from kiosk.central.schema import migrate
from kiosk.core.clock import format_utc
from kiosk.core.codec import GENESIS
from kiosk.local.clock import SystemClock
from kiosk.wire.batches import seal_batch
from kiosk.wire.signing import SigningKey

JOURNAL = "ab" * 16


def run(records: int) -> Result:
    """Measure records per second through `Ingest.batch`, one process, one consumer."""
    clock = SystemClock()
    rows = backlog.chained(backlog.bodies(records, clock))
    with tempfile.TemporaryDirectory(prefix="kiosk-bench-") as folder:
        home = Path(folder)
        url = f"sqlite:///{home / 'central.db'}"
        migrate(url)
        database = Database(url)
        registrar = Registrar(database, init_keys(home), BrokerAddress(""), clock, lambda *_: None)
        key = SigningKey.from_text(registrar.add_device(DEVICE, SITE)["key"])
        payloads = _payloads(rows, key, format_utc(clock.now()))
        ingest = Ingest(database, clock)
        started = time.monotonic()
        for payload in payloads:
            ingest.batch(DEVICE, payload)
        per_s = records / (time.monotonic() - started)
        started = time.monotonic()
        for payload in payloads:
            ingest.batch(DEVICE, payload)
        repeated_per_s = records / (time.monotonic() - started)
        database.close()
        bare_per_s = bare_inserts(home / "bare.db", JOURNAL, rows, format_utc(clock.now()))
    raw = {
        "records": records,
        "records_per_s": per_s,
        "repeated_per_s": repeated_per_s,
        "bare_inserts_per_s": bare_per_s,
    }
    table = [
        Row("new records stored", f"{per_s:,.0f}/s", f"{bare_per_s:,.0f}/s bare executemany, x{per_s / bare_per_s:.2f}",
            f"≥ {GOAL_PER_S:,}/s", per_s >= GOAL_PER_S),
        Row("repeated records recognised", f"{repeated_per_s:,.0f}/s"),
    ]  # fmt: skip
    return Result("ingest", table, raw)


def _payloads(rows: list[tuple[int, bytes, bytes]], key: SigningKey, at: str) -> list[bytes]:
    payloads, prev = [], GENESIS
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        bodies = [body for _, body, _ in batch]
        payloads.append(seal_batch(DEVICE, JOURNAL, batch[0][0], prev, bodies, batch[-1][2], at, key))
        prev = batch[-1][2]
    return payloads
