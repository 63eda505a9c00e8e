"""What the drivers share, where no device at hand can show it."""

import pytest

from kiosk.readers.driver import Driver, Session
from kiosk.readers.reader import Cause, ReaderDown, ReaderSettings, ReaderUp
from tests.readers.running import Running
from tests.support.wait import eventually

CARD = "04A1B2C3D4E5F6"


class FaultyDriver(Driver):
    """A driver with a defect: it breaks down after each card, and once for good until it is mended."""

    mended = False

    def _read(self, session: Session) -> None:
        if not self.mended:
            raise ValueError(f"no idea what to do with {CARD}")
        session.ready()
        session.card(CARD)
        while not session.halted:
            session.wait(0.01)


def test_a_defect_of_a_driver_makes_its_reader_lost_and_not_gone(caplog: pytest.LogCaptureFixture) -> None:
    driver = FaultyDriver(ReaderSettings(name="entrance"))
    reader = Running(driver)
    eventually(lambda: driver.counts.get("tries_failed", 0) >= 2)
    assert reader.events == [ReaderDown("entrance", Cause.FAILED)]
    assert not driver.is_up
    driver.mended = True
    reader.wait_for_health(ReaderDown, ReaderUp)
    assert [tap.identifier for tap in reader.wait_for_taps(1)] == [CARD]
    reader.finish()
    (lost,) = [record for record in caplog.records if record.message == "reader lost"]
    assert "ValueError in _read" in vars(lost)["why"]
    assert CARD not in str(vars(lost))
