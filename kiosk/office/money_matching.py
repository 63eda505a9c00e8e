"""Reconciliation in the office: each day's events of edges, books and providers, and what does not match (S60, D2)."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from kiosk.central.club.books import Look
from kiosk.central.money.matching import PAGE_MAX, Event, event_of, events_on, open_events
from kiosk.club.paying_back import PayWay
from kiosk.club.reconciliation import MatchLine, MatchState, Side
from kiosk.club.roles import Permission
from kiosk.core.codec import INTEGER_MAX
from kiosk.office.actions import Ids
from kiosk.office.amounts import shown
from kiosk.office.listing import Filter, Listing, Tab, address_of, asked, day_in, rows_a_page, skipped, word
from kiosk.office.money_fields import short
from kiosk.office.money_matching_acts import KIND, LIST
from kiosk.office.page import Badge, Fact, Link, Page, Table, Thing, Word, show_thing
from kiosk.office.routes import LIMIT_DEFAULT, Limit, NoQuery, Route
from kiosk.office.saying import chosen, told
from kiosk.office.whom import staff_by_id

DAYS_SHOWN = 7
COLUMNS = (
    "match_event", "state", "match_reason", "match_edge", "match_ledger", "match_statement", "match_owner",
    "match_assigned", "since", "match_age",
)  # fmt: skip
_COLOURS = {MatchState.MATCHED: "ok", MatchState.TIMING: "attention", MatchState.ERROR: ""}


class MatchQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which events: all of a day, else those that are open, or that somebody closed."""

    day: Annotated[str, Meta(max_length=10, description="All events that began on this day, matched ones too.")] = ""
    part: Annotated[str, Meta(max_length=8, description="open or closed, where no day is named.")] = "open"
    after: Annotated[int, Meta(ge=0, le=INTEGER_MAX, description="`next` of the page before.")] = 0
    limit: Limit = LIMIT_DEFAULT


class MatchPage(msgspec.Struct, frozen=True):
    """Events, errors first; how many of the whole day or list stand how, and what the errors come to in fen."""

    items: tuple[Event, ...]
    counts: dict[str, int]
    error_minor: int
    next: int | None


class EventView(msgspec.Struct, frozen=True):
    """An event with its lines, of every side."""

    event: Event
    lines: tuple[MatchLine, ...]


def list_events(look: Look, query: MatchQuery, _ids: Ids) -> MatchPage:
    """Return the events of a day, or what does not match."""
    day = day_in(query.day)
    found = events_on(look, day) if day else open_events(look, closed=query.part == "closed", limit=PAGE_MAX)
    end = query.after + query.limit
    counts = {state.value: sum(each.state is state for each in found) for state in MatchState}
    wrong = [each for each in found if each.state is MatchState.ERROR]
    error_minor = sum(max((abs(amount) for _, amount in each.amounts), default=0) for each in wrong)
    return MatchPage(tuple(found[query.after : end]), counts, error_minor, end if len(found) > end else None)


def show_event(look: Look, _query: NoQuery, ids: Ids) -> EventView:
    """Return one event; raises InvalidInput where there is none."""
    event, lines = event_of(look, ids["event"])
    return EventView(event, tuple(lines))


def _list_page(look: Look, _ids: Ids) -> Listing:
    text, part, skip = asked("day", 10), asked("part", 8), skipped()
    day = day_in(text)
    found = list_events(look, MatchQuery(text if day else "", part, skip, rows_a_page()), {})
    staff = staff_by_id(look)
    tabs = [Tab("match_open", "?", day is None and part != "closed")]
    tabs.append(Tab("match_closed", "?part=closed", day is None and part == "closed"))
    tabs += [Tab(str(each), f"?day={each}", each == day) for each in _last_days(look.today)]
    kept = {"day": text} if day else {"part": part}
    sums = [(chosen("MatchState", state), count) for state, count in found.counts.items()]
    return Listing(
        LIST,
        "reconciliation",
        "reconciliation_hint",
        COLUMNS,
        [_row(look, each, staff) for each in found.items],
        "no_events",
        "no_events_hint",
        tabs=tabs,
        filters=(Filter("day", "match_day", text),),
        first=address_of(**kept) if skip else "",
        further=address_of(**kept, skip=found.next) if found.next else "",
        tables=(
            Table("match_counts", ("state", "count"), sums if found.items else ()),
            Table("match_errors", ("money_amount",), [(shown(found.error_minor),)] if found.error_minor else ()),
        ),
    )


def _last_days(today: date) -> list[date]:
    return [today - timedelta(days=n) for n in range(DAYS_SHOWN)]


def _row(look: Look, each: Event, staff: Any) -> tuple[Any, ...]:
    return (
        Link(short(each.id), f"/reconciliation/{each.id}"),
        _state(each),
        word(each.reason),
        *(_amount(each, side) for side in (Side.EDGE, Side.LEDGER, Side.STATEMENT)),
        _role(each),
        staff.get(each.assigned_to, each.assigned_to),
        each.since,
        _hours(look, each),
    )


def _page(look: Look, ids: Ids) -> str:
    view = show_event(look, NoQuery(), ids)
    event, staff = view.event, staff_by_id(look)
    facts = [
        Fact("match_id", event.id),
        Fact("match_reason", word(event.reason)),
        Fact("match_owner", _role(event)),
        Fact("match_assigned", staff.get(event.assigned_to, event.assigned_to)),
        Fact("since", event.since),
        Fact("match_age", _hours(look, event)),
        Fact("match_found_on", event.found_on),
    ]
    if event.closed_by:
        facts += [
            Fact("match_closed_by", staff.get(event.closed_by, event.closed_by)),
            Fact("time", event.closed_at),
            Fact("why", event.why),
        ]
    thing = Thing(
        KIND,
        event.id[:64],
        f"{told('match_event')} {short(event.id)}",
        {"event": event.id},
        facts,
        view=event,
        up="/reconciliation",
        up_label="reconciliation",
        first=(Fact("state", _state(event)),),
        tables=(Table("match_lines", ("match_side", "money_amount", "time", "match_source"), _lines(view.lines)),),
    )
    return show_thing(look, thing)


def _lines(lines: Sequence[MatchLine]) -> list[tuple[Any, ...]]:
    return [(word(each.side), shown(each.amount_minor), each.at, _source(each)) for each in lines]


def _source(line: MatchLine) -> str:
    return chosen("PayWay", line.source) if line.source in list(PayWay) else line.source


def _state(event: Event) -> Badge:
    if event.closed_by:
        return Badge(chosen("match", "closed"), "quiet")
    return Badge(chosen("MatchState", event.state), _COLOURS[event.state])


def _role(event: Event) -> Word | None:
    return Word("Role", event.owner) if event.owner else None


def _amount(event: Event, side: Side) -> str:
    return ", ".join(shown(amount) for of, amount in event.amounts if of is side)


def _hours(look: Look, event: Event) -> int:
    return int((look.now - event.since).total_seconds()) // 3600


_SEES = Permission.MONEY_DECIDE

ROUTES = (
    Route("/reconciliation", "list_events", "The events of a day, or what does not match", MatchQuery, MatchPage,
          _SEES, run=list_events),
    Route("/reconciliation/{event}", "show_event", "One event with its lines", NoQuery, EventView, _SEES,
          run=show_event),
)  # fmt: skip

PAGES = (
    Page("/reconciliation", "reconciliation", _SEES, _list_page, "nav_money", "reconciliation", about=LIST),
    Page("/reconciliation/{event}", "event", _SEES, _page, "nav_money", under="reconciliation", about=KIND),
)
