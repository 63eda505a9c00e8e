"""The ways to pay by QR code that are set up: the leader writes them down, and whoever opens an order reads them."""

from collections.abc import Iterable

from sqlalchemy import Connection

from kiosk.central.club.books import Look
from kiosk.central.database import read_setting, write_setting
from kiosk.club.paying_back import PayWay

SETTING = "pay_ways"


def offer(connection: Connection, ways: Iterable[PayWay]) -> None:
    """Write down which ways are set up, where that has changed."""
    text = " ".join(sorted(each.value for each in ways))
    if (read_setting(connection, SETTING) or "") != text:
        write_setting(connection, SETTING, text)


def offered(look: Look) -> tuple[str, ...]:
    """Return the ways that are set up."""
    return tuple((read_setting(look.connection, SETTING) or "").split())
