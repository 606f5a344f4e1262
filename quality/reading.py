"""Read a file as a table of text: CSV in Japanese encodings, JSON records, Excel workbooks. Pure.

Nothing is repaired silently: obstacles (a byte-order mark, rows before the header, rows of another width) are counted
and reported.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import islice
from typing import Any

import pyarrow
import pyarrow.csv

HEAD_ROWS = 60
HEAD_CHARACTERS = 500_000
HEADER_FILLED_MIN = 0.6
DELIMITERS = (",", "\t", ";", "|")
BLANKS_MAX = 1_000
"""A body of at most so many bytes with only whitespace is empty."""

ANNOTATION = "#"
BYTE_ORDER_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
JAPANESE_ENCODINGS = ("cp932", "euc-jp")
SPREADSHEET_SIGNATURE = b"PK\x03\x04"


class Unreadable(ValueError):
    """A file cannot be read as a table; the message says why, in English."""


@dataclass(frozen=True, slots=True)
class Table:
    """A file as a table. ``cells`` has a text column ``c0``, ``c1``, … for each of ``header``; empty cells are null.

    ``preamble_rows`` come before the header, ``annotation_rows`` (marked ``#``) right after it; ``ragged_rows``
    have another number of cells than the header and are left out of ``cells``. ``header_found`` is False where the
    file begins with data; its columns are then named by their position.
    """

    cells: pyarrow.Table
    header: tuple[str, ...]
    format: str
    encoding: str
    byte_order_mark: bool = False
    delimiter: str = ""
    header_found: bool = True
    preamble_rows: int = 0
    annotation_rows: int = 0
    ragged_rows: int = 0

    @property
    def row_count(self) -> int:
        """Rows of data."""
        return int(self.cells.num_rows)


def read_table(content: bytes, file_name: str, media_type: str) -> Table:
    """The table in ``content``; the kind of file is taken from the content first, then from name and media type.

    Raises Unreadable.
    """
    if content.startswith(SPREADSHEET_SIGNATURE):
        return _read_spreadsheet(content)
    if b"\x00" in content[:1024] and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Unreadable(f"{file_name} is neither text nor a spreadsheet")
    text, encoding, marked = decode(content)
    if "json" in media_type or file_name.lower().endswith((".json", ".jsonl", ".ndjson")):
        return _read_records(text, encoding, marked=marked)
    return _read_delimited(text, content, encoding, marked=marked)


def decode(content: bytes) -> tuple[str, str, bool]:
    """The text, its encoding, and whether it had a byte-order mark. Raises Unreadable.

    Of the Japanese encodings that fit, the one with fewer half-width katakana and private-use characters is chosen,
    because text read in the wrong one turns into those.
    """
    for mark, encoding in BYTE_ORDER_MARKS:
        if content.startswith(mark):
            try:
                return content[len(mark) :].decode(encoding), encoding, True
            except UnicodeDecodeError as error:
                raise Unreadable(f"the file is marked {encoding} but is not") from error
    try:
        return content.decode("utf-8"), "utf-8", False
    except UnicodeDecodeError:
        pass
    readings = []
    for encoding in JAPANESE_ENCODINGS:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        readings.append((_strangeness(text), encoding, text))
    if not readings:
        raise Unreadable("the encoding is none of UTF-8, UTF-16, CP932 and EUC-JP")
    _, encoding, text = min(readings)
    return text, encoding, False


def _strangeness(text: str) -> int:
    return sum("｡" <= character <= "ﾟ" or "\ue000" <= character <= "\uf8ff" for character in text[:20_000])


@dataclass(slots=True)
class _Layout:
    """The positions of header and data in the head of a file."""

    header: tuple[str, ...]
    header_found: bool
    preamble_rows: int
    annotation_rows: int

    @property
    def rows_before_data(self) -> int:
        """Rows to skip: preamble, header and notes."""
        return self.preamble_rows + int(self.header_found) + self.annotation_rows


def _layout(head: Sequence[Sequence[str]]) -> _Layout:
    """Find the header: the first row of the table's width that is mostly filled, and not with numbers."""
    rows = [row for row in head if any(cell.strip() for cell in row)]
    if not rows:
        raise Unreadable("there are no rows")
    width = Counter(len(row) for row in rows).most_common(1)[0][0]
    for at, row in enumerate(head):
        filled = [cell for cell in row if cell.strip()]
        if len(row) != width or len(filled) < max(1, HEADER_FILLED_MIN * width):
            continue
        if sum(_is_value(cell) for cell in filled) * 2 > len(filled):
            named = tuple(f"column {number}" for number in range(1, width + 1))
            return _Layout(named, header_found=False, preamble_rows=at, annotation_rows=0)
        following = head[at + 1 :]
        marked = next(
            (n for n, after in enumerate(following) if not (after and after[0].startswith(ANNOTATION))),
            len(following),
        )
        return _Layout(tuple(row), header_found=True, preamble_rows=at, annotation_rows=marked)
    raise Unreadable("no row can be the header")


def _is_value(cell: str) -> bool:
    return cell.strip().lstrip("+-").replace(".", "", 1).replace("/", "").replace("-", "").isdigit()


class _CountedLines(Iterator[str]):
    """Lines of a text one by one, remembering how many characters were taken."""

    def __init__(self, text: str) -> None:
        self._lines = io.StringIO(text, newline="")
        self.taken = 0

    def __next__(self) -> str:
        line = next(self._lines)
        self.taken += len(line)
        return line


def _read_delimited(text: str, content: bytes, encoding: str, *, marked: bool) -> Table:
    head = text[:HEAD_CHARACTERS]
    delimiter = _delimiter(head)
    layout = _layout(list(islice(_records(io.StringIO(head, newline=""), delimiter), HEAD_ROWS)))
    lines = _CountedLines(head)
    for _ in islice(_records(lines, delimiter), layout.rows_before_data):
        pass
    if encoding == "utf-8":
        # The bytes are in memory already; only skip the rows before the data.
        mark = len(BYTE_ORDER_MARKS[0][0]) if marked else 0
        body = memoryview(content)[mark + len(head[: lines.taken].encode()) :]
    else:
        body = memoryview(text[lines.taken :].encode())
    cells, ragged = _parse(body, len(layout.header), delimiter)
    return Table(
        cells=cells,
        header=layout.header,
        format="csv",
        encoding=encoding,
        byte_order_mark=marked,
        delimiter=delimiter,
        header_found=layout.header_found,
        preamble_rows=layout.preamble_rows,
        annotation_rows=layout.annotation_rows,
        ragged_rows=ragged,
    )


def _records(lines: Iterable[str], delimiter: str) -> Iterator[list[str]]:
    try:
        yield from csv.reader(lines, delimiter=delimiter)
    except csv.Error as error:
        raise Unreadable(f"the file is no CSV: {error}") from error


def _delimiter(text: str) -> str:
    """The delimiter that gives most rows of the head one same width above 1; a comma where none does."""

    def agreement(delimiter: str) -> int:
        head = islice(_records(io.StringIO(text, newline=""), delimiter), HEAD_ROWS)
        widths = Counter(len(row) for row in head if len(row) > 1)
        return max(widths.values(), default=0)

    return max(DELIMITERS, key=agreement)


def _parse(body: memoryview, width: int, delimiter: str) -> tuple[pyarrow.Table, int]:
    names = [f"c{number}" for number in range(width)]
    if not bytes(body[:BLANKS_MAX]).strip() and len(body) <= BLANKS_MAX:
        return pyarrow.table({name: pyarrow.array([], pyarrow.string()) for name in names}), 0
    ragged: list[int] = []

    def leave_out(row: Any) -> str:
        # Several threads call this; appending to a list is safe where counting up a number is not.
        ragged.append(row.actual_columns)
        return "skip"

    try:
        cells = pyarrow.csv.read_csv(
            pyarrow.BufferReader(body),
            read_options=pyarrow.csv.ReadOptions(column_names=names),
            parse_options=pyarrow.csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, invalid_row_handler=leave_out
            ),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(names, pyarrow.string()),
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
            ),
        )
    except pyarrow.ArrowInvalid as error:
        raise Unreadable(f"the file is no CSV: {error}") from error
    return cells, len(ragged)


