"""Lifecycles and enumerations of clearing. Pure; other applications may import them."""

from __future__ import annotations

from django.db.models import TextChoices

from marketplace.kernel.labels import Label
from marketplace.kernel.states import StateMachine


class TradeState(TextChoices):
    """Where the money of a trade stands. That it is *cleared* is derived: its obligations' cycle is posted."""

    CONCLUDED = "concluded", Label("concluded, waits for money", "成立・入金待ち")
    SECURED = "secured", Label("payment secured", "支払確保済み")
    DISPUTED = "disputed", Label("held while a complaint is open", "紛争中・保留")
    ACCEPTED = "accepted", Label("accepted, money released to clearing", "検収済み・清算対象")
    REFUNDED = "refunded", Label("undone, money returned to the buyer", "取消・返金済み")
    FAILED = "failed", Label("failed, never paid for", "不成立・未入金")


TRADE = StateMachine(
    name="clearing.trade",
    states=TradeState,
    initial=frozenset({TradeState.CONCLUDED}),
    table={
        (TradeState.CONCLUDED, "secure", "system"): TradeState.SECURED,
        (TradeState.CONCLUDED, "fail", "system"): TradeState.FAILED,
        (TradeState.SECURED, "accept", "system"): TradeState.ACCEPTED,
        (TradeState.SECURED, "hold", "system"): TradeState.DISPUTED,
        # A dismissed complaint leads back here; the acceptance that follows it is an event of its own.
        (TradeState.DISPUTED, "resume", "system"): TradeState.SECURED,
        (TradeState.DISPUTED, "refund", "system"): TradeState.REFUNDED,
        # What is never collected is not paid for; access ended before.
        (TradeState.SECURED, "expire", "system"): TradeState.REFUNDED,
        # Data made to order is paid for in time whatever a complaint says; what it is worth is corrected afterwards.
        (TradeState.SECURED, "accept_by_law", "system"): TradeState.ACCEPTED,
        (TradeState.DISPUTED, "accept_by_law", "system"): TradeState.ACCEPTED,
    },
)


class CycleState(TextChoices):
    """How far the clearing of a period has come."""

    OPEN = "open", Label("open", "受付中")
    CLOSING = "closing", Label("cut off, waits for what was committed before", "締切・反映待ち")
    VALIDATED = "validated", Label("validated", "検証済み")
    NETTED = "netted", Label("netted, final", "ネッティング済み・確定")
    POSTED = "posted", Label("posted to the ledger", "記帳済み")
    SETTLING = "settling", Label("being settled", "決済中")
    SETTLED = "settled", Label("settled", "決済完了")
    PARTIAL = "partial", Label("settled in part; the rest is carried", "一部決済・残額繰越")


CYCLE = StateMachine(
    name="clearing.cycle",
    states=CycleState,
    initial=frozenset({CycleState.OPEN}),
    table={
        (CycleState.OPEN, "close", "operator"): CycleState.CLOSING,
        # When a cut-off of the schedule has passed.
        (CycleState.OPEN, "close", "system"): CycleState.CLOSING,
        (CycleState.CLOSING, "validate", "system"): CycleState.VALIDATED,
        (CycleState.VALIDATED, "net", "system"): CycleState.NETTED,
        (CycleState.NETTED, "post", "system"): CycleState.POSTED,
        (CycleState.POSTED, "instruct", "system"): CycleState.SETTLING,
        (CycleState.SETTLING, "settle", "system"): CycleState.SETTLED,
        (CycleState.SETTLING, "carry", "system"): CycleState.PARTIAL,
        # What failed was paid again, or a claim was collected: the rest is settled after all.
        (CycleState.PARTIAL, "settle", "system"): CycleState.SETTLED,
        # A bank may return a payment after it was confirmed.
        (CycleState.SETTLED, "carry", "system"): CycleState.PARTIAL,
    },
)

