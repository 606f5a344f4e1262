"""The transfer file of Japanese banks: 全銀協 総合振込, 120 bytes a record. Pure.

Header (1), one data record (2) a payee, trailer (8) with count and total, end (9); each record ends with CR LF.
Characters are those of JIS X 0201 (capitals, digits, half-width katakana), one byte each in Shift_JIS. The payment's
reference is in the EDI field (20 characters, marked ``Y``), and comes back on bank statements.

The originator's account: ``requester_code``, ``requester_name``, ``bank_code``, ``bank_name``, ``branch_code``,
``branch_name``, ``account_type``, ``account_number``. A payee's: ``PAYEE_FIELDS``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label

from ..states import Hindrance
from .route import AccountFields, Payee, PaymentRoute, PlannedPayment, Unwritable

HOME_COUNTRY = "JP"
RECORD_BYTES = 120
ACCOUNT_TYPES = {"ordinary": "1", "current": "2"}
PAYEE_FIELDS = frozenset(
    {"bank_code", "branch_code", "account_type", "account_number", "account_holder_kana"}
)

PERMITTED = re.compile(r"[ｦｱ-ﾝﾞﾟA-Z0-9 ().,/¥｢｣-]*")

_REASONS = {"account_type": Label("choose ordinary or current", "ordinary か current を選んでください")}
_OTHER_REASON = Label(
    "write codes in full digits and names in half-width katakana",
    "コードは所定の桁数の数字、名称は半角カナで指定してください",
)


class ZenginRoute(PaymentRoute):
    """Domestic bank transfers in yen, by a file that the operator uploads to its bank."""

    def hindrance(self, payee: Payee, *, cross_border_allowed: bool) -> str:
        """A payee abroad needs a licence or an exemption; every payee needs an account in Japan."""
        if payee.country != HOME_COUNTRY and not cross_border_allowed:
            return Hindrance.ABROAD.value
        if payee.account is None or not payee.account.keys() >= PAYEE_FIELDS:
            return Hindrance.NO_ACCOUNT.value
        return ""

    def validate_originator(self, originator: AccountFields) -> None:
        """Codes in digits (requester 10, bank 4, branch 3, account 7), names in the characters of JIS X 0201."""
        try:
            _requester(originator)
            _originating_account(originator)
        except Unwritable as error:
            raise FieldInvalid(error.field, _REASONS.get(error.field, _OTHER_REASON)) from error

    def render(
        self, *, originator: AccountFields, payments: Sequence[PlannedPayment], value_date: date
    ) -> bytes:
        """The file; amounts in yen, each below 10^10."""
        records = [
            _header(originator, value_date),
            *map(_data, payments),
            _trailer(payments),
            "9" + " " * 119,
        ]
        return b"".join(_encoded(record) + b"\r\n" for record in records)


def _header(originator: AccountFields, value_date: date) -> str:
    return (
        "1210" + _requester(originator) + f"{value_date:%m%d}" + _originating_account(originator) + " " * 17
    )


def _requester(originator: AccountFields) -> str:
    return _digits(originator, "requester_code", 10) + _text(originator, "requester_name", 40)


def _originating_account(originator: AccountFields) -> str:
    return "".join(
        (
            _digits(originator, "bank_code", 4),
            _text(originator, "bank_name", 15),
            _digits(originator, "branch_code", 3),
            _text(originator, "branch_name", 15),
            _account_type(originator),
            _digits(originator, "account_number", 7),
        )
    )


def _data(payment: PlannedPayment) -> str:
    """Names of bank and branch, clearing house and customer codes may stay empty; 7 is transfer by wire."""
    account = payment.payee.account or {}
    try:
        return "".join(
            (
                "2",
                _digits(account, "bank_code", 4),
                " " * 15,
                _digits(account, "branch_code", 3),
                " " * 15,
                " " * 4,
                _account_type(account),
                _digits(account, "account_number", 7),
                _text(account, "account_holder_kana", 30),
                _amount(payment.amount_minor, 10, "amount_minor"),
                "0",
                _text({"reference": payment.reference}, "reference", 20),
                "7",
                "Y",
                " " * 7,
            )
        )
    except Unwritable as error:
        raise Unwritable(error.field, payment.reference) from error


def _trailer(payments: Sequence[PlannedPayment]) -> str:
    total = sum(payment.amount_minor for payment in payments)
    return "8" + _amount(len(payments), 6, "records") + _amount(total, 12, "total_minor") + " " * 101


def _digits(account: AccountFields, field: str, length: int) -> str:
    value = account.get(field, "")
    if len(value) != length or not (value.isascii() and value.isdigit()):
        raise Unwritable(field)
    return value


def _text(account: AccountFields, field: str, length: int) -> str:
    value = account.get(field, "")
    if len(value) > length or not PERMITTED.fullmatch(value):
        raise Unwritable(field)
    return value.ljust(length)


def _account_type(account: AccountFields) -> str:
    kind = ACCOUNT_TYPES.get(account.get("account_type", ""))
    if kind is None:
        raise Unwritable("account_type")
    return kind


def _amount(value: int, length: int, field: str) -> str:
    if not 0 < value < 10**length:
        raise Unwritable(field)
    return f"{value:0{length}d}"


def _encoded(record: str) -> bytes:
    encoded = record.encode("shift_jis")
    if len(encoded) != RECORD_BYTES:
        raise Unwritable("record")
    return encoded
