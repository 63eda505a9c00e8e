"""The dates by which the gates know a membership, worked out from the facts whenever these change (S07)."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec
from sqlalchemy import delete, select

from kiosk.central.club.books import Change
from kiosk.central.club.composing import Composed, compose, dependents_of
from kiosk.central.club.people_tables import card_held_back
from kiosk.central.club.spells import IDS_PER_QUERY, lock_members, note_good_until, save_spell
from kiosk.central.database import insert_missing
from kiosk.central.members import CardRecord, MemberRecord, cards_by, members_by, save_cards, save_members
from kiosk.central.roster import in_steps
from kiosk.club.standing import Projection, projection
from kiosk.core.model import CredentialState


def project(change: Change, *ids: str) -> None:
    """Bring the gates' dates up to date for members and for all who rest on them, in this same change (S13).

    The cards of somebody who is not admitted yet wait, however they were handed over (R45).
    """
    everyone = dependents_of(change, ids)
    for step in in_steps(everyone, IDS_PER_QUERY):
        _project(change, step)


def _project(change: Change, ids: Sequence[str]) -> None:
    # Locked before anything is read: a unit and its representative may change at the same moment.
    lock_members(change, ids)
    composed = compose(change, ids)
    cards: dict[str, list[CardRecord]] = defaultdict(list)
    for card in cards_by(change.connection, "member", ids):
        cards[card.member or ""].append(card)
    held = _held_back(change, ids)
    people: list[MemberRecord] = []
    turned: list[CardRecord] = []
    for person in members_by(change.connection, "id", ids):
        each = composed[person.id]
        dates = projection(each.facts, change.rules.membership, change.today)
        people.append(_with_dates(person, dates))
        turned += _turned(change, cards[person.id], held, waits=dates.uncollected)
        _remember(change, each, dates)
        change.touch(person.id)
    save_members(change.connection, people)
    save_cards(change.connection, turned)


def _remember(change: Change, composed: Composed, dates: Projection) -> None:
    spell = composed.own if composed.own.number else save_spell(change, composed.own, composed.own.facts)
    last_days = [day for day in (dates.good_until, composed.holds_until) if day is not None]
    note_good_until(change, spell, min(last_days, default=None))


def _with_dates(person: MemberRecord, dates: Projection) -> MemberRecord:
    return msgspec.structs.replace(
        person,
        member_until=dates.member_until,
        suspended_from=dates.suspended_from,
        suspended_until=dates.suspended_until,
        paid_until=dates.paid_until,
    )


def _turned(change: Change, cards: Iterable[CardRecord], held: frozenset[str], *, waits: bool) -> list[CardRecord]:
    """Return the cards that begin to wait, or end it; a card that was lost or closed meanwhile stays as it is."""
    turned = []
    for card in cards:
        if waits and card.state is CredentialState.ACTIVE and not card.gift:
            insert_missing(change.connection, card_held_back, {"credential": card.id, "member": card.member})
            turned.append(msgspec.structs.replace(card, state=CredentialState.UNCOLLECTED))
        elif not waits and card.id in held:
            gone = delete(card_held_back).where(card_held_back.c.credential == card.id)
            change.connection.execute(gone)
            if card.state is CredentialState.UNCOLLECTED:
                turned.append(msgspec.structs.replace(card, state=CredentialState.ACTIVE))
    return turned


def _held_back(change: Change, ids: Sequence[str]) -> frozenset[str]:
    query = select(card_held_back.c.credential).where(card_held_back.c.member.in_(ids))
    return frozenset(change.connection.execute(query).scalars())
