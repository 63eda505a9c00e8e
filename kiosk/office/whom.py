"""Whom a wish or a page is about: members by number or card, staff by name."""

import re
import unicodedata
from collections import UserDict
from collections.abc import Iterable, Mapping

import msgspec

from kiosk.central.club.books import Look
from kiosk.central.club.card_book import cards_numbered
from kiosk.central.club.staff import accounts
from kiosk.central.members import CardRecord, MemberRecord, cards_by, members_by
from kiosk.core.errors import InvalidInput
from kiosk.office.page import Link
from kiosk.office.security import TOKEN_HOLDER
from kiosk.office.trail import actor_text

_NOT_IN_A_CARD_NUMBER = re.compile(r"[^0-9A-Za-z]")
_CHUNK = 500


class Done(msgspec.Struct, frozen=True):
    """Says of what thing it was done."""

    id: str


class _Actors(UserDict[str, str]):
    """Names of accounts; who else acts is named by what kind of actor it is."""

    def __missing__(self, actor: str) -> str:
        if text := actor_text(actor):
            return text
        raise KeyError(actor)

    def __contains__(self, actor: object) -> bool:
        return actor in self.data or (isinstance(actor, str) and bool(actor_text(actor)))


def member_named(look: Look, text: str) -> str:
    """Return the id of the member with a number, or with a card's; raises InvalidInput where there is none."""
    found = members_by(look.connection, "member_no", [text.strip()])
    if found:
        return found[0].id
    card = _card(look, text)
    if card is None or card.member is None:
        raise InvalidInput("there is no member of that number or card", hint="Search the member by name")
    return card.member


def card_named(look: Look, text: str) -> CardRecord:
    """Return the card with a number as it is printed or read; raises InvalidInput where there is none."""
    card = _card(look, text)
    if card is None:
        raise InvalidInput("there is no such card", hint="Tap it, or copy its number")
    return card


def person_of(look: Look, member_id: str) -> MemberRecord:
    """Return a member; raises InvalidInput where there is none."""
    found = members_by(look.connection, "id", [member_id])
    if not found:
        raise InvalidInput(f"there is no member {member_id[:16]!r}")
    return found[0]


def people(look: Look, ids: Iterable[str]) -> dict[str, Link]:
    """Return a cell with number and name for each of some members, by id."""
    wanted = sorted(set(ids))
    found = {}
    for start in range(0, len(wanted), _CHUNK):
        for each in members_by(look.connection, "id", wanted[start : start + _CHUNK]):
            found[each.id] = member_cell(each)
    return found


def member_cell(person: MemberRecord) -> Link:
    """Return number and name, leading to the member's page."""
    return Link(f"{person.member_no} {person.name}", f"/people/{person.id}")


def staff_by_id(look: Look) -> Mapping[str, str]:
    """Return the names of all who act, by id: of accounts, and in words of those who have none, as a job."""
    return _Actors({each.id: each.name for each in accounts(look)})


def id_asked(look: Look, text: str) -> str:
    """Return the id of the member whose number or card is looked for; any other text as it is."""
    try:
        return member_named(look, text) if text else ""
    except InvalidInput:
        return text


def actors(look: Look) -> list[tuple[str, str]]:
    """Return who of staff may be looked for in the audit trail, each with a name: the accounts, and the token."""
    known = [(each.id, f"{each.name} ({each.login})") for each in accounts(look)]
    return [*known, (TOKEN_HOLDER.id, actor_text(TOKEN_HOLDER.id))]


def cards_meant(look: Look, text: str) -> list[CardRecord]:
    """Return the cards of a number as it is read or printed, that are known to readers; two may share one."""
    read = cards_read(look, text)
    printed = [each.credential for each in cards_numbered(look, [text.strip()]) if each.credential]
    return list({each.id: each for each in (*read, *cards_by(look.connection, "id", printed))}.values())


def cards_read(look: Look, text: str) -> list[CardRecord]:
    """Return the cards of a number as it is read; a Chinese keyboard may make full forms of what a reader types."""
    identifier = _NOT_IN_A_CARD_NUMBER.sub("", unicodedata.normalize("NFKC", text)).upper()
    return cards_by(look.connection, "identifier", [identifier]) if identifier else []


def _card(look: Look, text: str) -> CardRecord | None:
    """Return the card of a number as it is read or printed; raises InvalidInput where that is two cards."""
    found = cards_meant(look, text)
    if len(found) > 1:
        raise InvalidInput("two cards have that number", hint="Tap the card, or search the member by name")
    return next(iter(found), None)
