"""Violations and orders as they are read: a member's, and the orders of all (S08). Nobody else is shown them."""

from typing import Annotated

import msgspec
from flask import request
from msgspec import Meta

from kiosk.central.club.books import Look
from kiosk.central.club.discipline import OrderView, order_of, order_page, orders_of, violations_of
from kiosk.central.club.evidence import stored_records
from kiosk.club.discipline import OrderState, Violation
from kiosk.club.roles import Permission
from kiosk.office.actions import Ids
from kiosk.office.club_case_pages import record_text
from kiosk.office.listing import ROWS, Listing, Tab, number_in, skipped, word
from kiosk.office.page import Fact, Link, Page, Table, Thing, show_thing
from kiosk.office.routes import LIMIT_DEFAULT, Limit, NoQuery, Route, StoredRecord
from kiosk.office.saying import chosen, local
from kiosk.office.whom import member_cell, people, person_of, staff_by_id

KIND, FILE, LIST = "order", "discipline", "orders"

_TABS = {
    OrderState.PROPOSED: "orders_proposed",
    OrderState.DECIDED: "orders_decided",
    OrderState.LIFTED: "orders_lifted",
    OrderState.DROPPED: "orders_dropped",
}
_BADGES = {OrderState.PROPOSED: "attention", OrderState.DECIDED: "ok"}

State = Annotated[str, Meta(max_length=16, description="Only orders in this state.")]
Skip = Annotated[str, Meta(max_length=6, description="`next` of the page before.")]


class OrderQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which orders."""

    after: Skip = ""
    limit: Limit = LIMIT_DEFAULT
    state: State = ""


class OrderPage(msgspec.Struct, frozen=True):
    """Orders, those with the latest first day first; `next` is null on the last page."""

    items: tuple[OrderView, ...]
    next: str | None


class DisciplineFile(msgspec.Struct, frozen=True):
    """A member's violations, with their evidence, and the orders."""

    member: str
    violations: tuple[Violation, ...]
    orders: tuple[OrderView, ...]


def list_orders(look: Look, query: OrderQuery, _ids: Ids) -> OrderPage:
    """Return a page of orders."""
    if query.state and query.state not in list(OrderState):
        return OrderPage((), None)
    states = (OrderState(query.state),) if query.state else ()
    skip = number_in(query.after) or 0
    limit = min(query.limit, 499)
    found = order_page(look, states, skip, limit + 1)
    return OrderPage(tuple(found[:limit]), str(skip + limit) if len(found) > limit else None)


def show_order(look: Look, _query: NoQuery, ids: Ids) -> OrderView:
    """Return one order; raises InvalidInput where there is none."""
    return order_of(look, ids["order"])


def show_discipline(look: Look, _query: NoQuery, ids: Ids) -> DisciplineFile:
    """Return what there is of a member; raises InvalidInput where there is no such member."""
    member_id = person_of(look, ids["member"]).id
    return DisciplineFile(member_id, tuple(violations_of(look, member_id)), tuple(orders_of(look, member_id)))


def violation_text(found: Violation) -> str:
    """Return a violation in one line: the day and what it was."""
    return f"{found.on} {chosen('Misconduct', found.misconduct.value)}"


def _list_page(look: Look, _ids: Ids) -> Listing:
    asked = request.args.get("state", "")
    state = OrderState(asked) if asked in list(OrderState) else OrderState.PROPOSED
    skip = skipped()
    found = order_page(look, (state,), skip, ROWS + 1)
    names = people(look, [each.order.member for each in found])
    rows = [
        (
            names.get(each.order.member, each.order.member),
            Link(word(each.order.measure), f"/orders/{each.id}"),
            word(each.order.body),
            each.order.since,
            each.order.until,
            each.decided_on,
        )
        for each in found[:ROWS]
    ]
    here = f"/orders?state={state}"
    return Listing(
        LIST,
        "orders",
        "orders_hint",
        ("member", "order_measure", "order_body", "order_since", "order_until", "order_decided_on"),
        rows,
        "no_orders",
        "no_orders_hint",
        [Tab(label, f"/orders?state={name}", name is state) for name, label in _TABS.items()],
        first=here if skip else "",
        further=f"{here}&skip={skip + ROWS}" if len(found) > ROWS else "",
        people=True,
    )


