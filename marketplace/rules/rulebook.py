"""A compiled rulebook: the same facts under the same rulebook always give the same result. Pure."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marketplace.kernel.canonical import digest_of
from marketplace.kernel.labels import Label

from .cel import Condition, NotDecidable
from .document import languages
from .errors import FactsNotTaken, NoTariff, TariffUndecidable, UnknownPoint
from .points import PointKind
from .providers import recordable_facts
from .states import Basis, Outcome, strongest
from .tariffs import Tariff, stated_tariff
from .tax_tables import TaxTables

logger = logging.getLogger(__name__)

DEFAULT_RULE = "DEFAULT"

NO_RULE_APPLIES = Label(
    "No rule applies. Default outcome: {outcome}.", "適用される規則がありません。既定の判定: {outcome}"
)
NOT_KNOWN = Label(
    "The rule {rule} is undecidable because these facts are unknown: {facts}. The operator reviews the case.",
    "規則 {rule} は次の事実が不明なため判定できません: {facts}。運営者が審査します。",
)
NOT_COMPUTED = Label(
    "The rule {rule} is undecidable from the recorded facts. The operator reviews the case.",
    "規則 {rule} は記録された事実からは判定できません。運営者が審査します。",
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result at a decision point. ``reasons``: ``{"rule", "outcome", "basis", "text": {"ja", "en"}}``, in the
    rulebook's order."""

    outcome: str
    reasons: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class _Compiled:
    entry: Mapping[str, Any]
    condition: Condition
    reads: tuple[str, ...]


class CompiledRulebook:
    """The conditions of a document, compiled against the vocabulary that was published with it."""

    def __init__(self, document: Mapping[str, Any], vocabulary: Mapping[str, Any]) -> None:
        """Both as published; raises cel.ExpressionRefused if a condition no longer compiles."""
        self.points: Mapping[str, Any] = vocabulary["points"]
        self.tax = TaxTables.of(document)
        self._languages = languages(vocabulary)
        reads = vocabulary["reads"]
        self._entries: dict[str, list[_Compiled]] = {code: [] for code in self.points}
        for entry in (*document["rules"], *document.get("tariffs", [])):
            condition = self._languages[entry["point"]].compile(entry["when"])
            self._entries[entry["point"]].append(_Compiled(entry, condition, tuple(reads[entry["code"]])))

    def facts_of(self, point: str) -> dict[str, str]:
        """The facts of a decision point with their types; raises UnknownPoint."""
        return dict(self._point(point, PointKind.DECISION)["facts"])

    def verdict(self, point: str, facts: Mapping[str, Any]) -> Verdict:
        """Evaluate the rules of ``point`` on recorded ``facts``: the strongest outcome of the rules that apply.

        An undecidable rule counts as a hold, with a reason that names the unknown facts, so an error never lets a
        subject pass. If no rule applies, the point's default is the outcome. Raises UnknownPoint.
        """
        described = self._point(point, PointKind.DECISION)
        activation = self._languages[point].activation(facts)
        reasons = []
        for rule in self._entries[point]:
            try:
                if rule.condition.holds(activation):
                    reasons.append(
                        _reason(rule.entry["code"], rule.entry["outcome"], Basis.RULE, rule.entry["text"])
                    )
            except NotDecidable as error:
                logger.warning("rule %s at %s is undecidable: %s", rule.entry["code"], point, error)
                reasons.append(_undecidable_reason(rule, facts))
        if not reasons:
            reasons.append(_default_reason(described["default"]))
        return Verdict(strongest(reason["outcome"] for reason in reasons).value, reasons)

    def tariff(self, point: str, facts: Mapping[str, Any], rulebook: str | None = None) -> Tariff:
        """The first tariff of ``point``, in the document's order, that applies to the trade.

        ``facts``: ``{"segment", "price_minor", "currency"}``, nothing about the parties. Raises FactsNotTaken for any
        other name, UnknownPoint, NoTariff, TariffUndecidable.
        """
        types = self._point(point, PointKind.TARIFF)["facts"]
        given = {f"trade.{name}": value for name, value in facts.items()}
        unknown = sorted(set(given) - set(types))
        if unknown:
            raise FactsNotTaken(point=point, facts=", ".join(unknown))
        known = recordable_facts(given, types)
        activation = self._languages[point].activation(known)
        for candidate in self._entries[point]:
            entry = candidate.entry
            try:
                applies = candidate.condition.holds(activation)
            except NotDecidable as error:
                missing = ", ".join(_unknown_facts(candidate, known)) or "-"
                raise TariffUndecidable(tariff=entry["code"], missing=missing) from error
            if applies:
                return stated_tariff(entry, rulebook)
        raise NoTariff(point=point)

    def _point(self, code: str, kind: PointKind) -> Mapping[str, Any]:
        described: Mapping[str, Any] | None = self.points.get(code)
        if described is None or described["kind"] != kind:
            raise UnknownPoint(point=code)
        return described


def decision_digest(
    *,
    point: str,
    subject: str,
    rulebook_digest: str,
    vocabulary_digest: str,
    facts: Mapping[str, Any],
    outcome: str,
    reasons: list[dict[str, Any]],
) -> str:
    """The digest of a decision (SHA-256 over RFC 8785); anyone with the rulebook and the facts can compute it."""
    return digest_of(
        {
            "point": point,
            "subject": subject,
            "rulebook": rulebook_digest,
            "vocabulary": vocabulary_digest,
            "facts": dict(facts),
            "outcome": outcome,
            "reasons": reasons,
        }
    )


def _reason(rule: str, outcome: str, basis: Basis, text: Mapping[str, str]) -> dict[str, Any]:
    return {"rule": rule, "outcome": outcome, "basis": basis.value, "text": dict(text)}


def _default_reason(outcome: str) -> dict[str, Any]:
    label = Outcome(outcome).label
    ja = label.ja if isinstance(label, Label) else label
    text = {"ja": NO_RULE_APPLIES.ja.format(outcome=ja), "en": NO_RULE_APPLIES.en.format(outcome=label)}
    return _reason(DEFAULT_RULE, outcome, Basis.DEFAULT, text)


def _undecidable_reason(rule: _Compiled, facts: Mapping[str, Any]) -> dict[str, Any]:
    missing, code = ", ".join(_unknown_facts(rule, facts)), rule.entry["code"]
    text = NOT_KNOWN.fill({"rule": code, "facts": missing}) if missing else NOT_COMPUTED.fill({"rule": code})
    return _reason(code, Outcome.HOLD.value, Basis.ERROR, text.as_dict())


def _unknown_facts(rule: _Compiled, facts: Mapping[str, Any]) -> list[str]:
    return [name for name in rule.reads if facts.get(name) is None]
