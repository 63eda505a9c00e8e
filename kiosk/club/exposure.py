"""What offline spending can cost: leases and when they end, the worst overdraft by configuration, and who bears it.

What was spent at an edge happened: it is always posted, and what overdraws is the member's debt within the allowance
and the club's loss beyond it, with a case (field notes O3 to O6). The decision itself is `kiosk.core.spending`.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.core.spending import SpendLimits, Unreachable


class ExposureRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much may be spent where central cannot be asked, and for how long."""

    tap_minor: Annotated[
        int,
        Meta(
            ge=0,
            description="Largest amount of one purchase that no lease covers, in fen.",
            extra={"source": "S45, field notes O5; no seed"},
        ),
    ] = 5_000
    card_minor: Annotated[
        int,
        Meta(
            ge=0,
            description="Largest sum of such purchases of one card at one edge until central has counted them, in fen. "
            "0 = only what is leased can be spent.",
            extra={"source": "S45, field notes O5; no seed"},
        ),
    ] = 20_000
    ask_after: Annotated[
        int,
        Meta(
            ge=0,
            description="After so many such purchases in a row central is asked first.",
            extra={"source": "S45, field notes O2; no seed"},
        ),
    ] = 5
    in_a_row_max: Annotated[
        int,
        Meta(
            ge=0,
            description="So many such purchases in a row, and no more.",
            extra={"source": "S45, field notes O2; no seed"},
        ),
    ] = 10
    age_max_s: Annotated[
        int,
        Meta(
            ge=0,
            description="Age in seconds at which an edge's figures are too old for money.",
            extra={"source": "S45, field notes O5; no seed"},
        ),
    ] = 86_400
    check_per_mille: Annotated[
        int,
        Meta(
            ge=0,
            le=1000,
            description="Of a thousand such purchases, how many ask central by lot.",
            extra={"source": "S45, field notes O2; no seed"},
        ),
    ] = 50
    unreachable: Annotated[
        Unreachable,
        Meta(
            description="What an edge does where it should ask and central does not answer: within the limits it goes "
            "on, because the limits bound the loss.",
            extra={"source": "S45, field notes O2; no seed"},
        ),
    ] = Unreachable.PROCEED
    lease_devices: Annotated[
        tuple[str, ...],
        Meta(
            description="Devices whose tills spend only what is held for them of a member's stored value: with all "
            "those of a site on this list nothing is overdrawn there. None, as what is held cannot be spent elsewhere.",
            extra={"source": "S45, field notes O3, O4; no seed"},
        ),
    ] = ()
    lease_minor: Annotated[
        int,
        Meta(
            ge=0,
            description="What is held of a member's money for a device at most, in fen.",
            extra={"source": "S45, field notes O3; no seed"},
        ),
    ] = 10_000
    lease_percent: Annotated[
        int,
        Meta(
            ge=0,
            le=100,
            description="Part of what is available that is held for a device at most: the rest stays for elsewhere.",
            extra={"source": "S45, field notes O3; no seed"},
        ),
    ] = 50
    lease_hours: Annotated[
        int,
        Meta(
            ge=1,
            description="Hours that a lease runs. It is renewed every night, and one night may fail.",
            extra={"source": "S45, field notes O3; no seed"},
        ),
    ] = 48
    lease_margin_s: Annotated[
        int,
        Meta(
            ge=0,
            description="Seconds before its end at which an edge spends a lease no more, for clocks that differ.",
            extra={"source": "S45; no seed"},
        ),
    ] = 300
    debt_minor: Annotated[
        int,
        Meta(
            ge=0,
            description="How far below zero a member may come by late records, in fen; beyond it the club bears the "
            "loss.",
            extra={"source": "S45, field notes V4, O6; no seed"},
        ),
    ] = 5_000


