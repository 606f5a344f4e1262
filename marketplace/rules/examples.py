"""Examples in a rulebook: facts, and the decision or fee to which they must lead. Tried whenever it is saved. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from marketplace.kernel.labels import Label

from .document import Fault, check_document, fault_at
from .errors import NoTariff, TariffUndecidable
from .points import PointKind
from .providers import NULLABLE
from .rulebook import CompiledRulebook

_JSON_TYPES: Mapping[str, type] = {"bool": bool, "int": int, "string": str}
_TRADE = "trade."


def check_rulebook(document: Any, vocabulary: Mapping[str, Any]) -> tuple[list[Fault], dict[str, list[str]]]:
    """The errors in ``document``, as ``check_document``, and its examples that do not come out as they say."""
    faults, reads = check_document(document, vocabulary)
    if faults:
        return faults, reads
    compiled = CompiledRulebook(document, {**vocabulary, "reads": reads})
    return list(failing_examples(document, compiled)), reads


def failing_examples(document: Mapping[str, Any], compiled: CompiledRulebook) -> Iterator[Fault]:
    """Every example whose point or facts do not exist, or that leads to another decision or fee than it states."""
    stated = document.get("examples", {})
    common = stated.get("facts", {})
    for at, case in enumerate(stated.get("cases", [])):
        place = f"examples.cases.{at}"
        point = compiled.points.get(case["point"])
        kind = PointKind.TARIFF if "tariff" in case else PointKind.DECISION
        if point is None or point["kind"] != kind:
            known = ", ".join(code for code, row in compiled.points.items() if row["kind"] == kind)
            yield fault_at(
                f"{place}.point", Label(f"choose a point of {known}", f"判定点は {known} から選んでください")
            )
            continue
        facts = {**common.get(case["point"], {}), **case["facts"]}
        wrong = list(_faults_of_facts(facts, point["facts"], place))
        yield from wrong or _faults_of_result(case, facts, compiled, place)


def uncovered(document: Mapping[str, Any]) -> list[str]:
    """The codes of rules and tariffs that no example expects."""
    expected: set[str] = set()
    for case in document.get("examples", {}).get("cases", []):
        expected |= set(case.get("rules", [])) | {case.get("tariff", "")}
    entries = (*document["rules"], *document.get("tariffs", []))
    return [entry["code"] for entry in entries if entry["code"] not in expected]


def _faults_of_facts(facts: Mapping[str, Any], types: Mapping[str, str], place: str) -> Iterator[Fault]:
    for name, value in facts.items():
        kind = types.get(name)
        if kind is None:
            message = Label(
                f"{name} is not a fact of this decision point",
                f"事実 {name} はこの判定点では参照できません",
            )
            yield fault_at(f"{place}.facts.{name}", message)
        elif value is not None and not _is_of(kind.removesuffix(NULLABLE), value):
            yield fault_at(
                f"{place}.facts.{name}", Label(f"this is no {kind}", f"{kind} 型の値を指定してください")
            )


def _is_of(kind: str, value: Any) -> bool:
    """Whether a JSON value is a fact of this type; an instant is ISO 8601 with its offset."""
    if kind.startswith("list("):
        element = _JSON_TYPES[kind.removeprefix("list(").removesuffix(")")]
        return isinstance(value, list) and all(type(each) is element for each in value)
    if kind == "timestamp":
        try:
            return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
        except ValueError:
            return False
    return type(value) is _JSON_TYPES[kind]


def _faults_of_result(
    case: Mapping[str, Any], facts: Mapping[str, Any], compiled: CompiledRulebook, place: str
) -> Iterator[Fault]:
    if "tariff" in case:
        found = _tariff(compiled, case["point"], facts)
        if found != case["tariff"]:
            yield _differs(f"{place}.tariff", case["tariff"], found)
        return
    verdict = compiled.verdict(case["point"], facts)
    rules = [reason["rule"] for reason in verdict.reasons]
    if verdict.outcome != case["outcome"]:
        yield _differs(f"{place}.outcome", case["outcome"], f"{verdict.outcome} ({', '.join(rules)})")
    elif sorted(rules) != sorted(case["rules"]):
        yield _differs(f"{place}.rules", ", ".join(case["rules"]), ", ".join(rules))


def _tariff(compiled: CompiledRulebook, point: str, facts: Mapping[str, Any]) -> str:
    try:
        return compiled.tariff(
            point, {name.removeprefix(_TRADE): value for name, value in facts.items()}
        ).code
    except (NoTariff, TariffUndecidable) as error:
        return str(error.code)


def _differs(place: str, expected: str, found: str) -> Fault:
    return fault_at(
        place,
        Label(
            f"the example expects {expected}, the rules lead to {found}",
            f"例では {expected} となるはずですが、規則による結果は {found} です",
        ),
    )
