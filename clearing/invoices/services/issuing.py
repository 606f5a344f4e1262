"""Issues the invoices of a cycle: gross, one per trade and correction, one of fees per participant."""

from __future__ import annotations

from collections.abc import Sequence

from ...cycles.models import Cycle
from ..documents_due import first_invoices
from ..locks import INVOICE_NUMBER_LOCK
from .drafts import correction_drafts, fee_drafts, fee_refund_drafts, purchase_drafts
from .writing import Draft, issue

INVOICES_A_STEP = 200


def drafts_due(cycle: Cycle) -> list[Draft]:
    """Drafts of the next invoices that a posted cycle lacks; empty when all are issued. Reads only.

    Sales come before corrections, so that a return invoice can name its original.
    """
    for drafts_of in (purchase_drafts, correction_drafts, fee_drafts, fee_refund_drafts):
        drafts = drafts_of(cycle, INVOICES_A_STEP)
        if drafts:
            return drafts
    return []


def issue_invoices(cycle: Cycle, drafts: Sequence[Draft] | None = None) -> int:
    """Issue some of the invoices that a posted cycle lacks; returns how many, 0 when all are issued.

    ``drafts`` were drafted before the transaction; none of them is issued if one has been issued meanwhile. Resumable at
    any point. Emits invoice.issued for each. Numbers of an issuer have no gap, so one transaction issues at a time.
    """
    INVOICE_NUMBER_LOCK.acquire()
    if drafts is None:
        drafts = drafts_due(cycle)
    elif drafts and _any_issued(cycle, drafts):
        return 0
    if not drafts:
        return 0
    issue(cycle, drafts)
    return len(drafts)


def _any_issued(cycle: Cycle, drafts: Sequence[Draft]) -> bool:
    """Whether one of the drafts, which are all of one purpose, has been issued."""
    issued = first_invoices(cycle).filter(purpose=drafts[0].purpose)
    obligations = [draft.obligation.pk for draft in drafts if draft.obligation]
    if obligations:
        return issued.filter(obligation_id__in=obligations).exists()
    return issued.filter(recipient_id__in=[draft.recipient_id for draft in drafts]).exists()
