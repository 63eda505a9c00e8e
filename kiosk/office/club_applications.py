"""Applications in the office: taken in at the desk, put right, and led through their life (S03 to S06, R08, R17)."""

import msgspec

from kiosk.central.club.application_book import OPEN_STATES, Applicant, ApplicationView, application_of
from kiosk.central.club.applications import (
    amend,
    approve,
    ask_for_more,
    pre_register,
    reject,
    review,
    submit,
    withdraw,
)
from kiosk.central.club.audits import AuditFilter, audit_page
from kiosk.central.club.books import Change, Look
from kiosk.club.applications import APPLICATION_LIFE, ApplicationAction, ApplicationState
from kiosk.club.joining import Criterion
from kiosk.club.office_actions import Matter, OfficeAction
from kiosk.club.roles import Permission
from kiosk.office.actions import Action, Ids
from kiosk.office.application_forms import (
    AmendApplication,
    ApproveApplication,
    AssessApplicant,
    RejectApplication,
    StepWish,
    TakeApplication,
    WithdrawApplication,
    amend_draft,
    applicant_named,
    assess_draft,
    first_draft,
    reject_draft,
    said_of,
)
from kiosk.office.own_file import check_not_own

KIND = "application"
SENSITIVE = ("born", "address", "fit_health")
"""What of an application staff look at only when they have to, and every look is written down (S90, R149)."""


class TakenIn(msgspec.Struct, frozen=True):
    """The id of an application that was taken in."""

    application: str


def without_sensitive(view: ApplicationView) -> ApplicationView:
    """Return an application as lists and answers have it: whoever needs the rest looks at the application itself."""
    said = msgspec.structs.replace(view.applicant, born=None, address="", findings={})
    return msgspec.structs.replace(view, applicant=said)


def _take(change: Change, wish: TakeApplication, _ids: Ids) -> TakenIn:
    said = said_of(change, wish, None) | {"channel": wish.channel.value}
    check_not_own(change, [said["referred_by"]], OfficeAction.TAKE_APPLICATION)
    return TakenIn(submit(change, msgspec.convert(said, Applicant)))


def _amend(change: Change, wish: AmendApplication, ids: Ids) -> ApplicationView:
    before = application_of(change, ids["application"], lock=True)
    said = said_of(change, wish, before.applicant)
    if said["referred_by"] != before.applicant.referred_by:
        check_not_own(change, [said["referred_by"]], OfficeAction.TAKE_APPLICATION)
    return without_sensitive(amend(change, before.id, said, why=wish.why))


def _assess(change: Change, wish: AssessApplicant, ids: Ids) -> ApplicationView:
    found = {Criterion.HEALTH: wish.fit_health, Criterion.PROFESSION: wish.fit_profession}
    findings = {key.value: value for key, value in found.items() if value is not None}
    return without_sensitive(amend(change, ids["application"], {"findings": findings}, why=wish.why))


def _pre_register(change: Change, wish: StepWish, ids: Ids) -> ApplicationView:
    return without_sensitive(pre_register(change, ids["application"], why=wish.why))


def _review(change: Change, wish: StepWish, ids: Ids) -> ApplicationView:
    return without_sensitive(review(change, ids["application"], why=wish.why))


def _ask_for_more(change: Change, wish: StepWish, ids: Ids) -> ApplicationView:
    return without_sensitive(ask_for_more(change, ids["application"], why=wish.why))


def _withdraw(change: Change, wish: WithdrawApplication, ids: Ids) -> ApplicationView:
    return without_sensitive(withdraw(change, ids["application"], why=wish.why))


def _approve(change: Change, wish: ApproveApplication, ids: Ids) -> ApplicationView:
    return without_sensitive(approve(change, ids["application"], owes_fees=wish.owes_fees, why=wish.why))


def _reject(change: Change, wish: RejectApplication, ids: Ids) -> ApplicationView:
    return without_sensitive(reject(change, ids["application"], wish.reason, why=wish.why))


