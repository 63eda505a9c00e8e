"""Monthly upkeep and operators in the books, and the nightly look at which device is silent or overdue (S92, R139)."""

import secrets
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import func, insert, select

from kiosk.central.care import faults
from kiosk.central.care.desk_steps import checked_words
from kiosk.central.care.desk_tables import operator_paper, operator_read, shift_hand_over, upkeep_log
from kiosk.central.care.faults import Service, services
from kiosk.central.club.books import Actor, Books, Change, Look, Telling
from kiosk.central.club.jobs import Step
from kiosk.central.club.refused import refuse
from kiosk.central.database import insert_missing, upsert
from kiosk.central.tables import device
from kiosk.club.notices import Channel, NoticeCode
from kiosk.club.upkeep import (
    Check,
    Paper,
    ShiftHandOver,
    UpkeepState,
    against_hand_over,
    against_operating,
    against_upkeep,
    upkeep_key,
    upkeep_on,
)
from kiosk.core.clock import format_utc
from kiosk.core.codec import canonical
from kiosk.core.errors import InvalidInput

JOB = "device_care"
SILENT_MAX = 500
LOG_MAX = 500


class UpkeepNow(msgspec.Struct, frozen=True):
    """How a device stands with its upkeep today."""

    device: str
    state: UpkeepState
    done_on: date | None


def do_upkeep(change: Change, name: str, found: Mapping[Check, bool], fault_ids: tuple[str, ...] = ()) -> bool:
    """Write a month's upkeep down, once a device and month; say whether it is new (R139).

    Raises RuleRefused where a check is missing, or failed without a fault of the device.
    """
    refusals = against_upkeep(found, fault_ids, change.rules.upkeep)
    if refusals:
        raise refuse(refusals[0], f"upkeep of {name}")
    faults.service_of(change, name)
    for each in fault_ids:
        if faults.fault_of(change, each).device != name:
            raise InvalidInput(f"fault {each} is of another device")
    row = {"key": upkeep_key(name, change.today), "device": name, "done_on": change.today.isoformat()}
    row |= {"by": change.actor.id, "found": canonical({each.value: good for each, good in found.items()}).decode()}
    is_new = insert_missing(change.connection, upkeep_log, row | {"faults": canonical(list(fault_ids)).decode()})
    if is_new:
        change.note("device.upkeep", "device", name, after={"month": f"{change.today:%Y-%m}"})
    return is_new


def upkeep_now(look: Look) -> list[UpkeepNow]:
    """Return how every device in use stands with its upkeep, by name (R139)."""
    query = select(upkeep_log.c.device, func.max(upkeep_log.c.done_on)).group_by(upkeep_log.c.device)
    last = {name: done_on for name, done_on in look.connection.execute(query)}
    return [_now(look, each, last.get(each.device)) for each in services(look)]


class UpkeepDone(msgspec.Struct, frozen=True):
    """A month's upkeep of a device as it was written down: what was found good, and the faults of the rest."""

    device: str
    done_on: date
    by: str
    found: Mapping[Check, bool]
    faults: tuple[str, ...]


class HandedOver(msgspec.Struct, frozen=True):
    """A place as one shift gave it to the next."""

    place: str
    given_by: str
    taken_by: str
    faults: tuple[str, ...]
    words: str
    at: datetime


def upkeep_of(look: Look, name: str, limit: int = 100) -> list[UpkeepDone]:
    """Return the upkeep of a device, the newest first; 500 at most (R139)."""
    query = select(upkeep_log).where(upkeep_log.c.device == name).order_by(upkeep_log.c.done_on.desc())
    rows = look.connection.execute(query.limit(min(limit, LOG_MAX))).mappings()
    return [msgspec.convert(_decoded(row, UpkeepDone.__struct_fields__), UpkeepDone) for row in rows]


def hand_overs(look: Look, limit: int = 100) -> list[HandedOver]:
    """Return the hand-overs of shifts, the newest first; 500 at most (R143)."""
    query = select(shift_hand_over).order_by(shift_hand_over.c.at.desc(), shift_hand_over.c.id)
    rows = look.connection.execute(query.limit(min(limit, LOG_MAX))).mappings()
    return [msgspec.convert(_decoded(row, HandedOver.__struct_fields__), HandedOver) for row in rows]


