"""What a kind of card may not be: checks over a configuration, before it becomes the rule."""

from collections import Counter
from collections.abc import Iterator
from enum import StrEnum

import msgspec

from kiosk.club.card_kinds import CardKind, CardRules, Holder, Obtained, UseClass


class FaultReason(StrEnum):
    """What is wrong with a kind as configured. Wire format."""

    CODE_TWICE = "code_twice"
    NO_MEDIUM = "no_medium"
    NO_HOLDER = "no_holder"
    BEARER_OF_A_MEMBER_CARD = "bearer_of_a_member_card"
    NO_MEMBER = "no_member"
    POINTS_WITHOUT_MEMBER = "points_without_member"
    BENEFITS_WITHOUT_MEMBER = "benefits_without_member"
    GATE_WITHOUT_MEMBER = "gate_without_member"
    LIFETIME_RENEWED = "lifetime_renewed"
    BOUGHT_WITH_POINTS_EARNS_NONE = "bought_with_points_earns_none"
    BOUGHT_WITH_POINTS_COSTS_NONE = "bought_with_points_costs_none"
    GIFT_WITH_MEMBER = "gift_with_member"
    GIFT_NEVER_EXPIRES = "gift_never_expires"
    GIFT_WITHOUT_VALUE = "gift_without_value"
    GIFT_NOT_FOR_BEARER = "gift_not_for_bearer"
    SECOND_GIFT_KIND = "second_gift_kind"


class KindFault(msgspec.Struct, frozen=True):
    """A kind that cannot be, and why."""

    code: str
    reason: FaultReason


def kind_faults(rules: CardRules) -> tuple[KindFault, ...]:
    """Return everything that the kinds may not be; an amendment that has any is not taken (R26-R30, R33)."""
    counts = Counter(each.code for each in rules.kinds)
    faults = [KindFault(code, FaultReason.CODE_TWICE) for code, count in counts.items() if count > 1]
    gifts = [each for each in rules.kinds if each.use_class is UseClass.GIFT]
    faults += [KindFault(each.code, FaultReason.SECOND_GIFT_KIND) for each in gifts[1:]]
    for kind in rules.kinds:
        found = [*_of_any(kind), *(_of_gift(kind) if kind.use_class is UseClass.GIFT else ())]
        faults += [KindFault(kind.code, reason) for reason in found]
    return tuple(faults)


def _of_any(kind: CardKind) -> Iterator[FaultReason]:
    alone = not kind.has_member
    by_points = Obtained.POINTS in kind.obtained
    for wrong, reason in (
        (not kind.media, FaultReason.NO_MEDIUM),
        (not kind.holders, FaultReason.NO_HOLDER),
        (kind.has_member and Holder.BEARER in kind.holders, FaultReason.BEARER_OF_A_MEMBER_CARD),
        (kind.use_class is UseClass.ORDINARY and alone, FaultReason.NO_MEMBER),
        (kind.earns_points and alone, FaultReason.POINTS_WITHOUT_MEMBER),
        (kind.benefits and alone, FaultReason.BENEFITS_WITHOUT_MEMBER),
        (kind.opens_gates and alone, FaultReason.GATE_WITHOUT_MEMBER),
        (kind.term_months is None and kind.renewable, FaultReason.LIFETIME_RENEWED),
        (by_points and not kind.earns_points, FaultReason.BOUGHT_WITH_POINTS_EARNS_NONE),
        (by_points and not kind.points_price, FaultReason.BOUGHT_WITH_POINTS_COSTS_NONE),
    ):
        if wrong:
            yield reason


def _of_gift(kind: CardKind) -> Iterator[FaultReason]:
    # A gift card with points, benefits or a gate has no member for them: that fault is every kind's.
    for wrong, reason in (
        (kind.has_member, FaultReason.GIFT_WITH_MEMBER),
        (kind.term_months is None, FaultReason.GIFT_NEVER_EXPIRES),
        (not kind.holds_value, FaultReason.GIFT_WITHOUT_VALUE),
        (kind.holders != (Holder.BEARER,), FaultReason.GIFT_NOT_FOR_BEARER),
    ):
        if wrong:
            yield reason
