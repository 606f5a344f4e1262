"""Services of contracts."""

from .agreements import adjust_price, terminate_agreement
from .disclosures import disclose_messages, revoke_disclosure
from .disputes import dispute_mismatch, open_dispute, resolve_dispute
from .ended_admissions import end_of_admission
from .halts import notify_of_halt
from .holds import decide_conclusion, lock_held
from .mandates import end_without_signer, revoke_mandate, sign_mandate
from .negotiations import accept_offer, counter_request, make_offer, request_negotiation
from .obstructed import end_left_open, end_of_suspended, end_of_withdrawn
from .signing import sign, submit_signature
from .suspensions import notify_counterparties
from .templates import publish_template
from .terminations import end_expired, terminate

__all__ = [
    "accept_offer",
    "adjust_price",
    "counter_request",
    "decide_conclusion",
    "disclose_messages",
    "dispute_mismatch",
    "end_expired",
    "end_left_open",
    "end_of_admission",
    "end_of_suspended",
    "end_of_withdrawn",
    "end_without_signer",
    "lock_held",
    "make_offer",
    "notify_counterparties",
    "notify_of_halt",
    "open_dispute",
    "publish_template",
    "request_negotiation",
    "resolve_dispute",
    "revoke_disclosure",
    "revoke_mandate",
    "sign",
    "sign_mandate",
    "submit_signature",
    "terminate",
    "terminate_agreement",
]
