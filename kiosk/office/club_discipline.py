"""Violations and orders in the office: written down, proposed, decided by somebody else, lifted (S08, R63, R70)."""

from datetime import date
from functools import partial
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.central.club.books import Change, Look
from kiosk.central.club.discipline import (
    Breach,
    OrderView,
    decide,
    drop,
    lift,
    order_of,
    propose,
    record_violation,
    violations_of,
)
from kiosk.club.discipline import (
    ORDER_LIFE,
    Body,
    Measure,
    Misconduct,
    Order,
    OrderAction,
    Violation,
)
from kiosk.club.office_actions import Matter, OfficeAction
from kiosk.club.roles import Permission
from kiosk.office import club_discipline_pages
from kiosk.office.actions import Action, Draft, Ids
from kiosk.office.club_discipline_pages import FILE, KIND, violation_text
from kiosk.office.evidence_fields import Places, as_evidence, taps_to_pick
from kiosk.office.whom import person_of

Reason = Annotated[str, Meta(min_length=1, max_length=500)]
Paper = Annotated[str, Meta(min_length=1, max_length=64)]


class RecordViolation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A breach of the rules. `evidence` are journal records, `papers` files for what no device has recorded."""

    misconduct: Misconduct
    on: date
    note: Annotated[str, Meta(max_length=2000)] = ""
    evidence: Places = ()
    papers: Annotated[tuple[Paper, ...], Meta(max_length=50)] = ()


class ProposeOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a body is to order for violations; a suspension without `until` is until further notice."""

    measure: Measure
    violations: Annotated[tuple[Paper, ...], Meta(min_length=1, max_length=50)]
    body: Body
    since: date
    why: Reason
    until: date | None = None
    heard: bool = False


class DecideOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body's decision, from another day on where one is named."""

    why: Reason
    since: date | None = None
    until: date | None = None


class DropOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The proposal is not followed."""

    why: Reason


class LiftOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The order holds no more."""

    why: Reason


def record(change: Change, wish: RecordViolation, ids: Ids) -> Violation:
    """Write a violation down."""
    member_id = person_of(change, ids["member"]).id
    evidence = as_evidence(wish.evidence)
    return record_violation(change, Breach(member_id, wish.misconduct, wish.on, evidence, wish.papers, wish.note))


def propose_order(change: Change, wish: ProposeOrder, ids: Ids) -> OrderView:
    """Propose an order."""
    member_id = person_of(change, ids["member"]).id
    found = Order(member_id, wish.measure, wish.violations, wish.body, wish.since, wish.until, wish.heard)
    return propose(change, found, why=wish.why)


def decide_order(change: Change, wish: DecideOrder, ids: Ids) -> OrderView:
    """Decide an order."""
    return decide(change, ids["order"], why=wish.why, since=wish.since, until=wish.until)


def drop_order(change: Change, wish: DropOrder, ids: Ids) -> OrderView:
    """Drop a proposal."""
    return drop(change, ids["order"], why=wish.why)


def lift_order(change: Change, wish: LiftOrder, ids: Ids) -> OrderView:
    """Lift an order."""
    return lift(change, ids["order"], why=wish.why)


def _matter(look: Look, ids: Ids) -> Matter:
    found = order_of(look, ids["order"])
    return Matter(requested_by=found.proposed_by, member=found.order.member)


def _draft_violation(look: Look, ids: Ids) -> Draft:
    person = person_of(look, ids["member"])
    choices = {"evidence": taps_to_pick(look, person.id)}
    return Draft(person.name, {"on": look.today}, choices=choices, kinds={"evidence": "many"})


def _draft_order(look: Look, ids: Ids) -> Draft:
    person = person_of(look, ids["member"])
    known = [(each.id, violation_text(each)) for each in violations_of(look, person.id)]
    return Draft(person.name, {"since": look.today}, choices={"violations": known}, kinds={"violations": "many"})


def _draft_decision(look: Look, ids: Ids) -> Draft:
    found = order_of(look, ids["order"])
    # A day that has passed while the body was asked cannot be decided any more.
    since = max(found.order.since, look.today)
    return Draft(person_of(look, found.order.member).name, {"since": since, "until": found.order.until})


def _draft(look: Look, ids: Ids) -> Draft:
    return Draft(person_of(look, order_of(look, ids["order"]).order.member).name)


def _leads(step: OrderAction, found: OrderView) -> bool:
    return step in ORDER_LIFE.actions(found.state)


def _can_be_lifted(found: OrderView) -> bool:
    return OrderAction.LIFT in ORDER_LIFE.actions(found.state) and found.order.measure is not Measure.CANCELLATION


ACTIONS = (
    Action(
        "propose_order",
        "/discipline/{member}/orders",
        Permission.DISCIPLINE_PROPOSE,
        ProposeOrder,
        OrderView,
        propose_order,
        "Propose an order for a body to decide",
        about=FILE,
        then="/discipline/{member}",
        possible=lambda found: bool(found.violations),
        act=OfficeAction.PROPOSE_ORDER,
        drafts=_draft_order,
    ),
    Action(
        "record_violation",
        "/discipline/{member}/violations",
        Permission.DISCIPLINE_PROPOSE,
        RecordViolation,
        Violation,
        record,
        "Write a violation down",
        about=FILE,
        then="/discipline/{member}",
        act=OfficeAction.PROPOSE_ORDER,
        drafts=_draft_violation,
    ),
    Action(
        "decide_order",
        "/orders/{order}/decide",
        Permission.DISCIPLINE_DECIDE,
        DecideOrder,
        OrderView,
        decide_order,
        "Decide a proposed order",
        about=KIND,
        then="/orders/{order}",
        possible=partial(_leads, OrderAction.DECIDE),
        act=OfficeAction.DECIDE_ORDER,
        matter=_matter,
        drafts=_draft_decision,
    ),
    Action(
        "drop_order",
        "/orders/{order}/drop",
        Permission.DISCIPLINE_DECIDE,
        DropOrder,
        OrderView,
        drop_order,
        "Drop a proposed order",
        about=KIND,
        then="/orders/{order}",
        possible=partial(_leads, OrderAction.DROP),
        act=OfficeAction.LIFT_ORDER,
        matter=_matter,
        drafts=_draft,
    ),
    Action(
        "lift_order",
        "/orders/{order}/lift",
        Permission.DISCIPLINE_DECIDE,
        LiftOrder,
        OrderView,
        lift_order,
        "Lift a decided order",
        about=KIND,
        then="/orders/{order}",
        possible=_can_be_lifted,
        act=OfficeAction.LIFT_ORDER,
        matter=_matter,
        drafts=_draft,
    ),
)

ROUTES = club_discipline_pages.ROUTES
PAGES = club_discipline_pages.PAGES
