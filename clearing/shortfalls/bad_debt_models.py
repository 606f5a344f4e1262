"""Fees that were put off and written off as bad debt, and the relief of their output tax."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from marketplace.kernel.columns import DayField, MinorField, MomentField
from marketplace.kernel.guards import append_only, dated_now
from marketplace.kernel.identifiers import IdentifierField
from marketplace.kernel.permissions import Permission
from marketplace.participants.acting import acted_by_person

from ..ground.columns import currency_stated, organisation_key
from ..trades.models import Obligation, Trade
from .bad_debt_guards import fee_write_off_posted, fee_written_off, tax_relieved


class FeeWriteOff(models.Model):
    """The decision of two people that a fee that was put off is bad debt (貸倒れ).

    ``obligation`` is the fee as it stood in the open cycle; ``amount_minor`` includes its tax. The debt itself stays: cycles
    go on collecting it, and what they collect lessens the loss. Output tax stays as it is, unless ``TaxRelief`` follows.

    Invariants: one of each trade's fee, of the whole amount that is put off, by two people, posted in its transaction.
    Append-only.
    """

    public_id = IdentifierField(prefix="fwo")
    trade = models.OneToOneField(Trade, on_delete=models.PROTECT, related_name="+")
    obligation = models.OneToOneField(Obligation, on_delete=models.PROTECT, related_name="+")
    organisation = organisation_key()
    amount_minor = MinorField()
    currency = models.CharField(max_length=3)
    reason = models.CharField(max_length=200)
    first_person = models.CharField(max_length=60)
    decided_by = models.CharField(max_length=60)
    decided_at = MomentField()
    recorded_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0)
                & ~Q(reason="")
                & ~Q(first_person="")
                & ~Q(first_person=F("decided_by")),
                name="fee_written_off_by_two",
            ),
            currency_stated("fee_write_off_currency"),
        ]
        triggers = [
            append_only(),
            dated_now("decided_at", real=["recorded_at"]),
            fee_written_off(),
            acted_by_person("decided_by", Permission.CLEARING_WRITE, first="first_person"),
            fee_write_off_posted(),
        ]


class TaxRelief(models.Model):
    """The recorded fact that the conditions of article 39 of the Consumption Tax Act are met for a written-off fee.

    ``ground`` names the condition and the event, ``document_sha256`` is the hash of the evidence, ``met_on`` the day. The
    tax in the written-off amount, at the rate of the fee, is taken from output tax.

    Invariants: one of each write-off, by two people, of the tax that the amount contains, posted in its transaction.
    Append-only.
    """

    public_id = IdentifierField(prefix="txr")
    write_off = models.OneToOneField(FeeWriteOff, on_delete=models.PROTECT, related_name="tax_relief")
    tax_minor = MinorField()
    ground = models.CharField(max_length=200)
    document_sha256 = models.CharField(max_length=64)
    met_on = DayField()
    first_person = models.CharField(max_length=60)
    decided_by = models.CharField(max_length=60)
    decided_at = MomentField()
    recorded_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(tax_minor__gt=0, document_sha256__regex=r"^[0-9a-f]{64}$")
                & ~Q(ground="")
                & ~Q(first_person="")
                & ~Q(first_person=F("decided_by")),
                name="tax_relieved_by_two",
            ),
        ]
        triggers = [
            append_only(),
            dated_now("decided_at", real=["recorded_at"]),
            tax_relieved(),
            acted_by_person("decided_by", Permission.CLEARING_WRITE, first="first_person"),
        ]
