"""Tiers: who holds which, by what the books know of points, spending, visits and time; the gates follow at once."""

from collections.abc import Sequence
from datetime import date

import msgspec
from sqlalchemy import insert, or_, select

from kiosk.central.club import benefits, earners, gifts, nightly, point_entries
from kiosk.central.club.books import Books, Change, Look, Telling
from kiosk.central.club.jobs import Step
from kiosk.central.club.points_tables import tier_holding, tier_move
from kiosk.central.club.spells import lock_member
from kiosk.central.club.tier_facts import CAUSE_PREFIX, Held, held_by, save_held, tiers_by_lists
from kiosk.central.members import members_by, save_members
from kiosk.central.queries import tier_list
from kiosk.central.rows import as_struct
from kiosk.central.tables import member
from kiosk.club import tier_moves
from kiosk.club import tiers as rules_of_tiers
from kiosk.club.notices import NoticeCode
from kiosk.club.tier_moves import Holding, Move, Source, TierDecision
from kiosk.club.tiers import Published, TierFacts
from kiosk.core.clock import format_utc
from kiosk.core.errors import InvalidInput

JOB = "tiers"
MOVES_MAX = 500


class TierMove(msgspec.Struct, frozen=True):
    """One change of a tier; `tier_from` is empty for the first."""

    n: int
    on: date
    move: Move
    source: Source
    tier_from: str
    tier_to: str


class Listed(msgspec.Struct, frozen=True):
    """A member as a member list names the tier and since when."""

    member: str
    tier: str
    joined_on: date


class Outlook(msgspec.Struct, frozen=True):
    """What a member may read of the own tier: since when, reviewed when, and what the next one still asks for."""

    holding: Holding
    missing: rules_of_tiers.Progress | None


def join(
    change: Change, member_id: str, joined_on: date, *, bought: str = "", bought_until: date | None = None
) -> Holding:
    """Give a new member the first tier: what joining gives, or what was bought (R74, R152); once.

    Who joins again keeps the tier of then, and has what was bought now.

    Raises InvalidInput where the tier bought is not on the ladder.
    """
    lock_member(change, member_id)
    if held_by(change, [member_id]):
        if bought:
            buy(change, member_id, bought, bought_until)
        return _one(change, member_id).holding
    rules = change.rules.tiers
    if bought:
        rules_of_tiers.rank_of(bought, rules)
    facts = TierFacts(joined_on, point_entries.lifetimes(change, [member_id]).get(member_id, 0))
    facts = msgspec.structs.replace(facts, bought=bought, bought_until=bought_until)
    decision = tier_moves.join(facts, rules, change.today)
    _write(change, Held(member_id, decision.holding, facts), None, decision)
    return decision.holding


def join_listed(change: Change, listed: Sequence[Listed]) -> int:
    """Give members who came with a list the tiers it names, many at once; return how many.

    Who holds a tier keeps it, but where a list gave it and this one names another: a list may put itself right.
    Raises InvalidInput for a tier that is not on the ladder.
    """
    known = earners.tiers_of(change, [each.member for each in listed])
    theirs = tiers_by_lists(change.connection, list(known))
    fresh = [each for each in listed if each.member not in known or theirs.get(each.member, each.tier) != each.tier]
    if not fresh:
        return 0
    rules, today = change.rules.tiers, change.today
    before = {each.member: each for each in held_by(change, [each.member for each in fresh if each.member in known])}
    held, moves, ids = [], [], [each.member for each in fresh]
    for each in fresh:
        rules_of_tiers.rank_of(each.tier, rules)
        facts = before[each.member].facts if each.member in before else TierFacts(each.joined_on)
        first = tier_moves.join(facts, rules, today).holding
        held.append(Held(each.member, msgspec.structs.replace(first, tier=each.tier, source=Source.GIVEN), facts))
        moves.append(_move(change, each.member, known.get(each.member, ""), Move.KEPT, held[-1].holding))
    save_held(change, *held)
    change.connection.execute(insert(tier_move), moves)
    named = {each.member: each.tier for each in fresh}
    people = [each for each in members_by(change.connection, "id", ids) if each.tier != named[each.id]]
    save_members(change.connection, [msgspec.structs.replace(each, tier=named[each.id]) for each in people])
    for member_id in ids:
        change.touch(member_id)
    benefits.refresh_members(change, ids)
    change.note("tier.list", "member", "", after={"members": len(fresh)})
    return len(fresh)


def look_again(change: Change, member_id: str) -> Move | None:
    """Decide a member's tier by what is known now, as after points came in; None for one who has no tier yet."""
    for held in held_by(change, [member_id]):
        return _decide(change, held)
    return None


def buy(change: Change, member_id: str, tier: str, until: date | None) -> Move:
    """Write down which tier is paid for until when, and decide (R152, seeds 002:16)."""
    held = _one(change, member_id)
    rules_of_tiers.rank_of(tier, change.rules.tiers)
    facts = msgspec.structs.replace(held.facts, bought=tier, bought_until=until)
    save_held(change, Held(member_id, held.holding, facts))
    change.note("tier.buy", "member", member_id, after={"bought": tier, "until": until})
    return _decide(change, Held(member_id, held.holding, facts))


def give(change: Change, member_id: str, tier: str, why: str) -> Move:
    """Raise a member to a tier as a reward (R90); a tier that is no rise changes nothing."""
    held = _one(change, member_id)
    decision = tier_moves.give_tier(held.holding, tier, held.facts, change.rules.tiers, change.today)
    return _write(change, held, held.holding, decision, why)


