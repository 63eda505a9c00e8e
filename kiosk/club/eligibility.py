"""What speaks against an application: all of it at once, so that an applicant is not sent away twice (S04)."""

from collections.abc import Iterator
from datetime import date

from kiosk.club.calendar import add_months, full_years
from kiosk.club.joining import (
    ApplicantKind,
    Application,
    Checklist,
    JoiningReason,
    JoiningRefusal,
    JoiningRules,
    Known,
)
from kiosk.core.errors import InvalidInput

Refusals = Iterator[JoiningRefusal]


def against(application: Application, known: Known, rules: JoiningRules) -> tuple[JoiningRefusal, ...]:
    """Return everything that speaks against an application; nothing means that it can be approved.

    Raises InvalidInput when the rules name a checklist there is not.
    """
    return (
        *_kind_and_age(application, rules),
        *_former(application, rules),
        *_phone(application, known, rules),
        *_scopes(application, rules),
        *_consents(application, known, rules),
        *_documents(application, rules),
        *_mark(application, rules),
        *_criteria(application, rules),
    )


def is_child(born: date, day: date, rules: JoiningRules) -> bool:
    """Say whether somebody is too young to be a member on a day, and so comes as a linked guest (R01, S13)."""
    return full_years(born, day) < rules.minimum_age


def checklist_of(application: Application, rules: JoiningRules) -> Checklist:
    """Return the papers that an applicant hands in (R04 to R06); raises InvalidInput where the rules name none."""
    person = application.kind is ApplicantKind.PERSON
    plan = rules.person_checklist if person else rules.organisation_checklist
    checklist = next((each for each in rules.checklists if each.plan == plan), None)
    if checklist is None:
        raise InvalidInput(f"no checklist of papers is called {plan!r}", hint="Name one of joining.checklists")
    return checklist


def rejoins_from(left_on: date, rules: JoiningRules) -> date:
    """Return the first day on which somebody who left may apply again."""
    return add_months(left_on, rules.rejoin_wait_months)


def _kind_and_age(application: Application, rules: JoiningRules) -> Refusals:
    """R01 and R02. The age counts on the day of the application."""
    if application.kind not in rules.kinds:
        yield JoiningRefusal(JoiningReason.KIND_NOT_ADMITTED, {"kind": application.kind.value})
    if application.kind is not ApplicantKind.PERSON:
        return
    if application.born is None:
        yield JoiningRefusal(JoiningReason.BIRTH_DATE_MISSING)
    elif is_child(application.born, application.applied_on, rules):
        age = full_years(application.born, application.applied_on)
        yield JoiningRefusal(JoiningReason.TOO_YOUNG, {"age": age, "needed": rules.minimum_age})
    if rules.full_capacity and not application.full_capacity:
        yield JoiningRefusal(JoiningReason.NO_FULL_CAPACITY)


def _former(application: Application, rules: JoiningRules) -> Refusals:
    if application.former is None:
        return
    if application.left_on is None:
        yield JoiningRefusal(JoiningReason.STILL_A_MEMBER)
        return
    first = rejoins_from(application.left_on, rules)
    if application.applied_on < first:
        yield JoiningRefusal(JoiningReason.REJOINS_TOO_SOON, {"from": first.isoformat()})


def _phone(application: Application, known: Known, rules: JoiningRules) -> Refusals:
    """R14. A former member's number is not taken when it is the applicant's own."""
    if not application.phone:
        yield JoiningRefusal(JoiningReason.PHONE_MISSING)
    elif rules.one_phone_one_member and known.phone_of not in (None, application.former):
        yield JoiningRefusal(JoiningReason.PHONE_TAKEN)


def _scopes(application: Application, rules: JoiningRules) -> Refusals:
    """R10."""
    if not application.scopes:
        yield JoiningRefusal(JoiningReason.SCOPE_MISSING)
    for scope in sorted(application.scopes - set(rules.scopes)):
        yield JoiningRefusal(JoiningReason.SCOPE_NOT_OFFERED, {"scope": scope.value})


def _consents(application: Application, known: Known, rules: JoiningRules) -> Refusals:
    """R03 and R09. Agreeing to an earlier version is not agreeing to the one that holds."""
    for consent in rules.consents:
        agreed = application.consents.get(consent)
        current = known.versions.get(consent)
        if agreed is None:
            yield JoiningRefusal(JoiningReason.CONSENT_MISSING, {"consent": consent.value})
        elif current is not None and agreed != current:
            detail = {"consent": consent.value, "agreed": agreed, "current": current}
            yield JoiningRefusal(JoiningReason.CONSENT_OUTDATED, detail)


def _documents(application: Application, rules: JoiningRules) -> Refusals:
    """R04 to R06, by the checklist of the kind of applicant."""
    for need in checklist_of(application, rules).needs:
        missing = need.count - application.documents.get(need.document, 0)
        if missing > 0:
            detail: dict[str, str | int] = {"document": need.document.value, "count": missing}
            yield JoiningRefusal(JoiningReason.DOCUMENT_MISSING, detail)


def _mark(application: Application, rules: JoiningRules) -> Refusals:
    """R12."""
    person = application.kind is ApplicantKind.PERSON
    accepted = rules.person_marks if person else rules.organisation_marks
    if accepted and application.marks.isdisjoint(accepted):
        yield JoiningRefusal(JoiningReason.MARK_MISSING, {"one_of": " ".join(accepted)})


def _criteria(application: Application, rules: JoiningRules) -> Refusals:
    """R15."""
    if application.kind is not ApplicantKind.PERSON:
        return
    for criterion in rules.criteria:
        finding = application.findings.get(criterion)
        if finding is None:
            yield JoiningRefusal(JoiningReason.NOT_YET_ASSESSED, {"criterion": criterion.value})
        elif not finding:
            yield JoiningRefusal(JoiningReason.NOT_SUITABLE, {"criterion": criterion.value})
