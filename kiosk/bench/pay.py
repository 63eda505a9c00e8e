"""Orders by QR code under random faults, in real time: none credited twice, none lost, every line with its place."""

import tempfile
import threading
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from kiosk.bench.figures import Result, Row
from kiosk.bench.pay_storm import Outcome, Storm
from kiosk.central.club.books import Books
from kiosk.central.database import Database
from kiosk.central.lease import Lease
from kiosk.central.pay.cashier import Cashier
from kiosk.central.pay.making import make_providers
from kiosk.central.pay.settings import PaySettings, WechatSettings
from kiosk.central.schema import migrate
from kiosk.hostile.faults import WILD
from kiosk.hostile.keys import make_keys
from kiosk.hostile.server import HostileProvider
from kiosk.hostile.tables import wechat_values

CREDIT_MAX_S = 60.0
START = datetime(2026, 11, 22, 2, tzinfo=UTC)
OFFICE = "http://127.0.0.1:1"
"""Notices go to the office's route without a socket: only the path counts."""


class ShiftedClock:
    """A clock that goes as it does, and can be put forward by days."""

    def __init__(self) -> None:
        self._begun_ns, self._ahead_s = time.monotonic_ns(), 0.0
        self._pause = threading.Event()

    def now(self) -> datetime:
        """Return the moment, from 2026-11-22 on."""
        return START + timedelta(microseconds=self.monotonic_ns() // 1000)

    def monotonic_ns(self) -> int:
        """Return how long it has gone, what was skipped included."""
        return time.monotonic_ns() - self._begun_ns + round(self._ahead_s * 1e9)

    def boot_id(self) -> str:
        """Return a boot of its own."""
        return "bench"

    def pass_s(self, seconds: float) -> None:
        """Wait for up to a second, skip what is more."""
        if seconds > 1.0:
            self._ahead_s += seconds
        else:
            self._pause.wait(seconds)


def run(orders: int, seed: int) -> Result:
    """Run the orders through central's own parts and the office's route; everything but the telephones is real."""
    with tempfile.TemporaryDirectory(prefix="kiosk-bench-") as name:
        folder, clock = Path(name), ShiftedClock()
        url = f"sqlite:///{folder / 'central.db'}"
        migrate(url)
        with closing(Database(url)) as database:
            outcome, counts = _run(database, folder, clock, orders, seed)
    said = f"{outcome.paid} paid, {outcome.credited} credited, {outcome.refused} refused"
    rows = [
        Row("orders", str(outcome.orders), said),
        Row("credited twice", f"{outcome.double}", "", "0", outcome.double == 0),
        Row("paid and not credited", f"{outcome.lost}", "", "0", outcome.lost == 0),
        Row("never ended", f"{outcome.open}", "", "0", outcome.open == 0),
        Row("statement lines without a place", f"{outcome.unclassified}",
            f"of {outcome.lines}, {outcome.errors} of them errors with an owner", "0", outcome.unclassified == 0),
        Row("longest from payment or recovery to credit", f"{outcome.recovery_s:.1f} s", "", f"{CREDIT_MAX_S:.0f} s",
            outcome.recovery_s <= CREDIT_MAX_S),
        Row("the books afterwards", outcome.proof or "proved", "", "the proof holds", not outcome.proof),
    ]  # fmt: skip
    return Result("pay", rows, {"seed": seed, "counts": counts, **msgspec.to_builtins(outcome)})


def _run(
    database: Database, folder: Path, clock: ShiftedClock, orders: int, seed: int
) -> tuple[Outcome, dict[str, int]]:
    from kiosk.office.app import close_app, create_app
    from kiosk.office.settings import OfficeSettings

    books, lease, keys = Books(database, clock), Lease(database, clock), make_keys(folder / "keys")
    lease.try_hold()
    client: list[Any] = []

    def deliver(_address: str, headers: dict[str, str], body: bytes) -> int:
        return int(client[0].post("/pay/notices/wechat", headers=headers, data=body).status_code)

    provider = HostileProvider(keys, clock, WILD, seed, deliver=deliver)
    values = wechat_values(folder / "keys", provider.address, OFFICE)
    settings = PaySettings(wechat=msgspec.convert(values, WechatSettings))
    providers = make_providers(settings, Path)
    app = create_app(OfficeSettings(), database, clock, b"bench", providers)
    client.append(app.test_client())
    cashier = Cashier(books, lease, providers)
    provider.start(notices=False)
    try:
        cashier.offer()
        storm = Storm(books, lease, cashier, provider, clock.pass_s, seed)
        return storm.run(orders), {**provider.faults.counts, **cashier.counts}
    finally:
        provider.close()
        close_app(app)
