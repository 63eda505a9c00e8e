"""Discipline: violations with their evidence, and the orders that answer them (S08, R63, R70).

An order reaches the member, the file and the gate. It has no text for screens and no audience beyond member and
staff: the club shames nobody in public (§6.27).
"""

from collections.abc import Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.club.life import Life, Step
from kiosk.club.membership import Ending, EndReason, MemberFacts, MemberState, StopReason, Suspension
from kiosk.club.refusal import Refusal


class Measure(StrEnum):
    """What an order does. Wire format."""

    WARNING = "warning"
    SUSPENSION = "suspension"
    CANCELLATION = "cancellation"


class Body(StrEnum):
    """Who decides. Wire format."""

    COMMITTEE = "committee"
    BOARD = "board"
    COUNCIL = "council"


class Competence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A body that may decide on a measure."""

    measure: Measure
    body: Body


class DisciplineRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who decides on what, on which evidence, and for how long."""

    competences: Annotated[
        tuple[Competence, ...],
        Meta(
            description="Which body may order what. The seeds give cancellation to the council and the rest to the "
            "members' committee; a higher body may always do it.",
            extra={"source": "S08, R63, R70, seeds 000:108, 004:81, 000:25"},
        ),
    ] = (
        Competence(Measure.WARNING, Body.COMMITTEE),
        Competence(Measure.WARNING, Body.BOARD),
        Competence(Measure.WARNING, Body.COUNCIL),
        Competence(Measure.SUSPENSION, Body.COMMITTEE),
        Competence(Measure.SUSPENSION, Body.BOARD),
        Competence(Measure.SUSPENSION, Body.COUNCIL),
        Competence(Measure.CANCELLATION, Body.BOARD),
        Competence(Measure.CANCELLATION, Body.COUNCIL),
    )
    serious_bodies: Annotated[
        tuple[Body, ...],
        Meta(
            description="Who decides on serious misconduct in society: the standing council only.",
            extra={"source": "R70, seeds 004:81"},
        ),
    ] = (Body.COUNCIL,)
    evidence_for: Annotated[
        tuple[Measure, ...],
        Meta(
            description="Measures that need evidence on record. All but a warning; serious misconduct always.",
            extra={"source": "R70, seeds 004:81"},
        ),
    ] = (Measure.SUSPENSION, Measure.CANCELLATION)
    heard_for: Annotated[
        tuple[Measure, ...],
        Meta(
            description="Measures before which the member has been talked to: talking comes first.",
            extra={"source": "S08, seeds 000:252"},
        ),
    ] = (Measure.SUSPENSION, Measure.CANCELLATION)
    suspension_days_max: Annotated[
        int,
        Meta(
            ge=0,
            description="Longest suspension by one order, in days; 0 = until further notice too. No number in the "
            "seeds.",
            extra={"source": "S08"},
        ),
    ] = 0


class Misconduct(StrEnum):
    """What kind of breach it is. Wire format."""

    LAW = "law"
    CHARTER = "charter"
    CLUB_RULES = "club_rules"
    VENUE_RULES = "venue_rules"
    CARD_LENT = "card_lent"
    SERIOUS = "serious"


class Evidence(msgspec.Struct, frozen=True):
    """A record of a journal that shows it; the chain vouches for it (CONTRACT §2)."""

    journal: str
    seq: int


class Violation(msgspec.Struct, frozen=True):
    """A breach of the rules. `papers` are ids of files for what no device has recorded."""

    id: str
    member: str
    misconduct: Misconduct
    on: date
    evidence: tuple[Evidence, ...] = ()
    papers: tuple[str, ...] = ()


class OrderState(StrEnum):
    """Where an order stands. Wire format."""

    PROPOSED = "proposed"
    DECIDED = "decided"
    DROPPED = "dropped"
    LIFTED = "lifted"


class OrderAction(StrEnum):
    """What can be done with an order. Wire format."""

    DECIDE = "decide"
    DROP = "drop"
    LIFT = "lift"


ORDER_LIFE: Life[OrderState, OrderAction] = Life(
    name="an order",
    start=OrderState.PROPOSED,
    steps=(
        Step(OrderAction.DECIDE, (OrderState.PROPOSED,), OrderState.DECIDED),
        Step(OrderAction.DROP, (OrderState.PROPOSED,), OrderState.DROPPED),
        Step(OrderAction.LIFT, (OrderState.DECIDED,), OrderState.LIFTED),
    ),
)
"""Nothing reaches a member or a gate before it is decided."""


