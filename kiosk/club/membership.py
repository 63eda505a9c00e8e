"""A membership: its rules, the dated facts it rests on, and the life they lead it through.

The state of a day is computed from the facts (`standing.py`), never stored: what is written down is what happened.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.club.life import Life, Step


class MembershipRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the regulations say about fees that are late, leaving, and coming back."""

    grace_days: Annotated[
        int,
        Meta(
            ge=0,
            description="Days after the last paid day on which a member still passes. The regulations know none: 0.",
            extra={"source": "R46, §6.6, seeds 000:40"},
        ),
    ] = 0
    deferral_months_max: Annotated[
        int,
        Meta(
            ge=1,
            description="Longest deferral of a fee, in months. No number in the seeds: one fee period.",
            extra={"source": "R51, seeds 000:123"},
        ),
    ] = 12
    forfeit_after_months: Annotated[
        int,
        Meta(
            ge=1,
            description="Months unpaid in a row after which a membership is given up by itself.",
            extra={"source": "R52, seeds 000:109"},
        ),
    ] = 12
    notice_months: Annotated[
        int,
        Meta(
            ge=0,
            description="Months from a withdrawal request to the last day of membership.",
            extra={"source": "R61, seeds 000:110"},
        ),
    ] = 1
    withdrawal_waits_for_approval: Annotated[
        bool,
        Meta(
            description="Whether a member stays until the club has approved. Off, because leaving is free: the "
            "approval is the settlement check, and nobody stays a member because it is late.",
            extra={"source": "R62, §6.28, seeds 000:94 against 000:100"},
        ),
    ] = False
    file_retention_years: Annotated[
        int,
        Meta(
            ge=0,
            description="Years that a leaver's file is kept. No number in the seeds: the three years of the Civil "
            "Code's limitation period, the law that the regulation names.",
            extra={"source": "R71, §5.10, seeds 004:73, 000:87"},
        ),
    ] = 3


class MemberState(StrEnum):
    """Where a membership stands on a day. Wire format."""

    APPLICANT = "applicant"
    UNCOLLECTED = "uncollected"
    VALID = "valid"
    DEFERRED = "deferred"
    ARREARS = "arrears"
    SUSPENDED = "suspended"
    TITLE_KEPT = "title_kept"
    WITHDRAWAL_PENDING = "withdrawal_pending"
    WITHDRAWN = "withdrawn"
    CANCELLED = "cancelled"
    FORFEITED = "forfeited"
    VOID = "void"


ENDED = frozenset({MemberState.WITHDRAWN, MemberState.CANCELLED, MemberState.FORFEITED, MemberState.VOID})
"""The states of somebody who is no member any more and whose file is kept."""

OPEN = frozenset({MemberState.VALID, MemberState.DEFERRED, MemberState.WITHDRAWAL_PENDING})
"""The states of a valid member: approved, card collected, nothing against it (R45)."""


class MemberAction(StrEnum):
    """What can happen to a membership. Wire format."""

    APPROVE = "approve"
    COLLECT = "collect"
    FALL_DUE = "fall_due"
    DEFER = "defer"
    PAY = "pay"
    SUSPEND = "suspend"
    KEEP_TITLE = "keep_title"
    RESTORE = "restore"
    ASK_TO_LEAVE = "ask_to_leave"
    STAY = "stay"
    LEAVE = "leave"
    CANCEL = "cancel"
    FORFEIT = "forfeit"
    MAKE_VOID = "make_void"
    REJOIN = "rejoin"


_UNCOLLECTED, _VALID, _DEFERRED = MemberState.UNCOLLECTED, MemberState.VALID, MemberState.DEFERRED
_ARREARS, _SUSPENDED, _KEPT = MemberState.ARREARS, MemberState.SUSPENDED, MemberState.TITLE_KEPT
_PENDING = MemberState.WITHDRAWAL_PENDING
_INSIDE = (_UNCOLLECTED, _VALID, _DEFERRED, _ARREARS, _SUSPENDED, _KEPT, _PENDING)
_COLLECTED = tuple(state for state in _INSIDE if state is not _UNCOLLECTED)

