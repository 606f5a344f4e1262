"""Facts about the contract of an offer, in the namespace ``offer`` (the subject is the listing version's identifier)."""

from __future__ import annotations

from typing import Any

from listings.queries import offered_template
from marketplace.rules.providers import FactProvider

from .models import Template


def offer_facts(listing_version: str) -> dict[str, Any]:
    """The template of an offer, and the clauses of its newest version; no clauses for a code that nobody published. Raises Missing."""
    code = offered_template(listing_version)
    codes = (
        Template.objects.filter(code=code).order_by("-version").values_list("clause_codes", flat=True).first()
    )
    return {"template": code, "clauses": codes or []}


FactProvider(
    name="offer",
    types={"template": "string", "clauses": "list(string)"},
    load=offer_facts,
)
