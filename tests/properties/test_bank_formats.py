"""What holds of references, keys and files for any input whatever."""

from __future__ import annotations

import csv
import io
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from clearing.bank.bank_statement import REQUIRED, parse_statement
from clearing.bank.pay_in_reference import find_pay_in_references, pay_in_reference_of
from clearing.settlement.routes.reference import find_references, payment_reference
from clearing.settlement.routes.route import Payee, PlannedPayment
from clearing.settlement.routes.zengin import RECORD_BYTES, ZenginRoute
from clearing.trades.terms import business_key_of
from marketplace.kernel.errors import FieldInvalid
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
        st.dates().map(str),
        st.sampled_from(["credit", "debit"]),
        st.integers(1, 10**15 - 1),
        st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zs", "Zl", "Zp"]), max_size=40),
    ),
    max_size=20,
)


@given(ROWS)
def test_a_statement_is_read_as_it_was_written(rows):
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(REQUIRED)
    for number, (day, direction, amount, remittance) in enumerate(rows):
        writer.writerow((f"B-{number}", day, direction, amount, "JPY", "", remittance))
    read = parse_statement(text.getvalue().encode())
    assert [
        (str(line.booked_on), line.direction, line.amount_minor, line.remittance_information) for line in read
    ] == rows


@given(st.binary(max_size=300))
def test_no_bytes_whatever_break_the_reader(data):
    try:
        parse_statement(data)
    except FieldInvalid:
        return
    assert data.decode("utf-8-sig").startswith("entry_reference")


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
