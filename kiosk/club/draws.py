"""Lottery and guessing for points: tickets are redemptions of a reward, and who wins follows from a seed (R92, S52).

The digest of the seed is told while tickets are still to be had, and the seed with the draw: so whoever has the list of
tickets can reckon the winners again, and nobody could choose them. A guess is a reward of its own for each answer; the
right one is drawn with every ticket winning.
"""

import hashlib
from collections.abc import Sequence

import msgspec


class Ticket(msgspec.Struct, frozen=True):
    """Tickets that a member got for points at one time."""

    member: str
    quantity: int = 1


def tickets_of(held: Sequence[Ticket]) -> tuple[str, ...]:
    """Return the member of each single ticket: who has more of them has more chances."""
    return tuple(each.member for each in held for _ in range(each.quantity))


def digest_of(seed: str) -> str:
    """Return what may be told of a seed before the draw: its SHA-256 in hex."""
    return hashlib.sha256(seed.encode()).hexdigest()


def drawn_order(seed: str, count: int) -> tuple[int, ...]:
    """Return the places of so many tickets in the order drawn: by the SHA-256 of `seed.place`, places from 0."""
    return tuple(sorted(range(count), key=lambda place: hashlib.sha256(f"{seed}.{place}".encode()).digest()))


def winners(tickets: Sequence[str], order: Sequence[int], count: int | None) -> tuple[str, ...]:
    """Return the members who win, each once, in the drawn order of the tickets; no `count` = all who have one."""
    drawn = dict.fromkeys(tickets[place] for place in order)
    return tuple(drawn)[:count]
