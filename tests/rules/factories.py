"""Rulebooks for tests: small documents over a small vocabulary, and published ones."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.rules import services
from marketplace.rules.document import check_document
from marketplace.rules.models import Rulebook
from marketplace.rules.rulebook import CompiledRulebook

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
    """The first rulebook of the demo market."""
    loaded: dict[str, Any] = yaml.safe_load(FIXTURE.read_text(encoding="utf-8"))
    return loaded


def publish(
    stated: dict[str, Any] | None = None, actor: Actor = SYSTEM, effective_from: datetime | None = None
) -> Rulebook:
    """A published rulebook: the demo market's, if none is given."""
    return services.publish_rulebook(
        actor=actor, document=stated or fixture_document(), effective_from=effective_from
    )
