"""A policy in the shape of the Dataspace Protocol 2025-1, which is a projection of the ODRL policy. Pure.

Its schema takes an action as text only, so a refinement becomes a constraint of the rule, and its JSON-LD context
defines few names, so every other name is written with its prefix or as an IRI. It has no context of its own: the
protocol's message has one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .rules import RULES, as_list, namespaces_of

UNIT = "odrl:unit"


def dataspace_policy(policy: Mapping[str, Any]) -> dict[str, Any]:
    """The ``policy`` of ``policy_of`` as the Dataspace Protocol states it. A catalogue offer has no target."""
    names = namespaces_of(policy)
    made: dict[str, Any] = {
        name: policy[name]
        for name in ("@type", "@id", "profile", "assigner", "assignee", "target")
        if name in policy
    }
    if "conflict" in policy:
        made["odrl:conflict"] = {"@id": f"odrl:{policy['conflict']}"}
    for kind in RULES:
        if kind in policy:
            made[kind] = [_rule(rule, names) for rule in policy[kind]]
    return made


def _rule(rule: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    action, constraints = rule["action"], list(rule.get("constraint", ()))
    for refined in as_list(action):
        if isinstance(refined, Mapping):
            action = refined["rdf:value"]["@id"]
            constraints += refined.get("refinement", ())
    made: dict[str, Any] = {"action": _name(action, names)}
    if "assignee" in rule:
        made["assignee"] = rule["assignee"]
    if constraints:
        made["constraint"] = [_constraint(constraint, names) for constraint in constraints]
    if "duty" in rule:
        made["duty"] = [_rule(duty, names) for duty in rule["duty"]]
    return made


def _constraint(constraint: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    right = constraint["rightOperand"]
    operand = [_value(one, names) for one in right] if isinstance(right, list) else _value(right, names)
    made = {
        "leftOperand": _name(constraint["leftOperand"], names),
        "operator": constraint["operator"],
        "rightOperand": operand,
    }
    return made | ({UNIT: constraint["unit"]} if "unit" in constraint else {})


def _value(value: Any, names: Mapping[str, str]) -> Any:
    if not isinstance(value, Mapping):
        return value
    return {key: _name(text, names) if key in ("@id", "@type") else text for key, text in value.items()}


def _name(name: str, names: Mapping[str, str]) -> str:
    """A name that the protocol's context understands: of ODRL with its prefix, any other as an IRI."""
    prefix, colon, local = name.partition(":")
    if not colon:
        return f"odrl:{name}"
    return name if prefix == "odrl" or prefix not in names else f"{names[prefix]}{local}"
