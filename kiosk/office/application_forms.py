"""The forms of applications: what is asked, how they begin, and what an applicant has said then (S03, R12, R16)."""

from datetime import date
from typing import Any

import msgspec

from kiosk.central.club.application_book import Applicant, application_of, versions_on
from kiosk.central.club.books import Look
from kiosk.club.applications import ReviewReason
from kiosk.club.joining import ApplicantKind, Channel, Consent, Criterion, Document, Mark, Scope
from kiosk.club.tiers import Basis
from kiosk.core.texts import Language
from kiosk.office.actions import Draft, Ids
from kiosk.office.people_fields import (
    Code,
    Line,
    MayWhy,
    MemberNo,
    Name,
    Short,
    Why,
    Words,
    file_choices,
    named,
    number_of,
)
from kiosk.office.saying import chosen, tier_names

_AS_SAID = ("name", "phone", "card_kind", "tier", "kind", "born", "full_capacity", "email", "sex", "address",
            "occupation", "employer", "post", "interests", "region", "trade", "home_site", "recruited_by",
            "language")  # fmt: skip


class Form(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What stands on an application's form. A thing that is agreed to is agreed to as it stands today.

    `former_no` is the number of the applicant's earlier membership, `guest_no` of the guest that the applicant was,
    `referred_by_no` of the member who brought the applicant.
    """

    kind: ApplicantKind = ApplicantKind.PERSON
    name: Name
    phone: Code
    born: date | None = None
    full_capacity: bool = False
    sex: Short = ""
    email: Line = ""
    address: Line = ""
    card_kind: Code
    tier: Code = ""
    scopes: tuple[Scope, ...] = ()
    documents: tuple[Document, ...] = ()
    marks: tuple[Mark, ...] = ()
    consents: tuple[Consent, ...] = ()
    occupation: Line = ""
    employer: Line = ""
    post: Line = ""
    interests: Words = ""
    region: Code = ""
    trade: Line = ""
    home_site: Code = ""
    referred_by_no: MemberNo = ""
    former_no: MemberNo = ""
    guest_no: MemberNo = ""
    recruited_by: Short = ""
    language: Language = Language.ZH


class TakeApplication(Form, frozen=True, kw_only=True):
    """An application that was handed in: at the desk, or to a web site or kiosk that sends it on."""

    channel: Channel = Channel.DESK


class AmendApplication(Form, frozen=True, kw_only=True):
    """The form as it should stand: all of it, for what is left out is empty then."""

    why: MayWhy = ""


class AssessApplicant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the review found; null for what nobody looked at yet."""

    fit_health: bool | None = None
    fit_profession: bool | None = None
    why: MayWhy = ""


class StepWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The next step of an application."""

    why: MayWhy = ""


class ApproveApplication(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An approval. `owes_fees` is off for somebody whom no fee is asked of."""

    owes_fees: bool = True
    why: MayWhy = ""


class RejectApplication(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A rejection, of which the applicant is told the reason."""

    reason: ReviewReason
    why: Why


class WithdrawApplication(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An applicant thinks better of it."""

    why: Why


def said_of(look: Look, form: Form, before: Applicant | None) -> dict[str, Any]:
    """Return the fields of an applicant that a form stands for, as JSON has them."""
    had = before.documents if before else {}
    fields = {name: getattr(form, name) for name in _AS_SAID}
    fields |= {
        "scopes": form.scopes,
        "marks": form.marks,
        "documents": {each: had.get(each, 1) for each in form.documents},
        "consents": _consents(look, form.consents, before.consents if before else {}),
        "former": named(look, form.former_no),
        "guest": named(look, form.guest_no),
        "referred_by": named(look, form.referred_by_no),
    }
    plain: dict[str, Any] = msgspec.to_builtins(fields)
    return plain


def _consents(look: Look, ticked: tuple[Consent, ...], before: Any) -> dict[Consent, str]:
    """Return the versions agreed to: today's of what is ticked; an earlier one stays known until it is agreed anew."""
    versions = versions_on(look, look.today)
    outdated = {each: version for each, version in before.items() if versions.get(each, version) != version}
    # What was never published is agreed to as it stands on the day.
    agreed = {each: versions.get(each) or before.get(each) or look.today.isoformat() for each in ticked}
    return outdated | agreed


def card_kinds(look: Look) -> list[tuple[str, str]]:
    """Return the kinds of card that a member can have, each with its text."""
    kinds = [each.code for each in look.rules.cards.kinds if each.has_member]
    return [(code, chosen("CardKind", code)) for code in kinds]


def tiers_for_sale(look: Look) -> list[tuple[str, str]]:
    """Return the tiers that can be bought with joining, each with its name (R152)."""
    names = tier_names(look)
    sold = [each.tier for each in look.rules.tiers.ladder if any(one.basis is Basis.BOUGHT for one in each.conditions)]
    return [(tier, names[tier]) for tier in sold]


def first_draft(look: Look, _ids: Ids) -> Draft:
    """Begin a form at the desk, with the first kind of card there is."""
    kinds = card_kinds(look)
    choices = {**_of_a_file(look), "card_kind": kinds, "tier": tiers_for_sale(look)}
    return Draft("", {"card_kind": kinds[0][0] if kinds else ""}, choices)


def amend_draft(look: Look, ids: Ids) -> Draft:
    """Begin with the form as it stands; what was agreed to in an earlier version is not ticked."""
    view = application_of(look, ids["application"])
    said, versions = view.applicant, versions_on(look, look.today)
    values = {name: getattr(said, name) for name in _AS_SAID}
    values |= {
        "scopes": sorted(said.scopes),
        "marks": sorted(said.marks),
        "documents": [each for each, count in said.documents.items() if count],
        "consents": [each for each, version in said.consents.items() if versions.get(each, version) == version],
        "former_no": number_of(look, said.former),
        "guest_no": number_of(look, said.guest),
        "referred_by_no": number_of(look, said.referred_by),
    }
    choices = {**_of_a_file(look), "card_kind": card_kinds(look), "tier": tiers_for_sale(look)}
    for name in ("sex", "home_site"):
        if (value := values[name]) and value not in dict(choices.get(name, ())):
            choices[name] = [*choices.get(name, ()), (value, value)]
    return Draft(said.name, values, choices)


def _of_a_file(look: Look) -> dict[str, list[tuple[str, str]]]:
    return {name: found for name, found in file_choices(look).items() if name != "owner_staff"}


def assess_draft(look: Look, ids: Ids) -> Draft:
    """Begin with what was found before."""
    said = application_of(look, ids["application"]).applicant
    found = said.findings
    values = {"fit_health": found.get(Criterion.HEALTH), "fit_profession": found.get(Criterion.PROFESSION)}
    return Draft(said.name, values)


def applicant_named(look: Look, ids: Ids) -> Draft:
    """Begin with nothing but the applicant's name."""
    return Draft(application_of(look, ids["application"]).applicant.name)


def reject_draft(look: Look, ids: Ids) -> Draft:
    """Begin with the reasons that a rejection may have."""
    reasons = [(each.value, "") for each in ReviewReason if each is not ReviewReason.MEETS_THE_RULES]
    return applicant_named(look, ids)._replace(choices={"reason": reasons})
