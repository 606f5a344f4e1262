"""Expel a participant for a term, as two people decided in its case."""

from __future__ import annotations

from datetime import date

from django.db import transaction

from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.permissions import Permission

from ..disqualification_grounds import DisqualificationGround
from ..interest_queries import require_unrelated
from ..models import Admission, Disqualification, Organisation
from ..states import HELD_ADMISSIONS
from .admissions import withdraw_admission
from .disqualifications import write_disqualification


@transaction.atomic
def expel(
    *, actor: Actor, first_person: str, organisation: str, source: str, reason: str, until: date
) -> Disqualification:
    """End every admission and application of an organisation, and disqualify it for misconduct until a day; returns the disqualification,
    or the one on this ground that stands.

    ``actor`` is the second person and ``first_person`` the first; ``source`` the identifier of what it follows from. Agreements in force
    continue. Emits admission.decided, disqualification.moved. Raises Recused, PermissionNeeded, ProofNeeded, Forbidden.
    """
    actor.require(Permission.ADMISSION_WRITE)
    actor.require_second_to(first_person)
    subject = Organisation.objects.select_for_update(no_key=True).get(public_id=organisation)
    require_unrelated(actor, subject.pk)
    held = Admission.objects.filter(organisation=subject, state__in=HELD_ADMISSIONS).order_by("pk")
    for admission in held.values_list("public_id", flat=True):
        withdraw_admission(actor=actor, admission=admission, reason=reason)
    standing = Disqualification.objects.filter(
        organisation=subject, ground=DisqualificationGround.MISCONDUCT, officer_commitment="", ended_at=None
    ).first()
    if standing is not None:
        return standing
    stated = {
        "ground": DisqualificationGround.MISCONDUCT.value,
        "source": source,
        "source_sha256": "",
        "since": clock.today(),
        "until": until,
    }
    return write_disqualification(actor, subject, stated, "", first_person)
