"""What a bank statement states, whatever the format of its file. Pure.

A file holds one or more parts, each of which states the account, its period, its opening and closing balance, and the
count and total of its entries each way. A part may have no entries. ``whole_statement`` checks that every part adds up
and that the parts continue each other without a gap.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import pairwise
from typing import TypeVar

from marketplace.kernel.amounts import AMOUNT_MINOR_MAX, TOTAL_MINOR_MAX
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label

from .errors import StatementFaulty
from .states import BankDirection

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
INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode categories of control and format characters, surrogates, and line and paragraph separators."""

Raw = TypeVar("Raw")
Entry = TypeVar("Entry")

FollowsOn = Callable[[date, date], bool]
"""Whether the bank has no business day between two days: then a statement from the later continues the earlier."""


@dataclass(frozen=True, slots=True)
class BankStatementLine:
    """One bank entry; ``number`` is where it stands in the file: its line, or its record in a file without lines.

    ``entry_reference`` is the bank's own, unique within the account and the day ``booked_on``.
    """

    number: int
    entry_reference: str
    booked_on: date
    direction: str
    amount_minor: int
    currency: str
    counterparty_name: str
    counterparty_account: str
    remittance_information: str

    @property
    def key(self) -> tuple[date, str]:
        """What tells the bank entry from every other on the account."""
        return self.booked_on, self.entry_reference

    @property
    def signed_minor(self) -> int:
        """What the entry adds to the balance."""
        return self.amount_minor if self.direction == BankDirection.CREDIT else -self.amount_minor


@dataclass(frozen=True, slots=True)
class StatementAccount:
    """The account of a statement: bank and branch in digits, ``ordinary`` or ``current``, and seven digits."""

    bank_code: str
    branch_code: str
    account_type: str
    account_number: str

    def __str__(self) -> str:
        """The account as CSV files state it: ``0901-001-ordinary-7654321``."""
        return "-".join((self.bank_code, self.branch_code, self.account_type, self.account_number))


@dataclass(frozen=True, slots=True)
class Total:
    """How many entries, and what they sum to."""

    count: int
    minor: int


@dataclass(frozen=True, slots=True)
class StatementPart:
    """What one part of a file states. ``number`` is where it begins in the file, ``closing_number`` where it ends.

    ``credits`` and ``debits`` are None where the format lets the bank leave them out (camt.053).
    """

    number: int
    closing_number: int
    account: str
    currency: str
    opening_on: date
    closing_on: date
    opening_balance_minor: int
    closing_balance_minor: int
    credits: Total | None
    debits: Total | None
    lines: Sequence[BankStatementLine]


@dataclass(frozen=True)
class BankStatementFile:
    """A whole file: parts of one account that add up and continue each other."""

    parts: tuple[StatementPart, ...]

    @property
    def number(self) -> int:
        """Where the first part begins."""
        return self.parts[0].number

    @property
    def account(self) -> str:
        """The account of every part."""
        return self.parts[0].account

    @property
    def currency(self) -> str:
        """The currency of every part."""
        return self.parts[0].currency

    @property
    def opening_on(self) -> date:
        """The first day of the period."""
        return self.parts[0].opening_on

    @property
    def closing_on(self) -> date:
        """The last day of the period."""
        return self.parts[-1].closing_on

    @property
    def opening_balance_minor(self) -> int:
        """The balance before the first entry."""
        return self.parts[0].opening_balance_minor

    @property
    def closing_balance_minor(self) -> int:
        """The balance after the last entry."""
        return self.parts[-1].closing_balance_minor

    @cached_property
    def lines(self) -> tuple[BankStatementLine, ...]:
        """The entries of all parts, in the order of the file."""
        return tuple(line for part in self.parts for line in part.lines)


def total_of(lines: Sequence[BankStatementLine], direction: str) -> Total:
    """Count and sum of the entries in one direction."""
    amounts = [line.amount_minor for line in lines if line.direction == direction]
    return Total(len(amounts), sum(amounts))


def whole_statement(
    parts: Sequence[StatementPart], *, today: date, follows_on: FollowsOn
) -> BankStatementFile:
    """The statement that ``parts`` make up; raises StatementFaulty with every part and line that is wrong."""
    faults = [fault for part in parts for fault in _faults_of_part(part, today)]
    faults += [fault for one, other in pairwise(parts) for fault in _faults_between(one, other, follows_on)]
    seen: set[tuple[date, str]] = set()
    for line in (line for part in parts for line in part.lines):
        if line.key in seen:
            faults.append(
                fault_at(
                    line.number,
                    "entry_reference",
                    "appears twice on this day in the file",
                    "ファイル内の同じ日に重複しています",
                )
            )
        seen.add(line.key)
    if faults:
        raise StatementFaulty(sorted(faults, key=line_of_fault)[:FAULTS_MAX])
    return BankStatementFile(tuple(parts))


def _faults_of_part(part: StatementPart, today: date) -> Iterator[FieldInvalid]:
    if part.closing_on < part.opening_on:
        yield fault_at(
            part.number, "closing_on", "is before the first day", "期間の末日が初日より前になっています"
        )
    if part.closing_on > today:
        yield fault_at(part.number, "closing_on", "is in the future", "未来の日付です")
    for line in part.lines:
        if not part.opening_on <= line.booked_on <= part.closing_on:
            yield fault_at(
                line.number,
                "booked_on",
                f"{line.booked_on} is outside the statement's period {part.opening_on} to {part.closing_on}",
                f"{line.booked_on} は明細の期間（{part.opening_on}〜{part.closing_on}）の外です",
            )
        if line.currency != part.currency:
            yield fault_at(
                line.number,
                "currency",
                f"the statement is in {part.currency}",
                f"明細の通貨は {part.currency} です",
            )
    yield from _faults_of_totals(part)


