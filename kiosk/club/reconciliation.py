"""The daily match of edge records, ledger and providers' statements: every line is matched, timing or an error (D2).

A business event has one id, which its first sender made and all three carry. What is missing on one side waits as
long as that side usually takes; after that it is an error with an owner and an age.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta


class Side(StrEnum):
    """Where a line stands. Wire format."""

    EDGE = "edge"
    LEDGER = "ledger"
    STATEMENT = "statement"


class MatchState(StrEnum):
    """How a business event stands. Wire format."""

    MATCHED = "matched"
    TIMING = "timing"
    ERROR = "error"


class MatchReason(StrEnum):
    """What is the matter. Wire format."""

    IN_ORDER = "in_order"
    NOT_IN_LEDGER = "not_in_ledger"
    NOT_AT_EDGE = "not_at_edge"
    NOT_IN_STATEMENT = "not_in_statement"
    AMOUNTS_DIFFER = "amounts_differ"
    TWICE = "twice"
    NOBODY_EXPECTS = "nobody_expects"


class Owner(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which role looks into a reason."""

    reason: MatchReason
    role: str


class ReconcilingRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long a side may take, and who looks into what."""

    edge_hours: Annotated[
        int,
        Meta(
            ge=0,
            description="Hours that an edge's record may take to come.",
            extra={"source": "S60, field notes D2; no seed"},
        ),
    ] = 24
    ledger_hours: Annotated[
        int,
        Meta(ge=0, description="Hours that a posting may take.", extra={"source": "S60, field notes D2; no seed"}),
    ] = 1
    statement_hours: Annotated[
        int,
        Meta(
            ge=0,
            description="Hours until a provider's statement has a payment: the bill of a day comes the day after.",
            extra={"source": "R57, S60, field notes D2; no seed"},
        ),
    ] = 48
    refund_days: Annotated[
        int,
        Meta(
            ge=0,
            description="Days that a refund may be under way which the provider tells of and its bank has not paid.",
            extra={"source": "R57, S60; no seed: providers name one to ten days by bank"},
        ),
    ] = 10
    owners: Annotated[
        tuple[Owner, ...],
        Meta(
            description="Which role looks into what does not match; `finance` for what is not named here.",
            extra={"source": "R57, S60, seeds 001:14 §04; no role named"},
        ),
    ] = (Owner(MatchReason.NOT_AT_EDGE, "it"),)


class MatchLine(msgspec.Struct, frozen=True):
    """One line of one side: the event's id, its amount and moment, and for a posting where else it has to be.

    A reversal is an event of its own. `expects` is read from the ledger's line; without one, a record of an edge
    expects the ledger, and so does a provider's. `is_under_way` is a refund that is asked of its provider still: it is
    posted when it is paid.
    """

    side: Side
    id: str
    amount_minor: int
    at: datetime
    expects: frozenset[Side] = frozenset()
    source: str = ""
    is_under_way: bool = False


class Matched(msgspec.Struct, frozen=True):
    """One event with its amounts by side, where it stands, who has it, and how old it is in seconds."""

    id: str
    state: MatchState
    reason: MatchReason
    amounts: tuple[tuple[Side, int], ...]
    owner: str
    age_s: int


FINANCE = "finance"


def reconcile(lines: Iterable[MatchLine], now: datetime, rules: ReconcilingRules) -> tuple[Matched, ...]:
    """Return every event once, errors first, the oldest of each first; the order of the lines is of no account."""
    by_id: dict[str, list[MatchLine]] = {}
    for each in lines:
        by_id.setdefault(each.id, []).append(each)
    found = [_event(id, group, now, rules) for id, group in by_id.items()]
    rank = {MatchState.ERROR: 0, MatchState.TIMING: 1, MatchState.MATCHED: 2}
    return tuple(sorted(found, key=lambda each: (rank[each.state], -each.age_s, each.id)))


def _event(id: str, lines: Sequence[MatchLine], now: datetime, rules: ReconcilingRules) -> Matched:
    since = min(each.at for each in lines)
    state, reason = _judge(lines, since, now, rules)
    owners = {each.reason: each.role for each in rules.owners}
    amounts = tuple(sorted((each.side, each.amount_minor) for each in lines))
    owner = "" if state is MatchState.MATCHED else owners.get(reason, FINANCE)
    return Matched(id, state, reason, amounts, owner, max(int((now - since).total_seconds()), 0))


def _judge(
    lines: Sequence[MatchLine], since: datetime, now: datetime, rules: ReconcilingRules
) -> tuple[MatchState, MatchReason]:
    """Return where an event stands: what is wrong for good before what may only be late."""
    sides = [each.side for each in lines]
    if len(sides) > len(set(sides)):
        return MatchState.ERROR, MatchReason.TWICE
    if len({each.amount_minor for each in lines}) > 1:
        return MatchState.ERROR, MatchReason.AMOUNTS_DIFFER
    posted = next((each for each in lines if each.side is Side.LEDGER), None)
    expected = frozenset({Side.LEDGER}) if posted is None else posted.expects | {Side.LEDGER}
    if posted is not None and not expected.issuperset(sides):
        return MatchState.ERROR, MatchReason.NOBODY_EXPECTS
    missing = [each for each in _WAITS if each in expected and each not in sides]
    if not missing:
        return MatchState.MATCHED, MatchReason.IN_ORDER
    patience = _patience(rules, under_way=any(each.is_under_way for each in lines))
    late = [each for each in missing if now - since > patience[each]]
    return (MatchState.ERROR, _WAITS[late[0]]) if late else (MatchState.TIMING, _WAITS[missing[0]])


_WAITS = {
    Side.LEDGER: MatchReason.NOT_IN_LEDGER,
    Side.STATEMENT: MatchReason.NOT_IN_STATEMENT,
    Side.EDGE: MatchReason.NOT_AT_EDGE,
}


def _patience(rules: ReconcilingRules, *, under_way: bool) -> dict[Side, timedelta]:
    return {
        Side.EDGE: timedelta(hours=rules.edge_hours),
        Side.LEDGER: timedelta(days=rules.refund_days) if under_way else timedelta(hours=rules.ledger_hours),
        Side.STATEMENT: timedelta(hours=rules.statement_hours),
    }
