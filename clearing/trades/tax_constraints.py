"""The constraints of a trade that hold its class of supply, its tax point and its rates together."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from marketplace.rules.tax_tables import TAXED_CLASSES, SupplyClass, TaxPoint

TAX_CONSTRAINTS = [
    models.CheckConstraint(
        condition=Q(supply_class=None, tax_point=None, supplied_on=None, state__in=("concluded", "failed"))
        | Q(supply_class__isnull=False, tax_point__isnull=False)
        & Q(supply_class__in=SupplyClass.values, tax_point__in=TaxPoint.values),
        name="trade_class_stated",
    ),
    models.CheckConstraint(
        condition=Q(captured_tax_rate_bp=None)
        | Q(captured_tax_rate_bp=0)
        | Q(supply_class__in=TAXED_CLASSES),
        name="trade_taxed_by_class",
    ),
    models.CheckConstraint(
        condition=Q(captured_withholding_minor=None)
        | Q(captured_withholding_minor=0)
        | Q(supply__isnull=False, supply="rights"),
        name="trade_withheld_from_rights",
    ),
    models.CheckConstraint(
        condition=Q(fee_class__in=SupplyClass.values)
        & (
            Q(fee_class__in=TAXED_CLASSES)
            | Q(fee_tax_rate_bp=0) & (Q(captured_fee_tax_rate_bp=None) | Q(captured_fee_tax_rate_bp=0))
        ),
        name="trade_fee_taxed_by_class",
    ),
    models.CheckConstraint(
        condition=Q(tax_point=None)
        | Q(tax_point="delivery_accepted", supplied_on=None) & ~Q(state="accepted")
        | Q(tax_point="delivery_accepted", supplied_on__isnull=False, state="accepted")
        | ~Q(tax_point="delivery_accepted") & Q(supplied_on__isnull=False),
        name="trade_supplied",
    ),
]
"""A trade is secured with a class and a tax point only; a class without tax has the rate zero; only royalties are withheld."""
