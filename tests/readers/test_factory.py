"""From a line of configuration to a reader, and the sentence an installer gets where it is wrong."""

import subprocess
import sys

import msgspec
import pytest

from kiosk.core.errors import ConfigError
from kiosk.core.identifiers import ByteOrder, NumberForm, NumberFormat
from kiosk.readers.factory import open_reader
from kiosk.readers.reader import ReaderSettings
from tests.support.needs import needs_module

MODULES = {"pcsc": ("smartcard", "pyscard"), "nfc": ("nfc", "nfcpy"), "serial": ("serial", "pyserial")}


@pytest.mark.parametrize(
    ("device", "kind"),
    [
        ("mock:", "MockReader"),
        ("mock:debounce", "MockReader"),
        ("keyboard:/dev/input/event5", "KeyboardReader"),
        ("serial:/dev/ttyUSB0", "SerialReader"),
        ("serial:/dev/ttyUSB0?baud=115200", "SerialReader"),
        ("pcsc:ACR122", "PcscReader"),
        ("pcsc:", "PcscReader"),
        ("nfc:tty:USB0:pn532", "NfcReader"),
        ("nfc:udp:localhost:54321", "NfcReader"),
    ],
)
def test_a_device_names_its_driver_and_is_not_opened_yet(device: str, kind: str) -> None:
    scheme = device.partition(":")[0]
    if scheme in MODULES:
        needs_module(*MODULES[scheme])
    reader = open_reader(ReaderSettings(name="entrance", device=device))
    assert (type(reader).__name__, reader.name, reader.is_up) == (kind, "entrance", False)
    reader.close()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"device": "pcsk:ACR122"}, "Did you mean pcsc:?"),
        ({"device": "wiegand:0"}, "One of pcsc:, nfc:, keyboard:, serial:, mock:"),
        ({"device": "mock"}, "no such kind of device"),
        ({"device": "mock:fast"}, 'Write "mock:"'),
        ({"device": "keyboard:"}, "names no device"),
        ({"device": "serial:"}, "names no device"),
        ({"device": "serial:/dev/ttyUSB0?speed=9600"}, "serial:/dev/ttyUSB0?baud=9600"),
        ({"device": "serial:/dev/ttyUSB0?baud=fast"}, "serial:/dev/ttyUSB0?baud=9600"),
        ({"device": "serial:/dev/ttyUSB0?baud="}, "serial:/dev/ttyUSB0?baud=9600"),
        ({"device": "pcsc:ACR122", "form": NumberForm.DECIMAL}, 'Set form = "hex"'),
        ({"device": "nfc:usb", "form": NumberForm.OPAQUE}, 'Set form = "hex"'),
        ({"name": "front door"}, "not a reader's name"),
        ({"debounce_s": -1}, "Between 0 and 60"),
        ({"debounce_s": 61}, "Between 0 and 60"),
        ({"bytes": 0}, "4, 7 or 10"),
        ({"bytes": 11}, "4, 7 or 10"),
    ],
)
def test_a_wrong_line_says_what_to_write(changes: dict[str, object], says: str) -> None:
    with pytest.raises(ConfigError) as error:
        open_reader(ReaderSettings(**{"name": "entrance", **changes}))
    assert says in str(error.value)


@pytest.mark.parametrize("scheme", MODULES)
def test_a_library_that_is_not_installed_is_named_with_the_extra(scheme: str) -> None:
    missing, _ = MODULES[scheme]
    code = (
        f"import sys; sys.modules[{missing!r}] = None\n"
        "from kiosk.core.errors import ConfigError\n"
        "from kiosk.readers.factory import open_reader\n"
        "from kiosk.readers.reader import ReaderSettings\n"
        f"try: open_reader(ReaderSettings(name='entrance', device='{scheme}:x'))\n"
        "except ConfigError as error: print(error)\n"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert missing in said
    assert "pip install 'kiosk[readers]'" in said


def test_the_base_installation_loads_no_hardware_library() -> None:
    code = (
        "import sys\n"
        "from kiosk.readers.factory import open_reader\n"
        "from kiosk.readers.reader import ReaderSettings\n"
        "for device in ('mock:', 'keyboard:/dev/input/event5'): open_reader(ReaderSettings(name='a', device=device))\n"
        f"print([name for name in {[module for module, _ in MODULES.values()]!r} if name in sys.modules])\n"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "[]"


def test_settings_come_from_text_and_unknown_keys_are_refused() -> None:
    settings = msgspec.toml.decode(
        'name = "exit"\ndevice = "serial:/dev/ttyS0"\nform = "decimal"\nbyte_order = "reversed"\nbytes = 7\n',
        type=ReaderSettings,
    )
    assert settings.number_format == NumberFormat(NumberForm.DECIMAL, ByteOrder.REVERSED, 7)
    with pytest.raises(msgspec.ValidationError, match="debounce"):
        msgspec.toml.decode('name = "exit"\ndebounce = 2\n', type=ReaderSettings)
