"""Parses a bank statement of the client account: CSV in UTF-8 under a strict header. Pure.

Columns: ``entry_reference`` (the bank's own, unique), ``booked_on`` (YYYY-MM-DD), ``direction`` (``credit`` into
the account, ``debit`` out of it), ``amount_minor`` (positive), ``currency``, ``counterparty_name``, optionally
``counterparty_account``, and ``remittance_information``. A bank statement is parsed completely or refused, with its
faults named by line and column.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from datetime import date

from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label

from .errors import StatementFaulty
from .states import BankDirection

REQUIRED = (
    "entry_reference",
    "booked_on",
    "direction",
    "amount_minor",
    "currency",
    "counterparty_name",
    "remittance_information",
)
WITH_ACCOUNT = (*REQUIRED[:6], "counterparty_account", REQUIRED[6])
BYTES_MAX = 20_000_000
TOO_LARGE = Label("upload 20 MB at most", "ファイルは20MB以内にしてください")
LINES_MAX = 10_000
"""The most bank entries in one file: they are booked in one transaction, which must end within seconds."""
FAULTS_MAX = 100
"""The most faults that are named of one file."""
LENGTHS_MAX = {
    "entry_reference": 64,
    "counterparty_name": 140,
    "counterparty_account": 40,
    "remittance_information": 280,
}

_AMOUNT = re.compile(r"[1-9][0-9]{0,14}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class BankStatementLine:
    """One bank entry; ``number`` is its line in the file, with the header as line 1."""

    number: int
    entry_reference: str
    booked_on: date
    direction: str
    amount_minor: int
    currency: str
    counterparty_name: str
    counterparty_account: str
    remittance_information: str


def parse_statement(content: bytes) -> list[BankStatementLine]:
    """The bank entries of a statement in file order, possibly none.

    Raises FieldInvalid for a file that is no statement, StatementFaulty naming line and column of its faults.
    """
    if len(content) > BYTES_MAX:
        raise FieldInvalid("content", TOO_LARGE)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FieldInvalid("content", Label("save the file as UTF-8", "UTF-8で保存してください")) from None
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise FieldInvalid("content", Label(f"not CSV: {error}", f"CSVとして読めません: {error}")) from None
    header = tuple(rows[0]) if rows else ()
    if header not in (REQUIRED, WITH_ACCOUNT):
        wanted = ",".join(REQUIRED)
        raise FieldInvalid(
            "content", Label(f"the first line must be {wanted}", f"1行目は {wanted} にしてください")
        )
    if len(rows) - 1 > LINES_MAX:
        raise FieldInvalid(
            "content",
            Label(
                f"has {len(rows) - 1} lines: split it into files of {LINES_MAX} lines at most",
                f"{len(rows) - 1}行あります。1ファイル{LINES_MAX}行以内に分割してください",
            ),
        )
    lines: list[BankStatementLine] = []
    faults: list[FieldInvalid] = []
    seen: set[str] = set()
    for number, row in enumerate(rows[1:], start=2):
        try:
            line = _line(number, header, row)
            if line.entry_reference in seen:
                raise _fault(
                    number, "entry_reference", "appears twice in the file", "ファイル内で重複しています"
                )
        except FieldInvalid as fault:
            faults.append(fault)
            continue
        seen.add(line.entry_reference)
        lines.append(line)
    if faults:
        raise StatementFaulty(faults[:FAULTS_MAX])
    return lines


def _line(number: int, header: tuple[str, ...], row: list[str]) -> BankStatementLine:
    if len(row) != len(header):
        raise _fault(
            number,
            "columns",
            f"has {len(row)} columns, not {len(header)}",
            f"列数が{len(header)}ではありません",
        )
    value = {name: text.strip() for name, text in zip(header, row, strict=True)}
    value.setdefault("counterparty_account", "")
    for name, length in LENGTHS_MAX.items():
        if len(value[name]) > length:
            raise _fault(
                number, name, f"has more than {length} characters", f"{length}文字以内にしてください"
            )
        if "\x00" in value[name]:
            raise _fault(number, name, "contains a NUL character", "NUL文字が含まれています")
    if not value["entry_reference"]:
        raise _fault(number, "entry_reference", "must not be empty", "入力してください")
    if value["direction"] not in BankDirection.values:
        raise _fault(number, "direction", "must be credit or debit", "credit か debit にしてください")
    if not _AMOUNT.fullmatch(value["amount_minor"]):
        raise _fault(
            number,
            "amount_minor",
            "must be a positive whole number of minor units, without sign or commas",
            "符号・桁区切りのない正の整数にしてください",
        )
    if not _CURRENCY.fullmatch(value["currency"]):
        raise _fault(
            number,
            "currency",
            "must be three capital letters (ISO 4217)",
            "ISO 4217の英大文字3字にしてください",
        )
    return BankStatementLine(
        number=number,
        entry_reference=value["entry_reference"],
        booked_on=_date(number, value["booked_on"]),
        direction=value["direction"],
        amount_minor=int(value["amount_minor"]),
        currency=value["currency"],
        counterparty_name=value["counterparty_name"],
        counterparty_account=value["counterparty_account"],
        remittance_information=value["remittance_information"],
    )


def _date(number: int, text: str) -> date:
    if _DATE.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass  # matches the pattern, but is not a calendar date
    raise _fault(number, "booked_on", "must be a date as YYYY-MM-DD", "YYYY-MM-DDの日付にしてください")


def _fault(number: int, column: str, en: str, ja: str) -> FieldInvalid:
    return FieldInvalid(f"lines.{number}.{column}", Label(en, ja))
