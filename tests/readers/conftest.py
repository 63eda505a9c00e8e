"""A test bench for each driver."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.readers.rigs import KeyboardRig, MockRig, NfcRig, PcscRig, Rig, SerialRig
from tests.support.needs import needs_module
from tests.support.pcsc import CLIENT_SOCKET_VARIABLE, in_process_socket, needs_pcsc

NFCPY_LEAVES_FILES_OPEN = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
DRIVERS = (
    "mock",
    "keyboard",
    "serial",
    pytest.param("nfc", marks=NFCPY_LEAVES_FILES_OPEN),
    pytest.param("pcsc", marks=pytest.mark.pcsc),
)


@pytest.fixture
def make_rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Rig]]:
    """Returns a maker of benches, by driver; puts them away afterwards."""
    rigs: list[Rig] = []

    def make(driver: str) -> Rig:
        if driver == "serial":
            needs_module("serial", "pyserial")
        if driver == "nfc":
            needs_module("nfc", "nfcpy")
            if not os.access("/dev", os.W_OK):
                pytest.skip("needs root: nfcpy looks for terminals in /dev only")
        if driver == "pcsc":
            needs_pcsc()
            monkeypatch.setenv(CLIENT_SOCKET_VARIABLE, str(in_process_socket()))
        makers: dict[str, Callable[[], Rig]] = {
            "mock": MockRig,
            "keyboard": lambda: KeyboardRig(tmp_path),
            "serial": lambda: SerialRig(tmp_path),
            "nfc": NfcRig,
            "pcsc": PcscRig,
        }
        rigs.append(makers[driver]())
        return rigs[-1]

    yield make
    for rig in rigs:
        rig.close()


@pytest.fixture(params=DRIVERS)
def rig(request: pytest.FixtureRequest, make_rig: Callable[[str], Rig]) -> Rig:
    """One bench after the other."""
    return make_rig(request.param)


@pytest.fixture(params=["mock", "keyboard", "serial"])
def text_rig(request: pytest.FixtureRequest, make_rig: Callable[[str], Rig]) -> Rig:
    """The benches of readers that send a number as text."""
    return make_rig(request.param)


@pytest.fixture(params=DRIVERS[1:])
def device_rig(request: pytest.FixtureRequest, make_rig: Callable[[str], Rig]) -> Rig:
    """The benches of readers with a device, which may be missing."""
    return make_rig(request.param)