def _faults_of_totals(part: StatementPart) -> Iterator[FieldInvalid]:
    """Stated counts, totals and balances that the entries do not come to, each with the difference."""
    for name, stated, direction in (
        ("credits", part.credits, BankDirection.CREDIT),
        ("debits", part.debits, BankDirection.DEBIT),
    ):
        found = total_of(part.lines, direction)
        if found.minor > TOTAL_MINOR_MAX:
            yield fault_at(part.closing_number, f"{name}_minor", "is out of range", "上限を超えています")
        if stated is None:
            continue
        if stated.count != found.count:
            yield _differs(part, name, stated.count, found.count, "")
        if stated.minor != found.minor:
            yield _differs(part, f"{name}_minor", stated.minor, found.minor, f" {part.currency}")
    closing_minor = part.opening_balance_minor + sum(line.signed_minor for line in part.lines)
    if part.closing_balance_minor != closing_minor:
        unit = f" {part.currency}"
        yield _differs(part, "closing_balance_minor", part.closing_balance_minor, closing_minor, unit)
    for name, value in (
        ("opening_balance_minor", part.opening_balance_minor),
        ("closing_balance_minor", part.closing_balance_minor),
    ):
        if abs(value) > TOTAL_MINOR_MAX:
            yield fault_at(part.closing_number, name, "is out of range", "上限を超えています")


def _differs(part: StatementPart, name: str, stated: int, found: int, unit: str) -> FieldInvalid:
    return fault_at(
        part.closing_number,
        name,
        f"states {stated}{unit}, the lines come to {found}{unit}: a difference of {stated - found:+}{unit}",
        f"記載は {stated}{unit}、明細行からは {found}{unit} で、差は {stated - found:+}{unit} です",
    )


def _faults_between(
    one: StatementPart, other: StatementPart, follows_on: FollowsOn
) -> Iterator[FieldInvalid]:
    if (other.account, other.currency) != (one.account, one.currency):
        yield fault_at(
            other.number,
            "account",
            f"is another account than {one.account} in {one.currency}, with which the file begins",
            f"ファイル先頭の口座 {one.account}（{one.currency}）と異なります",
        )
        return
    if not follows_on(one.closing_on, other.opening_on):
        yield fault_at(
            other.number,
            "opening_on",
            f"{other.opening_on} does not follow {one.closing_on}, where the part before ends",
            f"{other.opening_on} は直前の期間の末日 {one.closing_on} に続きません",
        )
    if other.opening_balance_minor != one.closing_balance_minor:
        difference = other.opening_balance_minor - one.closing_balance_minor
        yield fault_at(
            other.number,
            "opening_balance_minor",
            f"is {other.opening_balance_minor}, the part before closes with {one.closing_balance_minor}:"
            f" a difference of {difference:+} {other.currency}",
            f"{other.opening_balance_minor} ですが、直前の期末残高は {one.closing_balance_minor} で、"
            f"差は {difference:+} {other.currency} です",
        )


def read_parts(
    raw_parts: Sequence[Raw],
    entries_of: Callable[[Raw], Sequence[Entry]],
    line_of: Callable[[Raw, Entry], BankStatementLine],
    part_of: Callable[[Raw, Sequence[BankStatementLine]], StatementPart],
) -> list[StatementPart]:
    """What a format's ``line_of`` and ``part_of`` read in each part; raises StatementFaulty with all faults they raise.

    Raises FieldInvalid for a file of more than LINES_MAX entries.
    """
    count = sum(len(entries_of(raw)) for raw in raw_parts)
    if count > LINES_MAX:
        raise FieldInvalid(
            "content",
            Label(
                f"has {count} lines: split it into files of {LINES_MAX} lines at most",
                f"{count}行あります。1ファイル{LINES_MAX}行以内に分割してください",
            ),
        )
    faults: list[FieldInvalid] = []
    parts: list[StatementPart] = []
    for raw in raw_parts:
        lines: list[BankStatementLine] = []
        for entry in entries_of(raw):
            try:
                lines.append(line_of(raw, entry))
            except FieldInvalid as fault:
                faults.append(fault)
        try:
            parts.append(part_of(raw, lines))
        except FieldInvalid as fault:
            faults.append(fault)
    if faults:
        raise StatementFaulty(sorted(faults, key=line_of_fault)[:FAULTS_MAX])
    return parts


def fault_at(number: int, column: str, en: str, ja: str) -> FieldInvalid:
    """A fault of line or record ``number``."""
    return FieldInvalid(f"lines.{number}.{column}", Label(en, ja))


def line_of_fault(fault: FieldInvalid) -> int:
    """The line or record that ``fault_at`` named."""
    return int(fault.name.split(".")[1])


def require_texts(line: BankStatementLine) -> BankStatementLine:
    """``line`` if its texts are within their lengths and printable and it has a reference; raises FieldInvalid."""
    for name, length in LENGTHS_MAX.items():
        text = getattr(line, name)
        if len(text) > length:
            raise fault_at(
                line.number, name, f"has more than {length} characters", f"{length}文字以内にしてください"
            )
        if bad := next((letter for letter in text if unicodedata.category(letter) in INVISIBLE), None):
            raise fault_at(
                line.number,
                name,
                f"contains the control character U+{ord(bad):04X}",
                f"制御文字 U+{ord(bad):04X} が含まれています",
            )
    if not line.entry_reference:
        raise fault_at(line.number, "entry_reference", "must not be empty", "入力してください")
    if not 0 < line.amount_minor <= AMOUNT_MINOR_MAX:
        raise fault_at(
            line.number,
            "amount_minor",
            f"must be from 1 to {AMOUNT_MINOR_MAX}",
            f"1から{AMOUNT_MINOR_MAX}までにしてください",
        )
    return line
