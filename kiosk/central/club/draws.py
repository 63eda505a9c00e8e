"""Draws in the books: the prize of a reward whose redemptions are tickets, drawn once, and chosen by nobody (R92, S52).

A draw goes by a seed that was written down while tickets were still to be had.
"""

import secrets

import msgspec
from sqlalchemy import insert, select

from kiosk.central.club import gifts
from kiosk.central.club.books import Change, Look
from kiosk.central.club.draw_tables import reward_draw
from kiosk.central.club.points_tables import gift, redemption, reward
from kiosk.central.club.refused import RuleRefused
from kiosk.club import draws as rules_of_draws
from kiosk.club.draws import Ticket
from kiosk.club.rewards import RedemptionState
from kiosk.core.clock import format_utc
from kiosk.core.errors import InvalidInput

STILL_OFFERED = "still_offered"
DRAWN_ALREADY = "drawn_already"
NO_TICKETS = "no_tickets"
NO_SEED = "no_seed"
HAS_A_SEED = "has_a_seed"
NOT_OFFERED = "not_offered_any_more"
"""Why there is no draw. Wire format."""


class Drawn(msgspec.Struct, frozen=True):
    """What came of a draw: how many tickets there were, and the members who won, in the order drawn.

    `seed` is what the order follows from, by the list of tickets; empty where everybody wins.
    """

    reward: str
    tickets: int
    winners: tuple[str, ...]
    seed: str = ""


class Sealed(msgspec.Struct, frozen=True):
    """The digest of the seed that a reward will be drawn by."""

    reward: str
    digest: str


def held_tickets(look: Look, reward_id: str) -> list[Ticket]:
    """Return the tickets of a reward: its redemptions that were handed over."""
    mine = (redemption.c.reward == reward_id, redemption.c.state == RedemptionState.REDEEMED.value)
    query = select(redemption.c.member, redemption.c.quantity).where(*mine).order_by(redemption.c.id)
    return [Ticket(member, quantity) for member, quantity in look.connection.execute(query)]


def seal(change: Change, reward_id: str) -> Sealed:
    """Write down the seed that a reward will be drawn by, while it is still offered, and tell its digest alone.

    Raises RuleRefused. Chance is the operating system's.
    """
    what = f"reward {reward_id}"
    if not _is_offered(change, reward_id):
        raise RuleRefused(NOT_OFFERED, what=what, hint="Offer it again, so that the seed comes before the last ticket")
    if _seed_of(change, reward_id):
        raise RuleRefused(HAS_A_SEED, what=what)
    seed = secrets.token_hex(32)
    row = {"reward": reward_id, "seed": seed, "sealed_by": change.actor.id, "sealed_at": format_utc(change.now)}
    change.connection.execute(insert(reward_draw), row)
    sealed = Sealed(reward_id, rules_of_draws.digest_of(seed))
    change.note("reward.seal", "reward", reward_id, after=sealed)
    return sealed


def digest_told(look: Look, reward_id: str) -> str:
    """Return the digest of the seed that a reward is drawn by; empty where none was written down."""
    seed = _seed_of(look, reward_id)
    return rules_of_draws.digest_of(seed) if seed else ""


def draw(change: Change, reward_id: str, prize: str, count: int | None, why: str) -> Drawn:
    """Give the prize, a gift by its code, to so many of a reward's ticket holders, to all without a `count`.

    Once for a reward that is no longer offered, by the seed of `seal` where not everybody wins; raises RuleRefused.
    """
    what = f"reward {reward_id}"
    if _is_offered(change, reward_id):
        raise RuleRefused(
            STILL_OFFERED, what=what, hint="Take it out of the catalogue first, so that nobody is left out"
        )
    cause = f"draw.{reward_id}"
    if change.connection.execute(select(gift.c.id).where(gift.c.cause == cause)).first() is not None:
        raise RuleRefused(DRAWN_ALREADY, what=what)
    tickets = rules_of_draws.tickets_of(held_tickets(change, reward_id))
    if not tickets:
        raise RuleRefused(NO_TICKETS, what=what)
    seed = _seed_of(change, reward_id) if count is not None else ""
    if count is not None and not seed:
        raise RuleRefused(NO_SEED, what=what, hint="Offer it again and write the seed down first")
    found = rules_of_draws.winners(tickets, rules_of_draws.drawn_order(seed, len(tickets)), count)
    for member_id in sorted(found):
        gifts.give(change, member_id, prize, cause)
    drawn = Drawn(reward_id, len(tickets), found, seed)
    change.note("reward.draw", "reward", reward_id, after=drawn, why=why)
    return drawn


def _is_offered(change: Change, reward_id: str) -> bool:
    query = select(reward.c.offered).where(reward.c.id == reward_id).with_for_update()
    offered = change.connection.execute(query).scalar_one_or_none()
    if offered is None:
        raise InvalidInput(f"there is no reward {reward_id!r}")
    return bool(offered)


def _seed_of(look: Look, reward_id: str) -> str:
    query = select(reward_draw.c.seed).where(reward_draw.c.reward == reward_id)
    return look.connection.execute(query).scalar_one_or_none() or ""
