"""State the terms of an admission."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from marketplace.events.schemas.participants import AdmissionConditionMoved
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.commitments import commitment_to
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label
from marketplace.kernel.texts import stated_text

from ..admission_terms import (
    CONDITIONS_MAX,
    TEXT_LENGTH_MAX,
    AdmissionTerms,
    StatedCondition,
)
from ..models import Admission, AdmissionCondition, QualificationKind


def checked_terms(
    *, expires_on: date | None, conditions: Sequence[Mapping[str, Any]], else_until: date | None
) -> AdmissionTerms:
    """The terms of an admission as two people state them; raises FieldInvalid.

    ``conditions``: each ``{"qualification", "due_on", "text": {"ja", "en"}}``, of each kind of qualification one, due from today
    on and not after the last day: ``expires_on``, or ``else_until`` where they state none.
    """
    today, last_day = clock.today(), expires_on or else_until
    if expires_on is not None and expires_on <= today:
        raise FieldInvalid(
            "expires_on", Label("state a day that is to come", "翌日以降の日を指定してください")
        )
    if len(conditions) > CONDITIONS_MAX:
        raise FieldInvalid(
            "conditions", Label(f"state at most {CONDITIONS_MAX}", f"{CONDITIONS_MAX}件以内にしてください")
        )
    kinds = set(QualificationKind.objects.values_list("code", flat=True))
    stated = []
    for place, condition in enumerate(conditions):
        field = f"conditions.{place}"
        if condition["qualification"] not in kinds:
            known = ", ".join(sorted(kinds))
            raise FieldInvalid(
                f"{field}.qualification",
                Label(f"choose one of {known}, each once", f"{known} から重複なく選んでください"),
            )
        kinds.remove(condition["qualification"])
        if not today <= condition["due_on"] <= (last_day or condition["due_on"]):
            raise FieldInvalid(
                f"{field}.due_on",
                Label(
                    "state a day from today on, not after the last day of the admission",
                    "本日以降で、参加の最終日を超えない日を指定してください",
                ),
            )
        text = {
            language: stated_text(
                f"{field}.text.{language}", condition["text"].get(language, ""), TEXT_LENGTH_MAX
            )
            for language in ("ja", "en")
        }
        stated.append(StatedCondition(condition["qualification"], condition["due_on"], text))
    return AdmissionTerms(expires_on, tuple(stated))


def state_conditions(actor: Actor, admission: Admission, terms: AdmissionTerms) -> None:
    """Write the conditions of an admission that is being given. Emits admission.condition_moved for each."""
    for stated in terms.conditions:
        condition = AdmissionCondition.objects.create(
            admission=admission,
            kind=QualificationKind.objects.get(code=stated.qualification),
            due_on=stated.due_on,
            text_ja=stated.text["ja"],
            text_en=stated.text["en"],
            stated_at=clock.now(),
        )
        record(
            kind="participants.admission_condition_stated",
            subject=condition.public_id,
            actor=actor,
            payload={
                "admission": admission.public_id,
                "qualification": stated.qualification,
                "due_on": stated.due_on.isoformat(),
                "text_commitment": commitment_to(condition.salt, condition.text_ja, condition.text_en),
            },
        )
        tell_condition(condition, "stated")


def tell_condition(row: AdmissionCondition, change: str) -> None:
    """Emit what became of a condition."""
    emit(
        AdmissionConditionMoved(
            condition=row.public_id,
            admission=row.admission.public_id,
            organisation=row.admission.organisation.public_id,
            qualification=row.kind.code,
            due_on=row.due_on.isoformat(),
            change=change,
        )
    )
