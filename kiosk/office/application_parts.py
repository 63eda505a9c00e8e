"""The parts of an application's page: who applies, what speaks against it, papers, consents, findings, notices."""

from collections.abc import Sequence
from typing import Any

from kiosk.central.club.application_book import (
    Applicant,
    ApplicationView,
    as_application,
    number_of,
    open_with_phone,
    told_of,
    versions_on,
)
from kiosk.central.club.books import Look
from kiosk.central.club.notice_texts import render
from kiosk.club.eligibility import checklist_of
from kiosk.club.joining import ApplicantKind, Consent, Criterion, Document, JoiningRefusal, Mark, Scope
from kiosk.office.listing import word
from kiosk.office.page import Fact, Link, Table, Word
from kiosk.office.saying import language, moment, tier_names, told
from kiosk.office.whom import people

_KINDS_OF_DETAIL = {"document": Document, "consent": Consent, "criterion": Criterion, "scope": Scope}


def facts(look: Look, view: ApplicationView) -> list[Fact]:
    """Return what is said of an application in a line each."""
    said = view.applicant
    known = people(look, [each for each in (view.member, said.former, said.guest, said.referred_by) if each])
    facts = [
        Fact("application_number", number_of(view.id)),
        Fact("applicant_kind", word(said.kind)),
        Fact("phone", said.phone),
        Fact("email", said.email),
        Fact("born", said.born),
        Fact("address", said.address),
        Fact("channel", word(said.channel)),
        Fact("applied_on", view.applied_on),
        Fact("answer_due_on", view.answer_due_on),
        Fact("card_wanted", Word("CardKind", said.card_kind)),
        Fact("tier_wanted", tier_names(look).get(said.tier, said.tier)),
        Fact("scopes", [word(each) for each in sorted(said.scopes)]),
        Fact("marks", [word(each) for each in sorted(said.marks)]),
        Fact("full_capacity", said.full_capacity if said.kind is ApplicantKind.PERSON else None),
    ]
    if view.reason is not None:
        facts += [Fact("review_reason", word(view.reason)), Fact("decided_on", view.decided_on)]
    same = [Link(number_of(each), f"/applications/{each}") for each in open_with_phone(look, said.phone, but=view.id)]
    if same:
        facts.append(Fact("same_phone", same))
    others = {"member": view.member, "former_member": said.former, "was_guest": said.guest}
    others["referred_by"] = said.referred_by
    return facts + [Fact(label, known.get(each, each)) for label, each in others.items() if each]


def open_table(open_today: Sequence[JoiningRefusal]) -> Table:
    """Return everything that speaks against an application today."""
    rows = [(word(each.reason), _detail(each)) for each in open_today]
    return Table("open_points", ("open_point", "detail"), rows, empty="nothing_open")


def _detail(refusal: JoiningRefusal) -> Any:
    """Return what a refusal is about: with words where it names a document, a consent and the like."""
    if "one_of" in refusal.detail:
        return [Word(Mark.__name__, each) for each in str(refusal.detail["one_of"]).split()]
    cells = [Word(_KINDS_OF_DETAIL[name].__name__, str(value)) for name, value in refusal.detail.items()
             if name in _KINDS_OF_DETAIL]  # fmt: skip
    return cells or ", ".join(str(value) for value in refusal.detail.values())


def checklist_table(look: Look, view: ApplicationView) -> Table:
    """Return the papers that the rules of the day of the application ask for, with those handed in (R04 to R06)."""
    said = view.applicant
    needs = checklist_of(as_application(look, view), look.book.on(view.applied_on).joining).needs
    wanted = {each.document: each.count for each in needs}
    papers = [*wanted, *(each for each in said.documents if each not in wanted)]
    rows = []
    for each in papers:
        has, needed = said.documents.get(each, 0), wanted.get(each, 0)
        rows.append((word(each), needed, has, has >= needed))
    return Table("checklist", ("paper", "papers_needed", "papers_handed_in", "paper_complete"), rows)


def consent_table(look: Look, said: Applicant) -> Table:
    """Return what was agreed to, beside the version of today (R03, R09)."""
    current = versions_on(look, look.today)
    wanted = dict.fromkeys([*look.rules.joining.consents, *said.consents])
    rows = [(word(each), said.consents.get(each), current.get(each)) for each in wanted]
    return Table("consents", ("consent_to", "consent_version", "consent_current"), rows)


def finding_table(said: Applicant) -> Table:
    """Return what the review found (R15)."""
    rows = [(word(each), found) for each, found in said.findings.items()]
    return Table("findings", ("finding", "finding_result"), rows, empty="not_assessed")


def told_table(look: Look, view: ApplicationView) -> Table:
    """Return what the applicant was told (R08)."""
    rows = [
        (moment(each.due_at), render(each.template, language(), {}).subject, told(f"notice_{each.state}"))
        for each in told_of(look, view)
    ]
    return Table("told_applicant", ("time", "told_what", "state"), rows, empty="told_nothing")
