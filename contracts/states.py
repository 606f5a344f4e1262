"""States of negotiations, agreements and disputes, and the choices of contracts.

A negotiation has exactly the states of the Dataspace Protocol 2025-1, in lower case; the seller is the protocol's
provider, the buyer its consumer.
"""

from __future__ import annotations

from django.db.models import TextChoices

from listings.states import SignatureLevel
from marketplace.events.schemas import contracts as events
from marketplace.kernel.labels import Label
from marketplace.kernel.states import StateMachine, expand_roles


class Party(TextChoices):
    """An organisation's side of a contract."""

    BUYER = "buyer", Label("buyer", "利用者")
    SELLER = "seller", Label("seller", "提供者")


class NegotiationState(TextChoices):
    """The state of a negotiation."""

    REQUESTED = "requested", Label("requested by the buyer", "利用者から申入れ")
    OFFERED = "offered", Label("offered by the seller", "提供者から提示")
    ACCEPTED = (
        "accepted",
        Label("terms accepted, waiting for the seller's signature", "条件合意・提供者の署名待ち"),
    )
    AGREED = (
        "agreed",
        Label("signed by the seller, waiting for the buyer's signature", "提供者署名済み・利用者の署名待ち"),
    )
    VERIFIED = "verified", Label("signed by both parties", "双方署名済み")
    FINALIZED = "finalized", Label("concluded", "締結")
    TERMINATED = "terminated", Label("ended without agreement", "不成立")


OPEN_NEGOTIATIONS = (
    NegotiationState.REQUESTED,
    NegotiationState.OFFERED,
    NegotiationState.ACCEPTED,
    NegotiationState.AGREED,
    NegotiationState.VERIFIED,
)
"""States that wait for a party, or in which the conclusion is being written."""

EVERYONE = ("buyer", "seller", "operator", "system")

NEGOTIATION = StateMachine(
    name="contracts.negotiation",
    states=NegotiationState,
    # A seller begins only an amendment.
    initial=frozenset({NegotiationState.REQUESTED, NegotiationState.OFFERED}),
    table=expand_roles(
        {
            (NegotiationState.REQUESTED, "offer", ("seller",)): NegotiationState.OFFERED,
            (NegotiationState.OFFERED, "request", ("buyer",)): NegotiationState.REQUESTED,
            (NegotiationState.OFFERED, "accept", ("buyer",)): NegotiationState.ACCEPTED,
            # Agreeing and verifying are the signatures of the seller and of the buyer.
            (NegotiationState.REQUESTED, "agree", ("seller",)): NegotiationState.AGREED,
            (NegotiationState.ACCEPTED, "agree", ("seller",)): NegotiationState.AGREED,
            (NegotiationState.AGREED, "verify", ("buyer",)): NegotiationState.VERIFIED,
            (NegotiationState.VERIFIED, "finalize", ("system",)): NegotiationState.FINALIZED,
            (NegotiationState.REQUESTED, "terminate", EVERYONE): NegotiationState.TERMINATED,
            (NegotiationState.OFFERED, "terminate", EVERYONE): NegotiationState.TERMINATED,
            (NegotiationState.ACCEPTED, "terminate", EVERYONE): NegotiationState.TERMINATED,
            (NegotiationState.AGREED, "terminate", EVERYONE): NegotiationState.TERMINATED,
            # After both signatures a party can no longer end it; only an obstacle to its conclusion can.
            (NegotiationState.VERIFIED, "terminate", ("operator", "system")): NegotiationState.TERMINATED,
        }
    ),
)

WAITS_FOR = {
    NegotiationState.REQUESTED: Party.SELLER,
    NegotiationState.OFFERED: Party.BUYER,
    NegotiationState.ACCEPTED: Party.SELLER,
    NegotiationState.AGREED: Party.BUYER,
}
"""The party that must act next, by state; no other state waits for a party."""


class SignatureMethod(TextChoices):
    """The method of a signature."""

    MARKET_SIDE = (
        "market_side",
        Label(
            "market-side signature: the market signs as a witness, on the instruction of the party",
            "立会人型電子署名（当事者の指示により市場が署名）",
        ),
    )
    OWN_KEY = (
        "own_key",
        Label(
            "signature with the organisation's own key, which the market verified",
            "当事者の鍵による電子署名（組織が登録した自己の鍵で署名し、市場が検証）",
        ),
    )


