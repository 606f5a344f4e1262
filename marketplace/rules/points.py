"""Decision points: where the rules are evaluated, on which facts, and the default outcome if no rule applies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.core.checks import CheckMessage, Error

from marketplace.kernel.labels import Label

from .providers import PARTY_FACTS, PROVIDERS, qualify_types
from .states import Outcome
from .texts import current_words

EVALUATOR = 2
"""The version of the evaluator (``cel``) for new rulebooks; part of the vocabulary, so a later version does not change old
decisions."""

MARKET_FACTS = {"now": "timestamp", "date": "string"}
"""Facts of every decision: the business time, and the business date (ISO 8601) in the market's time zone."""

TRADE_FACTS = {"segment": "string", "price_minor": "int", "currency": "string"}
"""Facts of a trade at neutral points: its segment, its price without tax in minor units, and its currency."""

NEUTRAL_NAMESPACES = ("market", "trade")

LISTED_SECTIONS = ("sanctions", "court_orders")
"""Sections of a document that list organisations by law or by order of a court. Neutral points do not know them."""

LAW_SECTIONS = (
    *LISTED_SECTIONS,
    "tax_rates",
    "tax_points",
    "supply_classes",
    "withholding",
    "unlawful_terms",
)
"""Sections of a document that state the law: what changes them alone may take effect at once."""


class PointKind(StrEnum):
    """The result of a point: a decision with reasons, or a tariff."""

    DECISION = "decision"
    TARIFF = "tariff"


@dataclass(frozen=True)
class Point:
    """One place where the rules are evaluated.

    ``providers`` load facts by the subject's identifier; ``given`` facts (by namespace) come from the caller.
    ``default`` is the outcome if no rule applies. At a ``neutral`` point the rules know nothing about the parties: it
    has no providers, and only facts of the market and of the trade.
    """

    code: str
    label: Label
    kind: PointKind = PointKind.DECISION
    default: Outcome = Outcome.HOLD
    providers: tuple[str, ...] = ()
    given: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    neutral: bool = False

    def __post_init__(self) -> None:
        """Raises ValueError for a tariff that is not neutral, and for a neutral point with facts about participants."""
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
            providers=("listing", "quality", "offer"),
        ),
        Point(
            "conclusion",
            Label("conclusion of an agreement", "契約の成立"),
            providers=("negotiation", "exposure"),
        ),
        Point(
            "trading",
            Label("admission of a trade", "取引の受付"),
            default=Outcome.ALLOW,
            given={"trade": TRADE_FACTS},
            neutral=True,
        ),
        Point(
            "shortfall",
            Label("suspension after a shortfall", "資金不足に伴う取引停止"),
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
    """The facts that rules may read now, as JSON; a rulebook stores it on publication.

    ``{"evaluator": 2, "words": {…}, "points": {code: {"kind", "default", "neutral", "facts": {name: type},
    "lists": {name: section}, "parties": [name], "withheld": {name: party}}}}``. ``words`` are those of reasons that no rule states (``texts``);
    ``lists`` are sections of the document whose organisations a condition may name as ``listed.<section>``.
    """
    return {
        "evaluator": EVALUATOR,
        "words": current_words(),
        "points": {code: _describe_point(point) for code, point in POINTS.items()},
    }


def _describe_point(point: Point) -> dict[str, Any]:
    # A tariff depends on the trade only, so anyone can recompute the fee.
    facts = {} if point.kind is PointKind.TARIFF else qualify_types("market", MARKET_FACTS)
    for namespace, types in point.given.items():
        facts |= qualify_types(namespace, types)
    providers = [PROVIDERS[name] for name in point.providers]
    for provider in providers:
        facts |= qualify_types(provider.name, provider.types)
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
        "lists": {} if point.neutral else {f"listed.{section}": section for section in LISTED_SECTIONS},
        "parties": parties,
        "withheld": {
            f"{provider.name}.{fact}": party
            for provider in providers
            for fact, party in provider.withheld.items()
        },
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
