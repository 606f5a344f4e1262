"""Events of the evidence log."""

from __future__ import annotations

from dataclasses import dataclass

from marketplace.events.schema import EVERYONE, Event


@dataclass(frozen=True, kw_only=True)
class KeyAnnounced(Event):
    """Two people announced the market's next signing key ``kid``. ``effective_from``: ISO 8601 instant.

    ``is_emergency``: the key in force is lost or disclosed, and handed nothing over.
    """

    type = "evidence.key_announced"
    subject_field = "announcement"
    audience = EVERYONE

    announcement: str
    kid: str
    effective_from: str
    is_emergency: bool
