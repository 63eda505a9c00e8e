"""Risks in the office: warnings with answer and review, each risk's own review, and the emergency plan (S91)."""

from functools import partial
from typing import Annotated, Any

import msgspec
from flask import request
from msgspec import Meta

from kiosk.central.care import risks
from kiosk.central.care.activity import watched_from
from kiosk.central.care.risk_facts import measured
from kiosk.central.care.risks import Plan, RiskWarning, plan_now, risks_to_review, warning_of, warning_page
from kiosk.central.club.books import Change, Look
from kiosk.club.office_actions import OfficeAction
from kiosk.club.risks import WARNING_LIFE, PlanPart, ResponsePart, Risk, WarningAction, WarningState
from kiosk.club.roles import Permission
from kiosk.office.actions import Action, Draft, Ids
from kiosk.office.care_fields import Said, Words, steps_table
from kiosk.office.listing import Listing, Tab, word
from kiosk.office.page import Fact, Link, Page, Table, Thing, show_thing
from kiosk.office.routes import LIMIT_DEFAULT, Limit, Route
from kiosk.office.saying import chosen, told
from kiosk.office.whom import Done, staff_by_id

KIND, LIST, PLAN = "warning", "risks", "emergency_plan"

_STATES = {
    WarningState.RAISED: ("warning_raised", "attention"),
    WarningState.ANSWERED: ("warning_answered", "ok"),
    WarningState.REVIEWED: ("warning_reviewed", "quiet"),
}


