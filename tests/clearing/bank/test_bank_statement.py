"""Reading statement files: strict, and every fault named by line and column."""

from __future__ import annotations

from datetime import date

import pytest

from clearing.bank.bank_statement import REQUIRED, WITH_ACCOUNT, parse_statement
from marketplace.kernel.errors import FieldInvalid

GOOD = ("B-1", "2026-12-01", "credit", "1100", "JPY", "ﾐﾅﾄ", "SP000000017")
HEADER = ",".join(REQUIRED)


def content(*rows: tuple[str, ...], header: str = HEADER) -> bytes:
    return "\r\n".join([header, *(",".join(row) for row in rows), ""]).encode()


def fault(data: bytes) -> str:
    with pytest.raises(FieldInvalid) as refused:
        parse_statement(data)
    assert refused.value.message.ja
    return refused.value.name


def test_a_line_is_read_as_it_is_written():
    (line,) = parse_statement(content(GOOD))
    assert (line.number, line.entry_reference, line.booked_on) == (2, "B-1", date(2026, 12, 1))
    assert (line.direction, line.amount_minor, line.currency) == ("credit", 1_100, "JPY")
    assert (line.counterparty_name, line.counterparty_account, line.remittance_information) == (
        "ﾐﾅﾄ",
        "",
        "SP000000017",
    )


def test_the_payer_s_account_may_be_given():
    row = (*GOOD[:6], "0001-001-1234567", GOOD[6])
    (line,) = parse_statement(content(row, header=",".join(WITH_ACCOUNT)))
    assert (line.counterparty_account, line.remittance_information) == ("0001-001-1234567", "SP000000017")


def test_a_byte_order_mark_and_quotes_are_understood():
    data = b"\xef\xbb\xbf" + content(('"B,1"', *GOOD[1:]))
    assert parse_statement(data)[0].entry_reference == "B,1"


def test_no_bookings_are_no_lines():
    assert parse_statement(content()) == []


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"entry_reference,booked_on\n",
        content(GOOD, header=HEADER.replace("amount_minor", "amount")),
        content(GOOD, header=HEADER + ",note"),
        "摘要".encode("cp932"),
        content(('"B-1', *GOOD[1:])),
    ],
)
def test_what_is_no_statement_is_refused_as_a_whole(data):
    assert fault(data) == "content"


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("entry_reference", ""),
        ("entry_reference", "x" * 65),
        ("booked_on", "2026-02-30"),
        ("booked_on", "20261201"),
        ("direction", "in"),
        ("amount_minor", "0"),
        ("amount_minor", "-5"),
        ("amount_minor", "1.5"),
        ("amount_minor", "1000000000000000"),
        ("amount_minor", "１００"),
        ("currency", "yen"),
        ("remittance_information", "x" * 281),
    ],
)
def test_a_bad_value_is_named_by_line_and_column(column, value):
    row = tuple(value if name == column else given for name, given in zip(REQUIRED, GOOD, strict=True))
    assert fault(content(("B-0", *GOOD[1:]), row)) == f"lines.3.{column}"


def test_a_line_of_the_wrong_length_is_named():
    assert fault(content(GOOD[:-1])) == "lines.2.columns"


def test_a_reference_appears_once_in_a_file():
    assert fault(content(GOOD, GOOD)) == "lines.3.entry_reference"


@pytest.mark.parametrize(
    ("column", "name"), [(0, "entry_reference"), (5, "counterparty_name"), (6, "remittance_information")]
)
def test_a_nul_character_is_refused_by_line_and_column(column, name):
    row = [*GOOD]
    row[column] = "a\x00b"
    assert fault(content(tuple(row))) == f"lines.2.{name}"
