"""End what was negotiated under an admission that has ended, and tell the operator what continues."""

from __future__ import annotations

from django.db import transaction

from marketplace.kernel.actors import SYSTEM
from marketplace.notices import services as notices
from marketplace.notices.admission_texts import TO_OPERATOR, counted
from marketplace.participants import queries as participants
from marketplace.participants.states import AdmissionState

from ..models import Agreement, Negotiation
from ..states import OPEN_NEGOTIATIONS, AgreementState
from .terminations import end


@transaction.atomic
def end_of_admission(*, admission: str, organisation: str, segment: str, capacity: str, state: str) -> int:
    """End the open negotiations of an organisation in a segment (code) where its admission has ended; returns their number.

    The operator is told, with what ended and the agreements in force, which continue; of an application that was withdrawn, only
    if there are any. Nothing happens if the organisation is admitted again in this ``capacity`` (``seller`` or ``buyer``). Emits
    negotiation.moved for each.
    """
    party = participants.get_organisation(organisation)
    if participants.is_admitted(party.id, segment, capacity):
        return 0
    own = {f"{capacity}_id": party.id, "segment": segment}
    subjects = list(
        Negotiation.objects.select_for_update().filter(**own, state__in=OPEN_NEGOTIATIONS).order_by("pk")
    )
    for negotiation in subjects:
        end(negotiation, actor=SYSTEM, role="system", reason_code="admission_ended", reason="")
    in_force = list(
        Agreement.objects.filter(**own, state=AgreementState.IN_FORCE)
        .order_by("pk")
        .values_list("public_id", flat=True)
    )
    if state == AdmissionState.WITHDRAWN and not subjects and not in_force:
        return 0
    wording = TO_OPERATOR.fill(
        admission=admission,
        party=party.name,
        segment=segment,
        negotiations=counted([negotiation.public_id for negotiation in subjects]),
        agreements=counted(in_force),
    )
    notices.send_notice(organisation_id=participants.operator_key(), subject=admission, wording=wording)
    return len(subjects)
