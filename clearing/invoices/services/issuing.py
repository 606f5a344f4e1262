"""Issues the invoices of a cycle: gross, one per trade and correction, one of fees per participant."""

from __future__ import annotations

from ...cycles.models import Cycle
from ..locks import INVOICE_NUMBER_LOCK
from .drafts import correction_drafts, fee_drafts, fee_refund_drafts, purchase_drafts
from .writing import issue

INVOICES_A_STEP = 200


def issue_invoices(cycle: Cycle) -> int:
    """Issue some of the invoices that a posted cycle lacks; returns how many, 0 when all are issued.

    Resumable at any point. Emits invoice.issued for each. Numbers of an issuer have no gap, so one transaction issues at
    a time. Sales come before corrections, so that a return invoice can name its original.
    """
    INVOICE_NUMBER_LOCK.acquire()
    for drafts_of in (purchase_drafts, correction_drafts, fee_drafts, fee_refund_drafts):
        drafts = drafts_of(cycle, INVOICES_A_STEP)
        if drafts:
            issue(cycle, drafts)
            return len(drafts)
    return 0