def _order_page(look: Look, ids: Ids) -> str:
    found = order_of(look, ids["order"])
    person, staff = person_of(look, found.order.member), staff_by_id(look)
    facts = (
        Fact("member", member_cell(person)),
        Fact("order_measure", word(found.order.measure)),
        Fact("order_body", word(found.order.body)),
        Fact("order_since", found.order.since),
        Fact("order_until", found.order.until),
        Fact("order_heard", found.order.heard),
        Fact("order_proposed_by", staff.get(found.proposed_by, found.proposed_by)),
        Fact("order_decided_by", staff.get(found.decided_by, found.decided_by)),
        Fact("order_decided_on", found.decided_on),
    )
    named = [each for each in violations_of(look, person.id) if each.id in found.order.violations]
    thing = Thing(
        KIND,
        found.id,
        f"{person.name} {person.member_no}",
        ids,
        facts,
        view=found,
        state=_TABS[found.state],
        badge=_BADGES.get(found.state, ""),
        up=f"/discipline/{person.id}",
        up_label="discipline",
        tables=(_violations(look, named),),
    )
    return show_thing(look, thing)


def _file_page(look: Look, ids: Ids) -> str:
    person = person_of(look, ids["member"])
    found = show_discipline(look, NoQuery(), ids)
    orders = [
        (Link(word(each.order.measure), f"/orders/{each.id}"), word(each.state), each.order.since, each.order.until)
        for each in found.orders
    ]
    thing = Thing(
        FILE,
        person.id,
        f"{person.name} {person.member_no}",
        ids,
        (),
        view=found,
        up="/orders",
        up_label="orders",
        tables=(
            Table("orders", ("order_measure", "state", "order_since", "order_until"), orders, "orders_none"),
            _violations(look, found.violations),
        ),
    )
    return show_thing(look, thing)


def _violations(look: Look, found: tuple[Violation, ...] | list[Violation]) -> Table:
    rows = [(each.on, word(each.misconduct), _records(look, each), list(each.papers)) for each in found]
    columns = ("violation_on", "violation_kind", "violation_evidence", "violation_papers")
    return Table("violations", columns, rows, "violations_none")


def _records(look: Look, found: Violation) -> list[str]:
    """Return the records that show a violation: when, and what the device said."""
    stored = (msgspec.convert(each, StoredRecord) for each in stored_records(look, found.evidence))
    return [f"{local(look, each.record.at)} {record_text(each)}" for each in stored]


ROUTES = (
    Route(
        "/orders",
        "list_orders",
        "Orders that were proposed, decided, lifted or dropped",
        OrderQuery,
        OrderPage,
        Permission.DISCIPLINE_READ,
        run=list_orders,
    ),
    Route("/orders/{order}", "show_order", "One order", NoQuery, OrderView, Permission.DISCIPLINE_READ, run=show_order),
    Route(
        "/discipline/{member}",
        "show_discipline",
        "A member's violations and orders",
        NoQuery,
        DisciplineFile,
        Permission.DISCIPLINE_READ,
        run=show_discipline,
    ),
)

PAGES = (
    Page("/orders", "orders", Permission.DISCIPLINE_READ, _list_page, "nav_activities", "orders", about=LIST),
    Page("/orders/{order}", "order", Permission.DISCIPLINE_READ, _order_page, under="orders", about=KIND),
    Page("/discipline/{member}", "discipline", Permission.DISCIPLINE_READ, _file_page, under="orders", about=FILE),
)
