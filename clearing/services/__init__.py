"""The verbs of clearing: trades, cycles, settlement and the bank."""

from .approvals import expire_approvals, require_second_person, withdraw_approval
from .bank import allocate_receipt, import_bank_statement
from .cycles import advance_cycle, close_cycle, nudge, open_first_cycle
from .payments import mark_overdue_payments, report_failed_payment, retry_payment
from .settlement import create_transfer_file, register_client_account
from .sweeping import advance_cycles, carry_out_deadlines, secure_funded_trades
from .trades import (
    accept_trade,
    adjust_trade,
    conclude_trade,
    fail_trade,
    hold_trade,
    resolve_trade,
    secure_waiting_trades,
)

__all__ = [
    "accept_trade",
    "adjust_trade",
    "advance_cycle",
    "advance_cycles",
    "allocate_receipt",
    "carry_out_deadlines",
    "close_cycle",
    "conclude_trade",
    "create_transfer_file",
    "expire_approvals",
    "fail_trade",
    "hold_trade",
    "import_bank_statement",
    "mark_overdue_payments",
    "nudge",
    "open_first_cycle",
    "register_client_account",
    "report_failed_payment",
    "require_second_person",
    "resolve_trade",
    "retry_payment",
    "secure_funded_trades",
    "secure_waiting_trades",
    "withdraw_approval",
]
