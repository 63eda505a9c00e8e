"""PINs rest as slow hashes, bad ones are refused, and the command prints the line for the configuration."""

import re
import subprocess
import sys
import tomllib

import pytest

from kiosk.core.errors import InvalidInput
from kiosk.local.pins import KEPT, is_pin, keep_pin

CHEAP = 1024


def test_a_pin_is_known_again_by_what_rests_of_it_and_no_other_is() -> None:
    kept = keep_pin("240817", CHEAP)
    assert re.match(KEPT, kept)
    assert "240817" not in kept
    assert kept != keep_pin("240817", CHEAP)
    assert is_pin("240817", kept)
    assert not any(is_pin(each, kept) for each in ("240818", "", "2408170", "２４０８１７", "240817" * 9))
    assert not is_pin("", "")


@pytest.mark.parametrize("bad", ["", "12345", "1234567890123", "24081a", "111111", "121212", "345678", "876543", "  "])
def test_a_pin_that_is_short_or_easily_guessed_is_refused(bad: str) -> None:
    with pytest.raises(InvalidInput):
        keep_pin(bad, CHEAP)


def test_the_command_prints_a_line_for_the_configuration() -> None:
    command = [sys.executable, "-m", "kiosk", "attendant-pin", "li"]
    done = subprocess.run(command, input="240817\n", capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert is_pin("240817", tomllib.loads(done.stdout)["li"])
    refused = subprocess.run(command, input="111111\n", capture_output=True, text=True, check=False)
    assert (refused.returncode, refused.stdout, refused.stderr.count("\n")) == (2, "", 1)
