"""Applications: from the form to the card in the hand; whoever is reviewed is told how it ended (S03 to S06, R08)."""

import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec

from kiosk.central.club.application_book import (
    OPEN_STATES,
    Applicant,
    ApplicationView,
    application_of,
    as_application,
    note_step,
    number_of,
    open_points,
    open_with_phone,
    take_step,
    write_application,
)
from kiosk.central.club.books import Change, Telling
from kiosk.central.club.collecting import card_made as card_made
from kiosk.central.club.collecting import check_card as check_card
from kiosk.central.club.collecting import collected as collected
from kiosk.central.club.field_checks import check_fields
from kiosk.central.club.files import PHONES, FileKind, MemberFile, file_of, open_file, reopen_file
from kiosk.central.club.membership import admit, end
from kiosk.central.club.people_tables import consent, paper
from kiosk.central.club.refused import RuleRefused, refuse
from kiosk.central.club.review_texts import missing_text, reason_text
from kiosk.central.club.scopes import grant_scopes
from kiosk.central.database import insert_missing, upsert
from kiosk.central.journals import lock_counter
from kiosk.club.applications import (
    APPLICATION_LIFE,
    ApplicationAction,
    Reviewed,
    ReviewReason,
    ReviewRefusal,
    answer_due_on,
)
from kiosk.club.applications import approve as rule_approve
from kiosk.club.applications import ask_for_more as rule_ask_for_more
from kiosk.club.applications import reject as rule_reject
from kiosk.club.joining import ApplicantKind, Channel, JoiningReason
from kiosk.club.membership import Ending, EndReason, MemberState
from kiosk.club.notices import NoticeCode
from kiosk.club.referrals import against_applicant
from kiosk.club.tiers import check_for_sale
from kiosk.core.clock import format_utc
from kiosk.core.errors import InvalidInput
from kiosk.core.texts import Language, parse_language

_FOR_FILE = (
    "name",
    "phone",
    "email",
    "sex",
    "born",
    "address",
    "occupation",
    "employer",
    "post",
    "interests",
    "region",
    "trade",
    "home_site",
    "recruited_by",
    "referred_by",
    "language",
)


def submit(change: Change, applicant: Applicant) -> str:
    """Take an application in from the web, a desk or a kiosk, and return its id; nothing is reviewed yet (S03).

    Raises RuleRefused where one with the same phone is open still or a contact is malformed, InvalidInput where a
    member named is not there or something is too long. From the web or a kiosk a second one is taken in like any:
    whether a phone number is known here is no business of strangers, and the desk is shown both.
    """
    _check(change, applicant, None)
    # Two at once with one phone: the second looks when the first is written.
    lock_counter(change.connection, PHONES)
    known = bool(open_with_phone(change, applicant.phone))
    if known and applicant.channel is Channel.DESK:
        raise RuleRefused("application_open", what="that phone number", hint="Go on with the application there is")
    view = ApplicationView(
        secrets.token_hex(8), APPLICATION_LIFE.start, applicant, applied_on=change.today, answer_due_on=change.today
    )
    due = answer_due_on(as_application(change, view), change.rules.joining)
    view = msgspec.structs.replace(view, answer_due_on=due)
    write_application(change, view, new=True)
    change.note("application.submit", "application", view.id, after={"state": view.state.value})
    data = {"answer_due_on": due.isoformat(), "number": number_of(view.id)}
    if applicant.email or not known:
        # A phone that has its letter is not rung again for every form that a stranger sends with its number.
        _tell(change, view, NoticeCode.APPLICATION_RECEIVED, data)
    return view.id


