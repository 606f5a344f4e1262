"""Reads bank statements in ISO 20022 ``camt.053`` (BankToCustomerStatement), of any version. Pure.

``defusedxml`` parses the file and refuses document type definitions, and so entities. Each ``Stmt`` is a part: its account
(``Acct``), its period (``FrToDt``, else the days of its balances), its balances ``OPBD`` (or ``PRCD``) and ``CLBD``, its
totals (``TxsSummry``, where the bank states them), and a line for each ``Ntry``, which must be booked. ``AcctSvcrRef`` (else
``NtryRef``) is the entry's reference. Its remittance information is what the bank gives of ``EndToEndId``, ``Ref``,
``Ustrd`` and ``AddtlNtryInf``, in this order, cut after 280 characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any
from xml.sax import SAXParseException
from xml.sax.handler import ContentHandler

from defusedxml import DefusedXmlException
from defusedxml.sax import parseString

from marketplace.kernel import clock
from marketplace.kernel.amounts import TOTAL_MINOR_MAX
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.money import exponent

from .bank_statement import (
    LENGTHS_MAX,
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

DEPTH_MAX = 40
"""Elements of a statement nest about twelve deep."""

_NAMESPACE = re.compile(r"urn:iso:std:iso:20022:tech:xsd:camt\.053\.001\.[0-9]{2}")
_DIRECTIONS = {"CRDT": BankDirection.CREDIT, "DBIT": BankDirection.DEBIT}
_ACCOUNT_TYPES = {
    "CACC": "current",
    "SVGS": "ordinary",
    "CASH": "ordinary",
    "ordinary": "ordinary",
    "current": "current",
}
"""Codes of ``Acct/Tp`` (ISO 20022 external cash account types), and our own words as a proprietary code."""
_ACCOUNT_PARTS = re.compile(r"(?P<bank>[0-9]{4})-?(?P<branch>[0-9]{3})-?(?P<number>[0-9]{7})")

_AMOUNT = re.compile(r"[0-9]{1,15}(\.[0-9]{1,5})?")
_COUNT = re.compile(r"[0-9]{1,15}")
_CURRENCY = re.compile(r"[A-Z]{3}")


@dataclass
class _Element:
    """An element of the file, with the line on which it begins."""

    name: str
    line: int
    currency: str = ""
    text: str = ""
    children: list[_Element] = field(default_factory=list)

    def all(self, path: str) -> list[_Element]:
        """The elements under ``path`` (``Bal``, ``Amt/Ccy``), in their order."""
        found = [self]
        for name in path.split("/"):
            found = [child for element in found for child in element.children if child.name == name]
        return found

    def first(self, *paths: str) -> _Element | None:
        """The first element under the first of ``paths`` that has any."""
        return next((element for path in paths for element in self.all(path)), None)

    def text_of(self, *paths: str) -> str:
        """The text of ``first``, trimmed; empty if there is none."""
        element = self.first(*paths)
        return element.text.strip(" \t\r\n") if element else ""

    def required(self, *paths: str) -> _Element:
        """``first``; raises FieldInvalid if there is none."""
        element = self.first(*paths)
        if element is None:
            raise self.fault(paths[0], "is missing", "がありません")
        return element

    def fault(self, name: str, en: str, ja: str) -> FieldInvalid:
        """A fault of this element."""
        return fault_at(self.line, name.replace("/", "_"), en, ja)


@dataclass
class _Statement:
    """One ``Stmt``."""

    element: _Element

    @cached_property
    def currency(self) -> str:
        """The currency of the account, or else of the first balance. Raises FieldInvalid."""
        currency = self.element.text_of("Acct/Ccy") or self.element.required("Bal/Amt").currency
        if not _CURRENCY.fullmatch(currency):
            raise self.element.fault("currency", "must be ISO 4217", "ISO 4217の英大文字3字にしてください")
        return currency


class _Reader(ContentHandler):
    """Builds the tree of a file; ``root`` is its outermost element, ``namespace`` that one's."""

    def __init__(self) -> None:
        """Nothing is read yet."""
        super().__init__()
        self.root: _Element | None = None
        self.namespace = ""
        self._open: list[_Element] = []
        self._locator: Any = None

    @property
    def line(self) -> int:
        """The line that the parser has come to."""
        return (self._locator.getLineNumber() if self._locator else None) or 1

    def setDocumentLocator(self, locator: Any) -> None:  # noqa: N802  # the name that xml.sax calls
        """Keep the parser's position."""
        self._locator = locator

    def startElement(self, name: str, attrs: Any) -> None:  # noqa: N802  # the name that xml.sax calls
        """Open an element in the one that is open. Raises StatementFaulty beyond DEPTH_MAX."""
        prefix, _, local = name.rpartition(":")
        element = _Element(local, self.line, attrs.get("Ccy", ""))
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
            self.namespace = attrs.get(f"xmlns:{prefix}" if prefix else "xmlns", "")
        self._open.append(element)
        if len(self._open) > DEPTH_MAX:
            raise StatementFaulty(
                [element.fault("content", "elements are nested too deep", "要素の入れ子が深すぎます")]
            )

    def endElement(self, name: str) -> None:  # noqa: N802  # the name that xml.sax calls
        """Close the innermost element."""
        self._open.pop()

    def characters(self, content: str) -> None:
        """Add text to the innermost element."""
        if self._open:
            self._open[-1].text += content


