"""Drills in the books: planned, held against the list of who is inside, assessed, and the plan mended (R136, §6.31)."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import func, insert, select, update

from kiosk.central.care.desk_steps import checked_words, note_step
from kiosk.central.care.desk_tables import drill
from kiosk.central.care.risks import plan_now
from kiosk.central.club.books import Change, Look
from kiosk.central.club.refused import RuleRefused, refuse
from kiosk.central.tables import credential, member, used
from kiosk.club.drills import (
    DRILL_LIFE,
    DrillAction,
    DrillState,
    Held,
    Report,
    against_assessing,
    against_improving,
    report_of,
)
from kiosk.club.risks import drill_due_on
from kiosk.core.clock import epoch_ms, format_utc
from kiosk.core.codec import canonical
from kiosk.core.errors import InvalidInput

THING = "drill"
PAGE_MAX = 500
INSIDE_MAX = 20_000
INSIDE_FOR = timedelta(hours=24)
"""For how long somebody who came in and never went out counts as inside."""

OUTSIDE = "outside"


class Drill(msgspec.Struct, frozen=True):
    """A drill; `listed` are the cards that were inside when it began."""

    id: str
    site: str
    state: DrillState
    plan_version: int
    planned_on: date
    began_at: datetime | None
    listed: tuple[str, ...]
    held: Held | None
    report: Report | None
    mended: str
    planned_by: str


class Inside(msgspec.Struct, frozen=True):
    """Somebody who is inside: the card, whose it is, where, and since when."""

    credential: str
    member: str | None
    name: str
    area: str
    since: datetime


def muster(look: Look, site: str) -> list[Inside]:
    """Return who is inside a site by the last passage of each card, by area and name; 20,000 at most (§6.31)."""
    since = epoch_ms(look.now - INSIDE_FOR)
    query = (
        select(used.c.credential, used.c.area, used.c.area_at_ms, credential.c.member, member.c.name)
        .join(credential, credential.c.id == used.c.credential, isouter=True)
        .join(member, member.c.id == credential.c.member, isouter=True)
        .where(used.c.site == site, used.c.area.is_not(None), used.c.area_at_ms >= since)
        .order_by(used.c.area_at_ms)
        .limit(INSIDE_MAX)
    )
    last = {row.credential: row for row in look.connection.execute(query)}
    found = [
        Inside(row.credential, row.member, row.name or "", row.area, _moment(look, row.area_at_ms))
        for row in last.values()
        if row.area != OUTSIDE
    ]
    return sorted(found, key=lambda each: (each.area, each.name, each.credential))


def plan_drill(change: Change, site: str, on: date) -> Drill:
    """Plan a drill by the emergency plan in force; raises RuleRefused without one, InvalidInput for a day gone by."""
    plan = plan_now(change)
    if plan is None:
        raise RuleRefused("no_plan", what="a drill", hint="Put an emergency plan into force first")
    if on < change.today:
        raise InvalidInput("a drill is planned for a day to come")
    new_id = secrets.token_hex(8)
    row = {"id": new_id, "site": site, "state": DRILL_LIFE.start.value, "plan_version": plan.version}
    row |= {"planned_on": on.isoformat(), "planned_by": change.actor.id}
    change.connection.execute(insert(drill), row)
    note_step(change, THING, new_id, "plan")
    change.note("drill.plan", THING, new_id, after={"site": site, "on": on})
    return drill_of(change, new_id)


def start_drill(change: Change, drill_id: str) -> Drill:
    """Begin a drill: who is inside now is what is counted against (R136)."""
    site = drill_of(change, drill_id, lock=True).site
    listed = canonical([each.credential for each in muster(change, site)]).decode()
    return _go(change, drill_id, DrillAction.START, began_at=format_utc(change.now), listed=listed)


def end_drill(
    change: Change,
    drill_id: str,
    found: Sequence[str],
    *,
    members: int,
    staff: int,
    gates_opened: int = 0,
    gates: int = 0,
    cleared: bool = True,
) -> Drill:
    """End a drill with the cards that were found outside and make its report; only those on the list count (R136)."""
    before = drill_of(change, drill_id, lock=True)
    DRILL_LIFE.after(before.state, DrillAction.END)
    here = set(found) & set(before.listed)
    held = Held(
        began_at=before.began_at or change.now,
        cleared_at=change.now if cleared else None,
        listed=len(before.listed),
        found=len(here),
        members=members,
        staff=staff,
        gates_opened=gates_opened,
        gates=gates,
    )
    report = canonical(report_of(held, change.rules.drills)).decode()
    return _go(change, drill_id, DrillAction.END, held=msgspec.json.encode(held).decode(), report=report)


def assess_drill(change: Change, drill_id: str, words: str) -> Drill:
    """Write down what a drill has shown, in words; raises RuleRefused for none (R136)."""
    refusal = against_assessing(words)
    if refusal is not None:
        raise refuse(refusal, f"drill {drill_id}")
    return _go(change, drill_id, DrillAction.ASSESS, words)


def improve_plan(change: Change, drill_id: str, mended: str) -> Drill:
    """Write down what was changed by a drill; raises RuleRefused where something went wrong and nothing was."""
    before = drill_of(change, drill_id, lock=True)
    refusal = against_improving(before.report, mended) if before.report is not None else None
    if refusal is not None:
        raise refuse(refusal, f"drill {drill_id}")
    said = checked_words(mended, "what was changed", needed=False)
    return _go(change, drill_id, DrillAction.IMPROVE, said, mended=said)


def call_off(change: Change, drill_id: str, *, why: str) -> Drill:
    """Call a drill off before it begins; raises StepRefused."""
    return _go(change, drill_id, DrillAction.CALL_OFF, checked_words(why, "a reason"))


def next_drill_on(look: Look, site: str, since: date) -> date:
    """Return by when a site's next drill is held; `since` counts where there was none (R136)."""
    done = (drill.c.site == site, drill.c.began_at.is_not(None))
    last = look.connection.execute(select(func.max(drill.c.planned_on)).where(*done)).scalar_one_or_none()
    return drill_due_on(date.fromisoformat(last) if last else None, since, look.rules.risks)


