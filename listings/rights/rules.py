"""Reads an ODRL policy in JSON-LD into rules that can be evaluated and compared. Pure.

Whatever of JSON-LD says the same is read as the same: one value or a list of it, a name plain, with its prefix or as an
IRI, a literal with or without its type. A rule of several actions, assignees or targets is several rules (ODRL
Information Model 2.2, section 2.7).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from .vocabulary import ODRL, RDF, XSD, profile_address

RULES = ("permission", "prohibition", "obligation")
LOGICAL = ("and", "or", "xone", "andSequence")
PROFILE_PATH = "/ns/odrl"


class PolicyUnreadable(ValueError):
    """The policy has a part that this reader does not know, such as another profile."""


@dataclass(frozen=True, slots=True)
class Atom:
    """A constraint: a left operand, an operator, and the right operands as names or literals without their type."""

    left: str
    operator: str
    right: tuple[str, ...]
    unit: str | None = None
    uid: str = ""


@dataclass(frozen=True, slots=True)
class Compound:
    """A logical constraint over others: ``and``, ``or``, ``xone`` or ``andSequence``."""

    operand: str
    parts: tuple[Condition, ...]
    uid: str = ""


Condition = Atom | Compound


@dataclass(frozen=True, slots=True)
class Duty:
    """A duty of a rule or an obligation of a policy, and the conditions under which it is due. ``uid`` may be ""."""

    uid: str
    action: str
    conditions: tuple[Condition, ...] = ()
    refinements: tuple[Condition, ...] = ()

    @property
    def key(self) -> str:
        """What its state is known by: its own identifier, else its action."""
        return self.uid or self.action


@dataclass(frozen=True, slots=True)
class Rule:
    """A permission or prohibition. Without an action, assignee or target it is about any."""

    kind: str
    uid: str
    action: str | None = None
    assignee: str | None = None
    target: str | None = None
    conditions: tuple[Condition, ...] = ()
    duties: tuple[Duty, ...] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules of a policy. ``conflict`` says what wins where a permission and a prohibition are both active:
    ``perm``, ``prohibit`` or, as ODRL has it by default, ``invalid``: neither."""

    uid: str
    conflict: str
    permissions: tuple[Rule, ...]
    prohibitions: tuple[Rule, ...]
    obligations: tuple[Duty, ...]


def as_list(value: Any) -> list[Any]:
    """The values of a JSON-LD property: none, one, a list, or an ordered list."""
    if value is None:
        return []
    if isinstance(value, Mapping) and "@list" in value:
        value = value["@list"]
    return list(value) if isinstance(value, list | tuple) else [value]


def namespaces_of(document: Mapping[str, Any]) -> dict[str, str]:
    """The prefixes of a document: those of its context, beside those that every policy here has."""
    found = {"odrl": ODRL, "xsd": XSD, "rdf": RDF, "m": f"{profile_address()}#"}
    for context in as_list(document.get("@context")):
        if isinstance(context, Mapping):
            found |= {name: iri for name, iri in context.items() if isinstance(iri, str)}
    return found


def read_policy(document: Mapping[str, Any]) -> Policy:
    """The rules of a policy in JSON-LD. Raises PolicyUnreadable, also for a profile that the market does not know."""
    return _Reader(document).policy()


