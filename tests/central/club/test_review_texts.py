"""What applicants are told of a review, in words."""

import re

import pytest

from kiosk.central.club.notice_texts import render
from kiosk.central.club.review_texts import missing_text, reason_text
from kiosk.club.applications import ReviewReason
from kiosk.club.joining import CURABLE, Consent, Document, JoiningReason, JoiningRefusal
from kiosk.core.texts import Language

HAN = re.compile(r"[一-鿿]")
TOLD = [each for each in ReviewReason if each is not ReviewReason.MEETS_THE_RULES]


@pytest.mark.proves("R08")
@pytest.mark.parametrize("reason", TOLD)
def test_every_reason_to_turn_somebody_down_has_polite_words(reason: ReviewReason) -> None:
    chinese, english = (reason_text(reason, language) for language in Language)
    assert HAN.search(chinese)
    assert english
    assert not HAN.search(english)
    assert chinese in render("application_rejected", Language.ZH, {"because": chinese}).body
    assert reason_text(ReviewReason.MEETS_THE_RULES, Language.ZH) == ""


@pytest.mark.proves("R08", "S03")
@pytest.mark.parametrize("reason", sorted(CURABLE))
def test_whatever_can_be_put_right_is_named(reason: JoiningReason) -> None:
    details = {
        JoiningReason.DOCUMENT_MISSING: [{"document": each.value} for each in Document],
        JoiningReason.CONSENT_MISSING: [{"consent": each.value} for each in Consent],
        JoiningReason.CONSENT_OUTDATED: [{"consent": each.value} for each in Consent],
    }
    for detail in details.get(reason, [{}]):
        for language in Language:
            assert missing_text([JoiningRefusal(reason, detail)], language)


def test_a_thing_is_named_once_and_what_can_never_be_put_right_not_at_all() -> None:
    twice = [JoiningRefusal(JoiningReason.PHONE_MISSING)] * 2
    never = [JoiningRefusal(JoiningReason.TOO_YOUNG, {"age": 17, "needed": 18})]
    assert missing_text([*twice, *never], Language.EN) == "a phone number"
    assert missing_text(never, Language.ZH) == ""
