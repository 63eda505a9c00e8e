"""Joining at a kiosk: a pre-registration like one from the club's web page; the papers come to the desk (S03, R17).

Nothing that is answered says who is a member or has applied.
"""

from kiosk.central.club.application_book import Applicant, ApplicationView, as_application, number_of, versions_on
from kiosk.central.club.applications import submit
from kiosk.central.club.books import Change, Look
from kiosk.central.club.refused import RuleRefused
from kiosk.central.members import members_by
from kiosk.club.applications import APPLICATION_LIFE
from kiosk.club.eligibility import against
from kiosk.club.joining import ApplicantKind, Channel, Consent, JoiningReason, Known
from kiosk.core.self_service import ApplyAsked, Done

NO_SUCH_KIND = "no_such_kind"
CONSENT_OUTDATED = "consent_outdated"

_TOLD = (JoiningReason.KIND_NOT_ADMITTED, JoiningReason.TOO_YOUNG, JoiningReason.CONSENT_MISSING)
"""What an applicant is told at once; papers, signature and all the rest are for the desk."""


def submit_application(change: Change, asked: ApplyAsked, _site: str) -> Done:
    """Take an application in, and return the number to ask by at the desk; raises RuleRefused."""
    applicant = _applicant(change, asked)
    view = ApplicationView("", APPLICATION_LIFE.start, applicant, change.today, change.today)
    known = Known(versions_on(change, change.today))
    for each in against(as_application(change, view), known, change.rules.joining):
        if each.reason in _TOLD:
            raise RuleRefused(each.reason, dict(each.detail), what="application")
    return Done(asked.id, True, number=number_of(submit(change, applicant)))


def _applicant(look: Look, asked: ApplyAsked) -> Applicant:
    """Return who applies; `kind` is a kind of card that a member can have, or that of the applicant."""
    cards = [each.code for each in look.rules.cards.kinds if each.has_member]
    is_applicants = asked.kind in {each.value for each in ApplicantKind}
    if not is_applicants and asked.kind not in cards:
        raise RuleRefused(NO_SUCH_KIND, what="application")
    brought_by = members_by(look.connection, "member_no", [asked.referred_by]) if asked.referred_by else []
    return Applicant(
        name=asked.name,
        phone=asked.phone,
        channel=Channel.KIOSK,
        card_kind=cards[0] if is_applicants and cards else asked.kind,
        kind=ApplicantKind(asked.kind) if is_applicants else ApplicantKind.PERSON,
        born=asked.birth,
        consents=_consents(look, asked.consents),
        # Whether there is a member of that number is nobody's business: one there is not is left out.
        referred_by=brought_by[0].id if brought_by else None,
    )


def _consents(look: Look, given: tuple[str, ...]) -> dict[Consent, str]:
    """Return what was agreed to, `document:version` each; raises RuleRefused for another version than holds."""
    versions, found = versions_on(look, look.today), {}
    for each in given:
        document, _, version = each.partition(":")
        consent = next((known for known in Consent if known.value == document), None)
        if consent is None:
            continue
        current = versions.get(consent) or look.today.isoformat()
        if version and version != current and consent in versions:
            raise RuleRefused(CONSENT_OUTDATED, {"consent": consent.value}, what="application")
        found[consent] = current
    return found