class _Reader:
    """Reads one document with its prefixes."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        self.namespaces = namespaces_of(document)

    def policy(self) -> Policy:
        """The policy of the document."""
        for profile in as_list(self._get(self.document, "profile")):
            if not self._iri(profile).endswith(PROFILE_PATH):
                raise PolicyUnreadable(f"unknown profile {self._iri(profile)}")
        conflict = as_list(self._get(self.document, "conflict"))
        return Policy(
            uid=self._uid(self.document, ""),
            conflict=self._iri(conflict[0]) if conflict else "invalid",
            permissions=tuple(self._rules("permission")),
            prohibitions=tuple(self._rules("prohibition")),
            obligations=tuple(self._duties(self.document, "obligation")),
        )

    def _rules(self, kind: str) -> Iterator[Rule]:
        for number, stated in enumerate(as_list(self._get(self.document, kind))):
            uid = self._uid(stated, f"{kind}[{number}]")
            duties = tuple(self._duties(stated, "duty"))
            conditions = tuple(self._conditions(stated, "constraint"))
            actions: list[tuple[str | None, tuple[Condition, ...]]] = [*self._actions(stated)] or [(None, ())]
            inherited = (
                as_list(self._get(stated, name) or self._get(self.document, name)) or [None]
                for name in ("assignee", "target")
            )
            for (action, refinements), assignee, target in product(actions, *inherited):
                yield Rule(
                    kind=kind,
                    uid=uid,
                    action=action,
                    assignee=None if assignee is None else self._iri(assignee),
                    target=None if target is None else self._iri(target),
                    conditions=(*conditions, *refinements),
                    duties=duties,
                )

    def _duties(self, holder: Mapping[str, Any], name: str) -> Iterator[Duty]:
        for stated in as_list(self._get(holder, name)):
            uid = self._uid(stated, "")
            conditions = tuple(self._conditions(stated, "constraint"))
            for action, refinements in self._actions(stated):
                yield Duty(uid, action, conditions, refinements)

    def _actions(self, stated: Mapping[str, Any]) -> Iterator[tuple[str, tuple[Condition, ...]]]:
        for action in as_list(self._get(stated, "action")):
            if isinstance(action, Mapping) and "@id" not in action:
                value = as_list(action.get("rdf:value", action.get(f"{RDF}value")))
                if not value:
                    raise PolicyUnreadable("an action without its name")
                yield self._iri(value[0]), tuple(self._conditions(action, "refinement"))
            else:
                yield self._iri(action), ()

    def _conditions(self, holder: Mapping[str, Any], name: str) -> Iterator[Condition]:
        for stated in as_list(self._get(holder, name)):
            yield self._condition(stated)

    def _condition(self, stated: Mapping[str, Any]) -> Condition:
        uid = self._uid(stated, "")
        for operand in LOGICAL:
            parts = as_list(self._get(stated, operand))
            if parts:
                return Compound(operand, tuple(self._condition(part) for part in parts), uid)
        left, operator = self._get(stated, "leftOperand"), self._get(stated, "operator")
        if left is None or operator is None:
            raise PolicyUnreadable("a constraint without left operand or operator")
        unit = self._get(stated, "unit")
        right = sorted(self._value(value) for value in as_list(self._get(stated, "rightOperand")))
        return Atom(
            left=self._iri(as_list(left)[0]),
            operator=self._iri(as_list(operator)[0]),
            right=tuple(dict.fromkeys(right)),
            unit=None if unit is None else self._iri(as_list(unit)[0]),
            uid=uid,
        )

    def _get(self, holder: Mapping[str, Any], name: str) -> Any:
        for written in (name, f"odrl:{name}", f"{ODRL}{name}"):
            if written in holder:
                return holder[written]
        return None

    def _uid(self, holder: Mapping[str, Any], otherwise: str) -> str:
        stated = holder.get("@id") or self._get(holder, "uid")
        return self._iri(as_list(stated)[0]) if stated else otherwise

    def _iri(self, value: Any) -> str:
        text = str(value["@id"] if isinstance(value, Mapping) else value)
        prefix, colon, local = text.partition(":")
        if colon and prefix in self.namespaces:
            text = f"{self.namespaces[prefix]}{local}"
        if text.startswith(ODRL):
            return text.removeprefix(ODRL)
        profile = self.namespaces["m"]
        return f"m:{text.removeprefix(profile)}" if text.startswith(profile) else text

    def _value(self, value: Any) -> str:
        if isinstance(value, Mapping) and "@value" in value:
            return str(value["@value"])
        return self._iri(value)
