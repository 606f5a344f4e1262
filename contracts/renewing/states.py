"""The choices of renewals. Pure."""

from __future__ import annotations

from django.db.models import TextChoices

from marketplace.kernel.labels import Label
from marketplace.kernel.states import StateMachine, expand_roles


class RenewalKind(TextChoices):
    """Whether a contract goes on after its term."""

    NONE = "none", Label("ends with its term", "期間満了により終了")
    AUTOMATIC = "automatic", Label("renewed unless a party refuses", "拒絶がなければ自動更新")
    BY_AGREEMENT = "by_agreement", Label("renewed if both agree", "合意により更新")


class RenewalState(TextChoices):
    """What became of the renewal that a version states."""

    STANDING = "standing", Label("to come", "予定")
    REFUSED = "refused", Label("refused by a party", "当事者による拒絶")
    RENEWED = "renewed", Label("renewed", "更新済み")
    DROPPED = "dropped", Label("came to nothing", "更新なし")


class DropReason(TextChoices):
    """Why a renewal came to nothing though no party refused it."""

    AMENDED = "amended", Label("an amendment states it anew", "変更契約により改めて定められました")
    AGREEMENT_ENDED = "agreement_ended", Label("the agreement has ended", "契約が終了しました")
    ENDING = "ending", Label("the end of the agreement is scheduled", "契約の終了が予定されています")
    LISTING_WITHDRAWN = "listing_withdrawn", Label("the listing was withdrawn", "出品が取り下げられました")
    NOT_ADMITTED = (
        "not_admitted",
        Label("a party is not admitted to trade", "取引を認められていない当事者がいます"),
    )
    POOLED = "pooled", Label("a pool sells the data by now", "データが共同提供（プール）の対象となりました")
    RULES = "rules", Label("the rules in force do not let it pass", "適用される規程により認められません")
    LATE = "late", Label("its first charge would be due already", "最初の課金の履行期がすでに到来しています")


EARLY = (DropReason.AMENDED.value, DropReason.AGREEMENT_ENDED.value)
"""What drops a renewal before its day of notice; anything else is asked on that day."""

RENEWAL = StateMachine(
    name="contracts.renewal",
    states=RenewalState,
    initial=frozenset({RenewalState.STANDING}),
    table=expand_roles(
        {
            (RenewalState.STANDING, "refuse", ("buyer", "seller")): RenewalState.REFUSED,
            (RenewalState.STANDING, "renew", ("system",)): RenewalState.RENEWED,
            (RenewalState.STANDING, "drop", ("system",)): RenewalState.DROPPED,
        }
    ),
)
