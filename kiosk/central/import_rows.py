"""One row of a member list: what it says, or every reason why it cannot be used. `docs/import.md` lists the columns."""

from collections.abc import Callable, Collection, Iterator
from datetime import date
from enum import StrEnum
from typing import TypeVar

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

T = TypeVar("T")


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


def read_row(row: SheetRow, against: Understanding) -> tuple[ImportRow | None, list[Problem]]:
    """Return what a row says, or None and every problem it has."""
    cells = _Cells(row)
    if row.surplus:
        cells.fault("", "the row has more cells than there are columns", "Look for a comma inside a name")
    result = ImportRow(
        line=row.line,
        member_no=cells.take("member_no", read_code, ""),
        name=cells.take("name", read_name, ""),
        identifier=cells.take("identifier", lambda cell: read_identifier(cell, against.written), ""),
        tier=cells.take("tier", lambda cell: read_known(cell, against.tiers, "tier"), ""),
        products=cells.take("product", lambda cell: read_products(cell, against.products), ()),
        status=cells.take("status", lambda cell: read_word(cell, Status), Status.ACTIVE),
        guest_of=cells.take("guest_of", read_code, ""),
        assurance=cells.take("assurance", lambda cell: read_word(cell, Assurance), Assurance.UID),
        dates={name: day for name in DATE_COLUMNS if (day := cells.take(name, read_day, None)) is not None},
        visits=_visits(cells),
    )
    if not cells.problems:
        cells.problems += [Problem(row.line, *fault) for fault in _contradictions(result, against.today)]
    return (None if cells.problems else result), cells.problems


class _Cells:
    """The cells of one row, and what is wrong with them."""

    def __init__(self, row: SheetRow) -> None:
        self._row = row
        self.problems: list[Problem] = []

    def take(self, column: str, read: Callable[[Cell], T], default: T) -> T:
        cell = self._row.cells.get(column)
        if cell is None:
            return default
        try:
            check_damage(cell)
            return read(cell)
        except InvalidInput as error:
            self.fault(column, error.message, error.hint)
            return default

    def fault(self, column: str, reason: str, hint: str = "") -> None:
        self.problems.append(Problem(self._row.line, column, reason, hint))


def _visits(cells: _Cells) -> VisitRule | None:
    given: dict[str, int] = {}
    for name in NUMBER_COLUMNS:
        number = cells.take(name, read_number, 0)
        if number:
            given[name] = number
    periods = [name for name in PERIOD_COLUMNS if name in given]
    for extra in periods[1:]:
        cells.fault(extra, f"stands beside {periods[0]}", "A member has visits per one period only")
    if not given:
        return None
    return VisitRule(
        ever=given.get("visits_ever"),
        per_period=given[periods[0]] if periods else None,
        period=PERIOD_COLUMNS[periods[0]] if periods else Period.DAY,
        days=given.get("visits_days"),
        gap_s=given.get("visits_gap_s", 0),
        grace_s=given.get("visits_grace_s", 0),
    )


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
