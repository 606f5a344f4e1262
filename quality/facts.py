"""Facts about the quality of a version, in the namespace ``quality`` (the subject is the version's identifier)."""

from __future__ import annotations

from marketplace.rules.facts import FactProvider

from .queries import quality_facts

QUALITY_FACTS = FactProvider(
    name="quality",
    types={
        "profiled": "bool",
        "row_count": "int",
        "personal_data_suspected": "bool",
        "personal_data_rules": "list(string)",
        "special_care_suspected": "bool",
        "person_related_suspected": "bool",
        "k_anonymity": "int?",
        "accuracy_bp": "int?",
        "completeness_bp": "int?",
        "consistency_bp": "int?",
        "confidentiality_bp": "int?",
    },
    load=quality_facts,
)
