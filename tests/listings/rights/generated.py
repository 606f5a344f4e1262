"""Policies, questions and states of the world drawn from small ranges, so that they meet often."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from listings.rights import Parties, parse_rights, policy_of
from listings.rights.constraints import DutyState, Question, World

TOKYO = ZoneInfo("Asia/Tokyo")
AGREED = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)
ACTIONS = ["use", "read", "derive", "distribute", "sell", "transfer", "m:trainModel", "m:jointUse", "print"]
CHOICES: dict[str, list[Any]] = {
    "contract_type": ["licence", "transfer", "joint_use"],
    "purposes": [["unrestricted"], ["research"], ["research", "medical"], ["commercial"]],
    "disclosure_scope": ["unrestricted", "department", "company", "group"],
    "onward_transfer": ["prohibited", "permitted"],
    "regions": [[], ["JP"], ["JP", "US"]],
    "valid_until": [None, "2026-12-31", "2027-06-30"],
    "duration": [None, "P1M", "P28D", "P30D", "P31D", "P1Y", "P12M"],
    "use_count_max": [None, 1, 3],
    "derivatives": ["permitted", "prohibited"],
    "model_training": ["permitted", "prohibited"],
    "attribution": [False, True],
    "delete_at_end": [False, True],
    "report_use": [False, True],
}
ATOMS = [
    ("purpose", ["isAnyOf", "isNoneOf", "eq", "neq"], ["m:research", "m:medical", "m:commercial"]),
    ("recipient", ["isPartOf", "eq"], ["m:person_in_charge", "m:department", "m:company", "m:group"]),
    ("spatial", ["isAnyOf", "isNoneOf"], ["JP", "US"]),
    ("dateTime", ["lt", "lteq", "gt", "gteq", "eq", "neq"], ["2026-12-31", "2027-01-01T00:00:00+09:00"]),
    ("elapsedTime", ["lteq", "gt"], ["P1M", "P28D", "P30D", "P1Y"]),
    ("count", ["lt", "lteq", "gteq", "neq"], ["1", "2", "3"]),
    ("industry", ["isPartOf", "eq"], ["urn:farming", "urn:fishing"]),
]
PARTIES = ["urn:alice", "urn:bob"]


def chosen(draw: random.Random) -> dict[str, Any]:
    """A policy of a seller's choices; few depart from the first of their range."""
    choices = {
        name: draw.choice(values) if draw.random() < 0.3 else values[0] for name, values in CHOICES.items()
    }
    return policy_of(
        parse_rights(choices),
        price_minor=draw.choice([100, 200]),
        currency="JPY",
        identifier="urn:sanpo:ofr_1",
        parties=Parties("urn:sanpo:org_s"),
    )


def _constraint(draw: random.Random, depth: int = 1) -> dict[str, Any]:
    if depth and draw.random() < 0.25:
        parts = [_constraint(draw, depth - 1) for _ in range(draw.choice([2, 2, 3]))]
        return {draw.choice(["and", "or", "xone"]): parts}
    left, operators, values = draw.choice(ATOMS)
    operator = draw.choice(operators)
    count = draw.choice([1, 2]) if operator in ("isAnyOf", "isNoneOf") else 1
    return {"leftOperand": left, "operator": operator, "rightOperand": draw.sample(values, count)}


def _rule(draw: random.Random, *, is_permission: bool) -> dict[str, Any]:
    rule: dict[str, Any] = {"constraint": [_constraint(draw) for _ in range(draw.choice([0, 0, 1, 1, 2]))]}
    if draw.random() < 0.95:
        rule["action"] = draw.choice(ACTIONS if not is_permission else ["use", *ACTIONS])
    if draw.random() < 0.2:
        rule["assignee"] = draw.choice(PARTIES)
    if is_permission and draw.random() < 0.3:
        rule["duty"] = [{"action": draw.choice(["attribute", "compensate"])}]
    return rule


def free(draw: random.Random) -> dict[str, Any]:
    """A policy of any rules."""
    made: dict[str, Any] = {
        "@type": "Set",
        "permission": [_rule(draw, is_permission=True) for _ in range(draw.choice([1, 1, 2, 3]))],
        "prohibition": [_rule(draw, is_permission=False) for _ in range(draw.choice([0, 0, 1]))],
    }
    if draw.random() < 0.7:
        made["conflict"] = draw.choice(["prohibit", "perm"])
    if draw.random() < 0.2:
        made["obligation"] = [{"action": "inform"}]
    return made