CUT_OFF_STATES = (CycleState.CLOSING, CycleState.VALIDATED, CycleState.NETTED)
FINAL_STATES = (CycleState.SETTLED, CycleState.PARTIAL)
POSTED_STATES = (CycleState.POSTED, CycleState.SETTLING, *FINAL_STATES)
WORKING_STATES = (*CUT_OFF_STATES, CycleState.POSTED)
HOLDABLE_STATES = (*WORKING_STATES, CycleState.SETTLING, CycleState.PARTIAL)


class OverdueReason(TextChoices):
    """Why a cycle is later than it should be. Each belongs to states of its own, so one at most holds at a time."""

    NOT_CLOSED = (
        "not_closed",
        Label("its cut-off has passed and it is still open", "締切を過ぎても受付中です"),
    )
    SLOW = "slow", Label("its steps take too long", "処理に時間がかかっています")
    PAST_VALUE_DATE = (
        "past_value_date",
        Label("its value date has passed and it is not settled", "決済日を過ぎても決済が完了していません"),
    )


class LeftOutReason(TextChoices):
    """Why a trade did not enter a cycle."""

    HELD = "held", Label("held: a complaint was open", "保留: 異議の申立て中でした")
    NOT_SECURED = "not_secured", Label("carried: its money was not secured", "繰越: 代金が未確保でした")
    NOT_ACCEPTED = "not_accepted", Label("carried: its delivery was not accepted", "繰越: 検収が未了でした")


class InstructionState(TextChoices):
    """What is known of one payment. An outcome that is not known is ``unknown``, never failed."""

    PLANNED = "planned", Label("planned", "予定")
    SENDING = "sending", Label("handed to the bank", "銀行へ送付済み")
    UNKNOWN = "unknown", Label("outcome not known yet", "結果確認中")
    CONFIRMED = "confirmed", Label("confirmed by the bank's statement", "入出金確認済み")
    FAILED = "failed", Label("returned by the bank", "不能・返却")


INSTRUCTION = StateMachine(
    name="clearing.settlement_instruction",
    states=InstructionState,
    initial=frozenset({InstructionState.PLANNED}),
    table={
        (InstructionState.PLANNED, "send", "operator"): InstructionState.SENDING,
        (InstructionState.SENDING, "lose_sight", "system"): InstructionState.UNKNOWN,
        # The statement is the truth: a payment that the bank booked has happened, however it was started.
        (InstructionState.PLANNED, "confirm", "system"): InstructionState.CONFIRMED,
        (InstructionState.SENDING, "confirm", "system"): InstructionState.CONFIRMED,
        (InstructionState.UNKNOWN, "confirm", "system"): InstructionState.CONFIRMED,
        # Failed is what the bank itself said: a notice that it did not pay, or a payment that came back.
        (InstructionState.SENDING, "fail", "operator"): InstructionState.FAILED,
        (InstructionState.UNKNOWN, "fail", "operator"): InstructionState.FAILED,
        (InstructionState.CONFIRMED, "return", "system"): InstructionState.FAILED,
    },
)


class ApprovalState(TextChoices):
    """What became of a command that needs a second person."""

    PENDING = "pending", Label("waits for a second person", "二人目の承認待ち")
    APPROVED = "approved", Label("carried out by two people", "二名により実行済み")
    EXPIRED = "expired", Label("nobody countersigned in time", "期限切れ")
    WITHDRAWN = "withdrawn", Label("withdrawn", "取下げ")


APPROVAL = StateMachine(
    name="clearing.approval",
    states=ApprovalState,
    initial=frozenset({ApprovalState.PENDING}),
    table={
        (ApprovalState.PENDING, "approve", "operator"): ApprovalState.APPROVED,
        (ApprovalState.PENDING, "withdraw", "operator"): ApprovalState.WITHDRAWN,
        (ApprovalState.PENDING, "expire", "system"): ApprovalState.EXPIRED,
    },
)