MEMBER_LIFE: Life[MemberState, MemberAction] = Life(
    name="a member",
    start=MemberState.APPLICANT,
    steps=(
        Step(MemberAction.APPROVE, (MemberState.APPLICANT,), _UNCOLLECTED),
        Step(MemberAction.COLLECT, (_UNCOLLECTED,), _VALID),
        Step(MemberAction.FALL_DUE, (_VALID, _DEFERRED, _PENDING), _ARREARS),
        Step(MemberAction.DEFER, (_VALID, _ARREARS), _DEFERRED),
        Step(MemberAction.PAY, (_ARREARS, _DEFERRED), _VALID),
        Step(MemberAction.SUSPEND, (_VALID, _DEFERRED, _ARREARS, _KEPT, _PENDING), _SUSPENDED),
        Step(MemberAction.KEEP_TITLE, (_VALID, _DEFERRED, _ARREARS, _PENDING), _KEPT),
        Step(MemberAction.RESTORE, (_SUSPENDED, _KEPT), _VALID),
        Step(MemberAction.ASK_TO_LEAVE, _COLLECTED[:-1], _PENDING),
        Step(MemberAction.STAY, (_PENDING,), _VALID),
        Step(MemberAction.LEAVE, _INSIDE, MemberState.WITHDRAWN),
        Step(MemberAction.CANCEL, _INSIDE, MemberState.CANCELLED),
        Step(MemberAction.FORFEIT, _INSIDE, MemberState.FORFEITED),
        Step(MemberAction.MAKE_VOID, _INSIDE, MemberState.VOID),
        Step(MemberAction.REJOIN, tuple(sorted(ENDED)), MemberState.APPLICANT),
    ),
)
"""The life of a membership (§4 L1). Whoever left may apply again.

One who asks to leave before the card is collected stays uncollected until the last day, lest taking the request back
lead around the card (R45).
"""


class StopReason(StrEnum):
    """Why a member's rights are stopped; `data` is for papers or a file that must be put right. Wire format."""

    DISCIPLINE = "discipline"
    REMINDERS = "reminders"
    ABSENCE = "absence"
    DATA = "data"


ADMINISTRATIVE = frozenset({StopReason.REMINDERS, StopReason.DATA})
"""Why membership staff stop rights by themselves; the rest follows from an order or from attendance (S08, S09)."""


class Suspension(msgspec.Struct, frozen=True):
    """Rights stopped from a day on, to `until` inclusive or until further notice.

    For absence the title is kept: a state of its own (R64, §6.5). Lifting a suspension sets `until` to the day before.
    `inherited`, here and below, is what comes from the unit that is represented, or from a guest's host.
    """

    since: date
    reason: StopReason
    until: date | None = None
    inherited: bool = False


class EndReason(StrEnum):
    """Why a membership ended. Wire format."""

    REQUESTED = "requested"
    ABSENCE = "absence"
    MISCONDUCT = "misconduct"
    UNPAID = "unpaid"
    REMINDERS = "reminders"
    LEFT_REGION = "left_region"
    MANDATE_OVER = "mandate_over"


class Ending(msgspec.Struct, frozen=True):
    """A decided end: the last day of membership, the state after it, and why."""

    last_day: date
    state: MemberState
    reason: EndReason
    inherited: bool = False


class Withdrawal(msgspec.Struct, frozen=True):
    """A written request to leave; a request taken back is removed from the facts.

    `last_day` is the day asked for after notice, `approved_on` when the settlement check was passed (R61, R62).
    """

    requested_on: date
    last_day: date
    approved_on: date | None = None
    inherited: bool = False


class MemberFacts(msgspec.Struct, frozen=True):
    """One spell of membership as it is known today; an earlier spell of somebody who came back is history.

    `paid_until` is the last day that fees cover, None before the first payment. `owes_fees` is off for a member whom
    no fee is asked of; `fees_inherited` is on where a unit or host owes them. A forfeiture that has come to pass is
    written down as an ending, lest a late payment undo it.
    """

    approved_on: date | None
    collected_on: date | None = None
    owes_fees: bool = True
    paid_until: date | None = None
    deferred_until: date | None = None
    fees_inherited: bool = False
    suspensions: tuple[Suspension, ...] = ()
    withdrawals: tuple[Withdrawal, ...] = ()
    endings: tuple[Ending, ...] = ()
