"""Reading statement files of every format: each states its period, balances and totals, and every fault is named."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from clearing.bank.bank_statement import LINES_MAX
from clearing.bank.errors import StatementFaulty
from marketplace.kernel.amounts import AMOUNT_MINOR_MAX, TOTAL_MINOR_MAX
from marketplace.kernel.errors import FieldInvalid

from .statement_files import ACCOUNT, FIRST, FORMATS, TODAY, Part, as_camt, as_csv, as_zengin, entry, read

GOOD = entry("B-1", "credit", 1_100)
EVERY_FORMAT = pytest.mark.parametrize("write", FORMATS)


def faults(content: bytes, today: date = TODAY) -> list[str]:
    with pytest.raises(StatementFaulty) as refused:
        read(content, today)
    assert all(fault.fields["reason"].ja for fault in refused.value.faults)
    return [fault.name for fault in refused.value.faults]


def reason(content: bytes) -> str:
    with pytest.raises(FieldInvalid) as refused:
        read(content)
    return refused.value.fields["reason"].en


@EVERY_FORMAT
def test_a_file_states_its_account_period_balances_and_entries(write):
    rows = [entry("1", "credit", 1_100), entry("2", "debit", 300, "JPY00001-000001")]
    file = read(write(Part(rows, opening_minor=500)))
    assert (file.account, file.currency) == (ACCOUNT, "JPY")
    assert (file.opening_on, file.closing_on) == (FIRST, FIRST)
    assert (file.opening_balance_minor, file.closing_balance_minor) == (500, 1_300)
    found = [
        (
            line.entry_reference.lstrip("0"), line.booked_on, line.direction, line.amount_minor, line.currency,
            line.counterparty_name, line.remittance_information.split()[-1],
        )
        for line in file.lines
    ]  # fmt: skip
    assert found == [
        ("1", FIRST, "credit", 1_100, "JPY", "ﾐﾅﾄ", "SP000000017"),
        ("2", FIRST, "debit", 300, "JPY", "ﾐﾅﾄ", "JPY00001-000001"),
    ]


@EVERY_FORMAT
def test_a_file_may_hold_several_days_and_days_without_entries(write):
    """From Friday over an empty Monday to Tuesday; the bank's own references begin anew every day."""
    friday, monday, tuesday = date(2026, 12, 4), date(2026, 12, 7), date(2026, 12, 8)
    first = Part([entry("1", "credit", 700, day=friday)], friday, friday)
    empty = first.after([], monday)
    last = empty.after([entry("1", "debit", 200, day=tuesday)], tuesday)
    file = read(write(first, empty, last))
    assert [(part.opening_on, len(part.lines)) for part in file.parts] == [
        (friday, 1),
        (monday, 0),
        (tuesday, 1),
    ]
    assert (file.opening_balance_minor, file.closing_balance_minor, len(file.lines)) == (0, 500, 2)


@EVERY_FORMAT
def test_a_whole_day_of_many_lines_adds_up_to_the_yen(write):
    rows = [entry(f"{number}", "credit", 100) for number in range(1, 10_000)]
    part = Part([*rows, entry("10000", "debit", 900)], opening_minor=1_000_000)
    assert read(write(part)).closing_balance_minor == 1_999_000
    wrong = part.stating(closing_balance_minor=1_999_001)
    (name,) = faults(write(wrong))
    assert name.endswith(".closing_balance_minor")
    assert "states 1999001 JPY, the lines come to 1999000 JPY: a difference of +1 JPY" in reason(write(wrong))


@EVERY_FORMAT
@pytest.mark.parametrize(
    ("changes", "column"),
    [
        ({"credits": 2}, "credits"),
        ({"credits_minor": 1_101}, "credits_minor"),
        ({"debits": 1}, "debits"),
        ({"debits_minor": 5}, "debits_minor"),
        ({"closing_balance_minor": 1_099}, "closing_balance_minor"),
    ],
)
def test_a_count_or_total_that_the_lines_do_not_come_to_is_named(write, changes, column):
    (name,) = faults(write(Part([entry("1", "credit", 1_100)]).stating(**changes)))
    assert name.split(".")[2] == column


@EVERY_FORMAT
def test_parts_that_do_not_continue_each_other_are_named(write):
    first = Part([entry("1", "credit", 700)])
    gap = first.after([], date(2026, 12, 9))
    assert [name.split(".")[2] for name in faults(write(first, gap), date(2026, 12, 31))] == ["opening_on"]
    later = first.after([], TODAY)
    wrong = later.stating(opening_balance_minor=701, closing_balance_minor=701)
    assert [name.split(".")[2] for name in faults(write(first, wrong))] == ["opening_balance_minor"]
    assert "a difference of +1 JPY" in reason(write(first, wrong))
    other = later.stating()
    foreign = Part((), TODAY, TODAY, 700, "0901-001-ordinary-1111111")
    assert [name.split(".")[2] for name in faults(write(first, foreign))] == ["account"]
    assert read(write(first, other)).closing_balance_minor == 700


