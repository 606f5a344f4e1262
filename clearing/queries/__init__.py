"""Reading clearing: trades, cycles, the ledger, settlement, invoices, and figures about them all."""

from .commissioned import payments_late_by_law
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
from .invoices import invoice_count, invoice_pdf, visible_invoices
from .ledger import (
    ClientMoney,
    balance_at,
    balances,
    client_money,
    journal_csv,
    ledger_counts,
    statement_lines,
    trial_balance,
    visible_accounts,
)
from .left_out import ended_without_clearing, left_out
from .obligations import stage_of, visible_obligations
from .proofs import trade_proof
from .settlement import (
    PlannedTransfer,
    deposit_reference,
    transfers_in,
    unallocated_receipts,
    visible_instructions,
)
from .trades import (
    TradeCounts,
    adjustment_count,
    funds_needed,
    overdue_count,
    trade_counts,
    trade_of,
    visible_trades,
)

__all__ = [
    "ClientMoney",
    "CycleProgress",
    "PlannedTransfer",
    "TradeCounts",
    "adjustment_count",
    "balance_at",
    "balances",
    "carried_trades",
    "client_money",
    "cycle_progress",
    "cycle_summaries",
    "cycles_to_advance",
    "deposit_reference",
    "ended_without_clearing",
    "funds_needed",
    "invoice_count",
    "invoice_pdf",
    "is_final",
    "journal_csv",
    "ledger_counts",
    "left_out",
    "money_figures",
    "neutrality",
    "overdue_count",
    "payments_late_by_law",
    "stage_of",
    "statement_lines",
    "trade_counts",
    "trade_of",
    "trade_proof",
    "transfers_in",
    "trial_balance",
    "unallocated_receipts",
    "visible_accounts",
    "visible_cycles",
    "visible_instructions",
    "visible_invoices",
    "visible_obligations",
    "visible_positions",
    "visible_trades",
    "waiting_for",
]
