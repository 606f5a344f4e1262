"""The verbs of clearing: trades, calendars, cycles, settlement and the bank."""

from .acceptance import accept_delivered, accept_ended_periods, accept_trade
from .alarms import watch_cycles
from .approvals import expire_approvals, require_second_person, withdraw_approval
from .bank import allocate_receipt, import_bank_statement
from .charges import begin_due_charges, begin_next_charge, record_usage
from .claims import write_off_claim
from .commissioned import accept_commissioned, note_receipt
from .corrections import adjust_trade, penalise_trade, refund_trade, reverse_obligation
from .cycles import advance_cycle, close_cycle, hold_cycle, nudge, open_first_cycle, release_cycle
from .deposits import pay_deposit, release_deposit
from .disputes import hold_trade, resolve_trade
from .dry_run import dry_run_cycle
from .endings import end_agreement, fail_trade, return_unserved
from .idle_money import return_idle_money
from .invoices import correct_invoice, give_intermediary_notice, withdraw_intermediary_notice
from .payments import alarm_lost_payments, mark_overdue_payments, report_failed_payment, retry_payment
from .periods import close_ledger_period
from .safeguarding import check_client_money, declare_funds_regime, require_funds_regime
from .scheduling import (
    close_at_cut_off,
    close_due_cycles,
    declare_closed_day,
    publish_clearing_schedule,
    withdraw_closed_day,
)
from .settlement import create_transfer_file, register_client_account
from .statements import make_statements
from .sweeping import advance_cycles, carry_out_deadlines, each_by_itself, secure_funded_trades
from .trades import conclude_trade, secure_waiting_trades
from .watching import watch_money

__all__ = [
    "accept_commissioned",
    "accept_delivered",
    "accept_ended_periods",
    "accept_trade",
    "adjust_trade",
    "advance_cycle",
    "advance_cycles",
    "alarm_lost_payments",
    "allocate_receipt",
    "begin_due_charges",
    "begin_next_charge",
    "carry_out_deadlines",
    "check_client_money",
    "close_at_cut_off",
    "close_cycle",
    "close_due_cycles",
    "close_ledger_period",
    "conclude_trade",
    "correct_invoice",
    "create_transfer_file",
    "declare_closed_day",
    "declare_funds_regime",
    "dry_run_cycle",
    "each_by_itself",
    "end_agreement",
    "expire_approvals",
    "fail_trade",
    "give_intermediary_notice",
    "hold_cycle",
    "hold_trade",
    "import_bank_statement",
    "make_statements",
    "mark_overdue_payments",
    "note_receipt",
    "nudge",
    "open_first_cycle",
    "pay_deposit",
    "penalise_trade",
    "publish_clearing_schedule",
    "record_usage",
    "refund_trade",
    "register_client_account",
    "release_cycle",
    "release_deposit",
    "report_failed_payment",
    "require_funds_regime",
    "require_second_person",
    "resolve_trade",
    "retry_payment",
    "return_idle_money",
    "return_unserved",
    "reverse_obligation",
    "secure_funded_trades",
    "secure_waiting_trades",
    "watch_cycles",
    "watch_money",
    "withdraw_approval",
    "withdraw_closed_day",
    "withdraw_intermediary_notice",
    "write_off_claim",
]
