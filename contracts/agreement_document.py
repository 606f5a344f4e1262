"""The data of the agreement document, which ``document_templates/agreement`` lays out. Pure.

It comes only from the instrument's content and texts and from the signatures.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from marketplace.kernel.canonical import sha256_hex

from .contract_text import articles_of, use_lines_of
from .signed_object import Drawn
from .states import Party, SignatureMethod, label_of

TEMPLATE = "contracts/agreement"
PARTY_NAMES = {Party.SELLER: "provider", Party.BUYER: "consumer"}


@dataclass(frozen=True, slots=True)
class SignatureView:
    """A signature in the document; ``party`` is ``seller`` or ``buyer``, ``key`` the party's own if it signed with one."""

    party: str
    signer: str
    signed_at: datetime
    method: str
    jws: str
    key: str = ""


def document_of(
    drawn: Drawn, *, concluded_at: datetime, signatures: Sequence[SignatureView]
) -> dict[str, Any]:
    """The data of the document, as ``agreement.schema.json`` describes it."""
    said = json.loads(drawn.content)
    return {
        "agreement": said["agreement"],
        "concluded_at": concluded_at.isoformat(),
        "template": {"code": said["template"]["code"], "version": said["template"]["version"]},
        "provider": _party(said["provider"]),
        "consumer": _party(said["consumer"]),
        "dataset": {"title": said["dataset"]["title"], "version": said["dataset"]["version"]},
        "price": {
            "amount_minor": said["terms"]["price_minor"],
            "currency": said["terms"]["currency"],
            "tax_rate_bp": said["tax_rate_bp"],
        },
        "clauses": _clauses(drawn),
        "policy_summary": [
            {"ja": ja, "en": en}
            for ja, en in zip(
                use_lines_of(drawn.text_ja, "ja"), use_lines_of(drawn.text_en, "en"), strict=True
            )
        ],
        "signatures": [_signature(signature) for signature in signatures],
        "signed_hash": drawn.signed_hash,
    }


def _party(party: dict[str, Any]) -> dict[str, Any]:
    return {"name": party["name"], "corporate_number": party["corporate_number"]}


def _clauses(drawn: Drawn) -> list[dict[str, Any]]:
    pairs = zip(articles_of(drawn.text_ja, "ja"), articles_of(drawn.text_en, "en"), strict=True)
    return [
        {
            "number": ja.number,
            "heading": {"ja": ja.heading, "en": en.heading},
            "text": {"ja": ja.body, "en": en.body},
        }
        for ja, en in pairs
    ]


def _signature(signature: SignatureView) -> dict[str, Any]:
    return {
        "party": PARTY_NAMES[Party(signature.party)],
        "signer": f"{signature.signer} ({signature.key})" if signature.key else signature.signer,
        "signed_at": signature.signed_at.isoformat(),
        "method": label_of(SignatureMethod, signature.method).as_dict(),
        "hash": sha256_hex(signature.jws.encode()),
    }
