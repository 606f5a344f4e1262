"""A compiled rulebook: the same facts under the same rulebook always give the same result. Pure."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marketplace.kernel.canonical import digest_of

from .cel import ENGINE, Condition, NotDecidable
from .document import languages
from .errors import FactsNotTaken, NoTariff, TariffUndecidable, UnknownPoint
from .points import PointKind
from .providers import recordable_facts
from .states import Basis, Outcome, strongest
from .tariffs import Tariff, stated_tariff
from .tax_tables import TaxTables
from .texts import FIRST_WORDS, Words, filled

logger = logging.getLogger(__name__)

DEFAULT_RULE = "DEFAULT"


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
        """Both as published; raises cel.ExpressionRefused if a condition no longer compiles, cel.UnknownEvaluator.

        ``engine`` is what evaluates it here: the version of the evaluator and of the library.
        """
        self.vocabulary = vocabulary
        self.points: Mapping[str, Any] = vocabulary["points"]
        self.tax = TaxTables.of(document)
        self.engine = f"{vocabulary['evaluator']}/{ENGINE}"
        self._words: Words = vocabulary.get("words", FIRST_WORDS)
        self._languages = languages(vocabulary, document)
        reads = vocabulary["reads"]
        self._entries: dict[str, list[_Compiled]] = {code: [] for code in self.points}
        for entry in (*document["rules"], *document.get("tariffs", [])):
            condition = self._languages[entry["point"]].compile(entry["when"])
            self._entries[entry["point"]].append(_Compiled(entry, condition, tuple(reads[entry["code"]])))
        self._by_code = {
            entry.entry["code"]: (point, entry)
            for point, entries in self._entries.items()
            for entry in entries
        }

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
                reasons.append(self._undecidable_reason(rule, facts))
        if not reasons:
            reasons.append(self._default_reason(described["default"]))
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

    def applies(self, code: str, facts: Mapping[str, Any]) -> bool | None:
        """Whether the condition of one rule or tariff holds on recorded ``facts``; None if it is undecidable.

        Raises KeyError for an unknown code.
        """
        point, compiled = self._by_code[code]
        try:
            return compiled.condition.holds(self._languages[point].activation(facts))
        except NotDecidable:
            return None

    def _default_reason(self, outcome: str) -> dict[str, Any]:
        text = filled(self._words["no_rule_applies"], outcome=self._words["outcomes"][outcome])
        return _reason(DEFAULT_RULE, outcome, Basis.DEFAULT, text)

    def _undecidable_reason(self, rule: _Compiled, facts: Mapping[str, Any]) -> dict[str, Any]:
        missing, code = ", ".join(_unknown_facts(rule, facts)), rule.entry["code"]
        words = self._words["not_known" if missing else "not_computed"]
        return _reason(code, Outcome.HOLD.value, Basis.ERROR, filled(words, rule=code, facts=missing))

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
    salt: str,
) -> str:
    """The digest of a decision (SHA-256 over RFC 8785); anyone with the rulebook, all facts and the salt can compute it."""
    return digest_of(
        {
            "point": point,
            "subject": subject,
            "rulebook": rulebook_digest,
            "vocabulary": vocabulary_digest,
            "facts": dict(facts),
            "outcome": outcome,
            "reasons": reasons,
            "salt": salt,
        }
    )


def _reason(rule: str, outcome: str, basis: Basis, text: Mapping[str, str]) -> dict[str, Any]:
    return {"rule": rule, "outcome": outcome, "basis": basis.value, "text": dict(text)}


def _unknown_facts(rule: _Compiled, facts: Mapping[str, Any]) -> list[str]:
    return [name for name in rule.reads if facts.get(name) is None]