class PaymentPurpose(TextChoices):
    """Why a payment is made."""

    CYCLE = "cycle", Label("settlement of a cycle", "清算の決済")
    IDLE_RETURN = "idle_return", Label("return of idle money", "滞留金の返還")


class Hindrance(TextChoices):
    """Why a participant cannot be paid now."""

    NO_ACCOUNT = "no_account", Label("the payee has stated no bank account", "振込先口座が未登録です")
    ABROAD = (
        "abroad",
        Label(
            "the payee is abroad, and no licence or exemption for paying there is recorded",
            "受取人が国外であり、国外への支払の許認可・適用除外が登録されていません",
        ),
    )


class FundsRegimeKind(TextChoices):
    """By what right the market holds participants' money."""

    AGENCY_RECEIPT = "agency_receipt", Label("received on the seller's behalf", "代理受領")
    TRUST = "trust", Label("held in trust", "信託")
    FUNDS_TRANSFER = "funds_transfer", Label("funds-transfer business", "資金移動業")
    PAYMENT_PROVIDER = "payment_provider", Label("through a payment provider", "収納代行・決済代行")


class FeePayer(TextChoices):
    """Who bears the market's fee for a trade."""

    SELLER = "seller", Label("seller", "提供者")
    BUYER = "buyer", Label("buyer", "利用者")


class ObligationKind(TextChoices):
    """Why one party owes another."""

    PURCHASE = "purchase", Label("price of a trade", "取引代金")
    FEE = "fee", Label("market fee", "市場手数料")
    REFUND = "refund", Label("refund of a cleared trade", "清算後の返金")
    FEE_REFUND = "fee_refund", Label("refund of a market fee", "手数料の返還")
    ADJUSTMENT = "adjustment", Label("price adjustment", "価格調整")
    PENALTY = "penalty", Label("penalty", "違約金")
    SHARE = "share", Label("share of the proceeds for a beneficiary", "受益者への分配")


BASE_KINDS = (ObligationKind.PURCHASE, ObligationKind.FEE)
CORRECTION_KINDS = (ObligationKind.REFUND, ObligationKind.ADJUSTMENT, ObligationKind.PENALTY)
OPERATOR_KINDS = (ObligationKind.FEE, ObligationKind.FEE_REFUND)
INVOICED_CORRECTIONS = (ObligationKind.REFUND, ObligationKind.ADJUSTMENT)
"""Corrections of what was supplied. A penalty and a share are no supply: they stand on statements alone."""
UNTAXED_KINDS = (*OPERATOR_KINDS, ObligationKind.PENALTY, ObligationKind.SHARE)


class Charging(TextChoices):
    """By what rhythm an agreement is charged. Each charge is a trade of its own."""

    ONE_OFF = "one_off", Label("one price, once", "一括")
    INSTALMENT = "instalment", Label("one price, in instalments", "分割")
    SUBSCRIPTION = "subscription", Label("a price a period", "定期")
    METERED = "metered", Label("by use, up to a ceiling a period", "従量")


PERIODIC = (Charging.SUBSCRIPTION, Charging.METERED)


class UsageRefusal(TextChoices):
    """Why a recorded use is not charged, or only in part."""

    BEYOND_CEILING = "beyond_ceiling", Label("beyond the ceiling of its period", "上限超過")
    PERIOD_CLOSED = "period_closed", Label("its period was charged already", "期間の請求確定後")
    NO_PERIOD = "no_period", Label("in no period of the agreement", "対象期間外")
    OTHER_CURRENCY = "other_currency", Label("not in the agreement's currency", "通貨不一致")


class ObligationStage(TextChoices):
    """How far an obligation has come in law. It is derived from the moments of its cycle and payment."""

    GROSS = "gross", Label("gross claim between the parties", "当事者間の債権債務")
    TAKEN_OVER = (
        "taken_over",
        Label("taken over by the operator, the debtor released", "運営者が引受け・債務者免責"),
    )
    DISCHARGED = "discharged", Label("discharged by settlement", "決済により消滅")


