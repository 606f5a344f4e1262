"""Writing a file of payments as Japanese banks take it: 全銀協 総合振込, 120 bytes a record. Pure.

Header (1), one data record (2) a payee, trailer (8) with count and total, end (9); each record ends with CR LF.
Characters are those of JIS X 0201 (capitals, digits, half-width katakana), one byte each in Shift_JIS. The payment's
reference travels in the EDI field (20 characters, marked ``Y``), and comes back on statements.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

RECORD_BYTES = 120
ACCOUNT_TYPES = {"ordinary": "1", "current": "2"}

PERMITTED = re.compile(r"[ｦｱ-ﾝﾞﾟA-Z0-9 ().,/¥｢｣-]*")


class Unwritable(ValueError):
    """A value does not fit the format. ``field`` names it."""

    def __init__(self, field: str) -> None:
        """Name the field at fault."""
        super().__init__(field)
        self.field = field


@dataclass(frozen=True, slots=True)
class Originator:
    """Who orders the payments, and from which account."""

    requester_code: str
    requester_name: str
    bank_code: str
    bank_name: str
    branch_code: str
    branch_name: str
    account_type: str
    account_number: str


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment: ``amount_minor`` in yen, to an account; ``reference`` of 20 characters at most."""

    reference: str
    bank_code: str
    branch_code: str
    account_type: str
    account_number: str
    holder: str
    amount_minor: int


def write_transfer_file(*, originator: Originator, payments: Sequence[Payment], value_date: date) -> bytes:
    """The file; the same input gives the same bytes. Raises Unwritable naming what does not fit."""
    records = [_header(originator, value_date), *map(_data, payments), _trailer(payments), "9" + " " * 119]
    return b"".join(_encoded(record) + b"\r\n" for record in records)


def _header(who: Originator, value_date: date) -> str:
    return "".join(
        (
            "1",
            "21",
            "0",
            _digits(who.requester_code, 10, "requester_code"),
            _text(who.requester_name, 40, "requester_name"),
            f"{value_date:%m%d}",
            _digits(who.bank_code, 4, "bank_code"),
            _text(who.bank_name, 15, "bank_name"),
            _digits(who.branch_code, 3, "branch_code"),
            _text(who.branch_name, 15, "branch_name"),
            ACCOUNT_TYPES[who.account_type],
            _digits(who.account_number, 7, "account_number"),
            " " * 17,
        )
    )


def _data(payment: Payment) -> str:
    """Names of bank and branch, clearing house and customer codes may stay empty; 7 is transfer by wire."""
    return "".join(
        (
            "2",
            _digits(payment.bank_code, 4, "bank_code"),
            " " * 15,
            _digits(payment.branch_code, 3, "branch_code"),
            " " * 15,
            " " * 4,
            ACCOUNT_TYPES[payment.account_type],
            _digits(payment.account_number, 7, "account_number"),
            _text(payment.holder, 30, "account_holder_kana"),
            _amount(payment.amount_minor, 10, "amount_minor"),
            "0",
            _text(payment.reference, 20, "reference"),
            "7",
            "Y",
            " " * 7,
        )
    )


def _trailer(payments: Sequence[Payment]) -> str:
    total = sum(payment.amount_minor for payment in payments)
    return "8" + _amount(len(payments), 6, "records") + _amount(total, 12, "total_minor") + " " * 101


def _digits(value: str, length: int, field: str) -> str:
    if len(value) != length or not (value.isascii() and value.isdigit()):
        raise Unwritable(field)
    return value


def _text(value: str, length: int, field: str) -> str:
    if len(value) > length or not PERMITTED.fullmatch(value):
        raise Unwritable(field)
    return value.ljust(length)


def _amount(value: int, length: int, field: str) -> str:
    if not 0 < value < 10**length:
        raise Unwritable(field)
    return f"{value:0{length}d}"


def _encoded(record: str) -> bytes:
    encoded = record.encode("shift_jis")
    if len(encoded) != RECORD_BYTES:
        raise Unwritable("record")
    return encoded
