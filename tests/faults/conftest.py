"""Processes of a club come from the nursery of the run."""

import pytest

from tests.support.nursery import Nursery


@pytest.fixture(scope="session", autouse=True)
def _nursery(nursery: Nursery) -> None:
    """Opens it before any of these tests, so that none has left it behind."""