class LegalBasis(TextChoices):
    """By what title an obligation is settled through the operator."""

    ASSUMPTION_WITH_RELEASE = (
        "assumption_with_release",
        Label("assumption of the debt by the operator with release of the debtor", "免責的債務引受"),
    )
    MARKET_TERMS = "market_terms", Label("the market's terms of use", "市場利用規約")


class AccountKind(TextChoices):
    """The chart of accounts; ``clearing.chart`` says what each kind is."""

    AVAILABLE = "available", Label("available to a participant", "預り金（利用可能）")
    HELD = "held", Label("held for a trade", "預り金（取引拘束）")
    PAYABLE = "payable", Label("released, due to the cycle", "清算未払金")
    RECEIVABLE = "receivable", Label("cleared, due to a participant", "清算未収金")
    DEPOSIT = "deposit", Label("security deposit of a participant", "預り保証金")
    CLAIM = "claim", Label("owed by a participant to the market", "立替金")
    FEE_REVENUE = "fee_revenue", Label("fees earned", "手数料収入")
    TAX_PAYABLE = "tax_payable", Label("consumption tax on fees", "仮受消費税")
    RESERVE = "reserve", Label("reserve of the operator", "運営者準備金")
    ROUNDING = "rounding", Label("rounding differences", "端数差額")
    WRITE_OFF = "write_off", Label("written off", "貸倒損失")
    SETTLEMENT = "settlement", Label("clearing control", "清算勘定")
    UNALLOCATED = "unallocated", Label("receipts of nobody yet", "仮受金（未照合）")
    BANK_CLIENT = "bank_client", Label("bank, participants' money", "預金（顧客口）")
    BANK_OPERATOR = "bank_operator", Label("bank, operator's own money", "預金（運営者口）")


class EntryKind(TextChoices):
    """What a journal entry records."""

    RECEIPT = "receipt", Label("receipt", "入金")
    HOLD = "hold", Label("hold for a trade", "取引拘束")
    RELEASE = "release", Label("release to clearing", "検収による払出し")
    RETURN = "return", Label("return of a hold", "拘束解除・返金")
    CYCLE = "cycle", Label("clearing of a cycle", "清算記帳")
    PAYOUT = "payout", Label("settlement payment", "決済払出し")
    SWEEP = "sweep", Label("transfer of the operator's earnings", "運営者収益の振替")
    BANK_RETURN = "bank_return", Label("payment returned by the bank", "振込組戻し")
    SUSPENSE = "suspense", Label("booked to suspense", "仮受計上")
    ALLOCATION = "allocation", Label("suspense allocated", "仮受金の充当")
    COVER = "cover", Label("own money set aside for a cycle", "清算不足額の充当")
    RECOVERY = "recovery", Label("claim collected from a receipt", "入金からの立替金回収")
    DEPOSIT = "deposit", Label("security deposit paid or released", "保証金の差入・返還")
    RESERVE = "reserve", Label("reserve funded by the operator", "準備金の拠出")
    WRITE_OFF = "write_off", Label("claim written off", "立替金の貸倒処理")
    IDLE_RETURN = "idle_return", Label("return of idle money", "滞留金の返還")