def is_camt(content: bytes) -> bool:
    """Whether the file begins as XML does."""
    return content.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<"


def read_camt(content: bytes) -> list[StatementPart]:
    """The parts of a file; raises FieldInvalid, or StatementFaulty naming line and element of its faults."""
    root = _tree(content)
    statements = root.all("BkToCstmrStmt/Stmt")
    if not statements:
        raise root.fault("BkToCstmrStmt/Stmt", "is missing", "がありません")
    raw_parts = [_Statement(statement) for statement in statements]
    return read_parts(raw_parts, lambda raw: raw.element.all("Ntry"), _line, _part)


def _tree(content: bytes) -> _Element:
    reader = _Reader()
    try:
        parseString(content, reader, forbid_dtd=True)
    except DefusedXmlException:
        raise _no_statement(
            reader.line,
            "must not have a document type definition or entities",
            "文書型定義や実体を含めないでください",
        ) from None
    except (SAXParseException, UnicodeError, ValueError, LookupError) as error:
        number = error.getLineNumber() if isinstance(error, SAXParseException) else reader.line
        reason = error.getMessage() if isinstance(error, SAXParseException) else str(error)
        raise _no_statement(number or 1, f"not XML: {reason}", f"XMLとして読めません: {reason}") from None
    root = reader.root
    if root is None or not _NAMESPACE.fullmatch(reader.namespace) or root.name != "Document":
        raise _no_statement(
            root.line if root else 1,
            "must be a Document of ISO 20022 camt.053.001.xx",
            "ISO 20022 camt.053.001.xx の Document にしてください",
        )
    return root


def _no_statement(number: int, en: str, ja: str) -> StatementFaulty:
    return StatementFaulty([fault_at(number, "content", en, ja)])


def _part(raw: _Statement, lines: Sequence[BankStatementLine]) -> StatementPart:
    statement, currency = raw.element, raw.currency
    opening, closing = _balance(statement, "OPBD", "PRCD"), _balance(statement, "CLBD")
    period = statement.first("FrToDt")
    first = period.first("FrDtTm", "FrDt") if period else None
    last = period.first("ToDtTm", "ToDt") if period else None
    return StatementPart(
        number=statement.line,
        closing_number=closing.line,
        account=str(_account(statement)),
        currency=currency,
        opening_on=_day(first or opening.required("Dt/Dt", "Dt/DtTm"), "opening_on"),
        closing_on=_day(last or closing.required("Dt/Dt", "Dt/DtTm"), "closing_on"),
        opening_balance_minor=_signed(opening, currency),
        closing_balance_minor=_signed(closing, currency),
        credits=_total(statement, "TxsSummry/TtlCdtNtries", currency),
        debits=_total(statement, "TxsSummry/TtlDbtNtries", currency),
        lines=lines,
    )


def _balance(statement: _Element, *codes: str) -> _Element:
    """The one balance of the first of ``codes`` that the statement has. Raises FieldInvalid."""
    for code in codes:
        found = [balance for balance in statement.all("Bal") if balance.text_of("Tp/CdOrPrtry/Cd") == code]
        if len(found) > 1:
            raise found[1].fault("Bal", f"states {code} twice", f"{code} が重複しています")
        if found:
            return found[0]
    raise statement.fault("Bal", f"the balance {codes[0]} is missing", f"残高 {codes[0]} がありません")


def _account(statement: _Element) -> StatementAccount:
    """The account by ``Acct/Id/Othr/Id``: its number after bank and branch, which ``Svcr`` may state instead."""
    element = statement.required("Acct")
    servicer = element.text_of("Svcr/FinInstnId/ClrSysMmbId/MmbId")
    stated = element.text_of("Id/Othr/Id")
    found = _ACCOUNT_PARTS.fullmatch(stated) or _ACCOUNT_PARTS.fullmatch(f"{servicer}{stated}")
    kind = element.text_of("Tp/Prtry", "Tp/Cd") or "CACC"
    if found is None or kind not in _ACCOUNT_TYPES:
        raise element.fault(
            "Acct",
            "must state bank (4 digits), branch (3) and account (7) in Id/Othr/Id, or bank and branch in"
            " Svcr/FinInstnId/ClrSysMmbId/MmbId, and as Tp/Prtry ordinary or current",
            "Id/Othr/Id に銀行4桁・支店3桁・口座番号7桁（銀行・支店は Svcr の MmbId でも可）、Tp/Prtry に ordinary か"
            " current を記載してください",
        )
    return StatementAccount(found["bank"], found["branch"], _ACCOUNT_TYPES[kind], found["number"])


