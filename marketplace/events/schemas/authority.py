"""Events of limits of authority inside an organisation."""

from __future__ import annotations

from dataclasses import dataclass

from marketplace.events.schema import Event, seen_by


@dataclass(frozen=True, kw_only=True)
class AuthorityLimitStated(Event):
    """Up to what value a ``role``, or one person if that is empty, commits the organisation alone, from a moment on.

    ``act``: ``sign`` or ``buy``. Amounts are in minor units of ``currency``; without both, the limit is taken back. Who the person
    is, and who stated it, the organisation reads of the ``limit``. ``effective_from``: ISO instant.
    """

    type = "authority_limit.stated"
    subject_field = "organisation"
    audience = seen_by("organisation")

    organisation: str
    limit: str
    act: str
    role: str
    currency: str
    per_act_minor: int | None
    per_month_minor: int | None
    effective_from: str
