"""The fleet in the office: phase of service, monthly upkeep, open faults, papers of operators, hand-over of shifts."""

from datetime import date
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from kiosk.central.care import upkeep
from kiosk.central.care.faults import (
    Service,
    accept_device,
    clock_now,
    fault_page,
    phase_of,
    service_of,
    services,
)
from kiosk.central.care.upkeep import UpkeepNow, hand_overs, upkeep_now, upkeep_of
from kiosk.central.club.books import Change, Look
from kiosk.club.faults import FaultState, Phase
from kiosk.club.office_actions import OfficeAction
from kiosk.club.roles import Permission
from kiosk.club.upkeep import Check, Paper, ShiftHandOver
from kiosk.office.actions import Action, Draft, Ids
from kiosk.office.amounts import SomeYuan, in_fen, shown
from kiosk.office.care_faults import FAULT_COLUMNS, DeviceId, device_names, fault_rows
from kiosk.office.care_fields import StaffId, Words, present, staff_to_pick
from kiosk.office.listing import Listing, word
from kiosk.office.page import Fact, Link, Page, Table, Thing, show_thing
from kiosk.office.routes import NoQuery, Route
from kiosk.office.whom import Done, staff_by_id

KIND, LIST, SHIFTS = "device", "fleet", "shifts"


class AcceptDevice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a device was accepted, and what a part costs at most by its contract, in yuan."""

    device: DeviceId
    accepted_on: date
    contract_part: SomeYuan = ""


class DoUpkeep(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was found good and what was not, with the faults that were reported of it."""

    good: tuple[Check, ...] = ()
    bad: tuple[Check, ...] = ()
    faults: Annotated[tuple[Annotated[str, Meta(max_length=16)], ...], Meta(max_length=50)] = ()


