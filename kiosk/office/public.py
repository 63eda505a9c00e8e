"""What the club publishes, for anybody to read and to link to: the tiers with what leads to each and their rights,
the rewards for bringing members (R86, seeds 003:127; S78, seeds 001:14 §03), and what fees were used for (R58).

Nothing of any member is in it.
"""

import msgspec
from flask import Blueprint, Response, render_template

from kiosk.central.club import referrals
from kiosk.central.club.books import Books
from kiosk.central.money import fee_reports
from kiosk.central.money.fee_reports import Published as PublishedFees
from kiosk.club.referrals import ReferralStep
from kiosk.office.amounts import shown
from kiosk.office.club_tiers import LadderTier, published_ladder, shown_ladder
from kiosk.office.saying import chosen, tier_names, told

PATHS = ("public.tiers", "public.tiers_json", "public.fees", "public.fees_json")
"""The endpoints that ask for no sign-in."""


class FeeStatements(msgspec.Struct, frozen=True):
    """What fees were used for by half-years, the newest first (R58)."""

    items: tuple[PublishedFees, ...]


class Published(msgspec.Struct, frozen=True):
    """The tiers, lowest first, and the rewards for bringing members, fewest first."""

    tiers: tuple[LadderTier, ...]
    referrals: tuple[ReferralStep, ...]


def make_blueprint(books: Books) -> Blueprint:
    """Return the pages /public/tiers and /public/fees and the same as JSON, the tiers by the rules of today."""
    public = Blueprint("public", __name__)

    @public.get("/public/tiers")
    def tiers() -> str:
        with books.look() as look:
            names = tier_names(look)
            steps = [_in_words(each, names) for each in referrals.published(look)]
            return render_template("public_tiers.html", ladder=shown_ladder(look), steps=steps)

    @public.get("/public/tiers.json")
    def tiers_json() -> Response:
        with books.look() as look:
            found = Published(published_ladder(look), referrals.published(look))
        return Response(msgspec.json.encode(found), mimetype="application/json")

    @public.get("/public/fees")
    def fees() -> str:
        with books.look() as look:
            return render_template("public_fees.html", statements=fee_reports.published(look), shown=shown)

    @public.get("/public/fees.json")
    def fees_json() -> Response:
        with books.look() as look:
            found = FeeStatements(tuple(fee_reports.published(look)))
        return Response(msgspec.json.encode(found), mimetype="application/json")

    return public


def _in_words(step: ReferralStep, names: dict[str, str]) -> tuple[str, str]:
    """Return how many must be brought and what comes of it, in words."""
    number = told("referral_every" if step.every else "referral_number", n=step.number)
    if step.spend_min_minor:
        number = told("condition_and").join((number, told("referral_spend", n=shown(step.spend_min_minor))))
    rewards = []
    if step.points:
        rewards.append(told("referral_points", n=f"{step.points:,}"))
    if step.gift:
        rewards.append(chosen("gift_code", step.gift))
    if step.tier:
        rewards.append(told("referral_tier", tier=names.get(step.tier, step.tier)))
    return number, told("condition_and").join(rewards)
