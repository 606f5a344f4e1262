"""Reads bank statements as CSV in UTF-8, the market's own format. Pure.

Each part of the file begins with two lines: ``STATEMENT`` itself, then what the bank states under these names. ``account``
is ``<bank>-<branch>-<type>-<number>`` (``0901-001-ordinary-7654321``), the days are YYYY-MM-DD, ``credits`` and
``debits`` count the entries into the account and out of it, and amounts are whole numbers of minor units. Then comes the
line ``ENTRIES`` (or ``WITH_ACCOUNT``) and a line for each entry, possibly none: ``direction`` is ``credit`` or ``debit``,
``amount_minor`` is positive. The next part, if any, begins with ``STATEMENT`` again.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label

from .bank_statement import (
    BankStatementLine,
    StatementPart,
    Total,
    fault_at,
    read_parts,
    require_texts,
)
from .errors import StatementFaulty
from .states import BankDirection

STATEMENT = (
    "account",
    "currency",
    "opening_on",
    "closing_on",
    "opening_balance_minor",
    "closing_balance_minor",
    "credits",
    "credits_minor",
    "debits",
    "debits_minor",
)
ENTRIES = (
    "entry_reference",
    "booked_on",
    "direction",
    "amount_minor",
    "currency",
    "counterparty_name",
    "remittance_information",
)
WITH_ACCOUNT = (*ENTRIES[:6], "counterparty_account", ENTRIES[6])

_ACCOUNT = re.compile(r"[0-9]{4}-[0-9]{3}-(ordinary|current)-[0-9]{7}")
_AMOUNT = re.compile(r"[1-9][0-9]{0,14}")
_BALANCE = re.compile(r"-?(0|[1-9][0-9]{0,14})")
_TOTAL = re.compile(r"0|[1-9][0-9]{0,14}")
_COUNT = re.compile(r"0|[1-9][0-9]{0,4}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

Row = tuple[int, list[str]]


@dataclass
class _RawPart:
    """The rows of one part, each with its line: what is stated, the names of the entries' columns, and the entries."""

    number: int
    stated: Row | None = None
    columns: tuple[str, ...] | None = None
    entries: list[Row] = field(default_factory=list)


def is_csv(content: bytes) -> bool:
    """Whether the file begins as our CSV does."""
    return content.removeprefix(b"\xef\xbb\xbf").startswith(",".join(STATEMENT).encode())


def read_csv(content: bytes) -> list[StatementPart]:
    """The parts of a file in UTF-8; raises FieldInvalid, or StatementFaulty naming line and column of its faults."""
    return read_parts(list(_raw_parts(_rows(content))), lambda raw: raw.entries, _line, _part)


def _rows(content: bytes) -> list[Row]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = content[: error.start].count(b"\n") + 1
        raise StatementFaulty(
            [
                fault_at(
                    number,
                    "content",
                    f"byte {content[error.start]:#04x} is not UTF-8",
                    f"{content[error.start]:#04x} はUTF-8ではありません",
                )
            ]
        ) from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[Row] = []
    try:
        for row in reader:
            rows.append((reader.line_num, row))  # noqa: PERF401  # csv.Error must name the line it stands on
    except csv.Error as error:
        raise StatementFaulty(
            [fault_at(reader.line_num, "content", f"not CSV: {error}", f"CSVとして読めません: {error}")]
        ) from None
    return rows


def _raw_parts(rows: list[Row]) -> Iterator[_RawPart]:
    """Split the rows at each line ``STATEMENT``; raises FieldInvalid where a line that begins a part is missing."""
    part: _RawPart | None = None
    for number, row in rows:
        if tuple(row) == STATEMENT:
            if part is not None:
                yield _complete(part)
            part = _RawPart(number)
        elif part is None:
            raise FieldInvalid(
                "content",
                Label(
                    f"the first line must be {','.join(STATEMENT)}",
                    f"1行目は {','.join(STATEMENT)} にしてください",
                ),
            )
        elif part.stated is None:
            part.stated = (number, row)
        elif part.columns is None:
            if tuple(row) not in (ENTRIES, WITH_ACCOUNT):
                raise _no_columns(number)
            part.columns = tuple(row)
        else:
            part.entries.append((number, row))
    if part is None:
        raise FieldInvalid("content", Label("the file is empty", "ファイルが空です"))
    yield _complete(part)