class LineKind(TextChoices):
    """What a posting is within its entry."""

    RECEIPT = "receipt", Label("receipt", "入金")
    HOLD = "hold", Label("hold", "拘束")
    UNHOLD = "unhold", Label("end of a hold", "拘束解除")
    UNUSED = "unused", Label("part of a hold that was not used", "拘束未使用分の返還")
    PURCHASES = "purchases", Label("purchases with tax", "購入代金（税込）")
    SALES = "sales", Label("sales with tax", "販売代金（税込）")
    FEES = "fees", Label("market fees", "市場手数料")
    FEE_TAX = "fee_tax", Label("consumption tax on fees", "手数料消費税")
    FEE_REFUNDS = "fee_refunds", Label("fees refunded", "手数料返還")
    FEE_REFUND_TAX = "fee_refund_tax", Label("consumption tax on refunded fees", "返還手数料消費税")
    CORRECTIONS_PAID = "corrections_paid", Label("corrections paid, with tax", "調整支払（税込）")
    CORRECTIONS_RECEIVED = "corrections_received", Label("corrections received, with tax", "調整受取（税込）")
    SHARES_PAID = "shares_paid", Label("shares of proceeds paid", "分配支払")
    SHARES_RECEIVED = "shares_received", Label("shares of proceeds received", "分配受取")
    DRAWN_RECEIVABLE = "drawn_receivable", Label("drawn from what was due", "未収金からの充当")
    DRAWN = "drawn", Label("drawn from available money", "利用可能額からの充当")
    DRAWN_DEPOSIT = "drawn_deposit", Label("drawn from the security deposit", "保証金からの充当")
    DRAWN_RESERVE = "drawn_reserve", Label("lent by the reserve, now a claim", "準備金からの立替")
    COVERED = "covered", Label("money set aside for the cycle, used", "充当額の受入れ")
    CARRIED = "carried", Label("put off to the next cycle", "翌サイクルへの繰越")
    AWAITED = "awaited", Label("due, but put off by its debtor", "相手方による繰越（未収）")
    RECOVERED = "recovered", Label("earlier claim collected", "立替金の回収")
    DEPOSITED = "deposited", Label("paid into the security deposit", "保証金の差入れ")
    DEPOSIT_RELEASED = "deposit_released", Label("security deposit released", "保証金の返還")
    WRITTEN_OFF = "written_off", Label("claim written off", "立替金の貸倒れ")
    RESERVE_USED = "reserve_used", Label("loss borne by the reserve", "準備金の取崩し")
    PAYMENT = "payment", Label("payment", "支払")
    IDLE_RETURN = "idle_return", Label("idle money on its way back", "滞留金の返還")


class ProofTree(TextChoices):
    """What a Merkle tree of a cycle is over."""

    TRADES = "trades", Label("lines of trades and further obligations", "取引・追加債務の明細")
    POSITIONS = "positions", Label("net positions", "ネットポジション")


class InvoicePurpose(TextChoices):
    """What an invoice is for."""

    PURCHASE = "purchase", Label("sale of a trade", "取引代金")
    FEE = "fee", Label("market fees of a cycle", "市場手数料")
    FEE_REFUND = "fee_refund", Label("market fees refunded in a cycle", "手数料の返還")
    CORRECTION = "correction", Label("correction of a trade", "取引の調整")


class InvoiceKind(TextChoices):
    """Qualified only if its issuer is registered (Consumption Tax Act, article 57-4)."""

    QUALIFIED_INVOICE = "qualified_invoice", Label("qualified invoice", "適格請求書")
    INVOICE = "invoice", Label("invoice", "請求書")
    RETURN_INVOICE = "return_invoice", Label("return invoice", "返還請求書")


class BankDirection(TextChoices):
    """Seen from the market's account: ``credit`` comes in, ``debit`` goes out."""

    CREDIT = "credit", Label("in", "入金")
    DEBIT = "debit", Label("out", "出金")


class PaymentDirection(TextChoices):
    """Whether a settlement payment leaves the client account or comes in to it."""

    OUT = "out", Label("paid out", "払出し")
    IN = "in", Label("paid in", "払込み")


class BankMatch(TextChoices):
    """What a line of the bank's statement was recognised as."""

    DEPOSIT = "deposit", Label("paid in by a participant", "参加者の入金")
    RESERVE = "reserve", Label("paid into the reserve by the operator", "運営者による準備金の入金")
    SETTLEMENT = "settlement", Label("settlement payment confirmed", "決済の確認")
    RETURNED = "returned", Label("settlement payment returned", "決済の組戻し")
    UNALLOCATED = "unallocated", Label("not recognised", "未照合")
