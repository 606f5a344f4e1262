"""The catalogue as DCAT-AP 3 (RDF), for other catalogues to harvest.

Other applications add their own data on a dataset (quality adds DQV): they call ``contribute`` in their module
``catalogue``, which is imported at start-up.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from rdflib import BNode, Graph, Literal, Namespace, URIRef
from rdflib.namespace import DCAT, DCTERMS, FOAF, ODRL2, RDF, RDFS, SKOS, XSD

from marketplace.kernel.labels import Label
from marketplace.participants.queries import OrganisationView, operator_organisation, segments

from .models import Distribution, Listing, ListingVersion
from .queries import attach_sellers
from .rights import local_context, prefixes

SPDX = Namespace("http://spdx.org/rdf/terms#")
IANA = Namespace("https://www.iana.org/assignments/media-types/")
VERSION = URIRef(f"{DCAT}version")  # DCAT 3 terms that rdflib does not have yet
RESTRICTED = URIRef("http://publications.europa.eu/resource/authority/access-right/RESTRICTED")
PREFIXES: dict[str, str] = {
    "dcat": str(DCAT),
    "dct": str(DCTERMS),
    "foaf": str(FOAF),
    "odrl": str(ODRL2),
    "skos": str(SKOS),
    "spdx": str(SPDX),
    "dqv": "http://www.w3.org/ns/dqv#",
    "prov": "http://www.w3.org/ns/prov#",
}
TITLE = Label("Catalogue of the data exchange", "データ取引市場カタログ")
DESCRIPTION = Label(
    "Datasets for sale in this market, with their rights of use and measured quality.",
    "この市場で販売中のデータセットの一覧。利用条件と測定した品質を示します。",
)

Contributor = Callable[[Graph, Mapping[str, URIRef]], None]
CONTRIBUTORS: list[Contributor] = []


def contribute(contributor: Contributor) -> Contributor:
    """Register ``contributor(graph, datasets)``, which adds to every catalogue; ``datasets`` maps the public identifier
    of each published version to its node. Usable as a decorator."""
    CONTRIBUTORS.append(contributor)
    return contributor


def node_of(resource: str, identifier: str) -> URIRef:
    """The URL of a resource in this market's API, which is its IRI in RDF."""
    return URIRef(f"{settings.BASE_URL}/api/v1/{resource}/{identifier}/")


def catalogue_graph(listings: Iterable[Listing], *, modified: datetime) -> Graph:
    """The RDF graph of a catalogue of ``listings``, as ``queries.catalogue`` gives them."""
    rows = list(listings)
    attach_sellers(rows)
    graph = Graph()
    for prefix, address in _prefixes().items():
        graph.bind(prefix, address)
    catalogue = URIRef(f"{settings.BASE_URL}/api/v1/catalogue.jsonld")
    graph.add((catalogue, RDF.type, DCAT.Catalog))
    _texts(graph, catalogue, DCTERMS.title, TITLE.as_dict())
    _texts(graph, catalogue, DCTERMS.description, DESCRIPTION.as_dict())
    graph.add((catalogue, DCTERMS.publisher, _agent(graph, operator_organisation())))
    graph.add((catalogue, DCTERMS.modified, _instant(modified)))
    themes = _themes(graph)
    datasets: dict[str, URIRef] = {}
    for row in rows:
        dataset = _dataset(graph, row, themes)
        graph.add((catalogue, DCAT.dataset, dataset))
        datasets[row.published_version.public_id] = dataset
    for contributor in CONTRIBUTORS:
        contributor(graph, datasets)
    return graph


def _prefixes() -> dict[str, str]:
    return {**PREFIXES, **prefixes()}


def as_json_ld(graph: Graph) -> str:
    """The graph as JSON-LD with the market's prefixes."""
    return str(graph.serialize(format="json-ld", context=_prefixes(), ensure_ascii=False))


def _texts(graph: Graph, subject: URIRef, predicate: URIRef, texts: Mapping[str, str]) -> None:
    for language, text in texts.items():
        graph.add((subject, predicate, Literal(text, lang=language)))


