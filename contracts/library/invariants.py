"""Invariants of the clause library."""

from __future__ import annotations

from marketplace.kernel.invariants import Invariant, by_query
from marketplace.kernel.permissions import Permission
from marketplace.participants.acting import acted_at, holders

from .free import priced_unlawfully
from .guards import (
    OF_AGREEMENT,
    codes_of,
    demands_of,
    is_apart,
    is_misnumbered,
    is_touching,
    is_unlike_clause,
    is_unmet,
    out_of_force,
)

TESTS = "tests/contracts/clauses/test_library_guards.py"
_PRICE, _CHARGING = "(p.terms ->> 'price_minor')::bigint", "(p.terms -> 'charging')"
_HOLDS = holders(Permission.RULEBOOK_WRITE)
# Templates that were published before there was a library state their clauses themselves.
_OF_LIBRARY = "t.clauses -> 0 ? 'clause'"

Invariant(
    name="contracts.library_by_two",
    promise=9,
    statement="Clauses, and templates made of them, were published by two people of the operator, or came with the market.",
    guards=("contracts_clause.published_by_two", "contracts_template.published_by_two"),
    test=f"{TESTS}::test_nothing_is_published_by_one",
    check=by_query(
        "SELECT p.public_id, p.code FROM ("  # noqa: S608  our own words
        "  SELECT public_id, code, first_person, published_by, published_at FROM contracts_clause"
        f" UNION ALL SELECT public_id, code, first_person, published_by, published_at FROM contracts_template t WHERE {_OF_LIBRARY}) p"
        " WHERE (p.published_by, p.first_person) IS DISTINCT FROM ('system', '') AND (p.first_person = p.published_by"
        f" OR NOT {acted_at('p.first_person', 'p.published_at', holds=_HOLDS)}"
        f" OR NOT {acted_at('p.published_by', 'p.published_at', holds=_HOLDS)})"
    ),
)
Invariant(
    name="contracts.library_kept",
    promise=6,
    statement="The versions of a clause and of a template are 1, 2, 3, …, and never change.",
    guards=(
        "contracts_clause.append_only",
        "contracts_clause.clause_version_once",
        "contracts_clause.gapless_versions",
        "contracts_template.gapless_versions",
    ),
    test=f"{TESTS}::test_versions_have_no_gap",
    check=by_query(
        "SELECT code, count(*) AS versions FROM contracts_clause GROUP BY code HAVING max(version) <> count(*) OR min(version) <> 1"
        " UNION ALL SELECT code, count(*) FROM contracts_template GROUP BY code HAVING max(version) <> count(*) OR min(version) <> 1"
    ),
)
Invariant(
    name="contracts.templates_made_of_clauses",
    promise=6,
    statement="A template is made of published clauses that may stand together, with values that their parameters allow.",
    guards=("contracts_template.made_of_clauses", "contracts_template.append_only"),
    test=f"{TESTS}::test_a_template_that_is_not_made_of_clauses_is_named",
    check=by_query(
        f"SELECT t.public_id, t.code FROM contracts_template t WHERE {_OF_LIBRARY} AND ({is_misnumbered('t.clauses')}"  # noqa: S608
        f" OR {is_unlike_clause('t.clauses')} OR {is_apart('t.clauses')} OR t.clause_codes <> {codes_of('t.clauses')}"
        f" OR t.demands <> {demands_of('t.clauses')})"
    ),
)
Invariant(
    name="contracts.clauses_agree",
    promise=6,
    statement="Proposed terms meet what the clauses of the template and the special clauses demand; special clauses are published clauses that"
    " may stand beside the template, or free text without amounts, dates and periods.",
    guards=("contracts_proposal.clauses_agree", "contracts_proposal.append_only"),
    test="tests/contracts/clauses/test_special_clauses.py::test_terms_that_contradict_their_clauses_are_named",
    check=by_query(
        "SELECT n.public_id, p.number FROM contracts_proposal p JOIN contracts_negotiation n ON n.id = p.negotiation_id"  # noqa: S608
        " JOIN contracts_template t ON t.id = n.template_id"
        " CROSS JOIN LATERAL (SELECT coalesce(p.terms -> 'special_clauses', '[]') AS clauses) s"
        f" WHERE {is_unmet('t.demands', 'p.terms')} OR s.clauses <> '[]' AND ({is_unlike_clause('s.clauses')}"
        f" OR {is_unmet(demands_of('s.clauses'), 'p.terms')} OR {is_touching('s.clauses')} OR {is_apart('s.clauses', 't.clauses')})"
    ),
)
Invariant(
    name="contracts.free_as_open",
    promise=6,
    statement="What is offered or proposed for nothing is open data or a trial by a clause of its template, charged once.",
    guards=("listings_listingversion.free_as_open", "contracts_proposal.clauses_agree"),
    test="tests/contracts/clauses/test_free.py::test_what_costs_nothing_without_its_clause_is_named",
    check=by_query(
        "SELECT n.public_id, t.code FROM contracts_proposal p JOIN contracts_negotiation n ON n.id = p.negotiation_id"  # noqa: S608
        " JOIN contracts_template t ON t.id = n.template_id"
        f" WHERE {priced_unlawfully(_PRICE, _CHARGING, 't.clause_codes')}"
        " UNION ALL SELECT v.public_id, o.template FROM listings_offer o JOIN listings_listingversion v ON v.id = o.version_id"
        " LEFT JOIN LATERAL (SELECT t.clause_codes FROM contracts_template t WHERE t.code = o.template ORDER BY t.version DESC LIMIT 1) t ON true"
        f" WHERE v.state = 'published' AND {priced_unlawfully('o.price_minor', 'o.charging', 't.clause_codes')}"
    ),
)
Invariant(
    name="contracts.template_in_force",
    promise=6,
    statement=(
        "Negotiations began with the newest version of a template that was not retired, and for their segment; an amendment has the template"
        " of its agreement."
    ),
    guards=("contracts_negotiation.template_in_force", "contracts_negotiation.immutable"),
    test=f"{TESTS}::test_no_negotiation_begins_with_a_template_that_is_not_in_force",
    check=by_query(
        "SELECT n.public_id, t.code FROM contracts_negotiation n JOIN contracts_template t ON t.id = n.template_id"  # noqa: S608
        f" WHERE n.amends_id IS NULL AND {out_of_force('n.segment', at='n.opened_at')}"
        f"  OR n.amends_id IS NOT NULL AND n.template_id IS DISTINCT FROM {OF_AGREEMENT.format(row='n')}"
    ),
)
