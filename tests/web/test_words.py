"""Every text exists in both languages, is used, and carries the same places to fill."""

import re
from pathlib import Path

import pytest

from kiosk.web import words

WEB = Path(words.__file__).parent
PLACE = re.compile(r"\{(\w*)\}")
CHINESE = re.compile("[\u4e00-\u9fff]")
BUILT = re.compile(r"error_\d+|error_\d+_advice|\w+_advice")


def sources(*patterns: str) -> str:
    files = [path for pattern in patterns for path in WEB.rglob(pattern) if not path.name.startswith("words")]
    return "\n".join(path.read_text() for path in files)


@pytest.mark.parametrize("key", [*words.DISPLAY, *words.PAGES])
def test_a_text_says_the_same_in_both_languages(key: str) -> None:
    text = (words.DISPLAY | words.PAGES)[key]
    assert text.zh.strip()
    assert text.en.strip()
    assert sorted(PLACE.findall(text.zh)) == sorted(PLACE.findall(text.en))
    if key != "switch_language":
        assert CHINESE.search(text.zh)
        assert not CHINESE.search(text.en)


def test_no_text_is_left_unused() -> None:
    used = set(re.findall(r"""["'](\w+)["']""", sources("*.html", "*.js", "*.py")))
    unused = [key for key in words.DISPLAY | words.PAGES if key not in used and not BUILT.fullmatch(key)]
    assert unused == []


def test_every_text_that_a_page_asks_for_exists() -> None:
    asked = set(re.findall(r"""\bt\(["'](\w+)["'](?! ~)""", sources("*.html")))
    asked |= set(re.findall(r"""named\(["'](\w+)["']""", sources("*.html")))
    assert asked <= set(words.ALL)
    asked_by_script = set(re.findall(r"""\btext\(\s*["'](\w+)["']""", sources("*.js")))
    assert asked_by_script
    assert asked_by_script <= set(words.DISPLAY)


def test_every_notice_has_its_advice() -> None:
    notices = set(re.findall(r'"(no_\w+|emergency|lockdown)"', (WEB / "shows.py").read_text()))
    assert {"no_gate", "emergency", "lockdown", "no_journal", "no_reader"} <= notices
    for notice in notices:
        assert {notice, f"{notice}_advice"} <= set(words.DISPLAY)


def test_no_page_has_words_of_its_own() -> None:
    assert not CHINESE.search(re.sub(r"//.*|/\*.*?\*/", "", sources("*.html", "*.js").replace('"，"', "")))
