"""The neutrality report: for everybody that of a period which is over, for auditors the running one too."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from marketplace.api.figures import Figures
from marketplace.kernel import clock
from marketplace.participants.queries import sellers_by_segment

from .neutrality.aimed import aimed_entries
from .neutrality.periods import Period
from .neutrality.queries import latest_bundle
from .queries import neutrality, replayed_decisions

REPLAYED_MAX = 200
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""Before any decision."""


def _report() -> dict[str, Any]:
    """The report of the newest bundle's period: what happens in the running one changes nothing in it.

    Who read running figures before and after an event would know what was decided on a single participant.
    """
    newest = latest_bundle()
    period = Period(newest.first_day, newest.last_day) if newest else None
    return {
        **replayed_decisions(before=period.ends_at if period else NEVER, replayed_max=REPLAYED_MAX),
        "decisions": ((newest.figures if newest else None) or {}).get("decisions", {}),
        "first_day": period.first_day.isoformat() if period else None,
        "last_day": period.last_day.isoformat() if period else None,
        "aimed_rules": ((newest.figures if newest else None) or {}).get("aimed", []),
        "latest_bundle": newest.public_id if newest else None,
    }


def running_report() -> dict[str, Any]:
    """The report over all decisions up to now, for auditors."""
    newest = latest_bundle()
    return {
        **neutrality(replayed_max=REPLAYED_MAX),
        "first_day": None,
        "last_day": clock.today().isoformat(),
        "aimed_rules": aimed_entries(sellers_by_segment()),
        "latest_bundle": newest.public_id if newest else None,
        "made_at": clock.real_now().isoformat(),
    }


NEUTRALITY = Figures("neutrality", _report)
