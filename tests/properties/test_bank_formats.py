"""What holds of references, keys and files for any input whatever."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearing.bank.bank_statement_csv import STATEMENT
from clearing.bank.bank_statement_formats import parse_statement
from clearing.bank.importing import follows_on
from clearing.bank.pay_in_reference import find_pay_in_references, pay_in_reference_of
from clearing.settlement.routes.reference import find_references, payment_reference
from clearing.settlement.routes.route import Payee, PlannedPayment
from clearing.settlement.routes.zengin import RECORD_BYTES, ZenginRoute
from clearing.trades.terms import business_key_of
from fixtures.day.bank import written
from marketplace.kernel.errors import FieldInvalid
from tests.clearing.bank.statement_files import FORMATS, Part, entry
from tests.clearing.settlement.routes.samples import JAPANESE_ACCOUNT, JAPANESE_ORIGINATOR

KEYS = st.integers(1, 99_999_999)
KANA = st.text("ｱｲｳｴｵｶｷｸｹｺﾞﾟABCXYZ0123 ().-/", max_size=30)


@given(KEYS, KEYS)
def test_deposit_references_name_one_participant(one, other):
    assert find_pay_in_references(f"振込 {pay_in_reference_of(one)}") == [one]
    assert (pay_in_reference_of(one) == pay_in_reference_of(other)) == (one == other)


@given(st.integers(1, 10**9 - 1), st.integers(1, 10**6 - 1))
def test_payment_references_come_back(number, sequence):
    reference = payment_reference(currency="JPY", cycle_number=number, sequence=sequence)
    assert len(reference) <= 20
    assert find_references(f"ﾌﾘｺﾐ {reference} ﾐﾅﾄ") == [reference]


@given(st.text(min_size=1, max_size=40), st.text(min_size=1, max_size=40))
def test_business_keys_meet_only_where_references_do(one, other):
    left, right = (business_key_of("1234567890123", text) for text in (one, other))
    assert (left == right) == (one == other)
    assert "|" not in left
    assert "\n" not in left


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["credit", "debit"]),
        st.integers(1, 10**10),
        st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cf", "Zs", "Zl", "Zp"]), max_size=40),
    ),
    max_size=20,
)
READ = {"today": date(2026, 12, 8), "follows_on": follows_on}


@given(ROWS, st.integers(-(10**12), 10**12))
def test_a_statement_is_read_as_it_was_written(rows, opening_minor):
    day = date(2026, 12, 7)
    lines = [
        (f"B-{number}", day.isoformat(), direction, amount, "JPY", "", remittance)
        for number, (direction, amount, remittance) in enumerate(rows)
    ]
    sent = written("0901-001-ordinary-7654321", "JPY", day, day, opening_minor, lines)
    read = parse_statement(sent.content, **READ)
    assert [(line.direction, line.amount_minor, line.remittance_information) for line in read.lines] == rows
    assert (read.opening_balance_minor, read.closing_balance_minor) == (
        opening_minor,
        sent.closing_balance_minor,
    )


@given(
    st.sampled_from([b"", ",".join(STATEMENT).encode(), b"103", b"<?xml version='1.0'?>"]),
    st.binary(max_size=300),
)
def test_no_bytes_whatever_break_the_reader(head, data):
    with pytest.raises(FieldInvalid):
        parse_statement(head + data, **READ)


@given(st.sampled_from(FORMATS), st.integers(0), st.integers(0, 255))
def test_one_changed_byte_is_refused_or_changes_what_is_read(write, at, byte):
    content = write(Part([entry("1", "credit", 500), entry("2", "debit", 20)]))
    at %= len(content)
    changed = content[:at] + bytes([byte]) + content[at + 1 :]
    try:
        read = parse_statement(changed, **READ)
    except FieldInvalid:
        return
    assert read.closing_balance_minor == read.opening_balance_minor + sum(
        line.signed_minor for line in read.lines
    )


@given(st.lists(st.tuples(KANA, st.integers(1, 10**10 - 1)), min_size=1, max_size=20))
def test_every_record_of_a_transfer_file_has_its_length(payees):
    payments = [
        PlannedPayment(
            payment_reference(currency="JPY", cycle_number=1, sequence=at),
            amount,
            Payee("JP", JAPANESE_ACCOUNT | {"account_holder_kana": holder}),
        )
        for at, (holder, amount) in enumerate(payees, start=1)
    ]
    content = ZenginRoute().render(
        originator=JAPANESE_ORIGINATOR, payments=payments, value_date=date(2026, 12, 7)
    )
    records = content.split(b"\r\n")[:-1]
    assert {len(record) for record in records} == {RECORD_BYTES}
    assert len(records) == len(payees) + 3
    assert int(records[-2][7:19]) == sum(amount for _, amount in payees)
