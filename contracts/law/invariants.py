"""The invariants of the clause on law."""

from __future__ import annotations

from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.invariants import Invariant, by_query

from .guards import HOLDS, OVERDUE, breaks_law, is_unlawful

_TESTS = "tests/contracts/law/test_law.py::"

Invariant(
    name="contracts.lawful_when_signed",
    promise=6,
    statement="No agreement was concluded on terms that the rulebook in force then made unlawful.",
    guards=("contracts_signature.lawful_when_signed",),
    test=_TESTS + "test_what_was_signed_against_the_law_is_named",
    check=by_query(
        "SELECT a.public_id, v.number FROM contracts_agreement a CROSS JOIN LATERAL public.signed_versions(a.id) v"  # noqa: S608
        " LEFT JOIN contracts_agreementversion w ON w.agreement_id = a.id AND w.number = v.number"
        f" WHERE {breaks_law('(v.said -> $$terms$$)', 'a.segment', 'coalesce(w.made_at, a.concluded_at)')}"
    ),
)
Invariant(
    name="contracts.unlawful_is_followed",
    promise=6,
    statement=(
        "Each agreement in force with a term that an examined rulebook makes unlawful has an open record of it, past whose grace it ends by law; and a"
        " record is settled only by an amendment, a later rulebook or the end."
    ),
    guards=(
        "contracts_lawadjustment.unlawful_by_rulebook",
        "contracts_lawadjustment.settled_as_law_says",
        "contracts_lawadjustment.law_adjustment_one_open",
        "contracts_lawadjustment.law_adjustment_closed_when",
        "contracts_lawadjustment.law_adjustment_signed",
        "contracts_lawadjustment.state_guard",
        "contracts_lawadjustment.immutable",
        "contracts_lawadjustment.set_once",
        "contracts_lawadjustment.set_now",
        "contracts_lawadjustment.dated_now",
        "contracts_lawadjustment.no_delete",
        "contracts_lawexamination.append_only",
        "contracts_lawexamination.dated_now",
        "contracts_lawexamination.examined_as_found",
        "contracts_ending.ended_after_grace",
    ),
    test=_TESTS + "test_an_unlawful_term_that_nobody_follows_is_named",
    # The sweep runs every minute; a day is for a market that stood still.
    check=by_query(
        "SELECT a.public_id, l.e ->> 'code' AS code FROM contracts_agreement a"  # noqa: S608  our own words
        " JOIN LATERAL (SELECT r.id, r.document FROM rules_rulebook r WHERE r.effective_from <= public.business_now()"
        "  ORDER BY r.number DESC LIMIT 1) r ON true"
        " JOIN contracts_lawexamination x ON x.rulebook_id = r.id"
        " CROSS JOIN LATERAL jsonb_array_elements(r.document -> 'unlawful_terms') AS l(e)"
        f" WHERE a.state = 'in_force' AND {HOLDS.format(segment='a.segment')}"
        f"  AND {is_unlawful('l.e', '(public.signed_in_force(a.id, public.business_now()) -> $$terms$$)')}"
        "  AND NOT EXISTS (SELECT FROM contracts_lawadjustment w WHERE w.agreement_id = a.id AND w.code = l.e ->> 'code'"
        "   AND (w.state = 'open' OR w.state = 'amended' AND w.amend_by > public.business_now()))"
        " UNION ALL SELECT w.public_id, w.code FROM contracts_lawadjustment w JOIN contracts_agreement a ON a.id = w.agreement_id"
        "  WHERE w.state = 'open' AND w.amend_by < public.business_now() - interval '1 day'"
        "   AND coalesce(a.ends_at > w.amend_by + interval '2 days', true)"
        "   AND NOT EXISTS (SELECT FROM contracts_ending e WHERE e.agreement_id = a.id AND e.state IN ('scheduled', 'done'))"
        "  OR w.state = 'over' AND a.state = 'in_force'"
        " UNION ALL SELECT e.public_id, e.ground FROM contracts_ending e"
        f"  WHERE (e.law_adjustment_id IS NOT NULL) <> (e.proposed_by = '{SYSTEM.identifier}')"
        f"   OR e.law_adjustment_id IS NOT NULL AND NOT {OVERDUE.format(ending='e', moment='e.proposed_at')}"
    ),
)