def _matter(look: Look, ids: Ids) -> Matter:
    view = application_of(look, ids["application"])
    taken = audit_page(look, AuditFilter(KIND, view.id, action="application.submit"), limit=1)
    said = view.applicant
    return Matter(taken[0].actor if taken else None, member=view.member or said.former or said.guest)


def _can(view: ApplicationView, action: ApplicationAction) -> bool:
    return action in APPLICATION_LIFE.actions(view.state)


def _is_open(view: ApplicationView) -> bool:
    return view.state in OPEN_STATES


_TAKES, _DECIDES, _A = Permission.APPLICATIONS_WRITE, Permission.APPLICATIONS_DECIDE, ApplicationAction

ACTIONS = (
    Action(
        "take_application",
        "/applications",
        _TAKES,
        TakeApplication,
        TakenIn,
        _take,
        "Take an application in",
        about=f"{KIND}s",
        then="/applications/{application}",
        act=OfficeAction.TAKE_APPLICATION,
        drafts=first_draft,
    ),
    Action(
        "pre_register",
        "/applications/{application}/registration",
        _TAKES,
        StepWish,
        ApplicationView,
        _pre_register,
        "Confirm identity and wanted card",
        about=KIND,
        then="/applications/{application}",
        possible=lambda view: _can(view, _A.PRE_REGISTER),
        drafts=applicant_named,
    ),
    Action(
        "review_application",
        "/applications/{application}/review",
        _DECIDES,
        StepWish,
        ApplicationView,
        _review,
        "Take an application in review",
        about=KIND,
        then="/applications/{application}",
        possible=lambda view: _can(view, _A.REVIEW),
        drafts=applicant_named,
    ),
    Action(
        "assess_applicant",
        "/applications/{application}/findings",
        _DECIDES,
        AssessApplicant,
        ApplicationView,
        _assess,
        "Say what the review found",
        about=KIND,
        then="/applications/{application}",
        possible=lambda view: view.state is ApplicationState.UNDER_REVIEW,
        drafts=assess_draft,
        reads=("fit_health",),
        act=OfficeAction.ASSESS_APPLICANT,
        matter=_matter,
    ),
    Action(
        "approve_application",
        "/applications/{application}/approval",
        _DECIDES,
        ApproveApplication,
        ApplicationView,
        _approve,
        "Approve an application",
        about=KIND,
        then="/applications/{application}",
        possible=lambda view: _can(view, _A.APPROVE),
        drafts=applicant_named,
        act=OfficeAction.APPROVE_APPLICATION,
        matter=_matter,
    ),
    Action(
        "ask_for_more",
        "/applications/{application}/completion",
        _DECIDES,
        StepWish,
        ApplicationView,
        _ask_for_more,
        "Send an application back",
        about=KIND,
        then="/applications/{application}",
        possible=lambda view: _can(view, _A.ASK_FOR_MORE),
        drafts=applicant_named,
    ),
    Action(
        "reject_application",
        "/applications/{application}/rejection",
        _DECIDES,
        RejectApplication,
        ApplicationView,
        _reject,
        "Turn an application down",
        about=KIND,
        then="/applications/{application}",
        possible=lambda view: _can(view, _A.REJECT),
        drafts=reject_draft,
        act=OfficeAction.REJECT_APPLICATION,
        matter=_matter,
    ),
    Action(
        "amend_application",
        "/applications/{application}/form",
        _TAKES,
        AmendApplication,
        ApplicationView,
        _amend,
        "Put an application's form right",
        about=KIND,
        then="/applications/{application}",
        possible=_is_open,
        drafts=amend_draft,
        reads=("born", "address"),
    ),
    Action(
        "withdraw_application",
        "/applications/{application}/withdrawal",
        _TAKES,
        WithdrawApplication,
        ApplicationView,
        _withdraw,
        "Let an applicant go",
        about=KIND,
        then="/applications/{application}",
        possible=lambda view: _can(view, _A.WITHDRAW),
        drafts=applicant_named,
    ),
)
