"""The evidence of each row of clearing that no other row explains."""

from __future__ import annotations

from marketplace.evidence.row_records import RecordedRows

_BANK_ENTRY = "(SELECT b.public_id FROM clearing_bankentry b WHERE b.id = r.bank_entry_id)"
_BOOKING = "(SELECT d.public_id FROM clearing_debitbooking d WHERE d.id = r.debit_id)"
_WITHDRAWN = "(SELECT w.public_id FROM clearing_intermediarynotice w WHERE w.id = r.withdraws_id)"
_ORGANISATION = "(SELECT o.public_id FROM participants_organisation o WHERE o.id = r.organisation_id)"

RecordedRows(
    table="clearing_clientaccount",
    kinds=("clearing.client_account_registered",),
    row="r.public_id, r.currency, r.bank_code, r.branch_code, r.registered_by",
    record="e.subject, e.payload -> 'currency', e.payload -> 'bank_code', e.payload -> 'branch_code', e.actor",
)
RecordedRows(
    table="clearing_fundsregime",
    kinds=("clearing.funds_regime_declared",),
    row="r.public_id, r.currency, r.regime, r.balance_cap_minor, r.idle_days, r.cross_border_basis, r.declared_by",
    record="e.subject, e.payload -> 'currency', e.payload -> 'regime', e.payload -> 'balance_cap_minor',"
    " e.payload -> 'idle_days', e.payload -> 'cross_border_basis', e.actor",
)
RecordedRows(
    table="clearing_setoffrestraint",
    kinds=("clearing.set_off_restrained",),
    source="(SELECT * FROM clearing_setoffrestraint WHERE lifts_id IS NULL)",
    row=f"r.public_id, {_ORGANISATION}, r.kind, r.amount_minor, r.currency, r.reference, r.recorded_by",
    record="e.subject, e.payload -> 'organisation', e.payload -> 'kind', e.payload -> 'amount_minor',"
    " e.payload -> 'currency', e.payload -> 'reference', e.actor",
)
RecordedRows(
    table="clearing_setoffrestraint",
    kinds=("clearing.set_off_restraint_lifted",),
    source="(SELECT l.reference, l.recorded_by, s.public_id FROM clearing_setoffrestraint l"
    " JOIN clearing_setoffrestraint s ON s.id = l.lifts_id)",
    row="r.public_id, r.reference, r.recorded_by",
    record="e.subject, e.payload -> 'reason', e.actor",
)
RecordedRows(
    table="clearing_creditorpayment",
    kinds=("clearing.creditor_paid",),
    row="r.public_id, (SELECT s.public_id FROM clearing_setoffrestraint s WHERE s.id = r.restraint_id),"
    " (SELECT i.reference FROM clearing_settlementinstruction i WHERE i.id = r.payment_id), r.amount_minor, r.currency,"
    " r.payee_kind, r.document, r.document_sha256, r.decided_by",
    record="e.subject, e.payload -> 'restraint', e.payload -> 'taken_from', e.payload -> 'amount_minor',"
    " e.payload -> 'currency', e.payload -> 'payee_kind', e.payload -> 'document', e.payload -> 'document_sha256', e.actor",
)
RecordedRows(
    table="clearing_balancecertificate",
    kinds=("clearing.balance_certified",),
    row="r.public_id, r.currency, to_char(r.month, 'YYYY-MM'), r.balance_minor, r.ledger_minor, r.reference,"
    " r.document_sha256, r.stated_by",
    record="e.subject, e.payload -> 'currency', e.payload -> 'month', e.payload -> 'balance_minor',"
    " e.payload -> 'ledger_minor', e.payload -> 'reference', e.payload -> 'document_sha256', e.actor",
)
RecordedRows(
    table="clearing_bankallocation",
    kinds=("clearing.pay_in_allocated",),
    row=f"{_BANK_ENTRY}, {_ORGANISATION}, r.reason, r.decided_by",
    record="e.subject, e.payload -> 'organisation', e.payload -> 'reason', e.actor",
)
RecordedRows(
    table="clearing_bankstatement",
    kinds=("clearing.statement_imported",),
    row="r.public_id, r.sha256, r.lines, r.closing_balance_minor, r.closing_on, r.imported_by",
    record="e.subject, e.payload -> 'sha256', e.payload -> 'lines', e.payload -> 'closing_balance_minor',"
    " e.payload -> 'closing_on', e.actor",
)
RecordedRows(
    table="clearing_statementconfirmation",
    kinds=("clearing.statement_confirmed",),
    row="(SELECT i.public_id FROM clearing_statementimport i WHERE i.id = r.statement_import_id), r.sha256,"
    " r.closing_balance_minor, r.confirmed_by",
    record="e.subject, e.payload -> 'sha256', e.payload -> 'closing_balance_minor', e.actor",
)
RecordedRows(
    table="clearing_unconfirmedreceipt",
    kinds=("clearing.statement_confirmation_asked",),
    source="(SELECT i.public_id, sum(u.amount_minor)::bigint AS minor FROM clearing_unconfirmedreceipt u"
    " JOIN clearing_statementimport i ON i.id = u.statement_import_id GROUP BY 1)",
    row="r.public_id, r.minor",
    record="e.subject, e.payload -> 'credits_minor'",
)
RecordedRows(
    table="clearing_debitbooking",
    kinds=("clearing.debit_booked",),
    row=f"{_BANK_ENTRY}, r.public_id, r.booked_as, r.first_person, r.reason, r.decided_by",
    record="e.subject, e.payload -> 'booking', e.payload -> 'booked_as', e.payload -> 'first_person',"
    " e.payload -> 'reason', e.actor",
)
RecordedRows(
    table="clearing_recoupment",
    kinds=("clearing.debit_recouped",),
    source="(SELECT * FROM clearing_recoupment WHERE decided_by <> 'system')",
    row=f"{_BANK_ENTRY}, {_BOOKING}, r.first_person, r.decided_by",
    record="e.subject, e.payload -> 'booking', e.payload -> 'first_person', e.actor",
)
RecordedRows(
    table="clearing_clearingschedule",
    kinds=("clearing.schedule_published",),
    row="r.public_id, r.currency, r.effective_from, r.value_days, r.overdue_minutes, r.active, r.stated_by",
    record="e.subject, e.payload -> 'currency', e.payload -> 'effective_from', e.payload -> 'value_days',"
    " e.payload -> 'overdue_minutes', e.payload -> 'active', e.actor",
)
RecordedRows(
    table="clearing_closedday",
    kinds=("clearing.closed_day_declared", "clearing.closed_day_withdrawn"),
    row="r.public_id, r.day, r.currency, r.name, r.closed, r.stated_by",
    record="e.subject, e.payload -> 'day', e.payload -> 'currency', e.payload -> 'name', e.kind LIKE '%declared', e.actor",
)
RecordedRows(
    table="clearing_ledgerperiod",
    kinds=("clearing.period_closed",),
    row="r.public_id, to_char(r.month, 'YYYY-MM'), r.entries, r.sha256, r.closed_by",
    record="e.subject, e.payload -> 'month', e.payload -> 'entries', e.payload -> 'sha256', e.actor",
)
RecordedRows(
    table="clearing_feewriteoff",
    kinds=("clearing.fee_written_off",),
    row="r.public_id, r.amount_minor, r.currency, r.reason, r.first_person, r.decided_by",
    record="e.subject, e.payload -> 'amount_minor', e.payload -> 'currency', e.payload -> 'reason',"
    " e.payload -> 'first_person', e.actor",
)
RecordedRows(
    table="clearing_taxrelief",
    kinds=("clearing.bad_debt_tax_relieved",),
    row="r.public_id, r.tax_minor, r.ground, r.document_sha256, r.first_person, r.decided_by",
    record="e.subject, e.payload -> 'tax_minor', e.payload -> 'ground', e.payload -> 'document_sha256',"
    " e.payload -> 'first_person', e.actor",
)
RecordedRows(
    table="clearing_fundsdecision",
    kinds=("clearing.deposit_paid", "clearing.deposit_released", "clearing.claim_written_off"),
    row=f"'clearing.' || r.kind, {_ORGANISATION}, r.amount_minor, r.currency, r.decided_by",
    record="e.kind, e.subject, e.payload -> 'amount_minor', e.payload -> 'currency', e.actor",
)
RecordedRows(
    table="clearing_guaranteedpart",
    kinds=("clearing.trade_billed",),
    source="(SELECT t.public_id, g.amount_minor, g.due_on FROM clearing_guaranteedpart g"
    " JOIN clearing_trade t ON t.id = g.trade_id WHERE g.billed_at IS NOT NULL)",
    row="r.public_id, r.amount_minor, r.due_on",
    record="e.subject, e.payload -> 'amount_minor', e.payload -> 'due_on'",
)
RecordedRows(
    table="clearing_intermediarynotice",
    kinds=("clearing.intermediary_notice_given", "clearing.intermediary_notice_withdrawn"),
    row=f"coalesce({_WITHDRAWN}, r.public_id), r.withdraws_id IS NOT NULL, {_ORGANISATION}, r.effective_from, r.stated_by",
    record="e.subject, e.kind LIKE '%withdrawn', e.payload -> 'organisation', e.payload -> 'effective_from', e.actor",
)
RecordedRows(
    table="clearing_restoration",
    kinds=("clearing.database_restored",),
    row="r.public_id, r.number, r.recorded_by",
    record="e.subject, e.payload -> 'number', e.actor",
)
RecordedRows(
    table="clearing_sendingopening",
    kinds=("clearing.sending_opened",),
    row="(SELECT s.public_id FROM clearing_restoration s WHERE s.id = r.restoration_id), r.currency, r.statement,"
    " r.first_person, r.opened_by",
    record="e.subject, e.payload -> 'currency', e.payload -> 'statement', e.payload -> 'first_person', e.actor",
)
RecordedRows(
    table="clearing_segregationcheck",
    kinds=("clearing.client_money_checked",),
    row="r.public_id, r.currency, r.business_date, r.bank_minor, r.owed_minor, r.operator_minor, r.outstanding_minor,"
    " r.stated_minor, r.agrees",
    record="e.subject, e.payload -> 'currency', e.payload -> 'business_date', e.payload -> 'bank_minor',"
    " e.payload -> 'owed_minor', e.payload -> 'operator_minor', e.payload -> 'outstanding_minor',"
    " e.payload -> 'stated_minor', e.payload -> 'agrees'",
)
RecordedRows(
    table="clearing_shortfall",
    kinds=("clearing.shortfall_occurred",),
    row=f"{_ORGANISATION}, r.public_id, r.currency, r.missing_minor, r.lent_minor, r.deferred_minor, r.awaited_minor",
    record="e.subject, e.payload -> 'shortfall', e.payload -> 'currency', e.payload -> 'missing_minor',"
    " e.payload -> 'lent_minor', e.payload -> 'deferred_minor', e.payload -> 'awaited_minor'",
)
RecordedRows(
    table="clearing_setoff",
    kinds=("clearing.payment_set_off",),
    row="(SELECT i.public_id FROM clearing_settlementinstruction i WHERE i.id = r.instruction_id), r.public_id,"
    " r.amount_minor, r.currency",
    record="e.subject, e.payload -> 'set_off', e.payload -> 'amount_minor', e.payload -> 'currency'",
)
RecordedRows(
    table="clearing_statementmonth",
    kinds=("clearing.statements_made",),
    row="r.currency || '-' || to_char(r.month, 'YYYY-MM'), r.statements",
    record="e.subject, e.payload -> 'statements'",
)
RecordedRows(
    table="clearing_stuckmoney",
    kinds=("clearing.idle_money_stuck",),
    row=f"{_ORGANISATION}, r.amount_minor, r.currency, r.reason_code",
    record="e.subject, e.payload -> 'amount_minor', e.payload -> 'currency', e.payload -> 'reason'",
)
RecordedRows(
    table="clearing_supplystatement",
    kinds=("clearing.supply_stated",),
    row=f"r.public_id, {_ORGANISATION}, r.listing, r.supply, r.stated_by",
    record="e.subject, e.payload -> 'organisation', e.payload -> 'listing', e.payload -> 'supply', e.actor",
)
RecordedRows(
    table="clearing_transferfile",
    kinds=("clearing.transfer_file_made",),
    row="r.public_id, r.sha256, r.records, r.total_minor",
    record="e.subject, e.payload -> 'sha256', e.payload -> 'records', e.payload -> 'total_minor'",
)
RecordedRows(
    table="clearing_chargeplan",
    kinds=("clearing.plan_made",),
    row="r.agreement, r.charging, r.charges, r.price_minor, r.currency",
    record="e.subject, e.payload -> 'charging', e.payload -> 'charges', e.payload -> 'price_minor',"
    " e.payload -> 'currency'",
)
RecordedRows(
    table="clearing_chargeamendment",
    kinds=("clearing.charges_amended",),
    row="(SELECT p.agreement FROM clearing_chargeplan p WHERE p.id = r.plan_id), r.version, r.from_charge, r.charges, r.price_minor",
    record="e.subject, e.payload -> 'version', e.payload -> 'from_charge', e.payload -> 'charges', e.payload -> 'price_minor'",
)
RecordedRows(
    table="clearing_plannedshare",
    kinds=("clearing.plan_made",),
    source="(SELECT p.agreement, coalesce(jsonb_object_agg(o.public_id, s.share_bp) FILTER (WHERE s.id IS NOT NULL),"
    " '{}') AS shares FROM clearing_chargeplan p LEFT JOIN (clearing_plannedshare s"
    " JOIN participants_organisation o ON o.id = s.organisation_id) ON s.plan_id = p.id GROUP BY 1)",
    row="r.agreement, r.shares",
    record="e.subject, e.payload -> 'shares'",
)
RecordedRows(
    table="clearing_usagerecord",
    kinds=("clearing.usage_recorded", "clearing.usage_refused"),
    row="r.agreement, r.usage, r.amount_minor, r.charged_minor, r.refusal",
    record="e.subject, e.payload -> 'usage', e.payload -> 'amount_minor', e.payload -> 'charged_minor',"
    " e.payload -> 'refusal'",
)
RecordedRows(
    table="clearing_monthlystatement",
    kinds=("clearing.statements_made",),
    source="(SELECT m.currency, m.month, count(*) AS statements FROM clearing_monthlystatement m WHERE EXISTS (SELECT"
    " FROM clearing_statementmonth s WHERE (s.currency, s.month) = (m.currency, m.month))"
    " OR NOT EXISTS (SELECT FROM clearing_cycle c WHERE c.currency = m.currency) GROUP BY 1, 2)",
    row="r.currency || '-' || to_char(r.month, 'YYYY-MM'), r.statements",
    record="e.subject, e.payload -> 'statements'",
    is_partial=True,
)
