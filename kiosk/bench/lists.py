"""Member lists for the import benchmark: CSV and XLSX of any length, of which every hundredth row cannot be taken."""

import csv
import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

from kiosk.bench import rosters

COLUMNS = ("member_no", "name", "identifier", "tier", "product", "valid_from", "valid_until")
BAD_EVERY = 100
FIRST_LINE = 2
"""The line of the first row: the header stands above it."""

_FAMILIES, _GIVEN = "王李张刘陈杨赵黄周吴", ("伟", "小明", "芳", "建国", "秀英", "Anna", "思远", "丽华", "军", "海燕")

Line = bytes | Sequence[str | int]
"""A row: cells of text and, in XLSX, numbers; or the bytes of a line that is not well-formed."""


class Fault(NamedTuple):
    """A way of being bad: the column that has to be named, and how row `number` is spoilt."""

    what: str
    column: str
    spoil: Callable[[list[str], str], Line]


class ListFile(NamedTuple):
    """A written list: `bad` holds, by line, what is wrong and the column that has to be named."""

    path: Path
    rows: int
    bad: dict[int, tuple[str, str]]


def _put(cells: list[str], column: str, value: str | int) -> Line:
    place = COLUMNS.index(column)
    return [*cells[:place], value, *cells[place + 1 :]]


def _number_before(cells: list[str]) -> int:
    return int(cells[0][1:]) - 1


def _cut_inside_a_character(cells: list[str], encoding: str) -> bytes:
    cell = "王小明".encode(encoding)[:-1]
    before, after = (",".join(each).encode(encoding) for each in (cells[:1], cells[2:]))
    return before + b"," + cell + b"," + after + b"\r\n"


def _with_a_lone_quotation_mark(cells: list[str], encoding: str) -> bytes:
    return f'{cells[0]},"王"小明\r\n'.encode(encoding)


def _member_no(number: int) -> str:
    return f"M{number:07}"


IN_EVERY_FILE = (
    Fault(
        "a date that can be read in three ways", "valid_until", lambda cells, _: _put(cells, "valid_until", "11/12/26")
    ),
    Fault("a tier that the club does not have", "tier", lambda cells, _: _put(cells, "tier", "platinum")),
    Fault(
        "the card of another row",
        "identifier",
        lambda cells, _: _put(cells, "identifier", rosters.identifier(_number_before(cells))),
    ),
    Fault(
        "the member of another row",
        "member_no",
        lambda cells, _: _put(cells, "member_no", _member_no(_number_before(cells))),
    ),
    Fault("no name", "name", lambda cells, _: _put(cells, "name", "")),
    Fault(
        "a card number that lost its leading zero",
        "identifier",
        lambda cells, _: _put(cells, "identifier", "4A1B2C3D4E5F6"),
    ),
    Fault("a card number that was rounded", "identifier", lambda cells, _: _put(cells, "identifier", "4.52E+09")),
    Fault("a spreadsheet's error", "product", lambda cells, _: _put(cells, "product", "#REF!")),
    Fault("a cell too many", "", lambda cells, _: [*cells, "left over"]),
)
IN_CSV = (
    Fault("cells missing", "", lambda cells, _: cells[:4]),
    Fault("bytes that are no characters", "name", _cut_inside_a_character),
    Fault(
        "a quotation mark that stands alone", "", lambda cells, encoding: f'{cells[0]},"王"小明\r\n'.encode(encoding)
    ),
)
IN_XLSX = (
    Fault("a card number in a number cell", "identifier", lambda cells, _: _put(cells, "identifier", 4_520_000_000)),
)


def write_list(path: Path, rows: int, encoding: str = "") -> ListFile:
    """Write a list of so many rows: CSV in that encoding, without one XLSX."""
    bad: dict[int, tuple[str, str]] = {}
    lines = _lines(rows, encoding, (*IN_EVERY_FILE, *(IN_CSV if encoding else IN_XLSX)), bad)
    if encoding:
        _write_csv(path, lines, encoding)
    else:
        _write_xlsx(path, lines)
    return ListFile(path, rows, bad)


def _lines(rows: int, encoding: str, faults: Sequence[Fault], bad: dict[int, tuple[str, str]]) -> Iterator[Line]:
    yield COLUMNS
    for number in range(rows):
        name = _FAMILIES[number % len(_FAMILIES)] + _GIVEN[number // 10 % len(_GIVEN)]
        cells = [_member_no(number), name, rosters.identifier(number), "gold", "gym", "2026-01-01", "2026-12-31"]
        turn, place = divmod(number, BAD_EVERY)
        if place != BAD_EVERY // 2:
            yield cells
            continue
        fault = faults[turn % len(faults)]
        bad[number + FIRST_LINE] = (fault.what, fault.column)
        yield fault.spoil(cells, encoding)


def _write_csv(path: Path, lines: Iterator[Line], encoding: str) -> None:
    with path.open("wb") as file:
        for line in lines:
            file.write(line if isinstance(line, bytes) else _csv_line(line).encode(encoding))


def _csv_line(cells: Sequence[str | int]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()


_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_TYPES}"><Default Extension="xml" ContentType="application/xml"/>'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_KIND}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_KIND}.worksheet+xml"/>'
    f'<Override PartName="/xl/sharedStrings.xml" ContentType="{_KIND}.sharedStrings+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_RELATIONS}">'
    f'<Relationship Id="r1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">'
    '<sheets><sheet name="1" sheetId="1" r:id="r1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_RELATIONS}">'
    f'<Relationship Id="r1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="r2" Type="{_OFFICE}/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
}


def _write_xlsx(path: Path, lines: Iterator[Line]) -> None:
    """Write a workbook as spreadsheet programs do: every text once, and cells that point at it."""
    texts: dict[str, int] = {}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in _PARTS.items():
            archive.writestr(name, part)
        with archive.open("xl/worksheets/sheet1.xml", "w") as sheet:
            sheet.write(f'<worksheet xmlns="{_MAIN}"><sheetData>'.encode())
            for line in lines:
                sheet.write(f"<row>{''.join(_xlsx_cell(cell, texts) for cell in line)}</row>".encode())
            sheet.write(b"</sheetData></worksheet>")
        with archive.open("xl/sharedStrings.xml", "w") as strings:
            strings.write(f'<sst xmlns="{_MAIN}">'.encode())
            for text in texts:
                strings.write(f"<si><t>{escape(text)}</t></si>".encode())
            strings.write(b"</sst>")


def _xlsx_cell(cell: str | int, texts: dict[str, int]) -> str:
    if isinstance(cell, int):
        return f"<c><v>{cell}</v></c>"
    return f'<c t="s"><v>{texts.setdefault(cell, len(texts))}</v></c>' if cell else "<c/>"
