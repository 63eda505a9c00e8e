"""One row of a member list: what it says, or every reason why it cannot be used. `docs/import.md` lists the columns."""

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date
from enum import StrEnum
from typing import Any

import msgspec

from kiosk.central.import_cells import (
    check_damage,
    read_code,
    read_day,
    read_identifier,
    read_known,
    read_name,
    read_number,
    read_products,
    read_word,
)
from kiosk.central.sheets import Cell, SheetRow
from kiosk.core.errors import InvalidInput
from kiosk.core.identifiers import Assurance, NumberFormat
from kiosk.core.model import Period, VisitRule

PERIOD_COLUMNS = {f"visits_per_{period.value}": period for period in Period}
NUMBER_COLUMNS = ("visits_ever", *PERIOD_COLUMNS, "visits_days", "visits_gap_s", "visits_grace_s")
SPANS = (("valid_from", "valid_until"), ("card_valid_from", "card_valid_until"), ("suspended_from", "suspended_until"))
DATE_COLUMNS = (*SPANS[0], *SPANS[1], *SPANS[2], "member_until", "paid_until")
TEXT_COLUMNS = ("member_no", "name", "identifier", "tier", "product", "status", "guest_of", "assurance")
CHINESE = {
    "会员号": "member_no",
    "会员编号": "member_no",
    "姓名": "name",
    "卡号": "identifier",
    "等级": "tier",
    "产品": "product",
    "状态": "status",
    "随行会员": "guest_of",
    "开始日期": "valid_from",
    "到期日期": "valid_until",
    "会籍到期": "member_until",
    "缴费至": "paid_until",
    "停卡开始": "suspended_from",
    "停卡结束": "suspended_until",
    "总次数": "visits_ever",
    "每日次数": "visits_per_day",
    "每周次数": "visits_per_week",
    "每月次数": "visits_per_month",
}
HEADERS = {name: name for name in (*TEXT_COLUMNS, *DATE_COLUMNS, *NUMBER_COLUMNS)} | CHINESE


class Status(StrEnum):
    """What a row says of the member or the card."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    ENDED = "ended"
    UNPAID = "unpaid"
    LOST = "lost"
    REVOKED = "revoked"
    UNCOLLECTED = "uncollected"
    DISABLED = "disabled"
    GIFT = "gift"


class Problem(msgspec.Struct, frozen=True):
    """Why a row was not taken; `column` is empty where it is not about one."""

    line: int
    column: str
    reason: str
    hint: str = ""


class ImportRow(msgspec.Struct, frozen=True, kw_only=True):
    """What a row says; `identifier` is canonical, `dates` are by column."""

    line: int
    member_no: str = ""
    name: str = ""
    identifier: str = ""
    tier: str = ""
    products: tuple[str, ...] = ()
    status: Status = Status.ACTIVE
    guest_of: str = ""
    assurance: Assurance = Assurance.UID
    dates: dict[str, date] = {}
    visits: VisitRule | None = None


class Understanding(msgspec.Struct, frozen=True):
    """What rows are read against: the club's tiers and products, how the list writes card numbers, the local day."""

    tiers: Collection[str]
    products: Collection[str]
    written: NumberFormat
    today: date


_TEXT_FIELDS = {column: "products" if column == "product" else column for column in TEXT_COLUMNS}
_READERS: dict[str, Callable[[Cell, Understanding], Any]] = {
    "member_no": lambda cell, _: read_code(cell),
    "name": lambda cell, _: read_name(cell),
    "identifier": lambda cell, against: read_identifier(cell, against.written),
    "tier": lambda cell, against: read_known(cell, against.tiers, "tier"),
    "product": lambda cell, against: read_products(cell, against.products),
    "status": lambda cell, _: read_word(cell, Status),
    "guest_of": lambda cell, _: read_code(cell),
    "assurance": lambda cell, _: read_word(cell, Assurance),
    **dict.fromkeys(DATE_COLUMNS, lambda cell, _: read_day(cell)),
    **dict.fromkeys(NUMBER_COLUMNS, lambda cell, _: read_number(cell)),
}