def _instant(instant: datetime) -> Literal:
    return Literal(instant.isoformat(), datatype=XSD.dateTime)


def _agent(graph: Graph, organisation: OrganisationView) -> URIRef:
    agent = node_of("organisations", organisation.public_id)
    graph.add((agent, RDF.type, FOAF.Agent))
    _texts(graph, agent, FOAF.name, organisation.name)
    return agent


def _themes(graph: Graph) -> dict[str, URIRef]:
    """One concept per segment."""
    themes = {}
    for segment in segments():
        theme = themes[segment.code] = node_of("segments", segment.code)
        graph.add((theme, RDF.type, SKOS.Concept))
        _texts(graph, theme, SKOS.prefLabel, segment.name)
    return themes


def _dataset(graph: Graph, row: Listing, themes: Mapping[str, URIRef]) -> URIRef:
    version: ListingVersion = row.published_version
    dataset = node_of("catalogue", row.public_id)
    graph.add((dataset, RDF.type, DCAT.Dataset))
    graph.add((dataset, DCTERMS.identifier, Literal(row.public_id)))
    _texts(graph, dataset, DCTERMS.title, row.title)
    _texts(graph, dataset, DCTERMS.description, row.description)
    for keyword in row.keywords:
        graph.add((dataset, DCAT.keyword, Literal(keyword)))
    graph.add((dataset, DCTERMS.publisher, _agent(graph, row.seller_view)))  # type: ignore[attr-defined]
    graph.add((dataset, DCAT.theme, themes[row.segment_id]))
    graph.add((dataset, VERSION, Literal(str(version.number))))
    graph.add((dataset, DCTERMS.issued, _instant(version.published_at)))  # type: ignore[arg-type]
    graph.add((dataset, DCTERMS.accessRights, RESTRICTED))
    graph.add((RESTRICTED, RDF.type, DCTERMS.RightsStatement))
    if row.source_name:
        provenance = BNode()
        graph.add((dataset, DCTERMS.provenance, provenance))
        graph.add((provenance, RDF.type, DCTERMS.ProvenanceStatement))
        stated = " / ".join(part for part in row.source.values() if part)
        graph.add((provenance, RDFS.label, Literal(stated)))
    policy = _policy(graph, version.offer.policy)
    graph.add((dataset, ODRL2.hasPolicy, policy))
    for file in version.distributions.all():
        graph.add((dataset, DCAT.distribution, _distribution(graph, dataset, file, policy)))
    return dataset


def _distribution(graph: Graph, dataset: URIRef, file: Distribution, policy: URIRef) -> URIRef:
    node = URIRef(f"{dataset}#{file.public_id}")
    graph.add((node, RDF.type, DCAT.Distribution))
    graph.add((node, DCTERMS.title, Literal(file.file_name)))
    # Access must be bought, so the access URL is the dataset's own page.
    graph.add((node, DCAT.accessURL, dataset))
    graph.add((node, DCAT.byteSize, Literal(file.size_bytes, datatype=XSD.nonNegativeInteger)))
    media_type = IANA[file.media_type.partition(";")[0]]
    graph.add((node, DCAT.mediaType, media_type))
    graph.add((media_type, RDF.type, DCTERMS.MediaType))
    graph.add((node, ODRL2.hasPolicy, policy))
    checksum = BNode()
    graph.add((node, SPDX.checksum, checksum))
    graph.add((checksum, RDF.type, SPDX.Checksum))
    graph.add((checksum, SPDX.algorithm, SPDX.checksumAlgorithm_sha512))
    graph.add((SPDX.checksumAlgorithm_sha512, RDF.type, SPDX.ChecksumAlgorithm))
    graph.add((checksum, SPDX.checksumValue, Literal(file.sha512, datatype=XSD.hexBinary)))
    return node


def _policy(graph: Graph, policy: Mapping[str, Any]) -> URIRef:
    """Add a stored policy unchanged; it is an offer and, for DCAT-AP, a policy."""
    node = URIRef(policy["@id"])
    graph.parse(data=json.dumps({**policy, "@context": local_context()}), format="json-ld")
    graph.add((node, RDF.type, ODRL2.Policy))
    return node
