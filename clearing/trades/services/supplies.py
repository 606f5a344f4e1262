"""Records what sellers supply, and classifies the trades that depend on it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from django.db import transaction

from listings.queries import listing_exists
from marketplace.events.schemas.supplies import SupplyStated, TradeSupplyUnstated
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.kernel.clock import business_date
from marketplace.kernel.errors import Missing
from marketplace.kernel.permissions import Permission
from marketplace.participants.queries import OrganisationView, organisations_by_id
from marketplace.rules import queries as rules
from marketplace.rules.tax_tables import TaxPoint

from ..charge_models import PlannedCharge
from ..models import Trade
from ..states import TradeState
from ..supply_models import SupplyStatement
from ..taxation import treatment_of
from .holds import record_trade

TRADES_AT_ONCE = 200


@transaction.atomic
def state_supply(*, actor: Actor, listing: str, supply: str) -> SupplyStatement:
    """Record what the actor's organisation supplies with a listing, and classify its trades that waited for it.

    At most ``TRADES_AT_ONCE`` waiting trades are classified at once, the others when their money is looked at again. A
    statement about a listing of somebody else has no effect, because a trade reads that of its seller. Emits
    supply.stated. Raises Missing for an unknown listing, Forbidden.
    """
    actor.require(Permission.MONEY_WRITE)
    organisation_id = actor.require_organisation()
    waiting = Trade.objects.filter(
        seller_id=organisation_id, listing=listing, state=TradeState.CONCLUDED, supply_class=None
    )
    if not listing_exists(listing) and not waiting.exists():
        raise Missing(kind="listing", identifier=listing)
    made = SupplyStatement.objects.create(
        organisation_id=organisation_id,
        listing=listing,
        supply=supply,
        stated_at=clock.now(),
        stated_by=actor.identifier,
    )
    record(
        kind="clearing.supply_stated",
        subject=made.public_id,
        actor=actor,
        payload={"listing": listing, "supply": supply, "organisation": actor.organisation},
    )
    emit(SupplyStated(listing=listing, seller=actor.organisation or "", supply=supply))
    locked = waiting.select_for_update(no_key=True).order_by("pk")[:TRADES_AT_ONCE]
    classify(list(locked), actor=SYSTEM)
    return made


def stated_supply(seller_id: int, listing: str) -> str | None:
    """What a seller last stated that it supplies with a listing; None if it stated nothing."""
    rows = SupplyStatement.objects.filter(organisation_id=seller_id, listing=listing)
    return rows.order_by("-pk").values_list("supply", flat=True).first()


def supply_day(
    point: TaxPoint, *, agreement: str, charge: int, concluded_at: datetime, fund_by: datetime
) -> date | None:
    """The day of a tax point that is known before the acceptance; None of one that is the acceptance.

    A contract takes effect when it is concluded, with all its charges. A charge falls due on its planned day, or on the
    last day for its payment, as agreed.
    """
    if point == TaxPoint.DELIVERY_ACCEPTED:
        return None
    if point == TaxPoint.DUE_DATE:
        due = PlannedCharge.objects.filter(plan__agreement=agreement, charge=charge)
        return due.values_list("due_on", flat=True).first() or business_date(fund_by)
    if charge == 1:
        return business_date(concluded_at)
    first = Trade.objects.filter(agreement=agreement, charge=1).values_list("concluded_at", flat=True).first()
    return business_date(first or concluded_at)


def classify(trades: Collection[Trade], *, actor: Actor) -> None:
    """Classify those of the trades, which the caller has locked, that wait for it and can now be classified.

    The hold stays as it was computed, at the highest rate; what is captured follows from the class.
    """
    subjects = [trade for trade in trades if trade.supply_class is None]
    if not subjects:
        return
    tables = rules.tax_tables()
    parties = organisations_by_id({key for row in subjects for key in (row.buyer_id, row.seller_id)})
    for trade in subjects:
        supply = stated_supply(trade.seller_id, trade.listing)
        treatment = treatment_of(
            tables,
            supply=supply,
            charging=trade.charging,
            seller=parties[trade.seller_id],
            buyer=parties[trade.buyer_id],
            on=business_date(trade.concluded_at),
        )
        if treatment is None:
            continue
        trade.supply, trade.supply_class = supply, treatment.supply_class
        trade.tax_point = treatment.tax_point
        trade.supplied_on = supply_day(
            treatment.tax_point,
            agreement=trade.agreement,
            charge=trade.charge,
            concluded_at=trade.concluded_at,
            fund_by=trade.agreed_fund_by or trade.fund_by,
        )
        trade.save(update_fields=["supply", "supply_class", "tax_point", "supplied_on"])
        record_trade(
            "classified", trade, actor, supply=supply, supply_class=str(treatment.supply_class),
            tax_point=str(treatment.tax_point),
        )  # fmt: skip


def supply_question(trade: Trade, parties: dict[int, OrganisationView]) -> TradeSupplyUnstated:
    """The event that tells the seller of a trade without a class what it must state."""
    return TradeSupplyUnstated(
        trade=trade.public_id,
        agreement=trade.agreement,
        listing=trade.listing,
        buyer=parties[trade.buyer_id].public_id,
        seller=parties[trade.seller_id].public_id,
        fund_by=trade.fund_by.isoformat(),
    )
