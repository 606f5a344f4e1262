"""The notice that a change which weakens a control is published with."""

from __future__ import annotations

from datetime import datetime

from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label

from ..ground.parameters import control_notice


def require_notice(effective_from: datetime | None, now: datetime) -> None:
    """Raise FieldInvalid unless ``effective_from`` is ``control_notice_hours`` after ``now`` or later."""
    earliest = now + control_notice()
    if effective_from is None or effective_from < earliest:
        at = earliest.isoformat()
        raise FieldInvalid(
            "effective_from",
            Label(
                f"this weakens a control: choose {at} or later",
                f"統制を弱める変更のため {at} 以降を指定してください",
            ),
        )
