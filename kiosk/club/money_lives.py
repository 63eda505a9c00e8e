"""The lives of a charge and of a refund (§4 L5, field notes R1)."""

from enum import StrEnum

from kiosk.club.life import Life, Step


class ChargeState(StrEnum):
    """Where a charge stands. Wire format."""

    DUE = "due"
    DEFERRED = "deferred"
    OVERDUE = "overdue"
    PAID = "paid"
    WAIVED = "waived"
    WRITTEN_OFF = "written_off"
    GIVEN_BACK = "given_back"


class ChargeAction(StrEnum):
    """What happens to a charge; `take_back` when a payment is reversed, `give_back` when refunded. Wire format."""

    PAY = "pay"
    DEFER = "defer"
    FALL_OVERDUE = "fall_overdue"
    WAIVE = "waive"
    WRITE_OFF = "write_off"
    TAKE_BACK = "take_back"
    GIVE_BACK = "give_back"


_C, _CA = ChargeState, ChargeAction
_OPEN = (_C.DUE, _C.DEFERRED, _C.OVERDUE)

CHARGE_LIFE: Life[ChargeState, ChargeAction] = Life(
    name="a charge",
    start=_C.DUE,
    steps=(
        Step(_CA.PAY, _OPEN, _C.PAID),
        Step(_CA.DEFER, (_C.DUE, _C.OVERDUE), _C.DEFERRED),
        Step(_CA.FALL_OVERDUE, (_C.DUE, _C.DEFERRED), _C.OVERDUE),
        Step(_CA.WAIVE, _OPEN, _C.WAIVED),
        Step(_CA.WRITE_OFF, (_C.OVERDUE,), _C.WRITTEN_OFF),
        Step(_CA.TAKE_BACK, (_C.PAID,), _C.DUE),
        Step(_CA.GIVE_BACK, (_C.DUE, _C.DEFERRED, _C.PAID), _C.GIVEN_BACK),
    ),
)
"""The life of a charge. What reminders and suspension do is the member's life, not the charge's (§4 L5)."""


class RefundState(StrEnum):
    """Where a refund stands. Wire format."""

    RESERVED = "reserved"
    APPROVED = "approved"
    UNDER_WAY = "under_way"
    PAID = "paid"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class RefundAction(StrEnum):
    """What happens to a refund; `bounce` when a provider or bank sends it back. Wire format."""

    APPROVE = "approve"
    SEND = "send"
    CONFIRM = "confirm"
    BOUNCE = "bounce"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"


_R, _RA = RefundState, RefundAction

REFUND_LIFE: Life[RefundState, RefundAction] = Life(
    name="a refund",
    start=_R.RESERVED,
    steps=(
        Step(_RA.APPROVE, (_R.RESERVED,), _R.APPROVED),
        Step(_RA.SEND, (_R.APPROVED,), _R.UNDER_WAY),
        Step(_RA.CONFIRM, (_R.UNDER_WAY,), _R.PAID),
        Step(_RA.BOUNCE, (_R.UNDER_WAY,), _R.APPROVED),
        Step(_RA.REFUSE, (_R.RESERVED,), _R.REFUSED),
        Step(_RA.WITHDRAW, (_R.RESERVED, _R.APPROVED), _R.WITHDRAWN),
    ),
)
"""The life of a refund: its amount is held from the request on, and approval can use nothing else."""
