"""Reading clearing: trades, cycles, the ledger, settlement, invoices, and figures about them all."""

from .cycle_report import cycle_report, cycle_report_html
from .cycles import (
    CycleProgress,
    cycle_progress,
    cycle_summaries,
    cycles_to_advance,
    is_final,
    visible_cycles,
    visible_positions,
    waiting_for,
)
from .figures import carried_trades, money_figures, neutrality
from .finality import Finality, finality
from .funds import Funds, funds_of
from .invoices import invoice_count, invoice_pdf, visible_invoices
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
from .left_out import ended_without_clearing, left_out
from .proofs import trade_proof
from .settlement import (
    PlannedTransfer,
    deposit_reference,
    transfers_in,
    unallocated_receipts,
    visible_instructions,
)
from .shortfalls import shortfall_facts, visible_shortfalls
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
    "Finality",
    "Funds",
    "PlannedTransfer",
    "TradeCounts",
    "adjustment_count",
    "balance_at",
    "balances",
    "balances_at",
    "carried_trades",
    "client_money",
    "cycle_progress",
    "cycle_report",
    "cycle_report_html",
    "cycle_summaries",
    "cycles_to_advance",
    "deposit_reference",
    "ended_without_clearing",
    "finality",
    "funds_needed",
    "funds_of",
    "invoice_count",
    "invoice_pdf",
    "is_final",
    "journal_csv",
    "ledger_counts",
    "left_out",
    "money_figures",
    "neutrality",
    "obligations_behind",
    "overdue_count",
    "postings_of",
    "shortfall_facts",
    "statement_lines",
    "trade_counts",
    "trade_of",
    "trade_proof",
    "transfers_in",
    "trial_balance",
    "unallocated_receipts",
    "visible_accounts",
    "visible_cycles",
    "visible_entries",
    "visible_instructions",
    "visible_invoices",
    "visible_positions",
    "visible_shortfalls",
    "visible_trades",
    "waiting_for",
    "walk",
]
