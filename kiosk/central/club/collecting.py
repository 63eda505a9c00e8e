"""From the approval to the card in the hand: only then is a membership valid (R07, R45, S27)."""

from datetime import date

from sqlalchemy import select

from kiosk.central.club.application_book import ApplicationView, application_of, open_points, take_step
from kiosk.central.club.books import Change, Look
from kiosk.central.club.composing import facts_of, is_guest, mandates_where
from kiosk.central.club.greeting import note_members
from kiosk.central.club.membership import collect
from kiosk.central.club.people_tables import application
from kiosk.central.club.refused import refuse
from kiosk.central.club.welcome import welcome
from kiosk.club.applications import ApplicationAction, ApplicationState, against_card
from kiosk.club.membership import MemberFacts
from kiosk.club.organisations import holds
from kiosk.club.standing import fee_passes_until


def check_card(look: Look, member_id: str) -> None:
    """Return where a card may be made for a member, and for the unit represented; raises RuleRefused (R07, R09, S06).

    Members who came with a list never applied, and nothing stands against theirs.
    """
    for view in _waiting(look, member_id):
        facts = facts_of(look, str(view.member))
        passes_until = fee_passes_until(facts, look.rules.membership)
        is_paid = passes_until is None or passes_until >= look.today
        if view.state is not ApplicationState.APPROVED:
            continue
        refusals = against_card(view.state, is_paid, open_points(look, view), look.rules.joining)
        if refusals:
            raise refuse(refusals[0], f"a card for {member_id}")


def card_made(change: Change, member_id: str) -> None:
    """Write down that a card waits for a member who was approved; raises RuleRefused as `check_card` does."""
    check_card(change, member_id)
    for view in _waiting(change, member_id):
        if view.state is ApplicationState.APPROVED:
            take_step(change, view.id, ApplicationAction.MAKE_CARD, "")


def collected(change: Change, member_id: str, on: date) -> None:
    """Write down that a member was handed a card: from now on the membership is valid, as is the unit's (R45, S27).

    A new member is welcomed (R18); a later card changes nothing but what the gates are told. Raises RuleRefused where
    no card could be made yet.
    """
    card_made(change, member_id)
    wanted = ""
    for view in _waiting(change, member_id):
        take_step(change, view.id, ApplicationAction.COLLECT, "")
        wanted = view.applicant.tier if view.member == member_id else wanted
    for unit in _units_of(change, member_id):
        collect(change, unit, on)
    if collect(change, member_id, on) and not is_guest(change, member_id):
        facts = facts_of(change, member_id)
        welcome(change, member_id, on, bought=_bought(change, wanted, facts), bought_until=facts.paid_until)
        note_members(change, [member_id])


def _bought(look: Look, wanted: str, facts: MemberFacts) -> str:
    """Return the tier that was bought with joining: none before the fee is paid, or that left the ladder (R152).

    Whom no fee is asked of has it without end.
    """
    is_paid = facts.paid_until is not None or not facts.owes_fees
    return wanted if is_paid and wanted in {rung.tier for rung in look.rules.tiers.ladder} else ""


def _waiting(look: Look, member_id: str) -> list[ApplicationView]:
    """Return the applications of a member, and of the unit represented, that wait for a card."""
    states = (ApplicationState.APPROVED.value, ApplicationState.CARD_MADE.value)
    whose = [member_id, *_units_of(look, member_id)]
    query = select(application.c.id).where(application.c.member.in_(whose), application.c.state.in_(states))
    ids = look.connection.execute(query.order_by(application.c.id)).scalars().all()
    return [application_of(look, each) for each in ids]


def _units_of(look: Look, member_id: str) -> list[str]:
    return [each.unit for each in mandates_where(look, "member", [member_id]) if holds(each, look.today)]
