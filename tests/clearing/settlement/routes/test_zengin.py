"""The transfer file, byte by byte, against the layout of 全銀協 総合振込."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from clearing.settlement.routes.route import Payee, PlannedPayment, Unwritable
from clearing.settlement.routes.zengin import ZenginRoute

from .samples import JAPANESE_ACCOUNT, JAPANESE_ORIGINATOR

PAYMENT = PlannedPayment("JPY00001-000001", 10_450, Payee("JP", JAPANESE_ACCOUNT))
VALUE_DATE = date(2026, 12, 7)


def records(*payments: PlannedPayment) -> list[bytes]:
    content = ZenginRoute().render(originator=JAPANESE_ORIGINATOR, payments=payments, value_date=VALUE_DATE)
    assert content.endswith(b"\r\n")
    return content.split(b"\r\n")[:-1]


def test_every_record_has_120_bytes():
    made = records(PAYMENT, PAYMENT)
    assert [(record[:1], len(record)) for record in made] == [
        (b"1", 120),
        (b"2", 120),
        (b"2", 120),
        (b"8", 120),
        (b"9", 120),
    ]


def test_the_header_names_the_originator_and_the_day():
    header = records(PAYMENT)[0].decode("shift_jis")
    assert header[:4] == "1210"
    assert (header[4:14], header[14:54].rstrip()) == ("0000000001", "ｻﾝﾎﾟｳｷﾔｸｸﾁ")
    assert (header[54:58], header[58:62], header[62:77].rstrip()) == ("1207", "0901", "ｻﾝﾎﾟｳｷﾞﾝｺｳ")
    assert (header[77:80], header[80:95].rstrip(), header[95:96], header[96:103]) == (
        "001",
        "ﾎﾝﾃﾝ",
        "1",
        "7654321",
    )
    assert header[103:] == " " * 17


def test_a_payment_names_payee_amount_and_reference():
    data = records(PAYMENT)[1].decode("shift_jis")
    assert (data[:5], data[20:23], data[42:43], data[43:50]) == ("20902", "002", "2", "1000274")
    assert (data[50:80].rstrip(), data[80:90], data[90:91]) == ("ﾐﾅﾄﾃﾞ-ﾀ(ｶ", "0000010450", "0")
    assert (data[91:111].rstrip(), data[111:113], data[113:]) == ("JPY00001-000001", "7Y", " " * 7)


def test_the_trailer_counts_and_sums():
    trailer = records(PAYMENT, replace(PAYMENT, amount_minor=9_999_999_999))[3].decode("shift_jis")
    assert (trailer[1:7], trailer[7:19], trailer[19:]) == ("000002", "010000010449", " " * 101)


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("amount_minor", {"amount_minor": 10_000_000_000}),
        ("amount_minor", {"amount_minor": 0}),
        ("account_holder_kana", {"payee": Payee("JP", JAPANESE_ACCOUNT | {"account_holder_kana": "みなと"})}),
        ("account_holder_kana", {"payee": Payee("JP", JAPANESE_ACCOUNT | {"account_holder_kana": "ｱ" * 31})}),
        ("bank_code", {"payee": Payee("JP", JAPANESE_ACCOUNT | {"bank_code": "９０１２"})}),
        ("account_type", {"payee": Payee("JP", JAPANESE_ACCOUNT | {"account_type": "savings"})}),
        ("bank_code", {"payee": Payee("JP", None)}),
        ("reference", {"reference": "J" * 21}),
    ],
)
def test_what_does_not_fit_is_named(field, change):
    with pytest.raises(Unwritable) as refused:
        records(replace(PAYMENT, **change))
    assert refused.value.field == field
    assert refused.value.reference == replace(PAYMENT, **change).reference


def test_a_total_that_does_not_fit_belongs_to_no_payment():
    with pytest.raises(Unwritable) as refused:
        records(*[replace(PAYMENT, amount_minor=9_999_999_999)] * 101)
    assert (refused.value.field, refused.value.reference) == ("total_minor", "")


@pytest.mark.parametrize(
    ("hindrance", "payee", "cross_border_allowed"),
    [
        ("", Payee("JP", JAPANESE_ACCOUNT), False),
        ("abroad", Payee("SG", JAPANESE_ACCOUNT), False),
        ("", Payee("SG", JAPANESE_ACCOUNT), True),
        ("no_account", Payee("JP", None), False),
        ("no_account", Payee("SG", None), True),
        ("no_account", Payee("JP", {"iban": "DE75512108001245126199"}), False),
    ],
)
def test_a_payee_needs_an_account_in_japan_and_to_be_there(hindrance, payee, cross_border_allowed):
    assert ZenginRoute().hindrance(payee, cross_border_allowed=cross_border_allowed) == hindrance


def test_the_same_input_gives_the_same_bytes():
    assert records(PAYMENT) == records(PAYMENT)
