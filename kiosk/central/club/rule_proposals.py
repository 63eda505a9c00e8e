"""Proposals to amend the rule book, and the council's word on them, which writes the amendment (R159, S95)."""

import secrets
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import msgspec
from sqlalchemy import insert, select, update

from kiosk.central.club.books import Change, Look
from kiosk.central.club.rules import Wish, amend, preview
from kiosk.central.club.tables import rule_proposal
from kiosk.club.proposals import PROPOSAL_LIFE, ProposalAction, ProposalState
from kiosk.club.rulebook import Amendment
from kiosk.core.clock import format_utc
from kiosk.core.codec import canonical
from kiosk.core.errors import InvalidInput

PAGE_MAX = 500


class Proposed(msgspec.Struct, frozen=True):
    """What is proposed: an entry as `family.entry`, its value, from which day on, and why."""

    rule: str
    value: Any
    effective_on: date
    why: str


class Proposal(msgspec.Struct, frozen=True):
    """A proposal with where it stands; `proposed_by` and `decided_by` are accounts of staff."""

    id: str
    rule: str
    value: Any
    effective_on: date
    why: str
    state: ProposalState
    proposed_by: str
    proposed_at: datetime
    decided_by: str
    decided_at: datetime | None


def propose_rule(change: Change, wish: Proposed) -> Proposal:
    """Write a proposal down; raises InvalidInput where the entry cannot be that, or not from that day on."""
    preview(change, [Wish(wish.rule, wish.value, wish.effective_on, change.actor.id, wish.why)])
    row = {"id": secrets.token_hex(8), "rule": wish.rule, "why": wish.why.strip()}
    row |= {"value": canonical(msgspec.to_builtins(wish.value)).decode(), "effective_on": wish.effective_on.isoformat()}
    row |= {"state": ProposalState.PROPOSED.value, "proposed_by": change.actor.id, "decided_by": ""}
    change.connection.execute(insert(rule_proposal), row | {"proposed_at": format_utc(change.now)})
    found = proposal_of(change, row["id"])
    change.note("rule.propose", "rule_proposal", found.id, after=found, why=wish.why)
    return found


def pass_proposal(
    change: Change, proposal_id: str, *, decided_by: str, why: str, effective_on: date | None = None
) -> Amendment:
    """Write the amendment that the council has passed, from another day on where one is named.

    Raises StepRefused for a proposal that is decided, and what `rules.amend` raises.
    """
    before = proposal_of(change, proposal_id, lock=True)
    _go(change, before, ProposalAction.ADOPT, why)
    wish = Wish(before.rule, before.value, effective_on or before.effective_on, decided_by, before.why)
    return amend(change, [wish])[0]


def drop_proposal(change: Change, proposal_id: str, *, why: str) -> Proposal:
    """Drop a proposal; raises StepRefused for one that is decided."""
    return _go(change, proposal_of(change, proposal_id, lock=True), ProposalAction.DROP, why)


def proposal_of(look: Look, proposal_id: str, *, lock: bool = False) -> Proposal:
    """Return a proposal, with `lock` for this change alone; raises InvalidInput where there is none."""
    query = select(rule_proposal).where(rule_proposal.c.id == proposal_id)
    row = look.connection.execute(query.with_for_update() if lock else query).mappings().one_or_none()
    if row is None:
        raise InvalidInput(f"there is no proposal {proposal_id[:16]!r}")
    return _read(row)


def proposal_page(look: Look, state: ProposalState | None = None, rule: str = "", limit: int = 100) -> list[Proposal]:
    """Return proposals, the newest first, in a state or in any, for an entry or for any; 500 at most."""
    order = (rule_proposal.c.proposed_at.desc(), rule_proposal.c.id)
    query = select(rule_proposal).order_by(*order).limit(min(limit, PAGE_MAX))
    if state is not None:
        query = query.where(rule_proposal.c.state == state.value)
    if rule:
        query = query.where(rule_proposal.c.rule == rule)
    return [_read(row) for row in look.connection.execute(query).mappings()]


def _go(change: Change, before: Proposal, action: ProposalAction, why: str) -> Proposal:
    values = {"state": PROPOSAL_LIFE.after(before.state, action).value, "decided_by": change.actor.id}
    values["decided_at"] = format_utc(change.now)
    change.connection.execute(update(rule_proposal).where(rule_proposal.c.id == before.id).values(**values))
    after = proposal_of(change, before.id)
    change.note(f"rule.{action}", "rule_proposal", before.id, before=before, after=after, why=why)
    return after


def _read(row: Mapping[Any, Any]) -> Proposal:
    values = {name: row[name] for name in Proposal.__struct_fields__} | {"value": msgspec.json.decode(row["value"])}
    return msgspec.convert(values, Proposal)
