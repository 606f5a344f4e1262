"""Measuring the columns of a table with DuckDB: what kind of values they hold and how well they keep to it. Pure.

Kinds are recognised on a sample of distinct values and then counted over all rows, so that a table of some hundred
thousand rows takes well under a second.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb

from .reading import Table

SAMPLE_VALUES = 500
KIND_SHARE_MIN = 0.8
FULL_WIDTH_DIGITS = ("０１２３４５６７８９．－", "0123456789.-")
DITTO = ("同上", "〃", "々", "同じ")
UNKNOWN = ("不明", "未詳", "N/A", "n/a", "NA", "null", "NULL", "unknown", "-", "―", "－")

INTEGER = r"[+-]?[0-9]{1,18}"
CODE = r"[0-9]{2,20}"
NUMBER = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?"
BOOLEAN = r"(?i)(true|false|yes|no|有|無|可|不可|あり|なし|はい|いいえ|○|×)"
ISO_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
ISO_MONTH = r"[0-9]{4}-[0-9]{2}"
TIME_OF_DAY = r"[0-9]{1,2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?"
ZONE = r"(Z|[+-][0-9]{2}:?[0-9]{2})?"
OTHER_DATES = (
    r"[0-9]{4}[/.年][0-9]{1,2}[/.月][0-9]{1,2}日?",
    r"[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}",
    r"(明治|大正|昭和|平成|令和|[MTSHR])[ .]?([0-9]{1,2}|元)[年.\-/][0-9]{1,2}[月.\-/][0-9]{1,2}日?",
    r"[A-Z][a-z]{2,8} [0-9]{1,2},? [0-9]{4}",
    r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}",
)
DATE = "|".join((ISO_DATE, ISO_MONTH, *OTHER_DATES))
DATE_TIME = rf"({DATE})[T ]{TIME_OF_DAY}{ZONE}"
PAIR_OF_COORDINATES = r"[+-]?[0-9]{1,3}\.[0-9]+, ?[+-]?[0-9]{1,3}\.[0-9]+"

KINDS: tuple[tuple[str, str], ...] = (
    ("code", CODE),
    ("integer", INTEGER),
    ("number", NUMBER),
    ("boolean", BOOLEAN),
    ("date", DATE),
    ("datetime", DATE_TIME),
    ("time", TIME_OF_DAY),
    ("coordinates", PAIR_OF_COORDINATES),
)
"""Kinds of values other than text, with the pattern (RE2) that every value of the kind has."""

ISO_OF_KIND = {
    "date": f"{ISO_DATE}|{ISO_MONTH}",
    "datetime": rf"{ISO_DATE}[T ]{TIME_OF_DAY}{ZONE}",
    "time": r"[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?",
}
PLATFORM_DEPENDENT = r"[①-⓿㈠-㉃㊀-㊰㌀-㏿ⅰ-ⅿⅠ-Ⅿ\x{E000}-\x{F8FF}]"
FULL_WIDTH = r"[０-９Ａ-Ｚａ-ｚ]"
LATITUDE_LIMIT, LONGITUDE_LIMIT = 90, 180


@dataclass(frozen=True, slots=True)
class ColumnMeasures:
    """What was counted in one column. Counts are of filled cells unless they say otherwise.

    ``kind`` is one of KINDS, ``text`` or ``empty``. ``conforming`` cells are of the kind (and within the range of
    coordinates, and possible dates); ``iso`` are dates and times in ISO 8601. ``minimum`` and ``maximum`` are given
    for numbers, dates and times, ``decimals`` as the median of decimal digits for numbers.
    """

    name: str
    kind: str
    filled: int
    distinct: int
    conforming: int
    ditto: int
    unknown: int
    full_width: int
    padded: int
    platform_dependent: int
    iso: int | None
    minimum: str | None
    maximum: str | None
    decimals: int | None
    length_max: int
    sample: tuple[str, ...]

    @property
    def checked_for_kind(self) -> bool:
        """Whether the column has a kind that a value can fail to be of."""
        return self.kind not in ("text", "empty")


class Workbench:
    """One table in an in-memory DuckDB without any access to files or network."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, table: Table) -> None:
        """``connection`` holds the cells as the table ``cells``."""
        self._connection = connection
        self._table = table

    def row(self, query: str, parameters: Sequence[Any] = ()) -> tuple[Any, ...]:
        """The first row of a query over ``cells``."""
        found = self._connection.execute(query, list(parameters)).fetchone()
        assert found is not None  # noqa: S101  every query here is an aggregate
        return tuple(found)

    def values(self, query: str) -> list[Any]:
        """The first column of a query over ``cells``."""
        return [row[0] for row in self._connection.execute(query).fetchall()]

    def counter(self, number: int) -> Callable[[str, str], int]:
        """How to count the cells of column ``number`` that contain a text and in which a pattern (RE2) is found."""

        def count(pattern: str, containing: str) -> int:
            query = (
                f"SELECT count(*) FROM cells WHERE contains(c{number}, ?) AND regexp_matches(c{number}, ?)"  # noqa: S608
            )
            return int(self.row(query, [containing, pattern])[0])

        return count

    def duplicate_rows(self) -> int:
        """Rows that repeat an earlier row in every cell."""
        if not self._table.row_count:
            return 0
        names = ", ".join(self._table.cells.column_names)
        distinct = f"SELECT count(*) FROM (SELECT DISTINCT {names} FROM cells)"  # noqa: S608
        return self._table.row_count - int(self.row(distinct)[0])

    def smallest_group(self, numbers: Sequence[int]) -> int | None:
        """The least number of rows that agree in all the columns of ``numbers``; None for no columns or rows."""
        if not numbers or not self._table.row_count:
            return None
        names = ", ".join(f"c{number}" for number in numbers)
        query = f"SELECT min(n) FROM (SELECT count(*) AS n FROM cells GROUP BY {names})"  # noqa: S608
        return int(self.row(query)[0])

    def rows_against(self, determining: int, determined: int) -> int:
        """Rows whose value in ``determined`` is not the most frequent one for their value in ``determining``."""
        query = (
            f"SELECT coalesce(sum(total - largest), 0) FROM (SELECT sum(n) AS total, max(n) AS largest FROM ("  # noqa: S608
            f" SELECT c{determining} AS code, count(*) AS n FROM cells WHERE c{determining} IS NOT NULL"
            f" AND c{determined} IS NOT NULL GROUP BY c{determining}, c{determined}) GROUP BY code)"
        )
        return int(self.row(query)[0])

    def measure(self) -> list[ColumnMeasures]:
        """Every column of the table, measured."""
        return [self._column(number, name) for number, name in enumerate(self._table.header)]

    def _column(self, number: int, name: str) -> ColumnMeasures:
        cell = f"c{number}"
        counted = self.row(
            f"""SELECT count({cell}), count(DISTINCT {cell}), coalesce(max(length({cell})), 0),
                count(*) FILTER ({cell} IN ({_quote(DITTO)})), count(*) FILTER ({cell} IN ({_quote(UNKNOWN)})),
                count(*) FILTER (trim({cell}, ' 　') <> {cell}),
                coalesce(sum(strlen({cell}) - length({cell})), 0) FROM cells"""  # noqa: S608
        )
        filled, distinct, length_max, ditto, unknown, padded, beyond_ascii = map(int, counted)
        sample = self._sample(cell)
        kind = kind_of(sample)
        full_width = platform_dependent = 0
        if beyond_ascii:
            full_width, platform_dependent = map(
                int,
                self.row(
                    f"""SELECT count(*) FILTER (regexp_matches({cell}, '{FULL_WIDTH}')),
                        count(*) FILTER (regexp_matches({cell}, '{PLATFORM_DEPENDENT}')) FROM cells"""  # noqa: S608
                ),
            )
        return ColumnMeasures(
            name=name,
            kind=kind,
            filled=filled,
            distinct=distinct,
            ditto=ditto,
            unknown=unknown,
            full_width=full_width,
            padded=padded,
            platform_dependent=platform_dependent,
            length_max=length_max,
            sample=tuple(sample),
            **self._by_kind(cell, name, kind, filled, with_full_width=full_width > 0),
        )

    def _sample(self, cell: str) -> list[str]:
        return self.values(
            f"SELECT {cell} FROM (SELECT DISTINCT {cell} FROM cells WHERE {cell} IS NOT NULL)"  # noqa: S608
            f" ORDER BY hash({cell}), {cell} LIMIT {SAMPLE_VALUES}"
        )

    def _by_kind(
        self, cell: str, name: str, kind: str, filled: int, *, with_full_width: bool
    ) -> dict[str, Any]:
        """What depends on the kind of the column."""
        found: dict[str, Any] = dict.fromkeys(("iso", "minimum", "maximum", "decimals"))
        if kind in ("text", "empty"):
            return {**found, "conforming": filled}
        value = f"trim({cell})"
        if with_full_width:
            value = f"translate({value}, '{FULL_WIDTH_DIGITS[0]}', '{FULL_WIDTH_DIGITS[1]}')"
        pattern = dict(KINDS)[kind]
        is_kind = f"regexp_full_match({value}, '{pattern}')"
        if kind in ISO_OF_KIND:
            # A date that the calendar does not have is not of the kind.
            possible = "" if kind == "time" else f" AND ({_iso_impossible(value)}) IS NOT TRUE"
            query = f"""SELECT count(*) FILTER ({is_kind}{possible}),
                count(*) FILTER (regexp_full_match({value}, '{ISO_OF_KIND[kind]}')),
                min({value}) FILTER ({is_kind}), max({value}) FILTER ({is_kind}) FROM cells"""  # noqa: S608
            conforming, iso, least, greatest = self.row(query)
            ordered = iso == filled
            found |= {
                "iso": iso,
                "minimum": least if ordered else None,
                "maximum": greatest if ordered else None,
            }
            return {**found, "conforming": conforming}
        if kind in ("integer", "number"):
            limit = coordinate_limit(name)
            within = f" AND abs(try_cast({value} AS DOUBLE)) <= {limit}" if limit else ""
            query = f"""SELECT count(*) FILTER ({is_kind}{within}), min(try_cast({value} AS DOUBLE)),
                max(try_cast({value} AS DOUBLE)),
                median(CASE WHEN contains({value}, '.') THEN length(split_part({value}, '.', 2)) ELSE 0 END)
                FROM cells WHERE {cell} IS NOT NULL"""  # noqa: S608
            conforming, least, greatest, decimals = self.row(query)
            found |= {
                "minimum": _shortest(least),
                "maximum": _shortest(greatest),
                "decimals": None if decimals is None else int(decimals),
            }
            return {**found, "conforming": conforming}
        return {
            **found,
            "conforming": self.row(f"SELECT count(*) FILTER ({is_kind}) FROM cells")[0],  # noqa: S608
        }


