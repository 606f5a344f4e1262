"""Facts about a negotiation that is about to become an agreement."""

from marketplace.rules.providers import FactProvider

from .fact_queries import negotiation_facts

NEGOTIATION = FactProvider(
    name="negotiation",
    types={
        "buyer": "string",
        "seller": "string",
        "segment": "string",
        "price_minor": "int",
        "currency": "string",
        "rounds": "int",
        "buyer_active": "bool",
        "seller_active": "bool",
        "buyer_admitted": "bool",
        "seller_admitted": "bool",
        "buyer_affiliated": "bool",
        "seller_affiliated": "bool",
        "parties_related": "bool",
        "listing_stakes": "list(string)",
        "buyer_qualifications": "list(string)",
        "seller_qualifications": "list(string)",
        "template": "string",
        "clauses": "list(string)",
    },
    load=negotiation_facts,
    withheld={
        "buyer_qualifications": "negotiation.buyer",
        "seller_qualifications": "negotiation.seller",
    },
)
