"""End what was negotiated under an admission that has ended, and tell the operator what continues."""

from __future__ import annotations

from django.db import transaction

from marketplace.notices import services as notices
from marketplace.notices.admission_texts import TO_OPERATOR, counted
from marketplace.participants import queries as participants
from marketplace.participants.states import AdmissionState

from ..models import Agreement, Negotiation
from ..states import OPEN_NEGOTIATIONS, AgreementState
from .obstructed import end_obstructed


@transaction.atomic
def end_of_admission(
    *, admission: str, organisation: str, segment: str, capacity: str, state: str
) -> list[str]:
    """End the open negotiations of an organisation in a segment (code) where its admission has ended; returns those that ended at once.

    The operator is told, with what ended and the agreements in force, which continue; of an application that was withdrawn, only
    if there are any. Nothing happens if the organisation is admitted again in this ``capacity`` (``seller`` or ``buyer``). Emits
    negotiation.moved for each.
    """
    party = participants.get_organisation(organisation)
    if participants.is_admitted(party.id, segment, capacity):
        return []
    own = {f"{capacity}_id": party.id, "segment": segment}
    obstacle = {
        "reason_code": "admission_ended", "organisation": organisation, "segment": segment, "capacity": capacity
    }  # fmt: skip
    open_ones = list(
        Negotiation.objects.filter(**own, state__in=OPEN_NEGOTIATIONS)
        .order_by("pk")
        .values_list("public_id", flat=True)
    )
    ended = end_obstructed(admission, obstacle)
    in_force = list(
        Agreement.objects.filter(**own, state=AgreementState.IN_FORCE)
        .order_by("pk")
        .values_list("public_id", flat=True)
    )
    if state == AdmissionState.WITHDRAWN and not open_ones and not in_force:
        return []
    wording = TO_OPERATOR.fill(
        admission=admission,
        party=party.name,
        segment=segment,
        negotiations=counted(open_ones),
        agreements=counted(in_force),
    )
    notices.send_notice(organisation_id=participants.operator_key(), subject=admission, wording=wording)
    return ended
