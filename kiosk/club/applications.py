"""An application's life from the form to the card in the hand, and the review that always ends in a notice (R08)."""

from collections.abc import Sequence
from datetime import date, timedelta
from enum import StrEnum

import msgspec

from kiosk.club.joining import CURABLE, Application, JoiningReason, JoiningRefusal, JoiningRules
from kiosk.club.life import Life, Step
from kiosk.club.refusal import Refusal


class ApplicationState(StrEnum):
    """Where an application stands. Wire format."""

    SUBMITTED = "submitted"
    PRE_REGISTERED = "pre_registered"
    UNDER_REVIEW = "under_review"
    INCOMPLETE = "incomplete"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    CARD_MADE = "card_made"
    COLLECTED = "collected"


class ApplicationAction(StrEnum):
    """What can be done with an application. Wire format."""

    PRE_REGISTER = "pre_register"
    REVIEW = "review"
    ASK_FOR_MORE = "ask_for_more"
    APPROVE = "approve"
    REJECT = "reject"
    WITHDRAW = "withdraw"
    MAKE_CARD = "make_card"
    COLLECT = "collect"


APPLICATION_LIFE: Life[ApplicationState, ApplicationAction] = Life(
    name="an application",
    start=ApplicationState.SUBMITTED,
    steps=(
        Step(ApplicationAction.PRE_REGISTER, (ApplicationState.SUBMITTED,), ApplicationState.PRE_REGISTERED),
        Step(
            ApplicationAction.REVIEW,
            (ApplicationState.PRE_REGISTERED, ApplicationState.INCOMPLETE),
            ApplicationState.UNDER_REVIEW,
        ),
        Step(ApplicationAction.ASK_FOR_MORE, (ApplicationState.UNDER_REVIEW,), ApplicationState.INCOMPLETE),
        Step(ApplicationAction.APPROVE, (ApplicationState.UNDER_REVIEW,), ApplicationState.APPROVED),
        Step(
            ApplicationAction.REJECT,
            (ApplicationState.UNDER_REVIEW, ApplicationState.INCOMPLETE),
            ApplicationState.REJECTED,
        ),
        Step(
            ApplicationAction.WITHDRAW,
            (
                ApplicationState.SUBMITTED,
                ApplicationState.PRE_REGISTERED,
                ApplicationState.UNDER_REVIEW,
                ApplicationState.INCOMPLETE,
                ApplicationState.APPROVED,
                ApplicationState.CARD_MADE,
            ),
            ApplicationState.WITHDRAWN,
        ),
        Step(ApplicationAction.MAKE_CARD, (ApplicationState.APPROVED,), ApplicationState.CARD_MADE),
        Step(ApplicationAction.COLLECT, (ApplicationState.CARD_MADE,), ApplicationState.COLLECTED),
    ),
)
"""Registered before reviewed, approved before a card is made, a card before there is a member (R07, R17, §4 L1)."""


class ReviewReason(StrEnum):
    """Why a review ended as it did; each has a text for the applicant (R08, seeds 002:37). Wire format."""

    MEETS_THE_RULES = "meets_the_rules"
    NOT_ELIGIBLE = "not_eligible"
    PAPERS_NOT_IN_ORDER = "papers_not_in_order"
    NOT_SUITABLE = "not_suitable"
    NO_PLACES = "no_places"
    DECIDED_BY_COMMITTEE = "decided_by_committee"


class ApplicationNotice(StrEnum):
    """What an applicant is told. Wire format."""

    APPROVED = "application_approved"
    REJECTED = "application_rejected"
    INCOMPLETE = "application_incomplete"


class Reviewed(msgspec.Struct, frozen=True):
    """The end of a review: the state, why, and the notice that goes out in the same transaction.

    `open` are the refusals as they stood, for the applicant's letter and the file.
    """

    action: ApplicationAction
    state: ApplicationState
    reason: ReviewReason
    notice: ApplicationNotice
    open: tuple[JoiningRefusal, ...]


