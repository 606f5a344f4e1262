"""Reads a bank statement in whichever of the known formats its file is. Pure."""

from __future__ import annotations

from datetime import date

from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label

from .bank_statement import BYTES_MAX, TOO_LARGE, BankStatementFile, FollowsOn, whole_statement
from .bank_statement_camt import is_camt, read_camt
from .bank_statement_csv import STATEMENT, is_csv, read_csv
from .bank_statement_zengin import is_zengin, read_zengin

_FORMATS = ((is_csv, read_csv), (is_zengin, read_zengin), (is_camt, read_camt))


def parse_statement(content: bytes, *, today: date, follows_on: FollowsOn) -> BankStatementFile:
    """What a file in CSV, Zengin 入出金取引明細 or ISO 20022 camt.053 states, known by how it begins.

    Raises FieldInvalid for a file that is no statement, StatementFaulty naming line and field of its faults.
    """
    if len(content) > BYTES_MAX:
        raise FieldInvalid("content", TOO_LARGE)
    for is_format, read in _FORMATS:
        if is_format(content):
            return whole_statement(read(content), today=today, follows_on=follows_on)
    wanted = ",".join(STATEMENT)
    raise FieldInvalid(
        "content",
        Label(
            f"is neither Zengin 入出金取引明細 nor camt.053 nor CSV whose first line is {wanted}",
            f"全銀の入出金取引明細、camt.053、1行目が {wanted} のCSVのいずれでもありません",
        ),
    )
