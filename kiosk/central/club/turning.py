"""One change of a membership: a rule turns its facts; audit, gates and notice go with it."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date

import msgspec

from kiosk.central.club.books import Change, Look
from kiosk.central.club.composing import Composed, compose, composed_of, facts_of
from kiosk.central.club.gate_dates import project
from kiosk.central.club.refused import RuleRefused, refuse
from kiosk.central.club.spells import lock_member, save_spell
from kiosk.central.club.telling import tell_member
from kiosk.club.leaving import LeavingRefusal
from kiosk.club.membership import MEMBER_LIFE, EndReason, MemberAction, MemberFacts
from kiosk.club.notices import NoticeCode
from kiosk.club.standing import Standing, end_of, standing_on

TIES = frozenset({EndReason.MANDATE_OVER})
"""Ends that follow from a mandate or a family link, which say so themselves."""

Turn = Callable[[MemberFacts], MemberFacts | LeavingRefusal]


class Told(msgspec.Struct, frozen=True):
    """What a member is told of a change."""

    code: NoticeCode
    data: Mapping[str, str | int] = {}


def standing(look: Look, member_id: str) -> Standing:
    """Return what a membership is today; raises InvalidInput where there is no such member (S07)."""
    return standing_on(facts_of(look, member_id), look.rules.membership, look.today)


def standings(look: Look, ids: Iterable[str]) -> dict[str, Standing]:
    """Return what some memberships are today."""
    rules, today = look.rules.membership, look.today
    return {name: standing_on(each.facts, rules, today) for name, each in compose(look, ids).items()}


def left_on(look: Look, member_id: str) -> date | None:
    """Return the last day of a membership that is over; None while it is not."""
    facts = facts_of(look, member_id)
    end = end_of(facts, look.rules.membership)
    return end.last_day if end is not None and end.last_day < look.today else None


def turn(
    change: Change, member_id: str, action: MemberAction, rule: Turn, *, why: str, told: Told | None = None
) -> Standing:
    """Change a member's facts by a rule, with audit, gates and notice; return what the membership is then.

    Raises RuleRefused where the rule says no, and where it changes nothing of the member's own.
    """
    lock_member(change, member_id)
    before = composed_of(change, member_id)
    after = rule(before.facts)
    if isinstance(after, LeavingRefusal):
        raise refuse(after, f"member {member_id}")
    own = own_part(after, before)
    if own == before.own.facts:
        raise RuleRefused("nothing_of_the_own", what=f"member {member_id}: nothing to {action}")
    save_spell(change, before.own, own)
    change.note(f"member.{action}", "member", member_id, before=before.own.facts, after=own, why=why)
    project(change, member_id)
    if told is not None:
        tell_member(change, member_id, told.code, told.data)
    return standing(change, member_id)


def own_part(facts: MemberFacts, before: Composed) -> MemberFacts:
    """Return what of changed facts is the member's own: what is inherited stays with the unit or host."""
    own = before.own.facts
    kept = msgspec.structs.replace(
        own,
        suspensions=tuple(each for each in facts.suspensions if not each.inherited),
        withdrawals=tuple(each for each in facts.withdrawals if not each.inherited),
        endings=tuple(each for each in facts.endings if not each.inherited and each.reason not in TIES),
    )
    if facts.fees_inherited:
        return kept
    return msgspec.structs.replace(
        kept, owes_fees=facts.owes_fees, paid_until=facts.paid_until, deferred_until=facts.deferred_until
    )


def check_step(change: Change, facts: MemberFacts, action: MemberAction) -> None:
    """Return where an action can be taken today; raises StepRefused, which names what can be done instead."""
    MEMBER_LIFE.after(standing_on(facts, change.rules.membership, change.today).state, action)


def check_own_fees(look: Look, member_id: str) -> None:
    """Return where a member owes the fees in person; raises RuleRefused."""
    if facts_of(look, member_id).fees_inherited:
        raise RuleRefused(
            "fees_inherited", what=f"member {member_id}", hint="The fees are the unit's or the host's: book them there"
        )
