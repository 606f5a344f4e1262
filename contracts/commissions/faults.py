"""Record the faults that sellers of commissioned work admit."""

from __future__ import annotations

from django.db import transaction

from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.commitments import commitment_to
from marketplace.kernel.errors import FieldInvalid, Forbidden, Missing
from marketplace.kernel.labels import Label
from marketplace.kernel.permissions import Permission
from marketplace.kernel.texts import stated_text
from marketplace.notices import services as notices
from marketplace.notices.texts import Wording

from ..models import Agreement
from ..plan import plan_of
from .errors import NotCommissioned
from .models import TEXT_LENGTH_MAX, SellerFault
from .states import FaultGround

ADMITTED = Wording(
    Label("The seller admitted a fault: {agreement}", "提供者が責めに帰すべき事由を認めました: {agreement}"),
    Label(
        "The seller of {agreement} admitted a fault ({fault}). From now on its price can be reduced for it.",
        "{agreement} の提供者が責めに帰すべき事由（{fault}）を認めました。これにより代金の減額が可能になります。",
    ),
)


@transaction.atomic
def admit_fault(*, actor: Actor, agreement: str, ground: str, statement: str) -> SellerFault:
    """Admit, as a signatory of the seller of commissioned work, a fault for which its price may be reduced; the buyer is told.

    ``ground``: of ``FaultGround``. Raises Missing, NotCommissioned, FieldInvalid, Forbidden, PermissionNeeded, ProofNeeded.
    """
    actor.require(Permission.CONTRACTS_SIGN)
    actor.require_person()
    if ground not in FaultGround.values:
        known = ", ".join(FaultGround.values)
        raise FieldInvalid("ground", Label(f"specify one of {known}", f"{known} から選んでください"))
    said = stated_text("statement", statement, TEXT_LENGTH_MAX)
    subject = (
        Agreement.objects.select_for_update(of=("self",))
        .select_related("instrument")
        .filter(public_id=agreement)
        .first()
    )
    if subject is None:
        raise Missing(kind="agreement", identifier=agreement)
    actor.require_scope(subject.buyer_id, subject.seller_id, kind="agreement", identifier=agreement)
    if actor.organisation_id != subject.seller_id:
        raise Forbidden(needed=Label("the seller", "提供者"))
    if plan_of(subject.instrument.said).commission is None:
        raise NotCommissioned(agreement=agreement)
    fault = SellerFault.objects.create(
        agreement=subject,
        ground=ground,
        statement=said,
        admitted_by=actor.identifier,
        admitted_at=clock.now(),
    )
    record(
        kind="contracts.seller_fault_admitted",
        subject=fault.public_id,
        actor=actor,
        payload={
            "agreement": agreement,
            "ground": ground,
            "statement_commitment": commitment_to(fault.salt, said),
        },
    )
    wording = ADMITTED.fill(agreement=agreement, fault=fault.public_id)
    notices.send_notices(subject=fault.public_id, wordings={subject.buyer_id: wording})
    return fault
