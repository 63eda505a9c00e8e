"""Redemption: the catalogue, and each redemption from its reservation to the hand-over or the points' way back.

Points leave when a reward is reserved. A tier never looks at what was spent, so redemption lowers none (R78).
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, func, insert, select, update

from kiosk.central.club import earners, gifts, nightly, points
from kiosk.central.club.books import Books, Change, Look
from kiosk.central.club.jobs import Step
from kiosk.central.club.points_tables import redemption, reward
from kiosk.central.club.refused import refuse
from kiosk.central.club.spells import lock_member
from kiosk.central.database import upsert
from kiosk.central.rows import as_struct
from kiosk.club import rewards as rules_of_rewards
from kiosk.club.refusal import Refusal
from kiosk.club.rewards import REDEMPTION, RedemptionAction, RedemptionState, Reward, Wish
from kiosk.core.clock import format_utc
from kiosk.core.codec import canonical
from kiosk.core.errors import InvalidInput

JOB = "redemptions"
NAME_CHARACTERS_MAX = 100
PAGE_MAX = 500

_STANDING = (RedemptionState.RESERVED.value, RedemptionState.REDEEMED.value)


class Offer(msgspec.Struct, frozen=True):
    """A reward with its name, whether it is offered, and how many of it are taken."""

    reward: Reward
    name: str
    offered: bool
    taken: int = 0


class Redemption(msgspec.Struct, frozen=True):
    """One redemption at the price of its reservation; `amount_minor` is the money that goes with it."""

    id: str
    reward: str
    member: str
    quantity: int
    points: int
    amount_minor: int
    state: RedemptionState
    reserved_until: str
    reserved_at: str


def save_reward(change: Change, item: Reward, name: str = "", *, offered: bool = True) -> None:
    """Write a reward into the catalogue, or what changed of it; reservations keep their price."""
    before = _offer_or_none(change, item.id)
    row = {"id": item.id, "body": canonical(item).decode(), "name": name[:NAME_CHARACTERS_MAX], "offered": offered}
    upsert(change.connection, reward, row | {"changed_at": format_utc(change.now)})
    after = Offer(item, name, offered, before.taken if before else 0)
    change.note("reward.save", "reward", item.id, before=before, after=after)


def catalogue(look: Look, *, offered_only: bool = False) -> list[Offer]:
    """Return the catalogue, by id (S48)."""
    query = select(reward.c.id).order_by(reward.c.id)
    ids = look.connection.execute(query.where(reward.c.offered) if offered_only else query).scalars()
    return [offer for each in ids if (offer := _offer_or_none(look, each)) is not None]


def reserve(
    change: Change, member_id: str, reward_id: str, redemption_id: str, *, quantity: int = 1, card_redeems: bool = True
) -> Redemption:
    """Take a reward's points and keep the reward; the same id again changes nothing. Raises RuleRefused (S48, R91, L7).

    The reward is locked: of two who want the last one, one gets it.
    """
    change.connection.execute(select(reward.c.id).where(reward.c.id == reward_id).with_for_update())
    lock_member(change, member_id)
    if (known := _one_or_none(change, redemption_id)) is not None:
        return _same(known, member_id, reward_id, quantity)
    offer = _offer(change, reward_id)
    if not offer.offered:
        raise InvalidInput(f"reward {reward_id} is not offered any more")
    wish = Wish(
        tier=earners.tier_of(change, member_id),
        available_points=points.balance(change, member_id).available,
        quantity=quantity,
        valid=earners.is_valid(change, member_id, change.today),
        card_redeems=card_redeems,
        taken=offer.taken,
        had=_taken(change, reward_id, member_id),
    )
    rules = change.rules
    price = rules_of_rewards.redeem(offer.reward, wish, rules.rewards, rules.tiers, change.now, change.today)
    if isinstance(price, Refusal):
        raise refuse(price, f"reward {reward_id} for member {member_id}")
    points.spend(change, member_id, price.points, redemption_id)
    until, at = format_utc(price.reserved_until), format_utc(change.now)
    state = RedemptionState.RESERVED
    made = Redemption(redemption_id, reward_id, member_id, quantity, price.points, price.amount_minor, state, until, at)
    change.connection.execute(insert(redemption), msgspec.to_builtins(made) | {"changed_at": at})
    change.note("redemption.reserve", "redemption", redemption_id, after=made)
    return made


def hand_over(change: Change, redemption_id: str) -> Redemption:
    """Give what was reserved: with it comes the coupon or entitlement that the reward names.

    Raises StepRefused, and InvalidInput where the reservation is over.
    """
    found = _locked(change, redemption_id)
    if found.state is RedemptionState.RESERVED and _has_lapsed(found, change.now):
        raise InvalidInput(
            f"redemption {redemption_id} was reserved until {found.reserved_until}",
            hint="Let it lapse and reserve anew",
        )
    made = _step(change, found, RedemptionAction.HAND_OVER)
    if code := _offer(change, found.reward).reward.gives:
        for number in range(1, found.quantity + 1):
            gifts.give(change, found.member, code, f"{_cause(redemption_id)}.{number}")
    return made


def cancel(change: Change, redemption_id: str, reason: str = "") -> Redemption:
    """Give a reservation up; the points go back."""
    return _return(change, _locked(change, redemption_id), RedemptionAction.CANCEL, reason)


def take_back(change: Change, redemption_id: str, reason: str) -> Redemption:
    """Undo a redemption that was handed over, with what came of it; raises StepRefused for a coupon that was used."""
    found = _locked(change, redemption_id)
    made = _return(change, found, RedemptionAction.TAKE_BACK, reason)
    for number in range(1, found.quantity + 1):
        for each in gifts.gifts_for(change, found.member, f"{_cause(redemption_id)}.{number}"):
            gifts.withdraw(change, each.id, reason)
    return made


def redemption_of(look: Look, redemption_id: str) -> Redemption:
    """Return a redemption; raises InvalidInput where there is none."""
    found = _one_or_none(look, redemption_id)
    if found is None:
        raise InvalidInput(f"there is no redemption {redemption_id!r}")
    return found


def redemptions_of(look: Look, member_id: str) -> list[Redemption]:
    """Return a member's redemptions, newest first; 500 at most (S53)."""
    order = (redemption.c.reserved_at.desc(), redemption.c.id)
    return _redemptions(look, redemption.c.member == member_id, order=order)


