"""The market's ODRL profile as JSON-LD: the concepts that ODRL lacks. Pure."""

from __future__ import annotations

from typing import Any

from marketplace.kernel.labels import Label

from .vocabulary import INCLUDED_IN, ODRL, PART_OF, TERMS, prefixes, profile_address

TITLE = Label("ODRL profile of the data exchange", "データ取引市場のODRLプロファイル")
CONTEXT: dict[str, Any] = {
    "odrl": ODRL,
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "owl": "http://www.w3.org/2002/07/owl#",
}


def profile_document() -> dict[str, Any]:
    """The profile as JSON-LD: an ontology with one concept a term, each with label and definition in both languages."""
    scheme = profile_address()
    terms: list[dict[str, Any]] = []
    for term in TERMS:
        name = f"m:{term.name}"
        concept: dict[str, Any] = {
            "@id": name,
            "@type": [f"odrl:{term.kind}", "skos:Concept"],
            "skos:prefLabel": _texts(term.label),
            "skos:definition": _texts(term.meaning),
            "skos:inScheme": {"@id": scheme},
            "rdfs:isDefinedBy": {"@id": scheme},
        }
        if name in INCLUDED_IN:
            concept["odrl:includedIn"] = {"@id": f"odrl:{INCLUDED_IN[name]}"}
        if name in PART_OF:
            concept["odrl:partOf"] = {"@id": PART_OF[name]}
        terms.append(concept)
    head = {
        "@id": scheme,
        "@type": ["owl:Ontology", "skos:ConceptScheme"],
        "rdfs:label": _texts(TITLE),
        "rdfs:seeAlso": {"@id": "https://www.w3.org/TR/odrl-model/"},
    }
    return {"@context": {**CONTEXT, **prefixes()}, "@graph": [head, *terms]}


def _texts(label: Label) -> list[dict[str, str]]:
    return [{"@value": text, "@language": language} for language, text in label.as_dict().items()]
