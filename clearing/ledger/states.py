"""Enumerations of the ledger. Pure; other applications may import them."""

from __future__ import annotations

from django.db.models import TextChoices

from marketplace.kernel.labels import Label


class FundsRegimeKind(TextChoices):
    """Rights by which the market holds participants' money."""

    AGENCY_RECEIPT = "agency_receipt", Label("received on the seller's behalf", "代理受領")
    TRUST = "trust", Label("held in trust", "信託")
    FUNDS_TRANSFER = "funds_transfer", Label("funds-transfer business", "資金移動業")
    PAYMENT_PROVIDER = "payment_provider", Label("through a payment provider", "収納代行・決済代行")


class AccountKind(TextChoices):
    """Kinds of account; ``ledger.chart`` has their sides and owners."""

    AVAILABLE = "available", Label("available to a participant", "預り金（利用可能）")
    HELD = "held", Label("on hold for a trade", "預り金（確保済み）")
    PAYABLE = "payable", Label("captured, payable to the cycle", "清算未払金")
    RECEIVABLE = "receivable", Label("receivable from cycles", "清算未収金")
    DEPOSIT = "deposit", Label("security deposit of a participant", "預り保証金")
    CLAIM = "claim", Label("claim on a participant", "求償債権")
    FEE_REVENUE = "fee_revenue", Label("fees earned", "手数料収入")
    FEES_RECEIVABLE = "fees_receivable", Label("fees put off, receivable", "未収手数料")
    TAX_PAYABLE = "tax_payable", Label("consumption tax on fees", "仮受消費税")
    RESERVE = "reserve", Label("reserve of the operator", "運営者準備金")
    OWN_FUNDS = "own_funds", Label("own money that the operator paid in", "運営者拠出金")
    ROUNDING = "rounding", Label("rounding differences", "端数差額")
    WRITE_OFF = "write_off", Label("written off", "貸倒損失")
    SETTLEMENT = "settlement", Label("clearing control", "清算勘定")
    UNALLOCATED = "unallocated", Label("receipts in suspense", "仮受金（未照合の入金）")
    UNEXPLAINED = "unexplained", Label("debits in suspense", "仮払金（未照合の出金）")
    BANK_RECEIVABLE = "bank_receivable", Label("reclaimed from the bank", "未収金（銀行への返還請求）")
    PAYEE_RECEIVABLE = (
        "payee_receivable",
        Label("reclaimed from payees that were paid twice", "未収金（二重払いの返還請求）"),
    )
    EARLY_RETURN = "early_return", Label("payments returned before their debit", "預り金（出金前の組戻し）")
    BANK_CHARGES = "bank_charges", Label("bank fees borne by the operator", "支払手数料（運営者負担）")
    BANK_CLIENT = "bank_client", Label("bank, client account", "預金（顧客口座）")
    BANK_OPERATOR = "bank_operator", Label("bank, operator's own account", "預金（運営者口座）")


class EntryKind(TextChoices):
    """Kinds of journal entry."""

    PAY_IN = "pay_in", Label("pay-in", "入金")
    HOLD = "hold", Label("hold for a trade", "資金の確保")
    GUARANTEED = "guaranteed", Label("payment of a guaranteed part", "保証で確保した代金の支払")
    CAPTURE = "capture", Label("capture of a hold", "確保の確定")
    RETURN = "return", Label("return of a hold", "確保の解除")
    CYCLE = "cycle", Label("clearing of a cycle", "清算記帳")
    PAYOUT = "payout", Label("settlement payment", "決済の支払")
    SWEEP = "sweep", Label("transfer of the operator's earnings", "運営者収益の振替")
    BANK_RETURN = "bank_return", Label("payment returned by the bank", "振込組戻し")
    EARLY_RETURN = "early_return", Label("payment returned before its debit", "出金前の組戻し")
    SUSPENSE = "suspense", Label("posted to suspense", "仮受・仮払への計上")
    ALLOCATION = "allocation", Label("receipt in suspense allocated", "仮受金の充当")
    DEBIT = "debit", Label("debit in suspense booked", "仮払金の処理")
    RECOUPMENT = "recoupment", Label("reclaimed debit returned", "返還請求額の回収")
    COVER = "cover", Label("own money set aside for a cycle", "清算の不足額への充当")
    RECOVERY = "recovery", Label("claim collected from a pay-in", "入金からの求償債権の回収")
    DEPOSIT = "deposit", Label("security deposit paid or released", "保証金の差入・返還")
    OWN_MONEY = "own_money", Label("own money paid in by the operator", "運営者による自己資金の拠出")
    RESERVE = "reserve", Label("reserve funded by the operator", "準備金の拠出")
    RESERVE_LOWERED = "reserve_lowered", Label("reserve lowered by the operator", "準備金の減額")
    WRITE_OFF = "write_off", Label("claim written off", "求償債権の貸倒処理")
    IDLE_RETURN = "idle_return", Label("return of idle money", "滞留金の返還")


