"""How much of a prepayment comes back, who signs for it, and by which way it may go."""

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta


class BonusBasis(StrEnum):
    """How much of stored value was paid for: by the order's ratio, by what its lots hold, or by the larger."""

    RATIO = "ratio"
    LOTS = "lots"
    LARGER = "larger"


class VisitPrice(StrEnum):
    """What a used visit is reckoned at: its part of what was paid, or the list price. Wire format."""

    PAID = "paid"
    LIST = "list"


class RefundRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much comes back, who signs, and by which way."""

    cooling_off_days: Annotated[
        int,
        Meta(
            ge=0,
            description="Days after paying in which all that is not used comes back without a deduction; the chosen "
            "rule packs may ask for more.",
            extra={"source": "§4 L6, §6.40, field notes 3.9; no seed"},
        ),
    ] = 7
    deduction_percent: Annotated[
        int,
        Meta(
            ge=0,
            le=100,
            description="What the club keeps of a refund after the cooling-off time. Nothing.",
            extra={"source": "§4 L6; no seed"},
        ),
    ] = 0
    bonus_basis: Annotated[
        BonusBasis,
        Meta(
            description="How much of stored value counts as paid for. The draft law goes by the order's ratio; where "
            "another spending order has left the member more, that is the member's.",
            extra={"source": "§4 L6, field notes 3.9, V1; no seed"},
        ),
    ] = BonusBasis.LARGER
    visit_price: Annotated[
        VisitPrice,
        Meta(
            description="What a used visit of a card is reckoned at. At list price at most all of the prepayment is "
            "used up, never more.",
            extra={"source": "§4 L6, 法释〔2025〕4号 art. 23"},
        ),
    ] = VisitPrice.PAID
    second_above_minor: Annotated[
        int,
        Meta(
            ge=0,
            description="Refunds of one member on one day, with those still open, of more together need a second "
            "person, in fen.",
            extra={"source": "S63, field notes R4; no seed"},
        ),
    ] = 50_000
    cash_max_minor: Annotated[
        int,
        Meta(
            ge=0,
            description="What of one member's refunds of one day, with those still open, is paid in cash at most, in "
            "fen; the chosen rule packs may ask for less.",
            extra={"source": "S63, field notes R2, 商务部令2012年第9号 art. 21"},
        ),
    ] = 10_000
    provider_days: Annotated[
        int,
        Meta(
            ge=0,
            description="Days after a payment in which its provider takes a refund.",
            extra={"source": "§4 L6, field notes R2, R6; no seed"},
        ),
    ] = 365
