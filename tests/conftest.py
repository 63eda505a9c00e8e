"""What every test stands on: a fixed time, free ports, and nothing left running; in CI nothing left out either."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import hypothesis
import pytest

from tests.support.leaks import LeakCheck
from tests.support.needs import IN_CI
from tests.support.needs import needs as needs_program
from tests.support.ports import free_ports as find_free_ports

NOW = datetime(2026, 11, 22, 8, 31, 7, 412000, tzinfo=UTC)

hypothesis.settings.register_profile("kiosk", deadline=None, derandomize=IN_CI)
hypothesis.settings.load_profile("kiosk")


@pytest.fixture
def now() -> datetime:
    """The time at which tests take place."""
    return NOW


@pytest.fixture
def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on."""
    return find_free_ports(1)


@pytest.fixture
def free_ports() -> Callable[[int], int]:
    """Returns the first of so many consecutive free ports."""
    return find_free_ports


@pytest.fixture
def needs() -> Callable[[str, str], object]:
    """Returns where a program is, or skips (in CI fails) naming the package: `needs("mosquitto", "mosquitto")`."""
    return needs_program


@pytest.fixture(autouse=True)
def _nothing_left_running() -> Iterator[None]:
    """Fails a test after which a thread that is no daemon, or a child process, goes on."""
    check = LeakCheck()
    yield
    check.finish()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI a run in which something was skipped is a failed run."""
    if IN_CI and _skipped(session.config) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say why a run without failures failed."""
    if IN_CI and (count := _skipped(config)):
        terminalreporter.write_line(f"CI: {count} skipped, which counts as failed", red=True)


def _skipped(config: pytest.Config) -> int:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    return len(reporter.stats.get("skipped", [])) if reporter else 0