class LineKind(TextChoices):
    """Kinds of posting within a journal entry."""

    PAY_IN = "pay_in", Label("pay-in", "入金")
    HOLD = "hold", Label("hold", "資金の確保")
    GUARANTEED_PAID = "guaranteed_paid", Label("guaranteed part paid", "保証で確保した代金の支払")
    UNHOLD = "unhold", Label("end of a hold", "確保の終了")
    UNUSED = "unused", Label("unused part of a hold", "確保の未使用分の返還")
    PURCHASES = "purchases", Label("purchases with tax", "購入代金（税込）")
    SALES = "sales", Label("sales with tax", "販売代金（税込）")
    FEES = "fees", Label("market fees", "市場手数料")
    FEE_TAX = "fee_tax", Label("consumption tax on fees", "手数料消費税")
    FEE_REFUNDS = "fee_refunds", Label("fees refunded", "手数料の返金")
    FEE_REFUND_TAX = "fee_refund_tax", Label("consumption tax on refunded fees", "返金手数料の消費税")
    CORRECTIONS_PAID = "corrections_paid", Label("corrections paid, with tax", "訂正の支払（税込）")
    CORRECTIONS_RECEIVED = (
        "corrections_received",
        Label("corrections received, with tax", "訂正の受取（税込）"),
    )
    SHARES_PAID = "shares_paid", Label("shares of proceeds paid", "分配支払")
    SHARES_RECEIVED = "shares_received", Label("shares of proceeds received", "分配受取")
    DRAWN_RECEIVABLE = "drawn_receivable", Label("drawn from receivables", "清算未収金からの充当")
    DRAWN = "drawn", Label("drawn from available money", "利用可能額からの充当")
    DRAWN_PAYMENT = "drawn_payment", Label("set off against a planned payment", "支払予定額との相殺")
    DRAWN_DEPOSIT = "drawn_deposit", Label("drawn from the security deposit", "保証金からの充当")
    DRAWN_RESERVE = "drawn_reserve", Label("lent by the reserve as a claim", "準備金からの立替（求償債権）")
    COVERED = "covered", Label("money set aside for the cycle", "充当額の受入れ")
    DEFERRED = "deferred", Label("deferred to the next cycle", "次サイクルへの繰延べ")
    AWAITED = "awaited", Label("receivable deferred by its debtor", "相手方の繰延べによる未収額")
    FEES_COLLECTED = "fees_collected", Label("fees put off, collected in a later cycle", "繰延手数料の回収")
    BAD_FEES_COLLECTED = (
        "bad_fees_collected",
        Label("written-off fees, collected after all", "償却済み手数料の回収"),
    )
    BAD_DEBT_TAX = "bad_debt_tax", Label("consumption tax of bad debt", "貸倒れに係る消費税額")
    RECOVERED = "recovered", Label("earlier claim collected", "求償債権の回収")
    DEPOSITED = "deposited", Label("paid into the security deposit", "保証金の差入れ")
    DEPOSIT_RELEASED = "deposit_released", Label("security deposit released", "保証金の返還")
    WRITTEN_OFF = "written_off", Label("claim written off", "求償債権の貸倒れ")
    RESERVE_USED = "reserve_used", Label("loss borne by the reserve", "準備金の取崩し")
    RESERVE_LOWERED = "reserve_lowered", Label("reserve lowered", "準備金の減額")
    PAYMENT = "payment", Label("payment", "支払")
    UNEXPLAINED = "unexplained", Label("debit in suspense", "未照合の出金")
    BANK_FEE = "bank_fee", Label("bank fee", "銀行手数料")
    RECLAIMED = "reclaimed", Label("wrong debit reclaimed from the bank", "誤出金の返還請求")
    PAID_TWICE = "paid_twice", Label("payment carried out twice", "二重払いの返還請求")
    RECOUPED = "recouped", Label("reclaimed debit returned", "返還請求額の入金")
    IDLE_RETURN = "idle_return", Label("return of idle money", "滞留金の返還")