METHODS_AT_LEVEL = {
    SignatureLevel.MARKET_SIDE: frozenset({SignatureMethod.MARKET_SIDE, SignatureMethod.OWN_KEY}),
    SignatureLevel.OWN_KEY: frozenset({SignatureMethod.OWN_KEY}),
}
"""The methods of signature that meet a level."""


class MandateLimit(TextChoices):
    """A limit of a mandate that a signature would exceed."""

    SIGNER = "signer", Label("its signer is no signatory any more", "委任した担当者が署名権限を失っています")
    TEMPLATE = "template", Label("the contract template is not named", "契約ひな形が対象外です")
    COUNTERPARTY = "counterparty", Label("the other party is not named", "相手方が対象外です")
    CURRENCY = "currency", Label("the currency is another", "通貨が異なります")
    PRICE = (
        "price",
        Label("the price is above the limit of one contract", "1契約あたりの上限額を超えています"),
    )
    TOTAL = "total", Label("the total of its days would be exceeded", "期間の合計上限額を超えます")


RESPONSE_DAYS = 14
"""Calendar days within which a party must answer; after that the negotiation ends."""

REMINDED_DAYS = (3, 1)
"""So many days before the time to answer ends, the party whose turn it is is reminded."""

OPEN_DAYS = (1, 30)
"""For how many days, at least and at most, a proposal that the seller has signed stays open; ``RESPONSE_DAYS`` unless it states others."""

RESERVED_GROUNDS = ("leak_feared", "legal_ban")
"""On these grounds every template reserves the right to withdraw a signed proposal while it is open (Civil Code, article 523)."""


class AgreementState(TextChoices):
    """Whether an agreement is in force, ended with its term, or was ended before it or for want of its price."""

    IN_FORCE = "in_force", Label("in force", "有効")
    EXPIRED = "expired", Label("ended with its term", "期間満了")
    TERMINATED = "terminated", Label("terminated", "解除")


AGREEMENT = StateMachine(
    name="contracts.agreement",
    states=AgreementState,
    initial=frozenset({AgreementState.IN_FORCE}),
    table={
        (AgreementState.IN_FORCE, "expire", "system"): AgreementState.EXPIRED,
        (AgreementState.IN_FORCE, "terminate", "system"): AgreementState.TERMINATED,
        # The price of what was delivered late in its term may still be returned.
        (AgreementState.EXPIRED, "terminate", "system"): AgreementState.TERMINATED,
    },
)


class TerminationReason(TextChoices):
    """Why an agreement was terminated."""

    PAYMENT_FAILED = "payment_failed", Label("the price was not paid in", "代金の未入金")
    REFUNDED = "refunded", Label("the price was returned to the buyer", "代金の返金")
    MUTUAL = "mutual", Label("agreed by both parties", "合意解除")
    CONVENIENCE = "convenience", Label("notice under the contract", "契約に定める解約の通知")
    SELLER_BREACH = (
        "seller_breach",
        Label("the seller's breach, as a dispute decided", "提供者の違反（異議の裁定）"),
    )
    LAW = "law", Label("required by law", "法令に基づく終了")
    BUYER_BREACH = (
        "buyer_breach",
        Label("the buyer's breach, as a dispute decided", "利用者の違反（異議の裁定）"),
    )
    SETTLED = "settled", Label("a dispute was settled so", "異議の和解による終了")


TOLD_BY_TRADE = (TerminationReason.PAYMENT_FAILED.value, TerminationReason.REFUNDED.value)
"""Reasons that a trade has told of when the agreement is terminated."""


class DisputeParty(TextChoices):
    """Who opens a dispute, or speaks in it."""

    BUYER = "buyer", Label("buyer", "利用者")
    SELLER = "seller", Label("seller", "提供者")
    THIRD_PARTY = "third_party", Label("third party", "第三者")


