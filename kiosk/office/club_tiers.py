"""Tiers in the office: raising a member, what was bought, a change of job, and the published ladder (S34, S35, R86)."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, NamedTuple

import msgspec
from flask import render_template
from msgspec import Meta

from kiosk.central.club import benefits, tiers
from kiosk.central.club.books import Change, Look
from kiosk.club.benefits import Allowance, RightKind
from kiosk.club.office_actions import OfficeAction
from kiosk.club.roles import Permission
from kiosk.club.tier_moves import Move
from kiosk.club.tiers import Combine, Condition, Published
from kiosk.office.actions import Action, Draft, Ids
from kiosk.office.club_points_view import PointsView, SayWhy, Sentence
from kiosk.office.page import Page
from kiosk.office.routes import NoQuery, Route
from kiosk.office.saying import chosen, condition_text, tier_names, told
from kiosk.office.whom import person_of

KIND = "points"
"""The kind of thing whose page shows these acts: a member's points."""

TierName = Annotated[str, Meta(min_length=1, max_length=32)]


class GiveTier(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A tier to raise a member to, as a reward."""

    tier: TierName
    why: Sentence


class BuyTier(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A tier that was paid for, and the last paid day; None = without end."""

    tier: TierName
    until: date | None = None


class TierAnswer(msgspec.Struct, frozen=True):
    """Where the decision led, and the tier from now on."""

    move: Move
    tier: str


class LadderRight(msgspec.Struct, frozen=True):
    """A right as one tier has it; `service` is whose it is, empty for the club's own."""

    code: str
    kind: RightKind
    allowance: Allowance
    areas: tuple[str, ...]
    service: str


class LadderTier(msgspec.Struct, frozen=True):
    """A tier as it is published: what leads to it, the gift for reaching it, and its rights, with those below."""

    tier: str
    rank: int
    combine: Combine
    conditions: tuple[Condition, ...]
    gift: str
    rights: tuple[LadderRight, ...]


class LadderPage(msgspec.Struct, frozen=True):
    """The ladder, lowest tier first; `next` is null, as it comes at once."""

    items: tuple[LadderTier, ...]
    next: str | None


class ShownTier(NamedTuple):
    """A tier of the ladder in words; each right with its kind, how often, and whether it is new or more there."""

    name: str
    conditions: str
    gift: str
    rights: Sequence[tuple[str, str, str, bool]]


def ladder(look: Look, _query: NoQuery, _ids: Ids) -> LadderPage:
    """Return the ladder with conditions and rights."""
    return LadderPage(published_ladder(look), None)


def published_ladder(look: Look) -> tuple[LadderTier, ...]:
    """Return the tiers as they are published, lowest first (R86)."""
    return tuple(_tier(look, each) for each in tiers.published(look))


def give_tier(change: Change, wish: GiveTier, ids: Ids) -> TierAnswer:
    """Raise a member to a tier."""
    return _answer(change, ids, tiers.give(change, ids["member"], wish.tier, wish.why))


def buy_tier(change: Change, wish: BuyTier, ids: Ids) -> TierAnswer:
    """Write down which tier is paid for until when."""
    return _answer(change, ids, tiers.buy(change, ids["member"], wish.tier, wish.until))


def change_job(change: Change, wish: SayWhy, ids: Ids) -> TierAnswer:
    """Lower a representative who left the post."""
    return _answer(change, ids, tiers.change_job(change, ids["member"], wish.why))


def lift_ceiling(change: Change, wish: SayWhy, ids: Ids) -> TierAnswer:
    """Let a member rise again."""
    return _answer(change, ids, tiers.lift_ceiling(change, ids["member"], wish.why))


def allowance_text(allowance: Allowance) -> str:
    """Return how often a right may be used, in words."""
    if allowance.times is None:
        return told("times_unlimited")
    if allowance.per is None:
        return told("times_ever", n=allowance.times)
    return told("times_per", n=allowance.times, per=chosen("Period", allowance.per.value))


def _tier(look: Look, rung: Published) -> LadderTier:
    rights = (
        LadderRight(held.right.code, held.right.kind, held.allowance, held.right.areas, held.right.service)
        for held in benefits.rights_of(look, rung.tier)
    )
    return LadderTier(rung.tier, rung.rank, rung.combine, rung.conditions, rung.gift, tuple(rights))


def _answer(change: Change, ids: Ids, move: Move) -> TierAnswer:
    return TierAnswer(move, tiers.outlook(change, ids["member"]).holding.tier)


def shown_ladder(look: Look) -> list[ShownTier]:
    """Return the tiers in the words of this request's language; a right that is new or more there stands out."""
    names = tier_names(look)
    shown, below = [], frozenset[tuple[str, str]]()
    for each in published_ladder(look):
        rights = [(each.code, allowance_text(each.allowance)) for each in each.rights]
        rows = [
            (chosen("right", right.code), chosen("RightKind", right.kind.value), often, (code, often) not in below)
            for right, (code, often) in zip(each.rights, rights, strict=True)
        ]
        gift = chosen("gift_code", each.gift)
        shown.append(ShownTier(names.get(each.tier, each.tier), _conditions(each), gift, rows))
        below = frozenset(rights)
    return shown


def _ladder_page(look: Look, _ids: Ids) -> str:
    return render_template("ladder.html", ladder=shown_ladder(look))


def _conditions(rung: LadderTier) -> str:
    if not rung.conditions:
        return told("condition_none")
    texts = [condition_text(each.basis, each.at_least) for each in rung.conditions]
    return told("condition_or" if rung.combine is Combine.ANY_OF else "condition_and").join(texts)


def _draft(look: Look, ids: Ids) -> Draft:
    names = tier_names(look)
    return Draft(_title(look, ids), choices={"tier": tuple(names.items())})


def _rises(look: Look, ids: Ids) -> Draft:
    """Offer the tiers above the member's: a tier that is no rise changes nothing."""
    names = list(tier_names(look).items())
    now = tiers.outlook(look, ids["member"]).holding.tier
    place = next((place for place, (tier, _) in enumerate(names) if tier == now), -1)
    return Draft(_title(look, ids), choices={"tier": names[place + 1 :]})


def _plain(look: Look, ids: Ids) -> Draft:
    return Draft(_title(look, ids))


def _title(look: Look, ids: Ids) -> str:
    person = person_of(look, ids["member"])
    return f"{person.member_no} {person.name}"


def _has_tier(view: PointsView) -> bool:
    return view.tier is not None


def _may_rise(view: PointsView) -> bool:
    return view.tier is not None and view.tier.missing is not None


def _has_ceiling(view: PointsView) -> bool:
    return view.tier is not None and bool(view.tier.holding.ceiling)


def _has_none(view: PointsView) -> bool:
    return view.tier is not None and not view.tier.holding.ceiling


_THEN = "/points/{member}"
_GIVE = Permission.TIERS_GIVE

ACTIONS = (
    Action(
        "give_tier", "/points/{member}/tier", _GIVE, GiveTier, TierAnswer, give_tier,
        "Raise a member to a tier as a reward", about=KIND, then=_THEN, possible=_may_rise,
        act=OfficeAction.GIVE_TIER, drafts=_rises,
    ),
    Action(
        "buy_tier", "/points/{member}/bought-tier", _GIVE, BuyTier, TierAnswer, buy_tier,
        "Write down which tier is paid for until when", about=KIND, then=_THEN, possible=_has_tier,
        act=OfficeAction.GIVE_TIER, drafts=_draft,
    ),
    Action(
        "change_job", "/points/{member}/job-change", _GIVE, SayWhy, TierAnswer, change_job,
        "Lower a representative who left the post", about=KIND, then=_THEN, possible=_has_none, drafts=_plain,
    ),
    Action(
        "lift_ceiling", "/points/{member}/job-review", _GIVE, SayWhy, TierAnswer, lift_ceiling,
        "Let a member rise again after a new review", about=KIND, then=_THEN, possible=_has_ceiling,
        act=OfficeAction.GIVE_TIER, drafts=_plain,
    ),
)  # fmt: skip

ROUTES = (
    Route(
        "/ladder",
        "show_ladder",
        "The published tiers with their conditions and rights",
        NoQuery,
        LadderPage,
        Permission.RULES_READ,
        run=ladder,
    ),
)

PAGES = (Page("/ladder", "ladder", Permission.RULES_READ, _ladder_page, "nav_points", "ladder"),)
