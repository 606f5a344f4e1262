"""Lifecycles and enumerations of trades and obligations. Pure; other applications may import them."""

from __future__ import annotations

from typing import Final

from django.db.models import TextChoices

from listings.states import Charging
from marketplace.kernel.labels import Label
from marketplace.kernel.states import StateMachine


class TradeState(TextChoices):
    """The state of the money of a trade. *Cleared* is derived: the cycle of its obligations is posted."""

    CONCLUDED = "concluded", Label("concluded, waits for money", "成立・入金待ち")
    SECURED = "secured", Label("payment secured", "資金確保済み")
    DISPUTED = "disputed", Label("disputed, money stays on hold", "異議申立て中・資金確保継続")
    ACCEPTED = "accepted", Label("accepted, money captured for clearing", "検収済み・清算対象")
    REFUNDED = "refunded", Label("cancelled, money returned to the buyer", "取消し・返金済み")
    FAILED = "failed", Label("failed, not paid in time", "不成立・未入金")


GIVEN_UP_REASON_LENGTH_MAX: Final = 2_000
"""Of why the bill for a trade is given up."""

TRADE = StateMachine(
    name="clearing.trade",
    states=TradeState,
    initial=frozenset({TradeState.CONCLUDED}),
    table={
        (TradeState.CONCLUDED, "secure", "system"): TradeState.SECURED,
        (TradeState.CONCLUDED, "fail", "system"): TradeState.FAILED,
        (TradeState.SECURED, "accept", "system"): TradeState.ACCEPTED,
        (TradeState.SECURED, "hold", "system"): TradeState.DISPUTED,
        # A dismissed dispute leads back to this state; a separate event then accepts the trade.
        (TradeState.DISPUTED, "resume", "system"): TradeState.SECURED,
        (TradeState.DISPUTED, "refund", "system"): TradeState.REFUNDED,
        # The buyer does not pay for data that it never collected; access ended before.
        (TradeState.SECURED, "expire", "system"): TradeState.REFUNDED,
        # Data made to order is paid for in time even during a dispute; a correction can follow.
        (TradeState.SECURED, "accept_by_law", "system"): TradeState.ACCEPTED,
        (TradeState.DISPUTED, "accept_by_law", "system"): TradeState.ACCEPTED,
    },
)


class PaidFrom(TextChoices):
    """The account of its buyer from which a guaranteed part was paid."""

    AVAILABLE = "available", Label("paid by the buyer", "利用者の支払")
    DEPOSIT = "deposit", Label("taken from the security deposit", "保証金からの充当")


class FeePayer(TextChoices):
    """Who bears the market's fee for a trade."""

    SELLER = "seller", Label("seller", "提供者")
    BUYER = "buyer", Label("buyer", "利用者")


class ObligationKind(TextChoices):
    """The reasons why one party owes another. ``obligation_kinds`` has the properties of each kind."""

    PURCHASE = "purchase", Label("price of a trade", "取引代金")
    FEE = "fee", Label("market fee", "市場手数料")
    REFUND = "refund", Label("refund of a cleared trade", "清算後の返金")
    FEE_REFUND = "fee_refund", Label("refund of a market fee", "手数料の返金")
    ADJUSTMENT = "adjustment", Label("price adjustment", "価格調整")
    PENALTY = "penalty", Label("penalty", "違約金")
    WITHHOLDING = "withholding", Label("income tax that the buyer withholds", "源泉徴収税額")
    SHARE = "share", Label("share of the proceeds for a beneficiary", "受益者への分配")
    SHARE_RETURN = "share_return", Label("share that a beneficiary gives back", "分配の返還")


class PositionPart(TextChoices):
    """The parts of a net position by their columns, in the order in which they are stored and hashed."""

    PURCHASES = "purchases_minor", Label("purchases", "購入代金")
    PURCHASE_TAX = "purchase_tax_minor", Label("consumption tax on purchases", "購入に係る消費税")
    SALES = "sales_minor", Label("sales", "販売代金")
    SALES_TAX = "sales_tax_minor", Label("consumption tax on sales", "販売に係る消費税")
    FEES = "fees_minor", Label("market fees", "市場手数料")
    FEE_TAX = "fee_tax_minor", Label("consumption tax on fees", "手数料に係る消費税")
    FEE_REFUNDS = "fee_refunds_minor", Label("fees refunded", "手数料の返金")
    FEE_REFUND_TAX = (
        "fee_refund_tax_minor",
        Label("consumption tax on refunded fees", "返金手数料に係る消費税"),
    )
    CORRECTIONS_PAID = (
        "corrections_paid_minor",
        Label("corrections and penalties paid", "調整・違約金の支払"),
    )
    CORRECTIONS_RECEIVED = (
        "corrections_received_minor",
        Label("corrections and penalties received", "調整・違約金の受取"),
    )
    SHARES_PAID = "shares_paid_minor", Label("shares of proceeds paid", "分配の支払")
    SHARES_RECEIVED = "shares_received_minor", Label("shares of proceeds received", "分配の受取")
    DEFERRED = "deferred_minor", Label("deferred to the next cycle", "次サイクルへの繰延べ")


CASH_ONLY = (Charging.METERED,)
"""Charges that only money secures: what a metered period costs is not known before it ends."""


class UsageRefusal(TextChoices):
    """The reasons why a recorded use is not charged, or only in part."""

    BEYOND_CEILING = "beyond_ceiling", Label("beyond the ceiling of its period", "上限超過")
    PERIOD_CLOSED = "period_closed", Label("its period was charged already", "期間の請求確定後")
    NO_PERIOD = "no_period", Label("in no period of the agreement", "対象期間外")
    OTHER_CURRENCY = "other_currency", Label("not in the agreement's currency", "通貨不一致")


class ObligationStage(TextChoices):
    """The legal stage of an obligation, derived from the moments of its cycle and payment."""

    GROSS = "gross", Label("gross claim between the parties", "当事者間の債権債務")
    TAKEN_OVER = (
        "taken_over",
        Label("taken over by the operator, the debtor released", "運営者が引受け・債務者免責"),
    )
    DISCHARGED = "discharged", Label("discharged by settlement", "決済により消滅")


class LegalBasis(TextChoices):
    """The legal title by which an obligation is settled through the operator."""

    ASSUMPTION_WITH_RELEASE = (
        "assumption_with_release",
        Label("assumption of the debt by the operator with release of the debtor", "免責的債務引受"),
    )
    MARKET_TERMS = "market_terms", Label("the market's terms of use", "市場利用規約")
