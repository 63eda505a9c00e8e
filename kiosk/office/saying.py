"""What a page says where the text is made in Python and not in a template: in the language of this request."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from flask import g

from kiosk.central.club.books import Look
from kiosk.central.queries import tier_list
from kiosk.club.tiers import Basis
from kiosk.core.texts import Language, say
from kiosk.office import words
from kiosk.office.amounts import shown


def told(key: str, **values: object) -> str:
    """Return a text of the pages, filled in."""
    return say(words.PAGES, key, language(), **values)


def chosen(enum: str, value: str) -> str:
    """Return the text of a value that may be chosen; the value itself where there is none."""
    return words.say_choice(enum, value, language()) if value else ""


def meant(rule: str, meaning: str) -> str:
    """Return what an entry of the rule book means; `meaning` is the entry's own, in English."""
    return words.RULES.get(rule, meaning) if language() is Language.ZH else meaning


def tier_names(look: Look) -> dict[str, str]:
    """Return what the tiers of the ladder are called, lowest first: as the roster has it, else by our own words."""
    rows = {each.id: (each.name_en if language() is Language.EN else each.name) for each in tier_list(look.connection)}
    return {rung.tier: rows.get(rung.tier) or chosen("tier", rung.tier) for rung in look.rules.tiers.ladder}


class Titled(Protocol):
    """What has a title by staff, "" where it has none in English."""

    @property
    def title(self) -> str:
        """The title in Chinese."""

    @property
    def title_en(self) -> str:
        """The title in English."""


def title_of(thing: Titled) -> str:
    """Return the title of a thing in the language of the page."""
    return named(thing.title, thing.title_en)


def named(zh: str, en: str) -> str:
    """Return a name that staff gave in the language of the page: in Chinese where it has no English."""
    return en if en and language() is Language.EN else zh


def named_each(zh: Sequence[str], en: Sequence[str]) -> dict[str, str]:
    """Return names of which all have their English or none has, each by its Chinese."""
    return {each: named(each, english) for each, english in zip(zh, en or zh, strict=True)}


def condition_text(basis: Basis, amount: int) -> str:
    """Return a condition of a tier in words; amounts of money are minor units."""
    return told(_CONDITIONS[basis], n=shown(amount) if basis is Basis.SPEND_MINOR else f"{amount:,}")


def moment(text: str) -> datetime:
    """Return a moment of the books as pages show one."""
    return datetime.fromisoformat(text)


def local(look: Look, text: str) -> str:
    """Return a moment of the books as a sentence has it: day and minute at the venue."""
    return moment(text).astimezone(look.zone).strftime("%Y-%m-%d %H:%M")


_CONDITIONS = {
    Basis.LIFETIME_POINTS: "condition_lifetime_points",
    Basis.SPEND_MINOR: "condition_spend_minor",
    Basis.VISITS_IN_MONTH: "condition_visits_in_month",
    Basis.TENURE_MONTHS: "condition_tenure_months",
    Basis.BOUGHT: "condition_bought",
}


def code_text(code: str) -> str:
    """Return a code of the books in words, the code itself where there are none."""
    return words.say_code(code, language()) or code


def language() -> Language:
    """Return the language of this request."""
    found: Language = g.language
    return found
