"""Evaluate standing admissions under a rulebook that took effect or on facts that changed, and tell who would not be admitted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from django.db import transaction

from marketplace.events.schemas.rules import AdmissionRescreened
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.participants.queries import admissions_of, standing_admissions

from ..errors import NoRulebook
from ..gathering import gather_many
from ..models import Decision, Rulebook
from ..queries import compiled_in_force
from ..rulebook import CompiledRulebook
from ..services.decisions import evaluate
from ..states import STRENGTH, Outcome
from .models import Rescreening

POINT = "admission"
CHUNK = 200
SUBJECTS_MAX = 1_000_000
RULEBOOK = "rulebook"
FACTS = "facts"
"""Why an admission is evaluated again."""
_PASSING = (Outcome.ALLOW, Outcome.WARN)


@dataclass
class _Counts:
    """How many admissions were evaluated, and how many changed."""

    evaluated: int = 0
    stopped: int = 0
    cleared: int = 0


def rescreen(rulebook: str, report: Callable[[int, int], None]) -> Rescreening | None:
    """Evaluate every standing admission under a rulebook, a chunk at a time; ``report`` is told how many of how many.

    Whoever passed and would now be held or refused keeps the admission; the decision is recorded, the participant is told and
    the operator gets a task (admission.rescreened). So is who passes again. What was recorded before a crash is not
    recorded twice. Returns None if another rulebook is in force meanwhile, whose own re-screening follows.
    """
    subjects = list(standing_admissions(SUBJECTS_MAX))
    counts = _Counts()
    for chunk in _chunks(subjects):
        row, rules = compiled_in_force()
        if row.public_id != rulebook:
            return None
        _rescreen_chunk(chunk, rules, rulebook, counts)
        report(counts.evaluated, len(subjects))
    return _finish(rulebook, counts)


def rescreen_organisation(organisation: str, *, lost: bool) -> None:
    """Evaluate the standing admissions of an organisation (public identifier) whose facts changed, as ``rescreen`` does.

    ``lost``: something that rules may ask for was lost; then everybody who does not pass is told, also where an earlier
    decision said the same and two people admitted nevertheless. Without a rulebook in force nothing is decided.
    """
    admissions = admissions_of(organisation)
    try:
        row, rules = compiled_in_force()
    except NoRulebook:
        return
    _rescreen_chunk(admissions, rules, row.public_id, _Counts(), cause=FACTS, lost=lost)


def _rescreen_chunk(
    chunk: Sequence[str],
    rules: CompiledRulebook,
    rulebook: str,
    counts: _Counts,
    *,
    cause: str = RULEBOOK,
    lost: bool = False,
) -> None:
    now, types = clock.now(), rules.facts_of(POINT)
    decided = Decision.objects.filter(point=POINT, subject__in=chunk).order_by("pk")
    last = dict(decided.values_list("subject", "outcome"))
    for admission, facts in gather_many(types, POINT, chunk, now).items():
        counts.evaluated += 1
        outcome, before = rules.verdict(POINT, facts).outcome, last.get(admission, Outcome.ALLOW.value)
        passed, passes = before in _PASSING, outcome in _PASSING
        if not passes and (lost or STRENGTH.index(outcome) > STRENGTH.index(before)):
            counts.stopped += 1
            _tell(admission, facts["applicant.organisation"], rulebook, cause)
        elif passes and not passed:
            counts.cleared += 1
            _tell(admission, facts["applicant.organisation"], rulebook, cause)


@transaction.atomic
def _tell(admission: str, organisation: str, rulebook: str, cause: str) -> None:
    """Record the decision on an admission that stays as it is, and emit it."""
    decision = evaluate(point=POINT, subject=admission)
    emit(
        AdmissionRescreened(
            admission=admission,
            organisation=organisation,
            rulebook=rulebook,
            decision=decision.public_id,
            outcome=decision.outcome,
            passes=decision.passes,
            cause=cause,
        )
    )


@transaction.atomic
def _finish(rulebook: str, counts: _Counts) -> Rescreening:
    row = Rulebook.objects.get(public_id=rulebook)
    found, made = Rescreening.objects.get_or_create(
        rulebook=row,
        defaults={
            "evaluated": counts.evaluated,
            "stopped": counts.stopped,
            "cleared": counts.cleared,
            "finished_at": clock.now(),
        },
    )
    if made:
        record(
            kind="rules.rescreened",
            subject=found.public_id,
            actor=SYSTEM,
            payload={
                "rulebook": rulebook,
                "evaluated": counts.evaluated,
                "stopped": counts.stopped,
                "cleared": counts.cleared,
            },
        )
    return found


def _chunks(subjects: Sequence[str]) -> Iterator[list[str]]:
    rest = iter(subjects)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk
