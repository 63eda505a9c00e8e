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


class SheetRow(msgspec.Struct, frozen=True):
    """One row by column name; empty cells are left out. `surplus` counts cells beyond the last column."""

    line: int
    cells: Mapping[str, Cell]
    surplus: int = 0


def read_sheet(path: Path, names: Mapping[str, str]) -> Iterator[SheetRow]:
    """Yield the rows of a CSV or XLSX file; `names` maps every header that is understood to its column.

    Raises InvalidInput for a file that is no table, is too large, or has a header that is not understood.
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
    columns = _columns(path, header, names)
    for count, (line, values) in enumerate(rows, 1):
        if count > ROWS_MAX:
            raise InvalidInput(f"{path} has more than {ROWS_MAX} rows", hint="Import it in pieces")
        filled = [(index, value) for index, value in enumerate(values) if value not in ("", None)]
        if filled:
            cells = {columns[index]: value for index, value in filled if index < len(columns) and columns[index]}
            yield SheetRow(line, cells, len(filled) - len(cells))


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


def _csv_rows(path: Path) -> Iterator[tuple[int, Sequence[Cell]]]:
    with path.open(encoding=_encoding(path), newline="") as file:
        first = file.readline()
        file.seek(0)
        reader = csv.reader(file, delimiter=max(_DELIMITERS, key=first.count), strict=True)
        line = 1
        try:
            for values in reader:
                yield line, [value.strip() for value in values]
                line = reader.line_num + 1
        except csv.Error as error:
            raise InvalidInput(
                f"{path}, line {line}: {error}", hint="Look for a quotation mark that is not closed"
            ) from error


def _encoding(path: Path) -> str:
    """Tell UTF-8, with or without its mark, from GBK, by reading the whole file."""
    with path.open("rb") as file:
        start = file.read(3)
        if start[:2] in _UTF16:
            raise InvalidInput(f"{path} is in UTF-16", hint=_AS_CSV)
        for name in ("utf-8-sig", "gb18030"):
            decoder = codecs.getincrementaldecoder(name)()
            file.seek(0)
            try:
                while chunk := file.read(READ_BYTES):
                    decoder.decode(chunk)
                decoder.decode(b"", final=True)
            except UnicodeDecodeError:
                continue
            return name
    raise InvalidInput(f"{path} is neither UTF-8 nor GBK", hint=_AS_CSV)


def _xlsx_rows(path: Path) -> Iterator[tuple[int, Sequence[Cell]]]:
    """Yield the rows of the first sheet; formulas count as what they last showed."""
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
        if unpacked > UNPACKED_BYTES_MAX:
            raise InvalidInput(f"{path} unpacks to {unpacked} bytes, the limit is {UNPACKED_BYTES_MAX}")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl remarks on decorations it leaves out
            workbook = load_workbook(path, read_only=True, data_only=True)
        try:
            for line, values in enumerate(workbook.worksheets[0].iter_rows(values_only=True), 1):
                yield line, [value.strip() if isinstance(value, str) else value for value in values]
        finally:
            workbook.close()
    except (InvalidFileException, zipfile.BadZipFile, ParseError, KeyError, ValueError, IndexError, OSError) as error:
        raise InvalidInput(f"{path} is no XLSX file that can be read: {error}", hint=_AS_CSV) from error
