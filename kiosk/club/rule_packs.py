"""Rule packs: the law's figures per city and trade as dated data, and which of them then hold.

A club chooses its packs in the rule book. Of several caps the lowest holds, of several duties the highest. A figure
whose text could not be checked is off until the club confirms it, and shown as unconfirmed. This is no legal advice.
"""

from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta


class Confidence(StrEnum):
    """How well the text behind a figure is known. Wire format."""

    HIGH = "high"
    MEDIUM = "medium"
    DRAFT = "draft"


class Trade(StrEnum):
    """What a pack is about. Wire format."""

    ANY = "any"
    RETAIL = "retail"
    CATERING = "catering"
    RESIDENT_SERVICES = "resident_services"
    FITNESS = "fitness"
    YOUTH_SPORT = "youth_sport"


class FigureKind(StrEnum):
    """What a figure limits or asks for; the unit stands last. Wire format."""

    NAMED_CARD_MINOR = "named_card_minor"
    UNNAMED_CARD_MINOR = "unnamed_card_minor"
    STORED_VALUE_MINOR = "stored_value_minor"
    MEMBERSHIP_MINOR = "membership_minor"
    MEMBERSHIP_MONTHS = "membership_months"
    LESSONS_MINOR = "lessons_minor"
    LESSONS_COUNT = "lessons_count"
    LESSONS_MONTHS = "lessons_months"
    PERSON_TOTAL_MINOR = "person_total_minor"
    BEFORE_START_MONTHS = "before_start_months"
    CASH_ORGANISATION_BELOW_MINOR = "cash_organisation_below_minor"
    CASH_PERSON_BELOW_MINOR = "cash_person_below_minor"
    CASH_REFUND_MINOR = "cash_refund_minor"
    POOL_OF_REVENUE_PERCENT = "pool_of_revenue_percent"
    IDENTITY_FROM_MINOR = "identity_from_minor"
    COOLING_OFF_DAYS = "cooling_off_days"
    UNNAMED_VALID_MONTHS = "unnamed_valid_months"
    RECORDS_YEARS = "records_years"
    ESCROW_PERCENT = "escrow_percent"
    ESCROW_ABOVE_MINOR = "escrow_above_minor"
    CLOSING_NOTICE_DAYS = "closing_notice_days"


DUTIES = frozenset(
    {
        FigureKind.COOLING_OFF_DAYS,
        FigureKind.UNNAMED_VALID_MONTHS,
        FigureKind.RECORDS_YEARS,
        FigureKind.ESCROW_PERCENT,
        FigureKind.CLOSING_NOTICE_DAYS,
    }
)
"""Figures of which the highest is the strictest; of all others it is the lowest."""


class Figure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One number of a text and how sure it is."""

    kind: FigureKind
    value: Annotated[int, Meta(ge=0)]
    confidence: Confidence
    article: str = ""


class Pack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The figures of one text: where and for which trades it holds, from when on, and where it was read."""

    code: str
    city: str
    trades: tuple[Trade, ...]
    since: date
    source: str
    figures: tuple[Figure, ...]
    until: date | None = None


class PackRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which packs a club keeps to."""

    chosen: Annotated[
        tuple[str, ...],
        Meta(
            description="Codes of the packs that hold for this club; the national ones until it says where it is.",
            extra={"source": "S45, field notes 3.9; seeds 000:87 name the law and no number"},
        ),
    ] = ("cn_single_purpose_card", "cn_supreme_court_2025")
    confirmed: Annotated[
        tuple[str, ...],
        Meta(
            description="Figures of less than high confidence that the club has checked and keeps to, as "
            "`pack.figure`.",
            extra={"source": "S45, field notes 3.9; no seed"},
        ),
    ] = ()
    own: Annotated[
        tuple[Pack, ...],
        Meta(
            description="Packs that the club adds; one with the code of a pack that comes along takes its place.",
            extra={"source": "S45, field notes 3.9; no seed"},
        ),
    ] = ()


class HeldFigure(msgspec.Struct, frozen=True):
    """A figure with its pack, and whether it counts: one that is unconfirmed is shown and does not."""

    pack: str
    figure: Figure
    counts: bool

    @property
    def name(self) -> str:
        """The name under which a club confirms it."""
        return f"{self.pack}.{self.figure.kind}"


class Strictest(msgspec.Struct, frozen=True):
    """The figure of a kind that holds, and the pack it is from."""

    value: int
    pack: str


class Caps(msgspec.Struct, frozen=True):
    """The figures that hold on a day, by kind; a kind that no pack limits is missing."""

    held: dict[FigureKind, Strictest] = {}

    def value(self, kind: FigureKind) -> int | None:
        """Return the figure of a kind, None = no limit."""
        found = self.held.get(kind)
        return found.value if found else None


def packs_of(rules: PackRules, known: tuple[Pack, ...]) -> tuple[Pack, ...]:
    """Return every pack there is: those that come along, with the club's own in their place or behind them."""
    by_code = {each.code: each for each in known} | {each.code: each for each in rules.own}
    return tuple(by_code.values())


def figures_on(day: date, rules: PackRules, known: tuple[Pack, ...]) -> Iterator[HeldFigure]:
    """Yield the figures of the chosen packs in force on a day, the unconfirmed ones labelled."""
    for pack in packs_of(rules, known):
        if pack.code not in rules.chosen or day < pack.since or (pack.until is not None and day > pack.until):
            continue
        for figure in pack.figures:
            held = HeldFigure(pack.code, figure, counts=figure.confidence is Confidence.HIGH)
            yield msgspec.structs.replace(held, counts=held.counts or held.name in rules.confirmed)


def caps_on(day: date, rules: PackRules, known: tuple[Pack, ...]) -> Caps:
    """Return the figures that hold on a day: of each kind the strictest, the first of equal ones."""
    held: dict[FigureKind, Strictest] = {}
    for each in figures_on(day, rules, known):
        kind, value = each.figure.kind, each.figure.value
        now = held.get(kind)
        stricter = now is None or (value > now.value if kind in DUTIES else value < now.value)
        if each.counts and stricter:
            held[kind] = Strictest(value, each.pack)
    return Caps(held)


def unknown_choices(rules: PackRules, known: tuple[Pack, ...]) -> tuple[str, ...]:
    """Return chosen packs and confirmed figures that there are not, for whoever amends the rule book."""
    packs = {each.code: each for each in packs_of(rules, known)}
    figures = {f"{pack.code}.{figure.kind}" for pack in packs.values() for figure in pack.figures}
    missing = [code for code in rules.chosen if code not in packs]
    return (*missing, *(name for name in rules.confirmed if name not in figures))


class CashFrom(StrEnum):
    """Who pays. Wire format."""

    PERSON = "person"
    ORGANISATION = "organisation"


def cash_allowed(amount_minor: int, payer: CashFrom, caps: Caps) -> bool:
    """Say whether so much may be paid in cash at once; at the figure itself a bank has to be used."""
    kind = FigureKind.CASH_PERSON_BELOW_MINOR
    if payer is CashFrom.ORGANISATION:
        kind = FigureKind.CASH_ORGANISATION_BELOW_MINOR
    limit = caps.value(kind)
    return limit is None or amount_minor < limit


def identity_needed(amount_minor: int, caps: Caps) -> bool:
    """Say whether of so much on a card it has to be written down whose it is: name, document and a way to reach."""
    limit = caps.value(FigureKind.IDENTITY_FROM_MINOR)
    return limit is not None and amount_minor >= limit
