"""How consumption tax and withholding treat a charge: its class of supply, its tax point and its rates. Pure.

Everything follows from stated facts: the parties' countries and kinds, what the seller says that it supplies, and the
rulebook's dated tables. Where what is supplied decides the class and nobody has stated it, there is no class: the trade
is held. Of a trade whose class does not depend on it, the tax point is that of data handed over.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from listings.states import PERIODIC, Charging
from marketplace.participants.queries import OrganisationView
from marketplace.participants.states import OrganisationKind
from marketplace.rules.tax_tables import (
    NOTHING_WITHHELD,
    TAXED_CLASSES,
    ChargeKind,
    Supply,
    SupplyClass,
    TaxPoint,
    TaxTables,
    Withholding,
)

from ..ground.parties import HOME_COUNTRY

HOME, ABROAD = "home", "abroad"
BUSINESS, CONSUMER = "business", "consumer"


@dataclass(frozen=True, slots=True)
class Treatment:
    """The class of a supply, the withholding from its price, and the event on whose day it counts as made."""

    supply_class: SupplyClass
    withholding: Withholding
    tax_point: TaxPoint

    @property
    def is_taxed(self) -> bool:
        """Whether the seller adds consumption tax."""
        return self.supply_class in TAXED_CLASSES


def place_of(party: OrganisationView) -> str:
    """``home`` or ``abroad``, by the country that the party stated at its admission."""
    return HOME if party.country == HOME_COUNTRY else ABROAD


def recipient_of(buyer: OrganisationView) -> str:
    """``business`` or ``consumer``; an individual is a business if it states a registration number for invoices."""
    if buyer.kind != OrganisationKind.INDIVIDUAL or buyer.invoice_registration_number:
        return BUSINESS
    return CONSUMER


def charge_kind(charging: str, supply: str | None) -> ChargeKind:
    """The kind of charge that has the tax point of a charge."""
    if charging in PERIODIC:
        return ChargeKind.METERED if charging == Charging.METERED else ChargeKind.SUBSCRIPTION
    return ChargeKind.RIGHTS if supply == Supply.RIGHTS else ChargeKind.DATA


def treatment_of(
    tables: TaxTables,
    *,
    supply: str | None,
    charging: str,
    seller: OrganisationView,
    buyer: OrganisationView,
    on: date,
) -> Treatment | None:
    """The treatment of a supply concluded on ``on``; None if it depends on what is supplied and that is not stated."""
    found = {
        _class_and_withholding(tables, each, seller, buyer, on) for each in ([supply] if supply else Supply)
    }
    if len(found) != 1:
        return None
    supply_class, withheld = found.pop()
    return Treatment(supply_class, withheld, tables.point(charge_kind(charging, supply), on=on))


def _class_and_withholding(
    tables: TaxTables, supply: str, seller: OrganisationView, buyer: OrganisationView, on: date
) -> tuple[SupplyClass, Withholding]:
    recipient = recipient_of(buyer)
    supply_class = tables.supply_class(
        supply=supply, seller=place_of(seller), buyer=place_of(buyer), recipient=recipient, on=on
    )
    if place_of(buyer) == ABROAD or recipient == CONSUMER:
        return supply_class, NOTHING_WITHHELD
    if place_of(seller) == ABROAD:
        return supply_class, tables.withholding(supply=supply, seller=ABROAD, on=on)
    if seller.kind == OrganisationKind.INDIVIDUAL:
        return supply_class, tables.withholding(supply=supply, seller=OrganisationKind.INDIVIDUAL, on=on)
    return supply_class, NOTHING_WITHHELD


def fee_class_of(tables: TaxTables, *, payer: OrganisationView, on: date) -> SupplyClass:
    """The class of the market's own service, which is supplied by wire from Japan to the payer of the fee."""
    return tables.supply_class(
        supply=Supply.DATA, seller=HOME, buyer=place_of(payer), recipient=recipient_of(payer), on=on
    )


def held_rate_bp(
    tables: TaxTables, category: str, *, treatment: Treatment | None, supplied_on: date | None, since: date
) -> int:
    """The rate of what is put on hold: the rate of the tax point, or the highest published one while that is open."""
    if treatment is not None and not treatment.is_taxed:
        return 0
    if treatment is not None and supplied_on is not None:
        return tables.rate_bp(category, on=supplied_on)
    return tables.highest_rate_bp(category, since=since)


def rate_of_class_bp(tables: TaxTables, category: str, supply_class: str, *, on: date) -> int:
    """The rate on the day of the tax point; zero for a class whose seller adds no tax."""
    return tables.rate_bp(category, on=on) if supply_class in TAXED_CLASSES else 0
