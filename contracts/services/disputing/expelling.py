"""A dispute's proposal to expel a party: its case, which two others decide, and what follows."""

from __future__ import annotations

from datetime import timedelta

from marketplace.cases.services import open_case
from marketplace.cases.states import CaseKindCode, CaseOutcome
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.participants.models import Disqualification
from marketplace.participants.services import expel
from marketplace.rules.queries import parameter

from ...disputing.models import Dispute
from ...models import Agreement
from ...states import Party

TERM = "expulsion_days"


def propose_expulsion(dispute: Dispute, agreement: Agreement) -> str:
    """Open the case in which two people of the operator decide whether a party is expelled, as a locked dispute proposes; returns its
    identifier. Emits case.moved."""
    case = open_case(
        kind=CaseKindCode.EXPULSION.value,
        subject=dispute.public_id,
        thread=dispute.public_id,
        organisation_id=agreement.buyer_id if dispute.expels == Party.BUYER else agreement.seller_id,
        decision="",
    )
    return case.public_id


def lock_disputed(subject: str) -> None:
    """Lock a dispute (public identifier) before its case, as its decision does."""
    Dispute.objects.select_for_update().filter(public_id=subject).first()


def who_decided(subject: str) -> set[str]:
    """Who mediated or decided a dispute (public identifier), and so decides no expulsion that it proposes."""
    dispute = Dispute.objects.get(public_id=subject)
    people = dispute.mediators.values_list("person", flat=True)
    return {*people, dispute.resolved_by or "", dispute.resolved_first} - {""}


def decide_expulsion(
    *, actor: Actor, first_person: str, dispute: str, outcome: str, reason: str
) -> Disqualification | None:
    """Carry out, as the second person of the operator, how two people decided the case of an expulsion: with ``end`` the party is expelled
    for ``expulsion_days`` of the rulebook, and its disqualification is returned. Agreements in force continue.

    Emits admission.decided, disqualification.moved. Raises Recused, PermissionNeeded, ProofNeeded, Forbidden.
    """
    if outcome != CaseOutcome.END:
        return None
    row = Dispute.objects.select_related("agreement__buyer", "agreement__seller").get(public_id=dispute)
    party = row.agreement.buyer if row.expels == Party.BUYER else row.agreement.seller
    return expel(
        actor=actor,
        first_person=first_person,
        organisation=party.public_id,
        source=dispute,
        reason=reason,
        until=clock.today() + timedelta(days=parameter(TERM)),
    )
