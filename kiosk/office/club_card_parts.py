"""What the families of cards share: numbers as they are typed, and choices from the rule book."""

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from flask import g
from msgspec import Meta

from kiosk.central.club.books import Look
from kiosk.central.club.refused import RuleRefused
from kiosk.central.club.staff import ACTIVE, account, accounts
from kiosk.club.card_batches import Batch
from kiosk.club.roles import GRANTS, Permission, Role
from kiosk.core.errors import InvalidInput
from kiosk.office.words import say_choice

NUMBERS_MAX = 5000

NOT_THEIR_WORK = "not_their_work"
"""Reason where somebody is named who has not the role for it. Wire format."""

Sentence = Annotated[str, Meta(min_length=1, max_length=500)]
Remark = Annotated[str, Meta(max_length=500)]
CardNumber = Annotated[str, Meta(min_length=1, max_length=32)]
Id = Annotated[str, Meta(min_length=1, max_length=32)]
NumbersText = Annotated[str, Meta(min_length=1, max_length=9000)]
Numbers = tuple[CardNumber, ...] | NumbersText
"""Card numbers: a list, or text with spaces or commas between; `0001-0020` there stands for all between."""

_BETWEEN = re.compile(r"[\s,;，；、]+")
_SPAN = re.compile(r"([0-9]{1,32})-([0-9]{1,32})\Z")


def said(enum: str, value: object) -> str:
    """Return a value as the page's language has it, the value itself where the words do not have it."""
    return say_choice(enum, str(value), g.language) if value is not None else "–"


def batch_name(batch: Batch) -> str:
    """Return what staff know a production order by: its numbers, which no other one has."""
    return f"{batch.numbers.number(batch.numbers.first)} – {batch.numbers.number(batch.numbers.last)}"


def kinds_to_choose(codes: Iterable[str]) -> list[tuple[str, str]]:
    """Return kinds of card of the rule book as choices."""
    return [(code, said("CardKind", code)) for code in codes]


def colleagues(look: Look, permission: Permission) -> list[tuple[str, str]]:
    """Return the accounts that may do something, as choices."""
    return [(each.id, each.name) for each in accounts(look) if each.state == ACTIVE and _may(each.roles, permission)]


def check_colleague(look: Look, staff_id: str, permission: Permission) -> None:
    """Return where there is such an account and its work it is; raises InvalidInput, RuleRefused."""
    found = account(look, staff_id)
    if found.state != ACTIVE or not _may(found.roles, permission):
        raise RuleRefused(NOT_THEIR_WORK, {"name": found.name})


def numbers_in(numbers: Numbers, *, spans: bool = True) -> list[str]:
    """Return the card numbers that were given; raises InvalidInput for more than 5,000 or a span that is none."""
    if not isinstance(numbers, str):
        return _limited(list(numbers))
    found: list[str] = []
    for part in _BETWEEN.split(numbers.strip()):
        span = _SPAN.match(part) if spans else None
        found += _span(span[1], span[2]) if span else [part]
        _limited(found)
    return [each for each in found if each]


def _may(roles: Iterable[Role], permission: Permission) -> bool:
    return any(permission in GRANTS[role] for role in roles)


def _limited(numbers: list[str]) -> list[str]:
    if len(numbers) > NUMBERS_MAX:
        raise InvalidInput(f"more than {NUMBERS_MAX} card numbers at once", hint="Do it in parts")
    return numbers


def _span(first: str, last: str) -> list[str]:
    if len(first) != len(last) or int(last) < int(first):
        raise InvalidInput(f"{first}-{last} is no span of numbers", hint="Write both with all their digits")
    if int(last) - int(first) >= NUMBERS_MAX:
        raise InvalidInput(f"more than {NUMBERS_MAX} card numbers at once", hint="Do it in parts")
    return [str(each).zfill(len(first)) for each in range(int(first), int(last) + 1)]


NUMBERS_FIELD: Mapping[str, Any] = {"numbers": NumbersText}
"""As what a form takes numbers: text."""
