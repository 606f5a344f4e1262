"""The states of a qualification: what an organisation states is verified by the operator, and ends. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.db.models import TextChoices

from marketplace.kernel.labels import Label
from marketplace.kernel.states import StateMachine, expand_roles


class QualificationState(TextChoices):
    """The state of a qualification that an organisation states."""

    STATED = "stated", Label("stated, waiting for the operator", "届出済み・運営者の確認待ち")
    VERIFIED = "verified", Label("verified", "確認済み")
    REFUSED = "refused", Label("not verified", "確認不可")
    WITHDRAWN = "withdrawn", Label("withdrawn by the organisation", "取下げ")
    REVOKED = "revoked", Label("revoked by the operator", "確認の取消し")
    EXPIRED = "expired", Label("expired", "有効期限切れ")


STANDING = (QualificationState.STATED, QualificationState.VERIFIED)
"""States in which the same qualification is not stated again."""
VERIFIED_WITHIN: Final = timedelta(days=10)
"""Within this time the operator verifies or refuses a stated qualification; admissions may wait for it."""

QUALIFICATION = StateMachine(
    name="participants.qualification",
    states=QualificationState,
    initial=frozenset({QualificationState.STATED}),
    table=expand_roles(
        {
            (QualificationState.STATED, "verify", ("operator",)): QualificationState.VERIFIED,
            (QualificationState.STATED, "refuse", ("operator",)): QualificationState.REFUSED,
            (QualificationState.STATED, "withdraw", ("participant",)): QualificationState.WITHDRAWN,
            (QualificationState.STATED, "expire", ("system",)): QualificationState.EXPIRED,
            (QualificationState.VERIFIED, "withdraw", ("participant",)): QualificationState.WITHDRAWN,
            (QualificationState.VERIFIED, "revoke", ("operator",)): QualificationState.REVOKED,
            (QualificationState.VERIFIED, "expire", ("system",)): QualificationState.EXPIRED,
        }
    ),
)