class ReviewProblem(StrEnum):
    """Why a review cannot be decided so. Wire format."""

    SOMETHING_OPEN = "something_open"
    NOTHING_OPEN = "nothing_open"
    CANNOT_BE_PUT_RIGHT = "cannot_be_put_right"
    REASON_DOES_NOT_FIT = "reason_does_not_fit"


class ReviewRefusal(Refusal[ReviewProblem], frozen=True):
    """Why a review cannot be decided so."""


class CardProblem(StrEnum):
    """Why a card may not be made for an applicant yet. Wire format."""

    NOT_APPROVED = "not_approved"
    FEE_UNPAID = "fee_unpaid"
    CONSENT_OPEN = "consent_open"


class CardRefusal(Refusal[CardProblem], frozen=True):
    """Why a card may not be made for an applicant yet."""


def approve(state: ApplicationState, open_points: Sequence[JoiningRefusal]) -> Reviewed | ReviewRefusal:
    """Approve an application against which nothing speaks; raises StepRefused outside a review (R07, R08)."""
    after = APPLICATION_LIFE.after(state, ApplicationAction.APPROVE)
    if open_points:
        reasons = " ".join(dict.fromkeys(each.reason for each in open_points))
        return ReviewRefusal(ReviewProblem.SOMETHING_OPEN, {"open": reasons})
    return Reviewed(ApplicationAction.APPROVE, after, ReviewReason.MEETS_THE_RULES, ApplicationNotice.APPROVED, ())


def reject(
    state: ApplicationState, reason: ReviewReason, open_points: Sequence[JoiningRefusal]
) -> Reviewed | ReviewRefusal:
    """Turn an application down with a reason that the applicant is told; raises StepRefused (R08, seeds 002:37)."""
    after = APPLICATION_LIFE.after(state, ApplicationAction.REJECT)
    if reason is ReviewReason.MEETS_THE_RULES or (reason is ReviewReason.NOT_ELIGIBLE and not open_points):
        return ReviewRefusal(ReviewProblem.REASON_DOES_NOT_FIT, {"reason": reason.value})
    return Reviewed(ApplicationAction.REJECT, after, reason, ApplicationNotice.REJECTED, tuple(open_points))


def ask_for_more(state: ApplicationState, open_points: Sequence[JoiningRefusal]) -> Reviewed | ReviewRefusal:
    """Send an application back for what is missing, all of it named; raises StepRefused outside a review (S03).

    Where something can never be put right nobody is made to fetch papers: that is a rejection.
    """
    after = APPLICATION_LIFE.after(state, ApplicationAction.ASK_FOR_MORE)
    if not open_points:
        return ReviewRefusal(ReviewProblem.NOTHING_OPEN)
    final = [each.reason for each in open_points if each.reason not in CURABLE]
    if final:
        return ReviewRefusal(ReviewProblem.CANNOT_BE_PUT_RIGHT, {"open": " ".join(dict.fromkeys(final))})
    return Reviewed(
        ApplicationAction.ASK_FOR_MORE,
        after,
        ReviewReason.PAPERS_NOT_IN_ORDER,
        ApplicationNotice.INCOMPLETE,
        tuple(open_points),
    )


def answer_due_on(application: Application, rules: JoiningRules) -> date:
    """Return the last day on which an applicant is to be told the result (R08, seeds 000:286)."""
    return application.applied_on + timedelta(days=rules.review_days)


def against_card(
    state: ApplicationState, fee_paid: bool, open_points: Sequence[JoiningRefusal], rules: JoiningRules
) -> tuple[CardRefusal, ...]:
    """Return what stands between an application and its card: review, consents, first fee (R07, R09, R17, S06)."""
    refusals = []
    if state is not ApplicationState.APPROVED:
        refusals.append(CardRefusal(CardProblem.NOT_APPROVED, {"state": state.value}))
    if any(each.reason in _CONSENTS for each in open_points):
        refusals.append(CardRefusal(CardProblem.CONSENT_OPEN))
    if rules.fee_before_card and not fee_paid:
        refusals.append(CardRefusal(CardProblem.FEE_UNPAID))
    return tuple(refusals)


_CONSENTS = frozenset({JoiningReason.CONSENT_MISSING, JoiningReason.CONSENT_OUTDATED})
