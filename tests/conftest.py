"""What every test stands on: a fixed time, free ports, and nothing left running; in CI nothing left out either."""

import gc
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import hypothesis
import pytest

from tests.support.leaks import LeakCheck
from tests.support.needs import IN_CI
from tests.support.needs import needs as needs_program
from tests.support.nursery import Nursery, a_nursery
from tests.support.ports import free_ports as find_free_ports

if TYPE_CHECKING:
    from playwright.sync_api import Browser

STORIES = "tests/scenarios/"
WAITING = (STORIES, "tests/faults/", "tests/demo/", "tests/bench/", "tests/gate/test_vectors_at_the_gate.py")
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


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """Where processes of a run begin with what they import in memory."""
    with a_nursery() as opened:
        yield opened


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """One browser for all of a file; imported here alone, so that a machine without Playwright can run the rest."""
    from tests.web.browser import open_browser

    with open_browser() as opened:
        yield opened


@pytest.fixture(autouse=True)
def _nothing_left_running() -> Iterator[None]:
    """Fails a test after which a thread that is no daemon, or a child process, goes on."""
    check = LeakCheck()
    yield
    check.finish()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spread the files that mostly wait among those that compute, so that workers share the processors well.

    Stories of minutes come first: no worker is to begin one when the others are at their end.
    """
    files: dict[str, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.nodeid.partition("::")[0], []).append(item)
    waiting = [name for name in files if name.startswith(WAITING)]
    waiting.sort(key=lambda name: not name.startswith(STORIES))
    others = [name for name in files if not name.startswith(WAITING)]
    room = len(others) // (2 * len(waiting)) if waiting else 0
    order = [name for n, each in enumerate(waiting) for name in (each, *others[n * room : (n + 1) * room])]
    items[:] = [item for name in dict.fromkeys([*order, *others]) for item in files[name]]


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over what collecting left for good: a tenth of a run went into looking at it."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _umask_as_before() -> Iterator[None]:
    """Gives back the umask: a command that a test runs in this process closes its files to others for good."""
    before = os.umask(0o022)
    os.umask(before)
    yield
    os.umask(before)


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