@EVERY_FORMAT
def test_days_in_the_future_and_outside_the_period_are_named(write):
    tomorrow = TODAY + timedelta(days=1)
    assert faults(write(Part((), TODAY, tomorrow)))[0].endswith(".closing_on")
    (name,) = faults(write(Part([entry("1", "credit", 5), entry("2", "credit", 6, day=TODAY)])))
    assert name.endswith(".booked_on")


@EVERY_FORMAT
def test_a_reference_appears_once_a_day(write):
    (name,) = faults(write(Part([entry("1", "credit", 5), entry("1", "credit", 6)])))
    assert name.endswith(".entry_reference")


@EVERY_FORMAT
def test_one_bad_byte_is_named_by_its_place(write):
    content = bytearray(write(Part([entry("1", "credit", 5), entry("2", "credit", 6)])))
    at = content.rindex(b"SP000000017")
    number = {as_csv: 5, as_zengin: 3, as_camt: 8}[write]
    for bad in (0xFF, 0x00):
        content[at] = bad
        assert faults(bytes(content))[0].startswith(f"lines.{number}.")


def test_records_may_follow_each_other_without_line_ends():
    part = Part([entry("1", "credit", 5)])
    assert read(as_zengin(part, end="")) == read(as_zengin(part)) == read(as_zengin(part, end="\n"))
    assert read(as_zengin(part) + b"\x1a") == read(as_zengin(part))


def test_an_overdrawn_account_has_a_negative_balance():
    part = Part([entry("1", "debit", 5)], opening_minor=3)
    for write in FORMATS:
        assert read(write(part)).closing_balance_minor == -2


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        (b"1030", b"1031", "lines.1.code"),
        (b"\r\n9", b"\r\n2", "lines.4.content"),
        (b"\r\n8", b"\r\n1", "lines.3.content"),
        (b"\r\n9", b"\r\n7", "lines.4.content"),
        (b"9000000000400001", b"9000000000500001", "lines.4.records"),
        (b"9000000000400001", b"9000000000400003", "lines.4.accounts"),
        (b"081207081207", b"081307081207", "lines.1.opening_on"),
        (b"000000000005", b"0000000000-5", "lines.2.amount_minor"),
    ],
)
def test_a_wrong_record_is_named(old, new, name):
    content = as_zengin(Part([entry("1", "credit", 5)]))
    assert old in content
    assert faults(content.replace(old, new, 1))[0] == name


def test_a_file_cut_off_before_its_end_is_named():
    content = as_zengin(Part([entry("1", "credit", 5)]))
    assert faults(content[: 202 * 3]) == ["lines.3.content"]
    assert faults(content[:-20]) == ["lines.4.content"]


@pytest.mark.parametrize(
    "head",
    [
        '<!DOCTYPE Document [<!ENTITY x "y">]>',
        '<!DOCTYPE Document [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE Document SYSTEM "http://127.0.0.1/x.dtd">',
    ],
)
def test_xml_with_a_document_type_or_entities_is_refused(head):
    content = as_camt(Part([entry("1", "credit", 5, "&x;")]), head=head)
    assert "document type definition" in reason(content)


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        ("<Cd>BOOK</Cd>", "<Cd>PDNG</Cd>", "lines.7.Sts"),
        ("<Amt Ccy='JPY'>5</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>", "<Amt Ccy='USD'>5</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>", "lines.7.currency"),
        (">5</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>", ">5.5</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>", "lines.7.amount_minor"),
        ("<AcctSvcrRef>1</AcctSvcrRef>", "", "lines.7.entry_reference"),
        ("CLBD", "CLAV", "lines.3.Bal"),
        ("<Id>7654321</Id>", "<Id>JP12</Id>", "lines.3.Acct"),
        ("camt.053.001.08", "camt.054.001.08", "lines.2.content"),
        ("</Stmt>", "", "lines.9.content"),
    ],
)  # fmt: skip
def test_a_wrong_element_is_named_by_its_line(old, new, name):
    content = as_camt(Part([entry("1", "credit", 5)])).decode()
    assert old in content
    assert faults(content.replace(old, new).encode())[0] == name