def read_row(row: SheetRow, against: Understanding) -> tuple[ImportRow | None, list[Problem]]:
    """Return what a row says, or None and every problem it has."""
    problems: list[Problem] = []
    if row.flaw is not None:
        problems.append(Problem(row.line, "", row.flaw.reason, row.flaw.hint))
    told: dict[str, Any] = {}
    for column, cell in row.cells.items():
        try:
            check_damage(cell)
            told[column] = _READERS[column](cell, against)
        except InvalidInput as error:
            problems.append(Problem(row.line, column, error.message, error.hint))
    result = ImportRow(
        line=row.line,
        **{field: told[column] for column, field in _TEXT_FIELDS.items() if column in told},
        dates={column: told[column] for column in DATE_COLUMNS if column in told},
        visits=_visits(told),
    )
    if not problems:
        problems = [Problem(row.line, *fault) for fault in _contradictions(result, against.today)]
        problems += [Problem(row.line, *fault) for fault in _period_contradictions(told)]
    return (None if problems else result), problems


def _visits(told: Mapping[str, Any]) -> VisitRule | None:
    if not any(column in told for column in NUMBER_COLUMNS):
        return None
    period = next((column for column in PERIOD_COLUMNS if column in told), None)
    return VisitRule(
        ever=told.get("visits_ever"),
        per_period=told[period] if period else None,
        period=PERIOD_COLUMNS[period] if period else Period.DAY,
        days=told.get("visits_days"),
        gap_s=told.get("visits_gap_s", 0),
        grace_s=told.get("visits_grace_s", 0),
    )


def _period_contradictions(told: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    first, *others = [column for column in PERIOD_COLUMNS if column in told] or [""]
    for column in others:
        yield column, f"stands beside {first}", "A member has visits per one period only"


def _contradictions(row: ImportRow, today: date) -> Iterator[tuple[str, str, str]]:
    """Hold the cells of a row against each other; yields column, reason and hint."""
    if not row.identifier:
        yield "identifier", "is empty", "Every row is about a card"
    if row.status is Status.GIFT:
        for column in ("member_no", "name", "tier", "products", "guest_of"):
            if getattr(row, column):
                yield column.removesuffix("s"), "stands on a gift card", "A gift card has no member; leave it empty"
        return
    for column, value in (("member_no", row.member_no), ("name", row.name)):
        if not value:
            yield column, "is empty", "Only a gift card has no member"
    if row.guest_of and row.guest_of == row.member_no:
        yield "guest_of", "is the member's own number", ""
    yield from _date_contradictions(row, today)
    yield from _product_contradictions(row)


def _date_contradictions(row: ImportRow, today: date) -> Iterator[tuple[str, str, str]]:
    for first, last in SPANS:
        if first in row.dates and last in row.dates and row.dates[last] < row.dates[first]:
            yield last, f"lies before {first}", ""
    if row.status is Status.SUSPENDED:
        if row.dates.get("suspended_from", today) > today:
            yield "suspended_from", "is still to come, and the status is suspended", "Say active: the dates are enough"
        if row.dates.get("suspended_until", today) < today:
            yield "suspended_until", "is over, and the status is suspended", "Say active, or correct the date"
    if row.status is Status.ENDED and row.dates.get("member_until", date.min) >= today:
        yield "member_until", "is not over, and the status is ended", "Say active: the date is enough"


def _product_contradictions(row: ImportRow) -> Iterator[tuple[str, str, str]]:
    if row.visits is not None and len(row.products) > 1:
        yield "product", "names several products, and visits are given", "Leave the visits to the products"
    if row.products:
        return
    for column in ("valid_from", "valid_until"):
        if column in row.dates:
            yield column, "stands without a product", "Use card_valid_from, card_valid_until or member_until"
    if row.visits is not None:
        yield "product", "is empty, and visits are given", "Name the product they are visits of"
    if row.status is Status.UNPAID:
        yield "product", "is empty, and the status is unpaid", "For a membership fee give paid_until"
