"""Reads bank statements in the Zengin format of deposit and withdrawal details (全銀 入出金取引明細). Pure.

Records of 200 bytes in JIS X 0201, one after the other or one a line: for each part a header ``1``, a data record ``2``
for each entry, and a trailer ``8``; then the end record ``9``. Days are YYMMDD in the year of the era (令和, from
2019-05-01). The layout is in ``_HEADER``, ``_DATA``, ``_TRAILER`` and ``_END``: name and bytes of each field in its order.
Source: 全国銀行協会, 入出金取引明細 (record layout from memory of practice; banks publish theirs).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from marketplace.kernel.errors import FieldInvalid

from .bank_statement import (
    BankStatementLine,
    StatementAccount,
    StatementPart,
    Total,
    fault_at,
    read_parts,
    require_texts,
)
from .errors import StatementFaulty
from .states import BankDirection

RECORD_BYTES = 200
CURRENCY = "JPY"
ERA_OFFSET = 2018
"""Added to the year of the era in force (令和) it gives the year of the common era."""

T = TypeVar("T")
Layout = tuple[tuple[str, int], ...]

_HEADER: Layout = (
    ("record", 1), ("kind", 2), ("code", 1), ("made_on", 6), ("opening_on", 6), ("closing_on", 6), ("bank_code", 4),
    ("bank_name", 15), ("branch_code", 3), ("branch_name", 15), ("filler_1", 3), ("account_type", 1),
    ("account_number", 10), ("account_name", 40), ("balance_sign", 1), ("passbook", 1), ("opening_balance_minor", 14),
    ("filler_2", 71),
)  # fmt: skip
_DATA: Layout = (
    ("record", 1), ("entry_reference", 8), ("booked_on", 6), ("value_on", 6), ("direction", 1), ("kind", 2),
    ("amount_minor", 12), ("cheques_minor", 12), ("presented_on", 6), ("dishonoured_on", 6), ("bill_type", 1),
    ("bill_number", 7), ("partner_branch", 3), ("payer_code", 10), ("payer_name", 48), ("payer_bank", 15),
    ("payer_branch", 15), ("remarks", 20), ("edi", 20), ("filler", 1),
)  # fmt: skip
_TRAILER: Layout = (
    ("record", 1), ("credits", 6), ("credits_minor", 13), ("debits", 6), ("debits_minor", 13), ("balance_sign", 1),
    ("closing_balance_minor", 14), ("records", 7), ("filler", 139),
)  # fmt: skip
_END: Layout = (("record", 1), ("records", 10), ("accounts", 5), ("filler", 184))
_LAYOUTS = {b"1": _HEADER, b"2": _DATA, b"8": _TRAILER, b"9": _END}

_ACCOUNT_TYPES = {"1": "ordinary", "2": "current"}
_DIRECTIONS = {"1": BankDirection.CREDIT, "2": BankDirection.DEBIT}
_SIGNS = {"1": 1, "2": -1}
_PRINTABLE = frozenset(range(0x20, 0x7F)) | frozenset(range(0xA1, 0xE0))
"""The single bytes of JIS X 0201 that stand for a letter."""


@dataclass(frozen=True, slots=True)
class _Record:
    """One record; ``number`` counts from 1."""

    number: int
    value: Mapping[str, str]

    @property
    def kind(self) -> str:
        """``1``, ``2``, ``8`` or ``9``."""
        return self.value["record"]

    def whole_number(self, name: str) -> int:
        """The number in a field of digits, which may be blank for zero. Raises FieldInvalid."""
        text = self.value[name].strip()
        if text and not (text.isascii() and text.isdigit()):
            raise self.fault(name, "must be digits", "数字にしてください")
        return int(text or "0")

    def day(self, name: str) -> date:
        """The day in a field YYMMDD. Raises FieldInvalid."""
        text = self.value[name]
        try:
            if not (text.isascii() and text.isdigit()):
                raise ValueError
            return date(ERA_OFFSET + int(text[:2]), int(text[2:4]), int(text[4:]))
        except ValueError:
            raise self.fault(
                name, "must be a day as YYMMDD in the year of the era", "和暦のYYMMDDの日付にしてください"
            ) from None

    def choice(self, name: str, known: Mapping[str, T]) -> T:
        """The meaning of a code. Raises FieldInvalid."""
        if self.value[name] not in known:
            wanted = ", ".join(known)
            raise self.fault(name, f"must be one of {wanted}", f"{wanted} のいずれかにしてください")
        return known[self.value[name]]

    def balance(self, name: str) -> int:
        """A balance with its sign. Raises FieldInvalid."""
        return self.choice("balance_sign", _SIGNS) * self.whole_number(name)

    def fault(self, name: str, en: str, ja: str) -> FieldInvalid:
        """A fault of this record."""
        return fault_at(self.number, name, en, ja)


@dataclass
class _RawPart:
    header: _Record
    entries: list[_Record] = field(default_factory=list)
    trailer: _Record | None = None


def is_zengin(content: bytes) -> bool:
    """Whether the file begins with the header record of this format."""
    return content.startswith(b"103")


def read_zengin(content: bytes) -> list[StatementPart]:
    """The parts of a file; raises FieldInvalid, or StatementFaulty naming record and field of its faults."""
    return read_parts(_raw_parts(list(_records(content))), lambda raw: raw.entries, _line, _part)


def _records(content: bytes) -> Iterator[_Record]:
    """The records of a file, whether or not each ends with CR LF or LF, or the file with the mark 0x1A."""
    content = content.removesuffix(b"\x1a")
    number = 0
    at = 0
    while at < len(content):
        number += 1
        raw = content[at : at + RECORD_BYTES]
        at += RECORD_BYTES
        for end in (b"\r\n", b"\n"):
            if content.startswith(end, at):
                at += len(end)
                break
        yield _record(number, raw)


def _record(number: int, raw: bytes) -> _Record:
    bad = next((byte for byte in raw if byte not in _PRINTABLE), None)
    if bad is not None:
        raise _faulty(
            number, f"byte {bad:#04x} is not in JIS X 0201", f"{bad:#04x} はJIS X 0201の文字ではありません"
        )
    layout = _LAYOUTS.get(raw[:1])
    if len(raw) != RECORD_BYTES or layout is None:
        raise _faulty(
            number,
            f"must be a record 1, 2, 8 or 9 of {RECORD_BYTES} bytes",
            f"データ区分1・2・8・9の{RECORD_BYTES}バイトのレコードにしてください",
        )
    text = raw.decode("cp932")
    value, at = {}, 0
    for name, width in layout:
        value[name] = text[at : at + width]
        at += width
    return _Record(number, value)


def _faulty(number: int, en: str, ja: str) -> StatementFaulty:
    return StatementFaulty([fault_at(number, "content", en, ja)])


def _raw_parts(records: list[_Record]) -> list[_RawPart]:
    """Group the records, which must be 1, 2 …, 8 for each part, then one 9; raises StatementFaulty."""
    parts: list[_RawPart] = []
    for record in records:
        is_open = bool(parts) and parts[-1].trailer is None
        if record.kind == "1" and not is_open:
            parts.append(_RawPart(record))
        elif record.kind == "2" and is_open:
            parts[-1].entries.append(record)
        elif record.kind == "8" and is_open:
            parts[-1].trailer = record
        elif record.kind == "9" and not is_open and record is records[-1]:
            _check_end(record, len(parts), sum(len(part.entries) for part in parts), len(records))
            return parts
        else:
            raise _faulty(
                record.number,
                f"record {record.kind} cannot stand here: the order is 1, 2 …, 8 for each part, and one 9 at the end",
                f"データ区分{record.kind}の位置が不正です（部分ごとに1・2…・8、最後に9を1件）",
            )
    last = records[-1].number
    raise _faulty(last, "the end record 9 is missing", "エンドレコード9がありません")


def _check_end(end: _Record, parts: int, entries: int, records: int) -> None:
    """The end record counts all records or all entries, and all headers or the one account, as banks differ."""
    counted, accounts = end.whole_number("records"), end.whole_number("accounts")
    if counted not in (records, entries):
        raise StatementFaulty(
            [
                end.fault(
                    "records",
                    f"states {counted} records, the file has {records}",
                    f"記載は{counted}件、ファイルは{records}件です",
                )
            ]
        )
    if accounts not in (parts, 1):
        raise StatementFaulty(
            [
                end.fault(
                    "accounts",
                    f"states {accounts} accounts, the file has {parts} headers",
                    f"記載は{accounts}口座、ヘッダは{parts}件です",
                )
            ]
        )


def _part(raw: _RawPart, lines: Sequence[BankStatementLine]) -> StatementPart:
    header, trailer = raw.header, raw.trailer
    if trailer is None:
        raise header.fault("record", "has no trailer record 8", "トレーラレコード8がありません")
    header.choice("kind", {"03": None})
    header.choice("code", {"0": None})
    number = header.value["account_number"].strip()
    bank_code, branch_code = header.value["bank_code"], header.value["branch_code"]
    if not (f"{bank_code}{branch_code}{number}".isdigit() and len(number.lstrip("0")) <= 7):
        raise header.fault(
            "account_number",
            "bank, branch and account must be digits, the account seven of them",
            "銀行・支店・口座番号（7桁）は数字にしてください",
        )
    account = StatementAccount(
        bank_code,
        branch_code,
        header.choice("account_type", _ACCOUNT_TYPES),
        number.lstrip("0").zfill(7),
    )
    if trailer.whole_number("records") != len(raw.entries):
        raise trailer.fault(
            "records",
            f"states {trailer.whole_number('records')} data records, there are {len(raw.entries)}",
            f"記載は{trailer.whole_number('records')}件、データレコードは{len(raw.entries)}件です",
        )
    return StatementPart(
        number=header.number,
        closing_number=trailer.number,
        account=str(account),
        currency=CURRENCY,
        opening_on=header.day("opening_on"),
        closing_on=header.day("closing_on"),
        opening_balance_minor=header.balance("opening_balance_minor"),
        closing_balance_minor=trailer.balance("closing_balance_minor"),
        credits=Total(trailer.whole_number("credits"), trailer.whole_number("credits_minor")),
        debits=Total(trailer.whole_number("debits"), trailer.whole_number("debits_minor")),
        lines=lines,
    )


def _line(_raw: _RawPart, record: _Record) -> BankStatementLine:
    value = {name: text.strip() for name, text in record.value.items()}
    return require_texts(
        BankStatementLine(
            number=record.number,
            entry_reference=value["entry_reference"],
            booked_on=record.day("booked_on"),
            direction=record.choice("direction", _DIRECTIONS),
            amount_minor=record.whole_number("amount_minor"),
            currency=CURRENCY,
            counterparty_name=value["payer_name"],
            counterparty_account=" ".join(filter(None, (value["payer_bank"], value["payer_branch"]))),
            remittance_information=" ".join(filter(None, (value["remarks"], value["edi"]))),
        )
    )
