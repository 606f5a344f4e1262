"""Reading obligations."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from marketplace.kernel.actors import Actor

from ..models import Obligation, PlannedShare, Trade
from ..states import CycleState, ObligationStage
from .sight import own_key


def visible_obligations(actor: Actor) -> QuerySet[Obligation]:
    """Obligations that the actor's organisation owes or is owed; every one, for the operator.

    They are reached from its own trades and shares: the table of obligations is the market's longest, and keeps no
    index by party.
    """
    rows = Obligation.objects.select_related("trade", "cycle")
    if actor.may_see():
        return rows
    own = own_key(actor)
    shared = PlannedShare.objects.filter(organisation_id=own).values("plan__agreement")
    trades = (
        Trade.objects.filter(buyer_id=own)
        .values("pk")
        .union(
            Trade.objects.filter(seller_id=own).values("pk"),
            Trade.objects.filter(agreement__in=shared).values("pk"),
        )
    )
    return rows.filter(Q(debtor_id=own) | Q(creditor_id=own), trade__in=trades)


def stage_of(obligation: Obligation) -> ObligationStage:
    """How far an obligation has come in law, from the moments of its cycle.

    A gross claim between the parties until its cycle is netted; from then on (``Cycle.netted_at``) taken over by
    the operator, the debtor released; discharged when the cycle is settled, for then its creditor has been paid. A
    buyer has done its part before: what it owes was secured, and is paid over when the cycle is posted. In a cycle
    that is settled in part it stays taken over until the rest is settled.
    """
    if obligation.cycle.netted_at is None:
        return ObligationStage.GROSS
    if obligation.cycle.state == CycleState.SETTLED:
        return ObligationStage.DISCHARGED
    return ObligationStage.TAKEN_OVER
