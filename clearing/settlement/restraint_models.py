"""Restraints of set-off and of payment."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from marketplace.approvals.models import Approval
from marketplace.kernel.columns import MinorField, MomentField
from marketplace.kernel.guards import append_only, dated_now
from marketplace.kernel.identifiers import IdentifierField
from marketplace.participants.interest_guards import unrelated
from marketplace.participants.payout_accounts import (
    ACCOUNT_NUMBER_PATTERN,
    BANK_CODE_PATTERN,
    BRANCH_CODE_PATTERN,
    HOLDER_PATTERN,
)
from marketplace.participants.states import AccountType

from ..ground.columns import currency_stated, organisation_key
from .guards import attached_held_back, attachment_paid_or_ended, creditor_payment_fits, lifts_restraint
from .models import SettlementInstruction
from .states import CreditorKind, RestraintKind


class SetOffRestraint(models.Model):
    """An event that limits set-off against payments to a participant, by the rule of its day (``shortfalls.set_off_rules``).

    ``served_at``: when the attachment was served on the market, or the proceedings opened or became known to it;
    ``amount_minor`` is the attached amount, None for the whole. A row that ``lifts`` another ends it. ``reference`` is the
    court's file number. ``noted_at`` is the business time from which payments are held back. Two people lift a restraint:
    ``approval`` is of the first, ``recorded_by`` is the second; nobody of them has an interest in the participant. Append-only.
    """

    public_id = IdentifierField(prefix="sor")
    organisation = organisation_key()
    currency = models.CharField(max_length=3)
    kind = models.CharField(max_length=12, choices=RestraintKind.choices)
    amount_minor = MinorField(null=True)
    served_at = MomentField()
    reference = models.CharField(max_length=200)
    lifts = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="lifted_by")
    approval = models.OneToOneField(Approval, on_delete=models.PROTECT, null=True, related_name="+")
    noted_at = MomentField()
    recorded_by = models.CharField(max_length=60)
    recorded_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=RestraintKind.values)
                & ~Q(reference="")
                & (Q(amount_minor=None) | Q(amount_minor__gt=0)),
                name="set_off_restraint_of_what",
            ),
            models.CheckConstraint(
                condition=Q(lifts=None, approval=None) | Q(lifts__isnull=False, approval__isnull=False),
                name="set_off_restraint_lifted_by_two",
            ),
            currency_stated("set_off_restraint_currency"),
        ]
        triggers = [
            append_only(),
            dated_now("noted_at", real=["recorded_at"], past=["served_at"]),
            lifts_restraint(),
            unrelated("recorded_by"),
        ]


class CreditorPayment(models.Model):
    """Two people of the operator decided to pay what is attached of ``payment`` to whom the court's order names.

    ``payment`` is the attached payment: a planned one, which is cancelled for it and whose remainder is planned anew; or an
    earlier payment to a creditor, which failed. ``document`` is the order or collection notice that is followed,
    ``document_sha256`` that of its copy. The account is as transfer files have it. The payments that carry it out name it
    (``SettlementInstruction.creditor_payment``). ``approval`` is of the first person, ``decided_by`` is the second.

    Invariants: of an attachment in force; of a payment of its participant; all payments of an attachment are no more than
    the attached amount. Append-only.
    """

    public_id = IdentifierField(prefix="crp")
    restraint = models.ForeignKey(SetOffRestraint, on_delete=models.PROTECT, related_name="creditor_payments")
    payment = models.OneToOneField(SettlementInstruction, on_delete=models.PROTECT, related_name="+")
    amount_minor = MinorField()
    currency = models.CharField(max_length=3)
    payee_kind = models.CharField(max_length=16, choices=CreditorKind.choices)
    payee_name = models.CharField(max_length=140)
    bank_code = models.CharField(max_length=4)
    branch_code = models.CharField(max_length=3)
    account_type = models.CharField(max_length=10)
    account_number = models.CharField(max_length=7)
    account_holder_kana = models.CharField(max_length=30)
    document = models.CharField(max_length=200)
    document_sha256 = models.CharField(max_length=64)
    approval = models.OneToOneField(Approval, on_delete=models.PROTECT, related_name="+")
    decided_by = models.CharField(max_length=60)
    decided_at = MomentField()
    recorded_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    amount_minor__gt=0,
                    payee_kind__in=CreditorKind.values,
                    document_sha256__regex=r"^[0-9a-f]{64}$",
                )
                & ~Q(payee_name="")
                & ~Q(document=""),
                name="creditor_payment_of_what",
            ),
            models.CheckConstraint(
                condition=Q(
                    bank_code__regex=BANK_CODE_PATTERN,
                    branch_code__regex=BRANCH_CODE_PATTERN,
                    account_type__in=AccountType.values,
                    account_number__regex=ACCOUNT_NUMBER_PATTERN,
                    account_holder_kana__regex=HOLDER_PATTERN,
                ),
                name="creditor_payment_account",
            ),
            currency_stated("creditor_payment_currency"),
        ]
        triggers = [
            append_only(),
            dated_now("decided_at", real=["recorded_at"]),
            creditor_payment_fits(),
        ]


# A payment names no attachment: these guards of payments read them and are registered here.
pgtrigger.register(attached_held_back(), attachment_paid_or_ended())(SettlementInstruction)
