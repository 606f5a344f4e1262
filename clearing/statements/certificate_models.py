"""The bank's certificates of balance, by which the books of a month are compared with the bank."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from marketplace.kernel.columns import DayField, MinorField, MomentField
from marketplace.kernel.guards import append_only, dated_now
from marketplace.kernel.identifiers import IdentifierField

from ..ground.columns import currency_stated
from .guards import certified_as_posted


class BalanceCertificate(models.Model):
    """The bank's certificate of the balance (残高証明書) of the client account at the end of a month.

    ``month`` is the first day of the month; ``balance_minor`` is what the bank certifies, ``reference`` names the document
    and ``document_sha256`` its file. ``ledger_minor`` is the ledger's balance at the end of the month by the bank's
    booking dates, at the moment of recording. Of several certificates of one month the newest counts.

    Invariants: ``ledger_minor`` is the ledger's; the newest certificate of a month is the ledger's balance. Append-only.
    """

    public_id = IdentifierField(prefix="bct")
    currency = models.CharField(max_length=3)
    month = DayField()
    balance_minor = MinorField()
    ledger_minor = MinorField()
    reference = models.CharField(max_length=200)
    document_sha256 = models.CharField(max_length=64)
    stated_by = models.CharField(max_length=60)
    stated_at = MomentField()
    recorded_at = MomentField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(month__day=1, document_sha256__regex=r"^[0-9a-f]{64}$") & ~Q(reference=""),
                name="balance_certificate_of_what",
            ),
            currency_stated("balance_certificate_currency"),
        ]
        indexes = [models.Index("currency", "month", "id", name="balance_certificate_newest")]
        triggers = [append_only(), dated_now("stated_at", real=["recorded_at"]), certified_as_posted()]

    @property
    def difference_minor(self) -> int:
        """What the bank certifies less what the ledger had."""
        return self.balance_minor - self.ledger_minor
