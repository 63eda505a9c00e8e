"""Money onto a card: what a top-up gets on top, what it pays back first, and the limits that no way in passes."""

from collections.abc import Sequence
from datetime import date

import msgspec

from kiosk.club.rule_packs import Caps, FigureKind, identity_needed
from kiosk.club.stored_value import Origin, StoredLot, StoredReason, StoredRefusal, StoredValueRules, Wallet


class ToppedUp(msgspec.Struct, frozen=True):
    """The wallet after a top-up: what paid a debt, and the lot that is new."""

    wallet: Wallet
    debt_paid_minor: int
    lot: StoredLot


class PutIn(msgspec.Struct, frozen=True):
    """Money that shall come onto a card. `others_minor` is what the person has prepaid elsewhere in the club.

    `unknown` is what is not written down of whose card it is.
    """

    order: str
    on: date
    paid_minor: int
    bonus_minor: int = 0
    origin: Origin = Origin.TOP_UP
    named: bool = True
    others_minor: int = 0
    unknown: tuple[str, ...] = ()


def bonus_for(paid_minor: int, rules: StoredValueRules) -> int:
    """Return what a top-up gets on top: by the highest tier reached, once."""
    reached = [each for each in rules.bonus_tiers if paid_minor >= each.paid_min_minor]
    return max(reached, key=lambda each: each.paid_min_minor).bonus_minor if reached else 0


def put_in(wallet: Wallet, what: PutIn, caps: Caps, rules: StoredValueRules) -> ToppedUp | StoredRefusal:
    """Return the wallet with money put in: a debt is paid first, and no limit is passed (V2, V4, scenario L02).

    A top-up brings its bonus by the tiers; a transfer or refund brings the one it says.
    """
    bonus_minor = what.bonus_minor + (bonus_for(what.paid_minor, rules) if what.origin is Origin.TOP_UP else 0)
    if what.paid_minor < 0 or what.paid_minor + bonus_minor <= 0:
        return StoredRefusal(StoredReason.NO_AMOUNT)
    if what.origin is Origin.TOP_UP and what.paid_minor < rules.top_up_min_minor:
        return StoredRefusal(StoredReason.BELOW_MINIMUM, {"needed": rules.top_up_min_minor})
    debt_paid_minor = min(wallet.debt_minor, what.paid_minor)
    principal_minor = what.paid_minor - debt_paid_minor
    lot = StoredLot(what.order, what.on, what.origin, what.paid_minor, bonus_minor, principal_minor, bonus_minor)
    after = Wallet((*wallet.lots, lot), wallet.debt_minor - debt_paid_minor)
    return _against_caps(after, what, caps, rules) or ToppedUp(after, debt_paid_minor, lot)


def _against_caps(after: Wallet, what: PutIn, caps: Caps, rules: StoredValueRules) -> StoredRefusal | None:
    held_minor = after.principal_minor + (after.bonus_minor if rules.bonus_counts_for_cap else 0)
    card = FigureKind.NAMED_CARD_MINOR if what.named else FigureKind.UNNAMED_CARD_MINOR
    for reason, limit_minor, amount_minor in (
        (StoredReason.OVER_CARD_CAP, caps.value(card), held_minor),
        (StoredReason.OVER_STORED_CAP, caps.value(FigureKind.STORED_VALUE_MINOR), held_minor),
        (StoredReason.OVER_OWN_CAP, rules.own_cap_minor, held_minor),
        (StoredReason.OVER_PERSON_CAP, caps.value(FigureKind.PERSON_TOTAL_MINOR), held_minor + what.others_minor),
    ):
        if limit_minor is not None and amount_minor > limit_minor:
            return StoredRefusal(reason, {"limit": limit_minor, "would_be": amount_minor})
    return against_unknown(held_minor, what.unknown, caps)


def against_unknown(held_minor: int, unknown: Sequence[str], caps: Caps) -> StoredRefusal | None:
    """Return why so much may not be on a card of whose holder something is not written down, or None."""
    if not unknown or not identity_needed(held_minor, caps):
        return None
    return StoredRefusal(StoredReason.IDENTITY_NEEDED, {"missing": " ".join(unknown), "would_be": held_minor})
