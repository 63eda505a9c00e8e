"""Business days in the office: what keeps one open, and closing it with the devices that are missing named."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.central.club.books import Change, Look
from kiosk.central.money import closing, proof_records, statements
from kiosk.central.money.closing import ClosedDay
from kiosk.central.roster import rows_of
from kiosk.club.day_close import Block, Close, CloseReason, TillResult
from kiosk.club.office_actions import OfficeAction
from kiosk.club.roles import Permission
from kiosk.core.errors import InvalidInput
from kiosk.core.model import Site
from kiosk.office.actions import Action, Draft, Ids
from kiosk.office.amounts import shown
from kiosk.office.listing import Listing
from kiosk.office.money_proofs import account_text, proof_badge
from kiosk.office.page import Badge, Fact, Link, Page, Table, Thing, show_thing
from kiosk.office.places import names_of_sites, names_of_tills
from kiosk.office.routes import NoQuery, Route
from kiosk.office.saying import chosen, told
from kiosk.office.whom import staff_by_id

KIND, LIST = "business_day", "business_days"


class DayView(msgspec.Struct, frozen=True):
    """A site's business day: what keeps it open, or how it was closed, and the sums of its postings by kind, in fen."""

    site: str
    day: date
    preview: Close
    closed: ClosedDay | None
    totals: dict[str, int]


class DayList(msgspec.Struct, frozen=True):
    """The days that were closed, newest first, and of each site the day that is closed next."""

    closed: tuple[ClosedDay, ...]
    open: dict[str, date]


class CloseDay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The devices whose records are missing and without which the day is closed, and why."""

    without: Annotated[tuple[Annotated[str, Meta(max_length=32)], ...], Meta(max_length=100)] = ()
    why: Annotated[str, Meta(max_length=500)] = ""


def list_days(look: Look, _query: NoQuery, _ids: Ids) -> DayList:
    """Return the days that were closed and those to close."""
    return DayList(tuple(closing.closed_days(look)), {site: closing.next_day(look, site) for site in _sites(look)})


def show_day(look: Look, _query: NoQuery, ids: Ids) -> DayView:
    """Return a site's business day; raises InvalidInput where there is no such site or day."""
    site, day = _place(look, ids)
    closed = closing.closed_day(look, site, day)
    sums = statements.totals(look, day, day, site=site)
    totals = {f"{kind.value}": amount for (kind, unit), amount in sums.items() if unit == "CNY"}
    return DayView(site, day, closing.preview(look, site, day, closed.named if closed else ()), closed, totals)


def close_day(change: Change, wish: CloseDay, ids: Ids) -> ClosedDay:
    """Close a business day."""
    site, day = _place(change, ids)
    return closing.close_day(change, site, day, wish.without, why=wish.why)


def _list_page(look: Look, _ids: Ids) -> Listing:
    found = list_days(look, NoQuery(), {})
    staff, sites = staff_by_id(look), names_of_sites(look)
    rows: list[tuple[object, ...]] = []
    for site, day in found.open.items():
        rows.append(
            (
                Link(day.isoformat(), f"/days/{site}/{day}"),
                sites.get(site, site),
                Badge(told("day_open"), "attention"),
                "",
                None,
            )
        )
    for each in found.closed:
        over = sum(till.over_short_minor for till in each.tills)
        link, state = Link(each.day.isoformat(), f"/days/{each.site}/{each.day}"), Badge(told("day_closed"), "ok")
        rows.append((link, sites.get(each.site, each.site), state, shown(over), staff.get(each.by, each.by)))
    last = proof_records.last_proof(look)
    proofs = [(Link(last.at, "/ledger/proofs"), last.postings, proof_badge(last))] if last else []
    return Listing(
        LIST,
        "business_days",
        "business_days_hint",
        ("business_day", "till_site", "state", "till_over_short", "day_closed_by"),
        rows,
        "no_business_days",
        "no_business_days_hint",
        tables=(Table("books_proof", ("time", "books_postings", "state"), proofs),),
    )


