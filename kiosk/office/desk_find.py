"""Who is meant by what was typed at the desk or by its reader: a number of any kind, or a name."""

import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from kiosk.central.club.books import Look
from kiosk.central.club.card_book import card_by_credential, cards_numbered
from kiosk.central.club.file_reading import search
from kiosk.central.members import MemberRecord, members_by
from kiosk.office.whom import cards_meant

LISTED_MAX = 20


class Hits(NamedTuple):
    """Members who may be meant, `more` where some are left out; else the card of nobody that was tapped."""

    members: Sequence[MemberRecord] = ()
    more: bool = False
    nobodys: bool = False
    card: str = ""


def find(look: Look, typed: str) -> Hits:
    """Return who is meant: a whole number goes before the beginning of one, and before names.

    A Chinese keyboard may send the full forms of digits and letters, which mean the same.
    """
    text = unicodedata.normalize("NFKC", typed).strip()
    if not text:
        return Hits()
    cards, kept = cards_meant(look, text), cards_numbered(look, [text])
    exact = {each.id for each in members_by(look.connection, "member_no", [text])}
    exact |= {each.member for each in cards if each.member}
    exact |= {each.card.member for each in kept if each.card.member}
    if exact:
        return Hits(_by_number(look, exact))
    if cards or kept:
        known = kept or [one for each in cards if (one := card_by_credential(look, each.id))]
        return Hits(nobodys=True, card=known[0].card.number if known else "")
    found = [each.member for each in search(look, text, limit=LISTED_MAX + 1)]
    return Hits(_by_number(look, set(found[:LISTED_MAX])), more=len(found) > LISTED_MAX)


def _by_number(look: Look, ids: set[str]) -> Sequence[MemberRecord]:
    return sorted(members_by(look.connection, "id", sorted(ids)), key=lambda each: each.member_no)
