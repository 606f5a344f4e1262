"""The measurements in the catalogue, in the Data Quality Vocabulary (W3C DQV)."""

from __future__ import annotations

from collections.abc import Mapping

from rdflib import Graph, Literal, Namespace, URIRef
from rdflib.namespace import PROV, RDF, SKOS, XSD

from listings.catalogue import contribute

from .measures import MEASURES
from .queries import measurements_of
from .states import Characteristic

DQV = Namespace("http://www.w3.org/ns/dqv#")
METRIC = "urn:sanpo:quality:metric:"
DIMENSION = "urn:sanpo:quality:characteristic:"


@contribute
def add_measurements(graph: Graph, datasets: Mapping[str, URIRef]) -> None:
    """Add every measurement of the datasets, each with its metric, formula and characteristic."""
    measured = measurements_of(datasets)
    if measured:
        _add_metrics(graph)
    for listing_version, measurements in measured.items():
        dataset = datasets[listing_version]
        for measurement in measurements:
            node = URIRef(f"{dataset}#quality-{measurement.characteristic}")
            graph.add((dataset, DQV.hasQualityMeasurement, node))
            graph.add((node, RDF.type, DQV.QualityMeasurement))
            graph.add((node, DQV.computedOn, dataset))
            graph.add((node, DQV.isMeasurementOf, URIRef(METRIC + measurement.characteristic)))
            graph.add((node, DQV.value, Literal(measurement.value, datatype=XSD.decimal)))
            measured_at = measurement.profile.measured_at.isoformat()
            graph.add((node, PROV.generatedAtTime, Literal(measured_at, datatype=XSD.dateTime)))


def _add_metrics(graph: Graph) -> None:
    for measure in MEASURES:
        metric, dimension = (
            URIRef(METRIC + measure.characteristic),
            URIRef(DIMENSION + measure.characteristic),
        )
        graph.add((metric, RDF.type, DQV.Metric))
        graph.add((metric, DQV.inDimension, dimension))
        graph.add((metric, DQV.expectedDataType, XSD.decimal))
        graph.add((dimension, RDF.type, DQV.Dimension))
        for language in ("ja", "en"):
            formula = measure.formula.in_language(language)
            graph.add((metric, SKOS.definition, Literal(formula, lang=language)))
            name = Characteristic(measure.characteristic).label.in_language(language)  # type: ignore[attr-defined]
            graph.add((dimension, SKOS.prefLabel, Literal(name, lang=language)))
