"""Tills in the office: how each stands, and what is in the safes (S63)."""

from collections.abc import Mapping

import msgspec

from kiosk.central.club.books import Look
from kiosk.central.money import ledger, till_book
from kiosk.central.money.till_book import TillView
from kiosk.central.roster import rows_of
from kiosk.club.roles import Permission
from kiosk.core.model import Site
from kiosk.office.actions import Ids
from kiosk.office.amounts import shown
from kiosk.office.listing import Listing
from kiosk.office.money_till_acts import KIND, LIST
from kiosk.office.page import Badge, Fact, Link, Page, Table, Thing, show_thing
from kiosk.office.places import names_of_sites
from kiosk.office.routes import NoQuery, Route
from kiosk.office.saying import told
from kiosk.office.whom import staff_by_id


class TillList(msgspec.Struct, frozen=True):
    """All tills as they stand, and what is in each site's safe, in fen."""

    items: tuple[TillView, ...]
    safes: dict[str, int]


def list_tills(look: Look, _query: NoQuery, _ids: Ids) -> TillList:
    """Return all tills."""
    sites = [row.id for row in rows_of(look.connection, "site") if isinstance(row, Site)]
    safes = {site: ledger.balance(look, till_book.safe_of(site)) for site in sites}
    return TillList(tuple(till_book.view_of(look, each.id) for each in till_book.tills(look)), safes)


def show_till(look: Look, _query: NoQuery, ids: Ids) -> TillView:
    """Return one till; raises InvalidInput where there is none."""
    return till_book.view_of(look, ids["till"])


def _list_page(look: Look, _ids: Ids) -> Listing:
    found = list_tills(look, NoQuery(), {})
    staff, sites = staff_by_id(look), names_of_sites(look)
    rows = []
    for each in found.items:
        session = each.session
        since = session.opened_at if session else None
        by = staff.get(session.opened_by, session.opened_by) if session else ""
        name = Link(each.till.name, f"/tills/{each.till.id}")
        rows.append(
            (name, sites.get(each.till.site, each.till.site), state_of(each), shown(each.cash_minor), since, by)
        )
    safes = [(sites.get(site, site), shown(amount)) for site, amount in found.safes.items()]
    return Listing(
        LIST,
        "tills",
        "tills_hint",
        ("till", "till_site", "state", "till_cash", "till_open_since", "till_opened_by"),
        rows,
        "no_tills",
        "no_tills_hint",
        tables=(Table("till_safes", ("till_site", "till_cash"), safes),),
    )


def state_of(view: TillView) -> Badge:
    """Return how a till stands as a cell."""
    if view.waits_for_witness:
        return Badge(told("till_waits"), "attention")
    if view.too_much:
        return Badge(told("till_too_much"), "attention")
    if view.session is not None:
        return Badge(told("till_open"), "ok")
    return Badge(told("till_closed"), "quiet")


def _page(look: Look, ids: Ids) -> str:
    view = show_till(look, NoQuery(), ids)
    staff, session, count = staff_by_id(look), view.session, view.count
    site = names_of_sites(look).get(view.till.site, view.till.site)
    facts = [Fact("till_id", view.till.id), Fact("till_site", site), Fact("state", state_of(view))]
    if session is not None:
        day = till_book.till_day(look, session)
        facts += [
            Fact("till_day", session.day),
            Fact("till_opened_by", staff.get(session.opened_by, session.opened_by)),
            Fact("till_float", shown(session.float_minor)),
            Fact("till_in", shown(day.cash_in_minor)),
            Fact("till_out", shown(day.cash_out_minor)),
            Fact("till_dropped", shown(day.drops_minor)),
        ]
    tables = [_sessions(look, view.till.id, staff)]
    if count is not None:
        rows = [(shown(each.denomination_minor), each.count) for each in count.pieces if each.count]
        facts += [
            Fact("till_counted", shown(count.counted_minor)),
            Fact("till_over_short", shown(count.over_short_minor)),
            Fact("till_counted_by", staff.get(count.counted_by, count.counted_by)),
        ]
        tables.insert(0, Table("till_pieces", ("till_denomination", "till_pieces_count"), rows))
    thing = Thing(
        KIND,
        view.till.id,
        view.till.name,
        {"till": view.till.id},
        facts,
        view=view,
        up="/tills",
        up_label="tills",
        first=(Fact("till_cash", shown(view.cash_minor)),),
        tables=tables,
    )
    return show_thing(look, thing)


def _sessions(look: Look, till: str, staff: Mapping[str, str]) -> Table:
    """Return how the till was counted each time it was closed."""
    rows = []
    for each in till_book.sessions_of(look, till):
        count = till_book.last_count(look, each.n)
        if count is None:
            continue
        by = [staff.get(one, one) for one in (count.counted_by, count.witnessed_by) if one]
        figures = (each.float_minor, count.expected_minor, count.counted_minor, count.over_short_minor)
        rows.append((each.day, each.closed_at, *(shown(minor) for minor in figures), by, count.why))
    columns = ("till_day", "till_closed_at", "till_float", "till_expected", "till_counted", "till_over_short",
               "till_counted_by", "why")  # fmt: skip
    return Table("till_sessions", columns, rows, "no_till_sessions")


_P = Permission

ROUTES = (
    Route("/tills", "list_tills", "All tills, and what is in the safes", NoQuery, TillList, _P.MONEY_READ,
          run=list_tills),
    Route("/tills/{till}", "show_till", "One till", NoQuery, TillView, _P.MONEY_READ, run=show_till),
)  # fmt: skip

PAGES = (
    Page("/tills", "tills", _P.MONEY_READ, _list_page, "nav_money", "tills", about=LIST),
    Page("/tills/{till}", "till", _P.MONEY_READ, _page, "nav_money", under="tills", about=KIND),
)
