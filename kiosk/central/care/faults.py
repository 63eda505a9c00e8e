"""Device faults in the books: reported by people or by silence, graded, answered by the clock, mended, paid (S92)."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import msgspec
from sqlalchemy import insert, select, update

from kiosk.central.care.desk_steps import checked_words, note_step
from kiosk.central.care.desk_tables import device_service, fault
from kiosk.central.club.books import Change, Look, Telling
from kiosk.central.club.refused import refuse
from kiosk.central.database import upsert
from kiosk.central.tables import device
from kiosk.club.faults import (
    FAULT_LIFE,
    Cause,
    ClockNow,
    Exclusion,
    FaultAction,
    FaultState,
    Grade,
    Phase,
    against_part,
    clock_of,
    payment_of,
    phase_on,
)
from kiosk.club.notices import Channel, NoticeCode
from kiosk.core.clock import format_utc
from kiosk.core.codec import canonical
from kiosk.core.errors import InvalidInput

THING = "fault"
PAGE_MAX = 500
SERVICES_MAX = 5000
OVER = (FaultState.ARCHIVED.value, FaultState.NO_FAULT.value)


class Fault(msgspec.Struct, frozen=True):
    """A fault. `grade` and `payment` are empty until somebody said; `part_minor` is what a part cost."""

    id: str
    device: str
    state: FaultState
    grade: str
    what: str
    reported_by: str
    reported_at: datetime
    answered_at: datetime | None
    mended_at: datetime | None
    quality: bool | None
    exclusions: tuple[Exclusion, ...]
    payment: str
    part_minor: int | None


class Service(msgspec.Struct, frozen=True):
    """A device's service: when it was accepted, what its contract says of a part's price, since when it is in use."""

    device: str
    accepted_on: date | None
    contract_part_minor: int
    in_use_since: date


def accept_device(change: Change, name: str, accepted_on: date | None, contract_part_minor: int = 0) -> Service:
    """Write down when a device was accepted and is in use: its guarantee begins then (R140)."""
    if accepted_on is not None and accepted_on > change.today:
        raise InvalidInput(f"device {name} was accepted on a day to come")
    known = _service(change, name)
    since = known.in_use_since if known is not None else accepted_on or change.today
    row: dict[str, Any] = {"device": name, "accepted_on": accepted_on.isoformat() if accepted_on else None}
    row |= {"contract_part_minor": contract_part_minor, "in_use_since": since.isoformat()}
    upsert(change.connection, device_service, row)
    after = service_of(change, name)
    change.note("device.accept", "device", name, before=known, after=after)
    return after


def service_of(look: Look, name: str) -> Service:
    """Return a device's service; raises InvalidInput where nobody wrote it down."""
    found = _service(look, name)
    if found is None:
        raise InvalidInput(f"device {name} has no service", hint="Write down when it was accepted")
    return found


def services(look: Look) -> list[Service]:
    """Return the service of every device, by name; 5,000 at most."""
    query = select(device_service).order_by(device_service.c.device).limit(SERVICES_MAX)
    return [_as_service(row) for row in look.connection.execute(query).mappings()]


def report(change: Change, name: str, what: str, *, key: str | None = None) -> Fault:
    """Report a fault and tell the office; one that the streams report comes once for its `key`.

    Raises InvalidInput for a device there is not.
    """
    words = checked_words(what, "a fault")
    if key is not None and (known := _by_key(change, key)) is not None:
        return known
    is_device = change.connection.execute(select(device.c.name).where(device.c.name == name)).first()
    if is_device is None and _service(change, name) is None:
        raise InvalidInput(f"there is no device {name[:32]!r}")
    new_id = secrets.token_hex(8)
    row = {"id": new_id, "device": name, "state": FAULT_LIFE.start.value, "what": words, "key": key}
    row |= {"reported_by": change.actor.id, "reported_at": format_utc(change.now)}
    change.connection.execute(insert(fault), row)
    note_step(change, THING, new_id, "report", words)
    change.note("fault.report", THING, new_id, after={"device": name})
    code = NoticeCode.FAULT_REPORTED.value
    data = {"device": name, "fault": new_id}
    change.tell(Telling(f"{code}.{new_id}", code, None, data, channels=(Channel.OFFICE.value,)))
    return fault_of(change, new_id)


def grade(change: Change, fault_id: str, found: Grade, words: str = "") -> Fault:
    """Say how bad a fault is, which sets its clock (R138); raises StepRefused."""
    return _go(change, fault_id, FaultAction.GRADE, words, grade=found.value)


