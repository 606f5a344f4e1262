"""How an agreement is ended before its term: on which ground, in which steps, and with which consequence for money."""

from __future__ import annotations

from django.db.models import TextChoices

from marketplace.kernel.labels import Label
from marketplace.kernel.states import StateMachine, expand_roles


class EndingGround(TextChoices):
    """The ground on which an agreement ends before its term."""

    MUTUAL = "mutual", Label("agreed by both parties", "合意解除")
    CONVENIENCE = "convenience", Label("notice under the contract", "契約に定める解約の通知")
    LAW = "law", Label("required by law, ordered by the operator", "法令に基づく終了（運営者による）")


class EndingParty(TextChoices):
    """Who ends it."""

    BUYER = "buyer", Label("buyer", "利用者")
    SELLER = "seller", Label("seller", "提供者")
    OPERATOR = "operator", Label("operator", "運営者")


class EndingState(TextChoices):
    """The state of an ending."""

    PROPOSED = "proposed", Label("proposed, waiting for the other party", "提案中・相手方の回答待ち")
    SCHEDULED = "scheduled", Label("the agreement ends after its last day", "最終日の経過後に終了")
    DONE = "done", Label("carried out", "実施済み")
    REFUSED = "refused", Label("refused by the other party", "相手方が拒否")
    WITHDRAWN = "withdrawn", Label("withdrawn", "撤回")
    LAPSED = "lapsed", Label("not answered in time", "期限までに回答なし")
    DROPPED = "dropped", Label("replaced, or the agreement ended otherwise", "他の終了による置換え・契約終了")


OPEN_ENDINGS = (EndingState.PROPOSED, EndingState.SCHEDULED)
"""States in which an ending is still to be answered or carried out."""

_PARTIES = ("buyer", "seller")

ENDING = StateMachine(
    name="contracts.ending",
    states=EndingState,
    # A proposal waits for the other party; a notice and an order of law do not.
    initial=frozenset({EndingState.PROPOSED, EndingState.SCHEDULED}),
    table=expand_roles(
        {
            (EndingState.PROPOSED, "accept", _PARTIES): EndingState.SCHEDULED,
            (EndingState.PROPOSED, "refuse", _PARTIES): EndingState.REFUSED,
            (EndingState.PROPOSED, "withdraw", _PARTIES): EndingState.WITHDRAWN,
            (EndingState.PROPOSED, "lapse", ("system",)): EndingState.LAPSED,
            (EndingState.PROPOSED, "drop", ("system",)): EndingState.DROPPED,
            (EndingState.SCHEDULED, "carry_out", ("system",)): EndingState.DONE,
            (EndingState.SCHEDULED, "drop", ("system",)): EndingState.DROPPED,
        }
    ),
)

ANSWER_DAYS = 14
"""Calendar days within which the other party answers a proposed ending; its last day ends it too."""
CERTIFICATE_DAYS = 30
"""Calendar days from the end of access within which the buyer certifies the deletion."""
