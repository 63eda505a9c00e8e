"""What members' data are for, how long they are kept, what is sensitive, and what a member is given of them (§5).

`privacy_plan` lists every table; here are the rules that read the list.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.club.calendar import add_months
from kiosk.club.refusal import Refusal


class Purpose(StrEnum):
    """What data are used for. Wire format."""

    MEMBERSHIP = "membership"
    ENTRY = "entry"
    MONEY = "money"
    CARE = "care"
    CONDUCT = "conduct"
    SAFETY = "safety"
    OFFERS = "offers"
    RECOGNITION = "recognition"
    PARTNERS = "partners"


class Ground(StrEnum):
    """What a use rests on. Wire format."""

    CONTRACT = "contract"
    LAW = "law"
    CONSENT = "consent"


class Kept(StrEnum):
    """For how long. Wire format."""

    WITH_FILE = "with_file"
    ENTRY_TIMES = "entry_times"
    TALKS = "talks"
    COMPLAINTS = "complaints"
    LEDGER = "ledger"
    NAMELESS = "nameless"


class AtErasure(StrEnum):
    """What becomes of a table's rows when a member's data are erased. Wire format."""

    DELETE = "delete"
    BLANK = "blank"
    KEEP = "keep"


class TableUse(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One table: by which column its rows are a member's, what for, how long, and what happens at erasure.

    `by` is a column with a member's id, or with `through` the id of a card or another thing of the member's.
    `blank` are the columns that erasure empties, `sensitive` those that staff look at only when they have to.
    """

    table: str
    by: str
    purpose: Purpose
    ground: Ground = Ground.CONTRACT
    kept: Kept = Kept.WITH_FILE
    at_erasure: AtErasure = AtErasure.KEEP
    through: str = ""
    blank: tuple[str, ...] = ()
    sensitive: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()


class PrivacyRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long what is kept, and which uses need a yes."""

    entry_months: Annotated[
        int,
        Meta(
            ge=1,
            description="Months that entry times are kept with a card: they tell where somebody was. Two years, so "
            "that a year can be held against the one before.",
            extra={"source": "§5.9, S90; no seed for the number"},
        ),
    ] = 24
    talk_months: Annotated[
        int,
        Meta(
            ge=1,
            description="Months that a log of talks and its tasks are kept.",
            extra={"source": "S70, S90; no seed for the number"},
        ),
    ] = 24
    complaint_months: Annotated[
        int,
        Meta(
            ge=1,
            description="Months that a closed complaint keeps its words: the Civil Code's three years of limitation.",
            extra={"source": "S88, S90, seeds 000:87"},
        ),
    ] = 36
    ledger_years: Annotated[
        int,
        Meta(
            ge=1,
            description="Years that bookings are kept whole, whatever is erased beside them.",
            extra={"source": "S90, §5.13; accounting law, no seed for the number"},
        ),
    ] = 30
    application_days: Annotated[
        int,
        Meta(
            ge=1,
            description="Days after which an application that nobody took up is erased, from when it came or was last "
            "touched: what somebody said to join is of no use once the answer is long overdue. Half a year leaves time "
            "for papers that take months, and for a club that is shut for a season.",
            extra={"source": "S90, §5, R08; no seed for the number"},
        ),
    ] = 180
    consent_for: Annotated[
        tuple[Purpose, ...],
        Meta(
            description="Uses that need a member's own yes: offers, recognition by staff screens, partners.",
            extra={"source": "S90, §5.15, seeds 000:178, 003:335"},
        ),
    ] = (Purpose.OFFERS, Purpose.RECOGNITION, Purpose.PARTNERS)


class PrivacyReason(StrEnum):
    """Why data are not used or erased. Wire format."""

    MEMBERSHIP_RUNS = "membership_runs"
    MONEY_OPEN = "money_open"
    COMPLAINT_OPEN = "complaint_open"


class PrivacyRefusal(Refusal[PrivacyReason], frozen=True):
    """Why data are not used or erased."""


class ErasureStep(msgspec.Struct, frozen=True):
    """What erasure does with one table of a member's."""

    table: str
    at_erasure: AtErasure
    by: str
    through: str
    blank: tuple[str, ...]


def against_erasure(*, is_member: bool, balance_minor: int, complaints_open: int) -> tuple[PrivacyRefusal, ...]:
    """Return why a member's data are not erased yet: a membership, money or a complaint that is still open."""
    reasons = (
        (PrivacyReason.MEMBERSHIP_RUNS, is_member, 0),
        (PrivacyReason.MONEY_OPEN, balance_minor != 0, balance_minor),
        (PrivacyReason.COMPLAINT_OPEN, complaints_open > 0, complaints_open),
    )
    return tuple(PrivacyRefusal(reason, {"value": value}) for reason, is_so, value in reasons if is_so)


def erasure_plan(uses: Iterable[TableUse]) -> tuple[ErasureStep, ...]:
    """Return what erasure does, table by table; what belongs to the ledger stays whole (§5.10, S90)."""
    return tuple(
        ErasureStep(each.table, each.at_erasure, each.by, each.through, each.blank)
        for each in uses
        if each.kept is not Kept.NAMELESS and each.kept is not Kept.LEDGER
    )


def export_plan(uses: Iterable[TableUse], columns: Mapping[str, Iterable[str]]) -> Mapping[str, tuple[str, ...]]:
    """Return the columns of every table that a member is given of the own data: all but secrets of others (§5).

    `columns` are those that each table has.
    """
    return {
        each.table: tuple(name for name in columns[each.table] if name not in each.withheld)
        for each in uses
        if each.kept is not Kept.NAMELESS
    }


def sensitive_fields(uses: Iterable[TableUse]) -> frozenset[str]:
    """Return what staff look at only when they have to, as `table.column`; every look is written down (S90, R149)."""
    return frozenset(f"{each.table}.{name}" for each in uses for name in each.sensitive)


def forget_before(kept: Kept, rules: PrivacyRules, today: date) -> date | None:
    """Return the day before which rows of a kind are forgotten; None where the file decides, or nothing does."""
    months = {
        Kept.ENTRY_TIMES: rules.entry_months,
        Kept.TALKS: rules.talk_months,
        Kept.COMPLAINTS: rules.complaint_months,
        Kept.LEDGER: rules.ledger_years * 12,
    }.get(kept)
    return add_months(today, -months) if months is not None else None
