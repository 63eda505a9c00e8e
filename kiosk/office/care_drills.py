"""Who is inside, and drills held against that list, with their reports (S91, R136, §6.31)."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from kiosk.central.care import drills
from kiosk.central.care.drills import Drill, Inside, drill_of, drill_page, muster, next_drill_on
from kiosk.central.club.books import Change, Look
from kiosk.central.club.site_names import check_site
from kiosk.central.members import cards_by, members_by
from kiosk.club.drills import DRILL_LIFE, DrillAction
from kiosk.club.office_actions import OfficeAction
from kiosk.club.roles import Permission
from kiosk.office.actions import Action, Draft, Ids
from kiosk.office.care_fields import Said, Words, steps_table
from kiosk.office.listing import Listing, Tab, word
from kiosk.office.page import Fact, Link, Page, Table, Thing, show_thing
from kiosk.office.places import names_of_areas, names_of_sites
from kiosk.office.routes import LIMIT_DEFAULT, Limit, NoQuery, Route
from kiosk.office.whom import people

KIND, LIST = "drill", "drills"
COUNT_MAX = 100_000
CARDS_SHOWN = 500

Count = Annotated[int, Meta(ge=0, le=COUNT_MAX)]


class PlanDrill(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where and when."""

    site: Annotated[str, Meta(min_length=1, max_length=32)]
    on: date


class NoWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing more to say."""


class EndDrill(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who of the list was found outside, how many took part, and how many gates opened."""

    members: Count
    staff: Count
    found: Annotated[tuple[Annotated[str, Meta(max_length=32)], ...], Meta(max_length=20_000)] = ()
    gates_opened: Count = 0
    gates: Count = 0
    cleared: bool = False


class DrillWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What it has shown, or why."""

    words: Said


class ImprovePlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was changed by it."""

    words: Words = ""


class DrillQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many drills."""

    limit: Limit = LIMIT_DEFAULT


class DrillPage(msgspec.Struct, frozen=True):
    """Drills, the latest planned first."""

    items: tuple[Drill, ...]
    next: str | None


class Muster(msgspec.Struct, frozen=True):
    """Who is inside a site by the last passage of each card."""

    site: str
    inside: tuple[Inside, ...]


def plan(change: Change, wish: PlanDrill, _ids: Ids) -> Drill:
    """Plan a drill at a site there is."""
    return drills.plan_drill(change, check_site(change, wish.site), wish.on)


def start(change: Change, _wish: NoWords, ids: Ids) -> Drill:
    """Begin a drill."""
    return drills.start_drill(change, ids["drill"])


def end(change: Change, wish: EndDrill, ids: Ids) -> Drill:
    """End a drill with what was counted."""
    counts = {name: getattr(wish, name) for name in ("members", "staff", "gates_opened", "gates", "cleared")}
    return drills.end_drill(change, ids["drill"], wish.found, **counts)


def assess(change: Change, wish: DrillWords, ids: Ids) -> Drill:
    """Assess a drill."""
    return drills.assess_drill(change, ids["drill"], wish.words)


def improve(change: Change, wish: ImprovePlan, ids: Ids) -> Drill:
    """Say what was changed."""
    return drills.improve_plan(change, ids["drill"], wish.words)


def call_off(change: Change, wish: DrillWords, ids: Ids) -> Drill:
    """Call a drill off."""
    return drills.call_off(change, ids["drill"], why=wish.words)


def list_drills(look: Look, query: DrillQuery, _ids: Ids) -> DrillPage:
    """Return drills."""
    return DrillPage(tuple(drill_page(look, query.limit)), None)


def show_muster(look: Look, _query: NoQuery, ids: Ids) -> Muster:
    """Return who is inside a site; raises InvalidInput where there is none of that name."""
    site = check_site(look, ids["site"])
    return Muster(site, tuple(muster(look, site)))


def _muster_page(look: Look, ids: Ids) -> Listing:
    seen = show_muster(look, NoQuery(), ids)
    names, areas = people(look, [each.member for each in seen.inside if each.member]), names_of_areas(look)
    cards = _numbers(look, [each.credential for each in seen.inside])
    rows: list[tuple[Any, ...]] = [
        (areas.get(each.area, each.area), names.get(each.member or ""), cards.get(each.credential), each.since, "□")
        for each in seen.inside
    ]
    columns = ("muster_area", "member", "card", "since", "muster_found")
    return Listing(
        "muster", "muster", "muster_hint", columns, rows, "no_muster", "no_muster_hint",
        [Tab(name, f"/muster/{each}", each == seen.site) for each, name in names_of_sites(look).items()], people=True,
    )  # fmt: skip


def _numbers(look: Look, credentials: Sequence[str]) -> Mapping[str, str]:
    """Return the end of each card's number, by which people tell their cards."""
    cards = cards_by(look.connection, "id", list(credentials)[:CARDS_SHOWN])
    return {each.id: f"…{each.identifier[-4:]}" for each in cards}