def drill_of(look: Look, drill_id: str, *, lock: bool = False) -> Drill:
    """Return a drill, with `lock` for this change alone; raises InvalidInput where there is none."""
    query = select(drill).where(drill.c.id == drill_id)
    row = look.connection.execute(query.with_for_update() if lock else query).mappings().one_or_none()
    if row is None:
        raise InvalidInput(f"there is no drill {drill_id[:16]!r}")
    return _drill(row)


def drill_page(look: Look, limit: int = 100) -> list[Drill]:
    """Return drills, the latest planned first; 500 at most."""
    query = select(drill).order_by(drill.c.planned_on.desc(), drill.c.id).limit(min(limit, PAGE_MAX))
    return [_drill(row) for row in look.connection.execute(query).mappings()]


def _go(change: Change, drill_id: str, action: DrillAction, words: str = "", **values: Any) -> Drill:
    before = drill_of(change, drill_id, lock=True)
    state = DRILL_LIFE.after(before.state, action)
    change.connection.execute(update(drill).where(drill.c.id == drill_id).values(state=state.value, **values))
    note_step(change, THING, drill_id, action.value, words)
    after = drill_of(change, drill_id)
    change.note(f"drill.{action}", THING, drill_id, after={"state": state.value}, why=words)
    return after


def _drill(row: Mapping[Any, Any]) -> Drill:
    values = {name: row[name] for name in Drill.__struct_fields__}
    for name in ("listed", "held", "report"):
        values[name] = msgspec.json.decode(row[name]) if row[name] is not None else None
    return msgspec.convert(values, Drill)


def _moment(look: Look, at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, look.zone)
