"""Who handles which event, by dotted name. Verified at start-up by a system check.

Handlers of one application see the events of one subject in the order of their commits.
"""

EVENT_SUBSCRIPTIONS: dict[str, tuple[str, ...]] = {
    "admission.applied": ("marketplace.rules.handlers.decide_admission",),
    "admission.decided": ("marketplace.notices.handlers.on_admission_decided",),
    "participant.suspended": (
        "marketplace.notices.handlers.on_participant_suspended",
        "listings.handlers.on_participant_suspended",
        "contracts.handlers.on_participant_suspended",
    ),
    "listing.version_submitted": ("quality.handlers.on_version_submitted",),
    "quality.profiled": ("listings.handlers.on_quality_profiled",),
    "listing.version_published": ("marketplace.notices.handlers.on_version_published",),
    "listing.version_refused": ("marketplace.notices.handlers.on_version_refused",),
    "negotiation.moved": ("marketplace.notices.handlers.on_negotiation_moved",),
    "agreement.concluded": ("clearing.handlers.on_agreement_concluded",),
    "trade.concluded": ("marketplace.notices.handlers.on_trade_concluded",),
    "trade.secured": (
        "marketplace.notices.handlers.on_trade_secured",
        "delivery.handlers.on_trade_secured",
    ),
    "trade.failed": (
        "marketplace.notices.handlers.on_trade_failed",
        "contracts.handlers.on_trade_failed",
    ),
    "trade.refunded": (
        "marketplace.notices.handlers.on_trade_refunded",
        "contracts.handlers.on_trade_refunded",
        "delivery.handlers.on_trade_refunded",
    ),
    "delivery.granted": ("marketplace.notices.handlers.on_delivery_granted",),
    "delivery.matched": ("marketplace.notices.handlers.on_delivery_matched",),
    "delivery.accepted": (
        "marketplace.notices.handlers.on_delivery_accepted",
        "clearing.handlers.on_delivery_accepted",
    ),
    "dispute.opened": (
        "marketplace.notices.handlers.on_dispute_opened",
        "clearing.handlers.on_dispute_opened",
    ),
    "dispute.resolved": (
        "marketplace.notices.handlers.on_dispute_resolved",
        "clearing.handlers.on_dispute_resolved",
        "delivery.handlers.on_dispute_resolved",
    ),
    "trading.halted": ("contracts.handlers.on_trading_halted",),
    "trading.resumed": ("contracts.handlers.on_trading_resumed",),
    "adjustment.due": ("clearing.handlers.on_adjustment_due",),
    "payment.received": ("marketplace.notices.handlers.on_payment_received",),
    "payment.put_off": ("marketplace.notices.handlers.on_payment_put_off",),
    "shortfall.occurred": (
        "marketplace.rules.handlers.decide_shortfall",
        "marketplace.notices.handlers.on_shortfall_occurred",
    ),
    "invoice.issued": ("marketplace.notices.handlers.on_invoice_issued",),
}
