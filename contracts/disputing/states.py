"""States and kinds of what belongs to a dispute. Pure."""

from __future__ import annotations

from django.db.models import TextChoices

from marketplace.kernel.labels import Label
from marketplace.kernel.states import StateMachine, expand_roles


class StatementKind(TextChoices):
    """The statements after the opening one, each once by a side."""

    ANSWER = "answer", Label("answer", "答弁")
    REPLY = "reply", Label("reply", "反論")


class SettlementState(TextChoices):
    """The state of a proposed settlement."""

    PROPOSED = "proposed", Label("proposed, waiting for the other side", "提案中・相手方の回答待ち")
    ACCEPTED = "accepted", Label("accepted, and carried out as agreed", "成立")
    REFUSED = "refused", Label("refused by the other side", "相手方が拒否")
    LAPSED = "lapsed", Label("not answered in time", "期限までに回答なし")
    DROPPED = "dropped", Label("the dispute ended otherwise", "異議が他の事由により終了")


_SIDES = ("buyer", "seller", "third_party")

SETTLEMENT = StateMachine(
    name="contracts.settlement",
    states=SettlementState,
    initial=frozenset({SettlementState.PROPOSED}),
    table=expand_roles(
        {
            (SettlementState.PROPOSED, "accept", _SIDES): SettlementState.ACCEPTED,
            (SettlementState.PROPOSED, "refuse", _SIDES): SettlementState.REFUSED,
            (SettlementState.PROPOSED, "lapse", ("system",)): SettlementState.LAPSED,
            (SettlementState.PROPOSED, "drop", ("system",)): SettlementState.DROPPED,
        }
    ),
)


class Relief(TextChoices):
    """Why a mediator was relieved: by itself, by a colleague, or because the market found that it may not decide any more."""

    WITHDREW = "withdrew", Label("stepped back", "自ら辞退")
    UNAVAILABLE = "unavailable", Label("cannot act", "職務を行えない")
    AUTHORITY_ENDED = "authority_ended", Label("decides no disputes any more", "裁定権限の喪失")
    INTEREST = "interest", Label("has declared an interest in a side", "当事者との利害関係の届出")


RELIEVED_BY_MARKET = (Relief.AUTHORITY_ENDED, Relief.INTEREST)
MAY_RETURN = (Relief.UNAVAILABLE, Relief.AUTHORITY_ENDED)
"""Who was relieved so may be named again once it can act."""


class Impossible(TextChoices):
    """Why a remedy was not carried out."""

    CAME_BACK = (
        "came_back",
        Label(
            "of what was paid for the charge nothing is left to return",
            "その課金について返金すべき支払が残っていない",
        ),
    )
    BY_PEOPLE = (
        "by_people",
        Label("two people found that it cannot be carried out", "担当者2名が実施不能と判断"),
    )


class RemedyKind(TextChoices):
    """What is carried out after a dispute."""

    MONEY_BACK = "money_back", Label("the price is returned", "代金の返金")
    PRICE_ADJUSTED = "price_adjusted", Label("the price is adjusted", "代金の調整")
    DELIVERED_AGAIN = "delivered_again", Label("the data is delivered again", "再提供")
    AGREEMENT_ENDED = "agreement_ended", Label("the agreement ends", "契約の終了")
    EXPULSION = "expulsion", Label("the expulsion of a party is proposed", "当事者の除名の提案")
    USE_STOPPED = "use_stopped", Label("access is suspended", "提供の停止")