def _complete(part: _RawPart) -> _RawPart:
    if part.stated is None or part.columns is None:
        raise _no_columns(part.number + 2)
    return part


def _no_columns(number: int) -> FieldInvalid:
    wanted = ",".join(ENTRIES)
    return fault_at(number, "columns", f"this line must be {wanted}", f"この行は {wanted} にしてください")


def _part(raw: _RawPart, lines: Sequence[BankStatementLine]) -> StatementPart:
    number, row = raw.stated or (raw.number, [])
    value = _values(number, STATEMENT, row)
    if not _ACCOUNT.fullmatch(value["account"]):
        raise fault_at(
            number,
            "account",
            "must be <bank>-<branch>-ordinary or current-<number>, such as 0901-001-ordinary-7654321",
            "銀行-支店-ordinary または current-口座番号（例: 0901-001-ordinary-7654321）にしてください",
        )
    return StatementPart(
        number=number,
        closing_number=number,
        account=value["account"],
        currency=_currency(number, value["currency"]),
        opening_on=_date(number, "opening_on", value["opening_on"]),
        closing_on=_date(number, "closing_on", value["closing_on"]),
        opening_balance_minor=_number(number, "opening_balance_minor", value, _BALANCE),
        closing_balance_minor=_number(number, "closing_balance_minor", value, _BALANCE),
        credits=Total(
            _number(number, "credits", value, _COUNT), _number(number, "credits_minor", value, _TOTAL)
        ),
        debits=Total(
            _number(number, "debits", value, _COUNT), _number(number, "debits_minor", value, _TOTAL)
        ),
        lines=lines,
    )


def _line(raw: _RawPart, entry: Row) -> BankStatementLine:
    number, row = entry
    value = _values(number, raw.columns or (), row)
    if value["direction"] not in BankDirection.values:
        raise fault_at(number, "direction", "must be credit or debit", "credit か debit にしてください")
    if not _AMOUNT.fullmatch(value["amount_minor"]):
        raise fault_at(
            number,
            "amount_minor",
            "must be a positive whole number of minor units of at most 15 digits, without sign or commas",
            "符号・桁区切りのない15桁以内の正の整数にしてください",
        )
    return require_texts(
        BankStatementLine(
            number=number,
            entry_reference=value["entry_reference"],
            booked_on=_date(number, "booked_on", value["booked_on"]),
            direction=value["direction"],
            amount_minor=int(value["amount_minor"]),
            currency=_currency(number, value["currency"]),
            counterparty_name=value["counterparty_name"],
            counterparty_account=value.get("counterparty_account", ""),
            remittance_information=value["remittance_information"],
        )
    )


def _values(number: int, columns: tuple[str, ...], row: list[str]) -> dict[str, str]:
    if len(row) != len(columns):
        raise fault_at(
            number,
            "columns",
            f"has {len(row)} columns, not {len(columns)}",
            f"列数が{len(columns)}ではありません",
        )
    return {name: text.strip(" \u3000") for name, text in zip(columns, row, strict=True)}


def _number(number: int, name: str, value: dict[str, str], pattern: re.Pattern[str]) -> int:
    if not pattern.fullmatch(value[name]):
        raise fault_at(
            number,
            name,
            "must be a whole number within range, without commas",
            "桁区切りのない範囲内の整数にしてください",
        )
    return int(value[name])


def _currency(number: int, text: str) -> str:
    if not _CURRENCY.fullmatch(text):
        raise fault_at(
            number,
            "currency",
            "must be three capital letters (ISO 4217)",
            "ISO 4217の英大文字3字にしてください",
        )
    return text


def _date(number: int, name: str, text: str) -> date:
    if _DATE.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass  # matches the pattern, but is not a calendar date
    raise fault_at(number, name, "must be a date as YYYY-MM-DD", "YYYY-MM-DDの日付にしてください")
