"""The register of waiting reasons: why a trade, payment, cycle or delivery waits.

An application declares each ``WaitingReason`` in ``waiting.py``. Its queries return a ``Waiting``, or None if the
subject does not wait.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.db.models import TextChoices

from .labels import Label

CODE = re.compile(r"[a-z][a-z_]*\.[a-z][a-z_]*")

REASONS: dict[str, WaitingReason] = {}


class WaitsFor(TextChoices):
    """Who must act before the subject can advance."""

    PARTICIPANT = "participant", Label("a participant", "参加者")
    OPERATOR = "operator", Label("the operator", "運営者")
    COLLEAGUE = "colleague", Label("another person of the organisation", "組織の別の担当者")
    BANK = "bank", Label("the bank", "銀行")
    MARKET = "market", Label("the market's own processing", "市場の処理")
    NOBODY = "nobody", Label("nobody: the wait ends at a known time", "なし（期日の到来により進みます）")


@dataclass(frozen=True)
class WaitingReason:
    """A reason why a subject waits.

    ``code`` is ``<subject>.<reason>`` in snake case, such as ``trade.waits_for_money``. ``label`` states what the
    subject waits for and may have named placeholders. ``action`` states what must be done by those who must act, where
    they have a choice.
    """

    code: str
    label: Label
    waits_for: WaitsFor
    action: Label | None = None

    def __post_init__(self) -> None:
        """Register the reason; raises ValueError for a taken or malformed code, or an action without an actor."""
        if not CODE.fullmatch(self.code):
            raise ValueError(f"{self.code} is not of the form <subject>.<reason>")
        if self.waits_for == WaitsFor.NOBODY and self.action is not None:
            raise ValueError(f"{self.code} waits for nobody, so it must not have an action")
        if self.code in REASONS:
            raise ValueError(f"waiting reason {self.code} is declared twice")
        REASONS[self.code] = self

    def waiting(
        self, *, since: datetime | date | None = None, until: datetime | date | None = None, **words: Any
    ) -> Waiting:
        """A subject that waits for this reason; ``words`` fill the placeholders of the label (KeyError without one)."""
        return Waiting(reason=self, label=self.label.fill(words), since=since, until=until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """The wait of one subject.

    ``label`` is the reason's label with its words filled in. ``since`` and ``until`` are instants, or days in the
    market's time zone where only the day counts; None where it is not known. ``until`` is the latest end of the wait: a
    scheduled moment or a deadline.
    """

    reason: WaitingReason
    label: Label
    since: datetime | date | None = None
    until: datetime | date | None = None

    def as_dict(self) -> dict[str, Any]:
        """``{"code", "label": {"en", "ja"}, "waits_for", "action", "since", "until"}``, moments as the API
        writes them: instants in ISO 8601 in UTC (``2026-12-09T15:00:00Z``), days without a time.

        ``action`` is a label like ``label``, or None where the reason names none.
        """
        return {
            "code": self.reason.code,
            "label": self.label.as_dict(),
            "waits_for": self.reason.waits_for.value,
            "action": self.reason.action.as_dict() if self.reason.action else None,
            "since": _written(self.since),
            "until": _written(self.until),
        }


def _written(moment: datetime | date | None) -> str | None:
    if isinstance(moment, datetime):
        return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return moment.isoformat() if moment else None
