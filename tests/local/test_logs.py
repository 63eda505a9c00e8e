"""Log lines, read as a process writes them."""

import logging
import os
import re
import subprocess
import sys

import pytest

from kiosk.core.errors import ConfigError
from kiosk.local.logs import LINES_MAX, VALUE_CHARS_MAX, KeyValueFormatter, LineHandler, setup_logging
from tests.support.wait import eventually


def said_by(program: str) -> list[str]:
    """Run a program with `log` ready and return its lines on standard error."""
    start = (
        "import logging, threading; from kiosk.local.logs import setup_logging; log = logging.getLogger('kiosk.x')\n"
        "import kiosk.local.logs; kiosk.local.logs.FLUSH_S = 60\n"
    )
    done = subprocess.run([sys.executable, "-c", start + program], capture_output=True, text=True, check=False)
    assert done.stdout == ""
    return done.stderr.splitlines()


def test_a_line_has_time_level_process_logger_message_and_fields() -> None:
    (line,) = said_by("setup_logging('gate'); log.info('card read', extra={'reader': 'entrance', 'took_ms': 3})")
    stamp, _, rest = line.partition(" ")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", stamp)
    assert rest == 'level=info process=gate logger=kiosk.x msg="card read" reader=entrance took_ms=3'


def test_a_value_cannot_break_out_of_its_line() -> None:
    (line,) = said_by(
        "setup_logging('gate'); log.info('x', extra={'said': 'a\\nlevel=error \"b\"=1\\x1b', 'none': ''})"
    )
    assert line.endswith(r'msg=x said="a\nlevel=error \"b\"=1\u001b" none=""')


def test_a_name_that_is_no_text_is_written_all_the_same() -> None:
    (line,) = said_by("setup_logging('gate'); log.info('x', extra={'one': 'a\\udcff', 'two': 'a \\udcff'})")
    assert line.endswith(r'msg=x one=a\udcff two="a \\udcff"')


def test_a_long_value_is_cut() -> None:
    (line,) = said_by("setup_logging('gate'); log.info('x', extra={'said': 'y' * 9000})")
    assert line.endswith("y…")
    assert len(line) < VALUE_CHARS_MAX + 120


def test_libraries_speak_from_warning_up_and_own_modules_from_the_level() -> None:
    program = """
setup_logging('gate', 'debug'); log.debug('own')
other = logging.getLogger('paho'); other.info('quiet'); other.warning('loud')
"""
    assert [line.rpartition("msg=")[2] for line in said_by(program)] == ["own", "loud"]


def test_an_exception_stays_on_its_line() -> None:
    program = """
setup_logging('gate')
try: 1 / 0
except ZeroDivisionError: log.exception('failed')
"""
    (line,) = said_by(program)
    assert 'trace="Traceback (most recent call last):\\n' in line
    assert "ZeroDivisionError" in line


def test_a_thread_that_dies_says_so() -> None:
    program = """
setup_logging('gate')
thread = threading.Thread(target=lambda: 1 / 0, name='reader-1'); thread.start(); thread.join()
"""
    (line,) = said_by(program)
    assert 'level=critical process=gate logger=kiosk.local.logs msg="a thread died" died=reader-1 trace=' in line


def test_setting_up_twice_writes_each_line_once() -> None:
    assert len(said_by("setup_logging('a'); setup_logging('gate'); log.info('x')")) == 1


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"'loud' is not known\. Use one of debug, info"):
        setup_logging("gate", "loud")


def test_a_reader_that_does_not_read_never_stops_the_process() -> None:
    read_end, write_end = os.pipe()
    handler = LineHandler(write_end)
    handler.setFormatter(KeyValueFormatter("gate"))
    record = logging.makeLogRecord({"msg": "x" * 1000})
    for _ in range(LINES_MAX + 200):
        handler.emit(record)
    assert handler.dropped > 0
    dropped = handler.dropped
    text = b""

    def all_read() -> bool:
        nonlocal text
        text += os.read(read_end, 1_000_000)
        return text.count(b"msg=xxx") == LINES_MAX + 200 - dropped

    eventually(all_read)
    handler.emit(record)
    handler.close()
    text += os.read(read_end, 1_000_000)
    # Lines that were written in between have told of those that were dropped by then.
    assert sum(map(int, re.findall(rb'msg="log lines dropped" count=(\d+)', text))) == dropped
    os.close(read_end)
    os.close(write_end)


def test_a_closed_standard_error_is_borne() -> None:
    handler = LineHandler(-1)
    handler.setFormatter(KeyValueFormatter("gate"))
    handler.emit(logging.makeLogRecord({"msg": "x"}))
    handler.close()
    assert handler.dropped == 0
