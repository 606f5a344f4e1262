"""The verbs of clearing: trades, cycles, settlement and the bank."""

from .approvals import expire_approvals, require_second_person, withdraw_approval
from .bank import allocate_receipt, import_bank_statement
from .cycles import advance_cycle, close_cycle, nudge, open_first_cycle
from .idle_money import return_idle_money
from .payments import alarm_lost_payments, mark_overdue_payments, report_failed_payment, retry_payment
from .safeguarding import check_client_money, declare_funds_regime, require_funds_regime
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
from .watching import watch_money

__all__ = [
    "accept_trade",
    "adjust_trade",
    "advance_cycle",
    "advance_cycles",
    "alarm_lost_payments",
    "allocate_receipt",
    "carry_out_deadlines",
    "check_client_money",
    "close_cycle",
    "conclude_trade",
    "create_transfer_file",
    "declare_funds_regime",
    "expire_approvals",
    "fail_trade",
    "hold_trade",
    "import_bank_statement",
    "mark_overdue_payments",
    "nudge",
    "open_first_cycle",
    "register_client_account",
    "report_failed_payment",
    "require_funds_regime",
    "require_second_person",
    "resolve_trade",
    "retry_payment",
    "return_idle_money",
    "secure_funded_trades",
    "secure_waiting_trades",
    "watch_money",
    "withdraw_approval",
]
