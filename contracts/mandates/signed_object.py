"""The object that a signatory signs as a mandate, by the market as a witness, and its verification."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from django.conf import settings

from marketplace.evidence.signatures import SignatureInvalid, verify

from ..states import SignatureMethod
from .models import Mandate

CLAIMS_TYPE = "sanpo.mandate.v1"


def claims_of(mandate: Mandate, kid: str) -> dict[str, Any]:
    """What a mandate states: who lets which program sign what, with which key, and until when."""
    return {
        "type": CLAIMS_TYPE,
        "market": settings.MARKET_IDENTIFIER,
        "mandate": mandate.public_id,
        "organisation": mandate.organisation_identifier,
        "program": mandate.program_identifier,
        "kid": kid,
        "templates": list(mandate.templates),
        "counterparties": list(mandate.counterparties),
        "currency": mandate.currency,
        "price_max_minor": mandate.price_max_minor,
        "total_max_minor": mandate.total_max_minor,
        "total_days": mandate.total_days,
        "signer": mandate.signed_by,
        "method": SignatureMethod.MARKET_SIDE.value,
        "signed_at": mandate.signed_at.astimezone(UTC).isoformat(),
        "expires_at": mandate.expires_at.astimezone(UTC).isoformat(),
    }


def is_signed(mandate: Mandate) -> bool:
    """Whether the market signed exactly what the mandate says."""
    try:
        return verify(mandate.jws) == claims_of(mandate, mandate.key.kid)
    except SignatureInvalid:
        return False
