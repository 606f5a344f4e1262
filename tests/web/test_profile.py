"""The ODRL profile resolves at its own address, for programs and for people."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from rdflib import Graph, URIRef
from rdflib.namespace import OWL, RDF

from listings.rights import profile_address

from .reading import read, reader_of

ADDRESS = urlsplit(profile_address()).path


@pytest.mark.parametrize(
    "accepted", ["application/ld+json", "application/json", "application/ld+json, */*;q=0.1"]
)
def test_a_program_that_resolves_the_profile_reads_it(db, client, accepted):
    answer = client.get(ADDRESS, headers={"accept": accepted})
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/ld+json")
    graph = Graph().parse(data=answer.content, format="json-ld")
    assert (URIRef(profile_address()), RDF.type, OWL.Ontology) in graph
    assert answer.content == client.get(f"{ADDRESS}.jsonld").content


@pytest.mark.parametrize(
    ("language", "meaning"), [("ja", "資産から個人を識別すること。"), ("en", "To identify a person")]
)
def test_a_person_reads_every_word_with_its_meaning(db, language, meaning):
    answer = reader_of(language).get(ADDRESS, headers={"accept": "text/html,*/*;q=0.8"})
    page = read(answer)
    assert answer.status_code == 200
    assert meaning in page.text
    assert {"reidentify", "jointUse", "commercial", "department", "endOfUse"} <= set(page.anchors)
    assert {"Accept", "Accept-Language"} <= {name.strip() for name in answer["Vary"].split(",")}
    assert answer["Link"] == f'<{profile_address()}.jsonld>; rel="alternate"; type="application/ld+json"'
