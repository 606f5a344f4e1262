"""The verbs of clearing: trades and charges, corrections, cycles, settlement and the bank."""

from .acceptance import accept_delivered, accept_ended_periods, accept_trade
from .bank import allocate_receipt, import_bank_statement
from .charges import begin_due_charges, begin_next_charge, record_usage
from .commissioned import accept_commissioned, note_receipt
from .corrections import adjust_trade, penalise_trade, refund_trade, reverse_obligation
from .cycles import advance_cycle, close_cycle, nudge, open_first_cycle
from .disputes import hold_trade, resolve_trade
from .endings import end_agreement, fail_trade, return_unserved
from .settlement import (
    create_transfer_file,
    mark_overdue_payments,
    register_client_account,
    report_failed_payment,
    retry_payment,
)
from .sweeping import advance_cycles, carry_out_deadlines, secure_funded_trades
from .trades import conclude_trade, secure_waiting_trades

__all__ = [
    "accept_commissioned",
    "accept_delivered",
    "accept_ended_periods",
    "accept_trade",
    "adjust_trade",
    "advance_cycle",
    "advance_cycles",
    "allocate_receipt",
    "begin_due_charges",
    "begin_next_charge",
    "carry_out_deadlines",
    "close_cycle",
    "conclude_trade",
    "create_transfer_file",
    "end_agreement",
    "fail_trade",
    "hold_trade",
    "import_bank_statement",
    "mark_overdue_payments",
    "note_receipt",
    "nudge",
    "open_first_cycle",
    "penalise_trade",
    "record_usage",
    "refund_trade",
    "register_client_account",
    "report_failed_payment",
    "resolve_trade",
    "retry_payment",
    "return_unserved",
    "reverse_obligation",
    "secure_funded_trades",
    "secure_waiting_trades",
]
