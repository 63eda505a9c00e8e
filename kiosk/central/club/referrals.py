"""Who brought whom, and what it is worth: each reward is given once, by the published steps (R90, S78)."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

from sqlalchemy import func, select, update

from kiosk.central.club import earners, gifts, nightly, points, tiers
from kiosk.central.club.books import Books, Change, Look, Telling
from kiosk.central.club.jobs import Step
from kiosk.central.club.people_tables import member_file, membership
from kiosk.central.club.points_tables import referral_reward
from kiosk.central.club.refused import RuleRefused, refuse
from kiosk.central.club.spells import IDS_PER_QUERY, earlier_spells, lock_member, spell_of
from kiosk.central.database import insert_missing
from kiosk.central.roster import in_steps
from kiosk.central.tables import credential, visit
from kiosk.club import referrals as rules_of_referrals
from kiosk.club.notices import NoticeCode
from kiosk.club.points import Source
from kiosk.club.referrals import Claim, Referral, ReferralReason, ReferralReward, ReferralStep, Success
from kiosk.core.clock import format_utc
from kiosk.core.errors import InvalidInput

JOB = "referrals"
REFERRERS_MAX = 100
"""How far up the line of those who brought each other is looked."""


def claim(change: Change, referred: str, referred_by: str) -> None:
    """Write down who brought a member; raises RuleRefused: one referrer, a valid member, a person new to the club.

    Somebody who joined long ago was not brought now. The same claim again changes nothing.
    """
    for each in sorted({referred, referred_by}):
        lock_member(change, each)
    already = _referrer(change, referred)
    if already == referred_by:
        return
    joined_on = spell_of(change, referred).facts.approved_on
    wish = Claim(
        referred=referred,
        referred_by=referred_by,
        days_since_joining=(change.today - joined_on).days if joined_on else 0,
        referrer_valid=earners.is_valid(change, referred_by, change.today),
        already_by=already,
        was_member=earlier_spells(change, referred) > 0,
        referrers=_line(change, referred_by),
    )
    if (refusal := rules_of_referrals.why_not_referred(wish, change.rules.referrals)) is not None:
        raise refuse(refusal, f"member {referred} brought by {referred_by}")
    _write(change, referred, referred_by)
    change.note("referral.claim", "member", referred, after={"referred_by": referred_by})


def take_back(change: Change, referred: str, *, why: str) -> None:
    """Take back who brought a member, so that another can be noted; raises RuleRefused once a reward rests on it.

    Else one new member would be rewarded as often as somebody else is noted (S78).
    """
    referred_by = _referrer(change, referred)
    for each in sorted({referred, referred_by} - {""}):
        lock_member(change, each)
    if not referred_by or referred_by != _referrer(change, referred):
        return
    known, given = referrals_of(change, referred_by), _given(change, referred_by)
    if rules_of_referrals.rests_on(referred, known, given, change.today, change.rules.referrals):
        raise RuleRefused(ReferralReason.REWARDED, what=f"member {referred} brought by {referred_by}")
    _write(change, referred, None)
    change.note("referral.take_back", "member", referred, before={"referred_by": referred_by}, why=why)


def referrals_of(look: Look, member_id: str) -> list[Referral]:
    """Return whom a member brought, with what came of it."""
    return _referrals(look, [member_id])[member_id]


def _referrals(look: Look, ids: Sequence[str]) -> dict[str, list[Referral]]:
    """Return whom each of some members brought."""
    first = (membership.c.member == member_file.c.member) & (membership.c.spell == 1)
    columns = (member_file.c.member, member_file.c.referred_by, membership.c.approved_on, membership.c.collected_on)
    query = select(*columns).join(membership, first, isouter=True).where(member_file.c.referred_by.in_(ids))
    rows = look.connection.execute(query.order_by(member_file.c.member)).all()
    found: dict[str, list[Referral]] = {each: [] for each in ids}
    by_entry = look.rules.referrals.success is Success.FIRST_ENTRY
    for some in in_steps(rows, IDS_PER_QUERY):
        brought = [row.member for row in some]
        spent, entered = earners.spend_of(look, brought), _first_entries(look, brought) if by_entry else {}
        for row in some:
            activated_on = _later(row.approved_on, row.collected_on)
            referral = Referral(
                row.member, row.referred_by, activated_on, entered.get(row.member), spent.get(row.member, 0)
            )  # fmt: skip
            found[row.referred_by].append(referral)
    return found


def published(look: Look) -> tuple[ReferralStep, ...]:
    """Return the rewards for members to read (S78, seeds 001:14 §03)."""
    return rules_of_referrals.published(look.rules.referrals)


def rewards_due(look: Look, member_id: str) -> tuple[ReferralReward, ...]:
    """Return what a member has earned by bringing others and was not given yet."""
    known, given = referrals_of(look, member_id), _given(look, member_id)
    return rules_of_referrals.rewards_due(known, given, look.today, look.rules.referrals)


def give_due(change: Change, member_id: str) -> tuple[ReferralReward, ...]:
    """Give a member what is due, each reward once; while the member is not a valid one it stays due."""
    lock_member(change, member_id)
    if not earners.is_valid(change, member_id, change.today):
        return ()
    due = rewards_due(change, member_id)
    for each in due:
        row = {"member": member_id, "key": each.key, "at": format_utc(change.now)}
        if insert_missing(change.connection, referral_reward, row):
            _give(change, member_id, each)
            change.note("referral.reward", "member", member_id, after=each)
            # A sentence of the notice whose fact is empty is left out.
            data = {"points": each.points or "", "gift": each.gift, "tier": each.tier}
            topic = f"referral:{member_id}:{each.key}"
            earners.tell(change, Telling(topic, NoticeCode.REFERRAL_REWARDED, member_id, data))
    return due


def note_activation(change: Change, referred: str) -> tuple[ReferralReward, ...]:
    """Give the one who brought a member what is due, as that membership has become valid."""
    referred_by = _referrer(change, referred)
    return give_due(change, referred_by) if referred_by else ()


def run(books: Books, day: date, place: str) -> Step:
    """Give what referrals earned otherwise than by an activation: by a first entry, by what was spent."""
    whose = select(member_file.c.referred_by).where(member_file.c.referred_by.is_not(None))

    def work(change: Change, ids: Sequence[str]) -> None:
        given, rules = _given_to(change, ids), change.rules.referrals
        for name, found in _referrals(change, ids).items():
            if rules_of_referrals.rewards_due(found, given[name], change.today, rules):
                give_due(change, name)

    return nightly.step(books, JOB, day, place, whose, work)


def _give(change: Change, member_id: str, each: ReferralReward) -> None:
    if each.points:
        points.earn_fixed(change, member_id, Source.REFERRAL, f"{member_id}.{each.key}", each.points)
    if each.gift:
        gifts.give(change, member_id, each.gift, f"referral.{each.key}")
    if each.tier:
        tiers.give(change, member_id, each.tier, f"{each.number} referrals")


def _write(change: Change, referred: str, referred_by: str | None) -> None:
    values = {"referred_by": referred_by, "changed_at": format_utc(change.now)}
    mine = update(member_file).where(member_file.c.member == referred)
    if not change.connection.execute(mine.values(**values)).rowcount:
        raise InvalidInput(f"member {referred} has no file", hint="Open the file first")


def _given(look: Look, member_id: str) -> frozenset[str]:
    return _given_to(look, [member_id])[member_id]


def _given_to(look: Look, ids: Sequence[str]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {each: set() for each in ids}
    columns = (referral_reward.c.member, referral_reward.c.key)
    for name, key in look.connection.execute(select(*columns).where(referral_reward.c.member.in_(ids))):
        found[name].add(key)
    return {name: frozenset(keys) for name, keys in found.items()}


def _referrer(look: Look, member_id: str) -> str:
    query = select(member_file.c.referred_by).where(member_file.c.member == member_id)
    return look.connection.execute(query).scalar_one_or_none() or ""


def _line(look: Look, member_id: str) -> tuple[str, ...]:
    found: list[str] = []
    while (member_id := _referrer(look, member_id)) and member_id not in found and len(found) < REFERRERS_MAX:
        found.append(member_id)
    return tuple(found)


def _first_entries(look: Look, member_ids: Sequence[str]) -> dict[str, date]:
    query = (
        select(credential.c.member, func.min(visit.c.at_ms))
        .join(visit, visit.c.credential == credential.c.id)
        .where(credential.c.member.in_(member_ids))
        .group_by(credential.c.member)
    )
    rows = look.connection.execute(query)
    return {name: datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(look.zone).date() for name, at_ms in rows}


def _later(approved_on: str | None, collected_on: str | None) -> date | None:
    if approved_on is None or collected_on is None:
        return None
    return date.fromisoformat(max(approved_on, collected_on))
