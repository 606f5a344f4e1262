"""Statement files of every format, written from the same facts by tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from clearing.bank.bank_statement import BankStatementFile
from clearing.bank.bank_statement_csv import ENTRIES, STATEMENT
from clearing.bank.bank_statement_formats import parse_statement
from clearing.bank.importing import follows_on

ACCOUNT = "0901-001-ordinary-7654321"
TODAY = date(2026, 12, 8)
FIRST = date(2026, 12, 7)

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Part:
    """What one part of a file states; entries are in the order of ENTRIES."""

    rows: Sequence[Row] = ()
    opening_on: date = FIRST
    closing_on: date = FIRST
    opening_minor: int = 0
    account: str = ACCOUNT
    changes: dict[str, Any] = field(default_factory=dict)

    @property
    def net_minor(self) -> int:
        """What the entries add."""
        return sum(row[3] if row[2] == "credit" else -row[3] for row in self.rows)

    def after(self, rows: Sequence[Row], day: date) -> Part:
        """The part of ``day`` that continues this one."""
        return Part(rows, day, day, self.opening_minor + self.net_minor, self.account)

    def stating(self, **changes: Any) -> Part:
        """This part with other statements than its entries come to."""
        return replace(self, changes=changes)

    def stated(self) -> dict[str, Any]:
        """What the part states: the columns of STATEMENT."""
        paid_in = [row[3] for row in self.rows if row[2] == "credit"]
        paid_out = [row[3] for row in self.rows if row[2] == "debit"]
        return {
            "account": self.account, "currency": "JPY", "opening_on": self.opening_on, "closing_on": self.closing_on,
            "opening_balance_minor": self.opening_minor,
            "closing_balance_minor": self.opening_minor + self.net_minor,
            "credits": len(paid_in), "credits_minor": sum(paid_in), "debits": len(paid_out),
            "debits_minor": sum(paid_out),
        } | self.changes  # fmt: skip


def entry(
    reference: str, direction: str, amount_minor: int, remittance: str = "SP000000017", day: date = FIRST
) -> Row:
    """One entry."""
    return (reference, day.isoformat(), direction, amount_minor, "JPY", "ﾐﾅﾄ", remittance)


def read(content: bytes, today: date = TODAY) -> BankStatementFile:
    """What the market reads in a file."""
    return parse_statement(content, today=today, follows_on=follows_on)


def as_csv(*parts: Part) -> bytes:
    """The parts as our CSV."""
    lines = []
    for part in parts:
        stated = part.stated()
        lines += [STATEMENT, [stated[name] for name in STATEMENT], ENTRIES, *part.rows]
    return "".join(",".join(map(str, line)) + "\r\n" for line in lines).encode()


def _era(day: date) -> str:
    return f"{day.year - 2018:02d}{day:%m%d}"


def as_zengin(*parts: Part, end: str = "\r\n") -> bytes:
    """The parts as records of 200 bytes."""
    records = []
    for part in parts:
        stated = part.stated()
        bank, branch, _, number = part.account.split("-")
        sign = "1" if stated["opening_balance_minor"] >= 0 else "2"
        records.append(
            f"1030{_era(TODAY)}{_era(stated['opening_on'])}{_era(stated['closing_on'])}{bank}{'ｻﾝﾎﾟｳｷﾞﾝｺｳ':<15}{branch}"
            f"{'ﾎﾝﾃﾝ':<15}   1{number:0>10}{'ｻﾝﾎﾟ':<40}{sign}1{abs(stated['opening_balance_minor']):014d}"
        )
        for reference, day, direction, amount, _currency, name, remittance in part.rows:
            booked = _era(date.fromisoformat(day))
            records.append(
                f"2{reference:0>8}{booked}{booked}{1 if direction == 'credit' else 2}11{amount:012d}{0:012d}{'':12}"
                f"{'':11}{'':10}{name:<48}{'ｻﾝﾎﾟｳ':<15}{'ﾎﾝﾃﾝ':<15}{'ﾌﾘｺﾐ':<20}{remittance:<20}"
            )
        closing = stated["closing_balance_minor"]
        records.append(
            f"8{stated['credits']:06d}{stated['credits_minor']:013d}{stated['debits']:06d}{stated['debits_minor']:013d}"
            f"{1 if closing >= 0 else 2}{abs(closing):014d}{len(part.rows):07d}"
        )
    records.append(f"9{len(records) + 1:010d}{len(parts):05d}")
    return "".join(f"{record:<200}{end}" for record in records).encode("cp932")


def _balance(code: str, minor: int, day: date) -> str:
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy='JPY'>{abs(minor)}</Amt>"
        f"<CdtDbtInd>{'CRDT' if minor >= 0 else 'DBIT'}</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>"
    )


def as_camt(*parts: Part, head: str = '<?xml version="1.0" encoding="UTF-8"?>') -> bytes:
    """The parts as camt.053, one element a line."""
    lines = [head, '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>']
    for part in parts:
        stated = part.stated()
        bank, branch, kind, number = part.account.split("-")
        lines += [
            (
                f"<Stmt><Id>1</Id><Acct><Id><Othr><Id>{number}</Id></Othr></Id><Tp><Prtry>{kind}</Prtry></Tp><Ccy>JPY</Ccy>"
                f"<Svcr><FinInstnId><ClrSysMmbId><MmbId>{bank}{branch}</MmbId></ClrSysMmbId></FinInstnId></Svcr></Acct>"
            ),
            _balance("OPBD", stated["opening_balance_minor"], stated["opening_on"]),
            _balance("CLBD", stated["closing_balance_minor"], stated["closing_on"]),
            (
                "<TxsSummry>"
                f"<TtlCdtNtries><NbOfNtries>{stated['credits']}</NbOfNtries><Sum>{stated['credits_minor']}</Sum></TtlCdtNtries>"
                f"<TtlDbtNtries><NbOfNtries>{stated['debits']}</NbOfNtries><Sum>{stated['debits_minor']}</Sum></TtlDbtNtries>"
                "</TxsSummry>"
            ),
        ]
        for reference, day, direction, amount, currency, name, remittance in part.rows:
            credit = direction == "credit"
            party = "Dbtr" if credit else "Cdtr"
            lines.append(
                f"<Ntry><Amt Ccy='{currency}'>{amount}</Amt><CdtDbtInd>{'CRDT' if credit else 'DBIT'}</CdtDbtInd>"
                f"<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{day}</Dt></BookgDt><AcctSvcrRef>{reference}</AcctSvcrRef>"
                f"<NtryDtls><TxDtls><Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs><RltdPties><{party}><Pty><Nm>{name}"
                f"</Nm></Pty></{party}></RltdPties><RmtInf><Ustrd>{remittance}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"
            )
        lines.append("</Stmt>")
    lines.append("</BkToCstmrStmt></Document>")
    return "\n".join(lines).encode()


FORMATS = (as_csv, as_zengin, as_camt)
