"""Partner shops: what a member gets there, with which card, and until when the partner may go by a number (S64)."""

from datetime import date, timedelta
from typing import Annotated

import msgspec
from msgspec import Meta


class PartnerRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """For how long a list that a partner was given holds."""

    list_days: Annotated[
        int,
        Meta(
            ge=1,
            description="Days that a partner goes by a list of accepted cards at most: an old one ends by itself. No "
            "seed for the number: a month.",
            extra={"source": "S64, seeds 000:314, 003:335; no seed for the number"},
        ),
    ] = 31


class Partner(msgspec.Struct, frozen=True):
    """A partner: what a member gets there, and until which local day, None for no end.

    `tiers` and `card_kinds` say whom it is for; none of them is all.
    """

    id: str
    name: str
    offer: str
    until: date | None = None
    tiers: tuple[str, ...] = ()
    card_kinds: tuple[str, ...] = ()


class Holder(msgspec.Struct, frozen=True):
    """What counts of a card and its member. `ends` are the last days that there are: of card, membership and fee."""

    tier: str
    card_kind: str
    agreed: bool
    ends: tuple[date, ...] = ()


def runs(partner: Partner, today: date) -> bool:
    """Say whether a partner gives anything on a day, the last one included."""
    return partner.until is None or today <= partner.until


def accepted_until(partner: Partner, holder: Holder, today: date, rules: PartnerRules) -> date | None:
    """Return until when a partner takes a card; None where it does not, or its member did not agree (S64, S90)."""
    for_tier = not partner.tiers or holder.tier in partner.tiers
    for_card = not partner.card_kinds or holder.card_kind in partner.card_kinds
    if not (holder.agreed and for_tier and for_card):
        return None
    ends = (today + timedelta(days=rules.list_days), *holder.ends, *([partner.until] if partner.until else ()))
    last = min(ends)
    return last if today <= last else None
