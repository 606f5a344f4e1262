"""The lives of negotiations, agreements and disputes, and the coded choices of contracts.

A negotiation's states are those of the Dataspace Protocol 2025-1, without loss: the seller is its provider, the
buyer its consumer, and every state is the protocol's own in lower case.
"""

from __future__ import annotations

from django.db.models import TextChoices

from marketplace.kernel.labels import Label
from marketplace.kernel.states import StateMachine, expand_roles


class Party(TextChoices):
    """On which side of a contract an organisation stands."""

    BUYER = "buyer", Label("buyer", "利用者")
    SELLER = "seller", Label("seller", "提供者")


class NegotiationState(TextChoices):
    """Where a negotiation stands."""

    REQUESTED = "requested", Label("requested by the buyer", "利用者から申入れ")
    OFFERED = "offered", Label("offered by the seller", "提供者から提示")
    ACCEPTED = "accepted", Label("terms accepted, to be signed by the seller", "条件合意・提供者の署名待ち")
    AGREED = "agreed", Label("signed by the seller, to be signed by the buyer", "利用者の署名待ち")
    VERIFIED = "verified", Label("signed by both", "双方署名済み")
    FINALIZED = "finalized", Label("concluded", "締結")
    TERMINATED = "terminated", Label("ended without agreement", "不成立")


OPEN_NEGOTIATIONS = (
    NegotiationState.REQUESTED,
    NegotiationState.OFFERED,
    NegotiationState.ACCEPTED,
    NegotiationState.AGREED,
    NegotiationState.VERIFIED,
)
"""States in which somebody's move is awaited, or the conclusion is being written."""

EVERYONE = ("buyer", "seller", "operator", "system")

NEGOTIATION = StateMachine(
    name="contracts.negotiation",
    states=NegotiationState,
    initial=frozenset({NegotiationState.REQUESTED}),
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
            # Signed by both, it is no longer a party's to end; only what stands in the way of its conclusion does.
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
"""Whose move is awaited; in every other state nobody's."""


class SignatureMethod(TextChoices):
    """How a party signed."""

    MARKET_SIDE = (
        "market_side",
        Label(
            "market-side signature: the market signs as a witness, on the instruction of the party",
            "立会人型電子署名（当事者の指示により市場が署名）",
        ),
    )


class AgreementState(TextChoices):
    """Whether an agreement binds. Whether it is disputed follows from its disputes."""

    IN_FORCE = "in_force", Label("in force", "有効")
    TERMINATED = "terminated", Label("ended before its term", "解除")


AGREEMENT = StateMachine(
    name="contracts.agreement",
    states=AgreementState,
    initial=frozenset({AgreementState.IN_FORCE}),
    table={(AgreementState.IN_FORCE, "terminate", "system"): AgreementState.TERMINATED},
)


class TerminationReason(TextChoices):
    """Why an agreement ended before its term."""

    PAYMENT_FAILED = "payment_failed", Label("the price was not paid", "代金の不払い")
    REFUNDED = "refunded", Label("the price went back to the buyer", "返金")


class DisputeReason(TextChoices):
    """What the buyer complains of."""

    INCOMPLETE = "incomplete", Label("something is missing", "データの欠落")
    NOT_AS_DESCRIBED = "not_as_described", Label("it is not what was described", "説明との相違")
    DAMAGED = "damaged", Label("it cannot be read", "データの破損")
    NOT_RECEIVED = "not_received", Label("it cannot be fetched", "受領できない")
    RIGHTS_DEFECT = "rights_defect", Label("the seller may not grant these rights", "権利の瑕疵")
    OTHER = "other", Label("something else", "その他")


class DisputeState(TextChoices):
    """Whether the operator has ruled."""

    OPEN = "open", Label("under review", "審理中")
    RESOLVED = "resolved", Label("resolved", "解決済み")


class DisputeOutcome(TextChoices):
    """What the operator ruled."""

    DISMISSED = "dismissed", Label("dismissed: the delivery stands", "棄却（納品を有効とする）")
    REDELIVERY = "redelivery", Label("to be delivered again", "再納品")
    REFUND = "refund", Label("undone: the price goes back", "取消し・返金")


DISPUTE = StateMachine(
    name="contracts.dispute",
    states=DisputeState,
    initial=frozenset({DisputeState.OPEN}),
    table={(DisputeState.OPEN, "resolve", "operator"): DisputeState.RESOLVED},
)


class ContractType(TextChoices):
    """The three types of data contract (METI, AI・データの利用に関する契約ガイドライン 1.1)."""

    PROVISION = "data_provision", Label("data provision", "データ提供型")
    CREATION = "data_creation", Label("data creation", "データ創出型")
    SHARING = "data_sharing", Label("data sharing over a platform", "データ共用型")


def words_of(choices: type[TextChoices], value: str) -> Label:
    """The words for a coded value, in both languages."""
    label = choices(value).label
    assert isinstance(label, Label)  # noqa: S101  choices of this house are labelled in both languages
    return label
