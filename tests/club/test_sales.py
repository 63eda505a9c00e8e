"""Sales: one line an item, paid to the last fen, voided once and by whoever may."""

from datetime import UTC, datetime, timedelta

import pytest

from kiosk.club.gift_cards import TenderKind
from kiosk.club.life import StepRefused
from kiosk.club.part_refunds import part_of
from kiosk.club.paying_back import PayWay
from kiosk.club.refund_rules import RefundRules
from kiosk.club.refunds import StoredValue, refund_of
from kiosk.club.rule_packs import Caps
from kiosk.club.sales import (
    SALE_LIFE,
    Sale,
    SaleAction,
    SaleLine,
    SaleReason,
    SaleRules,
    SaleState,
    Tender,
    against_sale,
    lines_of_one_item,
    till_may_void,
    way_of,
)
from kiosk.club.stored_value import Origin, StoredLot, Wallet

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)


def make_sale(*lines: SaleLine, paid_minor: int) -> Sale:
    return Sale("s1", "demo", "desk", "desk-1", NOW, lines, (Tender(TenderKind.CASH, paid_minor),))


def test_lines_of_one_item_are_added_up() -> None:
    lines = (SaleLine("tea", 1, 200, 190), SaleLine("cup", 1, 50, 50), SaleLine("tea", 2, 400, 400))
    assert lines_of_one_item(lines) == (SaleLine("cup", 1, 50, 50), SaleLine("tea", 3, 600, 590))


@pytest.mark.parametrize(("paid_minor", "right"), [(189, False), (190, True), (191, False)])
def test_a_sale_is_paid_to_the_last_fen(paid_minor: int, right: bool) -> None:
    found = against_sale(make_sale(SaleLine("tea", 1, 200, 190), paid_minor=paid_minor))
    assert (found is None) is right
    if found is not None:
        assert found.reason is SaleReason.WRONG_AMOUNT


def test_a_sale_of_nothing_is_none() -> None:
    found = against_sale(make_sale(paid_minor=0))
    assert found is not None
    assert found.reason is SaleReason.NOTHING_SOLD


def test_the_till_voids_alone_for_five_minutes() -> None:
    assert till_may_void(NOW, NOW + timedelta(minutes=5), SaleRules())
    assert not till_may_void(NOW, NOW + timedelta(minutes=5, seconds=1), SaleRules())


def test_a_sale_is_voided_once_and_never_after_a_correction() -> None:
    assert SALE_LIFE.after(SaleState.VOID_ASKED, SaleAction.VOID) is SaleState.VOIDED
    for state in (SaleState.VOIDED, SaleState.CORRECTED):
        with pytest.raises(StepRefused):
            SALE_LIFE.after(state, SaleAction.VOID)
    assert SALE_LIFE.after(SaleState.CORRECTED, SaleAction.CORRECT) is SaleState.CORRECTED


def test_money_has_a_way_and_what_was_prepaid_has_none() -> None:
    assert way_of(Tender(TenderKind.CASH, 1)) is PayWay.CASH
    assert way_of(Tender(TenderKind.PROVIDER, 1, of="alipay")) is PayWay.ALIPAY
    assert way_of(Tender(TenderKind.STORED_VALUE, 1)) is None


@pytest.mark.parametrize("asked_minor", [1, 333, 999, 1_000])
def test_a_part_of_a_refund_closes_at_least_its_share_of_the_value(asked_minor: int) -> None:
    lot = StoredLot("t1", NOW.date(), Origin.TOP_UP, 1_000, 500, 1_000, 500)
    wallet = Wallet((lot,))
    whole = refund_of(StoredValue(wallet), NOW.date(), Caps(), RefundRules())
    part = part_of(whole, wallet, asked_minor)
    closed = sum(each.principal_minor + each.bonus_minor for each in part.takes)
    assert closed * whole.amount_minor >= asked_minor * lot.left_minor
    assert part.forfeited_minor == closed - asked_minor
