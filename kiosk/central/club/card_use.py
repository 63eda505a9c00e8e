"""What was used of a member's rights goes along when another card comes in the place of one (R80, §4 L2).

Gates count by card. Without this a card that is reported lost would bring ten new visits of a pack of ten.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection, select, update

from kiosk.central.club.books import Change, Look
from kiosk.central.club.card_book import Kept
from kiosk.central.club.card_tables import card, card_hand_over, card_replacement
from kiosk.central.club.tables import audit
from kiosk.central.database import upsert_many
from kiosk.central.journals import lock_counter
from kiosk.central.passages import Passage
from kiosk.central.tables import used, visit
from kiosk.central.usage import VERSION, next_version
from kiosk.club.cards import CardAction
from kiosk.core.clock import parse_utc
from kiosk.core.visits import Usage

_LOST, _FOUND = (f"card.{each}" for each in (CardAction.REPORT_LOST, CardAction.REPORT_FOUND))


def take_over_use(change: Change, old: Kept, new: Kept) -> int:
    """Give a card the visits and counts of the one that it replaces, at all sites; return how many rows it were.

    Where somebody stands is a matter of the card that went in, and stays with it. What a gate without a line has seen
    of the old card and tells later is counted on the new one (`for_members`).
    """
    if old.credential is None or new.credential is None:
        return 0
    # The projection counts under this lock too: a visit is counted before this, or with the old card.
    lock_counter(change.connection, VERSION)
    mine = (used.c.credential == old.credential, used.c.entitlement != "")
    held = change.connection.execute(select(used).where(*mine)).mappings().all()
    if not held:
        return 0
    version = next_version(change.connection, change.now)
    nowhere = {"credential": new.credential, "area": None, "area_at_ms": 0, "version": version}
    upsert_many(change.connection, used, [{**row, **nowhere} for row in held])
    names = {row["entitlement"] for row in held}
    moved = update(visit).where(visit.c.credential == old.credential, visit.c.entitlement.in_(names))
    change.connection.execute(moved.values(credential=new.credential))
    spent = {row["entitlement"]: msgspec.json.decode(row["counts"], type=Usage).total for row in held}
    after = {"of": old.card.number, "visits": spent}
    change.note("card.take_over_use", "card", new.card.number, after=after)
    return len(held)


def for_members(connection: Connection, passages: Sequence[Passage]) -> list[Passage]:
    """Return passages with the card on which each counts: the one that was handed over in the place of that one.

    A gate without a line may tell of a lost card when its member long has another (R80).
    """
    after = _successors(connection, {each.credential for each in passages if each.entitlement is not None})
    found = []
    for each in passages:
        last = each.credential
        while last in after:
            last = after[last]
        found.append(msgspec.structs.replace(each, successor=last) if last != each.credential else each)
    return found


def lost_since(look: Look, credentials: Collection[str]) -> dict[str, datetime]:
    """Return since when those of some cards are reported lost that were not found again."""
    said = (audit.c.thing == "card") & (audit.c.thing_id == card.c.number) & audit.c.action.in_((_LOST, _FOUND))
    query = select(card.c.credential, audit.c.action, audit.c.at).join(audit, said)
    rows = look.connection.execute(query.where(card.c.credential.in_(credentials)).order_by(audit.c.n))
    last = {credential: (action, at) for credential, action, at in rows}
    return {credential: parse_utc(at) for credential, (action, at) in last.items() if action == _LOST}


def _successors(connection: Connection, credentials: Collection[str]) -> dict[str, str]:
    """Return the next card in hand of each, and of those, to the last."""
    old, new = card.alias("old"), card.alias("new")
    query = (
        select(old.c.credential, new.c.credential)
        .select_from(card_replacement)
        .join(old, old.c.number == card_replacement.c.old)
        .join(new, new.c.number == card_replacement.c.new)
        .join(card_hand_over, card_hand_over.c.number == card_replacement.c.new)
    )
    found: dict[str, str] = {}
    while credentials:
        rows = connection.execute(query.where(old.c.credential.in_(credentials))).all()
        fresh = {before: after for before, after in rows if after is not None}
        found |= fresh
        credentials = {*fresh.values()} - found.keys()
    return found
