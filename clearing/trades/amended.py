"""Which row of a planned charge holds, where versions of the agreement have changed the coming ones."""

from __future__ import annotations

LATEST = (
    "NOT EXISTS (SELECT FROM public.clearing_plannedcharge later"
    " WHERE later.plan_id = c.plan_id AND later.charge = c.charge AND later.version > c.version)"
)
"""Whether a row ``c`` of clearing_plannedcharge is the latest of its charge (SQL)."""
HOLDS = (
    f"{LATEST} AND c.charge <= coalesce((SELECT m.charges FROM public.clearing_chargeamendment m"  # noqa: S608  our own words
    " WHERE m.plan_id = c.plan_id ORDER BY m.version DESC LIMIT 1), c.charge)"
)
"""As ``LATEST``, and no version has dropped the charge."""
