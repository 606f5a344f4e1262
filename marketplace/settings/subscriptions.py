"""Who handles which event, by dotted name. Verified at start-up by a system check.

Handlers of one application see the events of one subject in the order of their commits.
"""

HANDLER_SECONDS_MAX = 2
"""The longest transaction of a handler, which holds back every event that commits after it began. Longer work is a job."""

EVENTS_PASSED_OVER: dict[str, dict[str, str | int | bool]] = {
    "marketplace.notices.handlers.on_trade_concluded": {"waits_for_money": False},
    "delivery.handlers.on_trade_concluded": {"charge": 1},
}
"""Events with which a handler has nothing to do, by what their data states: they do not enter its inbox."""

EVENT_SUBSCRIPTIONS: dict[str, tuple[str, ...]] = {
    "admission.applied": ("marketplace.rules.handlers.decide_admission",),
    "admission.decided": (
        "marketplace.notices.handlers.on_admission_decided",
        "marketplace.cases.handlers.on_admission_decided",
        "listings.handlers.on_admission_decided",
        "contracts.handlers.on_admission_decided",
    ),
    "admission.ending": ("marketplace.notices.handlers.admissions.on_admission_ending",),
    "admission.condition_moved": ("marketplace.notices.handlers.admissions.on_condition_moved",),
    "case.moved": ("marketplace.cases.handlers.on_case_moved",),
    "rulebook.published": ("marketplace.notices.handlers.rulebooks.on_rulebook_published",),
    "evidence.key_announced": ("marketplace.notices.handlers.market_keys.on_key_announced",),
    "rulebook.withdrawn": ("marketplace.notices.handlers.rulebooks.on_rulebook_withdrawn",),
    "admission.rescreened": ("marketplace.cases.handlers.on_admission_rescreened",),
    "disqualification.moved": (
        "marketplace.notices.handlers.qualifications.on_disqualification_moved",
        "marketplace.rules.handlers.rescreen_disqualified",
    ),
    "qualification.moved": (
        "marketplace.notices.handlers.qualifications.on_qualification_moved",
        "marketplace.rules.handlers.rescreen_holder",
    ),
    "qualification.expiring": ("marketplace.notices.handlers.qualifications.on_qualification_expiring",),
    "participant.suspended": (
        "marketplace.notices.handlers.suspensions.on_participant_suspended",
        "listings.handlers.on_participant_suspended",
        "contracts.handlers.on_participant_suspended",
        "marketplace.cases.handlers.on_participant_suspended",
    ),
    "organisation.facts_changed": (
        "marketplace.registration.handlers.on_facts_changed",
        "marketplace.notices.handlers.facts.on_facts_changed",
    ),
    "relation.stated": ("marketplace.notices.handlers.relations.on_relation_stated",),
    "affiliation.stated": ("marketplace.notices.handlers.relations.on_affiliation_stated",),
    "trustee.appointed": ("marketplace.notices.handlers.suspensions.on_trustee_appointed",),
    "suspension.ended": (
        "marketplace.notices.handlers.suspensions.on_suspension_ended",
        "marketplace.cases.handlers.on_suspension_ended",
    ),
    "payout_account.proposed": ("marketplace.notices.handlers.payout_accounts.on_payout_account_proposed",),
    "payout_account.confirmed": ("marketplace.notices.handlers.payout_accounts.on_payout_account_confirmed",),
    "payout_account.ended": ("marketplace.notices.handlers.payout_accounts.on_payout_account_ended",),
    "payment.returned": ("marketplace.notices.handlers.payout_accounts.on_payment_returned",),
    "payment.return_set_off": ("marketplace.notices.handlers.payout_accounts.on_return_set_off",),
    "payment.return_settled": ("marketplace.notices.handlers.payout_accounts.on_return_settled",),
    "member.joined": ("marketplace.notices.handlers.people.on_member_joined",),
    "member.changed": (
        "marketplace.notices.handlers.people.on_member_changed",
        "contracts.handlers.on_member_changed",
    ),
    "second_owner.needed": ("marketplace.notices.handlers.people.on_second_owner_needed",),
    "second_owner.ended": ("marketplace.notices.handlers.people.on_second_owner_ended",),
    "program.changed": ("marketplace.notices.handlers.people.on_program_changed",),
    "organisation_key.changed": ("marketplace.notices.handlers.keys.on_organisation_key_changed",),
    "authority_limit.stated": ("marketplace.notices.handlers.authority.on_authority_limit_stated",),
    "mandate.changed": ("marketplace.notices.handlers.keys.on_mandate_changed",),
    "staff_access.moved": ("marketplace.notices.handlers.staff_accesses.on_staff_access_moved",),
    "staff_access.deferred": ("marketplace.notices.handlers.staff_accesses.on_staff_access_deferred",),
    "login.changed": ("marketplace.notices.handlers.people.on_login_changed",),
    "login.release_proposed": ("marketplace.notices.handlers.people.on_login_release_proposed",),
    "owner_recovery.moved": ("marketplace.notices.handlers.recoveries.on_owner_recovery_moved",),
    "registration.moved": ("marketplace.notices.handlers.registration.on_registration_moved",),
    "screening.changed": ("marketplace.notices.handlers.registration.on_screening_changed",),
    "screening.assessed": ("marketplace.notices.handlers.registration.on_screening_assessed",),
    "listing.version_submitted": ("quality.handlers.on_version_submitted",),
    "quality.profiled": ("listings.handlers.on_quality_profiled",),
    "listing.version_published": ("marketplace.notices.handlers.listings.on_version_published",),
    "listing.version_refused": ("marketplace.notices.handlers.listings.on_version_refused",),
    "stake.moved": ("marketplace.notices.handlers.qualifications.on_stake_moved",),
    "listing.withdrawn": (
        "marketplace.cases.handlers.on_listing_withdrawn",
        "contracts.handlers.on_listing_withdrawn",
    ),
    "negotiation.moved": (
        "marketplace.notices.handlers.on_negotiation_moved",
        "marketplace.oversight.handlers.on_negotiation_moved",
    ),
    "negotiation.disclosed": ("marketplace.notices.handlers.staff_accesses.on_messages_disclosed",),
    "agreement.concluded": (
        "clearing.handlers.on_agreement_concluded",
        "marketplace.oversight.handlers.on_agreement_concluded",
    ),
    # Access and charges follow the version that both signed.
    "agreement.amended": (
        "delivery.handlers.on_agreement_amended",
        "clearing.handlers.on_agreement_amended",
        "contracts.handlers.on_agreement_amended",
    ),
    "agreement.ending": (
        "delivery.handlers.on_agreement_ending",
        "clearing.handlers.on_agreement_ending",
    ),
    # What comes back is told first, with adjustment.due; access ends before the hold of what was not accepted is returned.
    "agreement.terminated": (
        "delivery.handlers.on_agreement_terminated",
        "clearing.handlers.on_agreement_terminated",
    ),
    "trade.concluded": (
        "marketplace.notices.handlers.on_trade_concluded",
        "delivery.handlers.on_trade_concluded",
        "contracts.handlers.on_trade_concluded",
    ),
    "trade.supply_unstated": ("marketplace.notices.handlers.supplies.on_supply_unstated",),
    "supply.stated": ("marketplace.notices.handlers.supplies.on_supply_stated",),
    # The buyer has access before anybody is told.
    "trade.secured": (
        "delivery.handlers.on_trade_secured",
        "marketplace.notices.handlers.on_trade_secured",
    ),
    "trade.funding_extended": (
        "delivery.handlers.on_trade_funding_extended",
        "marketplace.notices.handlers.halts.on_trade_funding_extended",
    ),
    "trade.billed": ("marketplace.notices.handlers.bills.on_trade_billed",),
    "trade.paid": ("marketplace.notices.handlers.bills.on_trade_paid",),
    "trade.failed": (
        "marketplace.notices.handlers.failures.on_trade_failed",
        "contracts.handlers.on_trade_failed",
        "delivery.handlers.on_trade_failed",
    ),
    "trade.refunded": (
        "marketplace.notices.handlers.failures.on_trade_refunded",
        "contracts.handlers.on_trade_refunded",
        "delivery.handlers.on_trade_refunded",
    ),
    "delivery.granted": ("marketplace.notices.handlers.on_delivery_granted",),
    "delivery.matched": (
        "marketplace.notices.handlers.on_delivery_matched",
        "clearing.handlers.on_delivery_matched",
    ),
    "delivery.accepted": (
        "marketplace.notices.handlers.on_delivery_accepted",
        "clearing.handlers.on_delivery_accepted",
    ),
    "delivery.restored": ("contracts.handlers.on_delivery_restored",),
    "delivery.ended": ("clearing.handlers.on_delivery_ended",),
    "usage.recorded": ("clearing.handlers.on_usage_recorded",),
    "dispute.opened": (
        "marketplace.notices.handlers.on_dispute_opened",
        "clearing.handlers.on_dispute_opened",
    ),
    "dispute.resolved": (
        "marketplace.notices.handlers.on_dispute_resolved",
        "clearing.handlers.on_dispute_resolved",
        "delivery.handlers.on_dispute_resolved",
    ),
    "trading.halted": (
        "contracts.handlers.on_trading_halted",
        "marketplace.cases.handlers.on_trading_halted",
    ),
    "trading.resumed": (
        "contracts.handlers.on_trading_resumed",
        "marketplace.cases.handlers.on_trading_resumed",
    ),
    "usage.period_charged": ("contracts.handlers.on_period_charged",),
    "adjustment.due": (
        "marketplace.notices.handlers.adjustments.on_adjustment_due",
        "clearing.handlers.on_adjustment_due",
    ),
    "payment.received": (
        "marketplace.notices.handlers.on_payment_received",
        "clearing.handlers.on_payment_received",
    ),
    "claim.attached": ("marketplace.notices.handlers.attachments.on_claim_attached",),
    "attachment.paid": ("marketplace.notices.handlers.attachments.on_attachment_paid",),
    "attachment.lifted": ("marketplace.notices.handlers.attachments.on_attachment_lifted",),
    "payment.set_off": ("marketplace.notices.handlers.on_payment_set_off",),
    "payment.deferred": ("marketplace.notices.handlers.on_payment_deferred",),
    "shortfall.occurred": (
        "marketplace.rules.handlers.decide_shortfall",
        "marketplace.notices.handlers.on_shortfall_occurred",
    ),
    "cycle.overdue": ("marketplace.notices.handlers.on_cycle_overdue",),
    "cycle.caught_up": ("marketplace.notices.handlers.on_cycle_caught_up",),
    "approval.asked": (
        "marketplace.notices.handlers.on_approval_asked",
        "marketplace.notices.handlers.authority.on_colleague_asked",
    ),
    "approval.ended": ("marketplace.notices.handlers.on_approval_ended",),
    "statement.confirmation_needed": ("marketplace.notices.handlers.on_statement_confirmation_needed",),
    "statement.confirmation_ended": ("marketplace.notices.handlers.on_statement_confirmation_ended",),
    "debit.unexplained": ("marketplace.notices.handlers.banking.on_debit_unexplained",),
    "debit.explained": ("marketplace.notices.handlers.banking.on_debit_explained",),
    "certificate.differs": ("marketplace.notices.handlers.banking.on_certificate_differs",),
    "certificate.agreed": ("marketplace.notices.handlers.banking.on_certificate_agreed",),
    "segregation.broken": ("marketplace.notices.handlers.on_segregation_broken",),
    "segregation.restored": ("marketplace.notices.handlers.on_segregation_restored",),
    "payment.lost": ("marketplace.notices.handlers.on_payment_lost",),
    "payment.found": ("marketplace.notices.handlers.on_payment_found",),
    "sending.shut": ("marketplace.notices.handlers.on_sending_shut",),
    "sending.opened": ("marketplace.notices.handlers.on_sending_opened",),
    "money.returning": ("marketplace.notices.handlers.on_money_returning",),
    "money.stuck": ("marketplace.notices.handlers.on_money_stuck",),
    "invoices.issued": ("marketplace.notices.handlers.invoices.on_invoices_issued",),
    "invoice.issued": ("marketplace.notices.handlers.invoices.on_invoice_issued",),
    "statement.made": ("marketplace.notices.handlers.on_statement_made",),
}