class PublishPaper(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which paper of the operators is in force in which version."""

    paper: Paper
    version: Annotated[str, Meta(min_length=1, max_length=32)]


class SignPaper(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which paper was read."""

    paper: Paper


class TakeShift(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who gives the place to whoever does this, and the open faults that were named."""

    place: Annotated[str, Meta(min_length=1, max_length=32)]
    given_by: StaffId
    faults: Annotated[tuple[Annotated[str, Meta(max_length=16)], ...], Meta(max_length=500)] = ()
    signed: bool = False
    words: Words = ""


class FleetDevice(msgspec.Struct, frozen=True):
    """A device with its service, phase, upkeep and how many faults are open."""

    service: Service
    phase: Phase
    upkeep: UpkeepNow
    open_faults: int


class Fleet(msgspec.Struct, frozen=True):
    """Every device in use."""

    items: tuple[FleetDevice, ...]
    next: str | None


def accept(change: Change, wish: AcceptDevice, _ids: Ids) -> Service:
    """Write a device's acceptance down."""
    return accept_device(change, wish.device, wish.accepted_on, in_fen(wish.contract_part))


def do_upkeep(change: Change, wish: DoUpkeep, ids: Ids) -> Done:
    """Write a month's upkeep down; what is named as bad is bad."""
    found = dict.fromkeys(wish.good, True) | dict.fromkeys(wish.bad, False)
    upkeep.do_upkeep(change, ids["device"], found, wish.faults)
    return Done(ids["device"])


def publish(change: Change, wish: PublishPaper, _ids: Ids) -> Done:
    """Publish a paper."""
    upkeep.publish_paper(change, wish.paper, wish.version)
    return Done(wish.paper.value)


def sign(change: Change, wish: SignPaper, _ids: Ids) -> Done:
    """Sign a paper, each for himself."""
    upkeep.sign_paper(change, change.actor.id, wish.paper)
    return Done(wish.paper.value)


def take_shift(change: Change, wish: TakeShift, _ids: Ids) -> Done:
    """Take a place over, by the one who signs."""
    named = frozenset(wish.faults)
    taken = ShiftHandOver(present(change, wish.given_by), change.actor.id, named, wish.signed)
    return Done(upkeep.hand_over_shift(change, wish.place, taken, wish.words))


def show_fleet(look: Look, _query: NoQuery, _ids: Ids) -> Fleet:
    """Return the fleet."""
    known = {each.device: each for each in upkeep_now(look)}
    waiting = [each.device for each in fault_page(look, limit=500)]
    items = [
        FleetDevice(each, phase_of(look, each.device), known[each.device], waiting.count(each.device))
        for each in services(look)
    ]
    return Fleet(tuple(items), None)


def _list_page(look: Look, ids: Ids) -> Listing:
    rows: list[tuple[Any, ...]] = [
        (
            Link(each.service.device, f"/fleet/{each.service.device}"),
            word(each.phase),
            each.service.accepted_on,
            word(each.upkeep.state),
            each.upkeep.done_on,
            each.open_faults,
        )
        for each in show_fleet(look, NoQuery(), ids).items
    ]
    columns = ("device", "device_phase", "device_accepted_on", "upkeep_state", "upkeep_done_on", "faults_open")
    return Listing(LIST, "fleet", "fleet_hint", columns, rows, "no_fleet", "no_fleet_hint")


def _device_page(look: Look, ids: Ids) -> str:
    known, staff = service_of(look, ids["device"]), staff_by_id(look)
    now = next(each for each in upkeep_now(look) if each.device == known.device)
    faults = fault_page(look, tuple(FaultState), name=known.device, limit=100)
    named = {each.id: each.what[:40] for each in faults}
    done = [
        (
            each.done_on,
            staff.get(each.by, each.by),
            [word(check) for check, good in each.found.items() if not good],
            [Link(named.get(name, name), f"/faults/{name}") for name in each.faults],
        )
        for each in upkeep_of(look, known.device)
    ]
    thing = Thing(
        KIND, known.device, known.device, {"device": known.device},
        (
            Fact("device_phase", word(phase_of(look, known.device))),
            Fact("device_accepted_on", known.accepted_on),
            Fact("device_in_use_since", known.in_use_since),
            Fact("device_part_price", shown(known.contract_part_minor)),
            Fact("upkeep_state", word(now.state)),
            Fact("upkeep_done_on", now.done_on),
            Fact("faults_late", sum(_is_late(look, each) for each in faults)),
        ),
        view=known, up="/fleet", up_label="fleet",
        tables=(
            Table("device_faults", FAULT_COLUMNS, fault_rows(look, faults)),
            Table("upkeep_log", ("upkeep_done_on", "audit_who", "upkeep_bad", "device_faults"), done),
        ),
    )  # fmt: skip
    return show_thing(look, thing)


def _is_late(look: Look, fault: Any) -> bool:
    clock = clock_now(look, fault)
    return clock is not None and (clock.answer_late_minutes > 0 or clock.mend_late_minutes > 0)


def _shifts_page(look: Look, _ids: Ids) -> Listing:
    staff = staff_by_id(look)
    named = {each.id: f"{each.device}: {each.what[:40]}" for each in fault_page(look, tuple(FaultState), limit=500)}
    rows: list[tuple[Any, ...]] = [
        (each.at, each.place, staff.get(each.given_by, each.given_by), staff.get(each.taken_by, each.taken_by),
         [Link(named.get(name, name), f"/faults/{name}") for name in each.faults], each.words)
        for each in hand_overs(look, 500)
    ]  # fmt: skip
    columns = ("time", "place", "shift_given_by", "shift_taken_by", "device_faults", "said_words")
    return Listing(SHIFTS, "shifts", "shifts_hint", columns, rows, "no_shifts", "no_shifts_hint")


def _open_faults(look: Look, device: str = "") -> list[tuple[str, str]]:
    found = fault_page(look, name=device, limit=500)
    return [(each.id, f"{each.device}: {each.what[:40]}") for each in found]


def _draft_accept(look: Look, _ids: Ids) -> Draft:
    return Draft(choices={"device": device_names(look)})


def _draft_upkeep(look: Look, ids: Ids) -> Draft:
    known = service_of(look, ids["device"])
    return Draft(known.device, choices={"faults": _open_faults(look, known.device)}, kinds={"faults": "many"})


def _draft_shift(look: Look, _ids: Ids) -> Draft:
    choices = {"given_by": staff_to_pick(look), "faults": _open_faults(look)}
    return Draft(choices=choices, kinds={"faults": "many"})


_ACT = OfficeAction.MEND_DEVICE
ACTIONS = (
    Action(
        "accept_device", "/fleet", Permission.DEVICES_MEND, AcceptDevice, Service, accept,
        "Write a device's acceptance down", about=LIST, then="/fleet/{device}", act=_ACT, drafts=_draft_accept,
    ),
    Action(
        "do_upkeep", "/fleet/{device}/upkeep", Permission.DEVICES_MEND, DoUpkeep, Done, do_upkeep,
        "Write a month's upkeep down", about=KIND, then="/fleet/{device}", act=_ACT, drafts=_draft_upkeep,
    ),
    Action(
        "take_shift", "/shifts", Permission.DEVICES_MEND, TakeShift, Done, take_shift,
        "Take a place over from the shift before", about=SHIFTS, then="/shifts", act=_ACT, drafts=_draft_shift,
    ),
    Action(
        "sign_paper", "/operators/papers/signatures", Permission.DEVICES_MEND, SignPaper, Done, sign,
        "Say that one has read a paper of the operators", about=SHIFTS, then="/shifts", act=_ACT,
    ),
    Action(
        "publish_paper", "/operators/papers", Permission.DEVICES_MEND, PublishPaper, Done, publish,
        "Put a version of an operators' paper into force", about=SHIFTS, then="/shifts", act=_ACT,
    ),
)  # fmt: skip
ROUTES = (
    Route("/fleet", "show_fleet", "Devices with service, upkeep and open faults", NoQuery, Fleet,
          Permission.DEVICES_READ, run=show_fleet),
)  # fmt: skip
PAGES = (
    Page("/fleet", "fleet", Permission.DEVICES_READ, _list_page, "nav_entrance", "fleet"),
    Page("/fleet/{device}", "fleet_device", Permission.DEVICES_READ, _device_page, under="fleet", about=KIND),
    Page("/shifts", "shifts", Permission.DEVICES_READ, _shifts_page, "nav_entrance", "shifts"),
)
