"""All that the office shows of one person: the file, the membership with its facts, ties to others, what is held."""

from datetime import date

import msgspec

from kiosk.central.club.books import Look
from kiosk.central.club.composing import mandates_where
from kiosk.central.club.earners import tiers_of
from kiosk.central.club.file_reading import (
    Agreed,
    Reach,
    completeness_of,
    confirmation_of,
    consents_of,
    contacts_of,
    papers_of,
)
from kiosk.central.club.files import FileKind, MemberFile, file_of
from kiosk.central.club.guests import guests_of, passes_of
from kiosk.central.club.membership import facts_of, standing
from kiosk.central.club.organisations import representatives_of
from kiosk.central.club.photos import has_photo
from kiosk.central.club.spells import earlier_spells, spell_of
from kiosk.central.club.tiers import Outlook, outlook
from kiosk.central.members import EntitlementRecord, MemberRecord
from kiosk.central.queries import CardView, member_detail
from kiosk.club.completeness import ConfirmationDue, Score
from kiosk.club.guests import GuestPass
from kiosk.club.joining import Document
from kiosk.club.membership import ENDED, MemberFacts
from kiosk.club.organisations import Mandate
from kiosk.club.standing import Standing
from kiosk.core.errors import InvalidInput
from kiosk.office.people_fields import member_of

_SENSITIVE = {"id_document": "", "photo": "", "health": "", "address": "", "born": None}
"""What of a file only those see who have to, and how it stands for the others."""


class PersonView(msgspec.Struct, frozen=True):
    """A person or unit as the office shows it.

    `file` is without what is sensitive. `facts` are all that the cards rest on, those of the unit or host too, and
    `own` the person's alone. `tier` is None for one who never got one. `guests` come by this member, `passes` are
    those given to them; `units` are the mandates of a person, `representatives` those who stand for a unit today.
    """

    member: MemberRecord
    file: MemberFile
    standing: Standing
    tier: Outlook | None
    facts: MemberFacts
    own: MemberFacts
    earlier_spells: int
    application: str | None
    completeness: Score
    confirmation: ConfirmationDue
    reach: Reach
    consents: tuple[Agreed, ...]
    papers: dict[Document, int]
    units: tuple[Mandate, ...]
    representatives: tuple[Mandate, ...]
    guests: tuple[MemberRecord, ...]
    passes: tuple[GuestPass, ...]
    has_photo: bool
    cards: tuple[CardView, ...]
    entitlements: tuple[EntitlementRecord, ...]

    @property
    def is_guest(self) -> bool:
        """Say whether somebody comes by another's membership."""
        return self.member.guest_of is not None


def is_host(view: PersonView) -> bool:
    """Say whether somebody is a member who can bring guests, represent a unit and leave a post."""
    known = view.facts.approved_on is not None and view.standing.state not in ENDED
    return known and not view.is_guest and view.file.kind is FileKind.PERSON


class SensitiveView(msgspec.Struct, frozen=True):
    """What of a file only those may see who work with it: document and photo, health, day of birth and address."""

    id_document: str
    photo: str
    health: str
    born: date | None
    address: str


def person_view(look: Look, member_id: str) -> PersonView:
    """Return what there is of somebody; raises InvalidInput where there is no such member."""
    record = member_of(look, member_id)
    detail = member_detail(look.connection, record.member_no)
    if detail is None:
        raise InvalidInput(f"there is no member {member_id!r}")
    file, spell = file_of(look, member_id), spell_of(look, member_id)
    is_unit = file.kind is FileKind.ORGANISATION
    return PersonView(
        member=detail.member,
        file=without_sensitive(file),
        standing=standing(look, member_id),
        tier=outlook(look, member_id) if tiers_of(look, [member_id]) else None,
        facts=facts_of(look, member_id),
        own=spell.facts,
        earlier_spells=earlier_spells(look, member_id),
        application=spell.application,
        completeness=completeness_of(look, member_id),
        confirmation=confirmation_of(look, member_id),
        reach=contacts_of(look, member_id),
        consents=tuple(consents_of(look, member_id)),
        papers=papers_of(look, member_id),
        units=tuple(mandates_where(look, "member", [member_id])),
        representatives=tuple(representatives_of(look, member_id)) if is_unit else (),
        guests=tuple(guests_of(look, member_id)),
        passes=tuple(passes_of(look, member_id)),
        has_photo=has_photo(look, member_id),
        cards=detail.cards,
        entitlements=detail.entitlements,
    )


def sensitive_view(look: Look, member_id: str) -> SensitiveView:
    """Return what is sensitive of a file; raises InvalidInput where there is no such member."""
    file = file_of(look, member_id)
    return SensitiveView(file.id_document, file.photo, file.health, file.born, file.address)


def without_sensitive(file: MemberFile) -> MemberFile:
    """Return a file as everybody sees it who looks members up."""
    return msgspec.structs.replace(file, **_SENSITIVE)
