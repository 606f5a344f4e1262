"""Invariants of mandates."""

from __future__ import annotations

from typing import Any

from marketplace.kernel.invariants import BREACHES_SHOWN_MAX, Invariant, by_query

from . import authority_invariants as _authority  # noqa: F401  they register themselves
from .models import Mandate
from .signed_object import is_signed


def _unsigned_mandates() -> list[dict[str, Any]]:
    """Mandates that do not say what was signed; all are verified."""
    rows = Mandate.objects.select_related("key").order_by("pk").iterator(chunk_size=500)
    breaches: list[dict[str, Any]] = []
    for row in rows:
        if not is_signed(row):
            breaches.append({"mandate": row.public_id})
        if len(breaches) >= BREACHES_SHOWN_MAX:
            break
    return breaches


Invariant(
    name="contracts.mandates_signed",
    promise=9,
    statement="A mandate says what a signatory of its organisation signed, for a program and a key of the same one.",
    guards=(
        "contracts_mandate.mandate_signed",
        "contracts_mandate.mandate_named",
        "contracts_mandate.mandate_limits",
        "contracts_mandate.mandate_a_year",
        "contracts_mandate.mandate_by_people",
        "contracts_mandate.immutable",
        "contracts_mandate.set_once",
        "contracts_mandate.set_now",
        "contracts_mandate.no_delete",
        "contracts_mandate.dated_now",
    ),
    test="tests/contracts/authority/test_mandate_guards.py::test_a_signatory_signs_a_mandate_for_its_own_program_and_key",
    check=_unsigned_mandates,
)
Invariant(
    name="contracts.programs_sign_within_mandates",
    promise=9,
    statement="A program signed only with the key, with the parties, for the price and before the end of its mandate.",
    guards=("contracts_signature.within_mandate", "contracts_signature.signature_key"),
    test="tests/contracts/authority/test_mandate_guards.py::test_the_database_adds_up_what_a_program_signs",
    # A sum over all windows would be a query of its own; each contract is compared, and the total of all by its window.
    check=by_query(
        "SELECT s.public_id FROM contracts_signature s LEFT JOIN contracts_mandate m ON m.id = s.mandate_id"
        " JOIN contracts_instrument i ON i.id = s.instrument_id"
        " JOIN contracts_proposal p ON p.id = i.proposal_id"
        " JOIN contracts_negotiation n ON n.id = i.negotiation_id"
        " JOIN contracts_template t ON t.id = n.template_id"
        " WHERE s.method = 'own_key' AND (s.mandate_id IS NULL) <> (s.signer LIKE 'usr\\_%')"
        " OR s.mandate_id IS NOT NULL AND (s.signer <> m.program_identifier OR s.key_id <> m.key_id"
        "  OR s.organisation_id <> m.organisation_id OR s.signed_at >= m.expires_at OR s.signed_at > m.revoked_at"
        "  OR NOT t.code = ANY (m.templates) OR p.terms ->> 'currency' <> m.currency"
        "  OR public.total_of_terms(p.terms) > m.price_max_minor"
        "  OR (SELECT sum(public.total_of_terms(q.terms)) FROM contracts_signature o"
        "       JOIN contracts_instrument j ON j.id = o.instrument_id JOIN contracts_proposal q ON q.id = j.proposal_id"
        "      WHERE o.mandate_id = m.id AND o.signed_at <= s.signed_at"
        "        AND o.signed_at > s.signed_at - m.total_days * interval '1 day') > m.total_max_minor)"
    ),
)
