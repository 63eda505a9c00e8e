"""The catalogue of rewards in the office: what points buy, with prices, stock and limits (S48, R91, R92)."""

from datetime import date
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.central.club import draws, rewards
from kiosk.central.club.books import Change, Look
from kiosk.central.club.point_entries import new_id
from kiosk.central.club.rewards import NAME_CHARACTERS_MAX, Offer
from kiosk.club.rewards import Reward, RewardKind, SpecialPrice, points_of
from kiosk.club.roles import Permission
from kiosk.club.tiers import rank_of
from kiosk.core.errors import InvalidInput
from kiosk.office.actions import Action, Draft, Ids
from kiosk.office.amounts import shown
from kiosk.office.listing import Listing
from kiosk.office.page import Fact, Link, Page, Thing, Word, show_thing
from kiosk.office.routes import NoQuery, Route
from kiosk.office.saying import tier_names, told

KIND, LIST = "reward", "rewards"

Name = Annotated[str, Meta(min_length=1, max_length=NAME_CHARACTERS_MAX)]
Whole = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Positive = Annotated[int, Meta(ge=1, le=2**31 - 1)]
Short = Annotated[str, Meta(max_length=32)]


class SaveReward(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A reward as it shall be. A special price needs its first and last day; `stock` None = without limit."""

    name: Name
    kind: RewardKind
    points: Positive
    amount_minor: Whole = 0
    stock: Whole | None = None
    per_member_max: Positive | None = None
    tier: Short = ""
    first: date | None = None
    last: date | None = None
    special_points: Positive | None = None
    special_first: date | None = None
    special_last: date | None = None
    gives: Short = ""
    offered: bool = True


class RewardPage(msgspec.Struct, frozen=True):
    """The catalogue by id; `next` is null, as it comes at once."""

    items: tuple[Offer, ...]
    next: str | None


def list_rewards(look: Look, _query: NoQuery, _ids: Ids) -> RewardPage:
    """Return the catalogue."""
    return RewardPage(tuple(rewards.catalogue(look)), None)


def show_reward(look: Look, _query: NoQuery, ids: Ids) -> Offer:
    """Return one reward; raises InvalidInput where there is none."""
    return _offer(look, ids["reward"])


def add_reward(change: Change, wish: SaveReward, _ids: Ids) -> Reward:
    """Put a reward into the catalogue."""
    return _save(change, new_id(), wish)


def save_reward(change: Change, wish: SaveReward, ids: Ids) -> Reward:
    """Change a reward of the catalogue; reservations keep their price."""
    return _save(change, _offer(change, ids["reward"]).reward.id, wish)


def _save(change: Change, id: str, wish: SaveReward) -> Reward:
    if wish.tier:
        rank_of(wish.tier, change.rules.tiers)
    for first, last in ((wish.first, wish.last), (wish.special_first, wish.special_last)):
        if first and last and last < first:
            raise InvalidInput(f"{last} is before {first}")
    item = Reward(
        id=id,
        kind=wish.kind,
        points=wish.points,
        amount_minor=wish.amount_minor,
        stock=wish.stock,
        per_member_max=wish.per_member_max,
        tier=wish.tier,
        first=wish.first,
        last=wish.last,
        special=_special(wish),
        gives=wish.gives,
    )
    rewards.save_reward(change, item, wish.name, offered=wish.offered)
    return item


def _special(wish: SaveReward) -> SpecialPrice | None:
    said = (wish.special_points, wish.special_first, wish.special_last)
    if said == (None, None, None):
        return None
    if wish.special_points is None or wish.special_first is None or wish.special_last is None:
        raise InvalidInput("a special price needs its points and both days")
    return SpecialPrice(wish.special_points, wish.special_first, wish.special_last)


def _offer(look: Look, reward_id: str) -> Offer:
    for each in rewards.catalogue(look):
        if each.reward.id == reward_id:
            return each
    raise InvalidInput(f"there is no reward {reward_id[:32]!r}")


def _list_page(look: Look, _ids: Ids) -> Listing:
    rows = []
    for each in rewards.catalogue(look):
        item = each.reward
        rows.append(
            (
                Link(each.name or item.id, f"/rewards/{item.id}"),
                Word("RewardKind", item.kind.value),
                points_of(item, look.today),
                shown(item.amount_minor),
                _left(each),
                each.offered,
            )
        )
    columns = ("reward", "reward_kind", "reward_points", "reward_money", "reward_left", "reward_offered")
    return Listing(LIST, "rewards", "rewards_hint", columns, rows, "no_rewards", "no_rewards_hint")


def _left(offer: Offer) -> int | str:
    stock = offer.reward.stock
    return told("times_unlimited") if stock is None else max(stock - offer.taken, 0)


def _page(look: Look, ids: Ids) -> str:
    found = _offer(look, ids["reward"])
    item = found.reward
    facts = (
        Fact("reward_kind", Word("RewardKind", item.kind.value)),
        Fact("reward_points", item.points),
        Fact("reward_money", shown(item.amount_minor)),
        Fact("reward_special", _special_text(item)),
        Fact("reward_left", _left(found)),
        Fact("reward_taken", found.taken),
        Fact("reward_per_member", item.per_member_max or told("times_unlimited")),
        Fact("reward_tier", tier_names(look).get(item.tier, item.tier)),
        Fact("reward_first", item.first),
        Fact("reward_last", item.last),
        Fact("reward_gives", item.gives),
        Fact("draw_digest", draws.digest_told(look, item.id)),
    )
    thing = Thing(
        KIND,
        item.id,
        found.name or item.id,
        ids,
        facts,
        view=found,
        state="is_offered" if found.offered else "not_offered",
        badge="ok" if found.offered else "",
        up="/rewards",
        up_label="rewards",
    )
    return show_thing(look, thing)


def _special_text(item: Reward) -> str:
    special = item.special
    if special is None:
        return ""
    return told("reward_special_text", n=special.points, first=special.first, last=special.last)


def _add_draft(look: Look, _ids: Ids) -> Draft:
    return Draft(values={"offered": True}, choices={"tier": tuple(tier_names(look).items())})


def _save_draft(look: Look, ids: Ids) -> Draft:
    found = _offer(look, ids["reward"])
    item = found.reward
    values = {name: getattr(item, name) for name in Reward.__struct_fields__ if name not in ("id", "special")}
    values |= {"name": found.name, "offered": found.offered}
    if item.special is not None:
        special = item.special
        values |= {"special_points": special.points, "special_first": special.first, "special_last": special.last}
    return Draft(found.name or item.id, values, {"tier": tuple(tier_names(look).items())})


_WRITE = Permission.OFFERS_WRITE

ACTIONS = (
    Action(
        "add_reward", "/rewards", _WRITE, SaveReward, Reward, add_reward,
        "Put a reward into the catalogue", about=LIST, then="/rewards/{id}", drafts=_add_draft,
    ),
    Action(
        "save_reward", "/rewards/{reward}", _WRITE, SaveReward, Reward, save_reward,
        "Change a reward of the catalogue", about=KIND, then="/rewards/{reward}", drafts=_save_draft,
    ),
)  # fmt: skip

ROUTES = (
    Route(
        "/rewards", "list_rewards", "The catalogue of rewards", NoQuery, RewardPage, Permission.RULES_READ,
        run=list_rewards,
    ),
    Route("/rewards/{reward}", "show_reward", "One reward", NoQuery, Offer, Permission.RULES_READ, run=show_reward),
)  # fmt: skip

PAGES = (
    Page("/rewards", "rewards", Permission.RULES_READ, _list_page, "nav_points", "rewards", about=LIST),
    Page("/rewards/{reward}", "reward", Permission.RULES_READ, _page, "nav_points", under="rewards", about=KIND),
)
