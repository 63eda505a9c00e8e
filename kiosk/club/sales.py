"""A sale: what was sold, how it was paid, and until when the till may undo it by itself.

A sale never changes. It is voided as a whole, or pieces of it are taken back, never both (scenario L08).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.club.gift_cards import TenderKind
from kiosk.club.life import Life, Step
from kiosk.club.paying_back import PayWay
from kiosk.club.refusal import Refusal

LINES_MAX = 100
TENDERS_MAX = 10


class SaleRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How sales and top-ups are undone and waited for, and what points are worth at a till."""

    void_minutes: Annotated[
        int,
        Meta(
            ge=0,
            description="Minutes after a sale in which the till may void it by itself; later it takes two people.",
            extra={"source": "S63, scenario L08; no seed"},
        ),
    ] = 5
    order_minutes: Annotated[
        int,
        Meta(
            ge=1,
            description="Minutes that a top-up waits for its payment provider before it runs out.",
            extra={"source": "S54, scenario L04; no seed"},
        ),
    ] = 30
    qr_minutes: Annotated[
        int,
        Meta(
            ge=1,
            le=60,
            description="Minutes in which the QR code of a kiosk can be paid; then the order is closed.",
            extra={"source": "S54; field notes 3.10, no seed"},
        ),
    ] = 3
    point_minor: Annotated[
        int,
        Meta(
            ge=0,
            description="What a point pays at a till, in fen, where the rules of rewards let points become cash. No "
            "seed has a rate: 0, points do not pay.",
            extra={"source": "R91, seeds 003:293; no number"},
        ),
    ] = 0


class SaleState(StrEnum):
    """Where a sale stands. Wire format."""

    MADE = "made"
    VOID_ASKED = "void_asked"
    VOIDED = "voided"
    CORRECTED = "corrected"


class SaleAction(StrEnum):
    """What happens to a sale; `correct` takes some pieces back. Wire format."""

    ASK_VOID = "ask_void"
    REFUSE_VOID = "refuse_void"
    VOID = "void"
    CORRECT = "correct"


_S, _A = SaleState, SaleAction

SALE_LIFE: Life[SaleState, SaleAction] = Life(
    name="a sale",
    start=_S.MADE,
    steps=(
        Step(_A.ASK_VOID, (_S.MADE,), _S.VOID_ASKED),
        Step(_A.REFUSE_VOID, (_S.VOID_ASKED,), _S.MADE),
        Step(_A.VOID, (_S.MADE, _S.VOID_ASKED), _S.VOIDED),
        Step(_A.CORRECT, (_S.MADE, _S.CORRECTED), _S.CORRECTED),
    ),
)
"""A sale is voided once, and not after pieces of it were taken back."""


class SaleLine(msgspec.Struct, frozen=True):
    """What was sold of one item: the pieces, how many of them were paid for before, and the price of all of them.

    `times` are visits or pieces that the line brings for later, of `times_of`; `reasons` say how the price came about,
    as `code:which:fen`.
    """

    item: str
    quantity: Annotated[int, Meta(ge=1)]
    list_minor: Annotated[int, Meta(ge=0)]
    net_minor: Annotated[int, Meta(ge=0)]
    name: str = ""
    goods: str = ""
    entitled: Annotated[int, Meta(ge=0)] = 0
    times: Annotated[int, Meta(ge=0)] = 0
    times_of: str = ""
    reasons: tuple[str, ...] = ()


class Tender(msgspec.Struct, frozen=True):
    """One way in which a sale was paid: `of` is the gift card, or the provider; `points` what points were used."""

    kind: TenderKind
    amount_minor: Annotated[int, Meta(ge=0)]
    of: str = ""
    points: Annotated[int, Meta(ge=0)] = 0


class Sale(msgspec.Struct, frozen=True):
    """A sale as a till or an edge says it happened. `id` is the till's; `card` the credential that was shown.

    `by` is who booked it, `served_by` who received the member, where that is known (R132). `offline` was sold without
    asking central: it happened, whatever the books say now.
    """

    id: Annotated[str, Meta(min_length=1, max_length=60)]
    site: str
    till: str
    by: str
    at: datetime
    lines: tuple[SaleLine, ...]
    tenders: tuple[Tender, ...]
    member: str | None = None
    card: str = ""
    offline: bool = False
    coupons: tuple[str, ...] = ()
    promotions: tuple[str, ...] = ()
    used: tuple[tuple[str, int], ...] = ()
    gift: str = ""
    served_by: str = ""

    @property
    def total_minor(self) -> int:
        """What was to be paid."""
        return sum(each.net_minor for each in self.lines)

    def paid_by(self, kind: TenderKind) -> int:
        """Return what was paid in one way."""
        return sum(each.amount_minor for each in self.tenders if each.kind is kind)


class SaleReason(StrEnum):
    """Why something is not sold, or not undone. Wire format."""

    NOTHING_SOLD = "nothing_sold"
    NOT_OFFERED = "not_offered"
    NOT_FOR_THIS_TIER = "not_for_this_tier"
    NEEDS_MEMBER = "needs_member"
    WRONG_AMOUNT = "wrong_amount"
    PRICE_CHANGED = "price_changed"
    POINTS_DO_NOT_PAY = "points_do_not_pay"
    CASH_TOO_MUCH = "cash_too_much"
    TOO_LATE = "too_late"
    MORE_THAN_SOLD = "more_than_sold"
    NOT_WITH_TENDER = "not_with_tender"


class SaleRefusal(Refusal[SaleReason], frozen=True):
    """Why something is not sold, or not undone."""


WAYS: dict[TenderKind, PayWay] = {
    TenderKind.CASH: PayWay.CASH,
    TenderKind.BANK_CARD: PayWay.BANK_CARD,
}


def way_of(tender: Tender) -> PayWay | None:
    """Return the way in which money came by a tender; None where it was prepaid."""
    return PayWay(tender.of) if tender.kind is TenderKind.PROVIDER else WAYS.get(tender.kind)


def lines_of_one_item(lines: Sequence[SaleLine]) -> tuple[SaleLine, ...]:
    """Return one line for each item, its pieces and amounts added up, in the order of the items (scenario L07)."""
    found: dict[str, SaleLine] = {}
    for each in lines:
        had = found.get(each.item)
        found[each.item] = each if had is None else _added(had, each)
    return tuple(found[name] for name in sorted(found))


def against_sale(sale: Sale) -> SaleRefusal | None:
    """Return what is wrong with a sale in itself, or None: it has lines, and is paid to the last fen."""
    if not 1 <= len(sale.lines) <= LINES_MAX or len(sale.tenders) > TENDERS_MAX:
        return SaleRefusal(SaleReason.NOTHING_SOLD)
    paid_minor = sum(each.amount_minor for each in sale.tenders)
    if paid_minor != sale.total_minor:
        return SaleRefusal(SaleReason.WRONG_AMOUNT, {"needed": sale.total_minor, "paid": paid_minor})
    return None


def till_may_void(made_at: datetime, now: datetime, rules: SaleRules) -> bool:
    """Say whether a sale is so young that whoever made it may void it alone."""
    return now - made_at <= timedelta(minutes=rules.void_minutes)


def _added(one: SaleLine, other: SaleLine) -> SaleLine:
    return msgspec.structs.replace(
        one,
        quantity=one.quantity + other.quantity,
        list_minor=one.list_minor + other.list_minor,
        net_minor=one.net_minor + other.net_minor,
        entitled=one.entitled + other.entitled,
        times=one.times + other.times,
        reasons=(*one.reasons, *other.reasons),
    )
