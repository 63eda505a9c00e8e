"""How a member moves on the ladder: up at once, down only by a rule, and never because points were spent."""

from datetime import date
from enum import StrEnum

import msgspec

from kiosk.club.calendar import add_months, full_months
from kiosk.club.tiers import Fall, TierFacts, TierRules, earned, is_bought, rank_of


class Source(StrEnum):
    """Why a member is in a tier (`tier_source`)."""

    JOINED = "joined"
    EARNED = "earned"
    BOUGHT = "bought"
    GIVEN = "given"
    REVIEWED = "reviewed"
    JOB_CHANGED = "job_changed"


class Holding(msgspec.Struct, frozen=True):
    """The tier a member has, why, since when, to be reviewed when; `ceiling` is the highest one allowed."""

    tier: str
    source: Source
    since: date
    review_on: date
    ceiling: str = ""


class Move(StrEnum):
    """Where a decision leads."""

    KEPT = "kept"
    RISEN = "risen"
    FALLEN = "fallen"


class TierDecision(msgspec.Struct, frozen=True):
    """The holding from today on, and the gifts that come with it."""

    move: Move
    holding: Holding
    gifts: tuple[str, ...] = ()


def join(facts: TierFacts, rules: TierRules, today: date) -> TierDecision:
    """Return a new member's tier: what joining gives, or what was bought (R74, R152, seeds 002:16)."""
    rung = earned(facts, rules, today)
    source = Source.BOUGHT if facts.bought == rung.tier else Source.JOINED
    return TierDecision(Move.KEPT, _holding(rung.tier, source, rules, today))


def decide_tier(held: Holding, facts: TierFacts, rules: TierRules, today: date) -> TierDecision:
    """Return the tier from today on. Up at once; down at the review day and as the rules say, or with what was bought.

    Points that are spent are no fact here: redemption lowers nothing (R78, seeds 003:113).
    """
    now, target = rank_of(held.tier, rules), _capped(earned(facts, rules, today).tier, held, rules)
    if target > now:
        source = Source.BOUGHT if facts.bought == rules.ladder[target - 1].tier else Source.EARNED
        return _risen(held, target, source, facts, rules, today)
    if held.source is Source.BOUGHT and not is_bought(held.tier, facts, rules, today):
        return _no_longer_bought(held, target, rules, today)
    if today < held.review_on:
        return TierDecision(Move.KEPT, held)
    if target == now or rules.fall is Fall.NEVER:
        renewed = msgspec.structs.replace(held, review_on=_next_review(held.review_on, rules, today))
        return TierDecision(Move.KEPT, renewed)
    lower = now - 1 if rules.fall is Fall.ONE_RUNG else target
    fallen = _holding(rules.ladder[lower - 1].tier, Source.REVIEWED, rules, today)
    return TierDecision(Move.FALLEN, msgspec.structs.replace(fallen, ceiling=held.ceiling))


def give_tier(held: Holding, tier: str, facts: TierFacts, rules: TierRules, today: date) -> TierDecision:
    """Raise a member to a tier as a reward (R90, seeds 001:14 §05); a tier that is no rise changes nothing."""
    target = _capped(tier, held, rules)
    if target <= rank_of(held.tier, rules):
        return TierDecision(Move.KEPT, held)
    return _risen(held, target, Source.GIVEN, facts, rules, today)


def after_job_change(held: Holding, rules: TierRules, today: date) -> TierDecision:
    """Lower a representative who left the post, at once and until staff lift the ceiling (R68, seeds 004:85)."""
    ceiling = rules.job_change_tier
    if rank_of(held.tier, rules) <= rank_of(ceiling, rules):
        return TierDecision(Move.KEPT, msgspec.structs.replace(held, ceiling=ceiling))
    lowered = _holding(ceiling, Source.JOB_CHANGED, rules, today)
    return TierDecision(Move.FALLEN, msgspec.structs.replace(lowered, ceiling=ceiling))


def lift_ceiling(held: Holding) -> Holding:
    """Return the holding that may rise again, as after a new review of the person (R69, seeds 004:87)."""
    return msgspec.structs.replace(held, ceiling="")


def _no_longer_bought(held: Holding, target: int, rules: TierRules, today: date) -> TierDecision:
    """What was bought ends with what was paid for; what was earned meanwhile stays."""
    move = Move.FALLEN if target < rank_of(held.tier, rules) else Move.KEPT
    holding = _holding(rules.ladder[target - 1].tier, Source.EARNED, rules, today)
    return TierDecision(move, msgspec.structs.replace(holding, ceiling=held.ceiling))


def _capped(tier: str, held: Holding, rules: TierRules) -> int:
    rank = rank_of(tier, rules)
    return min(rank, rank_of(held.ceiling, rules)) if held.ceiling else rank


def _risen(held: Holding, rank: int, source: Source, facts: TierFacts, rules: TierRules, today: date) -> TierDecision:
    """Return the rise with the gifts of every rung passed; a gift once had does not come again (R87)."""
    passed = rules.ladder[rank_of(held.tier, rules) : rank]
    gifts = tuple(rung.gift for rung in passed if rung.gift and rung.gift not in facts.gifts_had)
    holding = _holding(rules.ladder[rank - 1].tier, source, rules, today)
    return TierDecision(Move.RISEN, msgspec.structs.replace(holding, ceiling=held.ceiling), gifts)


def _holding(tier: str, source: Source, rules: TierRules, today: date) -> Holding:
    return Holding(tier, source, since=today, review_on=add_months(today, rules.hold_months))


def _next_review(review_on: date, rules: TierRules, today: date) -> date:
    months = rules.hold_months * (full_months(review_on, today) // rules.hold_months + 1)
    return add_months(review_on, months)
