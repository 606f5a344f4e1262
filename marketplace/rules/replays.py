"""Replay of decisions: evaluate the recorded facts under the recorded rulebook and compare the result."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from .cel import ExpressionRefused, UnknownEvaluator
from .models import Decision, Rulebook
from .rulebook import CompiledRulebook, decision_digest

CHUNK = 1_000


def difference(decision: Decision, rules: CompiledRulebook) -> str | None:
    """The difference between ``decision`` and its replay under ``rules``, or None."""
    verdict = rules.verdict(decision.point, decision.facts)
    if verdict.outcome != decision.outcome:
        return f"decided {decision.outcome}, replayed {verdict.outcome}"
    if verdict.reasons != decision.reasons:
        return "the reasons differ"
    digest = decision_digest(
        point=decision.point,
        subject=decision.subject,
        rulebook_digest=decision.rulebook.digest,
        vocabulary_digest=decision.rulebook.vocabulary_digest,
        facts=decision.facts,
        outcome=verdict.outcome,
        reasons=verdict.reasons,
        salt=decision.salt,
    )
    return None if digest == decision.digest else "the digest differs"


def differences(decisions: QuerySet[Decision]) -> list[dict[str, Any]]:
    """Every decision whose replay differs: ``{"decision", "difference"}``.

    The rulebooks are compiled anew from the database, not taken from this process's cache.
    """
    rules: dict[int, CompiledRulebook | str] = {}
    found = []
    for decision in decisions.select_related("rulebook").iterator(chunk_size=CHUNK):
        if decision.rulebook_id not in rules:
            rules[decision.rulebook_id] = _recompile(decision.rulebook)
        ready = rules[decision.rulebook_id]
        problem = ready if isinstance(ready, str) else difference(decision, ready)
        if problem is not None:
            found.append({"decision": decision.public_id, "difference": problem})
    return found


def _recompile(rulebook: Rulebook) -> CompiledRulebook | str:
    try:
        return CompiledRulebook(rulebook.document, rulebook.vocabulary)
    except (ExpressionRefused, UnknownEvaluator, KeyError) as error:
        return f"rulebook {rulebook.number} cannot be compiled: {error}"
