"""A club with one member, a kiosk, the cashier, and the hostile provider over HTTP."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kiosk.central.club.books import Books
from kiosk.hostile.keys import ProviderKeys, make_keys
from tests.central.builders import ManualClock
from tests.central.club.builders_people import card_of
from tests.central.money.edges import make_member
from tests.central.pay.builders import Till
from tests.support.needs import needs_module

MakeTill = Callable[..., Till]


@pytest.fixture(scope="session", autouse=True)
def _libraries() -> None:
    """What the providers' clients stand on."""
    needs_module("wechatpayv3", "wechatpayv3")
    needs_module("alipay", "python-alipay-sdk")


@pytest.fixture(scope="session")
def keys_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of both sides' keys."""
    return tmp_path_factory.mktemp("keys")


@pytest.fixture(scope="session")
def keys(keys_folder: Path) -> ProviderKeys:
    """The keys of both sides, which take a while to make."""
    return make_keys(keys_folder)


@pytest.fixture
def make_till(books: Books, clock: ManualClock, keys: ProviderKeys, keys_folder: Path) -> Iterator[MakeTill]:
    """Makes a kiosk, a cashier and a provider with faults over one club."""
    made: list[Till] = []

    def make(**fields: Any) -> Till:
        made.append(Till(books, clock, keys, keys_folder, **fields))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def till(make_till: MakeTill) -> Till:
    """The same with a provider that does what it should."""
    return make_till()


@pytest.fixture
def member(books: Books) -> str:
    """A member who has nothing."""
    return make_member(books)


@pytest.fixture
def card() -> str:
    """The credential of the member's card."""
    return card_of(1, "").id
