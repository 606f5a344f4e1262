"""Invariants of guarantees."""

from __future__ import annotations

from marketplace.kernel.invariants import Invariant, by_query

from .guards import AMOUNT_APPROVED, REDUCTION_APPROVED, TERMS_APPROVED

_TESTS = "tests/clearing/guarantees/test_guards.py::"

Invariant(
    name="clearing.guarantees_by_two",
    promise=9,
    statement="Two people registered every guarantee on its terms, and gave it its present amount.",
    guards=(
        "clearing_guarantee.registered_by_two",
        "clearing_guarantee.guarantee_kept",
        "clearing_guarantee.guarantee_terms",
        "clearing_guarantee.guarantee_document_once",
        "clearing_guarantee.guarantee_currency",
        "clearing_guarantee.immutable",
        "clearing_guarantee.no_delete",
        "clearing_guaranteereduction.reduced_by_two",
        "clearing_guaranteereduction.guarantee_reduced_to",
        "clearing_guaranteereduction.append_only",
    ),
    test=_TESTS + "test_nobody_registers_or_changes_a_guarantee_alone",
    check=by_query(
        "SELECT g.public_id, g.amount_minor FROM clearing_guarantee g"  # noqa: S608  our own words
        " LEFT JOIN LATERAL (SELECT r.amount_minor FROM clearing_guaranteereduction r"
        "   WHERE r.guarantee_id = g.id ORDER BY r.id DESC LIMIT 1) last ON true"
        f" WHERE NOT {TERMS_APPROVED.format(row='g')}"
        f"  OR g.amount_minor IS DISTINCT FROM coalesce(last.amount_minor, {AMOUNT_APPROVED.format(row='g')})"
        " UNION ALL SELECT r.public_id, r.amount_minor FROM clearing_guaranteereduction r"
        "  JOIN clearing_guarantee g ON g.id = r.guarantee_id"
        f" WHERE NOT {REDUCTION_APPROVED.format(row='r', guarantee='g')}"
    ),
)

Invariant(
    name="clearing.deposits_back_limits",
    promise=1,
    statement="The security deposit of a participant covers what is used of the limits that it backs.",
    guards=("clearing_entry.deposit_backs_limits",),
    test=_TESTS + "test_a_deposit_stays_while_it_backs_a_limit",
    check=by_query(
        "SELECT g.organisation_id, g.currency, sum(g.used_minor) AS used FROM clearing_guarantee g"
        " WHERE g.kind = 'deposit_limit' GROUP BY 1, 2 HAVING sum(g.used_minor) > coalesce(("
        "  SELECT sum(-b.balance_minor) FROM clearing_account a JOIN clearing_balance b ON b.account_id = a.id"
        "  WHERE a.organisation_id = g.organisation_id AND a.currency = g.currency AND a.kind = 'deposit'), 0)"
    ),
)