def _line(raw: _Statement, entry: _Element) -> BankStatementLine:
    currency = raw.currency
    status = entry.text_of("Sts/Cd", "Sts")
    if status != "BOOK":
        raise entry.required("Sts").fault(
            "Sts", "must be BOOK: only booked entries count", "BOOK（記帳済み）だけを取り込めます"
        )
    details = entry.first("NtryDtls/TxDtls")
    direction = _direction(entry)
    payer = "Dbtr" if direction == BankDirection.CREDIT else "Cdtr"
    party = f"RltdPties/{payer}"
    references = [
        text.strip(" \t\r\n")
        for path in ("Refs/EndToEndId", "RmtInf/Strd/CdtrRefInf/Ref", "RmtInf/Ustrd")
        for text in _texts(entry, f"NtryDtls/TxDtls/{path}")
    ]
    remittance = [*references, *(text.strip(" \t\r\n") for text in _texts(entry, "AddtlNtryInf"))]
    return require_texts(
        BankStatementLine(
            number=entry.line,
            entry_reference=entry.text_of("AcctSvcrRef", "NtryRef"),
            booked_on=_day(entry.required("BookgDt/Dt", "BookgDt/DtTm"), "booked_on"),
            direction=direction,
            amount_minor=_amount(entry.required("Amt"), currency),
            currency=currency,
            counterparty_name=details.text_of(f"{party}/Nm", f"{party}/Pty/Nm") if details else "",
            counterparty_account=details.text_of(
                f"RltdPties/{payer}Acct/Id/Othr/Id", f"RltdPties/{payer}Acct/Id/IBAN"
            )
            if details
            else "",
            remittance_information=" ".join(
                dict.fromkeys(text for text in remittance if text and text != "NOTPROVIDED")
            )[: LENGTHS_MAX["remittance_information"]].rstrip(),
        )
    )


def _texts(element: _Element, path: str) -> Iterator[str]:
    return (found.text for found in element.all(path))


def _direction(element: _Element) -> BankDirection:
    indicator = element.required("CdtDbtInd")
    text = indicator.text.strip()
    if text not in _DIRECTIONS:
        raise indicator.fault("CdtDbtInd", "must be CRDT or DBIT", "CRDT か DBIT にしてください")
    return _DIRECTIONS[text]


def _signed(balance: _Element, currency: str) -> int:
    sign = 1 if _direction(balance) == BankDirection.CREDIT else -1
    return sign * _amount(balance.required("Amt"), currency)


def _amount(amount: _Element, currency: str) -> int:
    """An amount in minor units of ``currency``, which it must be in. Raises FieldInvalid."""
    if amount.currency != currency:
        raise amount.fault("currency", f"the statement is in {currency}", f"明細の通貨は {currency} です")
    return _minor(amount, currency)


def _minor(element: _Element, currency: str) -> int:
    text = element.text.strip(" \t\r\n")
    minor = Decimal(text).scaleb(exponent(currency)) if _AMOUNT.fullmatch(text) else None
    if minor is None or minor != int(minor) or minor > TOTAL_MINOR_MAX:
        raise element.fault(
            "amount_minor",
            f"must be an amount in {currency} within range, without sign",
            f"{currency} の範囲内の金額（符号なし）にしてください",
        )
    return int(minor)


def _total(statement: _Element, path: str, currency: str) -> Total | None:
    """The count and sum of entries one way; None where the bank states no such totals. Raises FieldInvalid."""
    total = statement.first(path)
    if total is None:
        return None
    count = total.required("NbOfNtries")
    if not _COUNT.fullmatch(count.text.strip()):
        raise count.fault("NbOfNtries", "must be digits", "数字にしてください")
    return Total(int(count.text), _minor(total.required("Sum"), currency))


def _day(element: _Element, name: str) -> date:
    """The day of a date, or of a moment in the market's time zone. Raises FieldInvalid."""
    text = element.text.strip(" \t\r\n")
    try:
        if "T" not in text:
            return date.fromisoformat(text)
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise element.fault(name, "must be an ISO 8601 date", "ISO 8601の日付にしてください") from None
    return clock.business_date(moment) if moment.tzinfo else moment.date()
