"""The till and the attendant's view say everything in both languages, and nothing that no page asks for."""

import re
from pathlib import Path

import pytest

from kiosk.core.texts import Text
from kiosk.web import words_attendant, words_till

WEB = Path(words_till.__file__).parent
TEXTS = words_till.TEXTS | words_attendant.TEXTS
PLACE = re.compile(r"\{(\w*)\}")
CHINESE = re.compile("[\u4e00-\u9fff]")
BUILT = re.compile(r"till_(why|price|by|undone)_\w+|att_why_\w+")


def sources(*patterns: str) -> str:
    files = [path for pattern in patterns for path in WEB.rglob(pattern) if not path.name.startswith("words")]
    return "\n".join(path.read_text() for path in files if path.name.startswith(("till", "attendant", "receipt")))


@pytest.mark.parametrize("texts", [words_till.TEXTS, words_attendant.TEXTS], ids=["till", "attendant"])
def test_every_text_says_the_same_in_both_languages(texts: dict[str, Text]) -> None:
    for key, text in texts.items():
        assert CHINESE.search(text.zh), key
        assert text.en.strip(), key
        assert not CHINESE.search(text.en), key
        assert sorted(PLACE.findall(text.zh)) == sorted(PLACE.findall(text.en)), key


def test_every_text_is_used_and_every_text_that_is_asked_for_exists() -> None:
    used = set(re.findall(r"""["'](\w+)["']""", sources("*.html", "*.js", "*.py")))
    assert [key for key in TEXTS if key not in used and not BUILT.fullmatch(key)] == []
    asked = set(re.findall(r"""["']((?:till|att)_[a-z_]+[a-z])["']""", sources("*.html", "*.js")))
    assert asked - set(TEXTS) == set()


def test_the_pages_have_no_words_of_their_own() -> None:
    without_comments = re.sub(r"//.*|/\*.*?\*/", "", sources("*.html", "*.js"))
    assert not CHINESE.search(without_comments)
