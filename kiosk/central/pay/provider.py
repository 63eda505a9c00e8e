"""What a payment provider can do for us, whichever it is; only amount, number and description travel to it."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

import msgspec

from kiosk.club.paying_back import PayWay
from kiosk.core.errors import Refused, RetryLater


class ProviderDown(RetryLater):
    """A provider did not answer, or not so that it can be believed: nothing is known of what was asked."""


class ProviderRefused(Refused):
    """A provider said no."""


class ProviderShort(ProviderRefused):
    """A provider says no for now: there is not enough on our account there, or it was asked too soon."""


class NoStatement(ProviderDown):
    """A provider has no statement of a day, or not yet: of one without payments there is none."""


class SeenState(StrEnum):
    """How a provider says that an order stands. `unknown`: it has none of that number, or not yet."""

    UNKNOWN = "unknown"
    UNPAID = "unpaid"
    PAID = "paid"
    CLOSED = "closed"
    GIVEN_BACK = "given_back"


class Trade(msgspec.Struct, frozen=True):
    """An order as a provider takes it; `until` when it can be paid no more."""

    id: str
    amount_minor: int
    until: datetime


class Seen(msgspec.Struct, frozen=True):
    """An order as its provider sees it; of one that was paid with how much, and its number of the payment."""

    trade: str
    state: SeenState
    amount_minor: int = 0
    payment: str = ""


class BackState(StrEnum):
    """How a provider says that a refund stands. `stuck`: only a person can bring it to its end, at the provider."""

    UNKNOWN = "unknown"
    UNDER_WAY = "under_way"
    DONE = "done"
    CLOSED = "closed"
    STUCK = "stuck"


class Back(msgspec.Struct, frozen=True):
    """A refund as its provider sees it; of one that is done how much went back."""

    state: BackState
    amount_minor: int = 0


class BillLine(msgspec.Struct, frozen=True):
    """One line of a provider's statement: a payment, or with `refund` money that went back, then below zero.

    `own` is our number of the refund, where we asked for it.
    """

    trade: str
    payment: str
    amount_minor: int
    at: datetime
    refund: str = ""
    own: str = ""


class Reply(msgspec.Struct, frozen=True):
    """What a provider wants to be answered to a notice."""

    status: int
    body: str
    kind: str


class Provider(Protocol):
    """One provider. Every call takes some seconds at most, and may be made again. For any thread, several at once."""

    @property
    def way(self) -> PayWay:
        """The way to pay."""

    def open(self, trade: Trade) -> str:
        """Take an order and return what its QR code says, the same again too; raises ProviderDown, ProviderRefused."""

    def look(self, trade: str) -> Seen:
        """Return how an order stands now; raises ProviderDown, ProviderRefused."""

    def close(self, trade: str) -> None:
        """Have an order take no money any more, one that there is not as well; raises as `open` does.

        ProviderRefused above all for one that was paid meanwhile.
        """

    def refund(self, trade: str, refund: str, amount_minor: int, total_minor: int) -> None:
        """Ask to give money of a paid order back, once under a number of ours; raises as `open` does, ProviderShort."""

    def look_at_refund(self, trade: str, refund: str) -> Back:
        """Return how a refund stands now by our number of it; raises ProviderDown, ProviderRefused."""

    def read_notice(self, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
        """Return which order a notice is about; raises MessageRejected for one that the provider did not send now."""

    def reply(self, *, taken: bool) -> Reply:
        """Return what to answer to a notice that was taken in, or to one that was not."""

    def statement(self, day: date) -> Sequence[BillLine]:
        """Return what was paid and given back on a day of China; raises NoStatement where there is none; as `open`."""
