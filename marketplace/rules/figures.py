"""The figures of rules that everybody may read."""

from __future__ import annotations

from typing import Any

from marketplace.api.figures import Figures
from marketplace.participants.queries import sellers_by_segment

from .neutrality.aimed import aimed_entries
from .neutrality.queries import latest_bundle
from .queries import neutrality

REPLAYED_MAX = 200


def _report() -> dict[str, Any]:
    """The neutrality report with what of the rulebooks is aimed at somebody, and the newest bundle."""
    newest = latest_bundle()
    return {
        **neutrality(replayed_max=REPLAYED_MAX),
        "aimed_rules": aimed_entries(sellers_by_segment()),
        "latest_bundle": newest.public_id if newest else None,
    }


NEUTRALITY = Figures("neutrality", _report)
