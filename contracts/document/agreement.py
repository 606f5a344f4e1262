"""The data of the agreement document, which ``document_templates/agreement`` lays out: a projection of what was signed. Pure.

It shows the whole text of the language, every signature, and then every value of the signed object by its name. It
comes only from the instrument's content and texts and from the signatures.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from marketplace.kernel.canonical import sha256_hex

from ..signed_object import Drawn
from ..states import Party, SignatureMethod, label_of
from .text import particulars_of, sections_of, title_of

TEMPLATE = "contracts/agreement"
PARTY_NAMES = {Party.SELLER: "provider", Party.BUYER: "consumer"}
PARTICULAR_PARTS = {"ja": "：", "en": ": "}
"""What parts the label of a particular from its value."""


@dataclass(frozen=True, slots=True)
class SignatureView:
    """A signature in the document; ``party`` is ``seller`` or ``buyer``.

    ``signer_name`` is the person's name when it signed, empty for a program; ``key`` is the party's own if it signed with one,
    ``mandate`` that within which a program submitted it.
    """

    party: str
    signer: str
    signer_name: str
    signed_at: datetime
    method: str
    jws: str
    key: str = ""
    mandate: str = ""


def document_of(
    drawn: Drawn, *, concluded_at: datetime, signatures: Sequence[SignatureView]
) -> dict[str, Any]:
    """The data of the document, as ``agreement.schema.json`` describes it."""
    said = json.loads(drawn.content)
    return {
        "agreement": said["agreement"],
        "concluded_at": concluded_at.isoformat(),
        "provider": _party(said["provider"]),
        "consumer": _party(said["consumer"]),
        "text": {"ja": _outline(drawn.text_ja, "ja"), "en": _outline(drawn.text_en, "en")},
        "signatures": [_signature(signature, said) for signature in signatures],
        "renewed": "renewal" in said.get("amends", {}),
        "object": [{"name": name, "value": value} for name, value in leaves_of(said)],
        "signed_hash": drawn.signed_hash,
    }


def leaves_of(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Every leaf of a JSON value, by its dotted name: a text as it is, anything else as JSON writes it.

    Items of a list are counted from 1. An empty list or object is a leaf.
    """
    if isinstance(value, Mapping) and value:
        for key in sorted(value):
            yield from leaves_of(value[key], f"{name}.{key}" if name else str(key))
    elif isinstance(value, list) and value:
        for number, item in enumerate(value, start=1):
            yield from leaves_of(item, f"{name}.{number}")
    else:
        yield name, value if isinstance(value, str) else json.dumps(value)


def _party(party: Mapping[str, Any]) -> dict[str, Any]:
    return {name: party[name] for name in ("id", "name", "corporate_number", "address", "representative")}


def _outline(text: str, language: str) -> dict[str, Any]:
    """A contract's text in its parts."""
    particulars = (line.partition(PARTICULAR_PARTS[language]) for line in particulars_of(text))
    return {
        "title": title_of(text),
        "particulars": [{"label": label, "value": value} for label, _, value in particulars],
        "sections": [{"heading": heading, "text": body} for heading, body in sections_of(text)],
    }


def _signature(signature: SignatureView, said: Mapping[str, Any]) -> dict[str, Any]:
    party = PARTY_NAMES[Party(signature.party)]
    return {
        "party": party,
        "organisation": said[party]["name"],
        "name": signature.signer_name,
        "signer": signature.signer,
        "means": ", ".join(each for each in (signature.key, signature.mandate) if each),
        "signed_at": signature.signed_at.isoformat(),
        "method": label_of(SignatureMethod, signature.method).as_dict(),
        "hash": sha256_hex(signature.jws.encode()),
    }
