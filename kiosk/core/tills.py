"""What a till has to know beside the decision on money: what central told it, how is paid, and whose card may pay."""

from enum import StrEnum

import msgspec

from kiosk.core.case import Case
from kiosk.core.decision import CHECKS
from kiosk.core.records import DenyReason
from kiosk.core.spending import LeaseHeld, SpendLimits


class Funds(msgspec.Struct, frozen=True, omit_defaults=True):
    """What every edge is told of an owner's money, a member's or else a card's: never the balance where it is larger.

    `folded` names by journal the last record that the figure contains. `leases` is beside it what is held for devices,
    by their names. The row without an owner has the limits.
    """

    owner: str
    available_minor: int = 0
    folded: dict[str, int] = {}
    limits: SpendLimits | None = None
    leases: dict[str, LeaseHeld] = {}


class SaleTender(StrEnum):
    """How a purchase at an edge is paid; `free` where all of it is a courtesy. Points only pay by central's quote.

    Wire format.
    """

    STORED_VALUE = "stored_value"
    GIFT_CARD = "gift_card"
    CASH = "cash"
    BANK_CARD = "bank_card"
    POINTS = "points"
    FREE = "free"


PREPAID = frozenset({SaleTender.STORED_VALUE, SaleTender.GIFT_CARD})
"""What is paid from money that central keeps."""


def why_not_in_order(case: Case) -> DenyReason | None:
    """Return why a card may not pay, None where it may: what a gate asks of card and membership, not of time and place.

    A card that admits nobody may pay. Whether it is genuine is a question of its own.
    """
    card = case.credential
    if card is not None:
        # What was bought to come in says nothing about money.
        case = msgspec.structs.replace(case, credential=msgspec.structs.replace(card, entitlements=()))
    return next((reason for reason, missing in CHECKS if reason in _STANDING and missing(case) is not None), None)


_STANDING = frozenset(
    {
        DenyReason.CREDENTIAL_NOT_FOUND,
        DenyReason.CREDENTIAL_REVOKED,
        DenyReason.CREDENTIAL_NOT_ENABLED,
        DenyReason.CARD_NOT_COLLECTED,
        DenyReason.CREDENTIAL_NOT_ACTIVE,
        DenyReason.CREDENTIAL_EXPIRED,
        DenyReason.MEMBERSHIP_ENDED,
        DenyReason.MEMBERSHIP_SUSPENDED,
        DenyReason.FEE_OVERDUE,
    }
)
