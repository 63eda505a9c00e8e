"""Special cards: off unless a department asked for them, three approved, and IT switched them on (§4 L4)."""

from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.club.life import Life, Step
from kiosk.club.refusal import Refusal
from kiosk.club.roles import Role


class DiscountWay(StrEnum):
    """How a special card takes its discount: off each price, or off each top-up (R35, R95). Wire format."""

    INSTANT = "instant"
    STORED_VALUE = "stored_value"


class SpecialRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who must agree to special cards, who switches them on, and how far they may go."""

    approvers: Annotated[
        tuple[Role, ...],
        Meta(
            min_length=1,
            description="Roles that must each approve, in any order, by as many different people.",
            extra={"source": "R36, seeds 004:43"},
        ),
    ] = (Role.OPERATIONS, Role.FINANCE, Role.GENERAL_MANAGER)
    activator: Annotated[
        Role,
        Meta(description="The role that switches the function on after all approvals.", extra={"source": "R36"}),
    ] = Role.IT
    quantity_max: Annotated[
        int,
        Meta(
            ge=0,
            description="Most cards of one request; 0 = special cards are not used at all.",
            extra={"source": "R34, R35, seeds 004:41; no seed for the number"},
        ),
    ] = 100
    price_percent_min: Annotated[
        int,
        Meta(
            ge=0,
            le=100,
            description="Lowest price that a special card may bring about, in percent of the ordinary one.",
            extra={"source": "R35, R100, seeds 003:155; no seed for the number"},
        ),
    ] = 50


class SpecialState(StrEnum):
    """Where a request for special cards stands. Wire format."""

    REQUESTED = "requested"
    APPROVED = "approved"
    REFUSED = "refused"
    ACTIVE = "active"
    CLOSED = "closed"


class SpecialAction(StrEnum):
    """What can be done with a request. Wire format."""

    APPROVE_LAST = "approve_last"
    REFUSE = "refuse"
    ACTIVATE = "activate"
    CLOSE = "close"


SPECIAL_LIFE: Life[SpecialState, SpecialAction] = Life(
    name="a special-card request",
    start=SpecialState.REQUESTED,
    steps=(
        Step(SpecialAction.APPROVE_LAST, (SpecialState.REQUESTED,), SpecialState.APPROVED),
        Step(SpecialAction.REFUSE, (SpecialState.REQUESTED,), SpecialState.REFUSED),
        Step(SpecialAction.ACTIVATE, (SpecialState.APPROVED,), SpecialState.ACTIVE),
        Step(SpecialAction.CLOSE, (SpecialState.ACTIVE,), SpecialState.CLOSED),
    ),
)
"""The life of a request. Any refusal ends it; whoever still wants the cards asks anew."""


class Opinion(msgspec.Struct, frozen=True):
    """What one role said to a request, by whom, when."""

    role: Role
    by: str
    on: date
    agrees: bool
    why: str = ""


class SpecialRequest(msgspec.Struct, frozen=True):
    """A department's request: how many, how the discount is taken, and the price in percent (R35, seeds 004:41).

    `report` is the id of the department's written report.
    """

    id: str
    department: str
    requested_by: str
    requested_on: date
    report: str
    quantity: int
    way: DiscountWay
    price_percent: int
    state: SpecialState = SpecialState.REQUESTED
    opinions: tuple[Opinion, ...] = ()
    activated_by: str | None = None
    activated_on: date | None = None


class SpecialReason(StrEnum):
    """Why a request cannot be made, decided, or used. Wire format."""

    DEPARTMENT_MISSING = "department_missing"
    REPORT_MISSING = "report_missing"
    QUANTITY_NOT_ALLOWED = "quantity_not_allowed"
    PRICE_NOT_ALLOWED = "price_not_allowed"
    ROLE_NOT_ASKED = "role_not_asked"
    ROLE_HAS_SPOKEN = "role_has_spoken"
    SAME_PERSON = "same_person"
    OWN_REQUEST = "own_request"
    NOT_ACTIVE = "not_active"
    ALL_ISSUED = "all_issued"


class SpecialRefusal(Refusal[SpecialReason], frozen=True):
    """Why a request cannot be made, decided, or used."""


def against_request(request: SpecialRequest, rules: SpecialRules) -> tuple[SpecialRefusal, ...]:
    """Return what a request lacks before anybody has to look at it (R34, R35, seeds 004:41)."""
    return tuple(_lacks(request, rules))


def _lacks(request: SpecialRequest, rules: SpecialRules) -> Iterator[SpecialRefusal]:
    if not request.department:
        yield SpecialRefusal(SpecialReason.DEPARTMENT_MISSING)
    if not request.report:
        yield SpecialRefusal(SpecialReason.REPORT_MISSING)
    if not 1 <= request.quantity <= rules.quantity_max:
        yield SpecialRefusal(SpecialReason.QUANTITY_NOT_ALLOWED, {"max": rules.quantity_max})
    if not rules.price_percent_min <= request.price_percent < 100:
        yield SpecialRefusal(SpecialReason.PRICE_NOT_ALLOWED, {"min": rules.price_percent_min})


def still_to_approve(request: SpecialRequest, rules: SpecialRules) -> tuple[Role, ...]:
    """Return the roles that have not spoken yet, none when the request is decided."""
    if request.state is not SpecialState.REQUESTED:
        return ()
    spoken = {each.role for each in request.opinions}
    return tuple(role for role in rules.approvers if role not in spoken)


def approve(request: SpecialRequest, opinion: Opinion, rules: SpecialRules) -> SpecialRequest | SpecialRefusal:
    """Add what a role says: a no ends the request, the last yes approves it; raises StepRefused when decided (R36)."""
    action = SpecialAction.APPROVE_LAST if opinion.agrees else SpecialAction.REFUSE
    state = SPECIAL_LIFE.after(request.state, action)
    refusal = _against_speaker(request, opinion, rules)
    if refusal is not None:
        return refusal
    heard = msgspec.structs.replace(request, opinions=(*request.opinions, opinion))
    if opinion.agrees and still_to_approve(heard, rules):
        return heard
    return msgspec.structs.replace(heard, state=state)


def _against_speaker(request: SpecialRequest, opinion: Opinion, rules: SpecialRules) -> SpecialRefusal | None:
    if opinion.role not in rules.approvers:
        return SpecialRefusal(SpecialReason.ROLE_NOT_ASKED, {"role": opinion.role.value})
    if opinion.by == request.requested_by:
        return SpecialRefusal(SpecialReason.OWN_REQUEST)
    if any(each.role is opinion.role for each in request.opinions):
        return SpecialRefusal(SpecialReason.ROLE_HAS_SPOKEN, {"role": opinion.role.value})
    if any(each.by == opinion.by for each in request.opinions):
        return SpecialRefusal(SpecialReason.SAME_PERSON)
    return None


def activate(
    request: SpecialRequest, role: Role, by: str, on: date, rules: SpecialRules
) -> SpecialRequest | SpecialRefusal:
    """Switch the function of approved cards on; raises StepRefused before all have approved (R36, seeds 004:43)."""
    state = SPECIAL_LIFE.after(request.state, SpecialAction.ACTIVATE)
    if role is not rules.activator:
        return SpecialRefusal(SpecialReason.ROLE_NOT_ASKED, {"role": role.value})
    if by == request.requested_by:
        return SpecialRefusal(SpecialReason.OWN_REQUEST)
    if any(each.by == by for each in request.opinions):
        return SpecialRefusal(SpecialReason.SAME_PERSON)
    return msgspec.structs.replace(request, state=state, activated_by=by, activated_on=on)


def close(request: SpecialRequest) -> SpecialRequest:
    """Switch the function off for good; raises StepRefused for one that is not on (§4 L4)."""
    return msgspec.structs.replace(request, state=SPECIAL_LIFE.after(request.state, SpecialAction.CLOSE))


def function_on(request: SpecialRequest | None) -> bool:
    """Say whether a special card works: never without a request that is active (R34, seeds 004:41)."""
    return request is not None and request.state is SpecialState.ACTIVE


def against_issue(request: SpecialRequest, issued: int) -> SpecialRefusal | None:
    """Return why no further card is issued on a request, or None; the quantity asked for is the limit (R35, §6.13)."""
    if request.state is not SpecialState.ACTIVE:
        return SpecialRefusal(SpecialReason.NOT_ACTIVE, {"state": request.state.value})
    if issued >= request.quantity:
        return SpecialRefusal(SpecialReason.ALL_ISSUED, {"quantity": request.quantity})
    return None
