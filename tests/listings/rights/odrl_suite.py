"""The ODRL test suite (SolidLabResearch/ODRL-Test-Suite), read in place: its cases, with what each expects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rdflib import RDF, Graph, Namespace, URIRef
from rdflib.namespace import DCTERMS, ODRL2
from rdflib.term import Node

from listings.rights.constraints import DutyState, Question, World
from listings.rights.rules import LOGICAL

EX = Namespace("http://example.org/")
REPORT = Namespace("https://w3id.org/force/compliance-report#")
ODRL = str(ODRL2)
TRUTH = {REPORT.Satisfied: True, REPORT.Unsatisfied: False}
DUTIES = {
    REPORT.Fulfilled: DutyState.FULFILLED,
    REPORT.Violated: DutyState.VIOLATED,
    REPORT.NonSet: DutyState.UNSET,
}
PREMISES = {
    REPORT.TargetReport: "target",
    REPORT.PartyReport: "party",
    REPORT.ActionReport: "action",
    REPORT.ConstraintReport: "constraint",
}


@dataclass(frozen=True)
class ExpectedRule:
    """What a rule report says. ``premises`` lacks those that the suite names but does not describe."""

    rule: str
    kind: str
    is_active: bool
    premises: list[tuple[str, bool]]
    undescribed: int
    duties: dict[str, DutyState]
    """By the duty that each report is about."""


@dataclass(frozen=True)
class Case:
    """A test case: the policy in JSON-LD, the question, the world, and the expected report."""

    policy: dict[str, Any]
    question: Question
    world: World
    rules: list[ExpectedRule]
    constraints: dict[str, bool]


def _graph(paths: list[Path]) -> Graph:
    graph = Graph()
    for path in paths:
        graph.parse(path, format="turtle")
    return graph


@cache
def _inputs(folder: Path) -> dict[Node, Graph]:
    """Each policy, request and state of the world by its IRI."""
    found = {}
    for path in sorted(folder.glob("[prs]*/*.ttl")):
        graph = _graph([path])
        for kind in (ODRL2.Set, ODRL2.Request, EX.Sotw):
            found |= dict.fromkeys(graph.subjects(RDF.type, kind), graph)
    return found


def names(folder: Path) -> list[str]:
    """The names of the cases."""
    return sorted(path.stem for path in folder.glob("test_cases/*.ttl"))


def case(folder: Path, name: str) -> Case:
    """The case of a name."""
    graph = _graph([folder / "test_cases" / f"{name}.ttl"])
    subject = graph.value(predicate=RDF.type, object=EX.TestCase)
    policy, request, world = (graph.value(subject, EX[part]) for part in ("policy", "request", "sotw"))
    inputs = _inputs(folder)
    return Case(
        policy=_nested(inputs[policy], policy),
        question=_question(inputs[request], request),
        world=_world(inputs[world]),
        rules=list(_rules(graph, graph.value(subject, EX.expectedReport), inputs[world])),
        constraints=_constraints(graph),
    )


def _nested(graph: Graph, subject: Node) -> dict[str, Any]:
    """A node of the policy as JSON-LD, with what hangs on it inside."""
    made: dict[str, Any] = {"@id": str(subject)}
    inner = {"permission", "prohibition", "obligation", "duty", "constraint", *LOGICAL}
    for predicate, value in graph.predicate_objects(subject):
        if not str(predicate).startswith(ODRL) or str(predicate) == f"{ODRL}uid":
            continue
        name = str(predicate).removeprefix(ODRL)
        stated: Any = _nested(graph, value) if name in inner else str(value)
        if name == "rightOperand" and not isinstance(value, URIRef):
            stated = {"@value": str(value), "@type": str(value.datatype)}
        made.setdefault(name, []).append(stated)
    return made


def _question(graph: Graph, request: Node) -> Question:
    rule = graph.value(request, ODRL2.permission)
    action = str(graph.value(rule, ODRL2.action)).removeprefix(ODRL)
    return Question(action, str(graph.value(rule, ODRL2.assignee)), str(graph.value(rule, ODRL2.target)))


def _world(graph: Graph) -> World:
    issued = graph.value(URIRef("http://example.com/request/currentTime"), DCTERMS.issued)
    part_of: dict[str, frozenset[str]] = {}
    for part, whole in graph.subject_objects(ODRL2.partOf):
        part_of[str(part)] = part_of.get(str(part), frozenset()) | {str(whole)}
    return World(
        zone=ZoneInfo("UTC"),
        now=issued.toPython().astimezone(UTC),
        part_of=part_of,
        duties={
            str(graph.value(report, REPORT.rule)): DUTIES[graph.value(report, REPORT.deonticState)]
            for report in graph.subjects(RDF.type, REPORT.DutyReport)
        },
    )


def _rules(graph: Graph, report: Node, world: Graph) -> Iterator[ExpectedRule]:
    for rule in graph.objects(report, REPORT.ruleReport):
        premises = list(graph.objects(rule, REPORT.premiseReport))
        described = [
            (PREMISES[graph.value(one, RDF.type)], TRUTH[graph.value(one, REPORT.satisfactionState)])
            for one in premises
            if graph.value(one, RDF.type) is not None
        ]
        is_permission = graph.value(rule, RDF.type) == REPORT.PermissionReport
        yield ExpectedRule(
            rule=str(graph.value(rule, REPORT.rule)),
            kind="permission" if is_permission else "prohibition",
            is_active=graph.value(rule, REPORT.activationState) == REPORT.Active,
            premises=sorted(described),
            undescribed=len(premises) - len(described),
            duties={
                str(world.value(one, REPORT.rule)): DUTIES[world.value(one, REPORT.deonticState)]
                for one in graph.objects(rule, REPORT.conditionReport)
            },
        )


def _constraints(graph: Graph) -> dict[str, bool]:
    return {
        str(graph.value(report, REPORT.constraint)): TRUTH[graph.value(report, REPORT.satisfactionState)]
        for report in graph.subjects(RDF.type, REPORT.ConstraintReport)
    }
