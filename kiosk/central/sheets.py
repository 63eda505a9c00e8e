"""Tables that people keep: CSV as several programs write it, and XLSX, read row by row."""

import codecs
import csv
import difflib
import io
import warnings
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from xml.etree.ElementTree import ParseError

import msgspec
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from kiosk.core.errors import InvalidInput

ROWS_MAX = 500_000
FILE_BYTES_MAX = 256 * 1024 * 1024
UNPACKED_BYTES_MAX = 2 * 1024**3
READ_BYTES = 1024 * 1024

_ZIP, _OLD_EXCEL = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_DELIMITERS = ",;\t"
_AS_CSV = "Save it as XLSX or as CSV UTF-8"

Cell = str | int | float | date
"""What a cell holds: text, and in XLSX also numbers, yes or no, and days."""


class Flaw(msgspec.Struct, frozen=True):
    """Why a row as a whole is not what its header promises, and what to look for."""

    reason: str
    hint: str


_SURPLUS = Flaw("the row has more cells than there are columns", "Look for a comma inside a name")
_SHORT = Flaw("the row has fewer cells than there are columns", "It was cut off, or a comma is missing")


class SheetRow(msgspec.Struct, frozen=True):
    """One row by column name; empty cells are left out. Bytes that are no text stand as lone surrogates.

    `flaw` says what is wrong with the row itself; what cells a flawed row has are not all of them.
    """

    line: int
    cells: Mapping[str, Cell]
    flaw: Flaw | None = None


def read_sheet(path: Path, names: Mapping[str, str]) -> Iterator[SheetRow]:
    """Yield the rows of a CSV or XLSX file; `names` maps every header that is understood to its column.

    Raises InvalidInput for a file that is no table, is too large, has a header that is not understood, or a quotation
    mark that is never closed.
    """
    try:
        with path.open("rb") as file:
            start = file.read(4)
            size = file.seek(0, io.SEEK_END)
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}") from error
    if size > FILE_BYTES_MAX:
        raise InvalidInput(f"{path} has {size} bytes, the limit is {FILE_BYTES_MAX}", hint="Import it in pieces")
    if start == _OLD_EXCEL:
        raise InvalidInput(f"{path} is an old Excel file", hint=_AS_CSV)
    rows = _xlsx_rows(path) if start == _ZIP else _csv_rows(path)
    _, header = next(rows, (0, ()))
    columns = _columns(path, () if isinstance(header, Flaw) else header, names)
    short = _SHORT if start != _ZIP else None  # a workbook leaves out the empty cells at the end of a row
    for count, (line, values) in enumerate(rows, 1):
        if count > ROWS_MAX:
            raise InvalidInput(f"{path} has more than {ROWS_MAX} rows", hint="Import it in pieces")
        if isinstance(values, Flaw):
            yield SheetRow(line, {}, values)
            continue
        filled = [(index, value) for index, value in enumerate(values) if value not in ("", None)]
        if filled:
            cells = {columns[index]: value for index, value in filled if index < len(columns) and columns[index]}
            is_surplus, is_short = len(filled) > len(cells), len(values) < len(columns)
            yield SheetRow(line, cells, _SURPLUS if is_surplus else short if is_short else None)


def _columns(path: Path, header: Sequence[Cell], names: Mapping[str, str]) -> list[str]:
    """Return the column of each header cell, "" where it is empty."""
    columns: list[str] = []
    for place, cell in enumerate(header, 1):
        text = str(cell or "").strip().lower()
        if text and text not in names:
            close = difflib.get_close_matches(text, names, n=1, cutoff=0.6)
            hint = f'Did you mean "{close[0]}"?' if close else "Rename it or take it out: see docs/import.md"
            raise InvalidInput(f'{path}: column {place} "{text[:40]}" is not known', hint=hint)
        column = names[text] if text else ""
        if column and column in columns:
            raise InvalidInput(f'{path}: column "{column}" is there twice')
        columns.append(column)
    if not any(columns):
        raise InvalidInput(f"{path} has no header line", hint="Its first line names the columns: see docs/import.md")
    return columns


def _csv_rows(path: Path) -> Iterator[tuple[int, Sequence[Cell] | Flaw]]:
    with path.open(encoding=_encoding(path), errors="surrogateescape", newline="") as file:
        first = file.readline()
        file.seek(0)
        reader = csv.reader(file, delimiter=max(_DELIMITERS, key=first.count), strict=True)
        while True:
            line = reader.line_num + 1
            try:
                yield line, [value.strip() for value in next(reader)]
            except StopIteration:
                return
            except csv.Error as error:
                # Where an error is not within one line, a mark left open has swallowed lines: which ones nobody knows.
                if reader.line_num != line or "end of data" in str(error):
                    hint = "Look for a quotation mark that is not closed"
                    raise InvalidInput(f"{path}, line {line}: {error}", hint=hint) from error
                yield line, Flaw(f"cannot be cut into cells: {error}", "Write a quotation mark inside a cell twice")


def _encoding(path: Path) -> str:
    """Tell UTF-8, with or without its mark, from GBK, by what most lines are that are not plain ASCII.

    Single lines may be neither; a file of which half the lines are is refused.
    """
    with path.open("rb") as file:
        start = file.read(3)
        if start[:2] in _UTF16:
            raise InvalidInput(f"{path} is in UTF-16", hint=_AS_CSV)
        file.seek(0)
        lines, broken, first_broken = 0, {"utf-8-sig": 0, "gb18030": 0}, {"utf-8-sig": 0, "gb18030": 0}
        while line := file.readline(READ_BYTES):
            lines += 1
            for name in () if line.isascii() else broken:
                if not _decodes(line, name):
                    broken[name] += 1
                    first_broken[name] = first_broken[name] or lines
    likely = "utf-8-sig" if start == codecs.BOM_UTF8 else min(broken, key=lambda name: broken[name])
    if first_broken[likely] == 1 or (broken[likely] and broken[likely] * 2 >= lines):
        raise InvalidInput(f"{path} is neither UTF-8 nor GBK", hint=_AS_CSV)
    return likely


def _decodes(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _xlsx_rows(path: Path) -> Iterator[tuple[int, Sequence[Cell] | Flaw]]:
    """Yield the rows of the first sheet; formulas count as what they last showed."""
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
        if unpacked > UNPACKED_BYTES_MAX:
            raise InvalidInput(f"{path} unpacks to {unpacked} bytes, the limit is {UNPACKED_BYTES_MAX}")
        # Opened here, because openpyxl goes by the name's ending, and an uploaded file has none.
        with path.open("rb") as file:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # openpyxl remarks on decorations it leaves out
                workbook = load_workbook(file, read_only=True, data_only=True)
            try:
                for line, values in enumerate(workbook.worksheets[0].iter_rows(values_only=True), 1):
                    yield line, [value.strip() if isinstance(value, str) else value for value in values]
            finally:
                workbook.close()
    except (InvalidFileException, zipfile.BadZipFile, ParseError, KeyError, ValueError, IndexError, OSError) as error:
        raise InvalidInput(f"{path} is no XLSX file that can be read: {error}", hint=_AS_CSV) from error
