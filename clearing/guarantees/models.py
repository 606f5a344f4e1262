"""Guarantees that secure trades without money, and their reductions."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from marketplace.approvals.models import Approval
from marketplace.kernel.columns import MinorField, MomentField
from marketplace.kernel.guards import append_only, dated_now, immutable, no_delete
from marketplace.kernel.identifiers import IdentifierField

from ..ground.columns import currency_stated, organisation_key
from ..ledger.models import Entry
from .guards import deposit_backs_limits, guarantee_kept, reduced_by_two, registered_by_two
from .states import GuaranteeKind

ISSUER_LENGTH_MAX = 200
REASON_LENGTH_MAX = 200


class Guarantee(models.Model):
    """Security other than cash for what a participant buys: a guarantee, or a credit limit backed by its deposit.

    Trades are secured by it from ``valid_from`` on and before ``expires_at``, up to ``amount_minor``; ``used_minor`` of it
    secures trades that are not paid yet. ``issuer`` has given the undertaking, empty for a limit, which the participant's
    security deposit in ``currency`` backs. ``document_sha256`` is the hash of the guarantee or of the pledge.

    Invariants: two people register exactly these terms, which never change, of each document once; the amount is only reduced, by two people, and
    never below what is used; what is used is the sum of the parts of trades that it secures, kept by their guard. Rows are
    never deleted.
    """

    public_id = IdentifierField(prefix="gua")
    organisation = organisation_key(db_index=False)
    kind = models.CharField(max_length=20, choices=GuaranteeKind.choices)
    issuer = models.CharField(max_length=ISSUER_LENGTH_MAX, blank=True, default="")
    amount_minor = MinorField()
    used_minor = MinorField(default=0)
    currency = models.CharField(max_length=3)
    valid_from = MomentField()
    expires_at = MomentField()
    document_sha256 = models.CharField(max_length=64)
    approval = models.OneToOneField(Approval, on_delete=models.PROTECT, related_name="+")
    registered_by = models.CharField(max_length=60)
    registered_at = MomentField()
    recorded_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(used_minor__gte=0, amount_minor__gte=F("used_minor")), name="guarantee_room"
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("valid_from"), document_sha256__regex=r"^[0-9a-f]{64}$")
                & (Q(kind="undertaking") & ~Q(issuer="") | Q(kind="deposit_limit", issuer="")),
                name="guarantee_terms",
            ),
            models.UniqueConstraint(
                fields=["organisation", "document_sha256"], name="guarantee_document_once"
            ),
            currency_stated("guarantee_currency"),
        ]
        indexes = [
            models.Index("organisation", "currency", "expires_at", name="guarantee_of_participant"),
            models.Index("expires_at", name="guarantee_in_use", condition=Q(used_minor__gt=0)),
        ]
        triggers = [
            registered_by_two(),
            guarantee_kept(),
            immutable(
                "public_id",
                "organisation_id",
                "kind",
                "issuer",
                "currency",
                "valid_from",
                "expires_at",
                "document_sha256",
                "approval_id",
                "registered_by",
                "registered_at",
            ),
            dated_now("registered_at", real=["recorded_at"], stated=["valid_from", "expires_at"]),
            no_delete(),
        ]


class GuaranteeReduction(models.Model):
    """The decision of two people that a guarantee amounts to ``amount_minor`` from now on; zero withdraws it.

    Invariants: it is less than before and not less than what is used; the guarantee has the amount of its last reduction.
    Append-only.
    """

    public_id = IdentifierField(prefix="grd")
    guarantee = models.ForeignKey(Guarantee, on_delete=models.PROTECT, related_name="reductions")
    amount_minor = MinorField()
    reason = models.CharField(max_length=REASON_LENGTH_MAX)
    approval = models.OneToOneField(Approval, on_delete=models.PROTECT, related_name="+")
    decided_by = models.CharField(max_length=60)
    decided_at = MomentField()
    recorded_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_minor__gte=0) & ~Q(reason=""), name="guarantee_reduced_to"
            ),
        ]
        triggers = [append_only(), dated_now("decided_at", real=["recorded_at"]), reduced_by_two()]


# This guard of journal entries reads guarantees, so it is registered here.
pgtrigger.register(deposit_backs_limits())(Entry)
