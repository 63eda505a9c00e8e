"""What staff read where something was refused: what and which, then what to do about it, in their language."""

import re
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache

from kiosk.central.club.refused import RuleRefused
from kiosk.club.life import StepRefused
from kiosk.core.errors import Refused
from kiosk.core.identifiers import UntrustedIdentifier
from kiosk.core.texts import Language, say
from kiosk.office.problems import answer_to
from kiosk.office.words import CHOICES, PAGES, REFUSALS, say_code
from kiosk.office.words_details import DETAILS
from kiosk.office.words_errors import HINTS, MESSAGES

_CODE = re.compile(r"[a-z][a-z_ ]*\Z")
_VALUE = "(.+?)"
_AS_TYPED = frozenset({"member_no", "name", "card", "number", "numbers", "entry"})
_STEP = re.compile(r".+ that is ([a-z_]+) cannot [a-z_]+")
"""What a life says of a step that cannot be taken (kiosk.club.life)."""


def error_text(error: Refused, language: Language) -> str:
    """Return a refusal in words: the reason of a rule, or the message; a sentence with what to do where there is one.

    A message that has no words in Chinese is replaced by a general one: nobody at the desk reads an English one there.
    """
    known = reason_text(error.distrust if isinstance(error, UntrustedIdentifier) else answer_to(error).reason, language)
    if known:
        first = known + _about(_details(error), language)
    elif language is Language.EN:
        return str(error)
    else:
        first = in_chinese(error.message) or say(PAGES, "refused_otherwise", language)
    if language is Language.EN:
        return f"{first}. {error.hint}" if error.hint else f"{first}."
    hint = in_chinese(error.hint)
    return f"{first}。{hint}{'。' if hint and not hint.endswith('？') else ''}"


def reason_text(reason: str, language: Language) -> str:
    """Return the text of a reason: of its own kind of reasons where that has one, or of its code; else empty.

    Two rules may give the same code to different things, so the kind of reason comes first.
    """
    own = f"{type(reason).__name__}.{reason}" if isinstance(reason, StrEnum) else ""
    for table, key in ((REFUSALS, own), (CHOICES, own), (REFUSALS, str(reason))):
        if key in table:
            return say(table, key, language)
    return ""


def _details(error: Refused) -> Mapping[str, str | int]:
    if isinstance(error, RuleRefused):
        return error.detail
    step = _STEP.fullmatch(error.message) if isinstance(error, StepRefused) else None
    return {"state": step[1]} if step else {}


def _about(about: Mapping[str, str | int], language: Language) -> str:
    parts = []
    for name, value in about.items():
        text = _value(name, value, language)
        if name in DETAILS and text:
            parts.append(f"{say(DETAILS, name, language)} {text}")
    if not parts:
        return ""
    return f"（{'，'.join(parts)}）" if language is Language.ZH else f" ({', '.join(parts)})"


def _value(name: str, value: str | int, language: Language) -> str:
    """Return a value of a detail; a code that nothing has words for is not said."""
    if name in _AS_TYPED:
        return str(value)
    if name == "reasons" and " " not in str(value):
        return ""  # The first one is said already.
    if isinstance(value, int):
        return f"{value / 100:,.2f}" if name.endswith("_minor") else str(value)
    words = [_code(each, language) for each in value.split()] if _CODE.match(value) else [value]
    return ("、" if language is Language.ZH else ", ").join(each for each in words if each)


def _code(code: str, language: Language) -> str:
    plain = "" if language is Language.ZH else code.replace("_", " ")
    return say_code(code, language) or reason_text(code, language) or plain


def in_chinese(said: str) -> str:
    """Return the Chinese of a message or hint, filled with its values; empty where there is none."""
    if plain := MESSAGES.get(said) or HINTS.get(said):
        return plain
    for pattern, chinese in _patterns():
        if match := pattern.fullmatch(said):
            return chinese.format(*(each.strip("'\"") for each in match.groups()))
    return ""


@lru_cache(maxsize=1)
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    """Return the texts with values, the longest first: `{} is over` would fit many."""
    templates = {**MESSAGES, **HINTS}
    return [
        (re.compile(_VALUE.join(re.escape(part) for part in each.split("{}")), re.DOTALL), templates[each])
        for each in sorted(templates, key=len, reverse=True)
        if "{}" in each
    ]
