"""Whether records have the parties of the rows that they are about, by the functions that the applications declare."""

from __future__ import annotations

from typing import Any

from marketplace.kernel.guards import sql_list
from marketplace.kernel.invariants import by_query

from .parties import PARTIES, parties_function, sealed_function


def false_parties() -> list[dict[str, Any]]:
    """Records without a party of their row, with one that is none, or of a kind that nobody declared.

    The parties of a row that was deleted, as some are after years, stay.
    """
    leaving = sql_list(each.of for each in PARTIES.values() if each.leaves)
    known = sql_list(PARTIES)
    return by_query(
        "SELECT e.public_id, e.kind, p.party, 'missing' AS fault"  # noqa: S608  our own words
        " FROM evidence_evidencerecord e, LATERAL (SELECT f.party, bool_or(f.is_whole) AS is_whole"
        "  FROM public.evidence_parties(e.kind, e.subject, e.payload) f WHERE f.party <> '' GROUP BY 1) p"
        " WHERE NOT EXISTS (SELECT FROM evidence_recordparty s"
        "  WHERE s.record_id = e.id AND s.organisation = p.party AND s.is_whole = p.is_whole)"
        " UNION ALL"
        " SELECT e.public_id, e.kind, s.organisation, 'not of the row' FROM evidence_recordparty s"
        " JOIN evidence_evidencerecord e ON e.id = s.record_id"
        " WHERE NOT EXISTS (SELECT FROM public.evidence_parties(e.kind, e.subject, e.payload) f"
        "  WHERE f.party = s.organisation GROUP BY f.party HAVING bool_or(f.is_whole) = s.is_whole)"
        f" AND NOT ((e.kind IN ({leaving}) OR split_part(e.subject, '_', 1) IN ({leaving}))"
        "  AND NOT EXISTS (SELECT FROM public.evidence_parties(e.kind, e.subject, e.payload)))"
        " UNION ALL"
        " SELECT e.public_id, e.kind, '', 'undeclared' FROM evidence_evidencerecord e"
        f" WHERE e.kind NOT IN ({known}) AND split_part(e.subject, '_', 1) NOT IN ({known})"
    )()


def other_functions() -> list[dict[str, Any]]:
    """The functions ``evidence_parties`` and ``evidence_is_sealed`` that are missing, or not those that the register makes."""
    expected = {
        "evidence_parties": _installed_as(parties_function()),
        "evidence_is_sealed": _installed_as(sealed_function()),
    }
    rows = by_query(
        "SELECT p.proname AS function, p.prosrc, p.provolatile::text, p.prosecdef, p.proconfig FROM pg_catalog.pg_proc p"  # noqa: S608
        f" WHERE p.pronamespace = 'public'::regnamespace AND p.proname IN ({sql_list(expected)})"
    )()
    missing = [
        {"function": name, "fault": "missing"} for name in expected.keys() - {row["function"] for row in rows}
    ]
    return missing + [
        {"function": row["function"], "fault": "not as declared"}
        for row in rows
        if (row["prosrc"], row["provolatile"], row["prosecdef"], row["proconfig"])
        != expected[row["function"]]
    ]


def _installed_as(statement: str) -> tuple[str, str, bool, list[str]]:
    """Body, stability, whose rights, and settings of the function that a statement of the register makes."""
    return statement.split("$$")[1], "s", False, ["search_path=pg_catalog, public, pg_temp"]
