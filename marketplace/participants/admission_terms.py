"""The terms of an admission: until when it is given, and what must be verified by when. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

CONDITIONS_MAX: Final = 10
TEXT_LENGTH_MAX: Final = 500
RENEWED_WITHIN: Final = timedelta(days=90)
"""So long before the last day of an admission its renewal is applied for."""
REMINDED_BEFORE: Final = timedelta(days=30)
"""So long before the last day of an admission, or the due day of a condition, the organisation is reminded."""


@dataclass(frozen=True, slots=True)
class StatedCondition:
    """By ``due_on`` (included) a ``qualification`` (code of its kind) is verified; ``text``: ``{"ja", "en"}`` for the applicant."""

    qualification: str
    due_on: date
    text: dict[str, str]

    def as_json(self) -> dict[str, Any]:
        """The condition as JSON."""
        return {"qualification": self.qualification, "due_on": self.due_on.isoformat(), "text": self.text}


@dataclass(frozen=True, slots=True)
class AdmissionTerms:
    """``expires_on``: the last day of the admission, None where it has none; ``conditions`` that must be met."""

    expires_on: date | None = None
    conditions: tuple[StatedCondition, ...] = ()

    @property
    def are_stated(self) -> bool:
        """Whether there are any."""
        return self.expires_on is not None or bool(self.conditions)

    def as_json(self) -> dict[str, Any]:
        """The terms as JSON: what two people must have said alike."""
        return {
            "expires_on": self.expires_on.isoformat() if self.expires_on else None,
            "conditions": [each.as_json() for each in self.conditions],
        }


NO_TERMS: Final = AdmissionTerms()
