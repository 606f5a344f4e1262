"""States of the versions of a pool's agreement."""

from __future__ import annotations

from django.db.models import TextChoices

from marketplace.kernel.labels import Label
from marketplace.kernel.states import StateMachine

AHEAD_DAYS_MAX = 366
"""The latest day on which a version of a pool begins, counted from its proposal: until then no other may begin."""


class VersionState(TextChoices):
    """The state of a version of a pool's agreement."""

    PROPOSED = "proposed", Label("waits for signatures", "署名待ち")
    SIGNED = "signed", Label("signed by all who must", "署名済み")
    WITHDRAWN = "withdrawn", Label("withdrawn by the lead", "代表者が撤回")
    LAPSED = "lapsed", Label("not signed before its day", "発効日までに署名されず失効")


class Cause(TextChoices):
    """What a version comes from."""

    TERMS = (
        "terms",
        Label(
            "proposed by the lead: founding, accession or new shares",
            "代表者の提案（設立・加入・配分の変更）",
        ),
    )
    WITHDRAWAL = "withdrawal", Label("withdrawal of a member", "構成員の脱退")


VERSION = StateMachine(
    name="contracts.pool_version",
    states=VersionState,
    initial=frozenset({VersionState.PROPOSED}),
    table={
        (VersionState.PROPOSED, "sign", "system"): VersionState.SIGNED,
        (VersionState.PROPOSED, "withdraw", "seller"): VersionState.WITHDRAWN,
        (VersionState.PROPOSED, "lapse", "system"): VersionState.LAPSED,
    },
)
MEMBERS_MAX = 100
CONTRIBUTIONS_MAX = 50
DENOMINATOR_MAX = 1_000_000_000
"""Of the common denominator of all shares of a version."""
