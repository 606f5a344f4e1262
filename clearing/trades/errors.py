"""Refusals of trades and obligations."""

from __future__ import annotations

from marketplace.kernel.errors import Category, DomainError
from marketplace.kernel.labels import Label


class PartyNotIndependent(DomainError):
    """The operator and its affiliates are never buyer or seller of data. Fields: ``organisation``."""

    code = "party_not_independent"
    category = Category.FORBIDDEN
    detail = Label(
        "{organisation} is the operator or its affiliate and cannot be a party to a trade.",
        "{organisation} は運営者またはその関係会社のため、取引の当事者になれません。",
    )


class ChargingFaulty(DomainError):
    """The terms of charging cannot be carried out; nothing was recorded. Fields: ``agreement``, ``what``."""

    code = "charging_faulty"
    detail = Label(
        "{agreement} cannot be charged on its terms: {what}.",
        "{agreement} の課金条件を実行できません: {what}",
    )


class NotAcceptedYet(DomainError):
    """Only an accepted trade is corrected; before acceptance the buyer opens a dispute. Fields: ``trade, state``."""

    code = "not_accepted_yet"
    category = Category.CONFLICT
    detail = Label(
        "{trade} is {state}: only an accepted trade can be corrected; before acceptance the buyer opens a dispute.",
        "{trade} は {state} です。訂正できるのは検収済みの取引のみです。検収前は異議を申し立ててください。",
    )


class BillNotOverdue(DomainError):
    """The trade has no bill that is unpaid after its due day. Fields: ``trade``."""

    code = "bill_not_overdue"
    category = Category.CONFLICT
    detail = Label(
        "{trade} has no bill that is unpaid after its due day: until then the buyer pays, or its guarantee is called on.",
        "{trade} には期日を過ぎた未払いの請求がありません。期日までは利用者が支払うか、保証へ請求します。",
    )


class BeyondCaptured(DomainError):
    """It exceeds what remains of the price to give back, or to charge in addition. Fields: ``trade, remaining_minor``."""

    code = "beyond_captured"
    category = Category.CONFLICT
    field = "amount_minor"
    detail = Label(
        "At most {remaining_minor} of {trade}, without tax, can still be given back or charged in this direction.",
        "{trade} についてこの方向に返金・追加請求できる残額は税抜 {remaining_minor} です。",
    )


class ChargeOver(DomainError):
    """A correction names a charge of which nothing moves: it failed, was returned, or never comes. Fields: ``agreement, charge``."""

    code = "charge_over"
    category = Category.CONFLICT
    field = "charge"
    detail = Label(
        "Charge {charge} of {agreement} is over: its price was never paid, came back as a whole, or is never charged. Correct another charge.",
        "{agreement} の第{charge}回の課金は終了しています（未払い、全額返金済み、または課金されません）。別の課金を指定してください。",
    )


class BeyondShare(DomainError):
    """More than what can be clawed back of a beneficiary's share. Fields: ``trade, beneficiary, remaining_minor``."""

    code = "beyond_share"
    category = Category.CONFLICT
    field = "amount_minor"
    detail = Label(
        "At most {remaining_minor} can be clawed back of the share of {beneficiary} in {trade}: its part of the price that"
        " was given back, less what it gave back before.",
        "{trade} における {beneficiary} の分配から返還を求められる残額は {remaining_minor} です（返金された代金に対応する分配額から、"
        "既に返還された額を差し引いた額）。",
    )


class PenaltyBeyondCap(DomainError):
    """The penalties of a party would exceed the agreed cap, or else the gross. Fields: ``trade, remaining_minor``."""

    code = "penalty_beyond_cap"
    category = Category.CONFLICT
    field = "amount_minor"
    detail = Label(
        "At most {remaining_minor} of further penalties can be ordered against this party of {trade}: the agreed cap,"
        " or else the price with tax, is the most.",
        "{trade} のこの当事者に命じられる違約金の残額は {remaining_minor} です（合意した上限額、合意がないときは税込代金が上限）。",
    )


class HoldBelowTax(DomainError):
    """A rate of tax published after the conclusion needs more than is on hold. Fields: ``trade``, ``on``."""

    code = "hold_below_tax"
    category = Category.CONFLICT
    detail = Label(
        "The rate of tax on {on} was published after {trade} was concluded and is above that of its hold: cancel the trade"
        " by a dispute, and conclude it anew.",
        "{on} の税率は {trade} の成立後に公示され、確保した金額を上回ります。異議により取引を取り消し、改めて契約してください。",
    )


class NotReversible(DomainError):
    """The obligation is not a correction, or is reversed already. Fields: ``obligation``."""

    code = "not_reversible"
    category = Category.CONFLICT
    detail = Label(
        "{obligation} is not a correction that can be reversed.",
        "{obligation} は取り消せる訂正ではありません。",
    )


class UsageFaulty(DomainError):
    """A use of metered data cannot be recorded. Fields: ``usage``, ``what``."""

    code = "usage_faulty"
    detail = Label("Use {usage} cannot be recorded: {what}.", "利用 {usage} を記録できません: {what}")
