"""The object that both parties of a contract sign: its content, its hash, and its verification.

It is a JSON object in canonical form (RFC 8785) with the parties, the dataset with the hashes of its files, the
terms, the plan by which they are carried out, the machine-readable policy (ODRL), and the SHA-256 of the contract's text in each language. Its own SHA-256
is the signed hash, so text, policy, plan and terms are signed together. The same negotiation gives the same object, so a
party can compute it before signing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from listings.rights import Parties
from listings.states import SignatureLevel
from marketplace.evidence.signatures import SignatureInvalid, verify
from marketplace.kernel.canonical import canonical_json, sha256_hex
from marketplace.participants.signing_keys import detached_faults

from .clauses import LANGUAGES
from .document.text import render_text
from .plan import build_plan
from .states import METHODS_AT_LEVEL, Party, SignatureMethod
from .terms import Terms

CONTENT_TYPE = "sanpo.agreement.v1"
CLAIMS_TYPE = "sanpo.signature.v1"


@dataclass(frozen=True, slots=True)
class Drawn:
    """A drawn-up contract: the canonical ``content``, its two texts, the hash to sign, and whether it has annexes."""

    content: str
    text_ja: str
    text_en: str
    signed_hash: str
    has_annexes: bool = False


@dataclass(frozen=True, slots=True)
class Subject:
    """What a party is about to sign: the hash of a contract, as which party, what all its charges come to, and by which methods it may."""

    signed_hash: str
    party: Party
    price_minor: int
    currency: str
    methods: frozenset[SignatureMethod]


def iri(identifier: str) -> str:
    """The IRI of a public identifier in policies."""
    return f"urn:sanpo:{identifier}"


def compose(
    *,
    market: str,
    agreement: str,
    negotiation: str,
    reference: str,
    provider: Mapping[str, Any],
    consumer: Mapping[str, Any],
    dataset: Mapping[str, Any],
    template: Mapping[str, Any],
    terms: Terms,
    tax_rate_bp: int,
    annexes: Sequence[Mapping[str, Any]] = (),
    amends: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The content of a contract, without its texts. Parties: id, name, corporate_number, address, representative;
    dataset: listing, version, segment, title, files; template: id, code, version, title, digest; annexes: file_name, media_type,
    size_bytes, sha256; amends: of a version, ``amending.compiling.Amendment.as_dict``.
    """
    parties = Parties(
        assigner=iri(provider["id"]), assignee=iri(consumer["id"]), target=iri(dataset["version"])
    )
    return {
        "type": CONTENT_TYPE,
        "market": market,
        "agreement": agreement,
        "negotiation": negotiation,
        "reference": reference,
        "provider": dict(provider),
        "consumer": dict(consumer),
        "dataset": dict(dataset),
        "template": dict(template),
        "terms": terms.as_dict(),
        "plan": build_plan(terms).as_dict(),
        "tax_rate_bp": tax_rate_bp,
        "policy": terms.policy(identifier=iri(agreement), parties=parties),
        "annexes": [dict(annex) for annex in annexes],
        "signature_methods": sorted(METHODS_AT_LEVEL[SignatureLevel(terms.signature_level)]),
        **({"amends": dict(amends)} if amends else {}),
    }


def draw_up(said: Mapping[str, Any], clauses: Sequence[Mapping[str, Any]]) -> Drawn:
    """The contract with the content of ``compose`` and the clauses of a template."""
    texts = {language: render_text(said, clauses, language) for language in LANGUAGES}
    hashes = {language: sha256_hex(text.encode()) for language, text in texts.items()}
    content = canonical_json({**said, "text": hashes})
    return Drawn(
        content=content.decode(),
        text_ja=texts["ja"],
        text_en=texts["en"],
        signed_hash=sha256_hex(content),
        has_annexes=bool(said["annexes"]),
    )


def claims(
    *, agreement: str, signed_hash: str, party: str, organisation: str, signer: str, signed_at: datetime
) -> dict[str, Any]:
    """The claims of the market's signature: who signed which hash for whom, when, and that the market is a witness."""
    return {
        "type": CLAIMS_TYPE,
        "agreement": agreement,
        "signed_hash": signed_hash,
        "party": party,
        "organisation": organisation,
        "signer": signer,
        "method": SignatureMethod.MARKET_SIDE.value,
        "signed_at": signed_at.astimezone(UTC).isoformat(),
    }


def own_claims(*, agreement: str, signed_hash: str, party: str, organisation: str) -> dict[str, Any]:
    """The claims that a party signs with its own key: which hash it signs, and as which party of which agreement.

    It can compute them before it signs; who submitted the signature, and when, the market records beside it.
    """
    return {
        "type": CLAIMS_TYPE,
        "agreement": agreement,
        "signed_hash": signed_hash,
        "party": party,
        "organisation": organisation,
        "method": SignatureMethod.OWN_KEY.value,
    }


def drawn_faults(drawn: Drawn) -> list[str]:
    """The errors of a drawn-up contract; empty if every recomputed hash matches."""
    faults = []
    said = json.loads(drawn.content)
    if canonical_json(said) != drawn.content.encode():
        faults.append("the content is not in canonical form")
    if sha256_hex(drawn.content.encode()) != drawn.signed_hash:
        faults.append("the signed hash is not the content's")
    for language, text in (("ja", drawn.text_ja), ("en", drawn.text_en)):
        if said["text"][language] != sha256_hex(text.encode()):
            faults.append(f"the hash of the text ({language}) is not the text's")
    return faults


def signature_faults(jws: str, expected: Mapping[str, Any]) -> list[str]:
    """The errors of a signature with the ``expected`` claims; empty if it verifies."""
    try:
        attested = verify(jws)
    except SignatureInvalid:
        return [f"the signature of the {expected['party']} does not verify under the market's key"]
    if attested != dict(expected):
        return [f"the signature of the {expected['party']} is over something else"]
    return []


def own_signature_faults(jws: str, expected: Mapping[str, Any], jwk: Mapping[str, Any]) -> list[str]:
    """The errors of a party's own signature of the ``expected`` claims with its key; empty if it verifies."""
    faults = detached_faults(jws, canonical_json(dict(expected)), jwk)
    return [f"the signature of the {expected['party']}: {fault}" for fault in faults]
