"""Stored value: what was paid in and what was given on top, kept apart per order, and how purchases use it up.

A purchase takes from an order what was paid and what was given in the ratio of the order, because that is the ratio
by which the law refunds it (field notes V1). What is taken follows from what is left of the order, never from how
many purchases it took: ten small ones use up the same fen as one large one.
"""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.club.refusal import Refusal
from kiosk.club.splitting import share_of, split
from kiosk.core.errors import InvalidInput


class SpendingOrder(StrEnum):
    """What a purchase takes first. Wire format."""

    PRO_RATA = "pro_rata"
    PRINCIPAL_FIRST = "principal_first"
    BONUS_FIRST = "bonus_first"


class BonusTier(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A top-up of so much gets so much on top, in fen: charge 500 get 50 is (50_000, 5_000)."""

    paid_min_minor: Annotated[int, Meta(ge=1)]
    bonus_minor: Annotated[int, Meta(ge=0)]


class StoredValueRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How money is put on a card and used up."""

    order: Annotated[
        SpendingOrder,
        Meta(
            description="What a purchase takes first. In the ratio paid to given, because refunds go by it.",
            extra={"source": "S45, L6, field notes V1; no seed"},
        ),
    ] = SpendingOrder.PRO_RATA
    bonus_tiers: Annotated[
        tuple[BonusTier, ...],
        Meta(
            description="What a top-up gets on top, by its amount; the highest tier reached counts, once. The seeds "
            "reward stored value by a larger discount (R95) and give no money: none.",
            extra={"source": "S45, R95, seeds 004:117-119"},
        ),
    ] = ()
    top_up_min_minor: Annotated[
        int,
        Meta(ge=1, description="Smallest top-up, in fen.", extra={"source": "S54, seeds 000:308; no number"}),
    ] = 100
    own_cap_minor: Annotated[
        int | None,
        Meta(
            description="The club's own limit of a member's balance, in fen; none = that of the rule packs alone.",
            extra={"source": "S45, seeds 004:127; no number"},
        ),
    ] = None
    bonus_counts_for_cap: Annotated[
        bool,
        Meta(
            description="Whether money given counts for the limits. On: a card's amount is what can be spent from it.",
            extra={"source": "S45, field notes V2; no seed"},
        ),
    ] = True
    debt_minor: Annotated[
        int,
        Meta(
            ge=0,
            description="How far below zero one purchase at a till may bring a member, in fen; the next top-up pays "
            "it back. None.",
            extra={"source": "S45, field notes V4; no seed"},
        ),
    ] = 0


class Origin(StrEnum):
    """Where stored value comes from. Wire format."""

    TOP_UP = "top_up"
    TRANSFER_IN = "transfer_in"
    REFUND_IN = "refund_in"
    GRANT = "grant"
    OPENING = "opening"


class StoredLot(msgspec.Struct, frozen=True):
    """What one order brought and what is left of it: the principal lot and the bonus lot, side by side."""

    order: str
    opened_on: date
    origin: Origin
    paid_minor: Annotated[int, Meta(ge=0)]
    bonus_minor: Annotated[int, Meta(ge=0)]
    principal_left_minor: Annotated[int, Meta(ge=0)]
    bonus_left_minor: Annotated[int, Meta(ge=0)]

    @property
    def left_minor(self) -> int:
        """What can be spent of it."""
        return self.principal_left_minor + self.bonus_left_minor


class Wallet(msgspec.Struct, frozen=True):
    """A member's lots and what the member owes, given as positive."""

    lots: tuple[StoredLot, ...] = ()
    debt_minor: int = 0

    @property
    def principal_minor(self) -> int:
        """What is left of what was paid."""
        return sum(each.principal_left_minor for each in self.lots)

    @property
    def bonus_minor(self) -> int:
        """What is left of what was given."""
        return sum(each.bonus_left_minor for each in self.lots)

    @property
    def balance_minor(self) -> int:
        """What can be spent; below zero by what is owed."""
        return self.principal_minor + self.bonus_minor - self.debt_minor


class StoredReason(StrEnum):
    """Why stored value does not move. Wire format."""

    NO_AMOUNT = "no_amount"
    NOT_ENOUGH = "not_enough"
    BELOW_MINIMUM = "below_minimum"
    OVER_CARD_CAP = "over_card_cap"
    OVER_STORED_CAP = "over_stored_cap"
    OVER_OWN_CAP = "over_own_cap"
    OVER_PERSON_CAP = "over_person_cap"
    IDENTITY_NEEDED = "identity_needed"


class StoredRefusal(Refusal[StoredReason], frozen=True):
    """Why stored value does not move."""


class Take(msgspec.Struct, frozen=True):
    """What a purchase took of one order."""

    order: str
    principal_minor: int
    bonus_minor: int


class Spent(msgspec.Struct, frozen=True):
    """The wallet after a purchase, and what it took: of the orders, and as debt."""

    wallet: Wallet
    takes: tuple[Take, ...]
    debt_minor: int = 0

    @property
    def principal_minor(self) -> int:
        """What came from money paid."""
        return sum(each.principal_minor for each in self.takes)

    @property
    def bonus_minor(self) -> int:
        """What came from money given."""
        return sum(each.bonus_minor for each in self.takes)


def spend(wallet: Wallet, amount_minor: int, rules: StoredValueRules) -> Spent | StoredRefusal:
    """Return what a purchase takes, the oldest order first (S45, seeds 004:119)."""
    if amount_minor <= 0:
        return StoredRefusal(StoredReason.NO_AMOUNT)
    there_minor = wallet.principal_minor + wallet.bonus_minor
    from_lots_minor = min(amount_minor, there_minor)
    debt_minor = amount_minor - from_lots_minor
    if debt_minor and wallet.debt_minor + debt_minor > rules.debt_minor:
        return StoredRefusal(StoredReason.NOT_ENOUGH, {"needed": amount_minor, "there": max(wallet.balance_minor, 0)})
    lots, takes = list(wallet.lots), []
    for at in _by_age(wallet.lots):
        part_minor = min(lots[at].left_minor, from_lots_minor)
        if part_minor:
            take = _take_of(lots[at], part_minor, rules.order)
            takes.append(take)
            lots[at] = _moved(lots[at], -take.principal_minor, -take.bonus_minor)
            from_lots_minor -= part_minor
    return Spent(Wallet(tuple(lots), wallet.debt_minor + debt_minor), tuple(takes), debt_minor)


class GivenBack(msgspec.Struct, frozen=True):
    """The wallet after a purchase was undone, and what of its debt a top-up has paid since.

    That rest belongs to no order it was taken from: it is put in again as `Origin.REFUND_IN`.
    """

    wallet: Wallet
    rest_minor: int


def give_back(wallet: Wallet, spent: Spent, amount_minor: int) -> GivenBack:
    """Return all or part of a purchase: its debt first, then to the orders it took from, exactly (R3, L6).

    `spent` is what is still to be undone of the purchase; raises InvalidInput for more than that.
    """
    weights = [part for each in spent.takes for part in (each.principal_minor, each.bonus_minor)]
    if not 0 <= amount_minor <= sum(weights) + spent.debt_minor:
        raise InvalidInput(f"{amount_minor} cannot be given back of {sum(weights) + spent.debt_minor}")
    of_debt_minor = min(amount_minor, spent.debt_minor)
    undone_minor = min(of_debt_minor, wallet.debt_minor)
    shares = split(amount_minor - of_debt_minor, weights)
    back = {each.order: (shares[2 * n], shares[2 * n + 1]) for n, each in enumerate(spent.takes)}
    lots = tuple(_moved(lot, *back.get(lot.order, (0, 0))) for lot in wallet.lots)
    return GivenBack(Wallet(lots, wallet.debt_minor - undone_minor), of_debt_minor - undone_minor)


def _by_age(lots: Sequence[StoredLot]) -> list[int]:
    return sorted(range(len(lots)), key=lambda at: (lots[at].opened_on, at))


def _take_of(lot: StoredLot, amount_minor: int, order: SpendingOrder) -> Take:
    """Return what so much takes of a lot: pro rata it leaves the principal that belongs to what is left."""
    least, most = max(amount_minor - lot.bonus_left_minor, 0), min(amount_minor, lot.principal_left_minor)
    if order is SpendingOrder.PRINCIPAL_FIRST:
        principal_minor = most
    elif order is SpendingOrder.BONUS_FIRST:
        principal_minor = least
    else:
        keeps = share_of(lot.left_minor - amount_minor, lot.paid_minor, lot.paid_minor + lot.bonus_minor)
        principal_minor = min(max(lot.principal_left_minor - keeps, least), most)
    return Take(lot.order, principal_minor, amount_minor - principal_minor)


def _moved(lot: StoredLot, principal_minor: int, bonus_minor: int) -> StoredLot:
    return msgspec.structs.replace(
        lot,
        principal_left_minor=lot.principal_left_minor + principal_minor,
        bonus_left_minor=lot.bonus_left_minor + bonus_minor,
    )
