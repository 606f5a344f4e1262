"""Facts about applicants and shortfalls. Other applications declare a FactProvider in their own ``facts.py``."""

from __future__ import annotations

from marketplace.kernel.errors import Missing
from marketplace.kernel.labels import Label
from marketplace.participants.admission_queries import admission_facts, facts_of_admissions
from marketplace.participants.queries import (
    get_segment,
    standing_admissions,
)

from .halts import register_subjects
from .populations import Population
from .providers import FactProvider
from .states import HaltScope

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
        "related_organisations": "list(string)",
        "shares_representative_with_operator": "bool",
        "corporate_number_valid": "bool",
        "invoice_registered": "bool",
        "payout_account_stated": "bool",
        "representative_stated": "bool",
        "antisocial_forces_excluded": "bool",
        "security_contact_stated": "bool",
        "barred_by_privacy_law": "bool",
        "qualifications": "list(string)",
        "disqualified": "bool",
        "disqualification_grounds": "list(string)",
        "officer_disqualified": "bool",
        "refused_before": "int",
    },
    load=admission_facts,
    load_many=facts_of_admissions,
)


ADMITTED = Population("admission", Label("admitted participants", "参加承認済みの組織"), standing_admissions)


def _segment_exists(code: str) -> bool:
    try:
        get_segment(code)
    except Missing:
        return False
    return True


register_subjects(HaltScope.SEGMENT, _segment_exists)

__all__ = ["ADMITTED", "APPLICANT", "FactProvider", "Population"]
