"""What the chosen rule packs say against selling a membership or lessons ahead, and what they ask to be put aside."""

from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.club.calendar import add_months
from kiosk.club.refusal import Refusal
from kiosk.club.rule_packs import Caps, FigureKind, Pack, PackRules, figures_on
from kiosk.club.splitting import at_least


class Prepaid(StrEnum):
    """What is sold ahead. Wire format."""

    MEMBERSHIP = "membership"
    LESSONS = "lessons"


class Ahead(msgspec.Struct, frozen=True):
    """A sale of something that is given later, in whole months or lessons.

    `held_minor` is what the person has prepaid for the same and not used yet, `held_count` the lessons of it, and
    `others_minor` all else that the person has prepaid: a renewal keeps to the limits with what is left of all of it,
    in time from today on.
    """

    what: Prepaid
    amount_minor: int
    starts_on: date
    ends_on: date | None
    count: Annotated[int, Meta(ge=0)] = 0
    held_minor: int = 0
    held_count: int = 0
    others_minor: int = 0


class PrepaidReason(StrEnum):
    """Why something is not sold ahead. Wire format."""

    OVER_AMOUNT = "over_amount"
    OVER_PERSON_TOTAL = "over_person_total"
    OVER_COUNT = "over_count"
    TOO_LONG = "too_long"
    TOO_EARLY = "too_early"


class PrepaidRefusal(Refusal[PrepaidReason], frozen=True):
    """Why something is not sold ahead."""


_AMOUNT = {Prepaid.MEMBERSHIP: FigureKind.MEMBERSHIP_MINOR, Prepaid.LESSONS: FigureKind.LESSONS_MINOR}
_MONTHS = {Prepaid.MEMBERSHIP: FigureKind.MEMBERSHIP_MONTHS, Prepaid.LESSONS: FigureKind.LESSONS_MONTHS}


def against_selling(sale: Ahead, today: date, caps: Caps) -> PrepaidRefusal | None:
    """Return the first limit that a sale would pass, or None (field notes 3.9)."""
    return next(_against(sale, today, caps), None)


def _against(sale: Ahead, today: date, caps: Caps) -> Iterator[PrepaidRefusal]:
    held_minor = sale.held_minor + sale.amount_minor
    limit = caps.value(_AMOUNT[sale.what])
    if limit is not None and held_minor > limit:
        yield PrepaidRefusal(PrepaidReason.OVER_AMOUNT, {"limit": limit, "would_be": held_minor})
    limit = caps.value(FigureKind.PERSON_TOTAL_MINOR)
    if limit is not None and held_minor + sale.others_minor > limit:
        all_minor = held_minor + sale.others_minor
        yield PrepaidRefusal(PrepaidReason.OVER_PERSON_TOTAL, {"limit": limit, "would_be": all_minor})
    limit = caps.value(FigureKind.LESSONS_COUNT)
    count = sale.held_count + sale.count
    if sale.what is Prepaid.LESSONS and limit is not None and count > limit:
        yield PrepaidRefusal(PrepaidReason.OVER_COUNT, {"limit": limit, "would_be": count})
    limit = caps.value(_MONTHS[sale.what])
    begins_on = min(sale.starts_on, today) if sale.held_minor or sale.held_count else sale.starts_on
    if limit is not None and (sale.ends_on is None or sale.ends_on >= add_months(begins_on, limit)):
        yield PrepaidRefusal(PrepaidReason.TOO_LONG, {"limit": limit})
    limit = caps.value(FigureKind.BEFORE_START_MONTHS)
    if limit is not None and sale.starts_on > add_months(today, limit):
        yield PrepaidRefusal(PrepaidReason.TOO_EARLY, {"limit": limit})


class Aside(msgspec.Struct, frozen=True):
    """What has to be in escrow, and the pack that asks for most; "" = none does."""

    amount_minor: int
    pack: str = ""


def escrow_due(balance_minor: int, day: date, rules: PackRules, known: tuple[Pack, ...]) -> Aside:
    """Return what the packs ask to be put aside of all prepaid balances, fen by fen rounded up.

    Each pack's part goes with its own threshold, so that a higher part from an amount on does not lift the lower one
    below it. An insurance or a guarantee that takes its place is the club's to count.
    """
    by_pack: dict[str, dict[FigureKind, int]] = {}
    for each in figures_on(day, rules, known):
        if each.counts:
            by_pack.setdefault(each.pack, {})[each.figure.kind] = each.figure.value
    found = Aside(0)
    for pack, figures in by_pack.items():
        above = balance_minor > figures.get(FigureKind.ESCROW_ABOVE_MINOR, 0)
        amount_minor = at_least(balance_minor, figures.get(FigureKind.ESCROW_PERCENT, 0), 100) if above else 0
        if amount_minor > found.amount_minor:
            found = Aside(amount_minor, pack)
    return found


def over_pool(balance_minor: int, revenue_minor: int, caps: Caps) -> int:
    """Return by how much all prepaid balances pass their part of the last year's revenue; 0 = they do not."""
    percent = caps.value(FigureKind.POOL_OF_REVENUE_PERCENT)
    return 0 if percent is None else max(balance_minor - revenue_minor * percent // 100, 0)
