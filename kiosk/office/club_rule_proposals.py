"""Amendments as they are proposed by one and passed by another, for the council (R159, S95)."""

from datetime import date
from functools import partial
from typing import Annotated, Any

import msgspec
from flask import request
from msgspec import Meta

from kiosk.central.club.books import Change, Look
from kiosk.central.club.rule_proposals import (
    Proposal,
    Proposed,
    drop_proposal,
    pass_proposal,
    proposal_of,
    proposal_page,
    propose_rule,
)
from kiosk.club.office_actions import Matter, OfficeAction
from kiosk.club.proposals import PROPOSAL_LIFE, ProposalAction, ProposalState
from kiosk.club.roles import Permission
from kiosk.club.rulebook import Amendment
from kiosk.office.actions import Action, Draft, Ids
from kiosk.office.listing import Listing, Tab
from kiosk.office.page import Fact, Link, Page, Thing, show_thing
from kiosk.office.plain import in_brief
from kiosk.office.routes import NoQuery, Route
from kiosk.office.rule_fields import RULE, Sentence, Who, draft_of_rule, rule_of
from kiosk.office.rule_texts import rule_title, rule_words
from kiosk.office.whom import Done, staff_by_id

KIND, LIST = "rule_proposal", "rule_proposals"

_TABS = {
    ProposalState.PROPOSED: "proposals_waiting",
    ProposalState.PASSED: "proposals_passed",
    ProposalState.DROPPED: "proposals_dropped",
}
_BADGES = {ProposalState.PROPOSED: "attention", ProposalState.PASSED: "ok"}


class ProposalQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which proposals."""

    state: Annotated[str, Meta(max_length=16, description="Only proposals in this state.")] = ""


class ProposalPage(msgspec.Struct, frozen=True):
    """The newest 500 proposals; `next` is null."""

    items: tuple[Proposal, ...]
    next: str | None


class ProposeRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Another value of an entry from a day on, which holds once it was passed."""

    value: Any
    effective_on: date
    why: Sentence


class PassRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who has passed it, and from which day on it holds; without one, as it was proposed."""

    decided_by: Who
    why: Sentence
    effective_on: date | None = None


class DropRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """It does not come to be."""

    why: Sentence


def list_proposals(look: Look, query: ProposalQuery, _ids: Ids) -> ProposalPage:
    """Return proposals."""
    if query.state and query.state not in list(ProposalState):
        return ProposalPage((), None)
    state = ProposalState(query.state) if query.state else None
    return ProposalPage(tuple(proposal_page(look, state, limit=500)), None)


def show_proposal(look: Look, _query: NoQuery, ids: Ids) -> Proposal:
    """Return one proposal; raises InvalidInput where there is none."""
    return proposal_of(look, ids["proposal"])


def propose(change: Change, wish: ProposeRule, ids: Ids) -> Done:
    """Write a proposal down."""
    rule = rule_of(change, ids["rule"]).name
    return Done(propose_rule(change, Proposed(rule, wish.value, wish.effective_on, wish.why)).id)


def passed(change: Change, wish: PassRule, ids: Ids) -> Amendment:
    """Write down that it was passed; the amendment is in the book with that."""
    day = wish.effective_on
    return pass_proposal(change, ids["proposal"], decided_by=wish.decided_by, why=wish.why, effective_on=day)


def dropped(change: Change, wish: DropRule, ids: Ids) -> Proposal:
    """Drop it."""
    return drop_proposal(change, ids["proposal"], why=wish.why)


def _list_page(look: Look, _ids: Ids) -> Listing:
    asked = request.args.get("state", "")
    state = ProposalState(asked) if asked in list(ProposalState) else ProposalState.PROPOSED
    staff = staff_by_id(look)
    rows = [
        (
            Link(rule_title(look, each.rule), f"/rule-proposals/{each.id}"),
            in_brief(rule_words(each.rule, each.value)),
            each.effective_on,
            staff.get(each.proposed_by, each.proposed_by),
            each.proposed_at,
        )
        for each in proposal_page(look, state)
    ]
    columns = ("rule_meaning", "rule_new_value", "effective_on", "proposed_by", "proposed_at")
    tabs = [Tab(label, f"?state={name}", name is state) for name, label in _TABS.items()]
    return Listing(
        LIST, "rule_proposals", "rule_proposals_hint", columns, rows, "no_proposals", "no_proposals_hint", tabs
    )


def _page(look: Look, ids: Ids) -> str:
    found, staff = proposal_of(look, ids["proposal"]), staff_by_id(look)
    facts = (
        Fact("rule", Link(found.rule, f"/rules/{found.rule}")),
        Fact("rule_value", rule_words(found.rule, rule_of(look, found.rule).value)),
        Fact("rule_new_value", rule_words(found.rule, found.value)),
        Fact("effective_on", found.effective_on),
        Fact("proposed_by", staff.get(found.proposed_by, found.proposed_by)),
        Fact("proposed_at", found.proposed_at),
        Fact("proposal_written_by", staff.get(found.decided_by, found.decided_by)),
    )
    thing = Thing(
        KIND,
        found.id,
        rule_title(look, found.rule),
        ids,
        facts,
        view=found,
        lead=found.why,
        state=_TABS[found.state],
        badge=_BADGES.get(found.state, ""),
        up="/rule-proposals",
        up_label="rule_proposals",
    )
    return show_thing(look, thing)


def _matter(look: Look, ids: Ids) -> Matter:
    return Matter(requested_by=proposal_of(look, ids["proposal"]).proposed_by)


def _draft(look: Look, ids: Ids) -> Draft:
    found = proposal_of(look, ids["proposal"])
    return Draft(rule_title(look, found.rule), {"effective_on": max(found.effective_on, look.today), "why": found.why})


def _draft_drop(look: Look, ids: Ids) -> Draft:
    return Draft(rule_title(look, proposal_of(look, ids["proposal"]).rule))


def _leads(step: ProposalAction, found: Proposal) -> bool:
    return step in PROPOSAL_LIFE.actions(found.state)


_PATH = "/rule-proposals/{proposal}"

ACTIONS = (
    Action(
        "propose_rule", "/rules/{rule}/proposals", Permission.RULES_PROPOSE, ProposeRule, Done, propose,
        "Propose another value of an entry of the rule book",
        about=RULE, then="/rule-proposals/{id}", act=OfficeAction.PROPOSE_RULE, drafts=draft_of_rule,
    ),
    Action(
        "pass_rule", f"{_PATH}/pass", Permission.RULES_DECIDE, PassRule, Amendment, passed,
        "Write down that a proposal was passed, which amends the rule book",
        about=KIND, then=_PATH, possible=partial(_leads, ProposalAction.ADOPT),
        act=OfficeAction.DECIDE_RULE, matter=_matter, drafts=_draft,
    ),
    Action(
        "drop_rule", f"{_PATH}/drop", Permission.RULES_DECIDE, DropRule, Proposal, dropped,
        "Drop a proposal to amend the rule book",
        about=KIND, then=_PATH, possible=partial(_leads, ProposalAction.DROP),
        act=OfficeAction.DECIDE_RULE, matter=_matter, drafts=_draft_drop,
    ),
)  # fmt: skip

ROUTES = (
    Route(
        "/rule-proposals", "list_rule_proposals", "Proposals to amend the rule book", ProposalQuery, ProposalPage,
        Permission.RULES_READ, run=list_proposals,
    ),
    Route(
        _PATH, "show_rule_proposal", "One proposal to amend the rule book", NoQuery, Proposal, Permission.RULES_READ,
        run=show_proposal,
    ),
)  # fmt: skip

PAGES = (
    Page(
        "/rule-proposals", "rule_proposals", Permission.RULES_READ, _list_page, "nav_club", "rule_proposals", about=LIST
    ),
    Page(_PATH, "rule_proposal", Permission.RULES_READ, _page, "nav_club", under="rule_proposals", about=KIND),
)
