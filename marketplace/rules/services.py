"""Publishing rulebooks, deciding by them, and deciding again to see that it comes out the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from marketplace.events.schemas.rules import RulebookPublished
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.canonical import digest_of
from marketplace.kernel.errors import Missing

from .document import checked
from .errors import EffectiveInThePast, FactsNotTaken, RulebookRefused, UnknownPoint
from .models import Decision, Rulebook
from .points import POINTS, vocabulary
from .providers import PROVIDERS, recordable
from .queries import compiled, rulebook_in_force, visible_decisions
from .replays import difference, differences
from .rulebook import CompiledRulebook, Verdict, decision_digest
from .states import Outcome

RULEBOOK_LOCK = 5_301_010
EFFECTIVE_LEEWAY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the rules say of a subject now: ``outcome`` is ``allow``, ``warn``, ``hold`` or ``deny``.

    ``reasons`` are ``{"rule", "outcome", "basis", "text": {"ja", "en"}}``; ``rulebook`` is the public identifier
    of the version in force, ``facts`` what it was told.
    """

    point: str
    subject: str
    outcome: str
    reasons: list[dict[str, Any]]
    rulebook: str
    facts: dict[str, Any]

    @property
    def passes(self) -> bool:
        """Whether the subject may go on: allowed, or allowed with a warning."""
        return self.outcome in (Outcome.ALLOW, Outcome.WARN)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionView(Judgement):
    """A judgement that was recorded, under ``public_id``; ``digest`` commits to all it rests on."""

    public_id: str
    digest: str


@transaction.atomic
def publish_rulebook(
    *, actor: Actor, document: Mapping[str, Any], effective_from: datetime | None = None
) -> Rulebook:
    """Publish the next version of the rules, to take effect at ``effective_from`` (at once, if not given).

    The whole document is checked: its shape, and every condition against the facts of its decision point. An
    instant within the last minute means now; the version in force keeps deciding until then. Emits
    rulebook.published. Raises RulebookRefused naming every fault, EffectiveInThePast, Forbidden.
    """
    actor.require_operator()
    spoken = vocabulary()
    faults, reads = checked(document, spoken)
    if faults:
        raise RulebookRefused(faults)
    _lock_rules("pg_advisory_xact_lock")
    now = clock.now()
    effective = effective_from or now
    if effective < now - EFFECTIVE_LEEWAY:
        raise EffectiveInThePast(effective_from=effective.isoformat(), now=now.isoformat())
    fixed = {**spoken, "reads": reads}
    last = Rulebook.objects.order_by("-number").first()
    rulebook = Rulebook.objects.create(
        number=last.number + 1 if last else 1,
        document=document,
        digest=digest_of(document),
        vocabulary=fixed,
        vocabulary_digest=digest_of(fixed),
        published_at=now,
        effective_from=max(effective, now),
    )
    told = RulebookPublished(
        rulebook=rulebook.public_id,
        number=rulebook.number,
        digest=rulebook.digest,
        effective_from=rulebook.effective_from.isoformat(),
    )
    record(
        kind="rules.rulebook_published",
        subject=rulebook.public_id,
        actor=actor,
        payload={**told.data(), "vocabulary_digest": rulebook.vocabulary_digest},
    )
    emit(told)
    return rulebook


