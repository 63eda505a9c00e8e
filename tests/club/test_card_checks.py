"""What a kind of card may not be."""

from typing import Any

import msgspec
import pytest

from kiosk.club.card_checks import FaultReason, KindFault, kind_faults
from kiosk.club.card_kinds import CardKind, CardRules, Holder, Obtained
from tests.club.builders_cards import make_kind, make_kinds


def faults(code: str, **fields: Any) -> list[FaultReason]:
    """Return what is wrong with a kind of the regulation once these fields are changed."""
    kind = msgspec.structs.replace(make_kind(code), **fields)
    return [each.reason for each in kind_faults(make_kinds(kind))]


def test_the_regulations_own_kinds_are_in_order() -> None:
    assert kind_faults(CardRules()) == ()


@pytest.mark.proves("S29", "R26", "R27", "R28", "R30")
@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"has_member": True}, FaultReason.GIFT_WITH_MEMBER),
        ({"earns_points": True}, FaultReason.POINTS_WITHOUT_MEMBER),
        ({"benefits": True}, FaultReason.BENEFITS_WITHOUT_MEMBER),
        ({"opens_gates": True}, FaultReason.GATE_WITHOUT_MEMBER),
        ({"term_months": None}, FaultReason.GIFT_NEVER_EXPIRES),
        ({"holds_value": False}, FaultReason.GIFT_WITHOUT_VALUE),
        ({"holders": (Holder.BEARER, Holder.MEMBER)}, FaultReason.GIFT_NOT_FOR_BEARER),
    ],
)
def test_a_gift_card_cannot_be_configured_into_something_else(change: dict[str, Any], fault: FaultReason) -> None:
    assert fault in faults("gift", **change)


@pytest.mark.proves("R33")
def test_there_is_one_kind_of_gift_card_for_all_branches() -> None:
    second = msgspec.structs.replace(make_kind("gift"), code="gift_south")
    assert kind_faults(make_kinds(make_kind("gift"), second)) == (
        KindFault("gift_south", FaultReason.SECOND_GIFT_KIND),
    )


@pytest.mark.proves("S22", "R22", "R24")
@pytest.mark.parametrize(
    ("code", "change", "fault"),
    [
        ("annual", {"media": ()}, FaultReason.NO_MEDIUM),
        ("annual", {"holders": ()}, FaultReason.NO_HOLDER),
        ("annual", {"holders": (Holder.BEARER,)}, FaultReason.BEARER_OF_A_MEMBER_CARD),
        ("lifetime", {"renewable": True}, FaultReason.LIFETIME_RENEWED),
        ("points", {"earns_points": False}, FaultReason.BOUGHT_WITH_POINTS_EARNS_NONE),
        ("points", {"points_price": 0}, FaultReason.BOUGHT_WITH_POINTS_COSTS_NONE),
        ("special", {"benefits": True}, FaultReason.BENEFITS_WITHOUT_MEMBER),
    ],
)
def test_a_kind_that_contradicts_itself_is_found(code: str, change: dict[str, Any], fault: FaultReason) -> None:
    assert faults(code, **change) == [fault]


def test_an_ordinary_card_belongs_to_somebody() -> None:
    bare = CardKind("bare", has_member=False, earns_points=False, opens_gates=False, benefits=False)
    assert [each.reason for each in kind_faults(make_kinds(bare))] == [FaultReason.NO_MEMBER]


def test_a_code_is_given_once_and_a_points_card_may_also_be_sold() -> None:
    twice = make_kinds(make_kind(), make_kind())
    assert kind_faults(twice) == (KindFault("annual", FaultReason.CODE_TWICE),)
    assert faults("points", obtained=tuple(Obtained)) == []
