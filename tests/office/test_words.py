"""Every text exists in both languages, is used, and carries the same places to fill."""

import re
from pathlib import Path

import pytest

from kiosk.central.parking import Loss, Why
from kiosk.core.model import CredentialState
from kiosk.office import words
from kiosk.office.pages import PARKED_STATES

OFFICE = Path(words.__file__).parent
PLACE = re.compile(r"\{(\w*)\}")
CHINESE = re.compile("[\u4e00-\u9fff]")
BUILT = re.compile(r"(error_\d+(_advice)?|(parked|card|standing)_\w+)")
ALL = {**words.PAGES, **words.RECORD_TYPES, **words.WHY}


def sources(*patterns: str) -> str:
    paths = [path for pattern in patterns for path in OFFICE.rglob(pattern) if path.name != "words.py"]
    return "\n".join(path.read_text() for path in paths)


@pytest.mark.parametrize("key", ALL)
def test_a_text_says_the_same_in_both_languages(key: str) -> None:
    text = ALL[key]
    assert text.zh.strip()
    assert text.en.strip()
    assert sorted(PLACE.findall(text.zh)) == sorted(PLACE.findall(text.en))
    if key != "switch_language":
        assert CHINESE.search(text.zh)
        assert not CHINESE.search(text.en)


def test_no_text_is_left_unused() -> None:
    used = set(re.findall(r"""["'](\w+)["']""", sources("*.html", "*.py")))
    assert [key for key in words.PAGES if key not in used and not BUILT.fullmatch(key)] == []


def test_every_text_that_a_page_asks_for_exists() -> None:
    asked = set(re.findall(r"""\bt\(["'](\w+)["'](?! ~)""", sources("*.html")))
    assert asked
    assert asked <= set(words.PAGES)


def test_every_built_text_exists() -> None:
    built = [f"parked_{state}" for state in PARKED_STATES] + [f"card_{state.value}" for state in CredentialState]
    built += [f"standing_{state}" for state in ("ok", "ended", "suspended", "overdue")]
    assert set(built) <= set(words.PAGES)
    assert {*Why, *Loss} <= set(words.WHY)


def test_no_page_has_words_of_its_own() -> None:
    assert not CHINESE.search(re.sub(r"//.*|/\*.*?\*/", "", sources("*.html", "*.js")))
