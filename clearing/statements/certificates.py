"""Compares the books of a month with the bank: records certificates of balance, and reports the reconciliation."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.db.models import QuerySet

from marketplace.events.schemas.banking import CertificateAgreed, CertificateDiffers
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.permissions import Permission

from ..bank.models import BankStatement
from ..ledger.accounts import require_cleared
from ..ledger.errors import PeriodNotOver
from ..ledger.queries import BankBalance, bank_balance
from .certificate_models import BalanceCertificate


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """The books of a month beside the bank. ``stated_minor`` closes the last statement that ends within the month.

    ``stated_on`` is the day of that; None without a statement. ``certificate`` is the newest of the month, or None.
    """

    currency: str
    month: date
    until: date
    ledger: BankBalance
    stated_on: date | None
    stated_minor: int | None
    certificate: BalanceCertificate | None

    @property
    def agrees(self) -> bool:
        """Whether the bank certified the balance of the ledger."""
        return self.certificate is not None and self.certificate.balance_minor == self.ledger.by_value_minor


def reconciliation_of(*, currency: str, month: date) -> Reconciliation:
    """The books of the month of a day beside the bank's statement and certificate; three queries."""
    first, last = _days_of(month)
    statement = (
        BankStatement.objects.filter(currency=currency, closing_on__lte=last).order_by("number").last()
    )
    return Reconciliation(
        currency=currency,
        month=first,
        until=last,
        ledger=bank_balance(currency, last),
        stated_on=statement.closing_on if statement else None,
        stated_minor=statement.closing_balance_minor if statement else None,
        certificate=BalanceCertificate.objects.filter(currency=currency, month=first).order_by("pk").last(),
    )


@transaction.atomic
def record_balance_certificate(
    *, actor: Actor, currency: str, month: date, balance_minor: int, reference: str, document_sha256: str
) -> BalanceCertificate:
    """Record what the bank certified for the end of a month, and compare it with the ledger.

    A difference opens a task, which a later certificate or entry of the bank that removes it ends with the next
    certificate. Emits certificate.differs or certificate.agreed. Raises PeriodNotOver, FieldInvalid, Forbidden.
    """
    actor.require(Permission.CLEARING_WRITE)
    require_cleared(currency)
    first, last = _days_of(month)
    if clock.today() <= last:
        raise PeriodNotOver(month=f"{first:%Y-%m}")
    made = BalanceCertificate.objects.create(
        currency=currency,
        month=first,
        balance_minor=balance_minor,
        ledger_minor=bank_balance(currency, last).by_value_minor,
        reference=reference.strip(),
        document_sha256=document_sha256,
        stated_by=actor.identifier,
        stated_at=clock.now(),
    )
    record(
        kind="clearing.balance_certified",
        subject=made.public_id,
        actor=actor,
        payload={
            "currency": currency,
            "month": f"{first:%Y-%m}",
            "balance_minor": balance_minor,
            "ledger_minor": made.ledger_minor,
            "reference": made.reference,
            "document_sha256": document_sha256,
        },
    )
    if made.difference_minor:
        emit(
            CertificateDiffers(
                certificate=made.public_id,
                currency=currency,
                month=f"{first:%Y-%m}",
                difference_minor=made.difference_minor,
            )
        )
    else:
        emit(CertificateAgreed(certificate=made.public_id, currency=currency, month=f"{first:%Y-%m}"))
    return made


def visible_certificates() -> QuerySet[BalanceCertificate]:
    """All certificates; only the operator reads them."""
    return BalanceCertificate.objects.all()


def _days_of(month: date) -> tuple[date, date]:
    return month.replace(day=1), month.replace(day=monthrange(month.year, month.month)[1])