def limits_of(rules: ExposureRules) -> SpendLimits:
    """Return what edges get of the rules."""
    return SpendLimits(
        tap_minor=rules.tap_minor,
        card_minor=rules.card_minor,
        ask_after=rules.ask_after,
        in_a_row_max=rules.in_a_row_max,
        age_max_s=rules.age_max_s,
        check_per_mille=rules.check_per_mille,
        unreachable=rules.unreachable,
        lease_margin_s=rules.lease_margin_s,
        lease_devices=rules.lease_devices,
    )


class LeaseOffer(msgspec.Struct, frozen=True):
    """What central may hold for a device now, and until when."""

    amount_minor: int
    until: datetime


def lease_for(available_minor: int, now: datetime, rules: ExposureRules) -> LeaseOffer | None:
    """Return what a device gets of a member's money; None where that is nothing (O3)."""
    amount_minor = min(max(available_minor, 0) * rules.lease_percent // 100, rules.lease_minor)
    return LeaseOffer(amount_minor, now + timedelta(hours=rules.lease_hours)) if amount_minor else None


class LeaseEnd(StrEnum):
    """What becomes of a lease. Wire format."""

    RUNNING = "running"
    WAITS_FOR_RECORDS = "waits_for_records"
    RELEASE = "release"


def lease_end(until: datetime, complete_until: datetime | None, now: datetime) -> LeaseEnd:
    """Say what becomes of a lease: it goes back when every record of the device up to its end has come in.

    `complete_until` is the moment up to which the device has told all it sold, None = nothing has come. A lease given
    back before that could be spent twice, once there and once here.
    """
    if now < until:
        return LeaseEnd.RUNNING
    if complete_until is None or complete_until < until:
        return LeaseEnd.WAITS_FOR_RECORDS
    return LeaseEnd.RELEASE


class SiteExposure(msgspec.Struct, frozen=True):
    """A site as configured: counters that do not see one another, cards known there, the largest balance allowed.

    Edges that share one count are one counter; those that spend only what is held for them are none. `central_sells`
    says that balances also go down at central.
    """

    site: str
    counters: Annotated[int, Meta(ge=0)]
    cards: Annotated[int, Meta(ge=0)]
    balance_max_minor: Annotated[int, Meta(ge=0)]
    central_sells: bool = True


class Bound(msgspec.Struct, frozen=True):
    """The worst overdraft: of one card, of all cards of the site, and with leases only."""

    per_card_minor: int
    per_site_minor: int
    leases_only_minor: int = 0


def worst_case(site: SiteExposure, rules: ExposureRules) -> Bound:
    """Return (P - 1) × min(balance, unleased cap) per card, P the counters and central where it sells too (O4).

    Everybody spends the same money once: one place is in order, all others overdraw. The cap is what the limits
    allow together: per card, and per tap so many times in a row.
    """
    cap_minor = min(rules.card_minor, rules.tap_minor * rules.in_a_row_max, site.balance_max_minor)
    places = site.counters + (1 if site.central_sells else 0)
    per_card_minor = max(places - 1, 0) * cap_minor
    return Bound(per_card_minor, per_card_minor * site.cards)


class Overdrawn(msgspec.Struct, frozen=True):
    """How a late purchase is borne, to the last fen; `case` where the club loses by it."""

    from_balance_minor: int
    debt_minor: int
    loss_minor: int

    @property
    def case(self) -> bool:
        """Whether somebody has to look into it."""
        return self.loss_minor > 0


def borne_by(amount_minor: int, available_minor: int, debt_minor: int, rules: ExposureRules) -> Overdrawn:
    """Split a late purchase into what is there, debt within the allowance, and loss (O6). Debt is given as positive."""
    from_balance_minor = min(amount_minor, max(available_minor, 0))
    rest_minor = amount_minor - from_balance_minor
    owed_minor = min(rest_minor, max(rules.debt_minor - debt_minor, 0))
    return Overdrawn(from_balance_minor, owed_minor, rest_minor - owed_minor)
