"""Invariants of authority in contracts; ``invariants`` imports them."""

from __future__ import annotations

from marketplace.kernel.invariants import Invariant, by_query
from marketplace.participants.authority import LimitedAct, limit_sql

from .authority_guards import SIGNATORY

_MANDATES = " UNION ".join(
    f"SELECT m.public_id FROM contracts_mandate m JOIN LATERAL ({limit}) held ON true"  # noqa: S608  our own words
    " WHERE m.price_max_minor > held.per_act_minor OR m.total_max_minor > held.per_month_minor"
    for limit in (
        limit_sql(
            row="m",
            act=f"'{act}'",
            role=f"'{SIGNATORY}'",
            person="m.signed_by",
            standing="l.stated_at < m.signed_at AND l.effective_from <= m.signed_at",
        )
        for act in LimitedAct.values
    )
)

Invariant(
    name="contracts.signed_with_authority",
    promise=9,
    statement=(
        "As soon as an organisation has stated limits of authority, its signatures are commitments of their signers, or of"
        " who signed their mandates."
    ),
    guards=("contracts_signature.signed_with_authority",),
    test="tests/contracts/authority/test_authority_guards.py::test_the_database_takes_no_signature_without_authority",
    check=by_query(
        "SELECT s.public_id FROM contracts_signature s JOIN contracts_instrument i ON i.id = s.instrument_id"
        " JOIN contracts_negotiation n ON n.id = i.negotiation_id JOIN contracts_proposal p ON p.id = i.proposal_id"
        " LEFT JOIN contracts_mandate m ON m.id = s.mandate_id"
        " WHERE s.signed_at > (SELECT min(l.stated_at) FROM participants_authoritylimit l"
        "  WHERE l.organisation_id = s.organisation_id) AND (SELECT count(*) FROM participants_commitment c"
        "   WHERE c.organisation_id = s.organisation_id AND c.subject = n.public_id AND c.given_by = s.signer"
        "     AND c.person = coalesce(m.signed_by, s.signer) AND c.currency = p.terms ->> 'currency'"
        "     AND c.amount_minor = public.total_of_terms(p.terms))"
        "  <> CASE s.party WHEN 'buyer' THEN 2 ELSE 1 END"
    ),
)
Invariant(
    name="contracts.mandates_with_authority",
    promise=9,
    statement="A mandate was within the limits of authority of its signer.",
    guards=("contracts_mandate.mandate_with_authority",),
    test="tests/contracts/authority/test_authority_guards.py::test_the_database_takes_no_mandate_above_its_signers_limits",
    check=by_query(_MANDATES),
)
