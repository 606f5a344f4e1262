"""What is a participant's in clearing: trades, money, invoices and statements."""

from __future__ import annotations

from marketplace.api.activity import ActivityRecords, no_activity

ActivityRecords(
    "trades", "clearing.reports.views.TradeViewSet", ("clearing_trade",), keys=("buyer_id", "seller_id")
)
ActivityRecords(
    "obligations",
    "clearing.trades.views.ObligationViewSet",
    ("clearing_obligation",),
    keys=("debtor_id", "creditor_id"),
)
ActivityRecords(
    "supply-statements",
    "clearing.trades.views.SupplyStatementViewSet",
    ("clearing_supplystatement",),
    keys=("organisation_id",),
)
ActivityRecords(
    "accounts",
    "clearing.ledger.views.AccountViewSet",
    ("clearing_account", "clearing_balance"),
    keys=("organisation_id",),
)
ActivityRecords(
    "postings",
    "clearing.ledger.views.PostingViewSet",
    ("clearing_posting", "clearing_entry"),
    keys=("account__organisation_id",),
)
ActivityRecords(
    "positions",
    "clearing.netting.views.PositionViewSet",
    ("clearing_netposition",),
    keys=("organisation_id",),
)
ActivityRecords(
    "settlement-instructions",
    "clearing.settlement.views.SettlementInstructionViewSet",
    ("clearing_settlementinstruction",),
    keys=("organisation_id",),
)
ActivityRecords(
    "unconfirmed-receipts",
    "clearing.bank.views.UnconfirmedReceiptViewSet",
    ("clearing_unconfirmedreceipt",),
    keys=("organisation_id",),
)
ActivityRecords(
    "guarantees",
    "clearing.guarantees.views.GuaranteeViewSet",
    ("clearing_guarantee",),
    keys=("organisation_id",),
)
ActivityRecords(
    "shortfalls",
    "clearing.shortfalls.views.ShortfallViewSet",
    ("clearing_shortfall",),
    keys=("organisation_id",),
)
ActivityRecords(
    "set-offs", "clearing.shortfalls.views.SetOffViewSet", ("clearing_setoff",), keys=("organisation_id",)
)
ActivityRecords(
    "invoices",
    "clearing.invoices.views.InvoiceViewSet",
    ("clearing_invoice",),
    keys=("issuer_id", "recipient_id", "supplier_id"),
)
ActivityRecords(
    "intermediary-notices",
    "clearing.invoices.views.IntermediaryNoticeViewSet",
    ("clearing_intermediarynotice",),
    keys=("organisation_id",),
)
ActivityRecords(
    "monthly-statements",
    "clearing.statements.views.MonthlyStatementViewSet",
    ("clearing_monthlystatement",),
    keys=("organisation_id",),
)

no_activity(
    "clearing_bankentry", "a line of the operator's bank; what it did for the participant stands in postings"
)
no_activity(
    "clearing_bankallocation", "how the operator explained a line of its bank; the receipt stands in postings"
)
no_activity(
    "clearing_debitbooking",
    "how the operator explained a line of its bank; what it did for the participant stands in postings",
)
no_activity("clearing_feewriteoff", "a loss of the operator's; the fee itself stands in obligations")
no_activity(
    "clearing_fundsdecision",
    "a decision of the operator's about suspense; what it did for the participant stands in postings",
)
no_activity("clearing_stuckmoney", "why money waits, which the participant has as a notice")
no_activity(
    "clearing_setoffrestraint", "an order of a court to the operator; the participant has it as a notice"
)
no_activity("clearing_plannedshare", "a part of the plan of charges; what it came to stands in obligations")
no_activity(
    "clearing_awaitedcorrection",
    "an adjustment that waits for its charge; it stands in obligations when it is made",
)
no_activity(
    "clearing_putoffcorrection", "an obligation that is put off; it stands in obligations when it is made"
)
