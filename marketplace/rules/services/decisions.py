"""Make decisions by the rules, and replay them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from marketplace.evidence.services import Fact, record_all
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.canonical import digest_of
from marketplace.kernel.commitments import new_salt
from marketplace.kernel.errors import Missing
from marketplace.kernel.permissions import Permission

from ..gathering import Given, gather_facts
from ..locks import RULEBOOK_LOCK
from ..models import Decision, Rulebook
from ..queries import compiled_in_force, visible_decisions
from ..replays import difference, differences
from ..rulebook import CompiledRulebook, Verdict, decision_digest
from ..states import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The result of evaluating the rules on a subject: ``outcome`` is ``allow``, ``warn``, ``hold`` or ``deny``.

    ``reasons`` are ``{"rule", "outcome", "basis", "text": {"ja", "en"}}``; ``rulebook`` is the public identifier
    of the version in force, ``facts`` the recorded facts. ``is_cleared``: two people allowed what the rules hold.
    """

    point: str
    subject: str
    outcome: str
    reasons: list[dict[str, Any]]
    rulebook: str
    facts: dict[str, Any]
    is_cleared: bool = False

    @property
    def passes(self) -> bool:
        """Whether the subject passes: allowed, allowed with a warning, or on hold and allowed by two people."""
        return self.outcome in (Outcome.ALLOW, Outcome.WARN) or self.is_cleared


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionView(Judgement):
    """A recorded decision, under ``public_id``; ``digest`` commits to everything it is based on, under the row's salt."""

    public_id: str
    digest: str


@transaction.atomic
def evaluate(*, point: str, subject: str, actor: Actor = SYSTEM, given: Given | None = None) -> DecisionView:
    """Decide on ``subject`` (a public identifier) at ``point`` by the rulebook in force, and record the decision.

    Facts come from the point's providers, and from the caller where the point accepts ``given`` ones, by namespace.
    An unknown fact or an undecidable condition leads to a hold. Raises NoRulebook, UnknownPoint, FactsNotTaken for
    given facts that the point does not accept, and errors of a provider (Missing).
    """
    return evaluate_in_turn(points={point: given or {}}, subject=subject, actor=actor)[0]


@transaction.atomic(savepoint=False)
def evaluate_in_turn(
    *,
    points: Mapping[str, Given],
    subject: str,
    actor: Actor = SYSTEM,
    cleared: Callable[[], Collection[str]] = tuple,
) -> list[DecisionView]:
    """Decide on ``subject`` at several points by one rulebook, in order, until it does not pass; records every decision.

    ``points`` are the facts given at each point, empty where none are. The last decision is the first that does not
    pass, if there is one. ``cleared`` reads which earlier decisions of hold on the subject two people allowed: what the same rules
    put on hold then, stated alike in their rulebook, passes now. As ``evaluate``; an error ends the caller's transaction too.
    """
    # A rulebook is published between two decisions, never in the middle of one.
    RULEBOOK_LOCK.acquire_shared()
    now = clock.now()
    rulebook, rules = compiled_in_force(now)
    decisions: list[Decision] = []
    views: list[DecisionView] = []
    for point, given in points.items():
        facts, verdict = _evaluate_facts(rules, point, subject, now, given)
        salt = new_salt()
        decisions.append(
            Decision(
                point=point,
                subject=subject,
                rulebook=rulebook,
                facts=facts,
                outcome=verdict.outcome,
                reasons=verdict.reasons,
                salt=salt,
                digest=_digest(rulebook, point, subject, facts, verdict, salt),
                parties=_parties(rules, point, facts),
                actor=actor.identifier,
                engine=rules.engine,
                decided_at=now,
            )
        )
        is_held = verdict.outcome == Outcome.HOLD
        views.append(_view(decisions[-1], is_cleared=is_held and _is_cleared(decisions[-1], cleared())))
        if not views[-1].passes:
            break
    Decision.objects.bulk_create(decisions)
    record_all(
        [
            Fact(
                kind="rules.decided",
                subject=subject,
                actor=actor,
                payload={
                    "decision": decision.public_id,
                    "point": decision.point,
                    "rulebook": rulebook.public_id,
                    "outcome": decision.outcome,
                    "digest": decision.digest,
                    "engine": decision.engine,
                },
            )
            for decision in decisions
        ]
    )
    return views


