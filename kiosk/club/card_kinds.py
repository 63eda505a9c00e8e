"""The kinds of card as configuration over a few flags, how long each is valid, and who may hold one."""

from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.club.calendar import add_months
from kiosk.club.refusal import Refusal
from kiosk.core.errors import InvalidInput

_DAY = timedelta(days=1)


class UseClass(StrEnum):
    """What a kind is for (seeds 004:27). Wire format."""

    ORDINARY = "ordinary"
    GIFT = "gift"
    SPECIAL = "special"


class Medium(StrEnum):
    """What a number is carried by; a stripe is an old identifier that copies easily (S25, seeds 004:17)."""

    CHIP = "chip"
    MAGNETIC_STRIPE = "magnetic_stripe"


class Holder(StrEnum):
    """Who a card may be given to; a bearer is nobody in particular (S32). Wire format."""

    MEMBER = "member"
    GUEST = "guest"
    STAFF = "staff"
    DEALER = "dealer"
    BEARER = "bearer"


class Obtained(StrEnum):
    """How one comes by a card of a kind (R24, seeds 000:139). Wire format."""

    SALE = "sale"
    POINTS = "points"
    GRANT = "grant"


class CardKind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of card; `term_months` None = for life. `earns_points` and `benefits` are the member's with this card.

    `benefits` is the offers made to members, `holds_value` that money can be put on it and spent from it, and
    `points_price` what one costs in points where it is come by for them.
    """

    code: str
    use_class: UseClass = UseClass.ORDINARY
    term_months: Annotated[int, Meta(ge=1, le=1200)] | None = None
    renewable: bool = False
    has_member: bool = True
    earns_points: bool = True
    holds_value: bool = True
    opens_gates: bool = True
    benefits: bool = True
    media: tuple[Medium, ...] = (Medium.CHIP, Medium.MAGNETIC_STRIPE)
    holders: tuple[Holder, ...] = (Holder.MEMBER, Holder.GUEST)
    obtained: tuple[Obtained, ...] = (Obtained.SALE, Obtained.GRANT)
    points_price: Annotated[int, Meta(ge=0)] = 0


class ReplaceReason(StrEnum):
    """Why a card is replaced. Wire format."""

    LOST = "lost"
    STOLEN = "stolen"
    DAMAGED = "damaged"
    FAULTY = "faulty"
    DATA_CHANGED = "data_changed"


_ORDINARY_KINDS = (
    CardKind("ordinary"),
    CardKind("premium"),
    CardKind("annual", term_months=12, renewable=True),
    CardKind("month", term_months=1, renewable=True),
    CardKind("quarter", term_months=3, renewable=True),
    CardKind("year", term_months=12, renewable=True),
    CardKind("lifetime"),
    CardKind("points", term_months=12, renewable=True, obtained=(Obtained.POINTS, Obtained.GRANT), points_price=2000),
)
_GIFT = CardKind(
    "gift",
    use_class=UseClass.GIFT,
    term_months=36,
    has_member=False,
    earns_points=False,
    opens_gates=False,
    benefits=False,
    holders=(Holder.BEARER,),
)
_SPECIAL = CardKind(
    "special",
    use_class=UseClass.SPECIAL,
    term_months=12,
    has_member=False,
    earns_points=False,
    holds_value=False,
    opens_gates=False,
    benefits=False,
    holders=(Holder.MEMBER, Holder.STAFF, Holder.DEALER),
    obtained=(Obtained.GRANT,),
)


class CardRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The kinds of card there are, and what goes with giving one out."""

    kinds: Annotated[
        tuple[CardKind, ...],
        Meta(
            description="The kinds. An ordinary and a premium card end with the membership, as no term is stated. Gift "
            "cards last 36 months: the seeds only say that there is an end, and China's rules for anonymous prepaid "
            "cards ask for three years at least. Dealers hold no ordinary card, though the seed says `in principle`. "
            "No seed has the price of a points card: 2,000 points, as many as gold takes. They come back where nobody "
            "fetched the card; one in the member's hands was had for them, and no seed takes that back.",
            extra={"source": "S22, S32, R20-R30, R34, R38, seeds 000:135-139, 001:14 §04, 004:27-49"},
        ),
    ] = (*_ORDINARY_KINDS, _GIFT, _SPECIAL)
    number_digits: Annotated[
        int,
        Meta(
            ge=4,
            le=20,
            description="Digits of a number that the club allocates, leading zeros counted.",
            extra={"source": "S21, R19, seeds 000:343; no seed for the number"},
        ),
    ] = 8
    replacement_fee_for: Annotated[
        tuple[ReplaceReason, ...],
        Meta(
            description="Reasons for which a replacement is charged: what happened to the card in the member's hands. "
            "Replacement is in no seed.",
            extra={"source": "§6.40"},
        ),
    ] = (ReplaceReason.LOST, ReplaceReason.DAMAGED)
    identity_checked: Annotated[
        bool,
        Meta(
            description="Whether a member shows who he is before a card is handed over, as it is for him only.",
            extra={"source": "R39, S27, seeds 000:263"},
        ),
    ] = True


class Validity(msgspec.Struct, frozen=True):
    """The local days a card is good for, both included; `valid_until` None = for life."""

    valid_from: date
    valid_until: date | None


class KindReason(StrEnum):
    """Why a card of a kind cannot be had or renewed. Wire format."""

    NOT_RENEWABLE = "not_renewable"
    HOLDER_NOT_ALLOWED = "holder_not_allowed"
    NOT_OBTAINED_SO = "not_obtained_so"


class KindRefusal(Refusal[KindReason], frozen=True):
    """Why a card of a kind cannot be had or renewed."""


def kind_of(code: str, rules: CardRules) -> CardKind:
    """Return the kind of a code; raises InvalidInput for one that the rules do not have."""
    for kind in rules.kinds:
        if kind.code == code:
            return kind
    raise InvalidInput(f"no such kind of card: {code!r}", hint=", ".join(each.code for each in rules.kinds))


def validity(kind: CardKind, from_day: date) -> Validity:
    """Return the days of a new card: calendar months from the day on, less a day (S23, R21-R23, seeds 000:137)."""
    if kind.term_months is None:
        return Validity(from_day, None)
    after = add_months(from_day, kind.term_months)
    # Where the month has no such day, its last day is the last one of the term: the term is never cut short.
    return Validity(from_day, after if after.day < from_day.day else after - _DAY)


def renewed(kind: CardKind, valid_until: date | None, today: date) -> Validity | KindRefusal:
    """Return the days that a renewal adds: after the end that is known, or from today if that is over (S57, R21)."""
    if not kind.renewable or valid_until is None:
        return KindRefusal(KindReason.NOT_RENEWABLE, {"kind": kind.code})
    return validity(kind, max(valid_until + _DAY, today))


def against_holder(kind: CardKind, holder: Holder) -> KindRefusal | None:
    """Return why somebody may not hold a card of a kind, or None (S32, R37, R38, seeds 004:47-49)."""
    if holder in kind.holders:
        return None
    return KindRefusal(KindReason.HOLDER_NOT_ALLOWED, {"kind": kind.code, "holder": holder.value})


def against_way(kind: CardKind, way: Obtained) -> KindRefusal | None:
    """Return why a card of a kind is not come by so, or None (R24, seeds 000:139)."""
    if way in kind.obtained:
        return None
    return KindRefusal(KindReason.NOT_OBTAINED_SO, {"kind": kind.code, "way": way.value})