INSPECTED_ON = (
    TerminationReason.PAYMENT_FAILED.value,
    TerminationReason.MUTUAL.value,
    TerminationReason.CONVENIENCE.value,
    TerminationReason.LAW.value,
    TerminationReason.BUYER_BREACH.value,
    TerminationReason.SETTLED.value,
)
"""Reasons after which the inspection of what was received goes on, to its acceptance or a dispute; after others the price goes back."""


class DisputeReason(TextChoices):
    """The reason of a dispute; ``disputing.rules`` says who may state which."""

    INCOMPLETE = "incomplete", Label("data is missing", "データの欠落")
    NOT_AS_DESCRIBED = "not_as_described", Label("the data is not as described", "説明との相違")
    DAMAGED = "damaged", Label("the data cannot be read", "データの破損")
    NOT_RECEIVED = "not_received", Label("the data cannot be downloaded", "ダウンロードできない")
    RIGHTS_DEFECT = "rights_defect", Label("the seller has no right to grant the use", "権利の瑕疵")
    OVERCHARGED = "overcharged", Label("more was charged than is owed", "過大な請求")
    UNPAID = "unpaid", Label("less was paid than is owed", "対価の不足")
    USE_OUTSIDE = "use_outside_rights", Label("the use is outside the rights", "利用条件に反する利用")
    INFRINGEMENT = "infringement", Label("a right of the third party is infringed", "第三者の権利の侵害")
    OTHER = "other", Label("other reason", "その他")


class DisputeState(TextChoices):
    """Whether a dispute is open, or how it ended."""

    OPEN = "open", Label("under review", "審理中")
    RESOLVED = "resolved", Label("resolved", "解決済み")
    SETTLED = "settled", Label("settled by the parties", "和解")
    WITHDRAWN = "withdrawn", Label("withdrawn", "取下げ")


class DisputeOutcome(TextChoices):
    """The outcome of a dispute."""

    DISMISSED = "dismissed", Label("dismissed; the data counts as accepted", "棄却（検収済みとみなす）")
    WITHDRAWN = (
        "withdrawn",
        Label("ended without a remedy; the data counts as accepted", "救済なく終了（検収済みとみなす）"),
    )
    REDELIVERY = "redelivery", Label("the data is delivered again", "再提供")
    REFUND = "refund", Label("cancelled; the price is returned", "取消し・返金")
    REDUCTION = "reduction", Label("the price is reduced", "代金の減額")
    PAYMENT = "payment", Label("the buyer pays in addition", "利用者による追加の支払")
    TERMINATION = (
        "termination",
        Label("the agreement is terminated", "契約の解除"),
    )
    STOP_OF_USE = "stop_of_use", Label("access is suspended and the use stops", "提供の停止・利用の停止")


_DISPUTING = ("buyer", "seller", "third_party")

DISPUTE = StateMachine(
    name="contracts.dispute",
    states=DisputeState,
    initial=frozenset({DisputeState.OPEN}),
    table=expand_roles(
        {
            (DisputeState.OPEN, "resolve", ("operator",)): DisputeState.RESOLVED,
            (DisputeState.OPEN, "settle", _DISPUTING): DisputeState.SETTLED,
            (DisputeState.OPEN, "withdraw", _DISPUTING): DisputeState.WITHDRAWN,
        }
    ),
)


class ContractType(TextChoices):
    """The three types of data contract (METI, AI・データの利用に関する契約ガイドライン 1.1)."""

    PROVISION = "data_provision", Label("data provision", "データ提供型")
    CREATION = "data_creation", Label("data creation", "データ創出型")
    SHARING = "data_sharing", Label("data sharing on a platform", "データ共用型")


CLAUSE_REASON = events.CLAUSE_REASON
ENDED_EARLY = events.ENDED_EARLY
LATE_REASON = f"{CLAUSE_REASON}late"
"""The reason of an adjustment by a value of an index that came after its charge began."""
PRICE_TALK = "price_talk"
"""The reason of an adjustment that a talk about the price of commissioned work has agreed."""


def label_of(choices: type[TextChoices], value: str) -> Label:
    """The label of a coded value."""
    label = choices(value).label
    assert isinstance(label, Label)  # noqa: S101  choices of this house are labelled in both languages
    return label