@transaction.atomic
def evaluate(
    *, point: str, subject: str, actor: Actor = SYSTEM, given: Mapping[str, Mapping[str, Any]] | None = None
) -> DecisionView:
    """Decide on ``subject`` (a public identifier) at ``point`` by the rulebook in force, and record the decision.

    Facts come from the point's providers, and from the caller where the point takes ``given`` ones, by namespace.
    A fact that is not known, or a condition that cannot be decided, leads to a hold. Raises NoRulebook,
    UnknownPoint, FactsNotTaken for given facts that the point does not take, and what a provider raises (Missing).
    """
    # A rulebook is published between two decisions, never in the middle of one.
    _lock_rules("pg_advisory_xact_lock_shared")
    now = clock.now()
    rulebook = rulebook_in_force(now)
    facts, verdict = _decided(compiled(rulebook), point, subject, now, given)
    digest = decision_digest(
        point=point,
        subject=subject,
        rulebook_digest=rulebook.digest,
        vocabulary_digest=rulebook.vocabulary_digest,
        facts=facts,
        outcome=verdict.outcome,
        reasons=verdict.reasons,
    )
    decision = Decision.objects.create(
        point=point,
        subject=subject,
        rulebook=rulebook,
        facts=facts,
        outcome=verdict.outcome,
        reasons=verdict.reasons,
        digest=digest,
        parties=_parties(rulebook, point, facts),
        actor=actor.identifier,
        decided_at=now,
    )
    record(
        kind="rules.decided",
        subject=subject,
        actor=actor,
        payload={
            "decision": decision.public_id,
            "point": point,
            "rulebook": rulebook.public_id,
            "outcome": verdict.outcome,
            "digest": digest,
        },
    )
    return DecisionView(
        public_id=decision.public_id,
        point=point,
        subject=subject,
        outcome=verdict.outcome,
        reasons=verdict.reasons,
        rulebook=rulebook.public_id,
        facts=facts,
        digest=digest,
    )


def preview(
    *, point: str, subject: str, actor: Actor, given: Mapping[str, Mapping[str, Any]] | None = None
) -> Judgement:
    """What ``evaluate`` would decide now; nothing is recorded. For the operator. Raises as evaluate, and Forbidden."""
    actor.require_operator()
    now = clock.now()
    rulebook = rulebook_in_force(now)
    facts, verdict = _decided(compiled(rulebook), point, subject, now, given)
    return Judgement(
        point=point,
        subject=subject,
        outcome=verdict.outcome,
        reasons=verdict.reasons,
        rulebook=rulebook.public_id,
        facts=facts,
    )


def replay(decision: str, *, actor: Actor = SYSTEM) -> bool:
    """Whether a decision (public identifier) comes out the same again, with the same reasons and digest.

    Raises Missing where the actor cannot see such a decision.
    """
    row = visible_decisions(actor).filter(public_id=decision).first()
    if row is None:
        raise Missing(kind="decision", identifier=decision)
    return difference(row, CompiledRulebook(row.rulebook.document, row.rulebook.vocabulary)) is None


def verify_replays() -> list[dict[str, Any]]:
    """Replay every decision there is; those that do not come out the same, as ``{"decision", "difference"}``."""
    return differences(Decision.objects.order_by("pk"))


def _decided(
    rules: CompiledRulebook,
    point: str,
    subject: str,
    now: datetime,
    given: Mapping[str, Mapping[str, Any]] | None,
) -> tuple[dict[str, Any], Verdict]:
    """The facts as they are recorded, and what the rules say of them."""
    types, asked = rules.facts_of(point), POINTS.get(point)
    if asked is None:
        raise UnknownPoint(point=point)
    values: dict[str, Any] = {"market.now": now, "market.date": clock.business_date(now).isoformat()}
    for namespace, stated in (given or {}).items():
        named = {f"{namespace}.{name}": value for name, value in stated.items()}
        if namespace not in asked.given or not set(named) <= set(types):
            raise FactsNotTaken(point=point, facts=", ".join(sorted(named)) or namespace)
        values |= named
    for name in asked.providers:
        provider = PROVIDERS.get(name)
        if provider is not None:
            values |= {f"{name}.{fact}": value for fact, value in provider.load(subject).items()}
    facts = recordable(values, types)
    return facts, rules.verdict(point, facts)


def _parties(rulebook: Rulebook, point: str, facts: Mapping[str, Any]) -> list[str]:
    """The organisations that the decision is about, by the facts that name them."""
    named = (facts[name] for name in rulebook.vocabulary["points"][point]["parties"])
    return sorted({party for party in named if party is not None})


def _lock_rules(function: str) -> None:
    """Held until the transaction ends: shared by decisions, alone by a publication, which waits for those under way."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [RULEBOOK_LOCK])