@contextmanager
def workbench(table: Table) -> Iterator[Workbench]:
    """A workbench over ``table``, closed afterwards."""
    connection = duckdb.connect(
        ":memory:",
        config={
            "threads": 2,
            "memory_limit": "1GB",
            "temp_directory": "",
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        },
    )
    try:
        connection.register("given", table.cells)
        connection.execute("CREATE TABLE cells AS SELECT * FROM given")
        connection.execute("SET enable_external_access = false")
        yield Workbench(connection, table)
    finally:
        connection.close()


def kind_of(sample: Sequence[str]) -> str:
    """The kind of a column with these values: the first of KINDS that 80% of them are of, else ``text``.

    All digits with a leading zero somewhere are codes, not numbers; whole numbers among others are numbers.
    """
    if not sample:
        return "empty"
    values = [unicodedata.normalize("NFKC", value).strip() for value in sample]
    fitting = {
        kind: sum(re.fullmatch(pattern, value) is not None for value in values) for kind, pattern in KINDS
    }
    if not any(re.fullmatch(r"0[0-9]+", value) for value in values):
        fitting["code"] = 0
    if fitting["number"] > fitting["integer"]:
        fitting["integer"] = 0
    return next((kind for kind, count in fitting.items() if count >= KIND_SHARE_MIN * len(values)), "text")


def coordinate_limit(name: str) -> int | None:
    """The greatest absolute value that a column of this name can hold, for latitudes and longitudes."""
    key = unicodedata.normalize("NFKC", name).strip().lower()
    if key in ("latitude", "lat", "緯度"):
        return LATITUDE_LIMIT
    return LONGITUDE_LIMIT if key in ("longitude", "lon", "lng", "経度") else None


def _iso_impossible(value: str) -> str:
    return f"regexp_full_match({value}, '{ISO_DATE}.*') AND try_cast(left({value}, 10) AS DATE) IS NULL"


def _shortest(value: float | None) -> str | None:
    if value is None:
        return None
    return str(int(value)) if value.is_integer() else repr(value)


def _quote(values: Sequence[str]) -> str:
    return ", ".join("'" + value.replace("'", "''") + "'" for value in values)