def _list_page(look: Look, _ids: Ids) -> Listing:
    sites = names_of_sites(look)
    rows: list[tuple[Any, ...]] = [
        (
            Link(each.planned_on, f"/drills/{each.id}"), sites.get(each.site, each.site), word(each.state),
            each.report.seconds if each.report else None, each.report.missing if each.report else None,
            each.report.passed if each.report else None,
        )
        for each in drill_page(look, 500)
    ]  # fmt: skip
    due = [(Link(name, f"/muster/{each}"), next_drill_on(look, each, look.today)) for each, name in sites.items()]
    columns = ("drill_planned_on", "site", "state", "drill_seconds", "drill_missing", "drill_passed")
    tables = (Table("drills_due", ("site", "drill_due_on"), due),)
    return Listing(LIST, "drills", "drills_hint", columns, rows, "no_drills", "no_drills_hint", tables=tables)


def _drill_page(look: Look, ids: Ids) -> str:
    found = drill_of(look, ids["drill"])
    held, report = found.held, found.report
    thing = Thing(
        KIND, found.id, _title(look, found), ids,
        (
            Fact("state", word(found.state)),
            Fact("muster", Link(names_of_sites(look).get(found.site, found.site), f"/muster/{found.site}")),
            Fact("plan_version", found.plan_version),
            Fact("drill_began_at", found.began_at),
            Fact("drill_cleared_at", held.cleared_at if held else None),
            Fact("drill_listed", held.listed if held else len(found.listed)),
            Fact("drill_found", held.found if held else None),
            Fact("drill_members", held.members if held else None),
            Fact("drill_staff", held.staff if held else None),
            Fact("drill_gates", f"{held.gates_opened} / {held.gates}" if held else None),
            Fact("drill_seconds", report.seconds if report else None),
            Fact("drill_missing", report.missing if report else None),
            Fact("drill_findings", [word(each) for each in report.findings] if report else None),
            Fact("drill_passed", report.passed if report else None),
            Fact("drill_mended", found.mended),
        ),
        view=found, up="/drills", up_label="drills", tables=(steps_table(look, KIND, found.id),),
    )  # fmt: skip
    return show_thing(look, thing)


def _title(look: Look, found: Drill) -> str:
    return f"{names_of_sites(look).get(found.site, found.site)} {found.planned_on}"


def _draft(look: Look, ids: Ids) -> Draft:
    return Draft(_title(look, drill_of(look, ids["drill"])))


def _draft_plan(look: Look, _ids: Ids) -> Draft:
    return Draft(choices={"site": list(names_of_sites(look).items())})


def _draft_end(look: Look, ids: Ids) -> Draft:
    found = drill_of(look, ids["drill"])
    cards = cards_by(look.connection, "id", list(found.listed)[:CARDS_SHOWN])
    names = {each.id: each.name for each in members_by(look.connection, "id", [c.member for c in cards if c.member])}
    listed = [(each.id, f"{names.get(each.member or '', '')} …{each.identifier[-4:]}".strip()) for each in cards]
    return Draft(_title(look, found), choices={"found": listed}, kinds={"found": "many"})


def _leads(action: DrillAction, found: Drill) -> bool:
    return action in DRILL_LIFE.actions(found.state)


def _act(name: str, path: str, wish: type[msgspec.Struct], run: Any, step: DrillAction, summary: str) -> Action:
    drafts = _draft_end if step is DrillAction.END else _draft
    return Action(
        name, f"/drills/{{drill}}/{path}", Permission.RISKS_WRITE, wish, Drill, run, summary, about=KIND,
        then="/drills/{drill}", possible=partial(_leads, step), act=OfficeAction.ANSWER_RISK, drafts=drafts,
    )  # fmt: skip


ACTIONS = (
    Action(
        "plan_drill", "/drills", Permission.RISKS_WRITE, PlanDrill, Drill, plan, "Plan a drill",
        about=LIST, then="/drills/{id}", act=OfficeAction.ANSWER_RISK, drafts=_draft_plan,
    ),
    _act("start_drill", "start", NoWords, start, DrillAction.START, "Begin a drill"),
    _act("end_drill", "end", EndDrill, end, DrillAction.END, "End a drill with what was counted"),
    _act("assess_drill", "assess", DrillWords, assess, DrillAction.ASSESS, "Assess a drill"),
    _act("improve_drill", "improve", ImprovePlan, improve, DrillAction.IMPROVE, "Say what a drill has changed"),
    _act("call_off_drill", "call-off", DrillWords, call_off, DrillAction.CALL_OFF, "Call a drill off"),
)  # fmt: skip
ROUTES = (
    Route("/drills", "list_drills", "Drills with their reports", DrillQuery, DrillPage, Permission.RISKS_READ,
          run=list_drills),
    Route("/muster/{site}", "show_muster", "Who is inside a site", NoQuery, Muster, Permission.MEMBERS_READ,
          run=show_muster),
)  # fmt: skip
PAGES = (
    Page("/drills", "drills", Permission.RISKS_READ, _list_page, "nav_care", "drills"),
    Page("/drills/{drill}", "drill", Permission.RISKS_READ, _drill_page, under="drills", about=KIND),
    Page("/muster/{site}", "muster", Permission.MEMBERS_READ, _muster_page, under="live"),
)