def amend(change: Change, application_id: str, fields: Mapping[str, Any], *, why: str = "") -> ApplicationView:
    """Add what was said or handed in later, and what the review found; raises InvalidInput once it is decided."""
    before = application_of(change, application_id, lock=True)
    if before.state not in OPEN_STATES:
        raise RuleRefused(
            "already_decided", what=f"application {application_id}", hint="Change the member's file instead"
        )
    try:
        said = msgspec.convert({**msgspec.to_builtins(before.applicant), **fields}, Applicant, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidInput(f"application {application_id} does not take that: {error}") from error
    _check(change, said, before.applicant)
    after = msgspec.structs.replace(before, applicant=said)
    write_application(change, after)
    change.note("application.amend", "application", application_id, after={"fields": sorted(fields)}, why=why)
    return after


def pre_register(change: Change, application_id: str, *, why: str = "") -> ApplicationView:
    """Write down that identity and wanted card were confirmed, before any card is made (R17, seeds 000:144)."""
    return take_step(change, application_id, ApplicationAction.PRE_REGISTER, why)


def review(change: Change, application_id: str, *, why: str = "") -> ApplicationView:
    """Begin, or begin again, to look at an application, and keep what speaks against it (S05)."""
    view = take_step(change, application_id, ApplicationAction.REVIEW, why)
    looked = msgspec.structs.replace(view, open=open_points(change, view))
    write_application(change, looked)
    return looked


def ask_for_more(change: Change, application_id: str, *, why: str = "") -> ApplicationView:
    """Send an application back for what is missing, all of it named (S03)."""
    before = application_of(change, application_id, lock=True)
    return _decided(change, before, rule_ask_for_more(before.state, open_points(change, before)), why)


def reject(change: Change, application_id: str, reason: ReviewReason, *, why: str = "") -> ApplicationView:
    """Turn an application down with a reason, which the applicant is told (R08)."""
    before = application_of(change, application_id, lock=True)
    return _decided(change, before, rule_reject(before.state, reason, open_points(change, before)), why)


def approve(change: Change, application_id: str, *, owes_fees: bool = True, why: str = "") -> ApplicationView:
    """Approve an application; there is a member from then on, who waits for the card (R07, S05).

    Somebody who comes back, and a guest who joins, keeps the id (S14, S16). Raises RuleRefused while anything is open.
    """
    before = application_of(change, application_id, lock=True)
    after = _decided(change, before, rule_approve(before.state, open_points(change, before)), why)
    member_id = _member_for(change, after)
    after = msgspec.structs.replace(after, member=member_id)
    write_application(change, after)
    _keep_papers(change, after, member_id)
    admit(change, member_id, after.id, owes_fees=owes_fees, rejoins=after.applicant.former is not None)
    grant_scopes(change, member_id, after.applicant.scopes)
    return after


def withdraw(change: Change, application_id: str, *, why: str = "") -> ApplicationView:
    """Let an applicant go who thinks better of it; one who was approved and has no card yet leaves with it at once."""
    after = take_step(change, application_id, ApplicationAction.WITHDRAW, why)
    if after.member is not None:
        gone = Ending(change.today - timedelta(days=1), MemberState.WITHDRAWN, EndReason.REQUESTED)
        end(change, after.member, gone, why=why)
    return after


def _check(change: Change, said: Applicant, before: Applicant | None) -> None:
    if said.tier:
        check_for_sale(said.tier, change.rules.tiers)
    check_fields(said, before, change.rules.completeness)
    for name in (said.former, said.guest, said.referred_by):
        if name is not None:
            file_of(change, name)
    known = said.former or said.guest or ""
    if (refusal := against_applicant(said.referred_by, known, was_member=said.former is not None)) is not None:
        raise refuse(refusal, "who brought the applicant")


def _decided(change: Change, before: ApplicationView, result: Reviewed | ReviewRefusal, why: str) -> ApplicationView:
    """Write the end of a review down, and tell the applicant in the same transaction (R08)."""
    if isinstance(result, ReviewRefusal):
        raise refuse(result, f"application {before.id}")
    after = msgspec.structs.replace(
        before,
        state=result.state,
        reason=result.reason,
        open=result.open,
        told=before.told + 1,
        decided_on=change.today,
        decided_by=change.actor.id,
    )
    write_application(change, after)
    note_step(change, result.action, before, after, why)
    _tell(change, after, NoticeCode(result.notice.value), _letter(after, result))
    return after


def _letter(view: ApplicationView, result: Reviewed) -> dict[str, str | int]:
    """Return what a result is told with: the codes, and the reason and what is missing in the applicant's words."""
    language = parse_language(view.applicant.language, Language.ZH)
    data: dict[str, str | int] = {
        "reason": result.reason.value,
        "open": " ".join(dict.fromkeys(each.reason.value for each in result.open)),
        "because": reason_text(result.reason, language),
        "missing": missing_text(result.open, language),
    }
    again = [each.detail["from"] for each in result.open if each.reason is JoiningReason.REJOINS_TOO_SOON]
    return data | {"again_on": again[0]} if again else data


def _tell(change: Change, view: ApplicationView, code: NoticeCode, data: Mapping[str, str | int]) -> None:
    said = view.applicant
    topic = f"{code}.{view.id}.{view.told}"
    address = said.email or said.phone
    change.tell(Telling(topic, code.value, view.member, data, address=address), language=said.language)


def _member_for(change: Change, view: ApplicationView) -> str:
    """Return the member that an approved applicant is, with the file brought up to date."""
    said = view.applicant
    # Who once brought a former member stays who did.
    names = [name for name in _FOR_FILE if name != "referred_by" or said.former is None]
    fields = {name: getattr(said, name) for name in names}
    is_unit = said.kind is ApplicantKind.ORGANISATION
    kind = FileKind.ORGANISATION if is_unit else FileKind.PERSON
    known = said.former or said.guest
    if known is None:
        return open_file(change, MemberFile("", kind, **fields), why="approved").member
    return reopen_file(change, known, kind, fields, why="approved").member


def _keep_papers(change: Change, view: ApplicationView, member_id: str) -> None:
    at = format_utc(change.now)
    for agreed, version in view.applicant.consents.items():
        row = {"member": member_id, "consent": agreed.value, "version": version, "at": at}
        insert_missing(change.connection, consent, row)
    for document, count in view.applicant.documents.items():
        upsert(change.connection, paper, {"member": member_id, "document": document.value, "count": count})