class Order(msgspec.Struct, frozen=True):
    """What a body orders against one member for violations; a suspension to `until`, or until further notice."""

    member: str
    measure: Measure
    violations: tuple[str, ...]
    body: Body
    since: date
    until: date | None = None
    heard: bool = False


class OrderReason(StrEnum):
    """Why an order cannot be decided so. Wire format."""

    NO_VIOLATION = "no_violation"
    OTHER_MEMBER = "other_member"
    BODY_MAY_NOT = "body_may_not"
    NO_EVIDENCE = "no_evidence"
    NOT_HEARD = "not_heard"
    TOO_LONG = "too_long"
    ENDS_BEFORE_IT_BEGINS = "ends_before_it_begins"
    IN_THE_PAST = "in_the_past"


class OrderRefusal(Refusal[OrderReason], frozen=True):
    """Why an order cannot be decided so."""


class OrderNotice(StrEnum):
    """What the member is told, and nobody else. Wire format."""

    WARNED = "discipline_warned"
    SUSPENDED = "discipline_suspended"
    CANCELLED = "discipline_cancelled"


NOTICES = {
    Measure.WARNING: OrderNotice.WARNED,
    Measure.SUSPENSION: OrderNotice.SUSPENDED,
    Measure.CANCELLATION: OrderNotice.CANCELLED,
}


def against_order(
    order: Order, violations: Sequence[Violation], rules: DisciplineRules, today: date
) -> tuple[OrderRefusal, ...]:
    """Return what speaks against an order, all of it; nothing means that it may be decided (S08, R63, R70)."""
    named = [each for each in violations if each.id in order.violations]
    refusals = [*_body(order, named, rules), *_grounds(order, named, rules), *_span(order, rules, today)]
    return tuple(OrderRefusal(reason) for reason in refusals)


def _body(order: Order, named: Sequence[Violation], rules: DisciplineRules) -> list[OrderReason]:
    serious = any(each.misconduct is Misconduct.SERIOUS for each in named)
    may = Competence(order.measure, order.body) in rules.competences
    if not may or (serious and order.body not in rules.serious_bodies):
        return [OrderReason.BODY_MAY_NOT]
    return []


def _grounds(order: Order, named: Sequence[Violation], rules: DisciplineRules) -> list[OrderReason]:
    found = []
    if not named or len(named) < len(set(order.violations)):
        found.append(OrderReason.NO_VIOLATION)
    if any(each.member != order.member for each in named):
        found.append(OrderReason.OTHER_MEMBER)
    must = [each for each in named if order.measure in rules.evidence_for or each.misconduct is Misconduct.SERIOUS]
    if any(not each.evidence and not each.papers for each in must):
        found.append(OrderReason.NO_EVIDENCE)
    if order.measure in rules.heard_for and not order.heard:
        found.append(OrderReason.NOT_HEARD)
    return found


def _span(order: Order, rules: DisciplineRules, today: date) -> list[OrderReason]:
    found = []
    if order.since < today:
        found.append(OrderReason.IN_THE_PAST)
    if order.until is not None and order.until < order.since:
        found.append(OrderReason.ENDS_BEFORE_IT_BEGINS)
    if order.measure is Measure.SUSPENSION and rules.suspension_days_max:
        last = order.since + timedelta(days=rules.suspension_days_max - 1)
        if order.until is None or order.until > last:
            found.append(OrderReason.TOO_LONG)
    return found


def apply(facts: MemberFacts, order: Order) -> MemberFacts:
    """Return the facts of a membership after a decided order: what it says holds from `since` on (S08)."""
    if order.measure is Measure.SUSPENSION:
        stop = Suspension(order.since, StopReason.DISCIPLINE, order.until)
        return msgspec.structs.replace(facts, suspensions=(*facts.suspensions, stop))
    if order.measure is Measure.CANCELLATION:
        end = Ending(order.since - timedelta(days=1), MemberState.CANCELLED, EndReason.MISCONDUCT)
        return msgspec.structs.replace(facts, endings=(*facts.endings, end))
    return facts
