"""The catalogue as DCAT-AP 3."""

import json

import pytest
from django.core.cache import caches
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pyshacl import validate
from rdflib import Graph, Literal, URIRef
from rdflib.namespace import DCAT, DCTERMS, ODRL2, RDF

from listings import queries
from listings.catalogue import as_json_ld, catalogue_graph
from listings.rights import profile_address
from marketplace.kernel import clock
from tests.participants import factories as participants

from . import factories

pytestmark = pytest.mark.django_db

DQV = "http://www.w3.org/ns/dqv#"
STRICT_RIGHTS = {
    "contract_type": "licence",
    "purposes": ["research"],
    "disclosure_scope": "company",
    "regions": ["JP", "DE"],
    "valid_until": "2099-03-31",
    "duration": "P1Y",
    "use_count_max": 10,
    "derivatives": "prohibited",
    "confidential": True,
    "attribution": True,
    "delete_at_end": True,
}


@pytest.fixture
def market(operator, seller):
    """Two listings on sale, of two sellers, and one that is not."""
    factories.published(seller)
    other = factories.seller("T", "mobility")
    factories.published(
        other,
        segment="mobility",
        keywords=[],
        offer=factories.offer(rights=STRICT_RIGHTS),
        files=[factories.upload("a.csv"), factories.upload("b.csv", b"x,y\n1,2\n")],
    )
    factories.draft(seller)


def harvested():
    """The catalogue as another market reads it."""
    return Graph().parse(
        data=as_json_ld(catalogue_graph(queries.catalogue(), modified=clock.now())), format="json-ld"
    )


def test_the_catalogue_conforms_to_dcat_ap(market, shared_data):
    shapes = Graph().parse(shared_data / "dcat-ap" / "dcat-ap-SHACL.ttl")
    conforms, _, report = validate(harvested(), shacl_graph=shapes, do_owl_imports=False, advanced=True)
    assert conforms, report


def test_the_gate_sees_what_is_wrong(market, shared_data):
    shapes = Graph().parse(shared_data / "dcat-ap" / "dcat-ap-SHACL.ttl")
    graph = harvested()
    graph.remove((None, DCTERMS.description, None))
    conforms, _, _ = validate(graph, shacl_graph=shapes, do_owl_imports=False, advanced=True)
    assert conforms is False


def test_every_listing_on_sale_is_a_dataset_with_its_files_and_hashes(market):
    graph = harvested()
    datasets = set(graph.subjects(RDF.type, DCAT.Dataset))
    assert {str(graph.value(dataset, DCTERMS.identifier)) for dataset in datasets} == {
        row.public_id for row in queries.catalogue()
    }
    assert len(set(graph.subjects(RDF.type, DCAT.Distribution))) == 3
    kept = {file.sha512 for row in queries.catalogue() for file in row.published[0].distributions.all()}
    spdx = URIRef("http://spdx.org/rdf/terms#checksumValue")
    assert {str(value) for value in graph.objects(None, spdx)} == kept


def test_titles_are_in_both_languages(market):
    graph = harvested()
    assert Literal("高松市の日別気象", lang="ja") in set(graph.objects(None, DCTERMS.title))
    assert Literal("Daily weather of Takamatsu", lang="en") in set(graph.objects(None, DCTERMS.title))


def test_rights_stand_on_dataset_and_distribution(market):
    graph = harvested()
    for dataset in graph.subjects(RDF.type, DCAT.Dataset):
        (policy,) = graph.objects(dataset, ODRL2.hasPolicy)
        assert {ODRL2.Policy, ODRL2.Offer} <= set(graph.objects(policy, RDF.type))
        for distribution in graph.objects(dataset, DCAT.distribution):
            assert list(graph.objects(distribution, ODRL2.hasPolicy)) == [policy]
    actions = set(graph.objects(None, ODRL2.action)) | set(graph.objects(None, RDF.value))
    confidential = URIRef(f"{profile_address()}#keepConfidential")
    assert {ODRL2.use, ODRL2.compensate, ODRL2.delete, confidential} <= actions
    assert {str(value) for value in graph.objects(None, ODRL2.rightOperand)} >= {"48000", "P1Y", "DE"}


def test_quality_contributes_its_measurements(market):
    graph = harvested()
    for dataset in graph.subjects(RDF.type, DCAT.Dataset):
        measurements = list(graph.objects(dataset, URIRef(f"{DQV}hasQualityMeasurement")))
        assert len(measurements) >= 10
        for measurement in measurements:
            value = graph.value(measurement, URIRef(f"{DQV}value"))
            assert 0 <= value.toPython() <= 1


def test_an_empty_catalogue_is_a_catalogue(operator):
    graph = harvested()
    assert len(list(graph.subjects(RDF.type, DCAT.Catalog))) == 1
    assert list(graph.subjects(RDF.type, DCAT.Dataset)) == []


@pytest.mark.parametrize("listings", [1, 3])
def test_the_graph_takes_as_many_queries_for_one_listing_as_for_three(
    operator, seller, listings, django_assert_num_queries
):
    for _ in range(listings):
        factories.published(seller)
    with django_assert_num_queries(8):
        catalogue_graph(queries.catalogue(), modified=clock.now())


def test_anybody_harvests_the_catalogue(api, market):
    answer = api.get("/api/v1/catalogue.jsonld", HTTP_ACCEPT="application/ld+json")
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("application/ld+json")
    document = json.loads(answer.content)
    assert document["@context"]["dcat"] == "http://www.w3.org/ns/dcat#"


def test_the_catalogue_is_harvested_page_by_page(api, seller, operator, monkeypatch):
    monkeypatch.setattr("listings.views.GRAPH_LISTINGS_MAX", 2)
    for _ in range(5):
        factories.published(seller)
    wanted = [row.public_id for row in queries.catalogue()]
    path, found, pages = "/api/v1/catalogue.jsonld", [], 0
    while path:
        answer = api.get(path)
        graph = Graph().parse(data=answer.content, format="json-ld")
        page = {str(node).split("/")[-2] for node in graph.subjects(RDF.type, DCAT.Dataset)}
        found += [identifier for identifier in wanted if identifier in page]
        link = answer.headers.get("Link", "")
        path = link[link.find("/api/") : link.find(">")] if link else None
        pages += 1
    assert (pages, found) == (3, wanted)
    assert api.get("/api/v1/catalogue.jsonld?after=lst_none").status_code == 404


def test_a_page_of_the_catalogue_is_made_once_in_half_a_minute(api, seller, operator, settings):
    kept = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    settings.CACHES = {**settings.CACHES, "documents": kept}
    caches["documents"].clear()
    factories.published(seller)
    first = api.get("/api/v1/catalogue.jsonld")
    assert first["Cache-Control"] == "public, max-age=30"
    factories.published(seller)
    with CaptureQueriesContext(connection) as captured:
        again = api.get("/api/v1/catalogue.jsonld")
    assert (again.content, len(captured)) == (first.content, 0)
    assert api.get("/api/v1/catalogue.jsonld?after=lst_none").status_code == 404
    caches["documents"].clear()
    datasets = [
        set(Graph().parse(data=content, format="json-ld").subjects(RDF.type, DCAT.Dataset))
        for content in (first.content, api.get("/api/v1/catalogue.jsonld").content)
    ]
    assert [len(found) for found in datasets] == [1, 2]
    caches["documents"].clear()


def test_the_catalogue_before_an_operator_is_missing(api, db):
    assert api.get("/api/v1/catalogue.jsonld").status_code == 404
    assert participants.organisation("A").is_operator is False
