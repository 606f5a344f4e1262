"""The verbs of delivery: grant, fetch, report, accept, dispute, suspend, end, and what time does by itself."""

from .access import (
    SecuredTrade,
    await_payment,
    grant_access,
    note_payment,
    resume_access,
    suspend_access,
    withdraw_access,
    withdraw_agreement,
)
from .downloads import Transmission, download
from .inspections import accept_delivery, dispute_delivery, report_receipt, settle_dispute
from .sweeps import abandon_downloads, end_uncollected, expire_access, lapse_inspections

__all__ = [
    "SecuredTrade",
    "Transmission",
    "abandon_downloads",
    "accept_delivery",
    "await_payment",
    "dispute_delivery",
    "download",
    "end_uncollected",
    "expire_access",
    "grant_access",
    "lapse_inspections",
    "note_payment",
    "report_receipt",
    "resume_access",
    "settle_dispute",
    "suspend_access",
    "withdraw_access",
    "withdraw_agreement",
]
