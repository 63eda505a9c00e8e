"""Bringing new members: who counts as brought, when, and what the one who brought them gets."""

from collections.abc import Iterator, Sequence
from datetime import date
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.club.refusal import Refusal


class Success(StrEnum):
    """When a referral has succeeded."""

    ACTIVATION = "activation"
    FIRST_ENTRY = "first_entry"


class ReferralStep(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What comes with a number of referrals: points, a gift by code, a tier (R90). `every`: with each multiple too.

    `spend_min_minor` is what those that were brought must have spent together (their contribution).
    """

    number: Annotated[int, Meta(ge=1)]
    points: Annotated[int, Meta(ge=0)] = 0
    gift: str = ""
    tier: str = ""
    spend_min_minor: Annotated[int, Meta(ge=0)] = 0
    every: bool = False


class ReferralRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a referral is worth."""

    success: Annotated[
        Success,
        Meta(
            description="What makes a referral count: that the new membership is valid, or the first entry after. "
            "Validity by default: it asks for review, fee and collected card, and is known at once.",
            extra={"source": "S78, seeds 001:14 §03, 004:113"},
        ),
    ] = Success.ACTIVATION
    steps: Annotated[
        tuple[ReferralStep, ...],
        Meta(
            description="The rewards by number of referrals, as they are published. The seeds name the three kinds "
            "and no numbers.",
            extra={"source": "R90, S78, seeds 003:356, 001:14 §03"},
        ),
    ] = (
        ReferralStep(1, points=100, every=True),
        ReferralStep(3, gift="referral_gift"),
        ReferralStep(10, tier="gold"),
    )
    per_year_max: Annotated[
        Annotated[int, Meta(ge=1)] | None,
        Meta(
            description="Referrals of one member that count in a calendar year; none = all.",
            extra={"source": "S78; no seed"},
        ),
    ] = None
    claim_days: Annotated[
        int,
        Meta(
            ge=0,
            description="Days after joining within which it is noted who brought a member. The seeds reward who brings "
            "somebody new, promptly, and name no number: a month.",
            extra={"source": "S78, seeds 001:14 §03, 004:113; no number in the seeds"},
        ),
    ] = 30


class Referral(msgspec.Struct, frozen=True):
    """One new member and who brought them. Days are local; `spend_minor` is what the new one has spent since."""

    referred: str
    referred_by: str
    activated_on: date | None = None
    first_entry_on: date | None = None
    spend_minor: int = 0


class ReferralReward(msgspec.Struct, frozen=True):
    """One reward to be given once: `key` is the same whenever it is asked for."""

    key: str
    number: int
    points: int
    gift: str
    tier: str


class ReferralReason(StrEnum):
    """Why somebody is not written down as the one who brought a member."""

    SELF = "self"
    NOT_A_VALID_MEMBER = "not_a_valid_member"
    ALREADY_BROUGHT = "already_brought"
    EARLIER_MEMBER = "earlier_member"
    ONE_ANOTHER = "one_another"
    REWARDED = "rewarded"
    JOINED_LONG_AGO = "joined_long_ago"


class Claim(msgspec.Struct, frozen=True):
    """Who says to have brought whom. `referrers` are the one who brought the claimer, that one's, and so on.

    `days_since_joining` is 0 for somebody who has not joined yet.
    """

    referred: str
    referred_by: str
    days_since_joining: int = 0
    referrer_valid: bool = True
    already_by: str = ""
    was_member: bool = False
    referrers: tuple[str, ...] = ()


def why_not_referred(claim: Claim, rules: ReferralRules) -> Refusal[ReferralReason] | None:
    """Return why a claim is not written down, or None: one referrer, a valid member, a person new to the club (S78)."""
    if claim.referred == claim.referred_by:
        return Refusal(ReferralReason.SELF)
    if not claim.referrer_valid:
        return Refusal(ReferralReason.NOT_A_VALID_MEMBER)
    if claim.already_by:
        return Refusal(ReferralReason.ALREADY_BROUGHT)
    if claim.was_member:
        return Refusal(ReferralReason.EARLIER_MEMBER)
    if claim.days_since_joining > rules.claim_days:
        return Refusal(ReferralReason.JOINED_LONG_AGO, {"days_max": rules.claim_days})
    return Refusal(ReferralReason.ONE_ANOTHER) if claim.referred in claim.referrers else None


def against_applicant(referred_by: str | None, known: str, *, was_member: bool) -> Refusal[ReferralReason] | None:
    """Return why nobody brought an applicant, or None: a person new to the club, who is not who brings (S78).

    `known` is the id under which the applicant was here before, empty for a stranger.
    """
    if referred_by is None:
        return None
    if referred_by == known:
        return Refusal(ReferralReason.SELF)
    return Refusal(ReferralReason.EARLIER_MEMBER) if was_member else None


def succeeded_on(referral: Referral, rules: ReferralRules) -> date | None:
    """Return the day a referral succeeded; None = not yet."""
    if referral.activated_on is None or rules.success is Success.ACTIVATION:
        return referral.activated_on
    return max(referral.activated_on, referral.first_entry_on) if referral.first_entry_on is not None else None


def counted(referrals: Sequence[Referral], today: date, rules: ReferralRules) -> tuple[Referral, ...]:
    """Return the referrals of one member that have succeeded and count, the earliest first."""
    done = [(day, each) for each in referrals if (day := succeeded_on(each, rules)) is not None and day <= today]
    done.sort(key=lambda pair: (pair[0], pair[1].referred))
    per_year: dict[int, int] = {}
    found = []
    for day, each in done:
        per_year[day.year] = per_year.get(day.year, 0) + 1
        if rules.per_year_max is None or per_year[day.year] <= rules.per_year_max:
            found.append(each)
    return tuple(found)


def rewards_due(
    referrals: Sequence[Referral], given: frozenset[str], today: date, rules: ReferralRules
) -> tuple[ReferralReward, ...]:
    """Return the rewards that a member's referrals have earned and that are not among the keys given (R90, S78).

    Nothing is given twice, however often and in whatever order referrals are reported.
    """
    found = counted(referrals, today, rules)
    spend_minor = sum(each.spend_minor for each in found)
    earned = (reward for step in rules.steps for reward in _of_step(step, len(found), spend_minor))
    return tuple(sorted((each for each in earned if each.key not in given), key=lambda each: each.number))


def rests_on(
    referred: str, referrals: Sequence[Referral], given: frozenset[str], today: date, rules: ReferralRules
) -> bool:
    """Say whether a reward that was given would not have been earned without one of the referrals (S78)."""
    without = [each for each in referrals if each.referred != referred]
    earned, less = (
        {each.key for each in rewards_due(some, frozenset(), today, rules)} for some in (referrals, without)
    )
    return bool(given & (earned - less))


def published(rules: ReferralRules) -> tuple[ReferralStep, ...]:
    """Return the rewards for members to read, fewest referrals first (S78, seeds 001:14 §03)."""
    return tuple(sorted(rules.steps, key=lambda step: step.number))


def _of_step(step: ReferralStep, count: int, spend_minor: int) -> Iterator[ReferralReward]:
    if spend_minor < step.spend_min_minor:
        return
    last = count if step.every else min(count, step.number)
    for number in range(step.number, last + 1, step.number):
        for kind, value in (("points", step.points), ("gift", step.gift), ("tier", step.tier)):
            if value:
                yield ReferralReward(
                    key=f"{kind}.{step.number}.{number}",
                    number=number,
                    points=step.points if kind == "points" else 0,
                    gift=step.gift if kind == "gift" else "",
                    tier=step.tier if kind == "tier" else "",
                )
