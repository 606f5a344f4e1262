"""The verbs of clearing: trades, cycles, settlement and the bank."""

from .bank import allocate_receipt, import_bank_statement
from .claims import write_off_claim
from .cycles import advance_cycle, close_cycle, nudge, open_first_cycle
from .deposits import pay_deposit, release_deposit
from .periods import close_ledger_period
from .settlement import (
    create_transfer_file,
    mark_overdue_payments,
    register_client_account,
    report_failed_payment,
    retry_payment,
)
from .sweeping import advance_cycles, carry_out_deadlines, each_by_itself, secure_funded_trades
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
    "close_ledger_period",
    "conclude_trade",
    "create_transfer_file",
    "each_by_itself",
    "fail_trade",
    "hold_trade",
    "import_bank_statement",
    "mark_overdue_payments",
    "nudge",
    "open_first_cycle",
    "pay_deposit",
    "register_client_account",
    "release_deposit",
    "report_failed_payment",
    "resolve_trade",
    "retry_payment",
    "secure_funded_trades",
    "secure_waiting_trades",
    "write_off_claim",
]