def _read_records(text: str, encoding: str, *, marked: bool) -> Table:
    records = _json_records(text)
    header = tuple(dict.fromkeys(name for record in records for name in record))
    if not header:
        raise Unreadable("the JSON records have no members")
    rows = [[_text(record.get(name)) for name in header] for record in records]
    return Table(
        cells=_cells(rows, len(header)),
        header=header,
        format="json",
        encoding=encoding,
        byte_order_mark=marked,
    )


def _json_records(text: str) -> list[dict[str, Any]]:
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        lines = [line for line in text.splitlines() if line.strip()]
        try:
            document = [json.loads(line) for line in lines] if len(lines) > 1 else None
        except json.JSONDecodeError:
            document = None
        if document is None:
            raise Unreadable(f"the file is no JSON: {error}") from error
    if isinstance(document, dict):
        lists = [value for value in document.values() if isinstance(value, list)]
        document = lists[0] if len(lists) == 1 else [document]
    if not isinstance(document, list) or not all(isinstance(record, dict) for record in document):
        raise Unreadable("the JSON is no list of records")
    return document


def _read_spreadsheet(content: bytes) -> Table:
    import openpyxl  # loads numpy: only who reads a workbook waits for both, not every start of a process

    try:
        workbook = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise Unreadable("the file is no Excel workbook") from error
    for sheet in workbook.worksheets:
        rows = [[_text(value) for value in row] for row in sheet.iter_rows(values_only=True)]
        while rows and not any(rows[-1]):
            rows.pop()
        if rows:
            return _of_rows(rows)
    raise Unreadable("the workbook is empty")


def _of_rows(rows: list[list[str | None]]) -> Table:
    layout = _layout([[cell or "" for cell in row] for row in rows[:HEAD_ROWS]])
    data = rows[layout.rows_before_data :]
    width = len(layout.header)
    fitting = [row for row in data if len(row) == width]
    return Table(
        cells=_cells(fitting, width),
        header=layout.header,
        format="xlsx",
        encoding="utf-8",
        header_found=layout.header_found,
        preamble_rows=layout.preamble_rows,
        annotation_rows=layout.annotation_rows,
        ragged_rows=len(data) - len(fitting),
    )


def _cells(rows: Sequence[Sequence[str | None]], width: int) -> pyarrow.Table:
    columns = list(zip(*rows, strict=True)) or [()] * width
    return pyarrow.table(
        {f"c{number}": pyarrow.array(column, pyarrow.string()) for number, column in enumerate(columns)}
    )


def _text(value: Any) -> str | None:
    """A value of JSON or Excel as the text a CSV would hold; None for an empty one."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
