"""Risks in the books: warnings that come by themselves every night, responses, reviews, the plan (S91, R133–R135)."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import msgspec
from sqlalchemy import func, insert, select, update

from kiosk.central.care.desk_steps import checked_words, note_step
from kiosk.central.care.desk_tables import emergency_plan, risk_review, risk_warning
from kiosk.central.care.risk_facts import measured
from kiosk.central.club.books import Actor, Books, Change, Look, Telling
from kiosk.central.club.jobs import Step
from kiosk.central.club.refused import refuse
from kiosk.central.database import insert_missing
from kiosk.club.notices import Channel, NoticeCode
from kiosk.club.risks import (
    WARNING_LIFE,
    Indicator,
    PlanPart,
    Raised,
    ResponsePart,
    Risk,
    WarningAction,
    WarningState,
    against_answer,
    against_plan,
    against_review,
    reviews_due,
    warnings,
)
from kiosk.core.clock import format_utc
from kiosk.core.codec import canonical
from kiosk.core.errors import InvalidInput

JOB = "risks"
THING = "warning"
PAGE_MAX = 500


class RiskWarning(msgspec.Struct, frozen=True):
    """A warning that a threshold raised, and what was done about it."""

    key: str
    risk: Risk
    indicator: Indicator
    state: WarningState
    value: int
    at_least: int
    raised_at: datetime
    answer: Mapping[ResponsePart, str]
    answered_by: str
    answered_at: datetime | None
    reviewed_by: str
    reviewed_at: datetime | None


class Plan(msgspec.Struct, frozen=True):
    """The emergency plan of a version, by its parts."""

    version: int
    parts: Mapping[PlanPart, str]
    by: str
    from_on: date


def run(books: Books, day: date, place: str) -> Step:
    """Hold the streams against the thresholds once a night, and warn once a period (R134)."""

    def work(change: Change) -> Step:
        if day < change.today:
            return Step(0, 0, "", finished=True)
        found = warnings(measured(change), change.rules.risks, change.today)
        for each in found:
            _raise(change, each)
        return Step(len(found), len(found), "", finished=True)

    return books.change(Actor(f"job:{JOB}", "job"), work)


def answer_warning(change: Change, key: str, parts: Mapping[ResponsePart, str]) -> RiskWarning:
    """Write down the response to a warning: handling, investigation, responsibility; raises RuleRefused (R135)."""
    refusal = against_answer(parts, change.rules.risks)
    if refusal is not None:
        raise refuse(refusal, f"warning {key}")
    said = {each.value: checked_words(words, each.value) for each, words in parts.items()}
    values = {"answer": canonical(said).decode(), "answered_by": change.actor.id}
    return _go(change, key, WarningAction.ANSWER, "", **values, answered_at=format_utc(change.now))


def review_warning(change: Change, key: str, words: str) -> RiskWarning:
    """Review a response; raises RuleRefused for the own one, StepRefused before there is one (§4 L15)."""
    refusal = against_review(warning_of(change, key, lock=True).answered_by, change.actor.id)
    if refusal is not None:
        raise refuse(refusal, f"warning {key}")
    values = {"reviewed_by": change.actor.id, "reviewed_at": format_utc(change.now)}
    return _go(change, key, WarningAction.REVIEW, checked_words(words, "a review"), **values)


def review_risk(change: Change, risk: Risk, words: str) -> None:
    """Write down that a risk was looked at again, and what came of it (S91)."""
    row = {"risk": risk.value, "on": change.today.isoformat(), "by": change.actor.id}
    change.connection.execute(insert(risk_review), row | {"words": checked_words(words, "a review")})
    change.note("risk.review", "risk", risk.value)


def risks_to_review(look: Look, since: date) -> tuple[Risk, ...]:
    """Return the risks whose review is due; `since` counts for one that never was (S91)."""
    query = select(risk_review.c.risk, func.max(risk_review.c.on)).group_by(risk_review.c.risk)
    reviewed = {Risk(risk): date.fromisoformat(on) for risk, on in look.connection.execute(query)}
    return reviews_due(reviewed, since, look.rules.risks, look.today)


def warning_of(look: Look, key: str, *, lock: bool = False) -> RiskWarning:
    """Return a warning, with `lock` for this change alone; raises InvalidInput where there is none."""
    query = select(risk_warning).where(risk_warning.c.key == key)
    row = look.connection.execute(query.with_for_update() if lock else query).mappings().one_or_none()
    if row is None:
        raise InvalidInput(f"there is no warning {key[:48]!r}")
    return _warning(row)


def warning_page(look: Look, states: Sequence[WarningState] = (), limit: int = 100) -> list[RiskWarning]:
    """Return warnings, the newest first, in some states or in any; 500 at most."""
    order = (risk_warning.c.raised_at.desc(), risk_warning.c.key)
    query = select(risk_warning).order_by(*order).limit(min(limit, PAGE_MAX))
    if states:
        query = query.where(risk_warning.c.state.in_([each.value for each in states]))
    return [_warning(row) for row in look.connection.execute(query).mappings()]


def put_plan(change: Change, parts: Mapping[PlanPart, str]) -> Plan:
    """Put a version of the emergency plan into force; raises RuleRefused where a part is missing (R135)."""
    refusal = against_plan(parts, change.rules.risks)
    if refusal is not None:
        raise refuse(refusal, "the emergency plan")
    said = {each.value: checked_words(words, each.value) for each, words in parts.items()}
    known = plan_now(change)
    version = known.version + 1 if known is not None else 1
    row = {"version": version, "parts": canonical(said).decode(), "by": change.actor.id}
    change.connection.execute(insert(emergency_plan), row | {"from_on": change.today.isoformat()})
    change.note("plan.put", "emergency_plan", str(version))
    return Plan(version, {PlanPart(each): words for each, words in said.items()}, change.actor.id, change.today)


def plan_now(look: Look) -> Plan | None:
    """Return the emergency plan in force, or None."""
    query = select(emergency_plan).order_by(emergency_plan.c.version.desc()).limit(1)
    row = look.connection.execute(query).mappings().one_or_none()
    if row is None:
        return None
    values = {name: row[name] for name in Plan.__struct_fields__}
    return msgspec.convert(values | {"parts": msgspec.json.decode(row["parts"])}, Plan)


def _raise(change: Change, raised: Raised) -> None:
    row: dict[str, Any] = {**msgspec.to_builtins(raised), "state": WARNING_LIFE.start.value}
    if not insert_missing(change.connection, risk_warning, row | {"raised_at": format_utc(change.now)}):
        return
    note_step(change, THING, raised.key, "raise")
    code = NoticeCode.RISK_WARNED.value
    data = {"indicator": raised.indicator.value, "value": raised.value}
    change.tell(Telling(f"{code}.{raised.key}", code, None, data, channels=(Channel.OFFICE.value,)))


def _go(change: Change, key: str, action: WarningAction, words: str, **values: Any) -> RiskWarning:
    before = warning_of(change, key, lock=True)
    state = WARNING_LIFE.after(before.state, action)
    mine = risk_warning.c.key == key
    change.connection.execute(update(risk_warning).where(mine).values(state=state.value, **values))
    note_step(change, THING, key, action.value, words)
    after = warning_of(change, key)
    change.note(f"warning.{action}", THING, key, before=before, after=after, why=words)
    return after


def _warning(row: Mapping[Any, Any]) -> RiskWarning:
    values = {name: row[name] for name in RiskWarning.__struct_fields__}
    return msgspec.convert(values | {"answer": msgspec.json.decode(row["answer"])}, RiskWarning)
