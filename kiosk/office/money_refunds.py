"""Refunds in the office: asked for, signed by another above a limit, paid, and explained step by step (L05, L06)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.central.club.books import Look
from kiosk.central.money import payout_rows
from kiosk.central.money.payout_rows import Payout, PayoutState
from kiosk.central.money.refund_book import RefundRow, refund_named, refund_page
from kiosk.club.money_lives import RefundState
from kiosk.club.roles import Permission
from kiosk.core.codec import INTEGER_MAX
from kiosk.office.actions import Ids
from kiosk.office.amounts import shown
from kiosk.office.listing import ROWS, Listing, Tab, address_of, asked, number_in
from kiosk.office.money_account import steps_table
from kiosk.office.money_fields import numbers_of, short
from kiosk.office.money_refund_acts import KIND
from kiosk.office.page import Badge, Fact, Link, Page, Table, Thing, Word, show_thing
from kiosk.office.routes import LIMIT_DEFAULT, Limit, NoQuery, Route
from kiosk.office.saying import chosen, told
from kiosk.office.whom import people, staff_by_id

LIST = "refunds"

_COLOURS = {RefundState.RESERVED: "attention", RefundState.APPROVED: "attention", RefundState.UNDER_WAY: "attention",
            RefundState.PAID: "ok"}  # fmt: skip


_PARTS = {PayoutState.DONE: "ok", PayoutState.REFUSED: ""}


class RefundQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which refunds."""

    after: Annotated[int, Meta(ge=0, le=INTEGER_MAX, description="`next` of the page before: newest first.")] = 0
    state: Annotated[str, Meta(max_length=16, description="Only refunds that stand so.")] = ""
    limit: Limit = LIMIT_DEFAULT


class RefundPage(msgspec.Struct, frozen=True):
    """Refunds, newest first; `next` is null on the last page."""

    items: tuple[RefundRow, ...]
    next: int | None


def list_refunds(look: Look, query: RefundQuery, _ids: Ids) -> RefundPage:
    """Return a page of refunds."""
    limit = min(query.limit, 400)
    found = refund_page(look, query.after or None, limit + 1, state=query.state)
    return RefundPage(tuple(found[:limit]), found[limit - 1].n if len(found) > limit else None)


def show_refund(look: Look, _query: NoQuery, ids: Ids) -> RefundRow:
    """Return one refund; raises InvalidInput where there is none."""
    return refund_named(look, ids["refund"])


def _list_page(look: Look, _ids: Ids) -> Listing:
    state = next((each for each in RefundState if each == asked("state")), None)
    after, part = number_in(asked("after", 20)) or 0, state.value if state else ""
    found = refund_page(look, after or None, ROWS + 1, state=part)
    who = numbers_of(look, [each.member for each in found])
    rows = [
        (each.asked_at, Link(short(each.id), f"/refunds/{each.id}"), who.get(each.member, ""), shown(each.amount_minor),
         Badge(chosen("RefundState", each.state), _COLOURS.get(each.state, "quiet")))
        for each in found[:ROWS]
    ]  # fmt: skip
    tabs = [Tab("all", "?", state is None)]
    tabs += [Tab(chosen("RefundState", each), f"?state={each}", each is state) for each in RefundState]
    return Listing(
        LIST,
        "refunds",
        "refunds_hint",
        ("time", "refund", "member", "money_amount", "state"),
        rows,
        "no_refunds",
        "no_refunds_hint",
        tabs=tabs,
        first=address_of(state=part) if after else "",
        further=address_of(state=part, after=found[ROWS - 1].n) if len(found) > ROWS else "",
    )


def _page(look: Look, ids: Ids) -> str:
    row = refund_named(look, ids["refund"])
    staff = staff_by_id(look)
    facts = [
        Fact("member", people(look, [row.member]).get(row.member, "")),
        Fact("refund_asked", row.asked_at),
        Fact("refund_asked_by", staff.get(row.asked_by, row.asked_by)),
        Fact("refund_second", row.second),
        Fact("refund_signed_by", staff.get(row.signed_by, row.signed_by)),
        Fact("refund_closed_by", staff.get(row.closed_by, row.closed_by)),
        Fact("money_principal", shown(row.principal_minor)),
        Fact("money_bonus", shown(row.bonus_minor)),
        Fact("refund_forfeited", shown(row.forfeited_minor)),
        Fact("refund_formula", row.formula),
        Fact("why", row.why),
    ]
    parts = {each.order: each for each in payout_rows.of_refund(look.connection, row.id)}
    ways = [
        (Word("PayWay", each.way), shown(each.amount_minor), each.payment, *_at_provider(parts.get(each.payment)))
        for each in row.ways
    ]
    thing = Thing(
        KIND,
        row.id,
        f"{told('refund')} {short(row.id)}",
        {"refund": row.id},
        facts,
        view=row,
        state=f"refund_{row.state}",
        badge=_COLOURS.get(row.state, ""),
        up="/refunds",
        up_label="refunds",
        first=(Fact("money_amount", shown(row.amount_minor)),),
        tables=(
            steps_table("refund_steps", row.steps),
            Table("refund_ways", ("pay_way", "money_amount", "money_order", "refund_at_provider", "why"), ways),
        ),
    )
    return show_thing(look, thing)


def _at_provider(part: Payout | None) -> tuple[Badge | str, str]:
    """Return how a part stands that goes back through a provider, and what staff were told of it."""
    if part is None:
        return "", ""
    return Badge(chosen("PayoutState", part.state), _PARTS.get(part.state, "attention")), part.why


_P = Permission

ROUTES = (
    Route("/refunds", "list_refunds", "Refunds, newest first", RefundQuery, RefundPage, _P.MONEY_READ,
          run=list_refunds),
    Route("/refunds/{refund}", "show_refund", "One refund with its explanation", NoQuery, RefundRow, _P.MONEY_READ,
          run=show_refund),
)  # fmt: skip

PAGES = (
    Page("/refunds", "refunds", _P.MONEY_READ, _list_page, "nav_money", "refunds", about=LIST),
    Page("/refunds/{refund}", "refund", _P.MONEY_READ, _page, "nav_money", under="refunds", about=KIND),
)
