"""What providers send by themselves: only whether it is theirs is found out; the cashier then asks what is true."""

from collections.abc import Mapping

from kiosk.central import meters
from kiosk.central.club.books import Books
from kiosk.central.money import order_rows
from kiosk.central.pay.provider import Provider, Reply
from kiosk.core.errors import MessageRejected

BODY_BYTES_MAX = 16 * 1024
"""Theirs have one or two thousand bytes; what is cut off has no signature that fits."""


def take_notice(books: Books, provider: Provider, headers: Mapping[str, str], body: bytes) -> Reply:
    """Have the cashier look at the order of a notice and return the answer; a forged one touches no row.

    Raises RetryLater where the database is away: then the provider sends it again.
    """
    now = books.clock.now()
    try:
        trade = provider.read_notice(headers, body[:BODY_BYTES_MAX], now)
    except MessageRejected:
        meters.events.labels("pay_notices_refused").inc()
        return provider.reply(taken=False)
    known = books.database.run(lambda connection: order_rows.wake(connection, trade, now))
    meters.events.labels("pay_notices_taken" if known else "pay_notices_unknown").inc()
    return provider.reply(taken=True)
