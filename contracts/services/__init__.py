"""Services of contracts."""

from .agreements import adjust_price, terminate_agreement
from .attachments import attach_file
from .deletions import certify_deletion, escalate_deletions, remind_deletions
from .disclosures import disclose_messages, revoke_disclosure
from .disputing import (
    accept_settlement,
    adjustment_carried_out,
    answer_dispute,
    assign_mediator,
    check_resolution,
    dispute_mismatch,
    end_remedy,
    escalate_disputes,
    escalate_remedies,
    file_in_dispute,
    lapse_settlements,
    object_to_mediator,
    open_against,
    open_dispute,
    propose_settlement,
    record_silences,
    refuse_settlement,
    relieve_mediator,
    relieve_mediators,
    remedy_done,
    remind_mediators,
    reply_in_dispute,
    resolve_dispute,
    withdraw_dispute,
)
from .ended_admissions import end_of_admission
from .endings import (
    accept_ending,
    carry_out_endings,
    end_by_law,
    end_early,
    lapse_endings,
    refuse_ending,
    withdraw_ending,
)
from .expiries import announce_ends, expire_agreements, move_end
from .halts import notify_of_halt
from .holds import decide_conclusion, lock_held
from .mandates import end_without_signer, revoke_mandate, sign_mandate
from .negotiations import accept_offer, counter_request, make_offer, request_negotiation
from .notes import write_note
from .obstructed import end_left_open, end_of_suspended, end_of_withdrawn
from .reminders import remind_to_answer
from .signing import sign, submit_signature
from .suspensions import notify_counterparties
from .terminations import end_expired, terminate

__all__ = [
    "accept_ending",
    "accept_offer",
    "accept_settlement",
    "adjust_price",
    "adjustment_carried_out",
    "announce_ends",
    "answer_dispute",
    "assign_mediator",
    "attach_file",
    "carry_out_endings",
    "certify_deletion",
    "check_resolution",
    "counter_request",
    "decide_conclusion",
    "disclose_messages",
    "dispute_mismatch",
    "end_by_law",
    "end_early",
    "end_expired",
    "end_left_open",
    "end_of_admission",
    "end_of_suspended",
    "end_of_withdrawn",
    "end_remedy",
    "end_without_signer",
    "escalate_deletions",
    "escalate_disputes",
    "escalate_remedies",
    "expire_agreements",
    "file_in_dispute",
    "lapse_endings",
    "lapse_settlements",
    "lock_held",
    "make_offer",
    "move_end",
    "notify_counterparties",
    "notify_of_halt",
    "object_to_mediator",
    "open_against",
    "open_dispute",
    "propose_settlement",
    "record_silences",
    "refuse_ending",
    "refuse_settlement",
    "relieve_mediator",
    "relieve_mediators",
    "remedy_done",
    "remind_deletions",
    "remind_mediators",
    "remind_to_answer",
    "reply_in_dispute",
    "request_negotiation",
    "resolve_dispute",
    "revoke_disclosure",
    "revoke_mandate",
    "sign",
    "sign_mandate",
    "submit_signature",
    "terminate",
    "terminate_agreement",
    "withdraw_dispute",
    "withdraw_ending",
    "write_note",
]
