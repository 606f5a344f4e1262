"""Profiling of a file: its shape, columns, issues and traces of personal data. Pure."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from . import personal_data
from .columns import ColumnMeasures, Workbench, workbench
from .issues import issues_of
from .personal_data import Finding
from .reading import Table, Unreadable, read_table

QUASI_IDENTIFIERS = (
    *("年齢", "年代", "性別", "生年", "郵便番号", "都道府県", "市区町村", "市町村", "職業", "国籍", "世帯"),
    *(
        "age",
        "sex",
        "gender",
        "birthyear",
        "postalcode",
        "zipcode",
        "zip",
        "prefecture",
        "occupation",
        "nationality",
    ),
)
"""Names of columns that identify a person only in combination (quasi-identifiers)."""


@dataclass(frozen=True, slots=True)
class FileProfile:
    """The profile of one file. Without ``table`` the file is not a table, and ``unreadable`` says why.

    ``codes_checked`` and ``codes_astray``: rows where a code and its name were compared, and rows where they
    disagree. ``k_anonymity``: the least number of rows alike in all quasi-identifiers, where it was asked for and
    there are any.
    """

    file_name: str
    table: Table | None = None
    unreadable: str = ""
    columns: tuple[ColumnMeasures, ...] = ()
    duplicate_rows: int = 0
    codes_checked: int = 0
    codes_astray: int = 0
    k_anonymity: int | None = None
    findings: tuple[Finding, ...] = ()

    @property
    def row_count(self) -> int:
        """The number of data rows; 0 if the file is not a table."""
        return self.table.row_count if self.table else 0

    @property
    def personal_data_suspected(self) -> bool:
        """Whether the findings suggest personal data."""
        return personal_data.is_suspected(self.findings)

    def as_dict(self) -> dict[str, Any]:
        """The profile in JSON types. It carries no value of a text column, nor of one with traces of persons."""
        if self.table is None:
            return {"file_name": self.file_name, "tabular": False, "unreadable": self.unreadable}
        traced = {finding.column for finding in self.findings}
        return {
            "file_name": self.file_name,
            "tabular": True,
            "format": self.table.format,
            "encoding": self.table.encoding,
            "byte_order_mark": self.table.byte_order_mark,
            "delimiter": self.table.delimiter,
            "header_found": self.table.header_found,
            "preamble_rows": self.table.preamble_rows,
            "annotation_rows": self.table.annotation_rows,
            "ragged_rows": self.table.ragged_rows,
            "row_count": self.row_count,
            "duplicate_rows": self.duplicate_rows,
            "columns": [_column(column, hidden=column.name in traced) for column in self.columns],
            "issues": issues_of(self.table, self.columns, self.duplicate_rows, self.codes_astray),
        }


def _column(column: ColumnMeasures, *, hidden: bool) -> dict[str, Any]:
    return {
        "name": column.name,
        "kind": column.kind,
        "filled": column.filled,
        "distinct": column.distinct,
        "conforming": column.conforming,
        "minimum": None if hidden else column.minimum,
        "maximum": None if hidden else column.maximum,
        "decimals": column.decimals,
        "length_max": column.length_max,
    }


def profile_file(
    content: bytes, file_name: str, media_type: str, *, measure_anonymity: bool = False
) -> FileProfile:
    """Profile one file; a file that is not a readable table gets a profile that says so.

    ``measure_anonymity``: determine k of k-anonymity, which is meaningful only for anonymised records.
    """
    try:
        table = read_table(content, file_name, media_type)
    except Unreadable as error:
        return FileProfile(file_name, unreadable=str(error))
    with workbench(table) as bench:
        columns = tuple(bench.measure())
        checked, astray = _compare_codes(bench, columns)
        return FileProfile(
            file_name=file_name,
            table=table,
            columns=columns,
            duplicate_rows=bench.duplicate_rows(),
            codes_checked=checked,
            codes_astray=astray,
            k_anonymity=bench.smallest_group(_quasi_identifiers(columns)) if measure_anonymity else None,
            findings=tuple(personal_data.scan(_for_rules(bench, columns))),
        )


def _for_rules(bench: Workbench, columns: tuple[ColumnMeasures, ...]) -> list[personal_data.Column]:
    return [
        personal_data.Column(
            column.name, column.filled, column.length_max, column.sample, bench.counter(number)
        )
        for number, column in enumerate(columns)
    ]


def _key(name: str) -> str:
    return re.sub(r"[\s_\-#.]", "", unicodedata.normalize("NFKC", name).lower())


def _quasi_identifiers(columns: tuple[ColumnMeasures, ...]) -> list[int]:
    return [number for number, column in enumerate(columns) if _key(column.name) in QUASI_IDENTIFIERS]


def _compare_codes(bench: Workbench, columns: tuple[ColumnMeasures, ...]) -> tuple[int, int]:
    """The number of rows with a code and its name (``prefCode`` and ``pref``), and of those that do not match."""
    numbers = {_key(column.name): number for number, column in enumerate(columns)}
    checked = astray = 0
    for key, code in numbers.items():
        for mark in ("code", "コード", "番号"):
            named = numbers.get(key.removesuffix(mark)) if key.endswith(mark) else None
            named = (
                numbers.get(f"{key.removesuffix(mark)}name")
                if named is None and key.endswith(mark)
                else named
            )
            if named is not None:
                checked += min(columns[code].filled, columns[named].filled)
                astray += bench.rows_against(code, named)
    return checked, astray
