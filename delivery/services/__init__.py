"""Services of delivery: grant, download, report, accept, dispute, suspend and end access, and the sweeps."""

from .access import (
    SecuredTrade,
    await_payment,
    extend_payment,
    grant_access,
    record_payment,
    withdraw_access,
)
from .complaints import dispute_delivery
from .deemed import deem_receipts
from .downloads import authorise_download, download
from .early_ends import follow_ending, withdraw_agreement
from .inspections import accept_delivery, report_receipt
from .outages import give_back_outages, state_outage
from .outcomes import apply_dispute_outcome
from .recipients import declare_recipient, withdraw_recipient
from .refusals import notice_refused_downloads
from .suspensions import lapse_suspensions, resume_access, suspend_access
from .sweeps import (
    abandon_downloads,
    end_uncollected,
    expire_access,
    give_back_halts,
    lapse_inspections,
)
from .transmissions import Transmission, record_progress
from .uses import Statement
from .versions import follow_version

__all__ = [
    "SecuredTrade",
    "Statement",
    "Transmission",
    "abandon_downloads",
    "accept_delivery",
    "apply_dispute_outcome",
    "authorise_download",
    "await_payment",
    "declare_recipient",
    "deem_receipts",
    "dispute_delivery",
    "download",
    "end_uncollected",
    "expire_access",
    "extend_payment",
    "follow_ending",
    "follow_version",
    "give_back_halts",
    "give_back_outages",
    "grant_access",
    "lapse_inspections",
    "lapse_suspensions",
    "notice_refused_downloads",
    "record_payment",
    "record_progress",
    "report_receipt",
    "resume_access",
    "state_outage",
    "suspend_access",
    "withdraw_access",
    "withdraw_agreement",
    "withdraw_recipient",
]
