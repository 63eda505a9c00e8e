"""The facts of members who came with a list: read off the dates that the list gave the gates."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from kiosk.central.club.books import Look
from kiosk.central.members import CardRecord, EntitlementRecord, MemberRecord, cards_by, entitlements_of, members_by
from kiosk.club.membership import MemberFacts, StopReason, Suspension, Withdrawal
from kiosk.core.model import CredentialState


def facts_from_lists(look: Look, ids: Sequence[str]) -> dict[str, MemberFacts]:
    """Read facts off what a list said: the roster dates of the member, and its cards and entitlements."""
    if not ids:
        return {}
    cards: dict[str, list[CardRecord]] = defaultdict(list)
    for card in cards_by(look.connection, "member", ids):
        cards[card.member or ""].append(card)
    held: dict[str, list[EntitlementRecord]] = defaultdict(list)
    for each in entitlements_of(look.connection, ids):
        held[each.member].append(each)
    people = members_by(look.connection, "id", ids)
    return {each.id: listed_facts(each, cards[each.id], held[each.id], look.today) for each in people}


def listed_facts(
    person: MemberRecord, cards: Sequence[CardRecord], held: Sequence[EntitlementRecord], today: date
) -> MemberFacts:
    """Return the facts that the dates of a list stand for.

    The first known day is the approval; any card that is not waiting was collected; without a last paid day no fee is
    owed; a last day of membership is an agreed withdrawal, which can be taken back while it is to come.
    """
    days = [*(card.valid_from for card in cards), *(each.valid_from for each in held)]
    days += [person.paid_until, person.member_until, person.suspended_from, today]
    approved_on = min(day for day in days if day is not None)
    collected = any(card.state is not CredentialState.UNCOLLECTED for card in cards)
    stops: tuple[Suspension, ...] = ()
    if person.suspended_from is not None:
        stops = (Suspension(person.suspended_from, StopReason.DATA, person.suspended_until),)
    asked: tuple[Withdrawal, ...] = ()
    if person.member_until is not None:
        agreed_on = min(today, person.member_until)
        asked = (Withdrawal(agreed_on, person.member_until, agreed_on),)
    return MemberFacts(
        approved_on=approved_on,
        collected_on=approved_on if collected else None,
        owes_fees=person.paid_until is not None,
        paid_until=person.paid_until,
        suspensions=stops,
        withdrawals=asked,
    )
