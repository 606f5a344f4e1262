"""Reading clearing: trades, calendars, cycles, the ledger, settlement, invoices, and figures about them all."""

from .calendars import next_cut_offs, published_closed_days, published_schedules, value_date
from .commissioned import payments_late_by_law
from .cycle_report import cycle_report, cycle_report_html
from .cycles import (
    CycleProgress,
    cycle_of,
    cycle_progress,
    cycle_summaries,
    cycles_to_advance,
    is_final,
    visible_cycles,
    visible_positions,
    waiting_for,
)
from .expected import ExpectedPayments, expected_cut_off, expected_value_date
from .figures import carried_trades, money_figures, neutrality
from .finality import Finality, finality
from .funds import Funds, funds_of
from .invoices import (
    invoice_count,
    invoice_pdf,
    related_invoices,
    visible_intermediary_notices,
    visible_invoices,
    with_purchase_order,
)
from .ledger import (
    ClientMoney,
    balance_at,
    balances,
    balances_at,
    client_money,
    journal_csv,
    ledger_counts,
    statement_lines,
    trial_balance,
    visible_accounts,
)
from .left_out import LeftOut, ended_without_clearing, explained, left_out, trades_left_out
from .obligations import stage_of, visible_obligations
from .overdue import CycleReadings, Overdue, SettlementProgress
from .position_statements import position_statement
from .progress import Progress, StepProgress, obstacles, progress_of
from .proofs import trade_proof
from .safeguarding import may_pay_abroad, regime_in_force, segregation_checks, visible_regimes
from .settlement import (
    PlannedTransfer,
    deposit_reference,
    transfers_in,
    unallocated_receipts,
    visible_instructions,
)
from .shortfalls import shortfall_facts, visible_shortfalls
from .statements import draft_statement, finished_statement_months, statement_pdf, visible_statements
from .trades import (
    TradeCounts,
    adjustment_count,
    funds_needed,
    overdue_count,
    trade_counts,
    trade_of,
    visible_trades,
)
from .walk import obligations_behind, postings_of, visible_entries, walk

__all__ = [
    "ClientMoney",
    "CycleProgress",
    "CycleReadings",
    "ExpectedPayments",
    "Finality",
    "Funds",
    "LeftOut",
    "Overdue",
    "PlannedTransfer",
    "Progress",
    "SettlementProgress",
    "StepProgress",
    "TradeCounts",
    "adjustment_count",
    "balance_at",
    "balances",
    "balances_at",
    "carried_trades",
    "client_money",
    "cycle_of",
    "cycle_progress",
    "cycle_report",
    "cycle_report_html",
    "cycle_summaries",
    "cycles_to_advance",
    "deposit_reference",
    "draft_statement",
    "ended_without_clearing",
    "expected_cut_off",
    "expected_value_date",
    "explained",
    "finality",
    "finished_statement_months",
    "funds_needed",
    "funds_of",
    "invoice_count",
    "invoice_pdf",
    "is_final",
    "journal_csv",
    "ledger_counts",
    "left_out",
    "may_pay_abroad",
    "money_figures",
    "neutrality",
    "next_cut_offs",
    "obligations_behind",
    "obstacles",
    "overdue_count",
    "payments_late_by_law",
    "position_statement",
    "postings_of",
    "progress_of",
    "published_closed_days",
    "published_schedules",
    "regime_in_force",
    "related_invoices",
    "segregation_checks",
    "shortfall_facts",
    "stage_of",
    "statement_lines",
    "statement_pdf",
    "trade_counts",
    "trade_of",
    "trade_proof",
    "trades_left_out",
    "transfers_in",
    "trial_balance",
    "unallocated_receipts",
    "value_date",
    "visible_accounts",
    "visible_cycles",
    "visible_entries",
    "visible_instructions",
    "visible_intermediary_notices",
    "visible_invoices",
    "visible_obligations",
    "visible_positions",
    "visible_regimes",
    "visible_shortfalls",
    "visible_statements",
    "visible_trades",
    "waiting_for",
    "walk",
    "with_purchase_order",
]
