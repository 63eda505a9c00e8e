"""The words of notices: all there, in both languages, saying the same and nothing unknown."""

import re
from itertools import product

import pytest

from kiosk.central.club.notice_texts import TEXTS, render
from kiosk.club.notices import NoticeCode
from kiosk.core.errors import InvalidInput
from kiosk.core.texts import Language

PLACE = re.compile(r"\{([^}]*)\}")
HAN = re.compile(r"[一-鿿]")


def test_every_notice_of_the_rules_has_words() -> None:
    for code, language in product(NoticeCode, Language):
        text = render(code, language, {})
        assert text.subject, code
        assert text.body, code


def test_both_languages_say_the_same_with_the_same_facts() -> None:
    for template, texts in TEXTS.items():
        for chinese, english in texts:
            assert PLACE.findall(chinese) == PLACE.findall(english), template
            assert HAN.search(chinese), template
            assert not HAN.search(english), template
            assert english[0].isupper() or english[0] == "{", template
        (subject, *_), (first, *_) = texts[:2]
        assert not PLACE.findall(subject + first), template


def test_a_sentence_whose_fact_is_missing_is_left_out() -> None:
    full = render("membership_suspended", Language.EN, {"since": "2026-11-01", "until": "2026-12-01"})
    assert "began on 2026-11-01. It ends after 2026-12-01." in full.body
    part = render("membership_suspended", Language.EN, {"since": "2026-11-01", "until": ""}, "Li Wei")
    assert "ends after" not in part.body
    assert part.body.startswith("Dear Li Wei,\nYour rights")
    assert "{" not in render("membership_suspended", Language.ZH, {}).body


def test_braces_in_a_fact_stay_what_they_are() -> None:
    assert "{on}" in render("activity_invitation", Language.EN, {"title": "{on}"}).body


def test_a_notice_without_words_is_named() -> None:
    with pytest.raises(InvalidInput, match="no_such_notice"):
        render("no_such_notice", Language.ZH, {})


def test_there_are_no_words_for_what_is_never_told() -> None:
    assert set(TEXTS) == set(NoticeCode)
