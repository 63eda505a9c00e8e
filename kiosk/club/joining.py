"""Joining: what an application must hold, all that speaks against it, and the rules of both (§2.1)."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.club.refusal import Refusal


class ApplicantKind(StrEnum):
    """Who applies. Wire format."""

    PERSON = "person"
    ORGANISATION = "organisation"


class Channel(StrEnum):
    """Where an application comes in (S03). Wire format."""

    WEB = "web"
    DESK = "desk"
    KIOSK = "kiosk"


class Consent(StrEnum):
    """What an applicant agrees to (R03, R09). Wire format."""

    PURPOSE = "purpose"
    CHARTER = "charter"
    REGULATIONS = "regulations"
    PRIVACY = "privacy"


class Document(StrEnum):
    """What an applicant hands in (R04 to R06). Wire format."""

    FORM = "form"
    ID_ORIGINAL = "id_original"
    ID_COPY = "id_copy"
    PHOTO = "photo"
    PROOF = "proof"


class Mark(StrEnum):
    """What shows that an application is the applicant's own (R12). Wire format."""

    SIGNATURE = "signature"
    OWN_EMAIL = "own_email"
    STAMP = "stamp"
    RESPONSIBLE_EMAIL = "responsible_email"


class Criterion(StrEnum):
    """What a reviewer looks at by the kind of club (R15). Wire format."""

    HEALTH = "health"
    PROFESSION = "profession"


class Scope(StrEnum):
    """Which of the clubs one may join (R10). Wire format."""

    INDOOR = "indoor"
    OUTDOOR = "outdoor"


class Needed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A document of a checklist, and how many of it."""

    document: Document
    count: int = 1


class Checklist(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The papers that one of the club's plans asks for."""

    plan: str
    needs: tuple[Needed, ...]


class JoiningRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who may join, with what papers, and how soon the answer is due."""

    minimum_age: Annotated[
        int,
        Meta(
            ge=0,
            description="Youngest age on the day of the application, in full years.",
            extra={"source": "R01, seeds 000:26, 000:91"},
        ),
    ] = 18
    full_capacity: Annotated[
        bool, Meta(description="Whether a person must have full civil capacity.", extra={"source": "R02, seeds 000:91"})
    ] = True
    kinds: Annotated[
        tuple[ApplicantKind, ...],
        Meta(
            description="Who may apply. One plan says persons, another persons and organisations: both, because a "
            "club that wants no organisations strikes one word.",
            extra={"source": "R02, S13, seeds 000:91 against 000:105"},
        ),
    ] = (ApplicantKind.PERSON, ApplicantKind.ORGANISATION)
    consents: Annotated[
        tuple[Consent, ...],
        Meta(
            description="What must be agreed to, in the version that holds.",
            extra={"source": "R03, R09, S06, seeds 000:26, 000:105, 000:240"},
        ),
    ] = (Consent.PURPOSE, Consent.CHARTER, Consent.REGULATIONS)
    checklists: Annotated[
        tuple[Checklist, ...],
        Meta(
            description="The checklists of papers that there are.",
            extra={"source": "R04, R05, R06, seeds 000:27, 000:92, 000:106"},
        ),
    ] = (
        Checklist("id_and_photo", (Needed(Document.FORM), Needed(Document.ID_COPY), Needed(Document.PHOTO))),
        Checklist("original_and_copy", (Needed(Document.FORM), Needed(Document.ID_ORIGINAL), Needed(Document.ID_COPY))),
        Checklist("form_and_proofs", (Needed(Document.FORM), Needed(Document.PROOF))),
    )
    person_checklist: Annotated[
        str,
        Meta(
            description="The checklist of a person. Three plans differ: the one with a photo, which the staff at the "
            "gate need to see that a card is used by its own member.",
            extra={"source": "R04, R39, seeds 000:27"},
        ),
    ] = "id_and_photo"
    organisation_checklist: Annotated[
        str, Meta(description="The checklist of an organisation.", extra={"source": "R06, seeds 000:106"})
    ] = "form_and_proofs"
    person_marks: Annotated[
        tuple[Mark, ...],
        Meta(
            description="What marks a person's form as his own; any one will do.", extra={"source": "R12, seeds 004:69"}
        ),
    ] = (Mark.SIGNATURE, Mark.OWN_EMAIL)
    organisation_marks: Annotated[
        tuple[Mark, ...],
        Meta(description="What marks an organisation's form; any one will do.", extra={"source": "R12, seeds 004:69"}),
    ] = (Mark.STAMP, Mark.RESPONSIBLE_EMAIL)
    criteria: Annotated[
        tuple[Criterion, ...],
        Meta(
            description="What the review of a person must find suitable. By the kind of club: health for one with "
            "sports, profession for a business club.",
            extra={"source": "R15, seeds 002:36"},
        ),
    ] = (Criterion.HEALTH,)
    scopes: Annotated[
        tuple[Scope, ...],
        Meta(description="The clubs that can be joined, each or both.", extra={"source": "R10, seeds 000:29"}),
    ] = (Scope.INDOOR, Scope.OUTDOOR)
    one_phone_one_member: Annotated[
        bool,
        Meta(description="Whether a phone number belongs to one member only.", extra={"source": "R14, seeds 004:107"}),
    ] = True
    rejoin_wait_months: Annotated[
        int,
        Meta(
            ge=0,
            description="Months after the last day before one may apply again. No number in the seeds: none.",
            extra={"source": "§4 L1"},
        ),
    ] = 0
    review_days: Annotated[
        int,
        Meta(
            ge=0,
            description="Days in which an applicant is told the result. The seeds say `promptly`: a week.",
            extra={"source": "R08, seeds 000:286"},
        ),
    ] = 7
    fee_before_card: Annotated[
        bool,
        Meta(description="Whether the first fee is paid before a card is made.", extra={"source": "§4 L1, S03"}),
    ] = True


class Application(msgspec.Struct, frozen=True):
    """What an applicant said and handed in. There is no income in it and none may be asked for (R16).

    `consents` are the versions agreed to; `findings` what the review found suitable, or not; `left_on` the last day
    of an earlier membership of the same person, whose id is `former`; `guest` who the applicant was as a guest (S14).
    """

    id: str
    kind: ApplicantKind
    channel: Channel
    applied_on: date
    phone: str
    scopes: frozenset[Scope]
    card_kind: str
    born: date | None = None
    full_capacity: bool = False
    consents: Mapping[Consent, str] = {}
    documents: Mapping[Document, int] = {}
    marks: frozenset[Mark] = frozenset()
    findings: Mapping[Criterion, bool] = {}
    former: str | None = None
    left_on: date | None = None
    referred_by: str | None = None
    guest: str | None = None


class Known(msgspec.Struct, frozen=True):
    """What the club knows beside an application: versions in force, and the member that has the phone number."""

    versions: Mapping[Consent, str]
    phone_of: str | None = None


class JoiningReason(StrEnum):
    """What speaks against an application. Wire format."""

    KIND_NOT_ADMITTED = "kind_not_admitted"
    BIRTH_DATE_MISSING = "birth_date_missing"
    TOO_YOUNG = "too_young"
    NO_FULL_CAPACITY = "no_full_capacity"
    CONSENT_MISSING = "consent_missing"
    CONSENT_OUTDATED = "consent_outdated"
    DOCUMENT_MISSING = "document_missing"
    MARK_MISSING = "mark_missing"
    NOT_YET_ASSESSED = "not_yet_assessed"
    NOT_SUITABLE = "not_suitable"
    SCOPE_MISSING = "scope_missing"
    SCOPE_NOT_OFFERED = "scope_not_offered"
    PHONE_MISSING = "phone_missing"
    PHONE_TAKEN = "phone_taken"
    STILL_A_MEMBER = "still_a_member"
    REJOINS_TOO_SOON = "rejoins_too_soon"


class JoiningRefusal(Refusal[JoiningReason], frozen=True):
    """One thing that speaks against an application."""


CURABLE = frozenset(JoiningReason) - {
    JoiningReason.KIND_NOT_ADMITTED,
    JoiningReason.TOO_YOUNG,
    JoiningReason.NO_FULL_CAPACITY,
    JoiningReason.NOT_SUITABLE,
    JoiningReason.STILL_A_MEMBER,
    JoiningReason.REJOINS_TOO_SOON,
}
"""What the applicant or the club can still put right; the rest is a reason to turn the application down."""
