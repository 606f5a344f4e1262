"""The invariant of disputes over what was accepted."""

from __future__ import annotations

from marketplace.kernel.invariants import Invariant, by_query

Invariant(
    name="delivery.disputed_as_accepted",
    promise=3,
    statement="A dispute over what was accepted counts its days from the moment at which the delivery of its agreement was accepted.",
    guards=("contracts_dispute.disputed_lawfully", "contracts_dispute.immutable"),
    test="tests/delivery/test_dispute_ends.py::test_a_dispute_of_another_acceptance_is_named",
    check=by_query(
        "SELECT o.public_id, a.public_id AS agreement FROM contracts_dispute o JOIN contracts_agreement a ON a.id = o.agreement_id"
        " WHERE o.accepted_at IS NOT NULL AND EXISTS (SELECT FROM delivery_entitlement d WHERE d.agreement = a.public_id)"
        "  AND NOT EXISTS (SELECT FROM delivery_entitlement d JOIN delivery_inspection n ON n.entitlement_id = d.id"
        "   WHERE d.agreement = a.public_id AND n.accepted_at = o.accepted_at)"
    ),
)