class AnswerWarning(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How it is handled, what was found out, and who is responsible."""

    handling: Words = ""
    investigation: Words = ""
    responsibility: Words = ""


class ReviewWarning(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the review says."""

    words: Said


class ReviewRisk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which risk was looked at again, and what came of it."""

    risk: Risk
    words: Said


class PutPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The four parts of the emergency plan."""

    organisation: Words = ""
    communication: Words = ""
    on_site: Words = ""
    medical: Words = ""


class WarningQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which warnings; of all states without one."""

    limit: Limit = LIMIT_DEFAULT
    state: Annotated[str, Meta(max_length=16, description="Those in this state only.")] = ""


class WarningPage(msgspec.Struct, frozen=True):
    """Warnings, the newest first."""

    items: tuple[RiskWarning, ...]
    next: str | None


def answer_warning(change: Change, wish: AnswerWarning, ids: Ids) -> RiskWarning:
    """Answer a warning in its parts."""
    said = {part: text for part in ResponsePart if (text := getattr(wish, part.value).strip())}
    return risks.answer_warning(change, ids["warning"], said)


def review_warning(change: Change, wish: ReviewWarning, ids: Ids) -> RiskWarning:
    """Review an answer."""
    return risks.review_warning(change, ids["warning"], wish.words)


def review_risk(change: Change, wish: ReviewRisk, _ids: Ids) -> Done:
    """Write a risk's review down."""
    risks.review_risk(change, wish.risk, wish.words)
    return Done(wish.risk.value)


def put_plan(change: Change, wish: PutPlan, _ids: Ids) -> Plan:
    """Put a version of the plan into force."""
    return risks.put_plan(change, {part: text for part in PlanPart if (text := getattr(wish, part.value).strip())})


def list_warnings(look: Look, query: WarningQuery, _ids: Ids) -> WarningPage:
    """Return warnings."""
    if query.state and query.state not in list(WarningState):
        return WarningPage((), None)
    states = (WarningState(query.state),) if query.state else ()
    return WarningPage(tuple(warning_page(look, states, query.limit)), None)


def _list_page(look: Look, _ids: Ids) -> Listing:
    part = request.args.get("part", "")
    part = part if part in list(WarningState) else WarningState.RAISED.value
    rows: list[tuple[Any, ...]] = [
        (Link(word(each.indicator), f"/risks/{each.key}"), word(each.risk), each.value, each.at_least, each.raised_at)
        for each in warning_page(look, (WarningState(part),), 500)
    ]
    return Listing(
        LIST, "risks", "risks_hint",
        ("risk_indicator", "risk", "risk_value", "risk_at_least", "warning_raised_at"), rows,
        "no_warnings", "no_warnings_hint",
        [Tab(label, f"/risks?part={state}", state.value == part) for state, (label, _) in _STATES.items()],
        tables=(_due(look), _measured(look)),
    )  # fmt: skip


def _due(look: Look) -> Table:
    due = risks_to_review(look, watched_from(look) or look.today)
    return Table("risk_reviews_due", ("risk",), [(word(each),) for each in due], "risk_no_reviews_due")


def _measured(look: Look) -> Table:
    now = measured(look)
    rows = [
        (word(each.risk), word(each.indicator), now.get(each.indicator, 0), each.at_least)
        for each in look.rules.risks.thresholds
    ]
    return Table("risk_measured", ("risk", "risk_indicator", "risk_value", "risk_at_least"), rows)


def _warning_page(look: Look, ids: Ids) -> str:
    found, staff = warning_of(look, ids["warning"]), staff_by_id(look)
    state, badge = _STATES[found.state]
    said = [(word(part), text) for part, text in found.answer.items()]
    thing = Thing(
        KIND, found.key, chosen("Indicator", found.indicator.value), ids,
        (
            Fact("risk", word(found.risk)),
            Fact("risk_value", found.value),
            Fact("risk_at_least", found.at_least),
            Fact("warning_raised_at", found.raised_at),
            Fact("warning_answered_by", staff.get(found.answered_by, found.answered_by)),
            Fact("warning_answered_at", found.answered_at),
            Fact("warning_reviewed_by", staff.get(found.reviewed_by, found.reviewed_by)),
            Fact("warning_reviewed_at", found.reviewed_at),
        ),
        view=found, state=state, badge=badge, up="/risks", up_label="risks",
        tables=(Table("warning_answer", ("plan_part", "said_words"), said), steps_table(look, KIND, found.key)),
    )  # fmt: skip
    return show_thing(look, thing)


def _plan_page(look: Look, ids: Ids) -> str:
    known, staff = plan_now(look), staff_by_id(look)
    facts = [
        Fact("plan_version", known.version if known else None),
        Fact("plan_from_on", known.from_on if known else None),
        Fact("plan_by", staff.get(known.by, known.by) if known else None),
    ]
    parts = [(word(part), known.parts.get(part, "")) for part in PlanPart] if known else []
    table = Table("plan_parts", ("plan_part", "said_words"), parts, "no_plan")
    version = str(known.version) if known else "0"
    return show_thing(look, Thing(PLAN, version, told("emergency_plan"), ids, facts, tables=(table,)))


def _draft_plan(look: Look, _ids: Ids) -> Draft:
    known = plan_now(look)
    return Draft(values={part.value: text for part, text in known.parts.items()} if known else {})


def _draft(look: Look, ids: Ids) -> Draft:
    return Draft(chosen("Indicator", warning_of(look, ids["warning"]).indicator.value))


def _leads(action: WarningAction, found: RiskWarning) -> bool:
    return action in WARNING_LIFE.actions(found.state)


ACTIONS = (
    Action(
        "answer_warning", "/risks/{warning}/answer", Permission.RISKS_WRITE, AnswerWarning, RiskWarning,
        answer_warning, "Answer a warning", about=KIND, then="/risks/{warning}",
        possible=partial(_leads, WarningAction.ANSWER), act=OfficeAction.ANSWER_RISK, drafts=_draft,
    ),
    Action(
        "review_warning", "/risks/{warning}/review", Permission.RISKS_DECIDE, ReviewWarning, RiskWarning,
        review_warning, "Review the answer to a warning", about=KIND, then="/risks/{warning}",
        possible=partial(_leads, WarningAction.REVIEW), act=OfficeAction.DECIDE_RISK, drafts=_draft,
    ),
    Action(
        "review_risk", "/risks/reviews", Permission.RISKS_DECIDE, ReviewRisk, Done, review_risk,
        "Look at a risk again", about=LIST, then="/risks", act=OfficeAction.DECIDE_RISK,
    ),
    Action(
        "put_plan", "/emergency-plan", Permission.RISKS_DECIDE, PutPlan, Plan, put_plan,
        "Put a version of the emergency plan into force", about=PLAN, then="/emergency-plan",
        act=OfficeAction.DECIDE_RISK, drafts=_draft_plan,
    ),
)  # fmt: skip
ROUTES = (
    Route("/risks", "list_warnings", "Warnings of risks", WarningQuery, WarningPage, Permission.RISKS_READ,
          run=list_warnings),
)  # fmt: skip
PAGES = (
    Page("/risks", "risks", Permission.RISKS_READ, _list_page, "nav_care", "risks"),
    Page("/risks/{warning}", "warning", Permission.RISKS_READ, _warning_page, under="risks", about=KIND),
    Page("/emergency-plan", "emergency_plan", Permission.RISKS_READ, _plan_page, "nav_care", "emergency_plan"),
)
