"""Sales in the office: the list of them, one with how its price came about, and how it is undone (L07, L08)."""

from collections.abc import Mapping
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.central.club.books import Look
from kiosk.central.money.sale_book import LineRow, SaleHead, SaleRow, count_waiting, page, sale_of, tenders_of
from kiosk.club.ownership import credit_of
from kiosk.club.roles import Permission
from kiosk.club.sales import SaleState
from kiosk.core.codec import INTEGER_MAX
from kiosk.office.actions import Ids
from kiosk.office.amounts import shown
from kiosk.office.listing import ROWS, Listing, Tab, address_of, asked, number_in
from kiosk.office.money_fields import numbers_of, short
from kiosk.office.money_sale_acts import KIND
from kiosk.office.page import Badge, Fact, Link, Page, Table, Thing, Word, show_thing
from kiosk.office.places import names_of_sites, names_of_tills
from kiosk.office.routes import LIMIT_DEFAULT, Limit, NoQuery, Route
from kiosk.office.saying import chosen, told
from kiosk.office.whom import people, staff_by_id

LIST = "sales"

_COLOURS = {SaleState.MADE: "ok", SaleState.VOID_ASKED: "attention", SaleState.CORRECTED: "attention"}


class SaleQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which sales."""

    after: Annotated[int, Meta(ge=0, le=INTEGER_MAX, description="`next` of the page before: newest first.")] = 0
    state: Annotated[str, Meta(max_length=16, description="Only sales that stand so.")] = ""
    limit: Limit = LIMIT_DEFAULT


class SalePage(msgspec.Struct, frozen=True):
    """Sales, newest first; `next` is null on the last page."""

    items: tuple[SaleHead, ...]
    next: int | None


def list_sales(look: Look, query: SaleQuery, _ids: Ids) -> SalePage:
    """Return a page of sales."""
    limit = min(query.limit, 400)
    found = page(look, query.after or None, limit + 1, state=query.state)
    return SalePage(tuple(found[:limit]), found[limit - 1].n if len(found) > limit else None)


def show_sale(look: Look, _query: NoQuery, ids: Ids) -> SaleRow:
    """Return one sale; raises InvalidInput where there is none."""
    return sale_of(look, ids["sale"])


def reason_text(reason: str) -> str:
    """Return one step of a price in words: what it was, which one, and what it took off."""
    code, _, rest = reason.partition(":")
    of, _, off = rest.rpartition(":")
    said = chosen("OfferCode", code)
    minor = int(off) if off.lstrip("-").isdecimal() else 0
    return " ".join(part for part in (said, of, shown(-minor) if minor else "") if part)


def _list_page(look: Look, _ids: Ids) -> Listing:
    chosen_state = next((each for each in SaleState if each == asked("state")), None)
    after = number_in(asked("after", 20)) or 0
    found = page(look, after or None, ROWS + 1, state=chosen_state.value if chosen_state else "")
    part = chosen_state.value if chosen_state else ""
    tabs = [Tab("all", "?", chosen_state is None)]
    for state in SaleState:
        count = count_waiting(look) if state is SaleState.VOID_ASKED else None
        tabs.append(Tab(chosen("SaleState", state), f"?state={state}", state is chosen_state, count))
    return Listing(
        LIST,
        "sales",
        "sales_hint",
        ("time", "sale", "member", "sale_total", "sale_paid_by", "sale_till", "state"),
        _rows(look, found[:ROWS]),
        "no_sales",
        "no_sales_hint",
        tabs=tabs,
        first=address_of(state=part) if after else "",
        further=address_of(state=part, after=found[ROWS - 1].n) if len(found) > ROWS else "",
    )


def _rows(look: Look, found: list[SaleHead]) -> list[tuple[object, ...]]:
    who = numbers_of(look, [each.member for each in found if each.member])
    paid, tills = tenders_of(look, [each.n for each in found]), names_of_tills(look)
    rows: list[tuple[object, ...]] = []
    for each in found:
        ways = ", ".join(chosen("TenderKind", tender.kind) for tender in paid.get(each.n, ()))
        state = Badge(chosen("SaleState", each.state), _COLOURS.get(each.state, "quiet"))
        rows.append(
            (each.at, Link(short(each.id), f"/sales/{each.id}"), who.get(each.member or "", ""),
             shown(each.total_minor), ways, tills.get(each.till, each.till), state)
        )  # fmt: skip
    return rows


def _page(look: Look, ids: Ids) -> str:
    row = sale_of(look, ids["sale"])
    head = row.head
    staff, sites, tills = staff_by_id(look), names_of_sites(look), names_of_tills(look)
    who = people(look, [head.member]).get(head.member, "") if head.member else ""
    facts = [
        Fact("time", head.at),
        Fact("member", who),
        Fact("sale_list", shown(head.list_minor)),
        Fact("sale_by", staff.get(head.by, head.by)),
        *_credit(head, staff),
        Fact("sale_till", f"{sites.get(head.site, head.site)} {tills.get(head.till, head.till)}"),
        Fact("sale_day", head.day),
    ]
    more = (
        ("sale_back", head.back_minor), ("sale_debt", head.debt_minor), ("sale_loss", head.loss_minor),
    )  # fmt: skip
    facts += [Fact(label, shown(amount)) for label, amount in more if amount]
    facts += [Fact(label, text) for label, text in (("sale_gift", head.gift), ("why", head.why)) if text]
    if head.offline:
        facts.append(Fact("sale_offline", told("sale_offline_hint")))
    thing = Thing(
        KIND,
        head.id,
        f"{told('sale')} {short(head.id)}",
        {"sale": head.id},
        facts,
        view=row,
        state=f"sale_{head.state}",
        badge=_COLOURS.get(head.state, ""),
        up="/sales",
        up_label="sales",
        first=(Fact("sale_total", shown(head.total_minor)),),
        tables=(_lines(row.lines), _tenders(row), _takes(row)),
    )
    return show_thing(look, thing)


def _credit(head: SaleHead, staff: Mapping[str, str]) -> list[Fact]:
    found = credit_of(head.owner_staff, head.served_by)
    shown_as = (("sale_served_by", head.served_by), ("sale_owner", found.owner), ("sale_credited", found.credited))
    return [Fact(label, staff.get(who, who)) for label, who in shown_as if who]


def _lines(lines: tuple[LineRow, ...]) -> Table:
    rows = [
        (
            each.name or each.item,
            each.quantity,
            each.entitled or "",
            shown(each.list_minor),
            shown(each.net_minor),
            "; ".join(reason_text(reason) for reason in each.reasons),
            each.back or "",
        )
        for each in lines
    ]
    columns = ("item", "sale_pieces", "sale_entitled", "sale_list", "sale_net", "sale_reasons", "sale_pieces_back")
    return Table("sale_lines", columns, rows)


def _tenders(row: SaleRow) -> Table:
    rows = [
        (Word("TenderKind", each.kind), each.of, shown(each.amount_minor), each.points or "", shown(each.back_minor))
        for each in row.tenders
    ]
    return Table("sale_tenders", ("sale_paid_by", "sale_of", "money_amount", "points_word", "sale_back"), rows)


def _takes(row: SaleRow) -> Table:
    rows = [(short(each.order), shown(each.principal_minor), shown(each.bonus_minor)) for each in row.takes]
    return Table("sale_takes", ("money_order", "money_principal", "money_bonus"), rows)


_READ = Permission.MONEY_READ

ROUTES = (
    Route("/sales", "list_sales", "Sales, newest first", SaleQuery, SalePage, _READ, run=list_sales),
    Route("/sales/{sale}", "show_sale", "One sale with how its price came about", NoQuery, SaleRow, _READ,
          run=show_sale),
)  # fmt: skip

PAGES = (
    Page("/sales", "sales", _READ, _list_page, "nav_money", "sales", about=LIST),
    Page("/sales/{sale}", "sale", _READ, _page, "nav_money", under="sales", about=KIND),
)
