"""A backlog of one gate drained through mosquitto into central's SQLite, acked, chains verified."""

import sqlite3
import tempfile
import threading
import time
from pathlib import Path
from queue import Empty

from kiosk.bench import backlog
from kiosk.bench.club import DEVICE, BenchClub
from kiosk.bench.figures import Result, Row
from kiosk.core.clock import format_utc
from kiosk.local.clock import SystemClock
from kiosk.store.cursors import CursorReader
from kiosk.wire import topics
from kiosk.wire.link import Connected, LinkSettings
from kiosk.wire.mqtt import MqttLink

GOAL_PER_S = 20_000
BATCH = 212
LIMIT_S = 300.0


def run(records: int) -> Result:
    """Measure records per second from the first batch to the last ack, beside the bare pieces."""
    clock = SystemClock()
    rows = backlog.chained(backlog.bodies(records, clock))
    with tempfile.TemporaryDirectory(prefix="kiosk-bench-") as folder:
        home = Path(folder)
        journal = backlog.write_journal(home / "data" / "gate.db", rows)
        bare_per_s = bare_inserts(home / "bare.db", journal, rows, format_utc(clock.now()))
        with BenchClub(home) as club:
            paho_per_s = _bare_paho(club, records // BATCH)
            club.start("central")
            club.until(lambda: _central_is_up(home), 30)
            started = time.monotonic()
            club.start("sync")
            cursors = CursorReader(home / "data" / "sync.db")
            start_s = club.until(lambda: (cursors.acked(journal) or 0) > 0, 30, 0.002)
            club.until(lambda: cursors.acked(journal) == records, LIMIT_S)
            drain_s = time.monotonic() - started - start_s
            cursors.close()
    per_s = records / drain_s
    raw = {
        "records": records, "seconds": drain_s, "records_per_s": per_s, "bare_inserts_per_s": bare_per_s,
        "bare_paho_messages_per_s": paho_per_s, "bare_paho_records_per_s": paho_per_s * BATCH,
        "ratio_to_inserts": per_s / bare_per_s,
    }  # fmt: skip
    table = [
        Row(
            f"{records:,} records drained and acked", f"{per_s:,.0f}/s",
            f"{bare_per_s:,.0f}/s bare executemany, x{raw['ratio_to_inserts']:.2f}", f"≥ {GOAL_PER_S:,}/s",
            per_s >= GOAL_PER_S,
        ),
        Row("bare paho QoS 1, 60 KB each", f"{paho_per_s:,.0f} messages/s", f"{paho_per_s * BATCH:,.0f} records/s"),
    ]  # fmt: skip
    return Result("uplink", table, raw)


def _central_is_up(home: Path) -> bool:
    return "leadership won" in (home / "central.log").read_text()


def bare_inserts(path: Path, journal: str, rows: list[tuple[int, bytes, bytes]], at: str) -> float:
    """Return rows per second of the same rows put into the same table, a durable commit per batch, nothing else."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL").fetchall()
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute(
        "CREATE TABLE record (n INTEGER PRIMARY KEY, journal TEXT, seq INTEGER, stored_at TEXT, hash BLOB, body BLOB,"
        " UNIQUE (journal, seq))"
    )
    started = time.monotonic()
    for start in range(0, len(rows), BATCH):
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(
            "INSERT INTO record VALUES (?, ?, ?, ?, ?, ?)",
            [(seq, journal, seq, at, link, body) for seq, body, link in rows[start : start + BATCH]],
        )
        connection.execute("COMMIT")
    taken_s = time.monotonic() - started
    connection.close()
    return len(rows) / taken_s


def _bare_paho(club: BenchClub, messages: int) -> float:
    """Return messages of 60 KB per second that paho publishes at QoS 1, window 20, to a broker without listeners."""
    link = MqttLink(LinkSettings(host="127.0.0.1", port=club.mqtt, client_id="bare", window=20))
    link.start()
    _wait_connected(link)
    payload, topic = b"x" * 60_000, topics.up(DEVICE, "bare")
    started, pause = time.monotonic(), threading.Event()
    for _ in range(messages):
        while not link.publish(topic, payload):
            pause.wait(0.0005)
    taken_s = time.monotonic() - started
    link.close()
    return messages / taken_s


def _wait_connected(link: MqttLink) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            if isinstance(link.events.get(timeout=0.5), Connected):
                return
        except Empty:
            continue
