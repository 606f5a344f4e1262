"""Rulebooks for tests: small documents over a small vocabulary, and published ones."""

from __future__ import annotations

import copy
import functools
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.participants.models import Organisation
from marketplace.rules import services
from marketplace.rules.document import check_document
from marketplace.rules.models import Rulebook
from marketplace.rules.rulebook import CompiledRulebook
from tests.participants import factories as participants
from tests.participants.factories import staff

PUBLISHERS = ("usr_rules_first", "usr_rules_second")
TEXT = {"ja": "規則", "en": "Rule"}
FIXTURE = Path(__file__).parents[2] / "fixtures" / "rulebook.yaml"

VOCABULARY: dict[str, Any] = {
    "evaluator": 1,
    "points": {
        "entry": {
            "kind": "decision",
            "default": "hold",
            "neutral": False,
            "facts": {
                "guest.kind": "string",
                "guest.country": "string?",
                "guest.age": "int",
                "guest.score": "int?",
                "guest.member": "bool",
                "guest.since": "timestamp",
                "guest.badges": "list(string)",
            },
            "parties": [],
        },
        "fee": {
            "kind": "tariff",
            "default": "hold",
            "neutral": True,
            "facts": {"trade.segment": "string", "trade.price_minor": "int", "trade.currency": "string"},
            "parties": [],
        },
    },
}
GUEST: dict[str, Any] = {
    "guest.kind": "business",
    "guest.country": "JP",
    "guest.age": 30,
    "guest.score": 7,
    "guest.member": True,
    "guest.since": "2026-01-01T00:00:00+00:00",
    "guest.badges": ["gold"],
}


def rule(code: str, when: str, outcome: str = "deny", point: str = "entry") -> dict[str, Any]:
    """One rule."""
    return {"code": code, "point": point, "when": when, "outcome": outcome, "text": TEXT}


def tariff(code: str = "STANDARD-5", when: str = "true", **changes: Any) -> dict[str, Any]:
    """One fee: 5%, at least 100 and at most 500,000, borne by the seller."""
    stated = {"point": "trade_fee", "rate_bp": 500, "minimum_minor": 100, "cap_minor": 500_000}
    return {"code": code, "when": when, "borne_by": "seller", **stated, **changes}


def document(*rules: dict[str, Any], **sections: Any) -> dict[str, Any]:
    """A document with these rules and further sections."""
    return {"title": TEXT, "rules": list(rules), **sections}


def compiled(stated: dict[str, Any]) -> CompiledRulebook:
    """A document over VOCABULARY, ready to decide; it has no faults."""
    faults, reads = check_document(stated, VOCABULARY)
    assert faults == []
    return CompiledRulebook(stated, {**VOCABULARY, "reads": reads})


def fixture_document() -> dict[str, Any]:
    """The first rulebook of the demo market, whose next version needs no notice here."""
    stated = copy.deepcopy(_fixture())
    stated["parameters"].pop("rulebook_notice_hours", None)
    return stated


@functools.cache
def _fixture() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(FIXTURE.read_text(encoding="utf-8"))
    return loaded


def publish(
    stated: dict[str, Any] | None = None,
    actor: Actor | None = None,
    effective_from: datetime | None = None,
    **options: Any,
) -> Rulebook:
    """A published rulebook: the demo market's, if none is given. Two people publish whatever follows the first.

    ``actor``: one person alone, if the test states it.
    """
    document = stated or fixture_document()
    options |= {"document": document, "effective_from": effective_from}
    newest = Rulebook.objects.order_by("-number").first()
    if actor is not None or newest is None:
        options.setdefault("replaces", newest.public_id if newest else None)
        return services.publish_rulebook(actor=actor or SYSTEM, **options)
    first, second = publishers()
    options.setdefault("replaces", newest.public_id)
    return services.publish_rulebook(actor=second, first_person=first.identifier, **options)


def publishers() -> tuple[Actor, Actor]:
    """Two people of the operator who publish rulebooks."""
    staff(*PUBLISHERS)
    operator = Organisation.objects.get(is_operator=True)
    first, second = (participants.actor_for(operator, identifier) for identifier in PUBLISHERS)
    return first, second
