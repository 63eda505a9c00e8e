"""What is wished of a membership: each wish as a form and as the API takes it (S07 to S11)."""

from datetime import date
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.club.membership import StopReason
from kiosk.core.codec import INTEGER_MAX
from kiosk.office.people_fields import Why

Money = Annotated[int, Meta(ge=0, le=INTEGER_MAX, description="In minor units.")]


class SuspendMember(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Rights are stopped from a day on, today where none is named, to a last day or until further notice.

    Only for what membership staff decide themselves, reminders in vain or data to be put right: what a breach brings is
    ordered, and absence is counted.
    """

    reason: StopReason
    why: Why
    since: date | None = None
    until: date | None = None


class RestoreMember(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Rights that were stopped for a reason are given back today."""

    reason: StopReason
    why: Why


class DeferFee(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A fee is put off to a day."""

    until: date
    why: Why


class AskToLeave(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A member asks in writing to leave; `waived` where the club gives up its notice."""

    why: Why
    wanted: date | None = None
    waived: bool = False


class Stay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A member takes the request to leave back."""

    why: Why


class ApproveLeaving(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A withdrawal is approved: whether the card is back, what the member owes, and what the club owes the member."""

    why: Why
    card_returned: bool = False
    owes_minor: Money = 0
    holds_minor: Money = 0


class RecordPaid(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Fees are paid to a day."""

    paid_until: date
    why: Why
