"""A list as a file, CSV or XLSX: all its pages, one after the other, as whoever asks may see them."""

import csv
import io
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app, request, send_file
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from werkzeug.wrappers import Response

from kiosk.office.amounts import Amount
from kiosk.office.listing import Listing
from kiosk.office.plain import Plain, plain
from kiosk.office.saying import told

ROWS_MAX = 20_000
"""So many rows are in a file at most; its last line then says that there are more."""

_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
"""What a formula begins with, blanks in front left out; East Asian spreadsheets take the wide signs too."""

_YUAN = '"¥"#,##0.00'
"""How a spreadsheet shows an amount, which is a number in it."""

_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def file_of(listing: Listing, again: Callable[[], Any], ending: str, zone: ZoneInfo, today: date) -> Response:
    """Return a list as a file; `again` makes its next page, when the address is that of the next page."""
    rows: list[list[Plain]] = [_heads(listing)]
    body = ([_cell(each, zone) for each in row] for row in _all_rows(listing, again, ending))
    content = _xlsx([*rows, *body]) if ending == "xlsx" else _csv([*rows, *body])
    name = f"{told(listing.title)}-{today.isoformat()}.{ending}"
    return send_file(io.BytesIO(content), _TYPES[ending], as_attachment=True, download_name=name)


def _heads(listing: Listing) -> list[Plain]:
    """Return the texts of the columns; one with amounts says in what they are."""
    held = list(zip(*listing.rows, strict=True)) or [()] * len(listing.columns)
    return [
        told("column_yuan", what=told(label)) if any(isinstance(cell, Amount) for cell in cells) else told(label)
        for label, cells in zip(listing.columns, held, strict=True)
    ]


def _all_rows(listing: Listing, again: Callable[[], Any], ending: str) -> Iterator[tuple[Any, ...]]:
    count = 0
    while True:
        for row in listing.rows:
            if count == ROWS_MAX:
                yield (told("file_is_full", n=ROWS_MAX),)
                return
            count += 1
            yield tuple(row)
        if not listing.further:
            return
        _, _, query = listing.further.partition("?")
        # The same request but for where the page begins: who asks and in which language stay with the application.
        with current_app.request_context({**request.environ, "QUERY_STRING": f"{query}&as={ending}"}):
            listing = again()


def _cell(cell: Any, zone: ZoneInfo) -> Plain:
    value = plain(cell)
    if isinstance(value, datetime):
        return value.astimezone(zone).replace(tzinfo=None, microsecond=0)
    if isinstance(value, str):
        return safe_text(value)
    return value


def safe_text(value: str) -> str:
    """Return a text as a cell that no spreadsheet takes for a formula, whoever wrote it."""
    text = "".join(each if each.isprintable() else " " for each in value)
    return f"'{text}" if text.lstrip().startswith(_FORMULA) else text


def _csv(rows: list[list[Plain]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    # With the mark in front, spreadsheets read it as UTF-8.
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def _xlsx(rows: list[list[Plain]]) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in rows:
        sheet.append([_formatted(sheet, each) for each in row])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _formatted(sheet: Any, value: Plain) -> Any:
    if not isinstance(value, Decimal):
        return value
    cell = WriteOnlyCell(sheet, value)
    cell.number_format = _YUAN
    return cell
