"""The lives of a charge and a refund: what can be done from where, and what cannot."""

import pytest

from kiosk.club.life import StepRefused
from kiosk.club.money_lives import CHARGE_LIFE, REFUND_LIFE, ChargeAction, ChargeState, RefundAction, RefundState


def test_a_charge_is_paid_from_every_open_state_and_opens_again_when_the_payment_is_reversed() -> None:
    for state in (ChargeState.DUE, ChargeState.DEFERRED, ChargeState.OVERDUE):
        assert CHARGE_LIFE.after(state, ChargeAction.PAY) is ChargeState.PAID
    assert CHARGE_LIFE.after(ChargeState.PAID, ChargeAction.TAKE_BACK) is ChargeState.DUE


@pytest.mark.parametrize("state", [ChargeState.PAID, ChargeState.WAIVED, ChargeState.WRITTEN_OFF])
def test_what_is_settled_is_neither_paid_again_nor_put_off(state: ChargeState) -> None:
    for action in (ChargeAction.PAY, ChargeAction.DEFER):
        with pytest.raises(StepRefused):
            CHARGE_LIFE.after(state, action)


def test_a_refund_is_paid_after_approval_only_and_goes_back_there_when_it_bounces() -> None:
    with pytest.raises(StepRefused):
        REFUND_LIFE.after(RefundState.RESERVED, RefundAction.SEND)
    assert REFUND_LIFE.after(RefundState.UNDER_WAY, RefundAction.BOUNCE) is RefundState.APPROVED
    for state in (RefundState.PAID, RefundState.REFUSED, RefundState.WITHDRAWN):
        assert REFUND_LIFE.is_end(state)