def publish_paper(change: Change, paper: Paper, version: str) -> None:
    """Put another version of an operators' paper into force: everybody has to read it again (R143)."""
    if not 0 < len(version) <= 32:
        raise InvalidInput("a version has 1 to 32 characters")
    row = {"paper": paper.value, "version": version, "at": format_utc(change.now)}
    upsert(change.connection, operator_paper, row)
    change.note("paper.publish", "paper", paper.value, after={"version": version})


def sign_paper(change: Change, staff_id: str, paper: Paper) -> None:
    """Write down that an operator has read a paper in its present version (R143); raises InvalidInput for none."""
    version = _papers(change).get(paper)
    if version is None:
        raise InvalidInput(f"there is no paper {paper}", hint="Publish it first")
    row = {"staff": staff_id, "paper": paper.value, "version": version, "at": format_utc(change.now)}
    upsert(change.connection, operator_read, row)
    change.note("paper.sign", "staff", staff_id, after={"paper": paper.value, "version": version})


def check_operator(look: Look, staff_id: str) -> None:
    """Return when somebody may run a system; raises RuleRefused for papers not read (R143)."""
    rows = look.connection.execute(select(operator_read).where(operator_read.c.staff == staff_id))
    read = {Paper(row.paper): row.version for row in rows}
    refusal = against_operating(read, _papers(look), look.rules.upkeep)
    if refusal is not None:
        raise refuse(refusal, f"operator {staff_id}")


def hand_over_shift(change: Change, place: str, wish: ShiftHandOver, words: str = "") -> str:
    """Give a place to the next shift and return the record's id; raises RuleRefused (R143).

    Every open fault has to be named, and the next operator to have read the papers.
    """
    check_operator(change, wish.taken_by)
    still_open = [each.id for each in faults.fault_page(change, limit=faults.PAGE_MAX)]
    refusals = against_hand_over(wish, still_open)
    if refusals:
        raise refuse(refusals[0], f"shift at {place}")
    new_id = secrets.token_hex(8)
    row = {"id": new_id, "place": place, "given_by": wish.given_by, "taken_by": wish.taken_by}
    row |= {"faults": canonical(sorted(wish.named_faults)).decode(), "at": format_utc(change.now)}
    said = checked_words(words, "a hand-over", needed=False)
    change.connection.execute(insert(shift_hand_over), row | {"words": said})
    change.note("shift.hand_over", "shift", new_id, after={"from": wish.given_by, "to": wish.taken_by})
    return new_id


def run(books: Books, day: date, place: str) -> Step:
    """Look at all devices once a night: silent ones become faults, upkeep that is due is told."""

    def work(change: Change) -> Step:
        if day < change.today:
            return Step(0, 0, "", finished=True)
        count = _report_silent(change) + _tell_upkeep(change)
        return Step(count, count, "", finished=True)

    return books.change(Actor(f"job:{JOB}", "job"), work)


def _report_silent(change: Change) -> int:
    """Report devices that nobody has heard of for long: one silence is one fault (S92)."""
    limit = format_utc(change.now - timedelta(hours=change.rules.upkeep.silent_hours))
    quiet = (device.c.state != "online", device.c.seen_at < limit, device.c.replaced_by.is_(None))
    query = select(device.c.name, device.c.seen_at).where(*quiet).order_by(device.c.name).limit(SILENT_MAX)
    silent = change.connection.execute(query).all()
    for name, seen_at in silent:
        faults.report(change, name, f"silent since {seen_at}", key=f"silent.{name}.{seen_at}")
    return len(silent)


def _tell_upkeep(change: Change) -> int:
    waiting = [each for each in upkeep_now(change) if each.state in (UpkeepState.DUE, UpkeepState.OVERDUE)]
    code = NoticeCode.UPKEEP_DUE.value
    for each in waiting:
        topic = f"{code}.{upkeep_key(each.device, change.today)}.{each.state}"
        change.tell(Telling(topic, code, None, {"device": each.device}, channels=(Channel.OFFICE.value,)))
    return len(waiting)


def _now(look: Look, service: Service, last: str | None) -> UpkeepNow:
    done_on = date.fromisoformat(last) if last else None
    state = upkeep_on(done_on, service.in_use_since, look.rules.upkeep, look.today)
    return UpkeepNow(service.device, state, done_on)


def _decoded(row: Mapping[Any, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """Return some columns of a row, with what was found and the faults as they were before they became text."""
    return {name: msgspec.json.decode(row[name]) if name in ("found", "faults") else row[name] for name in names}


def _papers(look: Look) -> dict[Paper, str]:
    return {Paper(row.paper): row.version for row in look.connection.execute(select(operator_paper))}