def near(draw: random.Random, policy: dict[str, Any]) -> dict[str, Any]:
    """A policy that departs from another in one rule."""
    kind = draw.choice(["permission", "prohibition"])
    rules = list(policy.get(kind, []))
    if rules and draw.random() < 0.5:
        number = draw.randrange(len(rules))
        rules[number] = {
            **rules[number],
            "constraint": [*rules[number].get("constraint", ()), _constraint(draw)],
        }
    elif rules and draw.random() < 0.4:
        rules.pop(draw.randrange(len(rules)))
    else:
        rules.append(_rule(draw, is_permission=kind == "permission"))
    return {**policy, kind: rules}


def policies(seed: int, count: int) -> list[dict[str, Any]]:
    """Policies that resemble each other."""
    draw = random.Random(seed)
    make = draw.choice([chosen, free])
    found = [make(draw)]
    while len(found) < count:
        found.append(near(draw, draw.choice(found)) if draw.random() < 0.6 else make(draw))
    return found


def questions(seed: int, count: int) -> Iterator[tuple[Question, World]]:
    """Questions, each with a state of the world."""
    draw = random.Random(seed)
    for _ in range(count):
        facts = {
            "purpose": draw.choice(["m:research", "m:medical", "m:commercial", "m:education"]),
            "recipient": draw.choice(
                ["m:person_in_charge", "m:department", "m:company", "m:group", "urn:desk"]
            ),
            "spatial": draw.choice(["JP", "US", "FR"]),
            "count": draw.choice(["0", "1", "2", "3", "4"]),
            "industry": draw.choice(["urn:farming", "urn:fishing", "urn:rice"]),
        }
        for name in list(facts):
            if draw.random() < 0.08:
                del facts[name]
        party = draw.choice([*PARTIES, "urn:carol", None])
        days = draw.choice([0, 27, 28, 29, 30, 31, 32, 60, 250, 364, 365, 400])
        agreed_at = AGREED + timedelta(days=draw.choice([0, 30, 61, 89]))
        yield (
            Question(draw.choice([*ACTIONS, "play", "give"]), party, None, facts),
            World(
                zone=TOKYO,
                now=agreed_at + timedelta(days=days) if draw.random() < 0.95 else None,
                agreed_at=agreed_at if draw.random() < 0.95 else None,
                part_of={
                    "urn:carol": frozenset({draw.choice(PARTIES)}),
                    "urn:desk": frozenset({"m:department"}),
                    "urn:rice": frozenset({"urn:farming"}),
                },
                duties={
                    "attribute": draw.choice(list(DutyState)),
                    "compensate": draw.choice(list(DutyState)),
                },
            ),
        )


def rewritten(policy: Any, seed: int) -> Any:
    """The same policy in another serialisation: shuffled, lists for single values, prefixes, IRIs, plain literals."""
    return _Rewriting(random.Random(seed)).value(policy, "")


class _Rewriting:
    """Writes the parts of a policy another way."""

    NAMES = ("action", "leftOperand", "operator", "conflict")

    def __init__(self, draw: random.Random) -> None:
        self.draw = draw

    def value(self, value: Any, key: str) -> Any:
        """The value of a key."""
        if isinstance(value, dict):
            if "@value" in value and self.draw.random() < 0.5:
                return value["@value"]
            items = list(value.items())
            self.draw.shuffle(items)
            return {self._key(name): self.value(one, name) for name, one in items}
        if isinstance(value, list):
            if key == "@context":
                return value
            made = [self.value(one, key) for one in value]
            self.draw.shuffle(made)
            return made[0] if len(made) == 1 and self.draw.random() < 0.5 else made
        if key in self.NAMES and ":" not in value:
            return self.draw.choice(
                [value, f"odrl:{value}", f"http://www.w3.org/ns/odrl/2/{value}", {"@id": f"odrl:{value}"}]
            )
        return value

    def _key(self, name: str) -> str:
        inner = ("permission", "prohibition", "constraint", "duty", "rightOperand", "assignee")
        return f"odrl:{name}" if name in inner and self.draw.random() < 0.3 else name