def change_job(change: Change, member_id: str, why: str) -> Move:
    """Lower a representative who left the post, until `lift_ceiling` (R68, seeds 004:85)."""
    held = _one(change, member_id)
    decision = tier_moves.after_job_change(held.holding, change.rules.tiers, change.today)
    return _write(change, held, held.holding, decision, why)


def lift_ceiling(change: Change, member_id: str, why: str) -> Move:
    """Let a member rise again after a new review of the person, and decide (R69, seeds 004:87)."""
    held = _one(change, member_id)
    lifted = Held(member_id, tier_moves.lift_ceiling(held.holding), held.facts)
    _write(change, held, held.holding, TierDecision(Move.KEPT, lifted.holding), why)
    return _decide(change, lifted)


def outlook(look: Look, member_id: str) -> Outlook:
    """Return a member's tier and what the next one still asks for (S34, S53, seeds 003:127)."""
    held = _one(look, member_id)
    missing = rules_of_tiers.what_is_missing(held.holding.tier, held.facts, look.rules.tiers, look.today)
    return Outlook(held.holding, missing)


def published(look: Look) -> tuple[Published, ...]:
    """Return the conditions of every tier, for members to read (R86, seeds 003:127)."""
    return rules_of_tiers.published(look.rules.tiers)


def moves_of(look: Look, member_id: str) -> list[TierMove]:
    """Return how a member came to the tier, newest first; 500 at most."""
    columns = [tier_move.c[name] for name in TierMove.__struct_fields__]
    query = select(*columns).where(tier_move.c.member == member_id).order_by(tier_move.c.n.desc()).limit(MOVES_MAX)
    return [as_struct(row, TierMove) for row in look.connection.execute(query).mappings()]


def run(books: Books, day: date, place: str) -> Step:
    """Decide every member's tier: what the months brought, what is no longer paid, and reviews (R78, R84)."""
    stays = or_(member.c.member_until.is_(None), member.c.member_until >= day.isoformat())
    whose = select(tier_holding.c.member).join(member, member.c.id == tier_holding.c.member).where(stays)

    def work(change: Change, ids: Sequence[str]) -> None:
        for held in held_by(change, ids, lock=True):
            _decide(change, held)

    return nightly.step(books, JOB, day, place, whose, work)


def _decide(change: Change, held: Held) -> Move:
    rules, now = change.rules.tiers, held.holding
    if now.tier not in {rung.tier for rung in rules.ladder}:
        # An amendment took effect that was written before the member came to this tier.
        fresh = tier_moves.join(held.facts, rules, change.today)
        decision = TierDecision(Move.FALLEN, msgspec.structs.replace(fresh.holding, source=Source.REVIEWED))
    else:
        decision = tier_moves.decide_tier(now, held.facts, rules, change.today)
    return _write(change, held, now, decision)


def _write(change: Change, held: Held, before: Holding | None, decision: TierDecision, why: str = "") -> Move:
    """Write a decision where it changes something, with everything that follows from another tier."""
    after = decision.holding
    if after == before:
        return decision.move
    save_held(change, Held(held.member, after, held.facts))
    change.note("tier.decide", "member", held.member, before=before, after=after, why=why)
    if before is None or before.tier != after.tier:
        _follow(change, held.member, before.tier if before else "", decision)
    for code in decision.gifts:
        given = gifts.give(change, held.member, code, f"{CAUSE_PREFIX}{after.tier}")
        name = _name(change, held.member, after.tier)
        data: dict[str, str | int] = {"gift": code, "tier": after.tier, "tier_name": name}
        earners.tell(change, Telling(f"gift:{given.id}", NoticeCode.UPGRADE_GIFT, held.member, data))
    return decision.move


def _follow(change: Change, member_id: str, tier_from: str, decision: TierDecision) -> None:
    """Write the move, bring the member's row and rights after it, and tell the member."""
    after = decision.holding
    change.connection.execute(insert(tier_move), _move(change, member_id, tier_from, decision.move, after))
    people = members_by(change.connection, "id", [member_id])
    save_members(change.connection, [msgspec.structs.replace(each, tier=after.tier) for each in people])
    change.touch(member_id)
    benefits.refresh_members(change, [member_id])
    if decision.move is not Move.KEPT:
        data = {"tier": after.tier, "before": tier_from, "tier_name": _name(change, member_id, after.tier)}
        code = NoticeCode.TIER_UP if decision.move is Move.RISEN else NoticeCode.TIER_DOWN
        earners.tell(change, Telling(f"tier:{member_id}:{after.tier}:{change.today}", code, member_id, data))


def _name(change: Change, member_id: str, tier: str) -> str:
    """Return what a tier is called in a member's language."""
    row = next((each for each in tier_list(change.connection) if each.id == tier), None)
    if row is None:
        return tier
    return (row.name_en if earners.language_of(change, member_id) == "en" else row.name) or row.name or tier


def _move(change: Change, member_id: str, tier_from: str, move: Move, after: Holding) -> dict[str, str]:
    row = {"member": member_id, "on": change.today.isoformat(), "move": move.value, "source": after.source.value}
    return row | {"tier_from": tier_from, "tier_to": after.tier, "at": format_utc(change.now)}


def _one(look: Look, member_id: str) -> Held:
    if isinstance(look, Change):
        lock_member(look, member_id)
    held = held_by(look, [member_id])
    if not held:
        raise InvalidInput(f"member {member_id} has no tier", hint="A tier comes with the first collected card")
    return held[0]