def _page(look: Look, ids: Ids) -> str:
    view = show_day(look, NoQuery(), ids)
    closed, found = view.closed, view.preview
    site, named = names_of_sites(look).get(view.site, view.site), names_of_tills(look)
    facts = [Fact("till_site", site), Fact("day_pending", closed.pending if closed else found.pending)]
    if closed is not None:
        facts += [
            Fact("day_closed_by", staff_by_id(look).get(closed.by, closed.by)),
            Fact("time", closed.at),
            Fact("day_without", list(closed.named)),
            Fact("why", closed.why),
        ]
    blocks = (
        [(chosen("CloseReason", each.reason), _of(look, each, named)) for each in found.blocks]
        if closed is None
        else []
    )
    tills = [_till(each, named) for each in (closed.tills if closed else found.tills)]
    sums = [(chosen("AccountKind", kind), shown(amount)) for kind, amount in sorted(view.totals.items())]
    state = "day_closed" if closed else "day_may_close" if found.may_close else "day_open"
    thing = Thing(
        KIND,
        f"{view.site}:{view.day}",
        f"{view.day} {site}",
        {"site": view.site, "day": view.day.isoformat()},
        facts,
        view=view,
        state=state,
        badge="ok" if state != "day_open" else "attention",
        up="/days",
        up_label="business_days",
        tables=(
            Table("day_blocks", ("day_block", "day_block_of"), blocks, "no_day_blocks"),
            Table("day_tills", ("till", "till_expected", "till_counted", "till_over_short"), tills, "no_day_tills"),
            Table("day_sums", ("money_account", "money_amount"), sums, "no_day_sums"),
        ),
    )
    return show_thing(look, thing)


def _of(look: Look, block: Block, tills: Mapping[str, str]) -> object:
    """Return what keeps a day open as staff know it: a till by its name, a fault of the books by account."""
    if block.reason is CloseReason.PROOF_FAILED:
        check, _, where = block.of.partition(" ")
        return f"{chosen('Check', check)} {account_text(look, where)}".strip()
    return Link(tills[block.of], f"/tills/{block.of}") if block.of in tills else block.of


def _till(each: TillResult, names: Mapping[str, str]) -> tuple[object, ...]:
    counted = shown(each.counted_minor) if each.counted_minor is not None else None
    return names.get(each.till, each.till), shown(each.expected_minor), counted, shown(each.over_short_minor)


def _sites(look: Look) -> list[str]:
    return sorted(row.id for row in rows_of(look.connection, "site") if isinstance(row, Site))


def _place(look: Look, ids: Ids) -> tuple[str, date]:
    try:
        day = date.fromisoformat(ids["day"])
    except ValueError as error:
        raise InvalidInput(f"{ids['day'][:16]!r} is no day") from error
    if ids["site"] not in _sites(look):
        raise InvalidInput(f"there is no site {ids['site'][:32]!r}")
    return ids["site"], day


def _draft(look: Look, ids: Ids) -> Draft:
    site, day = _place(look, ids)
    missing = closing.preview(look, site, day).missing
    return Draft(f"{day} {names_of_sites(look).get(site, site)}", {"without": missing})


def _is_open(view: DayView) -> bool:
    return view.closed is None


_P, _O = Permission, OfficeAction

ACTIONS = (
    Action(
        "close_day", "/days/{site}/{day}/close", _P.MONEY_DECIDE, CloseDay, ClosedDay, close_day,
        "Close a business day", about=KIND, then="/days/{site}/{day}", possible=_is_open, act=_O.DECIDE_MONEY,
        drafts=_draft,
    ),
)  # fmt: skip

ROUTES = (
    Route("/days", "list_days", "Business days, newest first", NoQuery, DayList, _P.MONEY_READ, run=list_days),
    Route("/days/{site}/{day}", "show_day", "One business day of a site", NoQuery, DayView, _P.MONEY_READ,
          run=show_day),
)  # fmt: skip

PAGES = (
    Page("/days", "business_days", _P.MONEY_READ, _list_page, "nav_money", "business_days", about=LIST),
    Page("/days/{site}/{day}", "business_day", _P.MONEY_READ, _page, "nav_money", under="business_days", about=KIND),
)
