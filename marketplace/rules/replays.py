"""Replaying decisions: the recorded facts under the recorded rulebook, against what was decided then."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from .cel import ExpressionRefused
from .models import Decision, Rulebook
from .rulebook import CompiledRulebook, decision_digest

CHUNK = 1_000


def difference(decision: Decision, rules: CompiledRulebook) -> str | None:
    """What comes out otherwise when ``decision`` is made again under ``rules``; None if it is all the same."""
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
    )
    return None if digest == decision.digest else "the digest differs"


def differences(decisions: QuerySet[Decision]) -> list[dict[str, Any]]:
    """Every decision that does not come out the same: ``{"decision", "difference"}``.

    The rulebooks are compiled anew from what stands in the database, whatever this process knows of them.
    """
    rules: dict[int, CompiledRulebook | str] = {}
    found = []
    for decision in decisions.select_related("rulebook").iterator(chunk_size=CHUNK):
        if decision.rulebook_id not in rules:
            rules[decision.rulebook_id] = _compiled_anew(decision.rulebook)
        ready = rules[decision.rulebook_id]
        problem = ready if isinstance(ready, str) else difference(decision, ready)
        if problem is not None:
            found.append({"decision": decision.public_id, "difference": problem})
    return found


def _compiled_anew(rulebook: Rulebook) -> CompiledRulebook | str:
    try:
        return CompiledRulebook(rulebook.document, rulebook.vocabulary)
    except (ExpressionRefused, KeyError) as error:
        return f"rulebook {rulebook.number} cannot be compiled: {error}"
