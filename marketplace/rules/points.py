"""Decision points: where the market asks its rules, what they may know there, and what holds where none applies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.core.checks import CheckMessage, Error

from marketplace.kernel.labels import Label

from .providers import PARTY_FACTS, PROVIDERS, qualified
from .states import Outcome

EVALUATOR = 1
"""The version of the evaluation itself; it is part of a vocabulary, so that a later one leaves old decisions alone."""

MARKET_FACTS = {"now": "timestamp", "date": "string"}
"""Of every decision: the business time, and the business date (ISO 8601) in the market's time zone."""

TRADE_FACTS = {"segment": "string", "price_minor": "int", "currency": "string"}
"""Of a trade, at neutral points: its segment, its price without tax in minor units, and its currency."""

NEUTRAL_NAMESPACES = ("market", "trade")


class PointKind(StrEnum):
    """What a point comes to: a decision with reasons, or a tariff."""

    DECISION = "decision"
    TARIFF = "tariff"


@dataclass(frozen=True)
class Point:
    """One place where rules are asked.

    ``providers`` are read by the subject's identifier, ``given`` facts (by namespace) come from the caller.
    ``default`` holds where no rule applies. At a ``neutral`` point rules cannot know who takes part: it has no
    providers, and its facts are those of the market and of the trade alone.
    """

    code: str
    label: Label
    kind: PointKind = PointKind.DECISION
    default: Outcome = Outcome.HOLD
    providers: tuple[str, ...] = ()
    given: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    neutral: bool = False

    def __post_init__(self) -> None:
        """Refuse a fee that is not neutral, and a neutral point that could see a participant; raises ValueError."""
        if self.kind is PointKind.TARIFF and not self.neutral:
            raise ValueError(f"{self.code}: a fee does not know who takes part")
        seen = {fact for facts in self.given.values() for fact in facts}
        if self.neutral and (
            self.providers or not set(self.given) <= set(NEUTRAL_NAMESPACES) or seen & set(PARTY_FACTS)
        ):
            raise ValueError(f"the neutral point {self.code} would know who takes part")


POINTS = {
    point.code: point
    for point in (
        Point("admission", Label("admission of a participant", "参加の承認"), providers=("applicant",)),
        Point(
            "publication",
            Label("publication of a listing", "出品の公開"),
            providers=("listing", "quality"),
        ),
        Point("conclusion", Label("conclusion of an agreement", "契約の成立"), providers=("negotiation",)),
        Point(
            "trading",
            Label("taking in a trade (halts)", "取引の受付（停止措置）"),
            default=Outcome.ALLOW,
            given={"trade": TRADE_FACTS},
            neutral=True,
        ),
        Point(
            "shortfall",
            Label("suspension after a shortfall", "資金不足による取引停止"),
            default=Outcome.ALLOW,
            providers=("shortfall",),
        ),
        Point(
            "trade_fee",
            Label("fee on a trade", "取引手数料"),
            kind=PointKind.TARIFF,
            given={"trade": TRADE_FACTS},
            neutral=True,
        ),
    )
}


def vocabulary() -> dict[str, Any]:
    """What rules may read as of now, as JSON: a rulebook that is published keeps it.

    ``{"evaluator": 1, "points": {code: {"kind", "default", "neutral", "facts": {name: type}, "parties": [name]}}}``
    """
    return {"evaluator": EVALUATOR, "points": {code: _described(point) for code, point in POINTS.items()}}


def _described(point: Point) -> dict[str, Any]:
    # A tariff follows from the trade alone, so that anybody can compute it again.
    facts = {} if point.kind is PointKind.TARIFF else qualified("market", MARKET_FACTS)
    for namespace, types in point.given.items():
        facts |= qualified(namespace, types)
    providers = [PROVIDERS[name] for name in point.providers]
    for provider in providers:
        facts |= qualified(provider.name, provider.types)
    parties = [
        f"{provider.name}.{fact}"
        for provider in providers
        for fact in PARTY_FACTS
        if provider.types.get(fact, "").startswith("string")
    ]
    return {
        "kind": point.kind.value,
        "default": point.default.value,
        "neutral": point.neutral,
        "facts": facts,
        "parties": parties,
    }


def check_providers(**_options: Any) -> list[CheckMessage]:
    """System check: every fact provider that a point names is registered."""
    return [
        Error(
            f"the rule point {point.code} names the fact provider {name}, which nobody registered",
            hint=f"Declare FactProvider(name={name!r}, ...) in the facts.py of an installed application,"
            f" or take {name} out of the point's providers.",
            id="rules.E001",
        )
        for point in POINTS.values()
        for name in point.providers
        if name not in PROVIDERS
    ]
