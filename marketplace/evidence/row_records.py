"""Rows that evidence says were made: a row that no record explains, and a record without its row, are named.

A service writes a row and its evidence in one transaction. Whoever writes the row alone, as the application's own role can,
leaves it without a record, or with a record that says something else. Applications declare their tables in
``recorded_rows.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from marketplace.kernel.guards import sql_list
from marketplace.kernel.invariants import by_query

RECORDED: list[RecordedRows] = []


@dataclass(frozen=True)
class RecordedRows:
    """What the rows of ``table`` and the records of ``kinds`` both state, as a JSON array in SQL.

    ``row`` is about a row ``r`` of ``source`` (default: the table), ``record`` about a record ``e``. There are as many of
    the one as of the other; with ``is_partial``, records may lack rows, because they are about others too.
    """

    table: str
    kinds: tuple[str, ...]
    row: str
    record: str
    source: str = ""
    is_partial: bool = False

    def __post_init__(self) -> None:
        """Register the rule."""
        RECORDED.append(self)


def unexplained_rows() -> list[dict[str, Any]]:
    """What rows and records state that the others do not, by table."""
    if not RECORDED:
        return []
    rows = " UNION ALL ".join(
        f"SELECT {number} AS rule, jsonb_build_array({rule.row}) AS stated FROM {rule.source or rule.table} r"  # noqa: S608  our own words
        for number, rule in enumerate(RECORDED)
    )
    kinds = ", ".join(f"('{kind}', {number})" for number, rule in enumerate(RECORDED) for kind in rule.kinds)
    stated = " ".join(
        f"WHEN {number} THEN jsonb_build_array({rule.record})" for number, rule in enumerate(RECORDED)
    )
    partial = ", ".join(str(number) for number, rule in enumerate(RECORDED) if rule.is_partial) or "-1"
    tables = sql_list(rule.table for rule in RECORDED)
    return by_query(
        f"WITH made AS (SELECT rule, stated, count(*) AS rows FROM ({rows}) r GROUP BY 1, 2),"  # noqa: S608  our own words
        f" said AS (SELECT k.rule, CASE k.rule {stated} END AS stated, count(*) AS records"
        f"  FROM evidence_evidencerecord e JOIN (VALUES {kinds}) AS k (kind, rule) ON k.kind = e.kind GROUP BY 1, 2)"
        f" SELECT (ARRAY[{tables}])[rule + 1] AS table, stated::text AS stated, coalesce(rows, 0) AS rows,"
        "  coalesce(records, 0) AS records FROM made FULL JOIN said USING (rule, stated)"
        f" WHERE CASE WHEN rule IN ({partial}) THEN rows > coalesce(records, 0) ELSE rows IS DISTINCT FROM records END"
    )()
