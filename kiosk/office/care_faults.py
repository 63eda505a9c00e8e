"""Faults of devices in the office: reported, graded, answered by the clock, mended, archived (S92, R138–R142)."""

from functools import partial
from typing import Annotated, Any

import msgspec
from flask import request
from msgspec import Meta

from kiosk.central.care import faults
from kiosk.central.care.faults import Fault, clock_now, fault_of, fault_page, services
from kiosk.central.club.books import Change, Look
from kiosk.central.club.sites import sites
from kiosk.club.faults import FAULT_LIFE, Cause, ClockNow, Exclusion, FaultAction, FaultState, Grade, Payment
from kiosk.club.office_actions import OfficeAction
from kiosk.club.roles import Permission
from kiosk.office.actions import Action, Draft, Ids
from kiosk.office.amounts import SomeYuan, in_fen, shown
from kiosk.office.care_fields import Said, Words, steps_table
from kiosk.office.listing import Listing, Tab, word
from kiosk.office.page import Fact, Link, Page, Thing, show_thing
from kiosk.office.routes import LIMIT_DEFAULT, Limit, Route
from kiosk.office.saying import told
from kiosk.office.whom import staff_by_id

KIND, LIST = "fault", "fault_list"
SHOWN_MAX = 500

_TABS = {"open": "faults_open", "archive": "faults_archive"}
_BADGES = {
    FaultState.ARCHIVED: "quiet",
    FaultState.NO_FAULT: "quiet",
    FaultState.REPAIRED: "ok",
    FaultState.REPLACED: "ok",
}

DeviceId = Annotated[str, Meta(min_length=1, max_length=32)]


class ReportFault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which device does what."""

    device: DeviceId
    what: Said


class GradeFault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How bad it is: that sets the clock."""

    grade: Grade
    words: Words = ""


class FaultWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What there is to say."""

    words: Words = ""


class DismissFault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why it is none."""

    words: Said


class MendFault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was done, whether the device itself was at fault, what the guarantee leaves out, a part's price in yuan."""

    words: Said
    quality: bool = False
    exclusions: tuple[Exclusion, ...] = ()
    replaced: bool = False
    part: SomeYuan = ""


class FaultQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which faults; without a state those that are not over."""

    limit: Limit = LIMIT_DEFAULT
    state: Annotated[str, Meta(max_length=16, description="Those in this state only.")] = ""


class FaultSeen(msgspec.Struct, frozen=True):
    """A fault with its clock, once it is graded."""

    fault: Fault
    clock: ClockNow | None


class FaultPage(msgspec.Struct, frozen=True):
    """Faults, the oldest first."""

    items: tuple[FaultSeen, ...]
    next: str | None


def report_fault(change: Change, wish: ReportFault, _ids: Ids) -> Fault:
    """Report a fault."""
    return faults.report(change, wish.device, wish.what)


def grade_fault(change: Change, wish: GradeFault, ids: Ids) -> Fault:
    """Grade it."""
    return faults.grade(change, ids["fault"], wish.grade, wish.words)


def arrive(change: Change, wish: FaultWords, ids: Ids) -> Fault:
    """Somebody is at the device."""
    return faults.arrive(change, ids["fault"], wish.words)


def mend_fault(change: Change, wish: MendFault, ids: Ids) -> Fault:
    """Mended, and who pays."""
    cause = Cause(wish.quality, frozenset(wish.exclusions))
    return faults.mend(change, ids["fault"], cause, wish.words, replaced=wish.replaced, part_minor=in_fen(wish.part))


def archive_fault(change: Change, wish: FaultWords, ids: Ids) -> Fault:
    """Into the archive."""
    return faults.archive(change, ids["fault"], wish.words)


def dismiss_fault(change: Change, wish: DismissFault, ids: Ids) -> Fault:
    """There is no fault."""
    return faults.dismiss(change, ids["fault"], wish.words)


def list_faults(look: Look, query: FaultQuery, _ids: Ids) -> FaultPage:
    """Return faults with their clocks."""
    if query.state and query.state not in list(FaultState):
        return FaultPage((), None)
    found = fault_page(look, (FaultState(query.state),) if query.state else (), limit=query.limit)
    return FaultPage(tuple(FaultSeen(each, clock_now(look, each)) for each in found), None)


def device_names(look: Look) -> list[tuple[str, str]]:
    """Return every device that there is, to choose from."""
    boxes = {device.name for site in sites(look) for device in site.devices}
    return [(name, name) for name in sorted(boxes | {each.device for each in services(look)})]


FAULT_COLUMNS = ("fault", "device", "fault_grade", "state", "fault_reported_at", "fault_answer_by", "fault_answered_at",
                 "fault_mend_by", "fault_mended_at", "fault_late", "fault_payment", "fault_part")  # fmt: skip


def fault_rows(look: Look, found: list[Fault]) -> list[tuple[Any, ...]]:
    """Return faults as rows under `FAULT_COLUMNS`."""
    return [_row(each, clock_now(look, each)) for each in found]


def _row(each: Fault, clock: ClockNow | None) -> tuple[Any, ...]:
    late = max(clock.answer_late_minutes, clock.mend_late_minutes) if clock else None
    return (
        Link(each.what[:40], f"/faults/{each.id}"),
        each.device,
        word(Grade(each.grade)) if each.grade else None,
        word(each.state),
        each.reported_at,
        clock.answer_by if clock else None,
        each.answered_at,
        clock.mend_by if clock else None,
        each.mended_at,
        late,
        word(Payment(each.payment)) if each.payment else None,
        shown(each.part_minor) if each.part_minor else None,
    )


def _list_page(look: Look, _ids: Ids) -> Listing:
    part = "archive" if request.args.get("part") == "archive" else "open"
    over = (FaultState.REPAIRED, FaultState.REPLACED, FaultState.ARCHIVED, FaultState.NO_FAULT)
    found = fault_page(look, over if part == "archive" else (), limit=SHOWN_MAX)
    return Listing(
        LIST, "device_faults", "faults_hint", FAULT_COLUMNS, fault_rows(look, found), "no_faults", "no_faults_hint",
        [Tab(label, f"/faults?part={name}", name == part) for name, label in _TABS.items()],
    )  # fmt: skip


def _fault_page(look: Look, ids: Ids) -> str:
    found, staff = fault_of(look, ids["fault"]), staff_by_id(look)
    clock = clock_now(look, found)
    thing = Thing(
        KIND, found.id, f"{told('fault')} {found.device}", ids,
        (
            Fact("device", Link(found.device, f"/fleet/{found.device}")),
            Fact("state", word(found.state)),
            Fact("fault_grade", word(Grade(found.grade)) if found.grade else None),
            Fact("fault_reported_by", staff.get(found.reported_by, found.reported_by)),
            Fact("fault_reported_at", found.reported_at),
            Fact("fault_answer_by", clock.answer_by if clock else None),
            Fact("fault_answered_at", found.answered_at),
            Fact("fault_mend_by", clock.mend_by if clock else None),
            Fact("fault_mended_at", found.mended_at),
            Fact("fault_late", max(clock.answer_late_minutes, clock.mend_late_minutes) if clock else None),
            Fact("fault_quality", found.quality),
            Fact("fault_exclusions", [word(each) for each in found.exclusions]),
            Fact("fault_payment", word(Payment(found.payment)) if found.payment else None),
            Fact("fault_part", shown(found.part_minor) if found.part_minor else None),
        ),
        view=found, lead=found.what, up="/faults", up_label="device_faults",
        state="fault_over" if found.state in _BADGES else "fault_running", badge=_BADGES.get(found.state, "attention"),
        tables=(steps_table(look, KIND, found.id),),
    )  # fmt: skip
    return show_thing(look, thing)


def _draft(look: Look, ids: Ids) -> Draft:
    return Draft(fault_of(look, ids["fault"]).device)


def _draft_report(look: Look, _ids: Ids) -> Draft:
    return Draft(choices={"device": device_names(look)})


def _leads(action: FaultAction, found: Fault) -> bool:
    return action in FAULT_LIFE.actions(found.state)


def _act(name: str, path: str, wish: type[msgspec.Struct], run: Any, step: FaultAction, summary: str) -> Action:
    return Action(
        name, f"/faults/{{fault}}/{path}", Permission.DEVICES_MEND, wish, Fault, run, summary, about=KIND,
        then="/faults/{fault}", possible=partial(_leads, step), act=OfficeAction.MEND_DEVICE, drafts=_draft,
    )  # fmt: skip


ACTIONS = (
    Action(
        "report_fault", "/faults", Permission.DEVICES_MEND, ReportFault, Fault, report_fault,
        "Report a fault of a device", about=LIST, then="/faults/{id}", act=OfficeAction.MEND_DEVICE,
        drafts=_draft_report,
    ),
    _act("grade_fault", "grade", GradeFault, grade_fault, FaultAction.GRADE, "Grade a fault"),
    _act("arrive_at_fault", "arrive", FaultWords, arrive, FaultAction.ARRIVE, "Somebody is at the device"),
    _act("mend_fault", "mend", MendFault, mend_fault, FaultAction.REPAIR, "The device is mended"),
    _act("archive_fault", "archive", FaultWords, archive_fault, FaultAction.ARCHIVE, "Put a fault into the archive"),
    _act("dismiss_fault", "dismiss", DismissFault, dismiss_fault, FaultAction.DISMISS, "There is no fault"),
)  # fmt: skip
ROUTES = (
    Route("/faults", "list_faults", "Faults of devices with their clocks", FaultQuery, FaultPage,
          Permission.DEVICES_READ, run=list_faults),
)  # fmt: skip
PAGES = (
    Page("/faults", "faults", Permission.DEVICES_READ, _list_page, "nav_entrance", "device_faults"),
    Page("/faults/{fault}", "fault", Permission.DEVICES_READ, _fault_page, under="faults", about=KIND),
)
