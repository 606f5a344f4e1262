"""Reading files as tables."""

import io
from datetime import date, datetime

import openpyxl
import pytest

from quality.reading import Unreadable, decode, read_table

ROWS = "名称,値\n高松,1\n丸亀,２\n"


def table(content, name="a.csv", media_type="text/csv"):
    return read_table(content, name, media_type)


def cells(read):
    return [list(column) for column in zip(*read.cells.to_pydict().values(), strict=True)]


@pytest.mark.parametrize(
    ("content", "encoding", "marked"),
    [
        (ROWS.encode(), "utf-8", False),
        (b"\xef\xbb\xbf" + ROWS.encode(), "utf-8", True),
        (ROWS.encode("cp932"), "cp932", False),
        (ROWS.encode("euc-jp"), "euc-jp", False),
        (ROWS.encode("utf-16"), "utf-16-le", True),
        (b"\xfe\xff" + ROWS.encode("utf-16-be"), "utf-16-be", True),
    ],
)
def test_the_encodings_of_japan_read_the_same(content, encoding, marked):
    read = table(content)
    assert (read.encoding, read.byte_order_mark) == (encoding, marked)
    assert read.header == ("名称", "値")
    assert cells(read) == [["高松", "1"], ["丸亀", "２"]]


def test_platform_dependent_characters_are_cp932():
    assert decode("①㈱髙﨑".encode("cp932")) == ("①㈱髙﨑", "cp932", False)


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_the_delimiter_is_found(delimiter):
    read = table(ROWS.replace(",", delimiter).encode())
    assert (read.delimiter, read.row_count) == (delimiter, 2)


def test_rows_before_the_header_and_notes_after_it_are_counted():
    content = (
        "#lang,ja,,\n#licence,CC BY,,\n#property,name,lat,lon\n#type,string,float,float\n1,駅,34.3,134.0\n"
    )
    read = table(content.encode())
    assert read.header == ("#property", "name", "lat", "lon")
    assert (read.preamble_rows, read.annotation_rows, read.row_count) == (2, 1, 1)


def test_rows_of_another_width_are_counted_and_left_out():
    read = table(b"a,b\n1,2\n3\n4,5,6\n7,8\n")
    assert (read.ragged_rows, cells(read)) == (2, [["1", "2"], ["7", "8"]])


def test_quoted_line_breaks_stay_in_their_cell():
    read = table(b'a,b\n1,"x\ny"\n2,"say ""hi"""\n')
    assert cells(read) == [["1", "x\ny"], ["2", 'say "hi"']]


def test_empty_cells_are_null_and_everything_else_is_text():
    read = table(b'a,b,c\n,"",NA\n 1 ,007,null\n')
    assert cells(read) == [[None, None, "NA"], [" 1 ", "007", "null"]]


def test_a_file_without_header_has_columns_by_number():
    read = table(b"1,2,3\n4,5,6\n7,8,9\n")
    assert (read.header_found, read.row_count) == (False, 3)
    assert read.header == ("column 1", "column 2", "column 3")


@pytest.mark.parametrize("content", [b"a,b\n", b"a,b", b"a,b\n\n \n"])
def test_a_header_alone_is_an_empty_table(content):
    assert table(content).row_count == 0


@pytest.mark.parametrize(
    "content",
    [
        b'[{"a": 1, "b": "x"}, {"a": 2.5, "c": [1]}]',
        b'{"data": [{"a": 1, "b": "x"}, {"a": 2.5, "c": [1]}]}',
        b'{"a": 1, "b": "x"}\n{"a": 2.5, "c": [1]}\n',
    ],
)
def test_json_records_are_a_table(content):
    read = table(content, "a.json", "application/json")
    assert (read.format, read.header) == ("json", ("a", "b", "c"))
    assert cells(read) == [["1", "x", None], ["2.5", None, "[1]"]]


def test_a_workbook_is_a_table():
    book = openpyxl.Workbook()
    for row in (["人口統計", None, None], ["日付", "人口", "備考"], [date(2026, 1, 1), 5, None]):
        book.active.append(row)
    book.active.append([datetime(2026, 1, 2, 3, 4), 1.5, True])  # noqa: DTZ001  workbooks know no zones
    file = io.BytesIO()
    book.save(file)
    read = table(file.getvalue(), "a.xlsx")
    assert (read.format, read.header, read.preamble_rows) == ("xlsx", ("日付", "人口", "備考"), 1)
    assert cells(read) == [["2026-01-01", "5", None], ["2026-01-02T03:04:00", "1.5", "true"]]


@pytest.mark.parametrize(
    ("content", "name", "media_type"),
    [
        (b"", "a.csv", "text/csv"),
        (b"\n\n", "a.csv", "text/csv"),
        (b"%PDF-1.7\x00\x01", "a.pdf", "application/pdf"),
        (b"PK\x03\x04 no workbook", "a.xlsx", "application/zip"),
        (b"not json", "a.json", "application/json"),
        (b"[1, 2]", "a.json", "application/json"),
        (b"[]", "a.json", "application/json"),
        (b"\xff\xfe\x00", "a.csv", "text/csv"),
        (b"\x81\x00\xfd\xfd\xff", "a.csv", "text/csv"),
    ],
)
def test_what_is_no_table_says_so(content, name, media_type):
    with pytest.raises(Unreadable):
        table(content, name, media_type)
