"""Two hundred orders under every fault at once; `kiosk bench pay` runs two thousand of them in real time."""

from pathlib import Path

import pytest

from kiosk.bench.pay_storm import Storm
from kiosk.hostile.faults import WILD
from tests.central.pay.conftest import MakeTill


@pytest.mark.parametrize("seed", [1])
def test_of_two_hundred_orders_none_is_credited_twice_none_is_lost_and_every_line_has_its_place(
    make_till: MakeTill, tmp_path: Path, seed: int
) -> None:
    till = make_till(rates=WILD, seed=seed)
    storm = Storm(till.books, till.lease, till.cashier, till.hostile, till.clock.pass_s, seed)
    found = storm.run(200)
    assert (found.double, found.lost, found.open, found.unclassified, found.proof) == (0, 0, 0, 0, "")
    assert found.orders == 200
    assert found.credited > 120
    assert found.recovery_s <= 60
    faults = till.hostile.faults.counts
    by_chance = faults["given_back"] + faults["line_extra"] - faults["line_missing"]
    assert found.lines == found.paid + by_chance
    rare = {"given_back", "line_missing", "line_extra", "refund_slow", "refund_refused", "refund_closed"}
    assert all(faults[name] for name in WILD.__struct_fields__ if name not in rare), faults
