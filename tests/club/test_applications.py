"""The way of an application, and the review in the middle of it."""

from collections.abc import Iterator

import pytest

from kiosk.club.applications import (
    APPLICATION_LIFE,
    ApplicationAction,
    ApplicationNotice,
    ApplicationState,
    CardProblem,
    Reviewed,
    ReviewProblem,
    ReviewReason,
    ReviewRefusal,
    against_card,
    answer_due_on,
    approve,
    ask_for_more,
    reject,
)
from kiosk.club.joining import Channel, JoiningReason, JoiningRefusal, JoiningRules
from kiosk.club.life import StepRefused
from tests.club.builders_people import TODAY, make_application

YOUNG = JoiningRefusal(JoiningReason.TOO_YOUNG)
NO_PHOTO = JoiningRefusal(JoiningReason.DOCUMENT_MISSING)
OLD_CHARTER = JoiningRefusal(JoiningReason.CONSENT_OUTDATED)
IN_REVIEW = ApplicationState.UNDER_REVIEW


def _ways(state: ApplicationState, gone: tuple[ApplicationState, ...] = ()) -> Iterator[tuple[ApplicationState, ...]]:
    """Yield every way through the life that visits no state twice."""
    way = (*gone, state)
    yield way
    for action in APPLICATION_LIFE.actions(state):
        after = APPLICATION_LIFE.after(state, action)
        if after not in way:
            yield from _ways(after, way)


@pytest.mark.proves("R07", "R17", "S03", "S05")
def test_no_way_leads_to_a_card_but_through_registration_and_approval() -> None:
    ways = [way for way in _ways(ApplicationState.SUBMITTED) if way[-1] is ApplicationState.COLLECTED]
    assert ways
    for way in ways:
        made = way.index(ApplicationState.CARD_MADE)
        assert ApplicationState.PRE_REGISTERED in way[:made]
        assert way[made - 1] is ApplicationState.APPROVED


@pytest.mark.proves("S05")
def test_what_was_rejected_withdrawn_or_collected_is_over() -> None:
    ends = {state for state in ApplicationState if APPLICATION_LIFE.is_end(state)}
    assert ends == {ApplicationState.REJECTED, ApplicationState.WITHDRAWN, ApplicationState.COLLECTED}


@pytest.mark.proves("S03")
def test_an_application_comes_from_the_web_a_desk_or_a_kiosk() -> None:
    assert {make_application(channel=channel).channel for channel in Channel} == {"web", "desk", "kiosk"}


@pytest.mark.proves("R07", "R08", "S05")
def test_an_approval_is_told() -> None:
    done = approve(IN_REVIEW, [])
    assert isinstance(done, Reviewed)
    assert (done.state, done.notice) == (ApplicationState.APPROVED, ApplicationNotice.APPROVED)
    assert done.reason is ReviewReason.MEETS_THE_RULES


@pytest.mark.proves("R07", "S05")
def test_nobody_is_approved_while_something_is_open() -> None:
    done = approve(IN_REVIEW, [YOUNG, NO_PHOTO])
    assert done == ReviewRefusal(ReviewProblem.SOMETHING_OPEN, {"open": "too_young document_missing"})


@pytest.mark.proves("R08", "S05")
@pytest.mark.parametrize("reason", [each for each in ReviewReason if each is not ReviewReason.MEETS_THE_RULES])
def test_a_rejection_has_a_reason_and_is_told(reason: ReviewReason) -> None:
    done = reject(IN_REVIEW, reason, [YOUNG])
    assert isinstance(done, Reviewed)
    assert (done.state, done.notice) == (ApplicationState.REJECTED, ApplicationNotice.REJECTED)
    assert (done.reason, done.open) == (reason, (YOUNG,))


@pytest.mark.proves("R08")
def test_a_reason_that_does_not_fit_is_none() -> None:
    for reason in (ReviewReason.MEETS_THE_RULES, ReviewReason.NOT_ELIGIBLE):
        done = reject(IN_REVIEW, reason, [])
        assert done == ReviewRefusal(ReviewProblem.REASON_DOES_NOT_FIT, {"reason": reason.value})


def test_an_applicant_is_asked_for_everything_that_is_missing() -> None:
    done = ask_for_more(IN_REVIEW, [NO_PHOTO, OLD_CHARTER])
    assert isinstance(done, Reviewed)
    assert (done.state, done.notice) == (ApplicationState.INCOMPLETE, ApplicationNotice.INCOMPLETE)
    assert done.open == (NO_PHOTO, OLD_CHARTER)
    hopeless = ask_for_more(IN_REVIEW, [NO_PHOTO, YOUNG])
    assert hopeless == ReviewRefusal(ReviewProblem.CANNOT_BE_PUT_RIGHT, {"open": "too_young"})
    assert ask_for_more(IN_REVIEW, []) == ReviewRefusal(ReviewProblem.NOTHING_OPEN)


@pytest.mark.proves("R17")
@pytest.mark.parametrize("state", [ApplicationState.SUBMITTED, ApplicationState.PRE_REGISTERED])
def test_only_a_review_decides(state: ApplicationState) -> None:
    with pytest.raises(StepRefused):
        approve(state, [])
    with pytest.raises(StepRefused):
        APPLICATION_LIFE.after(state, ApplicationAction.MAKE_CARD)


@pytest.mark.proves("R08")
def test_the_answer_is_due_within_the_days_of_the_rules() -> None:
    rules = JoiningRules(review_days=3)
    assert (answer_due_on(make_application(), rules) - TODAY).days == 3


@pytest.mark.proves("R07", "R09", "S06")
def test_a_card_needs_approval_consent_in_the_version_that_holds_and_the_first_fee() -> None:
    rules = JoiningRules()
    approved = ApplicationState.APPROVED
    assert against_card(approved, True, [], rules) == ()
    found = against_card(IN_REVIEW, False, [OLD_CHARTER], rules)
    assert [each.reason for each in found] == [
        CardProblem.NOT_APPROVED, CardProblem.CONSENT_OPEN, CardProblem.FEE_UNPAID,
    ]  # fmt: skip
    assert against_card(approved, False, [NO_PHOTO], JoiningRules(fee_before_card=False)) == ()
