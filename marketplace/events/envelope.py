"""The envelope of every event: CloudEvents 1.0, in JSON."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings

from .schema import TYPES, full_type


@dataclass(frozen=True, slots=True)
class Envelope:
    """An event's data with its metadata.

    ``transaction`` is the database transaction that emitted the event. It orders events by commit, so a cycle can find
    the events that were committed before its cut-off.
    """

    identifier: str
    type: str
    subject: str
    occurred_at: datetime
    transaction: int
    data: dict[str, Any]

    def as_cloudevent(self) -> dict[str, Any]:
        """The structured-mode JSON object (CloudEvents 1.0, JSON format)."""
        return cloudevent(
            identifier=self.identifier,
            event_type=full_type(TYPES[self.type]),
            subject=self.subject,
            time=self.occurred_at,
            data=self.data,
        )


def cloudevent(
    *, identifier: str, event_type: str, subject: str, time: datetime, data: dict[str, Any]
) -> dict[str, Any]:
    """A CloudEvent of this market in JSON; ``event_type`` is the full one (``sanpo.trade.secured.v1``)."""
    return {
        "specversion": "1.0",
        "id": identifier,
        "source": f"/{settings.MARKET_IDENTIFIER}",
        "type": event_type,
        "subject": subject,
        "time": time.isoformat(),
        "datacontenttype": "application/json",
        "data": data,
    }
