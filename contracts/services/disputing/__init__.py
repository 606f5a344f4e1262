"""Services of disputes: open, answer, settle, mediate, decide, withdraw and carry out."""

from .deciding import check_resolution, resolve_dispute, withdraw_dispute
from .mediating import assign_mediator, object_to_mediator
from .opening import dispute_mismatch, open_against, open_dispute
from .relieving import relieve_mediator, relieve_mediators
from .remedying import escalate_remedies, remedy_done
from .settling import accept_settlement, lapse_settlements, propose_settlement, refuse_settlement
from .stating import answer_dispute, file_in_dispute, reply_in_dispute
from .sweeping import escalate_disputes, record_silences, remind_mediators
from .unmoved import adjustment_carried_out, end_remedy

__all__ = [
    "accept_settlement",
    "adjustment_carried_out",
    "answer_dispute",
    "assign_mediator",
    "check_resolution",
    "dispute_mismatch",
    "end_remedy",
    "escalate_disputes",
    "escalate_remedies",
    "file_in_dispute",
    "lapse_settlements",
    "object_to_mediator",
    "open_against",
    "open_dispute",
    "propose_settlement",
    "record_silences",
    "refuse_settlement",
    "relieve_mediator",
    "relieve_mediators",
    "remedy_done",
    "remind_mediators",
    "reply_in_dispute",
    "resolve_dispute",
    "withdraw_dispute",
]
