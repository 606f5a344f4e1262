"""Facts about a listing version, in the namespace ``listing`` (the subject is the version's identifier)."""

from __future__ import annotations

from marketplace.kernel.labels import Label
from marketplace.rules.facts import FactProvider, Population
from marketplace.rules.halts import register_subjects
from marketplace.rules.states import HaltScope

from .queries import listing_exists, publication_facts, versions_on_sale

LISTING_FACTS = FactProvider(
    name="listing",
    types={
        "seller": "string",
        "segment": "string",
        "personal_data_class": "string",
        "has_source": "bool",
        "source_url_stated": "bool",
        "licence_stated": "bool",
        "update_interval_stated": "bool",
        "keyword_count": "int",
        "file_count": "int",
        "version_number": "int",
        "seller_active": "bool",
        "seller_admitted": "bool",
        "seller_affiliated": "bool",
        "anonymisation_stated": "bool",
        "anonymisation_items_published": "bool",
        "anonymisation_criteria_met": "bool",
        "reidentification_prohibited": "bool",
        "onward_transfer_prohibited": "bool",
        "price_minor": "int",
        "currency": "string",
        "stakes": "list(string)",
        "stake_count": "int",
        "seller_qualifications": "list(string)",
    },
    load=publication_facts,
)

ON_SALE = Population("publication", Label("listings on sale", "公開中の出品"), versions_on_sale)

register_subjects(HaltScope.LISTING, listing_exists)
