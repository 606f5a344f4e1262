"""States of drafts of the rulebook. Pure."""

from __future__ import annotations

from django.db.models import TextChoices

from marketplace.kernel.labels import Label
from marketplace.kernel.states import StateMachine

REPORT_DAYS_MAX = 7
"""Days for which an impact report says whom a draft affects: two people read it in a week, and few come or go meanwhile."""


class DraftState(TextChoices):
    """States of a draft."""

    OPEN = "open", Label("being prepared", "起案中")
    PUBLISHED = "published", Label("published", "公表済み")
    WITHDRAWN = "withdrawn", Label("withdrawn", "取下げ")


DRAFT = StateMachine(
    name="rules.draft",
    states=DraftState,
    initial=frozenset({DraftState.OPEN}),
    table={
        (DraftState.OPEN, "publish", "operator"): DraftState.PUBLISHED,
        (DraftState.OPEN, "withdraw", "operator"): DraftState.WITHDRAWN,
    },
)


class WarningCode(TextChoices):
    """What is suspicious about a rule or fee although it is valid."""

    LOCKS_OUT = "locks_out", Label("nobody passes any more", "誰も承認されなくなります")
    NAMES_PARTY = "names_party", Label("names a party", "特定の組織を指定しています")
    ONE_PARTY = "one_party", Label("only one party meets the condition", "条件を満たす組織が一つだけです")
    FEE_BY_PROXY = "fee_by_proxy", Label("a fee for one seller", "特定の提供者だけに適用される料金です")
    EXACT_PRICE = "exact_price", Label("a fee for an exact price", "特定の価格だけに適用される料金です")
    NO_EXAMPLE = "no_example", Label("no example", "例がありません")