def _is_cleared(decision: Decision, cleared: Collection[str]) -> bool:
    """Whether every rule that puts the subject on hold did so in a decision that was cleared, at the same point.

    A rule is the same where both rulebooks state it alike, condition and text, and it holds for the same reason.
    """
    rows = Decision.objects.filter(public_id__in=cleared, subject=decision.subject, point=decision.point)
    known = {rule for row in rows.select_related("rulebook") for rule in _holding(row)}
    return bool(known) and _holding(decision) <= known


def _holding(decision: Decision) -> set[str]:
    """Digests of the rules that put a subject on hold: each as the decision's rulebook states it, with the reason."""
    stated = {rule["code"]: rule for rule in decision.rulebook.document["rules"]}
    return {
        digest_of({"reason": reason, "rule": stated.get(reason["rule"])})
        for reason in decision.reasons
        if reason["outcome"] == Outcome.HOLD
    }


def _digest(
    rulebook: Rulebook, point: str, subject: str, facts: dict[str, Any], verdict: Verdict, salt: str
) -> str:
    return decision_digest(
        point=point,
        subject=subject,
        rulebook_digest=rulebook.digest,
        vocabulary_digest=rulebook.vocabulary_digest,
        facts=facts,
        outcome=verdict.outcome,
        reasons=verdict.reasons,
        salt=salt,
    )


def _view(decision: Decision, *, is_cleared: bool = False) -> DecisionView:
    return DecisionView(
        public_id=decision.public_id,
        point=decision.point,
        subject=decision.subject,
        outcome=decision.outcome,
        reasons=decision.reasons,
        rulebook=decision.rulebook.public_id,
        facts=decision.facts,
        digest=decision.digest,
        is_cleared=is_cleared,
    )


PREVIEWING = (Permission.RULEBOOK_WRITE, Permission.ADMISSION_READ)
"""Whose daily work the facts of participants are that a preview shows."""


def preview(*, point: str, subject: str, actor: Actor, given: Given | None = None) -> Judgement:
    """What ``evaluate`` would decide now, without recording it; operator only. Raises as evaluate, and Forbidden."""
    actor.require(*PREVIEWING)
    now = clock.now()
    rulebook, rules = compiled_in_force(now)
    facts, verdict = _evaluate_facts(rules, point, subject, now, given)
    return Judgement(
        point=point,
        subject=subject,
        outcome=verdict.outcome,
        reasons=verdict.reasons,
        rulebook=rulebook.public_id,
        facts=facts,
    )


def replay(decision: str, *, actor: Actor = SYSTEM) -> bool:
    """Whether the replay of a decision (public identifier) gives the same outcome, reasons and digest.

    Raises Missing if the decision is outside the actor's scope.
    """
    row = visible_decisions(actor).filter(public_id=decision).first()
    if row is None:
        raise Missing(kind="decision", identifier=decision)
    return difference(row, CompiledRulebook(row.rulebook.document, row.rulebook.vocabulary)) is None


def verify_replays() -> list[dict[str, Any]]:
    """Replay every decision; returns those that differ, as ``{"decision", "difference"}``."""
    return differences(Decision.objects.order_by("pk"))


def _evaluate_facts(
    rules: CompiledRulebook,
    point: str,
    subject: str,
    now: datetime,
    given: Given | None,
) -> tuple[dict[str, Any], Verdict]:
    """The facts as recorded, and the result of the rules on them."""
    facts = gather_facts(rules.facts_of(point), point, subject, now, given)
    return facts, rules.verdict(point, facts)


def _parties(rules: CompiledRulebook, point: str, facts: Mapping[str, Any]) -> list[str]:
    """The organisations that the decision concerns, by the facts that name them."""
    named = (facts[name] for name in rules.points[point]["parties"])
    return sorted({party for party in named if party is not None})