def waiting(look: Look) -> list[Redemption]:
    """Return reservations that wait for their hand-over, the oldest first; 500 at most."""
    order = (redemption.c.reserved_at, redemption.c.id)
    return _redemptions(look, redemption.c.state == RedemptionState.RESERVED.value, order=order)


def run(books: Books, day: date, place: str) -> Step:
    """Let reservations lapse that waited too long; their points go back (S48, L7)."""
    with books.look() as look:
        now = format_utc(look.now)
    lapsed = (redemption.c.state == RedemptionState.RESERVED.value, redemption.c.reserved_until <= now)

    def work(change: Change, ids: Sequence[str]) -> None:
        for each in ids:
            _return(change, _locked(change, each), RedemptionAction.LAPSE, "waited too long")

    return nightly.step(books, JOB, day, place, select(redemption.c.id).where(*lapsed), work)


def _same(known: Redemption, member_id: str, reward_id: str, quantity: int) -> Redemption:
    if (known.member, known.reward, known.quantity) != (member_id, reward_id, quantity):
        raise InvalidInput(f"redemption {known.id} is of something else", hint="Make a new id for every redemption")
    return known


def _return(change: Change, found: Redemption, action: RedemptionAction, why: str) -> Redemption:
    made = _step(change, found, action, why)
    points.give_back(change, found.id, why)
    return made


def _step(change: Change, found: Redemption, action: RedemptionAction, why: str = "") -> Redemption:
    state = REDEMPTION.after(found.state, action)
    row = {"state": state.value, "changed_at": format_utc(change.now)}
    change.connection.execute(update(redemption).where(redemption.c.id == found.id).values(**row))
    after = msgspec.structs.replace(found, state=state)
    change.note(f"redemption.{action}", "redemption", found.id, before=found, after=after, why=why)
    return after


def _has_lapsed(found: Redemption, now: datetime) -> bool:
    return rules_of_rewards.has_lapsed(datetime.fromisoformat(found.reserved_until), now)


def _cause(redemption_id: str) -> str:
    return f"redemption.{redemption_id}"


def _locked(change: Change, redemption_id: str) -> Redemption:
    found = redemption_of(change, redemption_id)
    # The member first, as everywhere: whoever holds the member may change what is the member's.
    lock_member(change, found.member)
    change.connection.execute(select(redemption.c.id).where(redemption.c.id == redemption_id).with_for_update())
    return _one_or_none(change, redemption_id) or found


def _one_or_none(look: Look, redemption_id: str) -> Redemption | None:
    found = _redemptions(look, redemption.c.id == redemption_id)
    return found[0] if found else None


def _redemptions(look: Look, *where: ColumnElement[bool], order: Sequence[ColumnElement[Any]] = ()) -> list[Redemption]:
    query = select(*(redemption.c[name] for name in Redemption.__struct_fields__)).where(*where)
    rows = look.connection.execute(query.order_by(*order).limit(PAGE_MAX)).mappings()
    return [as_struct(row, Redemption) for row in rows]


def _taken(look: Look, reward_id: str, member_id: str = "") -> int:
    query = select(func.coalesce(func.sum(redemption.c.quantity), 0))
    query = query.where(redemption.c.reward == reward_id, redemption.c.state.in_(_STANDING))
    if member_id:
        query = query.where(redemption.c.member == member_id)
    return int(look.connection.execute(query).scalar_one())


def _offer(look: Look, reward_id: str) -> Offer:
    offer = _offer_or_none(look, reward_id)
    if offer is None:
        raise InvalidInput(f"there is no reward {reward_id!r}")
    return offer


def _offer_or_none(look: Look, reward_id: str) -> Offer | None:
    row = look.connection.execute(select(reward).where(reward.c.id == reward_id)).mappings().one_or_none()
    if row is None:
        return None
    item = msgspec.json.decode(row["body"], type=Reward)
    return Offer(item, row["name"], row["offered"], _taken(look, reward_id))
