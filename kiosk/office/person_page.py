"""A member's page: standing and why, the file, the spell of membership, ties to others, cards and entitlements."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import msgspec

from kiosk.central.care.segments import segments_of
from kiosk.central.club.audits import AuditFilter, audit_page
from kiosk.central.club.books import Look
from kiosk.central.club.card_book import cards_of
from kiosk.central.club.guest_book import importance_of
from kiosk.club.membership import MemberFacts, MemberState
from kiosk.club.roles import Permission
from kiosk.office import words
from kiosk.office.care_fitting import fitting_table
from kiosk.office.care_member import class_facts
from kiosk.office.club_clearances import clearance_table
from kiosk.office.club_people_acts import KIND
from kiosk.office.club_points_page import next_tier_facts
from kiosk.office.listing import may, word
from kiosk.office.page import Fact, Link, Table, Thing, names_in, show_thing
from kiosk.office.person_ties import ties
from kiosk.office.person_view import PersonView
from kiosk.office.saying import tier_names, told
from kiosk.office.trail import who_did
from kiosk.office.whom import people, staff_by_id

FILE_CHANGES_SHOWN = 10

BADGES = {
    MemberState.VALID: "ok",
    MemberState.DEFERRED: "attention",
    MemberState.ARREARS: "attention",
    MemberState.SUSPENDED: "attention",
    MemberState.TITLE_KEPT: "attention",
    MemberState.WITHDRAWAL_PENDING: "attention",
    MemberState.APPLICANT: "quiet",
    MemberState.UNCOLLECTED: "quiet",
}
"""The colours of a state; one who is no member any more has none."""


def show_person_page(look: Look, view: PersonView) -> str:
    """Show one member, from wherever the page was asked for."""
    person = view.member
    thing = Thing(
        KIND,
        person.id,
        f"{person.name} {person.member_no}",
        {"member": person.id, "member_no": person.member_no},
        [*_standing_facts(look, view), *_spell_facts(view), *_file_facts(look, view)],
        view=view,
        state=f"membership_{view.standing.state}",
        badge=BADGES.get(view.standing.state, ""),
        up="/members",
        up_label="members",
        tables=(
            _cards(look, view),
            _entitlements(view),
            *clearance_table(look, person.id),
            *fitting_table(look, person.id),
            _history(view.facts),
            *ties(look, view),
            _consents(view),
            _papers(view),
            _file_trail(look, view),
        ),
        first=_first(look, view),
    )
    return show_thing(look, thing)


def _first(look: Look, view: PersonView) -> list[Fact]:
    """Return what the desk asks first: why the standing is what it is, until when, tier, fees, telephone."""
    now, person = view.standing, view.member
    return [
        Fact("standing_why", word(now.reason)),
        Fact("standing_until", now.until),
        Fact("tier", tier_names(look).get(person.tier, person.tier)),
        Fact("paid_until", view.facts.paid_until),
        Fact("phone", view.file.phone),
        *_class(look, view),
    ]


def _class(look: Look, view: PersonView) -> list[Fact]:
    """Return the class by what the streams say, with A, B or C and the value, for those who care (S65, S66, S83)."""
    found = segments_of(look, [view.member.id]).get(view.member.id) if may(Permission.CARE_READ) else None
    return class_facts(found) if found else []


def _standing_facts(look: Look, view: PersonView) -> list[Fact]:
    now, person = view.standing, view.member
    facts: list[Fact] = []
    if view.tier is not None:
        facts += next_tier_facts(look, view.tier.missing)
    if now.inherited:
        facts.append(Fact("standing_inherited", True))
    if person.guest_of:
        facts.append(Fact("host", people(look, [person.guest_of]).get(person.guest_of)))
    return facts


def _spell_facts(view: PersonView) -> list[Fact]:
    facts = view.facts
    found = [
        Fact("approved_on", facts.approved_on),
        Fact("collected_on", facts.collected_on),
        Fact("owes_fees", facts.owes_fees),
        Fact("deferred_until", facts.deferred_until),
        Fact("member_until", view.member.member_until),
    ]
    if facts.fees_inherited:
        found.append(Fact("fees_inherited", True))
    if view.earlier_spells:
        found.append(Fact("earlier_spells", view.earlier_spells))
    if view.application:
        found.append(Fact("application", Link(view.application, f"/applications/{view.application}")))
    return found


def _file_facts(look: Look, view: PersonView) -> list[Fact]:
    file = view.file
    facts = [
        Fact("file_kind", word(file.kind)),
        Fact("email", file.email),
        Fact("employer", " ".join(part for part in (file.employer, file.post) if part)),
        Fact("home_site", file.home_site),
        Fact("owner_staff", staff_by_id(look).get(file.owner_staff, file.owner_staff)),
        Fact("file_percent", f"{view.completeness.percent} %"),
        Fact("file_missing", [word(each) for each in view.completeness.missing]),
        Fact("confirmation", word(view.confirmation.state)),
        Fact("confirmed_on", file.confirmed_on),
        Fact("unreachable", view.reach.unreachable),
    ]
    facts += _photo_facts(view)
    marks = importance_of(file)
    if any(msgspec.structs.astuple(marks)):
        facts.append(Fact("guest_importance", f"{marks.attention} / {marks.participation} / {marks.support}"))
    if file.referred_by:
        facts.append(Fact("referred_by", people(look, [file.referred_by]).get(file.referred_by)))
    if file.keep_until:
        facts.append(Fact("keep_until", file.keep_until))
    if file.purged_on:
        facts.append(Fact("purged_on", file.purged_on))
    return facts


def _photo_facts(view: PersonView) -> list[Fact]:
    """Return the way to the picture, and to the form for another one for those who may change files."""
    place = f"/people/{view.member.id}/photo"
    links = [Link(told("show"), place)] if view.has_photo else []
    if may(Permission.MEMBERS_WRITE):
        links.append(Link(told("photo_put"), f"{place}/new"))
    return [Fact("photo", links)] if links else []


def _cards(look: Look, view: PersonView) -> Table:
    """Return the cards that the gates know, then those of the book that no reader knows yet."""
    book = {each.credential: each.card for each in cards_of(look, view.member.id) if each.credential}
    fresh = [each.card for each in cards_of(look, view.member.id) if each.credential is None]
    rows: list[tuple[Any, ...]] = []
    for each in view.cards:
        number, kept = f"…{each.identifier[-4:]}", book.get(each.credential)
        shown = Link(f"{kept.number} ({number})", f"/cards/{quote(kept.number)}") if kept else number
        state, end = told(f"card_{each.state.value}"), each.valid_until or told("without_end")
        rows.append((shown, state, each.valid_from, end))
    for other in fresh:
        link = Link(other.number, f"/cards/{quote(other.number)}")
        rows.append((link, word(other.state), other.valid_from, other.valid_until))
    return Table("cards", ("card", "state", "valid_from", "valid_until"), rows, empty="no_cards")


def _entitlements(view: PersonView) -> Table:
    rows = [
        (
            each.product,
            each.valid_from,
            each.valid_until or told("without_end"),
            told("not_paid" if each.unpaid else "yes"),
        )
        for each in view.entitlements
    ]
    return Table("entitlements", ("product", "valid_from", "valid_until", "paid"), rows, empty="no_entitlements")


def _history(facts: MemberFacts) -> Table:
    rows = sorted(_events(facts), key=lambda row: str(row[0]), reverse=True)
    return Table("befallen", ("since", "what_befell", "until", "reason", "from_another"), rows, empty="nothing_befell")


def _events(facts: MemberFacts) -> Iterator[tuple[Any, ...]]:
    for stop in facts.suspensions:
        yield stop.since, told("befell_suspension"), stop.until, word(stop.reason), stop.inherited
    for asked in facts.withdrawals:
        what = "befell_withdrawal" if asked.approved_on is None else "befell_withdrawal_approved"
        yield asked.requested_on, told(what), asked.last_day, None, asked.inherited
    for ending in facts.endings:
        yield ending.last_day, told(f"membership_{ending.state}"), None, word(ending.reason), ending.inherited


def _consents(view: PersonView) -> Table:
    rows = [(word(each.consent), each.version, each.at[:10]) for each in view.consents]
    return Table("consents", ("consent_to", "consent_version", "consent_on"), rows, empty="no_consents")


def _papers(view: PersonView) -> Table:
    rows = [(word(each), count) for each, count in view.papers.items()]
    return Table("file_papers", ("paper", "papers_handed_in"), rows, empty="no_papers")


def _file_trail(look: Look, view: PersonView) -> Table:
    wanted = AuditFilter(thing="member_file", thing_id=view.member.id)
    trail = audit_page(look, wanted, limit=FILE_CHANGES_SHOWN)
    names = names_in(look, trail)
    rows = [(each.at, who_did(each, names), _fields(each.after), each.why) for each in trail]
    return Table("file_trail", ("time", "audit_who", "file_fields", "why"), rows, empty="file_never_changed")


def _fields(after: Any) -> str:
    """Return what an entry of the audit trail changed, by the labels of the form; the rest as the trail has it."""
    labels = [f"field_{each}" for each in after] if isinstance(after, dict) else []
    return ", ".join(told(each) if each in words.PAGES else each.removeprefix("field_") for each in labels)
