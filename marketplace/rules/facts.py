"""What the rule layer itself knows of an applicant. Upper applications declare a FactProvider in their ``facts.py``."""

from __future__ import annotations

from marketplace.participants.queries import admission_facts

from .providers import FactProvider

APPLICANT = FactProvider(
    name="applicant",
    types={
        "organisation": "string",
        "kind": "string",
        "country": "string",
        "segment": "string",
        "capacity": "string",
        "active": "bool",
        "is_operator": "bool",
        "operator_affiliate": "bool",
        "corporate_number_valid": "bool",
        "invoice_registered": "bool",
        "payout_account_stated": "bool",
        "representative_stated": "bool",
        "antisocial_forces_excluded": "bool",
        "security_contact_stated": "bool",
        "barred_by_privacy_law": "bool",
        "certifications": "list(string)",
        "refused_before": "int",
    },
    load=admission_facts,
)

__all__ = ["APPLICANT", "FactProvider"]