def test_a_bank_may_leave_the_totals_out_and_write_decimals():
    content = as_camt(Part([entry("1", "credit", 5)])).decode()
    start, end = content.index("<TxsSummry>"), content.index("</TxsSummry>") + len("</TxsSummry>")
    bare = (content[:start] + content[end:]).replace(">5</Amt>", ">5.00</Amt>")
    assert (read(bare.encode()).parts[0].credits, read(bare.encode()).closing_balance_minor) == (None, 5)


def test_a_byte_order_mark_and_quotes_are_understood():
    content = b"\xef\xbb\xbf" + as_csv(Part([('"B,1"', *GOOD[1:])]))
    assert read(content).lines[0].entry_reference == "B,1"


def test_the_payer_s_account_may_be_given():
    content = as_csv(Part([(*GOOD[:6], "0001-001-1234567", GOOD[6])])).decode()
    content = content.replace("counterparty_name,", "counterparty_name,counterparty_account,")
    (line,) = read(content.encode()).lines
    assert (line.counterparty_account, line.remittance_information) == ("0001-001-1234567", "SP000000017")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"entry_reference,booked_on\n",
        as_csv(Part([GOOD])).replace(b"opening_on", b"from", 1),
        "摘要".encode("cp932"),
        b"<a/>"[:0] + b"%PDF-1.7",
    ],
)
def test_what_is_no_statement_is_refused_as_a_whole(content):
    with pytest.raises(FieldInvalid) as refused:
        read(content)
    assert refused.value.name == "content"


@pytest.mark.parametrize(
    ("column", "value"),
    [
        (0, ""),
        (0, "x" * 65),
        (1, "2026-02-30"),
        (1, "20261207"),
        (2, "in"),
        (3, "0"),
        (3, "-5"),
        (3, "1.5"),
        (3, "1000000000000000"),
        (3, "１００"),
        (4, "yen"),
        (4, "USD"),
        (6, "x" * 281),
        (0, "a\x00b"),
        (5, "a\tb"),
        (6, "a\u202eb"),
        (6, "a\x85b"),
    ],
)
def test_a_bad_value_is_named_by_line_and_column(column, value):
    names = ("entry_reference", "booked_on", "direction", "amount_minor", "currency", "counterparty_name",
             "remittance_information")  # fmt: skip
    good = as_csv(Part([entry("B-0", "credit", 1_100), GOOD])).decode()
    row = [*map(str, GOOD)]
    row[column] = value
    content = good.replace(",".join(map(str, GOOD)), ",".join(row))
    assert faults(content.encode())[0] == f"lines.5.{names[column]}"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("account", "0901-001-ordinary-765432"),
        ("currency", "yen"),
        ("opening_on", "2026-02-30"),
        ("closing_on", "07.12.2026"),
        ("opening_balance_minor", "1,000"),
        ("closing_balance_minor", "10000000000000000"),
        ("credits", "-1"),
        ("credits_minor", "1.0"),
        ("debits", "many"),
        ("debits_minor", "+5"),
    ],
)
def test_a_bad_statement_of_the_whole_is_named_by_line_and_column(name, value):
    quoted = f'"{value}"' if "," in value else value
    assert faults(as_csv(Part([GOOD]).stating(**{name: quoted})))[0] == f"lines.2.{name}"


def test_a_line_of_the_wrong_length_and_a_missing_header_are_named():
    assert faults(as_csv(Part([GOOD[:-1]]).stating(credits=0)))[0] == "lines.4.columns"
    with pytest.raises(FieldInvalid) as refused:
        read(b"\r\n".join(as_csv(Part()).splitlines()[:2]))
    assert refused.value.name == "lines.3.columns"


def test_more_lines_or_larger_totals_than_the_limits_are_refused():
    many = as_csv(Part([entry(f"{number}", "credit", 1) for number in range(LINES_MAX + 1)]))
    assert reason(many) == f"has {LINES_MAX + 1} lines: split it into files of {LINES_MAX} lines at most"
    many_times = range(TOTAL_MINOR_MAX // AMOUNT_MINOR_MAX + 1)
    large = [entry(f"c{number}", "credit", AMOUNT_MINOR_MAX) for number in many_times]
    offset = [*large, *(entry(f"d{number}", "debit", AMOUNT_MINOR_MAX) for number in many_times)]
    assert faults(as_csv(Part(large))) == ["lines.2.closing_balance_minor"]
    content = as_camt(Part(offset)).decode()
    start, end = content.index("<TxsSummry>"), content.index("</TxsSummry>") + len("</TxsSummry>")
    names = [name.split(".")[2] for name in faults((content[:start] + content[end:]).encode())]
    assert names == ["credits_minor", "debits_minor"]