def arrive(change: Change, fault_id: str, words: str = "") -> Fault:
    """Write down that somebody is at the device: the fault is answered (R138)."""
    before = fault_of(change, fault_id, lock=True)
    at = format_utc(before.answered_at or change.now)
    return _go(change, fault_id, FaultAction.ARRIVE, words, answered_at=at)


def mend(
    change: Change, fault_id: str, cause: Cause, words: str, *, replaced: bool = False, part_minor: int = 0
) -> Fault:
    """Write down that a device was repaired or replaced, and who pays (R141, R142).

    Raises StepRefused, and RuleRefused for a part above the contract's price.
    """
    before = fault_of(change, fault_id, lock=True)
    service = _service(change, before.device)
    phase = phase_of(change, before.device)
    contract = service.contract_part_minor if service is not None else 0
    refusal = against_part(phase, part_minor, contract) if part_minor else None
    if refusal is not None:
        raise refuse(refusal, f"fault {fault_id}")
    action = FaultAction.REPLACE if replaced else FaultAction.REPAIR
    values = {"quality": cause.quality, "payment": payment_of(phase, cause, change.rules.faults).value}
    values |= {"exclusions": canonical(sorted(each.value for each in cause.exclusions)).decode()}
    values |= {"mended_at": format_utc(change.now), "answered_at": format_utc(before.answered_at or change.now)}
    return _go(change, fault_id, action, checked_words(words, "a repair"), **values, part_minor=part_minor or None)


def archive(change: Change, fault_id: str, words: str = "") -> Fault:
    """Put a mended fault into the archive (§4 L14)."""
    return _go(change, fault_id, FaultAction.ARCHIVE, words)


def dismiss(change: Change, fault_id: str, words: str) -> Fault:
    """Write down that there is no fault; raises StepRefused for one that was mended."""
    return _go(change, fault_id, FaultAction.DISMISS, checked_words(words, "a reason"))


def clock_now(look: Look, found: Fault) -> ClockNow | None:
    """Return a fault's clock, or None until it is graded (R138)."""
    if not found.grade:
        return None
    times = (found.reported_at, found.answered_at, found.mended_at)
    return clock_of(Grade(found.grade), *times, look.rules.faults, look.now)


def phase_of(look: Look, name: str) -> Phase:
    """Return the phase of service that a device is in today (R140)."""
    known = _service(look, name)
    return phase_on(known.accepted_on if known else None, look.rules.faults, look.today)


def fault_of(look: Look, fault_id: str, *, lock: bool = False) -> Fault:
    """Return a fault, with `lock` for this change alone; raises InvalidInput where there is none."""
    query = select(fault).where(fault.c.id == fault_id)
    row = look.connection.execute(query.with_for_update() if lock else query).mappings().one_or_none()
    if row is None:
        raise InvalidInput(f"there is no fault {fault_id[:16]!r}")
    return _fault(row)


def fault_page(look: Look, states: Sequence[FaultState] = (), *, name: str = "", limit: int = 100) -> list[Fault]:
    """Return faults, the oldest first, in some states or those not over, of one device or of all; 500 at most."""
    wanted = fault.c.state.in_([each.value for each in states]) if states else fault.c.state.not_in(OVER)
    query = select(fault).where(wanted).order_by(fault.c.reported_at, fault.c.id).limit(min(limit, PAGE_MAX))
    if name:
        query = query.where(fault.c.device == name)
    return [_fault(row) for row in look.connection.execute(query).mappings()]


def _go(change: Change, fault_id: str, action: FaultAction, words: str, **values: Any) -> Fault:
    before = fault_of(change, fault_id, lock=True)
    state = FAULT_LIFE.after(before.state, action)
    change.connection.execute(update(fault).where(fault.c.id == fault_id).values(state=state.value, **values))
    note_step(change, THING, fault_id, action.value, words)
    after = fault_of(change, fault_id)
    change.note(f"fault.{action}", THING, fault_id, before=before, after=after, why=words)
    return after


def _by_key(look: Look, key: str) -> Fault | None:
    row = look.connection.execute(select(fault).where(fault.c.key == key)).mappings().one_or_none()
    return _fault(row) if row is not None else None


def _service(look: Look, name: str) -> Service | None:
    row = (
        look.connection.execute(select(device_service).where(device_service.c.device == name)).mappings().one_or_none()
    )
    return _as_service(row) if row is not None else None


def _as_service(row: Mapping[Any, Any]) -> Service:
    return msgspec.convert({name: row[name] for name in Service.__struct_fields__}, Service)


def _fault(row: Mapping[Any, Any]) -> Fault:
    values = {name: row[name] for name in Fault.__struct_fields__}
    return msgspec.convert(values | {"exclusions": msgspec.json.decode(row["exclusions"])}, Fault)
