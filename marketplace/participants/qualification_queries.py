"""Queries on qualifications."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import TruncDate

from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.errors import Missing
from marketplace.kernel.prepared import fetch_prepared

from .models import AdmissionCondition, Qualification, QualificationKind
from .qualification_states import QualificationState
from .states import AdmissionState

_IN_FORCE = """
    SELECT o.id, ARRAY(SELECT DISTINCT k.code FROM participants_qualification q
                         JOIN participants_qualificationkind k ON k.id = q.kind_id
                        WHERE q.organisation_id = o.id AND q.state = 'verified' AND q.valid_from <= %s
                          AND (q.valid_until IS NULL OR q.valid_until >= %s))
      FROM participants_organisation o WHERE o.id = ANY(%s::bigint[])
"""


def visible_qualifications(actor: Actor) -> QuerySet[Qualification]:
    """Qualifications of the actor's organisation; all, for the operator."""
    rows = Qualification.objects.select_related("organisation", "kind")
    return rows if actor.may_see() else rows.filter(organisation_id=actor.require_organisation())


def kind_name(code: str) -> dict[str, str]:
    """The name ``{"ja", "en"}`` of a kind of qualification; raises Missing."""
    kind = QualificationKind.objects.filter(code=code).first()
    if kind is None:
        raise Missing(kind="qualification kind", identifier=code)
    return {"ja": kind.name_ja, "en": kind.name_en}


def was_verified(qualification: str) -> bool:
    """Whether a qualification (public identifier) was ever verified, also where it has ended since."""
    return Qualification.objects.filter(public_id=qualification, verified_at__isnull=False).exists()


def conditions_to_settle() -> QuerySet[AdmissionCondition]:
    """Open conditions of admissions that can be settled now: met, missed, or of an admission that has ended.

    One that is due is none while a qualification that was stated by the end of its day waits for the operator: it would stand
    before the others in every sweep.
    """
    today = clock.today()
    of_condition = Qualification.objects.filter(
        organisation=OuterRef("admission__organisation"), kind=OuterRef("kind")
    )
    in_force = of_condition.filter(
        Q(valid_until=None) | Q(valid_until__gte=today),
        state=QualificationState.VERIFIED,
        valid_from__lte=today,
    )
    waiting = of_condition.alias(stated_on=TruncDate("stated_at", tzinfo=clock.market_zone())).filter(
        state=QualificationState.STATED, stated_on__lte=OuterRef("due_on")
    )
    return AdmissionCondition.objects.filter(
        ~Q(admission__state=AdmissionState.ADMITTED)
        | Exists(in_force)
        | Q(due_on__lt=today) & ~Exists(waiting),
        settled_at=None,
    )


def qualifications_in_force(organisation_ids: Collection[int]) -> dict[int, list[str]]:
    """The codes, sorted, of the kinds of verified qualifications that hold today, of organisations by database key."""
    today = clock.today()
    return {
        key: sorted(codes) for key, codes in fetch_prepared(_IN_FORCE, [today, today, list(organisation_ids)])
    }
